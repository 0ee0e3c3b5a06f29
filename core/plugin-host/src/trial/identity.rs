//! Plays answers that nobody's card gave, and every reply and silence behind them: nothing of it may prove anything.

use tebura_hub::proofing::{Challenge, Evidence, ProofEvent, ProofSession, ProofStep, ProofTurn, ProofVerdict};
use tebura_hub::rail::{Next, RailError, RailEvent};
use tebura_ledger::Timestamp;

use super::{DEPTH, STEPS, SampleReply, Trial, far_events};
use crate::identity::{InstalledIdentity, ProofInput};
use crate::manifest::Part;

/// Bytes of the largest part: what the hub takes.
const LARGE: usize = 64 << 10;

/// Plays a session with all claims of the manifest, and one with none of them.
pub fn trial_of_identity(identity: &InstalledIdentity, replies: &[SampleReply], now: Timestamp) -> Trial {
    let mut trial = Trial::default();
    let claims = match &identity.manifest().part {
        Part::Identity(part) => part.claims.clone(),
        Part::Rail(_) | Part::Service(_) => Vec::new(),
    };
    for (name, claims) in [("all claims", claims), ("no claims", Vec::new())] {
        trial.commands += 1;
        let session = session(name, claims, now);
        explore(&mut trial, (identity, &session, replies), ProofInput::Begin, name, 0);
    }
    trial
}

fn session(purpose: &str, claims: Vec<String>, now: Timestamp) -> ProofSession {
    ProofSession {
        id: format!("prf_{}", "0".repeat(32)),
        now,
        purpose: purpose.replace(' ', "-"),
        subject: "5".repeat(32),
        nonce: [9; 32],
        claims,
        locale: "ja".to_owned(),
        expires: now.plus_ms(600_000),
    }
}

type Play<'p> = (&'p InstalledIdentity, &'p ProofSession, &'p [SampleReply]);

fn explore(trial: &mut Trial, play: Play<'_>, input: ProofInput<'_>, path: &str, depth: usize) {
    let (identity, session, replies) = play;
    if trial.steps >= STEPS {
        return;
    }
    let first = identity.run(session, input);
    trial.took(&first.stats, path);
    let second = identity.run(session, input);
    let mut wrong = |what: String| trial.findings.push((path.to_owned(), what));
    if first.result != second.result {
        return wrong("two runs gave two different steps".to_owned());
    }
    let step = match first.result {
        Ok(step) => step,
        Err(RailError::Fault(_)) => return,
        Err(error) => return wrong(error.to_string()),
    };
    if let Next::Done(ProofTurn::Verdict(ProofVerdict::Proven(_))) = &step.next {
        return wrong("proven, although no card answered".to_owned());
    }
    if depth >= DEPTH {
        return;
    }
    for (name, event) in events(session, &step, replies) {
        let input = ProofInput::Resume { state: &step.state, event: &event };
        explore(trial, play, input, &format!("{path} → {name}"), depth + 1);
    }
}

fn events(session: &ProofSession, step: &ProofStep, replies: &[SampleReply]) -> Vec<(String, ProofEvent)> {
    match &step.next {
        Next::Done(ProofTurn::Challenge(challenge)) => answers(challenge),
        Next::Done(ProofTurn::Verdict(_)) => Vec::new(),
        Next::WaitUntil(_) => vec![("timer".to_owned(), ProofEvent::Far(RailEvent::Timer))],
        Next::Call(_) => {
            let far = far_events(&session.id, replies, false).into_iter();
            far.map(|(name, event, _)| (name, ProofEvent::Far(event))).collect()
        }
    }
}

/// What devices send that have no card: nothing, noise, the challenge itself, another kind.
fn answers(challenge: &Challenge) -> Vec<(String, ProofEvent)> {
    let evidence = |kind: &str, parts: Vec<(&str, Vec<u8>)>| {
        let parts = parts.into_iter().map(|(name, content)| (name.to_owned(), content)).collect();
        ProofEvent::Evidence(Evidence { kind: kind.to_owned(), parts })
    };
    let kind = challenge.kind.as_str();
    let mut answers = vec![
        ("an answer without parts".to_owned(), evidence(kind, Vec::new())),
        ("another kind of answer".to_owned(), evidence("other", vec![("cms", b"\x30\x00".to_vec())])),
    ];
    let contents: [(&str, Vec<u8>); 5] = [
        ("an empty", Vec::new()),
        ("a noisy", b"\xff\xfe\x00".to_vec()),
        ("an unsigned", challenge.to_sign.clone()),
        ("a nested", [0x30, 0x80].repeat(2_000)),
        ("a large", vec![0x30; LARGE]),
    ];
    for (name, content) in contents {
        for part in ["cms", "signature", "statement", "other"] {
            let answer = evidence(kind, vec![(part, content.clone())]);
            answers.push((format!("{name} {part}"), answer));
        }
    }
    answers
}

/// Whether two components answer a session's beginning, and every answer that nobody's card gave, with the same steps.
///
/// # Errors
/// The events, and both answers.
pub fn same_identity(one: &InstalledIdentity, other: &InstalledIdentity, now: Timestamp) -> Result<usize, String> {
    let Part::Identity(part) = &one.manifest().part else { return Ok(0) };
    let session = session("all claims", part.claims.clone(), now);
    let mut steps = 0;
    let mut compare = |input: ProofInput<'_>, path: &str| {
        steps += 1;
        let (one, other) = (one.run(&session, input).result, other.run(&session, input).result);
        if one == other { Ok(one.ok()) } else { Err(format!("{path}: {one:?} and {other:?}")) }
    };
    let Some(begun) = compare(ProofInput::Begin, "begin")? else { return Ok(steps) };
    for (name, event) in events(&session, &begun, &[]) {
        compare(ProofInput::Resume { state: &begun.state, event: &event }, &name)?;
    }
    Ok(steps)
}
