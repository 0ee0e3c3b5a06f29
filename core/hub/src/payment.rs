//! A payment by face as a record: who was recognised, and under which ids the money moves. Written once; what has
//! become of it follows from its two operations, so that no second copy of the truth can disagree.

use std::collections::BTreeMap;

use tebura_face::Worn;
use tebura_ledger::{HoldId, Money, OperationId, Timestamp};

use crate::ids::{InstrumentId, MerchantId, PaymentId, PersonId, TillId};

/// A payment by face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub merchant: MerchantId,
    pub till: TillId,
    pub amount: Money,
    pub decision: Decision,
    pub created_at: Timestamp,
}

/// What looking at the face led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Somebody is to pay.
    Recognised(Payer),
    /// Nobody is; nothing was held. `code` is stable.
    Refused { code: String },
}

/// How many payments were decided how.
pub type Counted = BTreeMap<Decided, u64>;

/// How a payment was decided, without who was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    /// The code of the refusal; `None`: somebody was to pay.
    pub code: Option<String>,
    /// What was worn.
    pub worn: Vec<Worn>,
}

/// Who pays, with what, and under which ids: stored before any money is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer {
    pub person: PersonId,
    pub instrument: InstrumentId,
    pub hold: HoldId,
    pub place: OperationId,
    pub capture: OperationId,
}

/// What has become of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    Paid,
    /// Nothing was taken, and nothing will be.
    Refused {
        code: String,
    },
    /// Not known yet: the money stays held, the hub inquires.
    Unknown,
    /// Under way.
    Pending,
}
