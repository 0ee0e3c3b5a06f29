//! What people ask about their own data, and everything that is held about one of them. No body here is ever logged.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tebura_hub::payment::Decision;
use tebura_hub::rights::{Held, Retention, RightsKind, RightsRequest, RightsState, Swept};
use utoipa::ToSchema;

use super::consents::ConsentBody;
use super::people::{InstrumentBody, PersonBody};
use super::proofings::{ClaimBody, ProofingBody};
use super::time::rfc3339;
use crate::problem::Problem;

/// A request to record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAboutDataBody {
    /// `access`, `correction`, `stop` or `deletion`.
    #[schema(example = "correction")]
    pub kind: String,
    /// What the person adds; encrypted with her key.
    pub note: Option<String>,
}

impl AskAboutDataBody {
    /// The kind.
    pub(crate) fn kind(&self) -> Result<RightsKind, Problem> {
        RightsKind::ALL.into_iter().find(|kind| kind.name() == self.kind).ok_or_else(|| {
            Problem::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "rights.kind_invalid",
                "The kind is `access`, `correction`, `stop` or `deletion`.",
            )
        })
    }
}

/// How a request ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerAboutDataBody {
    /// Why it was not granted, for the person; left out: it was done.
    pub refused_because: Option<String>,
}

/// A request of a person about her own data.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RightsRequestBody {
    /// `rgt_…`
    pub id: String,
    /// Who asks.
    pub person: String,
    /// `access`, `correction`, `stop` or `deletion`.
    pub kind: String,
    /// What the person adds; gone with her key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `open`, `done` or `refused`.
    pub state: String,
    /// Why it was not granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_because: Option<String>,
    /// When it came.
    pub created_at: String,
    /// It has to be answered before.
    pub due_at: String,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

impl From<&RightsRequest> for RightsRequestBody {
    fn from(row: &RightsRequest) -> RightsRequestBody {
        let (ended_at, refused_because) = match &row.state {
            RightsState::Open => (None, None),
            RightsState::Done { at } => (Some(rfc3339(*at)), None),
            RightsState::Refused { at, reason } => (Some(rfc3339(*at)), Some(reason.clone())),
        };
        RightsRequestBody {
            id: row.id.to_string(),
            person: row.person.to_string(),
            kind: row.kind.name().to_owned(),
            note: row.note.clone(),
            state: row.state.name().to_owned(),
            refused_because,
            created_at: rfc3339(row.created_at),
            due_at: rfc3339(row.due_at),
            ended_at,
        }
    }
}

/// Requests.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RightsRequestListBody {
    /// The earliest deadline first.
    pub items: Vec<RightsRequestBody>,
}

/// How long something is kept, and how much of it was deleted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionRuleBody {
    /// `face_template`, `capture_session` or `enrolment_ticket`.
    pub item: String,
    /// Milliseconds after enrolment, or after the end of a session or ticket; `null`: there is no rule, it is kept.
    pub kept_ms: Option<i64>,
    /// Rows that this process deleted since it started.
    pub deleted: u64,
}

/// The rules of retention, and what came of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionBody {
    /// The rules.
    pub rules: Vec<RetentionRuleBody>,
    /// Days in which people are answered.
    pub answer_days: u32,
    /// When this process looked last.
    pub swept_at: Option<String>,
}

impl RetentionBody {
    /// From rules and counts.
    pub(crate) fn of(retention: &Retention, swept: &Swept) -> RetentionBody {
        let rule = |kept: tebura_hub::privacy::Kept| RetentionRuleBody {
            item: kept.name().to_owned(),
            kept_ms: retention.kept_ms.get(&kept).copied(),
            deleted: swept.deleted.get(&kept).copied().unwrap_or_default(),
        };
        RetentionBody {
            rules: tebura_hub::privacy::Kept::ALL.into_iter().map(rule).collect(),
            answer_days: retention.answer_days,
            swept_at: swept.at.map(rfc3339),
        }
    }
}

/// Everything that is held about a person. Templates are told of, never given out: whoever had one could try to look
/// like her.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ExportBody {
    /// When it was read.
    pub exported_at: String,
    /// The person.
    pub person: PersonBody,
    /// Means to pay, with what is in the hub's own books.
    #[schema(value_type = Vec<Object>)]
    pub instruments: Vec<Value>,
    /// That a face is enrolled, since when, and by which pack.
    #[schema(value_type = Vec<Object>)]
    pub face_templates: Vec<Value>,
    /// Where the person may be looked for.
    #[schema(value_type = Vec<Object>)]
    pub galleries: Vec<Value>,
    /// Attempts to prove something.
    pub proofings: Vec<ProofingBody>,
    /// What was proven and still counts.
    pub claims: Vec<ClaimBody>,
    /// Everything that was said about purposes.
    pub consents: Vec<ConsentBody>,
    /// Payments that the person was recognised for, newest first.
    #[schema(value_type = Vec<Object>)]
    pub payments: Vec<Value>,
    /// Requests to services, newest first.
    #[schema(value_type = Vec<Object>)]
    pub service_requests: Vec<Value>,
    /// Requests about this data.
    pub requests: Vec<RightsRequestBody>,
}

impl ExportBody {
    /// From what the hub holds.
    pub(crate) fn of(held: &Held, now: tebura_ledger::Timestamp) -> ExportBody {
        let instruments = held.instruments.iter().map(|(row, account)| {
            let balance = account.as_ref().map(|account| {
                json!({"posted_minor": account.posted().minor(), "held_minor": account.held().minor(),
                    "currency": account.currency().code()})
            });
            json!({"instrument": InstrumentBody::from(row), "token": row.token, "balance": balance})
        });
        let templates = held
            .templates
            .iter()
            .map(|row| json!({"id": row.id.to_string(), "pack": row.pack, "enrolled_at": rfc3339(row.created_at)}));
        let galleries = held
            .galleries
            .iter()
            .map(|(id, gallery)| json!({"id": id.to_string(), "name": gallery.as_ref().map(|gallery| &gallery.name)}));
        let payments = held.payments.iter().map(|row| {
            let (hold, instrument) = match &row.decision {
                Decision::Recognised(payer) => (Some(payer.hold.to_string()), Some(payer.instrument.to_string())),
                Decision::Refused { .. } => (None, None),
            };
            json!({"id": row.id.to_string(), "merchant": row.merchant.to_string(), "till": row.till.to_string(),
                "amount_minor": row.amount.minor(), "currency": row.amount.currency().code(), "hold": hold,
                "instrument": instrument, "at": rfc3339(row.created_at)})
        });
        let requests = held.service_requests.iter().map(|row| {
            json!({"id": row.id.to_string(), "service": row.service, "action": row.asked.action,
                "input": row.asked.input, "recognised_by": row.asked.recognised_by, "output": row.progress.output,
                "at": rfc3339(row.asked.at)})
        });
        ExportBody {
            exported_at: rfc3339(now),
            person: PersonBody::from(&held.person),
            instruments: instruments.collect(),
            face_templates: templates.collect(),
            galleries: galleries.collect(),
            proofings: held.proofings.iter().map(ProofingBody::from).collect(),
            claims: held.claims.iter().map(ClaimBody::from).collect(),
            consents: held.consents.iter().map(ConsentBody::from).collect(),
            payments: payments.collect(),
            service_requests: requests.collect(),
            requests: held.requests.iter().map(RightsRequestBody::from).collect(),
        }
    }
}
