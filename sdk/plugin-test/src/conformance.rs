//! Tries every event at every step of every command, and lists what breaks a rule.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tebura_plugin::{
    Capture, Command, Event, Extend, Fault, Hold, Inbound, Inquiry, Operation, Party, Rail, Raise, Refund, Release,
    Reply, Silence, Step, Wanted, resume, start, yen,
};

use crate::expect::json_reply;
use crate::limits;
use crate::manifest::Manifest;
use crate::watch::{self, Breach, Watch};

/// The time of every step: 2026-01-01T00:00:00Z.
pub const NOW: u64 = 1_767_225_600_000;
/// Calls and timers in a row; rails need one to three.
const MAX_DEPTH: usize = 4;
/// Against rails whose steps fan out without end.
const MAX_PATHS: usize = 200_000;
/// Statuses that far ends and the boxes before them send.
const STATUSES: [u16; 24] = [
    200, 201, 202, 204, 301, 302, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 422, 425, 429, 500, 501, 502, 503,
    504,
];

/// What a conformance run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many sequences of events were played to their end.
    pub paths: usize,
    /// Each breach with the events that led to it.
    pub breaches: Vec<(String, Breach)>,
}

impl Report {
    /// Panics with every breach, if there is one.
    #[track_caller]
    pub fn assert_clean(&self) {
        let lines: Vec<String> = self.breaches.iter().map(|(path, breach)| format!("{path}\n    {breach}")).collect();
        assert!(lines.is_empty(), "{} of {} paths break a rule:\n{}", lines.len(), self.paths, lines.join("\n"));
    }
}

/// Plays every event at every step of every command to a rail, and panics with all that it did wrong. Without a
/// manifest; [`crate::conformance!`] takes the one beside `Cargo.toml`.
#[track_caller]
pub fn conformance<R: Rail + Default>() -> Report {
    let report = Conformance::new().run(R::default);
    report.assert_clean();
    report
}

/// A test named `it_conforms`: every event at every step of every command, held against `plugin.toml` beside
/// `Cargo.toml`.
///
/// ```text
/// conformance!(MachiPay);
/// conformance!(MachiPay, |suite| suite.reply(201, json!({"id": "h1", "yen": 1200})));
/// ```
///
/// The second form adds replies of the rail's own far end, so that the steps behind them are reached too. What is
/// checked is listed at [`crate::Breach`].
#[macro_export]
macro_rules! conformance {
    ($rail:ty) => {
        $crate::conformance!($rail, |suite| suite);
    };
    ($rail:ty, $with:expr) => {
        #[test]
        fn it_conforms() {
            let manifest = ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
            let with: fn($crate::Conformance) -> $crate::Conformance = $with;
            let suite = with($crate::Conformance::new().manifest(manifest));
            suite.run(<$rail as ::core::default::Default>::default).assert_clean();
        }
    };
}

/// A conformance run with a manifest and with replies of the rail's own far end.
#[derive(Clone, Debug, Default)]
pub struct Conformance {
    pub(crate) manifest: Option<Manifest>,
    replies: Vec<(String, Reply)>,
    pub(crate) notices: Vec<Inbound>,
}

/// One line of `replies.json`.
#[derive(Deserialize)]
struct Sample {
    status: u16,
    body: Value,
}

/// The rail under test: one value that lives through the run, and a way to make a new one, as the hub does for each
/// call. Both have to decide the same.
struct Tested<R, F> {
    lived: R,
    make: F,
}

/// Where a run is: which steps and events led here.
struct Place<'p> {
    op: &'p Operation,
    watch: Watch,
    after: Option<(&'p [u8], &'p Event)>,
    path: String,
    depth: usize,
}

impl Conformance {
    /// Statuses, damaged bodies and silences only.
    pub fn new() -> Conformance {
        Conformance::default()
    }

    /// Holds every call against `plugin.toml`, and expects the commands that it lists.
    #[track_caller]
    pub fn manifest(mut self, plugin_toml: &str) -> Conformance {
        self.manifest = Some(Manifest::read(plugin_toml));
        self
    }

    /// Adds a reply of the far end, to reach the steps behind it. In its text `{operation}` stands for the id of the
    /// operation that is run or asked about; such a reply is also played with the id of another operation, and must
    /// decide nothing then.
    #[track_caller]
    pub fn reply<T: Serialize>(mut self, status: u16, body: T) -> Conformance {
        match serde_json::to_vec(&body) {
            Ok(body) => self.replies.push((format!("{status} of the far end"), json_reply(status, body))),
            Err(error) => panic!("the reply cannot be written as JSON: {error}"),
        }
        self
    }

    /// Adds many: a JSON list of `{"status": 201, "body": …}`, the file that `tebura plugin test` plays to the component too.
    #[track_caller]
    pub fn replies(self, json: &str) -> Conformance {
        match serde_json::from_str::<Vec<Sample>>(json) {
            Ok(samples) => samples.into_iter().fold(self, |suite, sample| suite.reply(sample.status, sample.body)),
            Err(error) => {
                panic!("the replies cannot be read: {error}; write a list of {{\"status\": 201, \"body\": …}}")
            }
        }
    }

    /// Adds a notice as the far end sends it at [`NOW`]. It has to be believed as it stands, and in no other form.
    pub fn notice(mut self, request: Inbound) -> Conformance {
        self.notices.push(request);
        self
    }

    /// Plays all paths. `make` makes the rail, as the hub does for each call.
    pub fn run<R: Rail, F: Fn() -> R>(&self, make: F) -> Report {
        let mut report = Report { paths: 0, breaches: Vec::new() };
        let rail = Tested { lived: make(), make };
        for command in commands() {
            let inquiry = matches!(command, Command::Inquire(_));
            let op = Operation {
                id: if inquiry { "op_1.2" } else { "op_1" }.to_owned(),
                attempt: if inquiry { 2 } else { 1 },
                now: NOW,
                command,
                attributes: Vec::new(),
            };
            let mut watch = Watch::default();
            if op.is_inquiry() {
                watch.sent = true;
                watch.inquire();
            }
            let path = match &op.command {
                Command::Capture(capture) if capture.is_final => "final capture".to_owned(),
                Command::Inquire(inquiry) => format!("inquire about {}", inquiry.about),
                Command::Hold(_)
                | Command::Raise(_)
                | Command::Extend(_)
                | Command::Capture(_)
                | Command::Release(_)
                | Command::Refund(_)
                | Command::Extension(_) => watch::command(&op).to_owned(),
            };
            self.explore(&rail, Place { op: &op, watch, after: None, path, depth: 0 }, &mut report);
        }
        report
    }

    fn explore<R: Rail, F: Fn() -> R>(&self, rail: &Tested<R, F>, place: Place<'_>, report: &mut Report) {
        if report.paths >= MAX_PATHS {
            return;
        }
        let Place { op, mut watch, after, path, depth } = place;
        let asked = rail.ask(op, after);
        let checked = asked.and_then(|asked| match asked {
            // A fault: the hub turns it into an outcome by itself.
            Err(fault) => limits::own_fault(&fault).map(|()| None),
            Ok(step) => watch.sees(op, &step, self.manifest.as_ref()).map(|()| Some(step)),
        });
        let step = match checked {
            Ok(Some(step)) if !ends(&step) && depth < MAX_DEPTH => step,
            Ok(_) => {
                report.paths += 1;
                return;
            }
            Err(breach) => {
                report.paths += 1;
                report.breaches.push((path, breach));
                return;
            }
        };
        let events = match &step.next {
            Wanted::Call(_) => self.events_of_call(op, watch.sent),
            Wanted::WaitUntil(_) | Wanted::Done(_) => {
                let authentic = self.notices.iter().map(|request| Event::Notice(request.clone()));
                let named = authentic.map(|event| ("a notice of the far end".to_owned(), event, false));
                [("timer".to_owned(), Event::Timer, true), notice()].into_iter().chain(named).collect()
            }
        };
        for (name, event, clear) in events {
            let mut watch = watch.clone();
            match &step.next {
                Wanted::Call(call) => watch.hears(call, &event, clear),
                Wanted::WaitUntil(_) | Wanted::Done(_) if matches!(event, Event::Notice(_)) => watch.notified(),
                Wanted::WaitUntil(_) | Wanted::Done(_) => {}
            }
            let (after, path) = (Some((step.state.as_slice(), &event)), format!("{path} → {name}"));
            self.explore(rail, Place { op, watch, after, path, depth: depth + 1 }, report);
        }
    }

    fn events_of_call(&self, op: &Operation, sent: bool) -> Vec<(String, Event, bool)> {
        let silence =
            |maybe_delivered: bool| Event::Silence(Silence { maybe_delivered, reason: "no answer came".to_owned() });
        let mut events = vec![
            ("lost".to_owned(), silence(true), false),
            ("not connected".to_owned(), silence(sent), false),
            notice(),
        ];
        let reply = |status: u16, body: &[u8]| Event::Reply(json_reply(status, body.to_vec()));
        events.extend(far_replies().into_iter().map(|(name, reply, clear)| (name, Event::Reply(reply), clear)));
        let subject = if let Command::Inquire(inquiry) = &op.command { &inquiry.of } else { &op.id };
        for (name, sample) in &self.replies {
            let text = String::from_utf8_lossy(sample.body());
            let body = |operation: &str| text.replace("{operation}", operation);
            events.push((name.clone(), reply(sample.status(), body(subject).as_bytes()), true));
            if text.contains("{operation}") {
                let other = body("op_another");
                events.push((format!("{name}, of another operation"), reply(sample.status(), other.as_bytes()), false));
            }
        }
        events
    }
}

/// What any far end may answer, and whether it says something clear.
pub(crate) fn far_replies() -> Vec<(String, Reply, bool)> {
    let bare = |status: u16| {
        let clear = status < 500 && status != 408;
        (format!("bare {status}"), Reply::new(status, Vec::new(), Vec::new()), clear)
    };
    let mut replies: Vec<(String, Reply, bool)> = STATUSES.map(bare).into();
    let nested = "[".repeat(10_000);
    let damaged: [(&str, &[u8]); 5] = [
        ("half a body", b"{\"id\": \"h"),
        ("bytes", b"\xff\xfe\x00"),
        ("null", b"null"),
        ("an empty list", b"[]"),
        ("10,000 lists", nested.as_bytes()),
    ];
    for status in [200, 404, 500] {
        for (name, body) in damaged {
            // A refusal is clear by its status; a success is clear only by what it says.
            replies.push((format!("{status} with {name}"), json_reply(status, body.to_vec()), status == 404));
        }
    }
    // Once: it is read in full by everybody.
    replies.push(("200 with a mebibyte of spaces".to_owned(), json_reply(200, vec![b' '; 1024 * 1024]), false));
    replies
}

fn ends(step: &Step) -> bool {
    matches!(step.next, Wanted::Done(_))
}

impl<R: Rail, F: Fn() -> R> Tested<R, F> {
    /// A step, asked of the rail that lived through the run and of a new one. What differs was remembered, drawn or
    /// read from a clock, and none of these survives between two steps in the hub.
    fn ask(&self, op: &Operation, after: Option<(&[u8], &Event)>) -> Result<Result<Step, Fault>, Breach> {
        let run = |rail: &R| {
            let ask = || match after {
                None => start(rail, op),
                Some((state, event)) => resume(rail, op, state, event),
            };
            catch_unwind(AssertUnwindSafe(ask)).map_err(|_| Breach::Panicked)
        };
        let first = run(&self.lived)?;
        if first != run(&self.lived)? || first != run(&(self.make)())? {
            return Err(Breach::NotPure);
        }
        Ok(first)
    }
}

fn commands() -> Vec<Command> {
    let party = |kind: &str| Party { kind: kind.to_owned(), token: format!("{kind}-1"), attributes: Vec::new() };
    let reference = || "reference_1".to_owned();
    let capture = |is_final| Command::Capture(Capture { reference: reference(), amount: yen(700), is_final });
    let inquire = |about: &str| {
        let reference = (about != "hold").then(reference);
        Command::Inquire(Inquiry { of: "op_1".to_owned(), about: about.to_owned(), reference })
    };
    vec![
        Command::Hold(Hold {
            payer: party("wallet"),
            payee: party("merchant"),
            amount: yen(1_200),
            expires: 1_767_229_200_000,
        }),
        Command::Raise(Raise { reference: reference(), amount: yen(400) }),
        Command::Extend(Extend { reference: reference(), amount: yen(1_200), until: 1_767_315_600_000 }),
        capture(false),
        capture(true),
        Command::Release(Release { reference: reference(), amount: yen(500) }),
        Command::Refund(Refund { reference: reference(), amount: yen(300) }),
        inquire("hold"),
        inquire("raise"),
        inquire("extend"),
        inquire("capture"),
        inquire("release"),
        inquire("refund"),
    ]
}

fn notice() -> (String, Event, bool) {
    let inbound = Inbound { route: "unexpected".to_owned(), headers: Vec::new(), body: b"{}".to_vec() };
    ("an unexpected notice".to_owned(), Event::Notice(inbound), false)
}
