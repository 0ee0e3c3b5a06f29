//! What a unit writes for webhooks.

use tebura_ledger::{Shard, Timestamp};

use super::{SigningKeys, WebhookDelivery, WebhookEndpoint, WebhookProgress};
use crate::ids::WebhookEndpointId;

/// A row of a unit; see [`crate::ports::Write`].
#[derive(Clone, Debug)]
pub enum WebhookWrite {
    /// A new endpoint, or a changed one; its secrets are stored sealed. Its signing keys are not in this row.
    Endpoint(WebhookEndpoint),
    /// The signing keys of an endpoint, stored sealed.
    Signing {
        endpoint: WebhookEndpointId,
        keys: SigningKeys,
    },
    /// An endpoint with everything that belongs to it but its signing keys.
    Removed(WebhookEndpointId),
    SigningRemoved(WebhookEndpointId),
    /// `expected` is the revision that was read (0: a new row).
    Progress {
        progress: WebhookProgress,
        expected: u32,
    },
    /// A waiting or given-up event, put or replaced. Dropped when its endpoint is gone.
    Waits(WebhookDelivery),
    /// An event that waited and was taken; if it began to wait anew meanwhile, because it was replayed, it goes on.
    Taken {
        endpoint: WebhookEndpointId,
        shard: Shard,
        seq: u64,
        since: Timestamp,
    },
}
