//! Tries every event at every step of every command, and lists what breaks a rule.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use tebura_plugin::{
    Capture, Command, Event, Extend, Hold, Inbound, Inquiry, Operation, Party, Rail, Raise, Refund, Release, Reply,
    Silence, Step, Wanted, resume, start, yen,
};

use crate::expect::json_reply;
use crate::manifest::Manifest;
use crate::watch::{Breach, Watch};

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

/// Plays every event at every step of every command to a rail, and panics with all that it did wrong.
#[track_caller]
pub fn conformance<R: Rail + Default>() -> Report {
    let report = Conformance::new().run(&R::default());
    report.assert_clean();
    report
}

/// A conformance run with a manifest and with replies of the rail's own far end.
#[derive(Clone, Debug, Default)]
pub struct Conformance {
    manifest: Option<Manifest>,
    replies: Vec<(String, Reply, bool)>,
}

impl Conformance {
    /// Statuses, damaged bodies and silences only.
    pub fn new() -> Conformance {
        Conformance::default()
    }

    /// Holds every call against `plugin.toml`.
    #[track_caller]
    pub fn manifest(mut self, plugin_toml: &str) -> Conformance {
        self.manifest = Some(Manifest::read(plugin_toml));
        self
    }

    /// Adds a reply of the far end, to reach the steps behind it. In its text `{operation}` stands for the id of the
    /// operation that is run or asked about.
    #[track_caller]
    pub fn reply<T: Serialize>(mut self, status: u16, body: T) -> Conformance {
        match serde_json::to_vec(&body) {
            Ok(body) => self.replies.push((format!("{status} of the far end"), json_reply(status, body), true)),
            Err(error) => panic!("the reply cannot be written as JSON: {error}"),
        }
        self
    }

    /// Plays all paths.
    pub fn run<R: Rail>(&self, rail: &R) -> Report {
        let mut report = Report { paths: 0, breaches: Vec::new() };
        for command in commands() {
            let op = Operation {
                id: if matches!(command, Command::Inquire(_)) { "op_1.2" } else { "op_1" }.to_owned(),
                attempt: if matches!(command, Command::Inquire(_)) { 2 } else { 1 },
                now: 1_767_225_600_000,
                command,
                attributes: Vec::new(),
            };
            let mut watch = Watch::default();
            if op.is_inquiry() {
                watch.sent = true;
                watch.inquire();
            }
            let path = match &op.command {
                Command::Hold(_) => "hold".to_owned(),
                Command::Raise(_) => "raise".to_owned(),
                Command::Extend(_) => "extend".to_owned(),
                Command::Capture(capture) if capture.is_final => "final capture".to_owned(),
                Command::Capture(_) => "capture".to_owned(),
                Command::Release(_) => "release".to_owned(),
                Command::Refund(_) => "refund".to_owned(),
                Command::Inquire(inquiry) => format!("inquire about {}", inquiry.about),
                Command::Extension(extension) => extension.name.clone(),
            };
            self.explore(rail, &op, &watch, None, &path, 0, &mut report);
        }
        report
    }

    #[expect(clippy::too_many_arguments, reason = "the recursion's whole position, changed in most of its parts")]
    fn explore<R: Rail>(
        &self,
        rail: &R,
        op: &Operation,
        watch: &Watch,
        after: Option<(&[u8], &Event)>,
        path: &str,
        depth: usize,
        report: &mut Report,
    ) {
        if report.paths >= MAX_PATHS {
            return;
        }
        let mut watch = watch.clone();
        let step = match ask(rail, op, after) {
            Ok(Some(step)) => step,
            Ok(None) => {
                report.paths += 1;
                return;
            }
            Err(breach) => {
                report.paths += 1;
                report.breaches.push((path.to_owned(), breach));
                return;
            }
        };
        if let Err(breach) = watch.sees(op, &step, self.manifest.as_ref()) {
            report.paths += 1;
            report.breaches.push((path.to_owned(), breach));
            return;
        }
        let events = match &step.next {
            Wanted::Done(_) => {
                report.paths += 1;
                return;
            }
            Wanted::Call(_) | Wanted::WaitUntil(_) if depth == MAX_DEPTH => {
                report.paths += 1;
                return;
            }
            Wanted::Call(_) => self.events_of_call(op, watch.sent),
            Wanted::WaitUntil(_) => vec![("timer".to_owned(), Event::Timer, true), notice()],
        };
        for (name, event, clear) in events {
            let mut watch = watch.clone();
            if let Wanted::Call(call) = &step.next {
                watch.hears(call, &event, clear);
            }
            let path = format!("{path} → {name}");
            self.explore(rail, op, &watch, Some((&step.state, &event)), &path, depth + 1, report);
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
        for status in STATUSES {
            let clear = status < 500 && status != 408;
            events.push((format!("bare {status}"), Event::Reply(Reply::new(status, Vec::new(), Vec::new())), clear));
        }
        let nested = "[".repeat(10_000);
        let huge = vec![b' '; 1024 * 1024];
        let damaged: [(&str, &[u8]); 6] = [
            ("half a body", b"{\"id\": \"h"),
            ("bytes", b"\xff\xfe\x00"),
            ("null", b"null"),
            ("an empty list", b"[]"),
            ("10,000 lists", nested.as_bytes()),
            ("a mebibyte of spaces", &huge),
        ];
        for status in [200, 404, 500] {
            for (name, body) in damaged {
                // A refusal is clear by its status; a success is clear only by what it says.
                events.push((format!("{status} with {name}"), reply(status, body), status == 404));
            }
        }
        let subject = if let Command::Inquire(inquiry) = &op.command { &inquiry.of } else { &op.id };
        for (name, sample, clear) in &self.replies {
            let body = String::from_utf8_lossy(sample.body()).replace("{operation}", subject);
            events.push((name.clone(), reply(sample.status(), body.as_bytes()), *clear));
        }
        events
    }
}

/// A step, asked twice. `None`: a fault, which the hub turns into an outcome by itself.
fn ask<R: Rail>(rail: &R, op: &Operation, after: Option<(&[u8], &Event)>) -> Result<Option<Step>, Breach> {
    let once = || match after {
        None => start(rail, op),
        Some((state, event)) => resume(rail, op, state, event),
    };
    let run = || catch_unwind(AssertUnwindSafe(once)).map_err(|_| Breach::Panicked);
    let first = run()?;
    if first != run()? {
        return Err(Breach::NotPure);
    }
    Ok(first.ok())
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
