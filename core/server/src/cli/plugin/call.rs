//! `tebura plugin call`: one step of a built component, from JSON to JSON.
//!
//! ```text
//! {"command": "hold", "amount": 1200}
//! {"command": "capture", "reference": "r-7", "amount": 900, "final": true}
//! {"command": "hold", "amount": 1200, "state": "…", "event": {"status": 201, "body": {…}}}
//! ```
//!
//! `state` is what the step before printed; `event` is a reply, `"lost"`, `"not connected"` or `"timer"`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use tebura_hub::ports::Clock;
use tebura_hub::rail::{
    Effect, HttpCall, HttpReply, Next, Party, RailCommand, RailEvent, RailOperation, RailOutcome, Step,
};
use tebura_ledger::{Money, OperationId, Timestamp};
use tebura_plugin_host::{Bindings, Input, Manifest, Package, Workbench};

use super::super::{Failure, Outcome, print};
use super::call_identity;
use crate::clock::SystemClock;

#[derive(Args)]
pub(in crate::cli) struct CallArguments {
    /// The package's folder.
    folder: PathBuf,
    /// What is asked, JSON; `-` reads standard input.
    file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    command: String,
    /// `op_…`; a made-up one when it is left out.
    id: Option<String>,
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    reference: String,
    #[serde(default, rename = "final")]
    is_final: bool,
    /// Of an inquiry: which command it is about.
    about: Option<String>,
    /// Base64, as a step before printed it.
    state: Option<String>,
    event: Option<Value>,
}

pub(super) fn run(arguments: &CallArguments) -> Outcome {
    let text = if arguments.file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(&arguments.file)
    };
    let text = text.map_err(|error| format!("{} cannot be read: {error}", arguments.file.display()))?;
    let package = Package::read(&arguments.folder)?;
    let now = SystemClock::default().now();
    let bench = Workbench::open(&package.manifest, package.component, Bindings::default(), now)?;
    if let Some(identity) = bench.plugin().identity() {
        return call_identity::run(identity, &text, now);
    }
    let rail = bench.plugin().rail().ok_or("`tebura plugin call` takes a rail or an identity plugin")?;
    let asked: Asked = serde_json::from_str(&text).map_err(|error| {
        format!("{}: {error}; write {{\"command\": \"hold\", \"amount\": 1200}}", arguments.file.display())
    })?;
    let operation = operation(&asked, bench.manifest(), now)?;
    let answer = match (&asked.state, &asked.event) {
        (Some(state), Some(event)) => {
            let state = STANDARD.decode(state).map_err(|error| format!("`state` is not base64: {error}"))?;
            let event = event_of(event)?;
            rail.run(&operation, Input::Resume { state: &state, event: &event })
        }
        (None, None) => rail.run(&operation, Input::Start),
        _ => return Err("`state` and `event` go together: give both, or neither for a first step".into()),
    };
    let step = answer.result?;
    print::line(&serde_json::to_string_pretty(&shown(&step))?);
    let fuel = print::grouped(answer.stats.fuel.unwrap_or(0));
    print::note(&format!("fuel {fuel}, memory {} bytes", print::grouped(answer.stats.memory_bytes as u64)));
    Ok(())
}

fn operation(asked: &Asked, manifest: &Manifest, now: Timestamp) -> Result<RailOperation, Failure> {
    let currency =
        manifest.rail().and_then(|rail| rail.currencies.first()).copied().ok_or("the manifest lists no currency")?;
    let amount = Money::new(asked.amount, currency);
    let of: OperationId = match &asked.id {
        Some(id) => id.parse().map_err(|error| format!("`id`: {error}"))?,
        None => OperationId::from_uuid(Default::default()),
    };
    let party = |kind: &str| Party { kind: kind.to_owned(), token: format!("{kind}-1") };
    let reference = || asked.reference.clone();
    let command = match asked.command.as_str() {
        "hold" => RailCommand::Hold {
            payer: party("wallet"),
            payee: party("merchant"),
            amount,
            expires: now.plus_ms(3_600_000),
        },
        "raise" => RailCommand::Raise { reference: reference(), amount },
        "extend" => RailCommand::Extend { reference: reference(), amount, until: now.plus_ms(3_600_000) },
        "capture" => RailCommand::Capture { reference: reference(), amount, is_final: asked.is_final },
        "release" => RailCommand::Release { reference: reference(), amount },
        "refund" => RailCommand::Refund { reference: reference(), amount },
        "inquire" => {
            let words = ["hold", "raise", "extend", "capture", "release", "refund"];
            let about = asked.about.as_deref().unwrap_or("hold");
            let about = words.into_iter().find(|word| *word == about).ok_or("`about` is a command such as hold")?;
            RailCommand::Inquire { of, about, reference: (about != "hold").then(reference) }
        }
        other => {
            return Err(format!(
                "there is no command {other:?}; write hold, capture, release, refund, raise, extend or inquire"
            )
            .into());
        }
    };
    let inquiry = matches!(command, RailCommand::Inquire { .. });
    let (id, attempt) = if inquiry { (format!("{of}.2"), 2) } else { (of.to_string(), 1) };
    Ok(RailOperation { id, attempt, now, command })
}

pub(super) fn event_of(event: &Value) -> Result<RailEvent, Failure> {
    let silence = |maybe_delivered| RailEvent::Silence { maybe_delivered, reason: "no answer came".to_owned() };
    match event.as_str() {
        Some("lost") => return Ok(silence(true)),
        Some("not connected") => return Ok(silence(false)),
        Some("timer") => return Ok(RailEvent::Timer),
        Some(_) | None => {}
    }
    let status = event["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or("`event` is {\"status\": 201, \"body\": …}, \"lost\", \"not connected\" or \"timer\"")?;
    let body = &event["body"];
    let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Ok(RailEvent::Reply(HttpReply { status, headers, body }))
}

/// A call as it is printed.
pub(super) fn called(call: &HttpCall) -> Value {
    let effect = match &call.effect {
        Effect::Read => json!("read"),
        Effect::Once => json!("once"),
        Effect::Idempotent { key } => json!({"idempotent": key}),
    };
    let body = serde_json::from_slice(&call.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&call.body).into_owned()));
    json!({"call": {
        "endpoint": call.endpoint, "method": call.method, "path": call.path, "effect": effect, "body": body,
    }})
}

fn shown(step: &Step) -> Value {
    let fault = |fault: &tebura_hub::rail::Fault| json!({"code": fault.code, "message": fault.message});
    let next = match &step.next {
        Next::Call(call) => called(call),
        Next::WaitUntil(time) => json!({"wait_until": time.millis()}),
        Next::Done(RailOutcome::Settled { reference, amount }) => {
            json!({"settled": {"reference": reference, "amount": amount.minor(), "currency": amount.currency().to_string()}})
        }
        Next::Done(RailOutcome::Declined(why)) => json!({"declined": fault(why)}),
        Next::Done(RailOutcome::Unknown(why)) => json!({"unknown": fault(why)}),
    };
    json!({"next": next, "state": STANDARD.encode(&step.state), "writes": step.writes.len()})
}
