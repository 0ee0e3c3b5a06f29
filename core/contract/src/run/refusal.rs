//! Why a contract does not begin, or an event has no place in it.

use tebura_ledger::Timestamp;
use tebura_ledger::instant::rfc3339;
use thiserror::Error;

use crate::text::length_en;

/// Why an instance cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BeginRefusal {
    /// An anchor has no instant.
    #[error("the contract needs the instant of `{anchor}`: add it under `anchors`")]
    AnchorMissing {
        /// The anchor's name.
        anchor: String,
    },
    /// An instant belongs to no anchor.
    #[error("the contract has no anchor `{anchor}`: remove it, or correct the name")]
    AnchorUnknown {
        /// The name that was given.
        anchor: String,
    },
    /// An anchor lies earlier than the document allows.
    #[error("`{anchor}` has to lie {} or more from now: choose a later instant", length_en(*earliest_ms))]
    AnchorTooEarly {
        /// The anchor's name.
        anchor: String,
        /// The bound, counted from the beginning.
        earliest_ms: i64,
    },
    /// An anchor lies later than the document allows.
    #[error("`{anchor}` has to lie within {} from now: choose an earlier instant", length_en(*latest_ms))]
    AnchorTooLate {
        /// The anchor's name.
        anchor: String,
        /// The bound, counted from the beginning.
        latest_ms: i64,
    },
}

/// Why an event has no place. In the order in which they are checked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StepRefusal {
    /// The state belongs to another document or to another version of this crate.
    #[error("this state belongs to another document: load the document with the hash that the state names")]
    OtherDocument,
    /// The id of a command, statement or answer has a wrong length.
    #[error("an id has 1 to {limit} characters: give the event another id")]
    EventId {
        /// The most characters.
        limit: usize,
    },
    /// The document has no such party.
    #[error("the contract has no party `{party}`: sign as one of its parties")]
    UnknownParty {
        /// The name that was given.
        party: String,
    },
    /// The party has sent as much as a contract keeps.
    #[error("`{party}` has sent {limit} events to this contract, the most that counts: nothing more is taken from it")]
    TooManyEvents {
        /// The party.
        party: String,
        /// The most events.
        limit: usize,
    },
    /// The contract is over.
    #[error("the contract has ended: nothing can be done any more")]
    Ended,
    /// The holds are being placed.
    #[error("the holds are still being placed, until {} at the latest: try again when they are", rfc3339(*until))]
    Funding {
        /// When placing is given up.
        until: Timestamp,
    },
    /// The state waits for something else.
    #[error("`{name}` is not awaited now; what is: {}", awaited(open))]
    NotAwaited {
        /// The command or statement that came.
        name: String,
        /// The commands and statements that could come.
        open: Vec<String>,
    },
    /// The state waits for it from somebody else.
    #[error("`{name}` is not `{party}`'s to sign here; it is awaited from {}", awaited(by))]
    NotYours {
        /// The command or statement that came.
        name: String,
        /// Who sent it.
        party: String,
        /// Who could.
        by: Vec<String>,
    },
    /// It came as often as it may.
    #[error("`{name}` has come as often as it may: nothing more to do")]
    UsedUp {
        /// The command or statement.
        name: String,
    },
    /// Its window is not open yet.
    #[error("`{name}` counts from {} on: send it again then", rfc3339(*opens))]
    TooEarly {
        /// The command or statement.
        name: String,
        /// When it opens.
        opens: Timestamp,
    },
    /// Its window has closed.
    #[error("`{name}` counted before {}: it is too late for it", rfc3339(*closed))]
    TooLate {
        /// The command or statement.
        name: String,
        /// When it closed.
        closed: Timestamp,
    },
    /// A number is missing.
    #[error("`{name}` has to state `{field}`: add it")]
    FieldMissing {
        /// The statement.
        name: String,
        /// The number's name.
        field: String,
    },
    /// A number is out of bounds, or a condition of the document does not hold for it.
    #[error("`{field}` of `{name}` has to lie between {min} and {max}: correct the statement")]
    FieldOutOfBounds {
        /// The statement.
        name: String,
        /// The number's name.
        field: String,
        /// The smallest that counts.
        min: i64,
        /// The largest that counts.
        max: i64,
    },
    /// A leg that the edge uses is being raised, and the rail has not answered.
    #[error("leg `{leg}` is being raised: send the same again when the rail has answered")]
    Raising {
        /// The leg's name.
        leg: String,
    },
    /// Consent is awaited to something else of the same id.
    #[error("consent to another `{id}` is awaited: give the command or statement another id")]
    IdTaken {
        /// The id.
        id: String,
    },
    /// No consent is awaited for it.
    #[error("nothing waits for consent to `{statement}`: it was answered, replaced or overtaken")]
    NothingToConsent {
        /// The statement that the answer named.
        statement: String,
    },
    /// Another party was asked.
    #[error("`{party}` was not asked: the consent of `{asked}` is awaited")]
    NotYourConsent {
        /// Who answered.
        party: String,
        /// Who was asked.
        asked: String,
    },
    /// Nothing is due.
    #[error("nothing is due: the next deadline is {}", deadline.map_or("none".to_owned(), rfc3339))]
    NothingDue {
        /// The next deadline.
        deadline: Option<Timestamp>,
    },
    /// The document has no such leg, or its hold was never asked for.
    #[error("no hold of leg `{leg}` is being placed: report on legs that were to be placed")]
    NotPlacing {
        /// The name that was given.
        leg: String,
    },
    /// A group with this number was never given out.
    #[error("no group {group} was given out: report on groups by their number")]
    UnknownGroup {
        /// The number that was given.
        group: u32,
    },
}

impl StepRefusal {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherDocument => "contract.other_document",
            Self::EventId { .. } => "contract.event_id",
            Self::UnknownParty { .. } => "contract.unknown_party",
            Self::TooManyEvents { .. } => "contract.too_many_events",
            Self::Ended => "contract.ended",
            Self::Funding { .. } => "contract.funding",
            Self::NotAwaited { .. } => "contract.not_awaited",
            Self::NotYours { .. } => "contract.not_yours",
            Self::UsedUp { .. } => "contract.used_up",
            Self::TooEarly { .. } => "contract.too_early",
            Self::TooLate { .. } => "contract.too_late",
            Self::FieldMissing { .. } => "contract.field_missing",
            Self::FieldOutOfBounds { .. } => "contract.field_out_of_bounds",
            Self::Raising { .. } => "contract.raising",
            Self::IdTaken { .. } => "contract.id_taken",
            Self::NothingToConsent { .. } => "contract.nothing_to_consent",
            Self::NotYourConsent { .. } => "contract.not_your_consent",
            Self::NothingDue { .. } => "contract.nothing_due",
            Self::NotPlacing { .. } => "contract.not_placing",
            Self::UnknownGroup { .. } => "contract.unknown_group",
        }
    }

    /// True when the same event may be accepted later.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Funding { .. } | Self::TooEarly { .. } | Self::Raising { .. } | Self::NothingDue { .. } => true,
            Self::OtherDocument
            | Self::EventId { .. }
            | Self::UnknownParty { .. }
            | Self::TooManyEvents { .. }
            | Self::Ended
            | Self::NotAwaited { .. }
            | Self::NotYours { .. }
            | Self::UsedUp { .. }
            | Self::TooLate { .. }
            | Self::FieldMissing { .. }
            | Self::FieldOutOfBounds { .. }
            | Self::IdTaken { .. }
            | Self::NothingToConsent { .. }
            | Self::NotYourConsent { .. }
            | Self::NotPlacing { .. }
            | Self::UnknownGroup { .. } => false,
        }
    }
}

impl BeginRefusal {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AnchorMissing { .. } => "contract.anchor_missing",
            Self::AnchorUnknown { .. } => "contract.anchor_unknown",
            Self::AnchorTooEarly { .. } => "contract.anchor_too_early",
            Self::AnchorTooLate { .. } => "contract.anchor_too_late",
        }
    }
}

fn awaited(names: &[String]) -> String {
    if names.is_empty() { "nothing but the deadline".to_owned() } else { names.join(", ") }
}
