//! Who may do what with a hold, how much, and until when: read from the hold, so that nobody has to know the rules.

use tebura_ledger::{Hold, Money, Phase, Timestamp};

use crate::extend_hold::latest_deadline;
use crate::rail::RailDescriptor;

/// Who may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Payer,
    Payee,
    Operator,
}

impl Actor {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Actor::Payer => "payer",
            Actor::Payee => "payee",
            Actor::Operator => "operator",
        }
    }
}

/// One thing that somebody may do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    pub who: Actor,
    pub may: &'static str,
    /// At most this much in one go; `None` where no amount is given.
    pub most: Option<Money>,
    /// From then on no more; `None`: as long as there is something left.
    pub until: Option<Timestamp>,
}

/// Everything that may be done with a hold at this time.
pub fn rights(hold: &Hold, rail: &RailDescriptor, now: Timestamp) -> Vec<Right> {
    let parts = hold.parts();
    let mut rights = Vec::new();
    let mut right = |who, may, most: Option<Money>, until| {
        if most.is_none_or(Money::is_positive) {
            rights.push(Right { who, may, most, until });
        }
    };
    let until = Some(hold.expires_at());
    let held = hold.phase() == Phase::Held && now < hold.expires_at();
    if held {
        right(Actor::Payee, "capture", Some(hold.free()), until);
        if rail.takes("raise") {
            let headroom = parts.cap - parts.authorised - parts.raise_in_flight;
            right(Actor::Payee, "raise", Some(Money::new(headroom, hold.currency())), until);
            if hold.waiting().is_some() {
                right(Actor::Payer, "confirm", None, until);
                right(Actor::Payer, "refuse", None, until);
            }
        }
        if rail.takes("extend") {
            let latest = latest_deadline(hold, rail, now);
            if latest > hold.expires_at() {
                right(Actor::Payee, "extend", None, until);
            }
        }
        if rail.abilities.reverse && parts.captured > 0 {
            right(Actor::Payee, "reverse", Some(hold.refundable()), until);
        }
    }
    match hold.phase() {
        Phase::Placing => right(Actor::Payee, "cancel", None, until),
        Phase::Held | Phase::Closing => right(Actor::Payee, "release", Some(hold.free()), None),
        Phase::Ended | Phase::Failed => {}
    }
    if rail.takes("refund") {
        right(Actor::Payee, "refund", Some(hold.refundable()), None);
    }
    right(Actor::Operator, "dispute", Some(hold.refundable()), None);
    if parts.place_in_flight
        + parts.raise_in_flight
        + parts.capture_in_flight
        + parts.release_in_flight
        + parts.refund_in_flight
        > 0
    {
        right(Actor::Operator, "resolve", None, None);
    }
    rights
}
