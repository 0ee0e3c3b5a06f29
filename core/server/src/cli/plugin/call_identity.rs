//! `tebura plugin call` for an identity plugin: one step of a proofing, from JSON to JSON.
//!
//! ```text
//! {"claims": ["name"], "purpose": "enrolment"}
//! {"claims": ["name"], "state": "…", "event": {"evidence": {"kind": "jpki.signature", "parts": {"cms": "…"}}}}
//! {"claims": ["name"], "state": "…", "event": {"status": 200, "body": {…}}}
//! ```
//!
//! The nonce is 32 zeros: nothing that is proven here counts anywhere.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tebura_hub::proofing::{Evidence, ProofEvent, ProofSession, ProofStep, ProofTurn, ProofVerdict};
use tebura_hub::rail::{Fault, Next};
use tebura_ledger::Timestamp;
use tebura_plugin_host::{InstalledIdentity, ProofInput};

use super::super::{Failure, Outcome, print};
use super::call::{called, event_of};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    claims: Vec<String>,
    purpose: Option<String>,
    state: Option<String>,
    event: Option<Value>,
}

#[derive(Deserialize)]
struct Given {
    kind: String,
    /// Base64, by name.
    parts: BTreeMap<String, String>,
}

pub(super) fn run(identity: &InstalledIdentity, text: &str, now: Timestamp) -> Outcome {
    let asked: Asked = serde_json::from_str(text)
        .map_err(|error| format!("{error}; write {{\"claims\": [\"name\"], \"purpose\": \"enrolment\"}}"))?;
    let session = ProofSession {
        id: format!("prf_{}", "0".repeat(32)),
        now,
        purpose: asked.purpose.unwrap_or_else(|| "enrolment".to_owned()),
        subject: "0".repeat(32),
        nonce: [0; 32],
        claims: asked.claims,
        locale: "ja".to_owned(),
        expires: now.plus_ms(600_000),
    };
    let answer = match (&asked.state, &asked.event) {
        (Some(state), Some(event)) => {
            let state = STANDARD.decode(state).map_err(|error| format!("`state` is not base64: {error}"))?;
            let event = event_told(event)?;
            identity.run(&session, ProofInput::Resume { state: &state, event: &event })
        }
        (None, None) => identity.run(&session, ProofInput::Begin),
        _ => return Err("`state` and `event` go together: give both, or neither for a first step".into()),
    };
    print::line(&serde_json::to_string_pretty(&shown(&answer.result?))?);
    let fuel = print::grouped(answer.stats.fuel.unwrap_or(0));
    print::note(&format!("fuel {fuel}, memory {} bytes", print::grouped(answer.stats.memory_bytes as u64)));
    Ok(())
}

fn event_told(event: &Value) -> Result<ProofEvent, Failure> {
    let Some(given) = event.get("evidence") else { return Ok(ProofEvent::Far(event_of(event)?)) };
    let given: Given = serde_json::from_value(given.clone())?;
    let part = |(name, content): (String, String)| Ok((name, STANDARD.decode(content)?));
    let parts = given.parts.into_iter().map(part).collect::<Result<_, base64::DecodeError>>()?;
    Ok(ProofEvent::Evidence(Evidence { kind: given.kind, parts }))
}

fn shown(step: &ProofStep) -> Value {
    let fault = |fault: &Fault| json!({"code": fault.code, "message": fault.message});
    let texts = |texts: &[(String, String)]| texts.iter().cloned().collect::<BTreeMap<String, String>>();
    let next = match &step.next {
        Next::Call(call) => called(call),
        Next::WaitUntil(time) => json!({"wait_until": time.millis()}),
        Next::Done(ProofTurn::Challenge(asked)) => json!({"challenge": {
            "kind": asked.kind, "to_sign": STANDARD.encode(&asked.to_sign), "display": texts(&asked.display),
        }}),
        Next::Done(ProofTurn::Verdict(ProofVerdict::Proven(said))) => json!({"proven": {
            "ial": said.ial, "aal": said.aal, "claims": texts(&said.claims), "grades": texts(&said.grades),
        }}),
        Next::Done(ProofTurn::Verdict(ProofVerdict::Refused(why))) => json!({"refused": fault(why)}),
        Next::Done(ProofTurn::Verdict(ProofVerdict::Undecided(why))) => json!({"undecided": fault(why)}),
    };
    json!({"next": next, "state": STANDARD.encode(&step.state), "writes": step.writes.len()})
}
