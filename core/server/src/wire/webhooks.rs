//! Webhook endpoints, and what is sent to them.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::ports::StoredEvent;
use tebura_hub::webhooks::{WebhookDelivery, WebhookEndpoint};
use tebura_ledger::{EventKind, Shard, Timestamp};
use utoipa::ToSchema;

use super::holds::EventBody;
use super::time::rfc3339;
use crate::problem::Problem;
use crate::webhooks::public_text;

/// What an endpoint receives, signed: the same bytes at every attempt.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WebhookBody {
    /// What happened, such as `capture.settled`.
    #[schema(example = "capture.settled")]
    pub r#type: String,
    /// When the hub decided it.
    pub timestamp: String,
    /// The event, as `GET /v1/events` has it.
    pub data: EventBody,
}

impl From<&StoredEvent> for WebhookBody {
    fn from(event: &StoredEvent) -> WebhookBody {
        let data = EventBody::from(event);
        WebhookBody { r#type: data.r#type.clone(), timestamp: data.at.clone(), data }
    }
}

/// An address to send events to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookEndpointBody {
    /// `https`, a public host, no user and no password.
    #[schema(example = "https://shop.example.jp/tebura-events")]
    pub url: String,
    /// Types to send, such as `capture.settled`; all when it is left out or empty.
    #[serde(default)]
    #[schema(example = json!(["hold.held", "capture.settled"]))]
    pub events: Vec<String>,
    /// Sign with a key of the hub's as well (`v1a`): the receiver can check such a signature, and cannot have made it.
    #[serde(default)]
    pub asymmetric: bool,
    /// Whose events; only the operator's key names it, a merchant's key means its own.
    pub merchant: Option<String>,
}

impl CreateWebhookEndpointBody {
    /// The kinds, once each.
    ///
    /// # Errors
    /// 422 for a word that is no event's.
    pub fn kinds(&self) -> Result<Vec<EventKind>, Problem> {
        let mut kinds = Vec::new();
        for word in &self.events {
            let kind = EventKind::from_name(word).ok_or_else(|| {
                let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
                let known = known.join(", ");
                let detail = format!("There are no events of this type. Choose among: {known}.");
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "webhook.event_unknown", detail)
            })?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        Ok(kinds)
    }
}

/// An endpoint. The secret is shown once.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct WebhookEndpointBody {
    /// `whe_…`
    pub id: String,
    /// Whose events.
    pub merchant: String,
    /// Where they go.
    pub url: String,
    /// Which types; empty: all.
    pub events: Vec<String>,
    /// `whsec_…`: keep it now, it is not shown again. Left out on a repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// `whpk_…`: what `v1a` signatures are checked with, the newest first; only when the endpoint asked for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_keys: Vec<String>,
    /// Until when the secret before signs as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_secret_until: Option<String>,
    /// When an event was taken last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// When an event was not taken last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<String>,
    /// What the endpoint did then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it was registered: earlier events are not sent.
    pub created_at: String,
}

impl WebhookEndpointBody {
    /// From the row, with the secret when it was made just now.
    pub fn new(endpoint: &WebhookEndpoint, secret: Option<String>, now: Timestamp) -> WebhookEndpointBody {
        let seeds = endpoint.signing.iter().flat_map(|keys| keys.seeds(now));
        let public_keys = seeds.map(public_text).collect();
        WebhookEndpointBody {
            id: endpoint.id.to_string(),
            merchant: endpoint.merchant.to_string(),
            url: endpoint.url.clone(),
            events: endpoint.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            secret,
            public_keys,
            previous_secret_until: endpoint.previous.as_ref().map(|(_, until)| rfc3339(*until)),
            taken_at: None,
            failed_at: None,
            failure: None,
            created_at: rfc3339(endpoint.created_at),
        }
    }
}

/// A merchant's endpoints.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct WebhookEndpointListBody {
    /// Oldest first.
    pub items: Vec<WebhookEndpointBody>,
}

/// How long the old secret goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecretBody {
    /// Seconds for which both secrets sign; 86,400 when it is left out, at most 604,800. 0 when the old one leaked.
    #[schema(minimum = 0, maximum = 604_800, example = 86_400)]
    pub overlap_seconds: Option<u32>,
}

/// Events that were given up after a day.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeadLetterListBody {
    /// In the log's order, at most 200.
    pub items: Vec<DeadLetterBody>,
}

/// An event that an endpoint did not take for a day.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeadLetterBody {
    /// The event.
    pub event: EventBody,
    /// How often it was tried.
    pub attempts: u32,
    /// What the last attempt met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_up_at: Option<String>,
}

impl DeadLetterBody {
    /// From the row and its event.
    pub fn new(row: &WebhookDelivery, event: &StoredEvent) -> DeadLetterBody {
        DeadLetterBody {
            event: EventBody::from(event),
            attempts: row.attempts,
            failure: row.last.clone(),
            given_up_at: row.dead_at.map(rfc3339),
        }
    }
}

/// Events to send again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    /// Ids as `GET /v1/events` shows them, at most 200; every dead letter when it is left out or empty.
    #[serde(default)]
    #[schema(example = json!(["7-42"]))]
    pub events: Vec<String>,
}

impl ReplayBody {
    /// The events' places in the log.
    ///
    /// # Errors
    /// 422 for a word that is no event's id, or too many.
    pub fn places(&self) -> Result<Vec<(Shard, u64)>, Problem> {
        let place = |text: &String| {
            let (shard, seq) = text.split_once('-')?;
            Some((Shard::new(shard.parse().ok()?), seq.parse().ok()?))
        };
        let places: Option<Vec<(Shard, u64)>> = self.events.iter().map(place).collect();
        places.filter(|places| places.len() <= 200).ok_or_else(|| {
            let detail = "Give at most 200 event ids as `GET /v1/events` shows them, such as \"7-42\".";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "webhook.event_malformed", detail)
        })
    }
}

/// How many events are sent again.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReplayedBody {
    /// 0 on a repeat.
    pub events: usize,
}
