//! A payment by face as a record and a pure state machine: recognition, hold and capture seen as one.

use tebura_ledger::{HoldId, Money, OperationId, Timestamp};

use crate::ids::{InstrumentId, MerchantId, PaymentId, PersonId, TillId};

/// A payment by face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub merchant: MerchantId,
    pub till: TillId,
    pub amount: Money,
    pub state: PaymentState,
    pub created_at: Timestamp,
    /// Counts up with every write.
    pub revision: u32,
}

/// Who pays, with what, and under which ids: decided and stored before any money is touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    pub person: PersonId,
    pub instrument: InstrumentId,
    pub hold: HoldId,
    pub place: OperationId,
    pub capture: OperationId,
}

/// Where a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// The image is being looked at; nothing is held.
    Received,
    /// The hold is being placed, or is placed and not yet captured.
    Holding(Recognised),
    /// The capture was begun: it is driven to its end whatever happens.
    Capturing(Recognised),
    Paid(Recognised),
    /// Nothing was taken. `code` is stable; `payer` is set when somebody was recognised.
    Refused { code: String, payer: Option<Recognised> },
}

impl PaymentState {
    /// The payer, once there is one.
    pub fn payer(&self) -> Option<&Recognised> {
        match self {
            PaymentState::Received => None,
            PaymentState::Holding(payer) | PaymentState::Capturing(payer) | PaymentState::Paid(payer) => Some(payer),
            PaymentState::Refused { payer, .. } => payer.as_ref(),
        }
    }

    /// Whether nothing more will happen.
    pub fn is_final(&self) -> bool {
        match self {
            PaymentState::Paid(_) | PaymentState::Refused { .. } => true,
            PaymentState::Received | PaymentState::Holding(_) | PaymentState::Capturing(_) => false,
        }
    }
}
