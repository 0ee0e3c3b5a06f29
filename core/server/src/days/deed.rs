//! What people do in a day, written down before anybody does it.

use serde_json::Value;

use super::outcome::clock;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Somebody of the cast.
    Citizen(usize),
    /// Nobody whom the hub knows.
    Stranger,
    /// A citizen who keeps a mask on.
    Masked(usize),
    /// A picture of a citizen on a screen.
    Screen(usize),
    /// Somebody whom staff write down.
    Hand(&'static str),
}

/// What is done.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Something is asked of a service. `up_to`: what the person agrees to, yen; 0: nothing.
    Ask { service: &'static str, action: &'static str, input: Value, attested: Vec<(&'static str, String)>, up_to: i64 },
    /// An open request is told something.
    Tell { of: String, message: &'static str },
    /// A device orders under a mandate.
    Order { of: String, sequence: u64, item: &'static str, count: u64 },
    /// The receipt computer sends the bill of a visit.
    Bill { of: String, patient: String, yen: i64 },
    /// The person pays at a till, by face, code or card.
    Pay { till: &'static str, yen: i64, pin: Option<&'static str> },
    /// The shop gives back what was paid.
    Refund { of: String },
    /// The wallet provider misbehaves for the next calls.
    Outage { on: &'static str, how: &'static str, calls: u32 },
    /// The hub's process is killed where it stands, and started again.
    Crash,
    /// Whoever is still inside is let go, as a gallery does by itself at night.
    Night,
}

/// What has to come of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Whatever does.
    Any,
    /// It is done.
    Done,
    /// It is refused with this reason.
    Refused(&'static str),
}

/// One thing.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Minutes after midnight. What has one minute happens at once.
    pub(super) at: u32,
    pub(super) who: Who,
    /// Whose card or ticket is shown, where it is somebody else's.
    pub(super) of: Option<usize>,
    /// `face`, `card`, `qr`, `qr+face`, `staff`, `hand`.
    pub(super) way: &'static str,
    pub(super) deed: Deed,
    /// What it is called later.
    pub(super) label: String,
    pub(super) expected: Expected,
}

/// A day under construction.
#[derive(Default)]
pub(super) struct Script(Vec<Event>);

/// Minutes after midnight.
pub(super) fn minute(hour: u32, minute: u32) -> u32 {
    hour * 60 + minute
}

impl Script {
    pub(super) fn add(&mut self, at: u32, who: Who, way: &'static str, deed: Deed) -> &mut Event {
        let nth = self.0.len();
        let label = format!("{} {nth}", clock(at));
        self.0.push(Event { at, who, of: None, way, deed, label, expected: Expected::Any });
        &mut self.0[nth]
    }

    /// By the clock.
    pub(super) fn events(self) -> Vec<Event> {
        let mut events = self.0;
        events.sort_by_key(|event| event.at);
        events
    }
}
