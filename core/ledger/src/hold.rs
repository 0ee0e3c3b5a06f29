//! Holds: money reserved on a payer's account for one payee until it is captured, released or the deadline passes.
//!
//! A hold is amounts and a phase. What changes it, and what came of that, is an [`Operation`](crate::Operation).

use thiserror::Error;

use crate::{AccountId, Currency, HoldId, Money, RailId, Timestamp};

/// Where a hold stands. `Ended` and `Failed` are terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The rail was asked to place it and has not said yes or no.
    Placing,
    /// Placed; captures are possible until the deadline.
    Held,
    /// No new capture is possible; what is under way is waited for, what is free is released. Without an end reason a
    /// final capture is under way, and its decline makes the hold `Held` again.
    Closing,
    /// Nothing is free and nothing but refunds can happen.
    Ended,
    /// The rail declined to place it.
    Failed,
}

impl Phase {
    const ALL: [Self; 5] = [
        Self::Placing,
        Self::Held,
        Self::Closing,
        Self::Ended,
        Self::Failed,
    ];

    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Placing => "placing",
            Self::Held => "held",
            Self::Closing => "closing",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }

    /// The phase that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// Says whether the phase never changes again.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Ended | Self::Failed => true,
            Self::Placing | Self::Held | Self::Closing => false,
        }
    }
}

/// Why a hold closed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Captured in full, or by a final capture.
    Captured,
    /// Released or cancelled.
    Released,
    /// The deadline passed.
    Expired,
    /// The rail declined to place it.
    Declined {
        /// The rail's reason.
        code: String,
    },
}

impl EndReason {
    /// The word in rows; a decline's code is a column of its own.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Declined { .. } => "declined",
        }
    }
}

/// The one word that the world sees of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The rail has not answered yet.
    Pending,
    /// The rail waits for the payer to do something.
    RequiresAction,
    /// Placed, nothing captured.
    Held,
    /// Placed, a part captured, more may follow.
    PartiallyCaptured,
    /// No further capture is possible and an outcome is still open.
    Settling,
    /// Ended with something captured; the amounts tell how much.
    Captured,
    /// Ended with nothing captured, because it was released.
    Released,
    /// Ended with nothing captured, because the deadline passed.
    Expired,
    /// The rail declined.
    Failed,
}

impl Status {
    const ALL: [Self; 9] = [
        Self::Pending,
        Self::RequiresAction,
        Self::Held,
        Self::PartiallyCaptured,
        Self::Settling,
        Self::Captured,
        Self::Released,
        Self::Expired,
        Self::Failed,
    ];

    /// The word in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Held => "held",
            Self::PartiallyCaptured => "partially_captured",
            Self::Settling => "settling",
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }

    /// The status that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The columns of a hold row, for stores. Amounts are minor units of `currency` and never negative.
///
/// `authorised = free + place_in_flight + capture_in_flight + release_in_flight + captured + released`, where free is
/// the difference and never negative; `refunded + refund_in_flight <= captured`; `authorised <= cap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldParts {
    /// The hold.
    pub id: HoldId,
    /// The rail that keeps it.
    pub rail: RailId,
    /// Whose money is reserved.
    pub payer: AccountId,
    /// Who may capture it.
    pub payee: AccountId,
    /// The one currency of all amounts.
    pub currency: Currency,
    /// What the rail reserved; until it answers, what it was asked for.
    pub authorised: i64,
    /// What the payer agreed to at most.
    pub cap: i64,
    /// What went to the payee.
    pub captured: i64,
    /// What went back to the payer's available balance, for whatever reason.
    pub released: i64,
    /// Part of `captured` that went back to the payer later.
    pub refunded: i64,
    /// All of `authorised` while the rail has not answered the placement; else 0.
    pub place_in_flight: i64,
    /// Asked for by captures without a final result.
    pub capture_in_flight: i64,
    /// Asked for by releases and expiries without a final result.
    pub release_in_flight: i64,
    /// Asked for by refunds without a final result.
    pub refund_in_flight: i64,
    /// Where the hold stands.
    pub phase: Phase,
    /// Why it closed; set once it is certain that it will not be held again.
    pub end: Option<EndReason>,
    /// From this moment on no capture is accepted.
    pub expires_at: Timestamp,
    /// The rail's own name of the hold.
    pub reference: Option<String>,
    /// The rail waits for the payer to do something.
    pub requires_action: bool,
    /// Starts at 1, grows by one with every change.
    pub version: u32,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Why columns are not a hold row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HoldPartsError {
    /// An amount is below zero.
    #[error("hold {0} has a negative amount: the row is damaged, compare it with its operations")]
    NegativeAmount(HoldId),
    /// More is captured, released and under way than was authorised, or more authorised than the cap.
    #[error(
        "hold {0} does not add up to what was authorised: the row is damaged, compare it with its operations"
    )]
    Unbalanced(HoldId),
    /// More is refunded and under way than was captured.
    #[error(
        "hold {0} refunds more than it captured: the row is damaged, compare it with its operations"
    )]
    RefundsExceedCaptures(HoldId),
    /// The phase and the amounts or the end reason contradict each other.
    #[error(
        "hold {0} has amounts that its phase does not allow: the row is damaged, compare it with its operations"
    )]
    PhaseContradicts(HoldId),
    /// The version is 0.
    #[error("hold {0} has version 0: versions start at 1")]
    NoVersion(HoldId),
}

impl HoldParts {
    fn spoken_for(&self) -> Option<i64> {
        [
            self.place_in_flight,
            self.capture_in_flight,
            self.release_in_flight,
            self.captured,
            self.released,
        ]
        .into_iter()
        .try_fold(0_i64, i64::checked_add)
    }

    pub(crate) fn check(&self) -> Result<(), HoldPartsError> {
        let amounts = [
            self.authorised,
            self.captured,
            self.released,
            self.refunded,
            self.place_in_flight,
            self.capture_in_flight,
            self.release_in_flight,
            self.refund_in_flight,
        ];
        if amounts.into_iter().any(|amount| amount < 0) {
            return Err(HoldPartsError::NegativeAmount(self.id));
        }
        let adds_up = self.spoken_for().is_some_and(|sum| sum <= self.authorised);
        if !adds_up || self.authorised > self.cap {
            return Err(HoldPartsError::Unbalanced(self.id));
        }
        let refunds = self.refunded.checked_add(self.refund_in_flight);
        if refunds.is_none_or(|refunds| refunds > self.captured) {
            return Err(HoldPartsError::RefundsExceedCaptures(self.id));
        }
        if !self.phase_fits() {
            return Err(HoldPartsError::PhaseContradicts(self.id));
        }
        if self.version == 0 {
            return Err(HoldPartsError::NoVersion(self.id));
        }
        Ok(())
    }

    fn phase_fits(&self) -> bool {
        let free = self.authorised - self.spoken_for().unwrap_or(self.authorised);
        let placed = self.place_in_flight == 0;
        let all_in_placement = self.place_in_flight == self.authorised;
        let in_flight = self.place_in_flight + self.capture_in_flight + self.release_in_flight;
        match self.phase {
            Phase::Placing => all_in_placement && self.end.is_none(),
            Phase::Held => placed && self.end.is_none() && free + in_flight > 0,
            Phase::Closing => match &self.end {
                None => placed && self.capture_in_flight > 0,
                Some(EndReason::Captured) => placed && free + in_flight > 0,
                Some(EndReason::Released | EndReason::Expired) => {
                    (placed || all_in_placement) && free + in_flight > 0
                }
                Some(EndReason::Declined { .. }) => false,
            },
            Phase::Ended => match &self.end {
                Some(EndReason::Captured | EndReason::Released | EndReason::Expired) => {
                    free + in_flight == 0
                }
                Some(EndReason::Declined { .. }) | None => false,
            },
            Phase::Failed => {
                let declined = matches!(self.end, Some(EndReason::Declined { .. }));
                declined && free + in_flight == 0 && self.captured == 0
            }
        }
    }
}

/// Reserved money. Changed by the book only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub(crate) parts: HoldParts,
}

/// What a hold looked like at the moment an operation on it became final. Amounts in the hold's minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldSnapshot {
    /// Version of the hold.
    pub version: u32,
    /// Its public word.
    pub status: Status,
    /// What the rail reserved.
    pub authorised: i64,
    /// What went to the payee.
    pub captured: i64,
    /// What went back to the payer's available balance.
    pub released: i64,
    /// Part of `captured` that went back to the payer later.
    pub refunded: i64,
}

impl Hold {
    /// Rebuilds a row, for stores.
    ///
    /// # Errors
    /// [`HoldPartsError`] when the columns cannot be a row that this crate made.
    pub fn from_parts(parts: HoldParts) -> Result<Self, HoldPartsError> {
        parts.check()?;
        Ok(Self { parts })
    }

    /// The columns, for stores.
    pub fn parts(&self) -> &HoldParts {
        &self.parts
    }

    /// The hold.
    pub fn id(&self) -> HoldId {
        self.parts.id
    }

    /// The rail that keeps it.
    pub fn rail(&self) -> &RailId {
        &self.parts.rail
    }

    /// Whose money is reserved.
    pub fn payer(&self) -> AccountId {
        self.parts.payer
    }

    /// Who may capture it.
    pub fn payee(&self) -> AccountId {
        self.parts.payee
    }

    /// The one currency of all amounts.
    pub fn currency(&self) -> Currency {
        self.parts.currency
    }

    /// What the rail reserved; until it answers, what it was asked for.
    pub fn authorised(&self) -> Money {
        self.money(self.parts.authorised)
    }

    /// What went to the payee.
    pub fn captured(&self) -> Money {
        self.money(self.parts.captured)
    }

    /// What went back to the payer's available balance, for whatever reason.
    pub fn released(&self) -> Money {
        self.money(self.parts.released)
    }

    /// Part of the captured amount that went back to the payer later.
    pub fn refunded(&self) -> Money {
        self.money(self.parts.refunded)
    }

    /// What no operation has taken or asked for: what a capture or release may still take.
    pub fn free(&self) -> Money {
        self.money(self.free_minor())
    }

    /// What the hold still keeps from the payer's available balance.
    pub fn outstanding(&self) -> Money {
        self.money(self.outstanding_minor())
    }

    /// Where the hold stands.
    pub fn phase(&self) -> Phase {
        self.parts.phase
    }

    /// Why it closed, once that is certain.
    pub fn end(&self) -> Option<&EndReason> {
        self.parts.end.as_ref()
    }

    /// From this moment on no capture is accepted.
    pub fn expires_at(&self) -> Timestamp {
        self.parts.expires_at
    }

    /// The rail's own name of the hold.
    pub fn reference(&self) -> Option<&str> {
        self.parts.reference.as_deref()
    }

    /// Starts at 1, grows by one with every change.
    pub fn version(&self) -> u32 {
        self.parts.version
    }

    /// When it was asked for.
    pub fn created_at(&self) -> Timestamp {
        self.parts.created_at
    }

    /// The one word that the world sees.
    pub fn status(&self) -> Status {
        match self.parts.phase {
            Phase::Placing if self.parts.requires_action => Status::RequiresAction,
            Phase::Placing => Status::Pending,
            Phase::Held if self.free_minor() == 0 => Status::Settling,
            Phase::Held if self.parts.captured > 0 => Status::PartiallyCaptured,
            Phase::Held => Status::Held,
            Phase::Closing => Status::Settling,
            Phase::Failed => Status::Failed,
            Phase::Ended if self.parts.captured > 0 => Status::Captured,
            Phase::Ended => match &self.parts.end {
                Some(EndReason::Expired) => Status::Expired,
                Some(EndReason::Captured) => Status::Captured,
                Some(EndReason::Released) | None => Status::Released,
                Some(EndReason::Declined { .. }) => Status::Failed,
            },
        }
    }

    /// What the hold looks like now, for the record of an operation.
    pub fn snapshot(&self) -> HoldSnapshot {
        HoldSnapshot {
            version: self.parts.version,
            status: self.status(),
            authorised: self.parts.authorised,
            captured: self.parts.captured,
            released: self.parts.released,
            refunded: self.parts.refunded,
        }
    }

    pub(crate) fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.parts.currency)
    }

    pub(crate) fn free_minor(&self) -> i64 {
        self.parts.authorised - self.parts.spoken_for().unwrap_or(self.parts.authorised)
    }

    pub(crate) fn outstanding_minor(&self) -> i64 {
        self.parts.authorised - self.parts.captured - self.parts.released
    }
}
