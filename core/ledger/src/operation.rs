//! Operations: every attempt to move or reserve money, and what came of it. A final state never changes.

use thiserror::Error;

use crate::{AccountId, HoldId, HoldSnapshot, Leg, Money, OperationId, Proposal, Timestamp, TransferId};

/// Whether more captures of the same hold may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finality {
    /// The last one: what stays free goes back to the payer.
    Final,
    /// More may follow.
    Partial,
    /// The last one, made because the deadline came and the hold was placed to be captured then.
    Deadline,
    /// The last one, made while another has no result. The rail cannot be told to give back the rest, which would take the
    /// other's part: what stays free goes back by a release of its own.
    FinalBeside,
}

impl Finality {
    /// The word in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Partial => "partial",
            Self::Deadline => "deadline",
            Self::FinalBeside => "final_beside",
        }
    }

    /// The finality that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Final, Self::Partial, Self::Deadline, Self::FinalBeside]
            .into_iter()
            .find(|finality| finality.name() == name)
    }

    /// Says whether the rail gives back what stays free in the same step.
    pub const fn gives_back(self) -> bool {
        match self {
            Self::Final | Self::Deadline => true,
            Self::Partial | Self::FinalBeside => false,
        }
    }

    /// Says whether no capture may follow.
    pub const fn is_last(self) -> bool {
        match self {
            Self::Final | Self::Deadline | Self::FinalBeside => true,
            Self::Partial => false,
        }
    }
}

/// What a rail said too late, or against what was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It did what counted as failed: money moved there and not here.
    LateSuccess {
        /// The rail's name of what it did.
        reference: String,
    },
    /// It did not do what counted as settled: money moved here and not there.
    Denied,
    /// It did something else than what counted as settled.
    Differs {
        /// The rail's name of what it did.
        reference: String,
    },
}

impl Found {
    /// The word in rows and on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::LateSuccess { .. } => "late_success",
            Self::Denied => "denied",
            Self::Differs { .. } => "differs",
        }
    }

    /// The rail's name of what it did; none where it did nothing.
    pub fn reference(&self) -> Option<&str> {
        match self {
            Self::LateSuccess { reference } | Self::Differs { reference } => Some(reference),
            Self::Denied => None,
        }
    }

    /// What a word and a reference name.
    pub fn from_parts(name: &str, reference: Option<String>) -> Option<Self> {
        match (name, reference) {
            ("late_success", Some(reference)) => Some(Self::LateSuccess { reference }),
            ("differs", Some(reference)) => Some(Self::Differs { reference }),
            ("denied", None) => Some(Self::Denied),
            (_, Some(_) | None) => None,
        }
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
    /// Adds to what is reserved.
    Raise {
        /// How much is added.
        amount: Money,
    },
    /// Moves the deadline.
    Extend {
        /// What is kept reserved: all that the hold has outstanding.
        amount: Money,
        /// The new deadline.
        until: Timestamp,
    },
    /// Takes held money for the payee.
    Capture {
        /// How much, the legs' part included.
        amount: Money,
        /// Whether more may follow.
        finality: Finality,
        /// The parts that go to others than the hold's payee; empty for nearly every capture.
        legs: Vec<Leg>,
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
    /// Takes a whole capture back as if it had not been made: the money is free in the hold again. Settled at once.
    Reverse {
        /// The capture that it undoes.
        capture: OperationId,
        /// How much.
        amount: Money,
    },
    /// The payer contests a capture: open while `Sent`, lost when `Settled`, won when `Failed`.
    Dispute {
        /// The capture that it is about.
        capture: OperationId,
        /// How much.
        amount: Money,
    },
    /// The rail contradicts what is known of an operation: open until `Settled`. Changes no balance here, since what it
    /// is about was never booked.
    Exception {
        /// The operation that the rail contradicts.
        of: OperationId,
        /// What it says.
        found: Found,
        /// How much it says that it did, or denies.
        amount: Money,
    },
}

impl OperationKind {
    /// The word in rows and on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Fund { .. } => "fund",
            Self::Place { .. } => "place",
            Self::Raise { .. } => "raise",
            Self::Extend { .. } => "extend",
            Self::Capture { .. } => "capture",
            Self::Release { .. } => "release",
            Self::Expire { .. } => "expire",
            Self::Refund { .. } => "refund",
            Self::Reverse { .. } => "reverse",
            Self::Dispute { .. } => "dispute",
            Self::Exception { .. } => "exception",
        }
    }

    /// How much it asks for.
    pub const fn amount(&self) -> Money {
        match self {
            Self::Fund { amount, .. }
            | Self::Place { amount }
            | Self::Raise { amount }
            | Self::Extend { amount, .. }
            | Self::Capture { amount, .. }
            | Self::Release { amount }
            | Self::Expire { amount }
            | Self::Refund { amount, .. }
            | Self::Reverse { amount, .. }
            | Self::Dispute { amount, .. }
            | Self::Exception { amount, .. } => *amount,
        }
    }

    /// The capture that it undoes or is about.
    pub const fn capture(&self) -> Option<OperationId> {
        match self {
            Self::Refund { capture, .. } | Self::Reverse { capture, .. } | Self::Dispute { capture, .. } => {
                Some(*capture)
            }
            Self::Fund { .. }
            | Self::Place { .. }
            | Self::Raise { .. }
            | Self::Extend { .. }
            | Self::Capture { .. }
            | Self::Release { .. }
            | Self::Expire { .. }
            | Self::Exception { .. } => None,
        }
    }

    /// The parts of a capture that go to others than the hold's payee.
    pub fn legs(&self) -> &[Leg] {
        if let Self::Capture { legs, .. } = self { legs } else { &[] }
    }

    const fn may_be_zero(&self) -> bool {
        match self {
            Self::Release { .. } | Self::Expire { .. } => true,
            Self::Fund { .. }
            | Self::Place { .. }
            | Self::Raise { .. }
            | Self::Extend { .. }
            | Self::Capture { .. }
            | Self::Refund { .. }
            | Self::Reverse { .. }
            | Self::Dispute { .. }
            | Self::Exception { .. } => false,
        }
    }

    /// Whether it has a hold, and whether it posts a transfer when it settles.
    const fn links(&self) -> (bool, bool) {
        match self {
            Self::Fund { .. } => (false, true),
            Self::Capture { .. } | Self::Refund { .. } | Self::Reverse { .. } | Self::Dispute { .. } => (true, true),
            Self::Place { .. }
            | Self::Raise { .. }
            | Self::Extend { .. }
            | Self::Release { .. }
            | Self::Expire { .. }
            | Self::Exception { .. } => (true, false),
        }
    }
}

/// What is known of an operation's result. `Settled` and `Failed` are final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// Waits for the payer's word; nothing is reserved and nobody was asked.
    RequiresAction,
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
            Self::RequiresAction => "requires_action",
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
            Self::RequiresAction | Self::Sent | Self::Unknown { .. } => false,
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
    /// The transfer that a settled capture, refund, reversal, lost dispute or funding posts; a leg has its own.
    pub transfer: Option<TransferId>,
    /// What is known of its result.
    pub state: OperationState,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// The hold at the moment the state became final.
    pub result: Option<HoldSnapshot>,
    /// For a settled capture: what refunds, reversals and lost disputes gave back of it, in minor units.
    pub refunded: i64,
    /// For a settled capture: what refunds under way and open disputes ask back of it, in minor units.
    pub refund_in_flight: i64,
    /// What an operator says of an operation whose result is unknown, for a second one to confirm. Stays as a record.
    pub proposal: Option<Box<Proposal>>,
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
    /// The legs of a capture are not above zero, in another currency, or more than the capture.
    #[error("operation {0} has legs that its amount does not cover: the row is damaged")]
    Legs(OperationId),
    /// The operation waits for the payer and is not a raise.
    #[error("operation {0} waits for the payer, which its kind does not do: the row is damaged")]
    State(OperationId),
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
        if !self.legs_fit() {
            return Err(OperationPartsError::Legs(self.id));
        }
        let (has_hold, has_transfer) = self.kind.links();
        if self.hold.is_some() != has_hold || self.transfer.is_some() != has_transfer {
            return Err(OperationPartsError::Links(self.id));
        }
        let settled = match &self.state {
            OperationState::Settled { amount: settled, .. } => Some(*settled),
            OperationState::RequiresAction
            | OperationState::Sent
            | OperationState::Unknown { .. }
            | OperationState::Failed { .. } => None,
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
        if matches!(self.state, OperationState::RequiresAction) && !matches!(self.kind, OperationKind::Raise { .. }) {
            return Err(OperationPartsError::State(self.id));
        }
        let is_capture = matches!(self.kind, OperationKind::Capture { .. });
        let refundable = if is_capture { settled.map_or(0, Money::minor) } else { 0 };
        let refunds = self.refunded.checked_add(self.refund_in_flight);
        let refunds_fit =
            self.refunded >= 0 && self.refund_in_flight >= 0 && refunds.is_some_and(|refunds| refunds <= refundable);
        if !refunds_fit {
            return Err(OperationPartsError::Refunds(self.id));
        }
        Ok(())
    }

    fn legs_fit(&self) -> bool {
        let amount = self.kind.amount();
        let legs = self.kind.legs();
        let sum = legs.iter().try_fold(0_i64, |sum, leg| sum.checked_add(leg.amount.minor()));
        let each = legs.iter().all(|leg| leg.amount.is_positive() && leg.amount.currency() == amount.currency());
        each && sum.is_some_and(|sum| sum <= amount.minor())
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
            OperationState::RequiresAction
            | OperationState::Sent
            | OperationState::Unknown { .. }
            | OperationState::Failed { .. } => None,
        }
    }

    /// What an operator proposed about an unknown result, and who confirmed it.
    pub fn proposal(&self) -> Option<&Proposal> {
        self.parts.proposal.as_deref()
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
