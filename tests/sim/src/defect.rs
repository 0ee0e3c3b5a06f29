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
    /// The store loses what a commit said of a contract.
    DroppedContract,
    /// The store loses an entry of a contract's log.
    DroppedEntry,
    /// The store takes a contract from whoever writes last: deadlines fire and statements count twice.
    StaleContract,
    /// The keys of a contract's effects change from try to try.
    RestlessKeys,
    /// The store forgets when a contract is due.
    SleepyContract,
    /// Of what a contract decided together, the store loses one part.
    HalfGroup,
    /// The store keeps another amount than the contract decided.
    OtherAmount,
    /// The store forgets that a contract decides about a hold.
    FreeHolds,
    /// The store takes whoever signs for whom the signature names.
    OpenKeys,
}

impl Defect {
    /// Every defect.
    pub const ALL: [Defect; 16] = [
        Defect::DroppedExchange,
        Defect::DroppedKey,
        Defect::DroppedSettlement,
        Defect::ForgottenKeys,
        Defect::HastyPlugin,
        Defect::BrokenWindow,
        Defect::ModelOffByOne,
        Defect::DroppedContract,
        Defect::DroppedEntry,
        Defect::StaleContract,
        Defect::RestlessKeys,
        Defect::SleepyContract,
        Defect::HalfGroup,
        Defect::OtherAmount,
        Defect::FreeHolds,
        Defect::OpenKeys,
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
            Defect::DroppedContract => "dropped-contract",
            Defect::DroppedEntry => "dropped-entry",
            Defect::StaleContract => "stale-contract",
            Defect::RestlessKeys => "restless-keys",
            Defect::SleepyContract => "sleepy-contract",
            Defect::HalfGroup => "half-group",
            Defect::OtherAmount => "other-amount",
            Defect::FreeHolds => "free-holds",
            Defect::OpenKeys => "open-keys",
        }
    }

    /// Whether it is about contracts; seeds with it all have several.
    pub fn is_of_contracts(self) -> bool {
        Defect::ALL.iter().position(|defect| *defect == self)
            > Defect::ALL.iter().position(|defect| *defect == Defect::ModelOffByOne)
    }

    /// The defect of that name.
    pub fn from_name(name: &str) -> Option<Defect> {
        Defect::ALL.into_iter().find(|defect| defect.name() == name)
    }
}
