//! Planted defects: each has to be found, or the checks prove nothing.

/// What is made wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The store loses an exchange row that it said it wrote.
    DroppedExchange,
    /// The store forgets which request a key belonged to.
    DroppedKey,
    /// The store loses what a commit said about money.
    DroppedSettlement,
    /// The far ends do again whatever arrives again.
    ForgottenKeys,
    /// A plugin takes a failing far end for a refusal.
    HastyPlugin,
    /// Calls are on their way for longer than the rail's settle window says.
    BrokenWindow,
    /// The model counts a captured amount one too high.
    ModelOffByOne,
}

impl Defect {
    /// Every defect.
    pub const ALL: [Defect; 7] = [
        Defect::DroppedExchange,
        Defect::DroppedKey,
        Defect::DroppedSettlement,
        Defect::ForgottenKeys,
        Defect::HastyPlugin,
        Defect::BrokenWindow,
        Defect::ModelOffByOne,
    ];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Defect::DroppedExchange => "dropped-exchange",
            Defect::DroppedKey => "dropped-key",
            Defect::DroppedSettlement => "dropped-settlement",
            Defect::ForgottenKeys => "forgotten-keys",
            Defect::HastyPlugin => "hasty-plugin",
            Defect::BrokenWindow => "broken-window",
            Defect::ModelOffByOne => "model-off-by-one",
        }
    }

    /// The defect of that name.
    pub fn from_name(name: &str) -> Option<Defect> {
        Defect::ALL.into_iter().find(|defect| defect.name() == name)
    }
}
