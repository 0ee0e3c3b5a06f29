//! Holds: money reserved on a payer's account for one payee until it is captured, released or the deadline passes.
//!
//! A hold is amounts and a phase. What changes it, and what came of that, is an [`Operation`](crate::Operation).

use crate::{
    AccountId, AtDeadline, Currency, EndReason, FollowUp, HoldId, HoldParts, HoldPartsError, Money, OperationId, Phase,
    RailId, Status, Timestamp,
};

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

    /// What the payer agreed to at most; a raise above it needs the payer's word.
    pub fn cap(&self) -> Money {
        self.money(self.parts.cap)
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

    /// Part of the captured amount that open disputes are about.
    pub fn disputed(&self) -> Money {
        self.money(self.parts.disputed)
    }

    /// Part of the captured amount that lost disputes gave back.
    pub fn lost(&self) -> Money {
        self.money(self.parts.lost)
    }

    /// What refunds and disputes may still ask back of all captures together.
    pub fn refundable(&self) -> Money {
        let parts = &self.parts;
        self.money(parts.captured - parts.refunded - parts.disputed - parts.lost - parts.refund_in_flight)
    }

    /// What a capture may take at this time: all that is free while the hold is held and its deadline has not come.
    pub fn capturable(&self, now: Timestamp) -> Money {
        let open = self.parts.phase == Phase::Held && now < self.parts.expires_at;
        self.money(if open { self.free_minor() } else { 0 })
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

    /// What happens at the deadline to what is free.
    pub fn at_deadline(&self) -> AtDeadline {
        self.parts.at_deadline
    }

    /// The raise above the cap that the payer has not confirmed or refused yet.
    pub fn waiting(&self) -> Option<OperationId> {
        self.parts.waiting
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

    /// What the hub should ask for next, at this time.
    pub fn follow_up(&self, now: Timestamp) -> Option<FollowUp> {
        let hold = self.id();
        if self.has_freed_rest() {
            return Some(FollowUp::ReleaseRest { hold });
        }
        let due = self.may_expire() && now >= self.expires_at();
        due.then_some(if self.captures_when_due() { FollowUp::CaptureDue { hold } } else { FollowUp::Expire { hold } })
    }

    /// From when on there is a [`follow_up`](Self::follow_up); none as long as the hold only waits for results or is
    /// over. A store indexes it, so that a sweep finds what a crash forgot.
    pub fn due_at(&self) -> Option<Timestamp> {
        if self.has_freed_rest() {
            return Some(self.created_at());
        }
        self.may_expire().then_some(self.expires_at())
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

    /// Closed for good, and something became free that nobody asked the rail to release.
    fn has_freed_rest(&self) -> bool {
        self.parts.phase == Phase::Closing && self.parts.end.is_some() && self.free_minor() > 0
    }

    /// Says whether the deadline means a capture of what is free. What was free only later goes back.
    pub(crate) fn captures_when_due(&self) -> bool {
        self.parts.at_deadline == AtDeadline::Capture && self.parts.phase == Phase::Held && self.free_minor() > 0
    }

    /// What the hold keeps from the payer's available balance: what is outstanding and what is being added.
    pub(crate) fn payer_held_minor(&self) -> i64 {
        self.outstanding_minor() + self.parts.raise_in_flight
    }

    /// What the hold keeps from the payee's available balance: what may have to go back.
    pub(crate) fn payee_held_minor(&self) -> i64 {
        self.parts.refund_in_flight + self.parts.disputed
    }

    pub(crate) fn outstanding_minor(&self) -> i64 {
        self.parts.authorised - self.parts.captured - self.parts.released
    }
}
