//! The step machine's state as JSON: what no query looks into. Names are kept short of abbreviation and never reused,
//! since rows outlive the program that wrote them.

use serde::{Deserialize, Serialize};
use tebura_hub::exchange::{Exchange, Purpose, Stage};
use tebura_hub::notices::Inbound;
use tebura_hub::rail::{ComponentDigest, Effect, HttpCall, HttpReply, Party, RailCommand, RailEvent};
use tebura_ledger::{Money, OperationId, Timestamp, Uuid};

use super::exchange::TABLE;
use super::{Damaged, currency, word};
use crate::hex;

/// Everything of an [`Exchange`] that has no column.
#[derive(Serialize, Deserialize)]
pub(crate) struct Body {
    #[serde(with = "hex::option")]
    digest: Option<Vec<u8>>,
    command: CommandBody,
    /// 0: to do the operation; n: the n-th inquiry.
    inquiry: u32,
    /// Rows written before there was such a field begin their inquiry again.
    #[serde(default)]
    conclusive: bool,
    #[serde(default)]
    waited_ms: i64,
    #[serde(default)]
    asked_at_ms: i64,
    stage: StageBody,
    #[serde(with = "hex::bytes")]
    state: Vec<u8>,
    ordinal: u32,
    due_at_ms: i64,
    #[serde(alias = "first_sent_at_ms")]
    last_sent_at_ms: Option<i64>,
}

/// What [`Body::parts`] gives back.
pub(crate) struct BodyParts {
    pub(crate) digest: Option<ComponentDigest>,
    pub(crate) command: RailCommand,
    pub(crate) purpose: Purpose,
    pub(crate) stage: Stage,
    pub(crate) state: Vec<u8>,
    pub(crate) ordinal: u32,
    pub(crate) due_at: Timestamp,
    pub(crate) last_sent_at: Option<Timestamp>,
}

impl Body {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let (waited_ms, asked_at_ms) = match exchange.purpose {
            Purpose::Perform => (0, 0),
            Purpose::Inquire { waited_ms, asked_at, .. } => (waited_ms, asked_at.millis()),
        };
        Self {
            digest: exchange.digest.map(|digest| digest.0.to_vec()),
            command: CommandBody::of(&exchange.command),
            inquiry: match exchange.purpose {
                Purpose::Perform => 0,
                Purpose::Inquire { attempt, .. } => attempt,
            },
            conclusive: matches!(exchange.purpose, Purpose::Inquire { conclusive: true, .. }),
            waited_ms,
            asked_at_ms,
            stage: StageBody::of(&exchange.stage),
            state: exchange.state.clone(),
            ordinal: exchange.ordinal,
            due_at_ms: exchange.due_at.millis(),
            last_sent_at_ms: exchange.last_sent_at.map(Timestamp::millis),
        }
    }

    pub(crate) fn parts(self) -> Result<BodyParts, Damaged> {
        let digest = |bytes: Vec<u8>| bytes.try_into().map(ComponentDigest);
        Ok(BodyParts {
            digest: self.digest.map(digest).transpose().map_err(|_| Damaged::new(TABLE, "digest"))?,
            command: self.command.domain()?,
            purpose: match self.inquiry {
                0 => Purpose::Perform,
                attempt => Purpose::Inquire {
                    attempt,
                    conclusive: self.conclusive,
                    waited_ms: self.waited_ms,
                    asked_at: Timestamp::from_millis(self.asked_at_ms),
                },
            },
            stage: self.stage.domain(),
            state: self.state,
            ordinal: self.ordinal,
            due_at: Timestamp::from_millis(self.due_at_ms),
            last_sent_at: self.last_sent_at_ms.map(Timestamp::from_millis),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Amount {
    minor: i64,
    currency: String,
}

impl Amount {
    fn of(amount: Money) -> Self {
        Self { minor: amount.minor(), currency: amount.currency().code().to_owned() }
    }

    fn domain(&self) -> Result<Money, Damaged> {
        Ok(Money::new(self.minor, currency(TABLE, &self.currency)?))
    }
}

#[derive(Serialize, Deserialize)]
struct PartyBody {
    kind: String,
    token: String,
}

impl PartyBody {
    fn of(party: &Party) -> Self {
        Self { kind: party.kind.clone(), token: party.token.clone() }
    }

    fn domain(self) -> Party {
        Party { kind: self.kind, token: self.token }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
enum CommandBody {
    Hold { payer: PartyBody, payee: PartyBody, amount: Amount, expires_ms: i64 },
    Raise { reference: String, amount: Amount },
    Extend { reference: String, amount: Amount, until_ms: i64 },
    Capture { reference: String, amount: Amount, is_final: bool },
    Release { reference: String, amount: Amount },
    Refund { reference: String, amount: Amount },
    Inquire { of: Uuid128, about: String, reference: Option<String> },
}

impl CommandBody {
    fn of(command: &RailCommand) -> Self {
        match command {
            RailCommand::Hold { payer, payee, amount, expires } => Self::Hold {
                payer: PartyBody::of(payer),
                payee: PartyBody::of(payee),
                amount: Amount::of(*amount),
                expires_ms: expires.millis(),
            },
            RailCommand::Raise { reference, amount } => {
                Self::Raise { reference: reference.clone(), amount: Amount::of(*amount) }
            }
            RailCommand::Extend { reference, amount, until } => {
                Self::Extend { reference: reference.clone(), amount: Amount::of(*amount), until_ms: until.millis() }
            }
            RailCommand::Capture { reference, amount, is_final } => {
                Self::Capture { reference: reference.clone(), amount: Amount::of(*amount), is_final: *is_final }
            }
            RailCommand::Release { reference, amount } => {
                Self::Release { reference: reference.clone(), amount: Amount::of(*amount) }
            }
            RailCommand::Refund { reference, amount } => {
                Self::Refund { reference: reference.clone(), amount: Amount::of(*amount) }
            }
            RailCommand::Inquire { of, about, reference } => Self::Inquire {
                of: Uuid128(of.uuid().into_bytes().to_vec()),
                about: (*about).to_owned(),
                reference: reference.clone(),
            },
        }
    }

    fn domain(self) -> Result<RailCommand, Damaged> {
        Ok(match self {
            Self::Hold { payer, payee, amount, expires_ms } => RailCommand::Hold {
                payer: payer.domain(),
                payee: payee.domain(),
                amount: amount.domain()?,
                expires: Timestamp::from_millis(expires_ms),
            },
            Self::Raise { reference, amount } => RailCommand::Raise { reference, amount: amount.domain()? },
            Self::Extend { reference, amount, until_ms } => {
                let until = Timestamp::from_millis(until_ms);
                RailCommand::Extend { reference, amount: amount.domain()?, until }
            }
            Self::Capture { reference, amount, is_final } => {
                RailCommand::Capture { reference, amount: amount.domain()?, is_final }
            }
            Self::Release { reference, amount } => RailCommand::Release { reference, amount: amount.domain()? },
            Self::Refund { reference, amount } => RailCommand::Refund { reference, amount: amount.domain()? },
            Self::Inquire { of, about, reference } => {
                const KINDS: [&str; 6] = ["hold", "raise", "extend", "capture", "release", "refund"];
                let about = KINDS.into_iter().find(|kind| *kind == about);
                RailCommand::Inquire {
                    of: OperationId::from_uuid(of.uuid()?),
                    about: word(TABLE, "about", about)?,
                    reference,
                }
            }
        })
    }
}

/// An id as hexadecimal text.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Uuid128(#[serde(with = "hex::bytes")] Vec<u8>);

impl Uuid128 {
    fn uuid(&self) -> Result<Uuid, Damaged> {
        Uuid::from_slice(&self.0).map_err(|_| Damaged::new(TABLE, "id"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
pub(super) enum StageBody {
    Outgoing { call: CallBody, attempts: u32 },
    Sending { call: CallBody, attempts: u32 },
    Arrived { event: EventBody, failures: u32 },
    Waiting,
    Unknown,
    Stuck,
    Finished,
}

impl StageBody {
    pub(super) fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Outgoing { call, attempts } => Self::Outgoing { call: CallBody::of(call), attempts: *attempts },
            Stage::Sending { call, attempts } => Self::Sending { call: CallBody::of(call), attempts: *attempts },
            Stage::Arrived { event, failures } => Self::Arrived { event: EventBody::of(event), failures: *failures },
            Stage::Waiting => Self::Waiting,
            Stage::Unknown => Self::Unknown,
            Stage::Stuck => Self::Stuck,
            Stage::Finished => Self::Finished,
        }
    }

    pub(super) fn domain(self) -> Stage {
        match self {
            Self::Outgoing { call, attempts } => Stage::Outgoing { call: call.domain(), attempts },
            Self::Sending { call, attempts } => Stage::Sending { call: call.domain(), attempts },
            Self::Arrived { event, failures } => Stage::Arrived { event: event.domain(), failures },
            Self::Waiting => Stage::Waiting,
            Self::Unknown => Stage::Unknown,
            Self::Stuck => Stage::Stuck,
            Self::Finished => Stage::Finished,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CallBody {
    endpoint: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    #[serde(with = "hex::bytes")]
    body: Vec<u8>,
    effect: EffectBody,
    timeout_ms: u32,
    stale_after_ms: Option<i64>,
}

impl CallBody {
    pub(crate) fn of(call: &HttpCall) -> Self {
        Self {
            endpoint: call.endpoint.clone(),
            method: call.method.clone(),
            path: call.path.clone(),
            headers: call.headers.clone(),
            body: call.body.clone(),
            effect: match &call.effect {
                Effect::Read => EffectBody::Read,
                Effect::Idempotent { key } => EffectBody::Idempotent { key: key.clone() },
                Effect::Once => EffectBody::Once,
            },
            timeout_ms: call.timeout_ms,
            stale_after_ms: call.stale_after.map(Timestamp::millis),
        }
    }

    pub(crate) fn domain(self) -> HttpCall {
        HttpCall {
            endpoint: self.endpoint,
            method: self.method,
            path: self.path,
            headers: self.headers,
            body: self.body,
            effect: match self.effect {
                EffectBody::Read => Effect::Read,
                EffectBody::Idempotent { key } => Effect::Idempotent { key },
                EffectBody::Once => Effect::Once,
            },
            timeout_ms: self.timeout_ms,
            stale_after: self.stale_after_ms.map(Timestamp::from_millis),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "class")]
pub(super) enum EffectBody {
    Read,
    Idempotent { key: String },
    Once,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub(crate) enum EventBody {
    Reply {
        status: u16,
        headers: Vec<(String, String)>,
        #[serde(with = "hex::bytes")]
        body: Vec<u8>,
    },
    Silence {
        maybe_delivered: bool,
        reason: String,
    },
    Timer,
    Notice {
        route: String,
        headers: Vec<(String, String)>,
        #[serde(with = "hex::bytes")]
        body: Vec<u8>,
    },
}

impl EventBody {
    pub(crate) fn of(event: &RailEvent) -> Self {
        match event {
            RailEvent::Reply(reply) => {
                Self::Reply { status: reply.status, headers: reply.headers.clone(), body: reply.body.clone() }
            }
            RailEvent::Silence { maybe_delivered, reason } => {
                Self::Silence { maybe_delivered: *maybe_delivered, reason: reason.clone() }
            }
            RailEvent::Timer => Self::Timer,
            RailEvent::Notice(request) => Self::Notice {
                route: request.route.clone(),
                headers: request.headers.clone(),
                body: request.body.clone(),
            },
        }
    }

    pub(crate) fn domain(self) -> RailEvent {
        match self {
            Self::Reply { status, headers, body } => RailEvent::Reply(HttpReply { status, headers, body }),
            Self::Silence { maybe_delivered, reason } => RailEvent::Silence { maybe_delivered, reason },
            Self::Timer => RailEvent::Timer,
            Self::Notice { route, headers, body } => RailEvent::Notice(Inbound { route, headers, body }),
        }
    }
}
