//! How the amounts and the phase of a hold move, one function a fact. Whether the fact may happen is checked in `apply/`.

use crate::command::Place;
use crate::{EndReason, Finality, Hold, HoldParts, Phase, Timestamp};

impl Hold {
    pub(crate) fn placing(place: &Place, now: Timestamp) -> Self {
        let amount = place.amount.minor();
        Self {
            parts: HoldParts {
                id: place.hold,
                rail: place.rail.clone(),
                payer: place.payer,
                payee: place.payee,
                currency: place.amount.currency(),
                authorised: amount,
                cap: amount,
                captured: 0,
                released: 0,
                refunded: 0,
                place_in_flight: amount,
                capture_in_flight: 0,
                release_in_flight: 0,
                refund_in_flight: 0,
                phase: Phase::Placing,
                end: None,
                expires_at: place.expires_at,
                reference: None,
                requires_action: false,
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
        if finality == Finality::Final {
            self.parts.phase = Phase::Closing;
        }
    }

    /// Returns what went back to the payer because the capture was the last one.
    pub(crate) fn capture_settled(&mut self, asked: i64, settled: i64, finality: Finality) -> i64 {
        self.parts.capture_in_flight -= asked;
        self.parts.captured += settled;
        let rest = match finality {
            Finality::Final => self.free_minor(),
            Finality::Partial => 0,
        };
        self.parts.released += rest;
        if finality == Finality::Final {
            self.parts.end.get_or_insert(EndReason::Captured);
        }
        self.end_if_empty(EndReason::Captured);
        rest
    }

    /// A declined final capture opens the hold again, unless it closed for another reason meanwhile.
    pub(crate) fn capture_declined(&mut self, asked: i64, finality: Finality) {
        self.parts.capture_in_flight -= asked;
        if finality == Finality::Final && self.parts.end.is_none() {
            self.parts.phase = Phase::Held;
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

    fn end_if_empty(&mut self, reason: EndReason) {
        let parts = &self.parts;
        let in_flight = parts.place_in_flight + parts.capture_in_flight + parts.release_in_flight;
        if in_flight == 0 && self.free_minor() == 0 {
            self.parts.phase = Phase::Ended;
            self.parts.end.get_or_insert(reason);
        }
    }
}
