//! Operations: every attempt to move or reserve money, and what came of it. A final state never changes.

use thiserror::Error;

use crate::{AccountId, HoldId, HoldSnapshot, Money, OperationId, Timestamp, TransferId};

/// Whether more captures of the same hold may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finality {
    /// The last one: what stays free goes back to the payer.
    Final,
    /// More may follow.
    Partial,
}

impl Finality {
    /// The word in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Partial => "partial",
        }
    }

    /// The finality that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Final, Self::Partial].into_iter().find(|finality| finality.name() == name)
    }
}

/// What an operation asks for. Amounts are above zero, but for a release or expiry that found nothing free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Moves money in from an issuing account; has no hold and is settled at once.
    Fund {
        /// The account that loses the amount.
        from: AccountId,
        /// The account that gains it.
        to: AccountId,
        /// How much.
        amount: Money,
    },
    /// Places the hold.
    Place {
        /// How much is asked for.
        amount: Money,
    },
    /// Takes held money for the payee.
    Capture {
        /// How much.
        amount: Money,
        /// Whether more may follow.
        finality: Finality,
    },
    /// Gives free money back to the payer.
    Release {
        /// How much.
        amount: Money,
    },
    /// Gives free money back to the payer because the deadline passed.
    Expire {
        /// How much.
        amount: Money,
    },
    /// Gives captured money back to the payer.
    Refund {
        /// The capture that it undoes, wholly or in part.
        capture: OperationId,
        /// How much.
        amount: Money,
    },
}

impl OperationKind {
    /// The word in rows and on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Fund { .. } => "fund",
            Self::Place { .. } => "place",
            Self::Capture { .. } => "capture",
            Self::Release { .. } => "release",
            Self::Expire { .. } => "expire",
            Self::Refund { .. } => "refund",
        }
    }

    /// How much it asks for.
    pub const fn amount(&self) -> Money {
        match self {
            Self::Fund { amount, .. }
            | Self::Place { amount }
            | Self::Capture { amount, .. }
            | Self::Release { amount }
            | Self::Expire { amount }
            | Self::Refund { amount, .. } => *amount,
        }
    }

    const fn may_be_zero(&self) -> bool {
        match self {
            Self::Release { .. } | Self::Expire { .. } => true,
            Self::Fund { .. } | Self::Place { .. } | Self::Capture { .. } | Self::Refund { .. } => false,
        }
    }
}

/// What is known of an operation's result. `Settled` and `Failed` are final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// Under way; no answer yet.
    Sent,
    /// No answer came, or one that says nothing. The money stays reserved until somebody knows.
    Unknown {
        /// What is known about the silence.
        code: String,
        /// Since when.
        since: Timestamp,
    },
    /// Done.
    Settled {
        /// The rail's name of what it did; empty where it gives none.
        reference: String,
        /// How much it did; never more than was asked for.
        amount: Money,
        /// When the hub learned of it.
        at: Timestamp,
    },
    /// Certainly not done.
    Failed {
        /// The rail's reason.
        code: String,
        /// When the hub learned of it.
        at: Timestamp,
    },
}

impl OperationState {
    /// The word in rows and on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unknown { .. } => "unknown",
            Self::Settled { .. } => "settled",
            Self::Failed { .. } => "failed",
        }
    }

    /// Says whether the state never changes again.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Settled { .. } | Self::Failed { .. } => true,
            Self::Sent | Self::Unknown { .. } => false,
        }
    }
}

/// The columns of an operation row, for stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationParts {
    /// The operation.
    pub id: OperationId,
    /// The hold that it changes; none for `Fund`.
    pub hold: Option<HoldId>,
    /// What it asks for, with the amount that was resolved.
    pub kind: OperationKind,
    /// The amount as the caller wrote it; none where the caller asked for all that is free.
    pub asked: Option<Money>,
    /// The transfer that a settled capture, refund or funding posts.
    pub transfer: Option<TransferId>,
    /// What is known of its result.
    pub state: OperationState,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// The hold at the moment the state became final.
    pub result: Option<HoldSnapshot>,
    /// For a settled capture: what settled refunds gave back of it, in minor units.
    pub refunded: i64,
    /// For a settled capture: what refunds under way ask back of it, in minor units.
    pub refund_in_flight: i64,
}

/// Why columns are not an operation row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OperationPartsError {
    /// The amount is not one that this kind can have.
    #[error("operation {0} has an amount that its kind does not allow: the row is damaged")]
    Amount(OperationId),
    /// `hold` or `transfer` is missing or too many for the kind.
    #[error("operation {0} names a hold or transfer that its kind does not have, or lacks one: the row is damaged")]
    Links(OperationId),
    /// The settled amount is not above zero, above what was asked for, or in another currency.
    #[error("operation {0} settled an amount that was not asked for: the row is damaged, ask the rail")]
    SettledAmount(OperationId),
    /// `result` is there without a final state, or missing with one.
    #[error("operation {0} has a result that does not go with its state: the row is damaged")]
    Result(OperationId),
    /// The refunds are negative, above what the capture settled, or on something that is not a settled capture.
    #[error(
        "operation {0} has refunds that its settled amount does not cover: the row is damaged, compare it with its refunds"
    )]
    Refunds(OperationId),
}

impl OperationParts {
    pub(crate) fn check(&self) -> Result<(), OperationPartsError> {
        let amount = self.kind.amount();
        let lowest = if self.kind.may_be_zero() { 0 } else { 1 };
        if amount.minor() < lowest || self.asked.is_some_and(|asked| asked != amount) {
            return Err(OperationPartsError::Amount(self.id));
        }
        let (has_hold, has_transfer) = match self.kind {
            OperationKind::Fund { .. } => (false, true),
            OperationKind::Capture { .. } | OperationKind::Refund { .. } => (true, true),
            OperationKind::Place { .. } | OperationKind::Release { .. } | OperationKind::Expire { .. } => (true, false),
        };
        if self.hold.is_some() != has_hold || self.transfer.is_some() != has_transfer {
            return Err(OperationPartsError::Links(self.id));
        }
        let settled = match &self.state {
            OperationState::Settled { amount: settled, .. } => Some(*settled),
            OperationState::Sent | OperationState::Unknown { .. } | OperationState::Failed { .. } => None,
        };
        let settled_fits = settled.is_none_or(|settled| {
            settled.currency() == amount.currency() && (lowest..=amount.minor()).contains(&settled.minor())
        });
        if !settled_fits {
            return Err(OperationPartsError::SettledAmount(self.id));
        }
        if self.result.is_some() != (self.state.is_final() && has_hold) {
            return Err(OperationPartsError::Result(self.id));
        }
        let refundable = match self.kind {
            OperationKind::Capture { .. } => settled.map_or(0, Money::minor),
            OperationKind::Fund { .. }
            | OperationKind::Place { .. }
            | OperationKind::Release { .. }
            | OperationKind::Expire { .. }
            | OperationKind::Refund { .. } => 0,
        };
        let refunds = self.refunded.checked_add(self.refund_in_flight);
        let refunds_fit =
            self.refunded >= 0 && self.refund_in_flight >= 0 && refunds.is_some_and(|refunds| refunds <= refundable);
        if !refunds_fit {
            return Err(OperationPartsError::Refunds(self.id));
        }
        Ok(())
    }
}

/// One attempt to move or reserve money. Changed by the book only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub(crate) parts: OperationParts,
}

impl Operation {
    /// Rebuilds a row, for stores.
    ///
    /// # Errors
    /// [`OperationPartsError`] when the columns cannot be a row that this crate made.
    pub fn from_parts(parts: OperationParts) -> Result<Self, OperationPartsError> {
        parts.check()?;
        Ok(Self { parts })
    }

    /// The columns, for stores.
    pub fn parts(&self) -> &OperationParts {
        &self.parts
    }

    /// The operation.
    pub fn id(&self) -> OperationId {
        self.parts.id
    }

    /// The hold that it changes; none for `Fund`.
    pub fn hold(&self) -> Option<HoldId> {
        self.parts.hold
    }

    /// What it asks for.
    pub fn kind(&self) -> &OperationKind {
        &self.parts.kind
    }

    /// How much it asks for.
    pub fn amount(&self) -> Money {
        self.parts.kind.amount()
    }

    /// What is known of its result.
    pub fn state(&self) -> &OperationState {
        &self.parts.state
    }

    /// When it was accepted.
    pub fn created_at(&self) -> Timestamp {
        self.parts.created_at
    }

    /// The hold at the moment the state became final; none before, and for `Fund`.
    pub fn result(&self) -> Option<&HoldSnapshot> {
        self.parts.result.as_ref()
    }

    /// How much was done; none unless settled.
    pub fn settled_amount(&self) -> Option<Money> {
        match &self.parts.state {
            OperationState::Settled { amount, .. } => Some(*amount),
            OperationState::Sent | OperationState::Unknown { .. } | OperationState::Failed { .. } => None,
        }
    }

    /// For a settled capture: what refunds may still ask back. Zero for everything else.
    pub fn refundable(&self) -> Money {
        let settled = match (&self.parts.kind, self.settled_amount()) {
            (OperationKind::Capture { .. }, Some(settled)) => settled.minor(),
            _ => 0,
        };
        let taken = self.parts.refunded.saturating_add(self.parts.refund_in_flight);
        Money::new(settled.saturating_sub(taken), self.amount().currency())
    }
}
