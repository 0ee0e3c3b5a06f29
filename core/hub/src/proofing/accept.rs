//! What follows from a step of an identity plugin: pure. A step that breaks a rule proves nothing.

use std::collections::BTreeSet;

use tebura_ledger::Timestamp;

use super::prover::{Assertion, Challenge, ProofEvent, ProofStep, ProofTurn, ProofVerdict};
use super::record::{Proof, Proofing, ProofingStage, link_digest};
use crate::exchange::Stage;
use crate::individual_number;
use crate::machine;
use crate::rail::{Effect, Fault, KvWrite, Next, RailEvent};

/// Steps of one session; the longest honest ones have four.
const MAX_STEPS: u32 = 20;
/// How long after a session's end a far end may still be waited for.
const GRACE_MS: i64 = 3_600_000;
/// Longest that a proof may count: the life of a certificate of the next card.
const MAX_VALID_MS: i64 = 10 * 366 * 86_400_000;
/// Characters of a claim: the longest address of the register has 200.
const MAX_CLAIM: usize = 500;
/// Grades beside the two levels.
const MAX_GRADES: usize = 8;

/// How a step breaks the rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofBreach {
    #[error("it goes on after {MAX_STEPS} steps")]
    TooManySteps,
    #[error("it waits for longer than an hour after the session's end")]
    WaitsTooLong,
    #[error("it returned what reads as an Individual Number")]
    IndividualNumber,
    #[error("it says that something is proven before it saw evidence")]
    NoEvidence,
    #[error("it says that something is proven although the far end gave no answer")]
    Silence,
    #[error("it says the claim {0:?}, which the person did not agree to, or twice")]
    ClaimNotAgreed(String),
    #[error("its {0} is out of range")]
    Range(&'static str),
}

impl ProofBreach {
    /// A stable word.
    pub fn code(&self) -> &'static str {
        match self {
            ProofBreach::TooManySteps => "plugin.too_many_steps",
            ProofBreach::WaitsTooLong => "plugin.waits_too_long",
            ProofBreach::IndividualNumber => "plugin.individual_number",
            ProofBreach::NoEvidence => "plugin.proven_without_evidence",
            ProofBreach::Silence => "plugin.proven_on_silence",
            ProofBreach::ClaimNotAgreed(_) => "plugin.claim_not_agreed",
            ProofBreach::Range(_) => "plugin.answer_malformed",
        }
    }
}

/// Moves a session on by the step after `event` (`None`: its first). What breaks a rule ends it undecided, and its writes
/// are not made.
pub(super) fn accept(row: &mut Proofing, event: Option<&ProofEvent>, step: ProofStep, now: Timestamp) -> Vec<KvWrite> {
    let writes = step.writes.clone();
    match taken(row, event, step, now) {
        Ok(()) => writes,
        Err(breach) => {
            tracing::warn!(proofing = %row.id, plugin = row.plugin.0, code = breach.code(), "a plugin's step was not accepted");
            row.undecided(breach.code(), breach.to_string());
            Vec::new()
        }
    }
}

fn taken(row: &mut Proofing, event: Option<&ProofEvent>, step: ProofStep, now: Timestamp) -> Result<(), ProofBreach> {
    row.ordinal += 1;
    if row.ordinal > MAX_STEPS {
        return Err(ProofBreach::TooManySteps);
    }
    row.state = step.state;
    match step.next {
        Next::Call(call) => {
            row.left = false;
            let stage = match call.effect {
                Effect::Once => {
                    row.due_at = Some(now);
                    Stage::Outgoing { call, attempts: 0 }
                }
                Effect::Read | Effect::Idempotent { .. } => {
                    row.due_at = Some(machine::lease_until(&call, now));
                    Stage::Sending { call, attempts: 1 }
                }
            };
            row.stage = ProofingStage::Talking(stage);
        }
        Next::WaitUntil(at) if at > row.expires_at.plus_ms(GRACE_MS) => return Err(ProofBreach::WaitsTooLong),
        Next::WaitUntil(at) => {
            row.due_at = Some(at.max(now));
            row.stage = ProofingStage::Talking(Stage::Waiting);
        }
        Next::Done(ProofTurn::Challenge(challenge)) => challenged(row, challenge, now)?,
        Next::Done(ProofTurn::Verdict(ProofVerdict::Proven(assertion))) => {
            match event {
                None => return Err(ProofBreach::NoEvidence),
                Some(ProofEvent::Far(RailEvent::Silence { .. } | RailEvent::Notice(_))) => {
                    return Err(ProofBreach::Silence);
                }
                Some(ProofEvent::Evidence(_) | ProofEvent::Far(RailEvent::Reply(_) | RailEvent::Timer)) => {}
            }
            let proof = proven(row, assertion, now)?;
            row.end(ProofingStage::Proven(proof));
        }
        Next::Done(ProofTurn::Verdict(ProofVerdict::Refused(fault))) => row.end(ProofingStage::Refused(clean(fault))),
        Next::Done(ProofTurn::Verdict(ProofVerdict::Undecided(fault))) => {
            row.end(ProofingStage::Undecided(clean(fault)));
        }
    }
    Ok(())
}

fn challenged(row: &mut Proofing, challenge: Challenge, now: Timestamp) -> Result<(), ProofBreach> {
    let Challenge { kind, to_sign, display, expires } = challenge;
    let texts = display.iter().flat_map(|(name, value)| [name, value]).chain([&kind]);
    let signed = std::str::from_utf8(&to_sign).is_ok_and(individual_number::is_in);
    if signed || texts.into_iter().any(|text| individual_number::is_in(text)) {
        return Err(ProofBreach::IndividualNumber);
    }
    if expires <= now {
        return Err(ProofBreach::Range("challenge's end"));
    }
    let expires = expires.min(row.expires_at);
    row.due_at = Some(expires);
    row.stage = ProofingStage::Challenged(Challenge { kind, to_sign, display, expires });
    Ok(())
}

fn proven(row: &Proofing, said: Assertion, now: Timestamp) -> Result<Proof, ProofBreach> {
    let Assertion { ial, aal, grades, claims, valid_until, evidence_digest, link } = said;
    if ial > 3 || aal > 3 {
        return Err(ProofBreach::Range("level"));
    }
    let texts = || claims.iter().chain(&grades).flat_map(|(name, value)| [name, value]);
    if texts().any(|text| individual_number::is_in(text)) {
        return Err(ProofBreach::IndividualNumber);
    }
    let mut seen = BTreeSet::new();
    if let Some((name, _)) = claims.iter().find(|(name, _)| !row.claims.contains(name) || !seen.insert(name)) {
        return Err(ProofBreach::ClaimNotAgreed(name.clone()));
    }
    let fits = |text: &String| (1..=MAX_CLAIM).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if grades.len() > MAX_GRADES || !texts().all(fits) {
        return Err(ProofBreach::Range("list of claims or grades"));
    }
    if valid_until <= now || valid_until > now.plus_ms(MAX_VALID_MS) {
        return Err(ProofBreach::Range("valid-until"));
    }
    if link.as_ref().is_some_and(|link| !(16..=64).contains(&link.len())) {
        return Err(ProofBreach::Range("link"));
    }
    let link = link.map(|link| link_digest(&row.plugin, &link));
    Ok(Proof { at: now, ial, aal, grades, claims, valid_until, evidence_digest, link })
}

/// A fault is shown to people, so it is read like everything else.
fn clean(fault: Fault) -> Fault {
    Fault { message: individual_number::hidden(&fault.message).into_owned(), ..fault }
}
