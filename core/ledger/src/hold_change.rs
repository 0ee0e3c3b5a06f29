//! How the amounts and the phase of a hold move, one function a fact. Whether the fact may happen is checked in `apply/`.

use crate::command::Place;
use crate::{EndReason, Finality, Hold, HoldParts, Phase, Timestamp};

impl Hold {
    pub(crate) fn placing(place: &Place, now: Timestamp) -> Self {
        let amount = place.amount.minor();
        let cap = place.cap.map_or(amount, crate::Money::minor);
        Self {
            parts: HoldParts {
                id: place.hold,
                rail: place.rail.clone(),
                payer: place.payer,
                payee: place.payee,
                currency: place.amount.currency(),
                authorised: amount,
                cap,
                captured: 0,
                released: 0,
                refunded: 0,
                disputed: 0,
                lost: 0,
                place_in_flight: amount,
                raise_in_flight: 0,
                capture_in_flight: 0,
                release_in_flight: 0,
                refund_in_flight: 0,
                phase: Phase::Placing,
                end: None,
                expires_at: place.expires_at,
                at_deadline: place.at_deadline,
                reference: None,
                requires_action: false,
                waiting: None,
                version: 1,
                created_at: now,
            },
        }
    }

    /// Says whether an expiry may still close it: it was not closed for another reason that is certain.
    pub(crate) fn may_expire(&self) -> bool {
        match self.parts.phase {
            Phase::Placing | Phase::Held => true,
            Phase::Closing => self.parts.end.is_none(),
            Phase::Ended | Phase::Failed => false,
        }
    }

    /// The rail reserved `settled`; a hold that closed meanwhile stays closed and has money free to release.
    pub(crate) fn place_settled(&mut self, reference: &str, settled: i64) {
        self.parts.place_in_flight = 0;
        self.parts.authorised = settled;
        self.parts.reference = (!reference.is_empty()).then(|| reference.to_owned());
        self.parts.requires_action = false;
        if self.parts.phase == Phase::Placing {
            self.parts.phase = Phase::Held;
        }
    }

    pub(crate) fn place_declined(&mut self, code: &str) {
        self.parts.released += self.parts.place_in_flight;
        self.parts.place_in_flight = 0;
        self.parts.requires_action = false;
        if self.parts.phase == Phase::Placing {
            self.parts.phase = Phase::Failed;
            self.parts.end = Some(EndReason::Declined { code: code.to_owned() });
        } else {
            self.end_if_empty(EndReason::Released);
        }
    }

    pub(crate) fn capture_asked(&mut self, asked: i64, finality: Finality) {
        self.parts.capture_in_flight += asked;
        if finality.is_last() {
            self.parts.phase = Phase::Closing;
        }
        if finality == Finality::Deadline {
            self.parts.end.get_or_insert(EndReason::Expired);
        }
    }

    /// Returns what went back to the payer because the capture was the last one.
    pub(crate) fn capture_settled(&mut self, asked: i64, settled: i64, finality: Finality) -> i64 {
        self.parts.capture_in_flight -= asked;
        self.parts.captured += settled;
        let rest = if finality.gives_back() { self.free_minor() } else { 0 };
        self.parts.released += rest;
        if finality.is_last() {
            self.parts.end.get_or_insert(EndReason::Captured);
        }
        self.end_if_empty(EndReason::Captured);
        rest
    }

    /// A declined final capture opens the hold again, unless it closed for another reason meanwhile. One that was made
    /// because the deadline came is not made again: the hold has expired, so that what is free goes back.
    pub(crate) fn capture_declined(&mut self, asked: i64, finality: Finality) {
        self.parts.capture_in_flight -= asked;
        if matches!(finality, Finality::Final | Finality::FinalBeside) && self.parts.end.is_none() {
            self.parts.phase = Phase::Held;
        }
    }

    /// Takes a settled capture back: it is free again.
    pub(crate) fn capture_reversed(&mut self, amount: i64) {
        self.parts.captured -= amount;
    }

    pub(crate) fn raise_asked(&mut self, asked: i64) {
        self.parts.raise_in_flight += asked;
    }

    /// The payer agreed to a raise above the cap: the cap grows with it.
    pub(crate) fn raise_confirmed(&mut self, asked: i64) {
        self.parts.waiting = None;
        self.parts.raise_in_flight += asked;
        self.parts.cap = self.parts.cap.max(self.parts.authorised + self.parts.raise_in_flight);
    }

    pub(crate) fn raise_settled(&mut self, asked: i64, settled: i64) {
        self.parts.raise_in_flight -= asked;
        self.parts.authorised += settled;
    }

    pub(crate) fn raise_declined(&mut self, asked: i64) {
        self.parts.raise_in_flight -= asked;
        let reason = if self.parts.captured > 0 { EndReason::Captured } else { EndReason::Released };
        self.end_if_empty(reason);
    }

    /// A later deadline counts while the hold is held; it never moves the deadline forward.
    pub(crate) fn extended(&mut self, until: Timestamp) {
        if self.parts.phase == Phase::Held {
            self.parts.expires_at = self.parts.expires_at.max(until);
        }
    }

    /// Reserves `asked` for a release; with a reason the hold closes for good.
    pub(crate) fn release_asked(&mut self, asked: i64, close: Option<EndReason>) {
        self.parts.release_in_flight += asked;
        if let Some(reason) = close {
            self.parts.phase = Phase::Closing;
            self.parts.end.get_or_insert(reason);
        }
    }

    pub(crate) fn release_settled(&mut self, asked: i64, settled: i64) {
        self.parts.release_in_flight -= asked;
        self.parts.released += settled;
        self.end_if_empty(EndReason::Released);
    }

    pub(crate) fn release_declined(&mut self, asked: i64) {
        self.parts.release_in_flight -= asked;
    }

    pub(crate) fn refund_asked(&mut self, asked: i64) {
        self.parts.refund_in_flight += asked;
    }

    pub(crate) fn refund_settled(&mut self, asked: i64, settled: i64) {
        self.parts.refund_in_flight -= asked;
        self.parts.refunded += settled;
    }

    pub(crate) fn refund_declined(&mut self, asked: i64) {
        self.parts.refund_in_flight -= asked;
    }

    pub(crate) fn dispute_opened(&mut self, asked: i64) {
        self.parts.disputed += asked;
    }

    pub(crate) fn dispute_over(&mut self, asked: i64, lost: i64) {
        self.parts.disputed -= asked;
        self.parts.lost += lost;
    }

    fn end_if_empty(&mut self, reason: EndReason) {
        let parts = &self.parts;
        let in_flight =
            parts.place_in_flight + parts.raise_in_flight + parts.capture_in_flight + parts.release_in_flight;
        if in_flight == 0 && self.free_minor() == 0 {
            self.parts.phase = Phase::Ended;
            self.parts.end.get_or_insert(reason);
        }
    }
}
