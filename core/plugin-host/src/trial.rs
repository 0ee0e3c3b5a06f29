//! Plays every event at every step of every command to a component, under the limits of its manifest, and measures.
//!
//! The rules are those that can be seen from outside: an answer at all, the same answer twice, no end on silence. The
//! SDK's native suite checks the rest.

mod identity;

pub use identity::{same_identity, trial_of_identity};
use tebura_hub::rail::{
    Effect, HttpReply, Next, Party, RailCommand, RailError, RailEvent, RailOperation, RailOutcome, Step,
};
use tebura_ledger::{Currency, Money, OperationId, Timestamp};

use crate::call::CallStats;
use crate::manifest::RailPart;
use crate::rail::{Input, InstalledRail};

/// Calls and timers in a row; rails need one to three.
const DEPTH: usize = 3;
/// Against rails whose steps fan out without end.
const STEPS: usize = 20_000;
const STATUSES: [u16; 16] = [200, 201, 202, 204, 301, 400, 401, 402, 404, 409, 410, 422, 429, 500, 502, 503];
/// More than a far end says in earnest. A hub hands over up to a mebibyte; reading one costs more than the usual fuel, and
/// an answer that was not read leaves the operation unknown.
const LARGE: usize = 64 << 10;

/// A reply of the far end, to reach the steps behind it. `{operation}` in the body stands for the operation's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleReply {
    pub status: u16,
    pub body: String,
}

/// The most that a step took, and after which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Most {
    pub value: u64,
    pub path: String,
}

/// What a trial found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trial {
    pub steps: usize,
    /// Commands of a rail; sessions of an identity plugin.
    pub commands: usize,
    pub fuel: Most,
    pub memory_bytes: Most,
    /// Instantiation and call.
    pub micros: Most,
    /// What is wrong, with the events that led to it.
    pub findings: Vec<(String, String)>,
}

/// Plays all commands that the manifest lists.
pub fn trial(rail: &InstalledRail, replies: &[SampleReply], now: Timestamp) -> Trial {
    let mut trial = Trial::default();
    for operation in operations(rail.part(), now) {
        trial.commands += 1;
        let mut name = operation.command.name().to_owned();
        if let RailCommand::Inquire { about, .. } = &operation.command {
            name = format!("inquire about {about}");
        }
        let doubtful = matches!(operation.command, RailCommand::Inquire { .. });
        explore(&mut trial, (&operation, replies, rail), Input::Start, &name, doubtful, 0);
    }
    trial
}

type Play<'p> = (&'p RailOperation, &'p [SampleReply], &'p InstalledRail);

/// `doubtful`: a call may have been delivered and nothing clear was heard.
fn explore(trial: &mut Trial, play: Play<'_>, input: Input<'_>, path: &str, doubtful: bool, depth: usize) {
    let (operation, replies, rail) = play;
    if trial.steps >= STEPS {
        return;
    }
    let first = rail.run(operation, input);
    trial.took(&first.stats, path);
    let second = rail.run(operation, input);
    let mut wrong = |what: String| trial.findings.push((path.to_owned(), what));
    if first.result != second.result {
        return wrong("two runs gave two different steps".to_owned());
    }
    let step = match first.result {
        Ok(step) => step,
        // Its own word for "impossible"; the hub makes an outcome of it.
        Err(RailError::Fault(_)) => return,
        Err(error) => return wrong(error.to_string()),
    };
    match &step.next {
        Next::Done(RailOutcome::Declined(fault)) if doubtful => {
            wrong(format!("declined ({}) although a call may have been delivered", fault.code));
        }
        Next::Done(RailOutcome::Settled { .. }) if doubtful => {
            wrong("settled although nothing clear was heard".to_owned())
        }
        Next::Done(_) => {}
        Next::Call(_) | Next::WaitUntil(_) if depth >= DEPTH => {}
        Next::WaitUntil(_) => {
            let input = Input::Resume { state: &step.state, event: &RailEvent::Timer };
            explore(trial, play, input, &format!("{path} → timer"), doubtful, depth + 1);
        }
        Next::Call(call) => {
            let acts = !matches!(call.effect, Effect::Read);
            for (name, event, clear) in events(operation, replies, doubtful) {
                let doubtful = if clear { false } else { doubtful || (acts && name != "not connected") };
                let input = Input::Resume { state: &step.state, event: &event };
                explore(trial, play, input, &format!("{path} → {name}"), doubtful, depth + 1);
            }
        }
    }
}

impl Trial {
    /// One more step.
    fn took(&mut self, stats: &CallStats, path: &str) {
        self.steps += 1;
        raise(&mut self.fuel, stats.fuel.unwrap_or(0), path);
        raise(&mut self.memory_bytes, stats.memory_bytes as u64, path);
        raise(&mut self.micros, stats.instantiate_us + stats.call_us, path);
    }
}

fn raise(most: &mut Most, value: u64, path: &str) {
    if value > most.value {
        *most = Most { value, path: path.to_owned() };
    }
}

/// One operation for each command of the manifest, two for captures, and an inquiry about each.
pub fn operations(rail: &RailPart, now: Timestamp) -> Vec<RailOperation> {
    let currency = rail.currencies.first().copied().unwrap_or(Currency::JPY);
    let amount = Money::new(rail.max_per_operation.min(1_200), currency);
    let party = |kind: &str| Party { kind: kind.to_owned(), token: format!("{kind}-1") };
    let reference = || "ref_1".to_owned();
    let of: OperationId = OperationId::from_uuid(Default::default());
    let capture = |is_final| RailCommand::Capture { reference: reference(), amount, is_final };
    let (expires, until) = (now.plus_ms(60_000), now.plus_ms(120_000));
    let mut commands = Vec::new();
    for name in &rail.commands {
        match name.as_str() {
            "hold" => {
                let (payer, payee) = (party("wallet"), party("merchant"));
                commands.push(RailCommand::Hold { payer, payee, amount, expires });
            }
            "raise" => commands.push(RailCommand::Raise { reference: reference(), amount }),
            "extend" => commands.push(RailCommand::Extend { reference: reference(), amount, until }),
            "capture" => commands.extend([capture(false), capture(true)]),
            "release" => commands.push(RailCommand::Release { reference: reference(), amount }),
            "refund" => commands.push(RailCommand::Refund { reference: reference(), amount }),
            _ => {}
        }
    }
    if rail.commands.iter().any(|command| command == "inquire") {
        let mut about: Vec<&'static str> = commands.iter().map(RailCommand::name).collect();
        about.dedup();
        commands.extend(about.into_iter().map(|about| {
            let reference = (about != "hold").then(reference);
            RailCommand::Inquire { of, about, reference }
        }));
    }
    let operation = |command: RailCommand| {
        let inquiry = matches!(command, RailCommand::Inquire { .. });
        let (id, attempt) = if inquiry { (format!("{of}.2"), 2) } else { (of.to_string(), 1) };
        RailOperation { id, attempt, now, command }
    };
    commands.into_iter().map(operation).collect()
}

/// What can come of a call about `own`: name, event, and whether the far end clearly said something.
fn far_events(own: &str, replies: &[SampleReply], sent: bool) -> Vec<(String, RailEvent, bool)> {
    let silence = |maybe_delivered| RailEvent::Silence { maybe_delivered, reason: "no answer came".to_owned() };
    let reply = |status: u16, body: Vec<u8>| {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        RailEvent::Reply(HttpReply { status, headers, body })
    };
    let mut events =
        vec![("lost".to_owned(), silence(true), false), ("not connected".to_owned(), silence(sent), false)];
    let bare = |status: u16| RailEvent::Reply(HttpReply { status, headers: Vec::new(), body: Vec::new() });
    events.extend(STATUSES.map(|status| (format!("bare {status}"), bare(status), status < 500)));
    let damaged: [(&str, Vec<u8>); 4] = [
        ("half a body", b"{\"id\": \"h".to_vec()),
        ("bytes", b"\xff\xfe\x00".to_vec()),
        ("10,000 lists", "[".repeat(10_000).into_bytes()),
        ("64 KiB of spaces", vec![b' '; LARGE]),
    ];
    for (name, body) in damaged {
        events.push((format!("200 with {name}"), reply(200, body), false));
    }
    for sample in replies {
        let body = |id: &str| sample.body.replace("{operation}", id).into_bytes();
        events.push((format!("{} of the far end", sample.status), reply(sample.status, body(own)), true));
        if sample.body.contains("{operation}") {
            let name = format!("{} of the far end, of another operation", sample.status);
            events.push((name, reply(sample.status, body("op_another")), false));
        }
    }
    events
}

/// The same about a rail's operation.
fn events(operation: &RailOperation, replies: &[SampleReply], sent: bool) -> Vec<(String, RailEvent, bool)> {
    far_events(operation.id.split('.').next().unwrap_or_default(), replies, sent)
}

/// Whether two components answer every event of a trial with the same steps; else the first place where they differ.
///
/// # Errors
/// The events, and both answers.
pub fn same(
    one: &InstalledRail,
    other: &InstalledRail,
    replies: &[SampleReply],
    now: Timestamp,
) -> Result<usize, String> {
    let mut steps = 0;
    let mut compare = |operation: &RailOperation, input: Input<'_>, path: &str| -> Result<Option<Step>, String> {
        steps += 1;
        let (one, other) = (one.run(operation, input).result, other.run(operation, input).result);
        if one == other { Ok(one.ok()) } else { Err(format!("{path}: {one:?} and {other:?}")) }
    };
    for operation in operations(one.part(), now) {
        let name = operation.command.name();
        let Some(Step { next: Next::Call(_), state, .. }) = compare(&operation, Input::Start, name)? else { continue };
        for (event_name, event, _) in events(&operation, replies, false) {
            compare(&operation, Input::Resume { state: &state, event: &event }, &format!("{name} → {event_name}"))?;
        }
    }
    Ok(steps)
}
