//! A request to a service as JSON. Names are never reused, since rows outlive the program that wrote them.

use serde::{Deserialize, Serialize};
use tebura_hub::ids::{InstrumentId, PersonId};
use tebura_hub::rail::Fault;
use tebura_hub::services::{
    Asked, Claim, ClaimSource, Consent, Happened, LedgerStep, Noted, OwnHold, Progress, Receipt, ServiceEvent, Stage,
};
use tebura_ledger::{HoldId, Money, Timestamp};

use super::exchange_body::{CallBody, EventBody};
use super::{Damaged, currency, word};
use crate::hex;

const TABLE: &str = "service_request";

/// What was asked, and where it stands.
#[derive(Serialize, Deserialize)]
pub(crate) struct Body {
    action: String,
    input: String,
    instrument: Option<String>,
    recognised_by: Vec<String>,
    claims: Vec<ClaimBody>,
    asked_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    happened_at_ms: Option<i64>,
    stage: StageBody,
    #[serde(with = "hex::bytes")]
    state: Vec<u8>,
    ordinal: u32,
    left: bool,
    output: Option<String>,
    consents: Vec<ConsentBody>,
    holds: Vec<HoldBody>,
    noted: Vec<NotedBody>,
}

#[derive(Serialize, Deserialize)]
struct ClaimBody {
    name: String,
    value: String,
    source: String,
}

#[derive(Serialize, Deserialize)]
struct Amount {
    minor: i64,
    currency: String,
}

#[derive(Serialize, Deserialize)]
struct ConsentBody {
    up_to: Amount,
    with_pin: bool,
    at_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct HoldBody {
    hold: String,
    amount: Amount,
}

#[derive(Serialize, Deserialize)]
struct FaultBody {
    code: String,
    message: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
enum StageBody {
    Arrived { event: Option<ToldBody>, failures: u32 },
    Outgoing { call: CallBody, attempts: u32 },
    Sending { call: CallBody, attempts: u32 },
    AwaitingConsent { step: LedgerBody },
    Moving { step: LedgerBody, tries: u32 },
    Waiting,
    GivingBack { fault: FaultBody, tries: u32, declined: u32 },
    Done,
    Failed { fault: FaultBody },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
enum LedgerBody {
    Hold { payee: String, amount: Amount, memo: String, expires_ms: i64 },
    Capture { hold: String, amount: Amount, is_final: bool },
    Release { hold: String },
    Refund { capture: String, amount: Amount },
}

/// Without `tag`: a far end's event has one of its own.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ToldBody {
    Far(EventBody),
    Message { name: String, input: String },
    Moved { id: String, amount: Amount },
    NotMoved(FaultBody),
}

#[derive(Serialize, Deserialize)]
struct NotedBody {
    at_ms: i64,
    #[serde(flatten)]
    happened: HappenedBody,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
enum HappenedBody {
    Consented { up_to: Amount, with_pin: bool },
    Moved { step: String, id: String, amount: Amount },
    NotMoved { step: String, code: String },
    Told { topic: String, body: String },
    Message { name: String },
    Admitted { gallery: String, present: bool },
    Degraded { code: String },
}

impl Body {
    pub(crate) fn of(asked: &Asked, progress: &Progress) -> Self {
        let claim = |claim: &Claim| ClaimBody {
            name: claim.name.clone(),
            value: claim.value.clone(),
            source: claim.source.name().to_owned(),
        };
        let consent = |consent: &Consent| ConsentBody {
            up_to: Amount::of(consent.up_to),
            with_pin: consent.with_pin,
            at_ms: consent.at.millis(),
        };
        Self {
            action: asked.action.clone(),
            input: asked.input.clone(),
            instrument: asked.instrument.map(|id| id.to_string()),
            recognised_by: asked.recognised_by.clone(),
            claims: asked.claims.iter().map(claim).collect(),
            asked_at_ms: asked.at.millis(),
            happened_at_ms: asked.happened_at.map(Timestamp::millis),
            stage: StageBody::of(&progress.stage),
            state: progress.state.clone(),
            ordinal: progress.ordinal,
            left: progress.left,
            output: progress.output.clone(),
            consents: progress.consents.iter().map(consent).collect(),
            holds: progress
                .holds
                .iter()
                .map(|own| HoldBody { hold: own.hold.to_string(), amount: Amount::of(own.amount) })
                .collect(),
            noted: progress.noted.iter().map(NotedBody::of).collect(),
        }
    }

    pub(crate) fn parts(self, person: Option<PersonId>) -> Result<(Asked, Progress), Damaged> {
        let instrument = self.instrument.map(|id| id.parse::<InstrumentId>()).transpose();
        let claim = |claim: ClaimBody| {
            let source = word(TABLE, "source", ClaimSource::from_name(&claim.source))?;
            Ok::<_, Damaged>(Claim { name: claim.name, value: claim.value, source })
        };
        let consent = |consent: ConsentBody| {
            let (with_pin, at) = (consent.with_pin, Timestamp::from_millis(consent.at_ms));
            Ok::<_, Damaged>(Consent { up_to: consent.up_to.domain()?, with_pin, at })
        };
        let hold = |own: HoldBody| {
            let hold: HoldId = own.hold.parse().map_err(|_| Damaged::new(TABLE, "hold"))?;
            Ok::<_, Damaged>(OwnHold { hold, amount: own.amount.domain()? })
        };
        let asked = Asked {
            action: self.action,
            input: self.input,
            person,
            instrument: instrument.map_err(|_| Damaged::new(TABLE, "instrument"))?,
            recognised_by: self.recognised_by,
            claims: self.claims.into_iter().map(claim).collect::<Result<_, _>>()?,
            at: Timestamp::from_millis(self.asked_at_ms),
            happened_at: self.happened_at_ms.map(Timestamp::from_millis),
        };
        let progress = Progress {
            stage: self.stage.domain()?,
            state: self.state,
            ordinal: self.ordinal,
            left: self.left,
            output: self.output,
            consents: self.consents.into_iter().map(consent).collect::<Result<_, _>>()?,
            holds: self.holds.into_iter().map(hold).collect::<Result<_, _>>()?,
            noted: self.noted.into_iter().map(NotedBody::domain).collect::<Result<_, _>>()?,
        };
        Ok((asked, progress))
    }
}

impl Amount {
    fn of(amount: Money) -> Self {
        Self { minor: amount.minor(), currency: amount.currency().code().to_owned() }
    }

    fn domain(&self) -> Result<Money, Damaged> {
        Ok(Money::new(self.minor, currency(TABLE, &self.currency)?))
    }
}

impl FaultBody {
    fn of(fault: &Fault) -> Self {
        Self { code: fault.code.clone(), message: fault.message.clone() }
    }

    fn domain(self) -> Fault {
        Fault { code: self.code, message: self.message }
    }
}

impl StageBody {
    fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Arrived { event, failures } => {
                Self::Arrived { event: event.as_ref().map(ToldBody::of), failures: *failures }
            }
            Stage::Outgoing { call, attempts } => Self::Outgoing { call: CallBody::of(call), attempts: *attempts },
            Stage::Sending { call, attempts } => Self::Sending { call: CallBody::of(call), attempts: *attempts },
            Stage::AwaitingConsent { step } => Self::AwaitingConsent { step: LedgerBody::of(step) },
            Stage::Moving { step, tries } => Self::Moving { step: LedgerBody::of(step), tries: *tries },
            Stage::Waiting => Self::Waiting,
            Stage::GivingBack { fault, tries, declined } => {
                Self::GivingBack { fault: FaultBody::of(fault), tries: *tries, declined: *declined }
            }
            Stage::Done => Self::Done,
            Stage::Failed { fault } => Self::Failed { fault: FaultBody::of(fault) },
        }
    }

    fn domain(self) -> Result<Stage, Damaged> {
        Ok(match self {
            Self::Arrived { event, failures } => {
                Stage::Arrived { event: event.map(ToldBody::domain).transpose()?, failures }
            }
            Self::Outgoing { call, attempts } => Stage::Outgoing { call: call.domain(), attempts },
            Self::Sending { call, attempts } => Stage::Sending { call: call.domain(), attempts },
            Self::AwaitingConsent { step } => Stage::AwaitingConsent { step: step.domain()? },
            Self::Moving { step, tries } => Stage::Moving { step: step.domain()?, tries },
            Self::Waiting => Stage::Waiting,
            Self::GivingBack { fault, tries, declined } => Stage::GivingBack { fault: fault.domain(), tries, declined },
            Self::Done => Stage::Done,
            Self::Failed { fault } => Stage::Failed { fault: fault.domain() },
        })
    }
}

impl LedgerBody {
    fn of(step: &LedgerStep) -> Self {
        match step {
            LedgerStep::Hold { payee, amount, memo, expires } => Self::Hold {
                payee: payee.clone(),
                amount: Amount::of(*amount),
                memo: memo.clone(),
                expires_ms: expires.millis(),
            },
            LedgerStep::Capture { hold, amount, is_final } => {
                Self::Capture { hold: hold.clone(), amount: Amount::of(*amount), is_final: *is_final }
            }
            LedgerStep::Release { hold } => Self::Release { hold: hold.clone() },
            LedgerStep::Refund { capture, amount } => {
                Self::Refund { capture: capture.clone(), amount: Amount::of(*amount) }
            }
        }
    }

    fn domain(self) -> Result<LedgerStep, Damaged> {
        Ok(match self {
            Self::Hold { payee, amount, memo, expires_ms } => {
                let expires = Timestamp::from_millis(expires_ms);
                LedgerStep::Hold { payee, amount: amount.domain()?, memo, expires }
            }
            Self::Capture { hold, amount, is_final } => {
                LedgerStep::Capture { hold, amount: amount.domain()?, is_final }
            }
            Self::Release { hold } => LedgerStep::Release { hold },
            Self::Refund { capture, amount } => LedgerStep::Refund { capture, amount: amount.domain()? },
        })
    }
}

impl ToldBody {
    fn of(event: &ServiceEvent) -> Self {
        match event {
            ServiceEvent::Far(event) => Self::Far(EventBody::of(event)),
            ServiceEvent::Message { name, input } => Self::Message { name: name.clone(), input: input.clone() },
            ServiceEvent::Moved(receipt) => Self::Moved { id: receipt.id.clone(), amount: Amount::of(receipt.amount) },
            ServiceEvent::NotMoved(fault) => Self::NotMoved(FaultBody::of(fault)),
        }
    }

    fn domain(self) -> Result<ServiceEvent, Damaged> {
        Ok(match self {
            Self::Far(event) => ServiceEvent::Far(event.domain()),
            Self::Message { name, input } => ServiceEvent::Message { name, input },
            Self::Moved { id, amount } => ServiceEvent::Moved(Receipt { id, amount: amount.domain()? }),
            Self::NotMoved(fault) => ServiceEvent::NotMoved(fault.domain()),
        })
    }
}

impl NotedBody {
    fn of(noted: &Noted) -> Self {
        let happened = match &noted.happened {
            Happened::Consented { up_to, with_pin } => {
                HappenedBody::Consented { up_to: Amount::of(*up_to), with_pin: *with_pin }
            }
            Happened::Moved { what, id, amount } => {
                HappenedBody::Moved { step: what.clone(), id: id.clone(), amount: Amount::of(*amount) }
            }
            Happened::NotMoved { what, code } => HappenedBody::NotMoved { step: what.clone(), code: code.clone() },
            Happened::Told { topic, body } => HappenedBody::Told { topic: topic.clone(), body: body.clone() },
            Happened::Message { name } => HappenedBody::Message { name: name.clone() },
            Happened::Admitted { gallery, present } => {
                HappenedBody::Admitted { gallery: gallery.clone(), present: *present }
            }
            Happened::Degraded { code } => HappenedBody::Degraded { code: code.clone() },
        };
        Self { at_ms: noted.at.millis(), happened }
    }

    fn domain(self) -> Result<Noted, Damaged> {
        let happened = match self.happened {
            HappenedBody::Consented { up_to, with_pin } => Happened::Consented { up_to: up_to.domain()?, with_pin },
            HappenedBody::Moved { step, id, amount } => Happened::Moved { what: step, id, amount: amount.domain()? },
            HappenedBody::NotMoved { step, code } => Happened::NotMoved { what: step, code },
            HappenedBody::Told { topic, body } => Happened::Told { topic, body },
            HappenedBody::Message { name } => Happened::Message { name },
            HappenedBody::Admitted { gallery, present } => Happened::Admitted { gallery, present },
            HappenedBody::Degraded { code } => Happened::Degraded { code },
        };
        Ok(Noted { at: Timestamp::from_millis(self.at_ms), happened })
    }
}
