//! What a comparison found: rows that are written once and never change.

use tebura_ledger::{OperationId, RailId, Timestamp};

use super::{Line, StatementId};
use crate::ids::ApiKeyId;

/// What the comparison says of a line, or of an operation that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compared {
    /// Both sides say the same, or this statement made it so.
    Matched,
    /// Done here, and the rail does not know of it.
    MissingAtRail,
    /// Done at the rail, and not here.
    MissingHere,
    /// Both know of it, with different amounts.
    AmountDiffers,
    /// Not to be decided yet: it is open here, or so near to an edge that it may stand on another statement.
    Awaited,
}

impl Compared {
    /// Every verdict.
    pub const ALL: [Compared; 5] =
        [Compared::Matched, Compared::MissingAtRail, Compared::MissingHere, Compared::AmountDiffers, Compared::Awaited];

    /// The word on the wire and in rows.
    pub fn name(self) -> &'static str {
        match self {
            Compared::Matched => "matched",
            Compared::MissingAtRail => "missing_at_rail",
            Compared::MissingHere => "missing_here",
            Compared::AmountDiffers => "amount_differs",
            Compared::Awaited => "awaited",
        }
    }

    /// The verdict that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        Compared::ALL.into_iter().find(|compared| compared.name() == name)
    }
}

/// What happens next, and whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NextStep {
    /// Nothing is left to do.
    Nothing,
    /// The line settled an operation that was open here. Nothing is left to do.
    Settled,
    /// The hub gives back at the rail what came too late; the exception says how far that is.
    Undoing,
    /// Two operators say what is true of the exception, or of the operation where there is none.
    TwoOperators,
    /// No operation of this hub belongs to the line: the rail has to say whose it is.
    AskRail,
    /// The payer contests a capture: the operator records the dispute.
    RecordDispute,
    /// The neighbouring statement will tell.
    NextStatement,
    /// The hub asks the rail about the operation again.
    Inquiring,
}

impl NextStep {
    /// Every step.
    pub const ALL: [NextStep; 8] = [
        NextStep::Nothing,
        NextStep::Settled,
        NextStep::Undoing,
        NextStep::TwoOperators,
        NextStep::AskRail,
        NextStep::RecordDispute,
        NextStep::NextStatement,
        NextStep::Inquiring,
    ];

    /// The word on the wire and in rows.
    pub fn name(self) -> &'static str {
        match self {
            NextStep::Nothing => "nothing",
            NextStep::Settled => "settled",
            NextStep::Undoing => "undoing",
            NextStep::TwoOperators => "two_operators",
            NextStep::AskRail => "ask_rail",
            NextStep::RecordDispute => "record_dispute",
            NextStep::NextStatement => "next_statement",
            NextStep::Inquiring => "inquiring",
        }
    }

    /// The step that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        NextStep::ALL.into_iter().find(|step| step.name() == name)
    }
}

/// One line, or one operation without a line, with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A line's own number, from 1; operations without a line follow.
    pub number: u32,
    /// `None`: the rail has no line for the operation.
    pub line: Option<Line>,
    /// `None`: no operation of this hub belongs to the line.
    pub operation: Option<OperationId>,
    pub compared: Compared,
    pub next: NextStep,
    /// The exception that was opened, or was open already.
    pub exception: Option<OperationId>,
}

/// How many findings of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub matched: u32,
    pub missing_at_rail: u32,
    pub missing_here: u32,
    pub amount_differs: u32,
    pub awaited: u32,
}

impl Counts {
    /// Counts findings.
    pub fn of(findings: &[Finding]) -> Self {
        findings.iter().fold(Counts::default(), |mut counts, finding| {
            *match finding.compared {
                Compared::Matched => &mut counts.matched,
                Compared::MissingAtRail => &mut counts.missing_at_rail,
                Compared::MissingHere => &mut counts.missing_here,
                Compared::AmountDiffers => &mut counts.amount_differs,
                Compared::Awaited => &mut counts.awaited,
            } += 1;
            counts
        })
    }

    /// The count of one kind.
    pub fn get(&self, compared: Compared) -> u32 {
        match compared {
            Compared::Matched => self.matched,
            Compared::MissingAtRail => self.missing_at_rail,
            Compared::MissingHere => self.missing_here,
            Compared::AmountDiffers => self.amount_differs,
            Compared::Awaited => self.awaited,
        }
    }
}

/// A statement that was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementHead {
    pub id: StatementId,
    pub rail: RailId,
    pub from: Timestamp,
    pub until: Timestamp,
    pub grace_ms: i64,
    /// See [`super::Statement::digest`].
    pub digest: [u8; 32],
    pub lines: u32,
    pub counts: Counts,
    /// The key that brought it.
    pub by: ApiKeyId,
    pub at: Timestamp,
}
