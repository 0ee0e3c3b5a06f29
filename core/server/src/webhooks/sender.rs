//! One attempt: the event as JSON, signed with every secret that counts now, posted by the egress.

use std::sync::Arc;

use async_trait::async_trait;
use tebura_egress::{Reach, SystemLookup, WebhookClient, WebhookClientError};
use tebura_hub::ports::StoredEvent;
use tebura_hub::webhooks::{Attempt, WebhookEndpoint, WebhookSender};
use tebura_ledger::Timestamp;

use super::sign::{asymmetric_signature, signature};
use crate::start::rails::RailsError;
use crate::wire::webhooks::WebhookBody;

/// What posts to public addresses, and where the operator allows it besides.
///
/// # Errors
/// When no HTTP client can be made.
pub fn client(besides: Vec<Reach>) -> Result<Arc<WebhookClient>, RailsError> {
    let client = WebhookClient::new(besides, Arc::new(SystemLookup));
    let setting =
        |error: WebhookClientError| RailsError::Setting { what: "webhooks".to_owned(), reason: error.to_string() };
    client.map(Arc::new).map_err(setting)
}

/// Signs and posts.
pub struct SignedPost {
    client: Arc<WebhookClient>,
}

impl SignedPost {
    /// Over a client, which decides where it may go.
    pub fn new(client: Arc<WebhookClient>) -> SignedPost {
        SignedPost { client }
    }
}

#[async_trait]
impl WebhookSender for SignedPost {
    async fn send(&self, endpoint: &WebhookEndpoint, event: &StoredEvent, now: Timestamp) -> Attempt {
        let body = WebhookBody::from(event);
        let bytes = match serde_json::to_vec(&body) {
            Ok(bytes) => bytes,
            Err(error) => return Attempt::NotTaken { reason: format!("the event has no JSON: {error}") },
        };
        let seconds = now.millis().div_euclid(1_000);
        let id = &body.data.id;
        let symmetric = endpoint.secrets(now).map(|secret| signature(secret, id, seconds, &bytes));
        let seeds = endpoint.signing.iter().flat_map(|keys| keys.seeds(now));
        let signatures = symmetric.chain(seeds.map(|seed| asymmetric_signature(seed, id, seconds, &bytes)));
        let headers = [
            ("webhook-id", body.data.id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.collect::<Vec<_>>().join(" ")),
        ];
        let attempt = match self.client.post(&endpoint.url, &headers, bytes).await {
            Ok(200..=299) => Attempt::Taken,
            Ok(status @ 300..=399) => {
                Attempt::NotTaken { reason: format!("it answered {status}, a redirect, which is not followed") }
            }
            Ok(status) => Attempt::NotTaken { reason: format!("it answered {status}") },
            Err(reason) => Attempt::NotTaken { reason },
        };
        if let Attempt::NotTaken { reason } = &attempt {
            tracing::info!(endpoint = %endpoint.id, event = body.data.id, reason, "an event was not taken");
        }
        attempt
    }
}
