//! What follows from a step of a service: pure, but for the instance's compiled schemas. A step that breaks a rule is taken
//! for a failure of the plugin, and nothing of it happens.

use serde_json::Value;
use tebura_ledger::{Money, Timestamp};

use super::instance::ServiceInstance;
use super::record::{Happened, ServiceRequest, Stage};
use super::step::{LedgerStep, ServiceEvent, ServiceNext, ServiceStep, Topic};
use crate::ids::GalleryId;
use crate::individual_number;
use crate::machine;
use crate::rail::{Effect, Fault, HttpCall, KvWrite};

/// Steps of one request: a visit has some ten, and its record is read as a whole.
const MAX_STEPS: u32 = 100;
/// Bytes of an output or an event, which people read.
const MAX_TEXT: usize = 32 * 1024;
/// Events of one step.
const MAX_EVENTS: usize = 16;
/// Characters of a hold's memo.
const MAX_MEMO: usize = 100;
/// How long a person may take to agree.
const CONSENT_MS: i64 = 10 * 60_000;
/// How long others leave a movement of money to whoever began it.
const MOVING_MS: i64 = 15_000;

/// How a step breaks the rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceBreach {
    #[error("it goes on after {MAX_STEPS} steps")]
    TooManySteps,
    #[error("it named the payee {0:?}, which its manifest does not list")]
    PayeeNotListed(String),
    #[error("it named the gallery {0:?}, which its manifest does not list")]
    GalleryNotListed(String),
    #[error("it admitted somebody to {0:?} in a request in which nobody was recognised")]
    NobodyToAdmit(String),
    #[error("it named the topic {0:?}, which its manifest does not list")]
    TopicNotListed(String),
    #[error("it asked to move {0}, which is not a positive amount of the instance's currency")]
    Amount(Money),
    #[error("its memo is not 1 to {MAX_MEMO} characters")]
    Memo,
    #[error("its {what} is not JSON of at most {MAX_TEXT} bytes")]
    NotJson { what: &'static str },
    #[error("its output does not fit the schema of {action}: {problem}")]
    Output { action: String, problem: String },
    #[error("it returned what reads as an Individual Number")]
    IndividualNumber,
    #[error("it told of more than {MAX_EVENTS} things in one step")]
    TooManyEvents,
}

impl ServiceBreach {
    /// A stable word.
    pub fn code(&self) -> &'static str {
        match self {
            ServiceBreach::TooManySteps => "plugin.too_many_steps",
            ServiceBreach::PayeeNotListed(_) => "plugin.payee_not_listed",
            ServiceBreach::GalleryNotListed(_) => "plugin.gallery_not_listed",
            ServiceBreach::NobodyToAdmit(_) => "plugin.nobody_to_admit",
            ServiceBreach::TopicNotListed(_) => "plugin.topic_not_listed",
            ServiceBreach::Amount(_) => "plugin.amount_refused",
            ServiceBreach::Memo => "plugin.memo_refused",
            ServiceBreach::NotJson { .. } => "plugin.answer_malformed",
            ServiceBreach::Output { .. } => "plugin.output_invalid",
            ServiceBreach::IndividualNumber => "plugin.individual_number",
            ServiceBreach::TooManyEvents => "plugin.answer_too_large",
        }
    }
}

/// What is committed with a step besides the request itself.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    pub(super) writes: Vec<KvWrite>,
    pub(super) admissions: Vec<(GalleryId, bool)>,
}

/// Moves a request on by a step.
pub(super) fn accept(
    service: &ServiceInstance,
    row: &mut ServiceRequest,
    step: ServiceStep,
    now: Timestamp,
) -> Result<Accepted, ServiceBreach> {
    let ServiceStep { next, state, writes, admissions, events } = step;
    row.progress.ordinal += 1;
    if row.progress.ordinal > MAX_STEPS {
        return Err(ServiceBreach::TooManySteps);
    }
    if events.len() > MAX_EVENTS {
        return Err(ServiceBreach::TooManyEvents);
    }
    for Topic { name, body } in events {
        if !service.plugin().descriptor().topics.contains(&name) {
            return Err(ServiceBreach::TopicNotListed(name));
        }
        json("event", &body)?;
        row.progress.note(now, Happened::Told { topic: name, body });
    }
    let mut accepted = Accepted { writes, admissions: Vec::new() };
    for admission in admissions {
        let gallery = service.config.galleries.get(&admission.gallery);
        let gallery = *gallery.ok_or_else(|| ServiceBreach::GalleryNotListed(admission.gallery.clone()))?;
        if row.asked.person.is_none() {
            return Err(ServiceBreach::NobodyToAdmit(admission.gallery));
        }
        accepted.admissions.push((gallery, admission.present));
        row.progress.note(now, Happened::Admitted { gallery: admission.gallery, present: admission.present });
    }
    row.progress.state = state;
    match next {
        ServiceNext::Call(call) => queue(row, call, now),
        ServiceNext::Ledger(step) => ledger(service, row, step, now)?,
        ServiceNext::Wait { until, output } => {
            if let Some(output) = output {
                row.progress.output = Some(fitting(service, row, &output)?);
            }
            row.progress.stage = Stage::Waiting;
            row.due_at = Some(until.max(now));
        }
        ServiceNext::Done { output } => {
            row.progress.output = Some(fitting(service, row, &output)?);
            row.progress.stage = Stage::Done;
            row.due_at = None;
        }
        ServiceNext::Fail(fault) => row.fail(fault, now),
    }
    Ok(accepted)
}

fn queue(row: &mut ServiceRequest, call: HttpCall, now: Timestamp) {
    row.progress.left = false;
    match call.effect {
        Effect::Once => {
            row.due_at = Some(now);
            row.progress.stage = Stage::Outgoing { call, attempts: 0 };
        }
        Effect::Read | Effect::Idempotent { .. } => {
            row.due_at = Some(machine::lease_until(&call, now));
            row.progress.stage = Stage::Sending { call, attempts: 1 };
        }
    }
}

/// Money is asked for. What the plugin may not ask is its failure; what it may ask and does not get, it is told.
fn ledger(
    service: &ServiceInstance,
    row: &mut ServiceRequest,
    step: LedgerStep,
    now: Timestamp,
) -> Result<(), ServiceBreach> {
    let config = &service.config;
    let amount = match &step {
        LedgerStep::Hold { amount, .. } | LedgerStep::Capture { amount, .. } | LedgerStep::Refund { amount, .. } => {
            Some(*amount)
        }
        LedgerStep::Release { .. } => None,
    };
    if let Some(amount) = amount
        && (amount.currency() != config.currency || !amount.is_positive())
    {
        return Err(ServiceBreach::Amount(amount));
    }
    let refused = match &step {
        LedgerStep::Hold { payee, amount, memo, .. } => {
            if !config.payees.contains_key(payee) {
                return Err(ServiceBreach::PayeeNotListed(payee.clone()));
            }
            if !(1..=MAX_MEMO).contains(&memo.chars().count()) || memo.chars().any(char::is_control) {
                return Err(ServiceBreach::Memo);
            }
            match (row.asked.person, row.asked.instrument) {
                (None, _) => Some("service.nobody_pays"),
                (Some(_), None) => Some("instrument.none"),
                (Some(_), Some(_)) if row.progress.held_with(*amount) > config.cap => Some("service.above_cap"),
                (Some(_), Some(_)) => None,
            }
        }
        LedgerStep::Capture { .. } | LedgerStep::Release { .. } | LedgerStep::Refund { .. } => {
            row.asked.person.is_none().then_some("service.nobody_pays")
        }
    };
    if let Some(code) = refused {
        row.progress.note(now, Happened::NotMoved { what: step.name().to_owned(), code: code.to_owned() });
        let message = "the hub does not move this money".to_owned();
        row.hear(ServiceEvent::NotMoved(Fault { code: code.to_owned(), message }), now);
    } else if consented(service, row, &step) {
        begin_moving(row, step, now);
    } else {
        row.progress.stage = Stage::AwaitingConsent { step };
        row.due_at = Some(now.plus_ms(CONSENT_MS));
    }
    Ok(())
}

/// Whether the person's word covers a step. Only a hold needs it: what follows stays within the hold.
pub(super) fn consented(service: &ServiceInstance, row: &ServiceRequest, step: &LedgerStep) -> bool {
    let LedgerStep::Hold { amount, .. } = step else { return true };
    let total = row.progress.held_with(*amount);
    let covers = |with_pin: bool| with_pin || !pin_is_needed(service, row, total);
    row.progress.consents.iter().any(|consent| {
        consent.up_to.currency() == amount.currency() && consent.up_to.minor() >= total && covers(consent.with_pin)
    })
}

/// A face alone agrees to small amounts only.
pub(super) fn pin_is_needed(service: &ServiceInstance, row: &ServiceRequest, total: i64) -> bool {
    let by_face_alone = row.asked.recognised_by.iter().all(|way| way == "face");
    by_face_alone && total > service.config.pin_above
}

pub(super) fn begin_moving(row: &mut ServiceRequest, step: LedgerStep, now: Timestamp) {
    row.progress.stage = Stage::Moving { step, tries: 0 };
    row.due_at = Some(now.plus_ms(MOVING_MS));
}

fn fitting(service: &ServiceInstance, row: &ServiceRequest, output: &str) -> Result<String, ServiceBreach> {
    let value = json("output", output)?;
    let action = &row.asked.action;
    let problem = match service.actions.get(action) {
        Some(compiled) => compiled.output.problems(&value).first().map(ToString::to_string),
        None => Some("the plugin has no such action any more".to_owned()),
    };
    match problem {
        Some(problem) => Err(ServiceBreach::Output { action: action.clone(), problem }),
        None => Ok(value.to_string()),
    }
}

fn json(what: &'static str, text: &str) -> Result<Value, ServiceBreach> {
    let value = (text.len() <= MAX_TEXT).then(|| serde_json::from_str::<Value>(text).ok()).flatten();
    let value = value.ok_or(ServiceBreach::NotJson { what })?;
    if individual_number::is_in_json(&value) { Err(ServiceBreach::IndividualNumber) } else { Ok(value) }
}
