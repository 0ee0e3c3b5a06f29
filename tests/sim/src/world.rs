//! The one world of a run: time, dice, what is on its way, the far ends, the model and the trace.
//!
//! Everything runs on one thread; the lock is there because the hub's ports ask for it, and is never waited for.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::defect::Defect;
use crate::dice::Dice;
use crate::far_end::{FarEnd, Reply};
use crate::model::Model;
use crate::plan::Faults;
use crate::trace::Trace;

/// Milliseconds since the epoch at which every run begins.
pub const BEGIN: i64 = 1_700_000_000_000;

/// Something that will happen at a time.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call reaches its far end.
    Arrive { call: u64, rail: String, path: String, body: String },
    /// A far end does what it accepted.
    Act { rail: String, operation: String },
    /// Somebody asks the hub for something.
    Ask,
    /// Somebody proposes a contract, or says something about one.
    Deal,
    /// A hub process starts.
    Start { process: usize },
    /// A hub process dies.
    Die { process: usize },
    /// A hub process gets no processor time for a while.
    Stall { process: usize, ms: i64 },
    /// A hub process's clock is put forward.
    Leap { process: usize, ms: i64 },
    /// A sweep beside the regular ones.
    Sweep { process: usize },
}

/// A process's clock against the world's time.
#[derive(Clone, Copy, Debug)]
pub struct ProcessClock {
    /// World time when the process started.
    pub since: i64,
    /// What it showed then.
    pub showed: i64,
    /// Its milliseconds in 1000 of the world's.
    pub rate: i64,
}

impl ProcessClock {
    /// What it shows at a world time.
    pub fn at(&self, time: i64) -> i64 {
        self.showed + (time - self.since) * self.rate / 1000
    }

    /// The first world time at which it shows `shown` or later.
    pub fn when(&self, shown: i64) -> i64 {
        self.since + ((shown - self.showed) * 1000 + self.rate - 1).div_euclid(self.rate)
    }
}

/// What is the case now.
pub struct State {
    pub time: i64,
    pub dice: Dice,
    pub trace: Trace,
    pub faults: Faults,
    pub defect: Option<Defect>,
    /// How often the planted defect showed.
    pub planted: u32,
    /// The hub keeps further books, for contracts.
    pub keeps_books: bool,
    pub far_ends: BTreeMap<String, FarEnd>,
    pub clocks: Vec<ProcessClock>,
    pub model: Model,
    /// What first went wrong.
    pub wrong: Option<String>,
    events: BTreeMap<(i64, u64), Event>,
    replies: BTreeMap<u64, Reply>,
    numbered: u64,
    wake: Option<i64>,
}

impl State {
    /// Lets something happen in `ms` milliseconds.
    pub fn in_ms(&mut self, ms: i64, event: Event) {
        let number = self.number();
        self.events.insert((self.time + ms, number), event);
    }

    /// A number that was not given before.
    pub fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    /// When the next event is due.
    pub fn next_event_at(&self) -> Option<i64> {
        self.events.keys().next().map(|(at, _)| *at)
    }

    /// How many events are due.
    pub fn events_due(&self) -> usize {
        self.events.range(..=(self.time, u64::MAX)).count()
    }

    /// Takes the `nth` event that is due.
    pub fn take_due(&mut self, nth: usize) -> Option<Event> {
        let key = *self.events.range(..=(self.time, u64::MAX)).nth(nth)?.0;
        self.events.remove(&key)
    }

    /// Forgets what would befall the hub; what is on its way stays so.
    pub fn calm(&mut self) {
        self.events.retain(|_, event| matches!(event, Event::Arrive { .. } | Event::Act { .. }));
    }

    /// Takes out the reply to a call that has arrived.
    pub fn reply(&mut self, call: u64) -> Option<Reply> {
        self.replies.get(&call).cloned()
    }

    /// Adds a line to the trace.
    pub fn say(&mut self, line: impl AsRef<str>) {
        let line = format!("{:>9} {}", self.time - BEGIN, line.as_ref());
        self.trace.say(line);
    }

    /// Notes that something is wrong; the first time counts.
    pub fn blame(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.say(format!("WRONG {what}"));
        self.wrong.get_or_insert(what);
    }

    /// A call reaches its far end.
    pub fn arrive(&mut self, call: u64, rail: &str, path: &str, body: &str) {
        let time = self.time;
        let Some(far_end) = self.far_ends.get_mut(rail) else { return };
        let taken = far_end.take(path, body, time, &mut self.dice);
        self.say(format!("{rail} takes call {call} {path} {body:?}: {} {:?}", taken.reply.0, taken.reply.1));
        if let Some((operation, after)) = taken.later {
            self.in_ms(after, Event::Act { rail: rail.to_owned(), operation });
        }
        self.replies.entry(call).or_insert(taken.reply);
    }

    /// A far end does what it accepted.
    pub fn act(&mut self, rail: &str, operation: &str) {
        let time = self.time;
        if let Some(far_end) = self.far_ends.get_mut(rail) {
            far_end.act_later(operation, time);
            self.say(format!("{rail} acts on {operation}"));
        }
    }
}

/// The world, shared by all ports.
pub struct World(Mutex<State>);

impl World {
    /// A world at its beginning.
    pub fn new(dice: Dice, trace: Trace, defect: Option<Defect>) -> Self {
        World(Mutex::new(State {
            time: BEGIN,
            dice,
            trace,
            faults: Faults::default(),
            defect,
            planted: 0,
            keeps_books: false,
            far_ends: BTreeMap::new(),
            clocks: Vec::new(),
            model: Model::new(defect),
            wrong: None,
            events: BTreeMap::new(),
            replies: BTreeMap::new(),
            numbered: 0,
            wake: None,
        }))
    }

    /// Looks at the world and changes it.
    pub fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets others go first, and comes back `ms` milliseconds later.
    pub fn pause(&self, ms: i64) -> Pause<'_> {
        let until = self.with(|state| state.time) + ms;
        Pause { world: self, until, begun: false }
    }

    /// When the task that was just polled wants to be polled again.
    pub fn take_wake(&self) -> Option<i64> {
        self.with(|state| state.wake.take())
    }
}

/// See [`World::pause`].
pub struct Pause<'a> {
    world: &'a World,
    until: i64,
    begun: bool,
}

impl Future for Pause<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let until = self.until;
        let is_over = self.begun && self.world.with(|state| state.time >= until);
        self.begun = true;
        if is_over {
            return Poll::Ready(());
        }
        self.world.with(|state| state.wake = Some(until));
        Poll::Pending
    }
}
