//! What a person may ask about her own data: see it, correct it, stop its use, delete it. Each request has a deadline,
//! an end, and its entries in the log.
//!
//! Who asks was recognised by other means than a search of faces. Absent: the shape of the export, which is the server's.

mod ask;
mod erase;
mod held;
mod sweep;

use tebura_ledger::Timestamp;

pub use ask::{NewRightsRequest, RightsError};
pub use erase::EraseError;
pub use held::Held;
pub use sweep::{Retention, Sweeper, Swept};

use crate::ids::{PersonId, RightsRequestId};

/// Days in which a request is answered when the operator says nothing else: what the law calls without delay.
pub const ANSWER_DAYS: u32 = 14;
/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 24 * 3_600_000;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightsKind {
    /// To see everything that is held.
    Access,
    /// To correct what is wrong, or complete it.
    Correction,
    /// To use the face no more.
    Stop,
    /// To delete everything that leads to the person.
    Deletion,
}

impl RightsKind {
    /// Every kind.
    pub const ALL: [RightsKind; 4] =
        [RightsKind::Access, RightsKind::Correction, RightsKind::Stop, RightsKind::Deletion];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            RightsKind::Access => "access",
            RightsKind::Correction => "correction",
            RightsKind::Stop => "stop",
            RightsKind::Deletion => "deletion",
        }
    }
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RightsState {
    Open,
    Done {
        at: Timestamp,
    },
    /// Not granted; the person is told why.
    Refused {
        at: Timestamp,
        reason: String,
    },
}

impl RightsState {
    /// The word in the API.
    pub fn name(&self) -> &'static str {
        match self {
            RightsState::Open => "open",
            RightsState::Done { .. } => "done",
            RightsState::Refused { .. } => "refused",
        }
    }
}

/// A request of a person about her own data.
#[derive(Clone, PartialEq, Eq)]
pub struct RightsRequest {
    pub id: RightsRequestId,
    pub person: PersonId,
    pub kind: RightsKind,
    /// What the person adds; encrypted by the store with her key, and gone with it.
    pub note: Option<String>,
    pub created_at: Timestamp,
    /// It has to be answered before.
    pub due_at: Timestamp,
    pub state: RightsState,
    /// Counts up with every write; a writer names the one it read.
    pub revision: u32,
}

impl RightsRequest {
    /// Whether nobody has answered yet.
    pub fn is_open(&self) -> bool {
        self.state == RightsState::Open
    }
}

impl std::fmt::Debug for RightsRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let RightsRequest { id, kind, state, .. } = self;
        f.debug_struct("RightsRequest")
            .field("id", id)
            .field("kind", kind)
            .field("state", state)
            .finish_non_exhaustive()
    }
}
