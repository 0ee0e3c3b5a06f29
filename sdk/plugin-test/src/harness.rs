//! Plays the hub to one rail: runs operations against a script of calls and answers, inquires while an outcome is
//! unknown, and panics when a rule is broken.

use std::collections::{BTreeMap, BTreeSet};

use tebura_plugin::{
    Capture, Command, Effect, Event, Extend, Fault, Hold, HttpCall, Inbound, Inquiry, Money, NEVER_ARRIVED, News,
    Notices, Operation, Outcome, Party, Rail, Raise, Refund, Release, Reply, Silence, Step, Wanted, resume, start,
};

use crate::expect::{Answer, Answering, Expected, Line, Script};
use crate::manifest::Manifest;
use crate::notices::{identified, names};
use crate::watch::{Breach, Watch};

/// No rail needs more steps for one run.
const MAX_STEPS: usize = 64;
/// 2026-01-01T00:00:00Z.
const START: u64 = 1_767_225_600_000;
const DAY_MS: u64 = 86_400_000;
/// After which a hub that crashed has started again.
const RESTART_MS: u64 = 60_000;

/// How an operation ended, without the sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Done.
    Settled {
        /// What the rail calls it.
        reference: String,
        /// How much.
        amount: Money,
    },
    /// Not done, and it will not be.
    Declined {
        /// Why.
        code: String,
    },
    /// Open.
    Unknown {
        /// Why.
        code: String,
    },
}

/// The operation was done.
pub fn settled(reference: impl Into<String>, amount: Money) -> Ended {
    Ended::Settled { reference: reference.into(), amount }
}

/// The operation was not done.
pub fn declined(code: impl Into<String>) -> Ended {
    Ended::Declined { code: code.into() }
}

/// The outcome is open.
pub fn unknown(code: impl Into<String>) -> Ended {
    Ended::Unknown { code: code.into() }
}

/// An operation that has an id and is not run yet.
#[derive(Clone, Debug)]
pub struct Op {
    id: String,
    command: Command,
}

impl Op {
    /// The id that the rail will see, and derive its keys from.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// The hub, played to one rail.
#[derive(Debug)]
pub struct Harness<R> {
    rail: R,
    manifest: Option<Manifest>,
    settle_window_ms: u64,
    script: Script,
    now: u64,
    operations: u32,
    /// Which operation a key belongs to: two operations must not share one.
    keys: BTreeMap<String, String>,
    /// For a far end that repeats itself.
    last_reply: Option<Reply>,
    /// Bodies of notices: the same one again is dropped.
    notified: BTreeSet<Vec<u8>>,
    /// What came in while a call was in flight.
    parked: Option<Inbound>,
}

/// What came of a call, and whether the rail hears it twice.
struct Heard {
    event: Event,
    twice: bool,
}

impl<R: Rail> Harness<R> {
    /// A hub that stands at 2026-01-01 and has no manifest.
    pub fn of(rail: R) -> Harness<R> {
        Harness {
            rail,
            manifest: None,
            settle_window_ms: 0,
            script: Script::new(),
            now: START,
            operations: 0,
            keys: BTreeMap::new(),
            last_reply: None,
            notified: BTreeSet::new(),
            parked: None,
        }
    }

    /// Holds every call against `plugin.toml`, and takes the settle window from it.
    #[track_caller]
    pub fn manifest(mut self, plugin_toml: &str) -> Harness<R> {
        let manifest = Manifest::read(plugin_toml);
        self.settle_window_ms = manifest.settle_window_ms();
        self.manifest = Some(manifest);
        self
    }

    /// A hold of `amount`, from `payer-1` to `payee-1`, for a day.
    pub fn hold(&mut self, amount: Money) -> Op {
        let party =
            |kind: &str, token: &str| Party { kind: kind.to_owned(), token: token.to_owned(), attributes: Vec::new() };
        let (payer, payee) = (party("wallet", "payer-1"), party("merchant", "payee-1"));
        self.command(Command::Hold(Hold { payer, payee, amount, expires: self.now + DAY_MS }))
    }

    /// A raise of a hold by `amount`.
    pub fn raise(&mut self, reference: &str, amount: Money) -> Op {
        self.command(Command::Raise(Raise { reference: reference.to_owned(), amount }))
    }

    /// An extension of a hold, of which `amount` is outstanding, by a day.
    pub fn extend(&mut self, reference: &str, amount: Money) -> Op {
        let until = self.now + DAY_MS;
        self.command(Command::Extend(Extend { reference: reference.to_owned(), amount, until }))
    }

    /// A capture that leaves the rest held.
    pub fn capture(&mut self, reference: &str, amount: Money) -> Op {
        self.command(Command::Capture(Capture { reference: reference.to_owned(), amount, is_final: false }))
    }

    /// A capture that gives the rest back.
    pub fn capture_final(&mut self, reference: &str, amount: Money) -> Op {
        self.command(Command::Capture(Capture { reference: reference.to_owned(), amount, is_final: true }))
    }

    /// A release of what is left of a hold.
    pub fn release(&mut self, reference: &str, amount: Money) -> Op {
        self.command(Command::Release(Release { reference: reference.to_owned(), amount }))
    }

    /// A refund of a capture.
    pub fn refund(&mut self, reference: &str, amount: Money) -> Op {
        self.command(Command::Refund(Refund { reference: reference.to_owned(), amount }))
    }

    /// Any command, under a new operation id.
    pub fn command(&mut self, command: Command) -> Op {
        self.operations += 1;
        Op { id: format!("op_{:032x}", self.operations), command }
    }

    /// The next call that the rail makes, and (through the result) what comes of it.
    pub fn expect(&mut self, expected: Expected) -> Answering<'_> {
        Answering { script: &mut self.script, expected }
    }

    /// Milliseconds since the epoch, as the rail sees it.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Lets time pass.
    pub fn pass_ms(&mut self, ms: u64) {
        self.now += ms;
    }

    /// Runs an operation; then inquires, as long as its outcome is unknown and the script goes on.
    ///
    /// "Never arrived" is believed only after the settle window, as in the hub.
    #[track_caller]
    pub fn finish(&mut self, op: &Op) -> Ended {
        let mut watch = Watch::default();
        let first_sent = self.now;
        let mut ended = self.run(&mut watch, op, &op.id, 1, op.command.clone());
        let mut attempt = 1;
        while matches!(ended, Ended::Unknown { .. }) && (self.next_notice(op).is_some() || !self.script.is_empty()) {
            attempt += 1;
            watch.inquire();
            let inquiry = Command::Inquire(inquiry(op));
            ended = self.run(&mut watch, op, &format!("{}.{attempt}", op.id), attempt, inquiry);
            if ended == declined(NEVER_ARRIVED) && self.now < first_sent + self.settle_window_ms {
                ended = unknown(NEVER_ARRIVED);
            }
        }
        // What comes after the end changes nothing.
        while self.next_notice(op).is_some() {}
        self.parked = None;
        if let Some(Line::Call(expected, _)) = self.script.front() {
            panic!("expected {expected}, the rail ended {ended:?} without it");
        }
        ended
    }

    /// The notice that comes in next, if it is about this operation. One about another is for another.
    fn next_notice(&mut self, of: &Op) -> Option<Inbound> {
        if let Some(parked) = self.parked.take() {
            return Some(parked);
        }
        while let Some(Line::Notice { .. }) = self.script.front() {
            if let Some(Line::Notice { request, news }) = self.script.pop_front()
                && news.iter().any(|news| names(news, &of.id, &of.command))
            {
                return Some(request);
            }
        }
        None
    }

    #[track_caller]
    fn run(&mut self, watch: &mut Watch, of: &Op, id: &str, attempt: u32, command: Command) -> Ended {
        let mut op = Operation { id: id.to_owned(), attempt, now: self.now, command, attributes: Vec::new() };
        let mut step = self.step(watch, &op, None);
        for _ in 0..MAX_STEPS {
            let Heard { event, twice } = match &step.next {
                Wanted::Done(outcome) => return ended(outcome),
                Wanted::WaitUntil(at) => match self.next_notice(of) {
                    Some(request) => {
                        watch.notified();
                        Heard { event: Event::Notice(request), twice: false }
                    }
                    None => {
                        self.now = self.now.max(*at);
                        Heard { event: Event::Timer, twice: false }
                    }
                },
                Wanted::Call(call) => {
                    // It waits until the call is over.
                    self.parked = self.next_notice(of);
                    self.send(watch, &op, call)
                }
            };
            op.now = self.now;
            let before = watch.clone();
            let decided = self.step(watch, &op, Some((&step.state, &event)));
            step = if twice {
                *watch = before;
                self.now += RESTART_MS;
                op.now = self.now;
                let again = self.step(watch, &op, Some((&step.state, &event)));
                same_end(&decided, &again);
                again
            } else {
                decided
            };
        }
        panic!("{}", Breach::Endless { steps: MAX_STEPS });
    }

    /// Asks for a step twice, and checks it.
    #[track_caller]
    fn step(&self, watch: &mut Watch, op: &Operation, after: Option<(&[u8], &Event)>) -> Step {
        let ask = || match after {
            None => start(&self.rail, op),
            Some((state, event)) => resume(&self.rail, op, state, event),
        };
        let asked = ask();
        if asked != ask() {
            panic!("{}", Breach::NotPure);
        }
        let step = asked.unwrap_or_else(|fault| failed(fault, watch.sent));
        if let Err(breach) = watch.sees(op, &step, self.manifest.as_ref()) {
            panic!("{breach}");
        }
        step
    }

    #[track_caller]
    fn send(&mut self, watch: &mut Watch, op: &Operation, call: &HttpCall) -> Heard {
        if let Effect::Idempotent(key) = &call.effect {
            let owner = op.id.split('.').next().unwrap_or_default();
            let first = self.keys.entry(key.clone()).or_insert_with(|| owner.to_owned());
            assert!(first == owner, "{}", Breach::KeyReused { key: key.clone() });
        }
        let Some(Line::Call(expected, answer)) = self.script.pop_front() else {
            panic!("the rail called {} {}, and the script says no more", call.method, call.path);
        };
        if let Some(difference) = expected.difference(call) {
            panic!("{difference}");
        }
        let silence = |maybe_delivered: bool, reason: &str| {
            Event::Silence(Silence { maybe_delivered, reason: reason.to_owned() })
        };
        let (mut now, mut twice) = (self.now, false);
        let (event, clear) = match answer {
            Answer::Reply { reply, clear } => (Event::Reply(reply), clear),
            Answer::Late { reply, after_ms } if after_ms < u64::from(call.timeout_ms) => {
                now += after_ms;
                (Event::Reply(reply), true)
            }
            Answer::Late { .. } => {
                now += u64::from(call.timeout_ms);
                (silence(true, "no answer within the call's time"), false)
            }
            Answer::Resent { .. } if call.effect == Effect::Once => (silence(true, "no answer came"), false),
            Answer::Resent { reply, attempts } => {
                now += u64::from(call.timeout_ms) * u64::from(attempts.saturating_sub(1));
                (Event::Reply(reply), true)
            }
            Answer::Twice { reply } => {
                twice = true;
                (Event::Reply(reply), true)
            }
            Answer::Stale => match self.last_reply.clone() {
                Some(reply) => (Event::Reply(reply), false),
                None => panic!("{expected} answers with its previous reply, and there was none"),
            },
            Answer::Lost => (silence(true, "no answer came"), false),
            Answer::Refused => (silence(watch.sent, "connection refused"), false),
        };
        self.now = now;
        if let Event::Reply(reply) = &event {
            self.last_reply = Some(reply.clone());
        }
        watch.hears(call, &event, clear);
        Heard { event, twice }
    }
}

impl<R: Rail + Notices> Harness<R> {
    /// What the rail makes of a request from outside, now. Asked twice and held to the hub's limits.
    ///
    /// Errors: the rail's fault, as for what is forged.
    #[track_caller]
    pub fn hear(&self, request: &Inbound) -> Result<Vec<News>, Fault> {
        identified(&self.rail, request, self.now).unwrap_or_else(|breach| panic!("{breach}"))
    }

    /// The far end calls back with this, after what the script says so far: while the next call is in flight, while the
    /// operation waits, while its outcome is unknown, or when it has ended. What came before is dropped, as in the hub.
    #[track_caller]
    pub fn notify(&mut self, request: Inbound) {
        let news = self.hear(&request).unwrap_or_else(|fault| {
            panic!("the rail refuses the notice ({}: {}); check it with hear()", fault.code, fault.message)
        });
        if self.notified.insert(request.body.clone()) {
            self.script.push_back(Line::Notice { request, news });
        }
    }
}

/// An event that is heard again may lead to another call, and never to another end.
#[track_caller]
fn same_end(decided: &Step, again: &Step) {
    let end = |step: &Step| match &step.next {
        Wanted::Done(outcome) => format!("{:?}", ended(outcome)),
        Wanted::Call(_) | Wanted::WaitUntil(_) => "not at all".to_owned(),
    };
    let (first, second) = (end(decided), end(again));
    assert!(first == second, "{}", Breach::EndsDifferently { first, second });
}

/// What the hub makes of a fault: declined while nothing was sent, unknown after.
fn failed(fault: Fault, sent: bool) -> Step {
    let outcome = if sent { Outcome::Unknown(fault) } else { Outcome::Declined(fault) };
    Step { next: Wanted::Done(outcome), state: Vec::new(), writes: Vec::new() }
}

fn ended(outcome: &Outcome) -> Ended {
    match outcome {
        Outcome::Settled { reference, amount, .. } => settled(reference, amount.clone()),
        Outcome::Declined(fault) => declined(&fault.code),
        Outcome::Unknown(fault) => unknown(&fault.code),
    }
}

fn inquiry(op: &Op) -> Inquiry {
    let (about, reference) = match &op.command {
        Command::Hold(_) => ("hold", None),
        Command::Raise(raise) => ("raise", Some(raise.reference.clone())),
        Command::Extend(extend) => ("extend", Some(extend.reference.clone())),
        Command::Capture(capture) => ("capture", Some(capture.reference.clone())),
        Command::Release(release) => ("release", Some(release.reference.clone())),
        Command::Refund(refund) => ("refund", Some(refund.reference.clone())),
        Command::Inquire(inquiry) => (inquiry.about.as_str(), inquiry.reference.clone()),
        Command::Extension(extension) => (extension.name.as_str(), None),
    };
    Inquiry { of: op.id.clone(), about: about.to_owned(), reference }
}
