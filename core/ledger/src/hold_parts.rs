//! The columns of a hold and what must be true of them, for stores that rebuild holds from rows.

use thiserror::Error;

use crate::{AccountId, AtDeadline, Currency, EndReason, HoldId, OperationId, Phase, RailId, Timestamp};

/// The columns of a hold row, for stores. Amounts are minor units of `currency` and never negative.
///
/// `authorised = free + place_in_flight + capture_in_flight + release_in_flight + captured + released`, where free is
/// the difference and never negative; `refunded + disputed + lost + refund_in_flight <= captured`;
/// `authorised + raise_in_flight <= cap`.
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
    /// Part of `captured` that open disputes are about.
    pub disputed: i64,
    /// Part of `captured` that lost disputes gave back to the payer.
    pub lost: i64,
    /// All of `authorised` while the rail has not answered the placement; else 0.
    pub place_in_flight: i64,
    /// Asked for by raises without a final result; not part of `authorised` yet.
    pub raise_in_flight: i64,
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
    /// What happens then to what is free.
    pub at_deadline: AtDeadline,
    /// The rail's own name of the hold.
    pub reference: Option<String>,
    /// The rail waits for the payer to do something.
    pub requires_action: bool,
    /// The raise above the cap that the payer has not confirmed or refused yet.
    pub waiting: Option<OperationId>,
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
    #[error("hold {0} does not add up to what was authorised: the row is damaged, compare it with its operations")]
    Unbalanced(HoldId),
    /// More is refunded, disputed, lost and under way than was captured.
    #[error("hold {0} refunds more than it captured: the row is damaged, compare it with its operations")]
    RefundsExceedCaptures(HoldId),
    /// The phase and the amounts or the end reason contradict each other.
    #[error("hold {0} has amounts that its phase does not allow: the row is damaged, compare it with its operations")]
    PhaseContradicts(HoldId),
    /// The version is 0.
    #[error("hold {0} has version 0: versions start at 1")]
    NoVersion(HoldId),
}

impl HoldParts {
    pub(crate) fn spoken_for(&self) -> Option<i64> {
        [self.place_in_flight, self.capture_in_flight, self.release_in_flight, self.captured, self.released]
            .into_iter()
            .try_fold(0_i64, i64::checked_add)
    }

    pub(crate) fn check(&self) -> Result<(), HoldPartsError> {
        let amounts = [
            self.authorised,
            self.captured,
            self.released,
            self.refunded,
            self.disputed,
            self.lost,
            self.place_in_flight,
            self.raise_in_flight,
            self.capture_in_flight,
            self.release_in_flight,
            self.refund_in_flight,
        ];
        if amounts.into_iter().any(|amount| amount < 0) {
            return Err(HoldPartsError::NegativeAmount(self.id));
        }
        let adds_up = self.spoken_for().is_some_and(|sum| sum <= self.authorised);
        let raised = self.authorised.checked_add(self.raise_in_flight);
        if !adds_up || raised.is_none_or(|raised| raised > self.cap) {
            return Err(HoldPartsError::Unbalanced(self.id));
        }
        let given_back = [self.refunded, self.disputed, self.lost, self.refund_in_flight];
        let refunds = given_back.into_iter().try_fold(0_i64, i64::checked_add);
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
        let in_flight = self.place_in_flight + self.raise_in_flight + self.capture_in_flight + self.release_in_flight;
        if self.waiting.is_some() && self.phase != Phase::Held {
            return false;
        }
        match self.phase {
            Phase::Placing => all_in_placement && self.raise_in_flight == 0 && self.end.is_none(),
            Phase::Held => placed && self.end.is_none() && free + in_flight > 0,
            Phase::Closing => match &self.end {
                None => placed && self.capture_in_flight > 0,
                Some(EndReason::Captured) => placed && free + in_flight > 0,
                Some(EndReason::Released | EndReason::Expired) => (placed || all_in_placement) && free + in_flight > 0,
                Some(EndReason::Declined { .. }) => false,
            },
            Phase::Ended => match &self.end {
                Some(EndReason::Captured | EndReason::Released | EndReason::Expired) => free + in_flight == 0,
                Some(EndReason::Declined { .. }) | None => false,
            },
            Phase::Failed => {
                let declined = matches!(self.end, Some(EndReason::Declined { .. }));
                declined && free + in_flight == 0 && self.captured == 0
            }
        }
    }
}
