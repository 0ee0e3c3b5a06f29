//! Webhooks' rows in memory.

use std::collections::{BTreeMap, BTreeSet};

use tebura_ledger::{Shard, Timestamp};

use super::{SigningKeys, WebhookDelivery, WebhookEndpoint, WebhookProgress, WebhookWrite};
use crate::ids::{MerchantId, WebhookEndpointId};

/// One map a table.
#[derive(Default)]
pub(crate) struct WebhookTables {
    endpoints: BTreeMap<WebhookEndpointId, WebhookEndpoint>,
    signing: BTreeMap<WebhookEndpointId, SigningKeys>,
    progress: BTreeMap<WebhookEndpointId, WebhookProgress>,
    deliveries: BTreeMap<(WebhookEndpointId, Shard, u64), WebhookDelivery>,
}

impl WebhookTables {
    /// Whether a write meets the row that its writer read.
    pub(crate) fn is_stale(&self, write: &WebhookWrite) -> bool {
        match write {
            WebhookWrite::Progress { progress, expected } => {
                self.progress.get(&progress.endpoint).map_or(0, |stored| stored.revision) != *expected
            }
            WebhookWrite::Endpoint(_)
            | WebhookWrite::Signing { .. }
            | WebhookWrite::Removed(_)
            | WebhookWrite::SigningRemoved(_)
            | WebhookWrite::Waits(_)
            | WebhookWrite::Taken { .. } => false,
        }
    }

    pub(crate) fn write(&mut self, write: WebhookWrite) {
        match write {
            WebhookWrite::Endpoint(endpoint) => {
                self.endpoints.insert(endpoint.id, WebhookEndpoint { signing: None, ..endpoint });
            }
            WebhookWrite::Signing { endpoint, keys } => {
                self.signing.insert(endpoint, keys);
            }
            WebhookWrite::Removed(id) => {
                self.endpoints.remove(&id);
                self.progress.remove(&id);
                self.deliveries.retain(|(of, ..), _| *of != id);
            }
            WebhookWrite::SigningRemoved(id) => {
                self.signing.remove(&id);
            }
            WebhookWrite::Progress { mut progress, expected } => {
                progress.revision = expected + 1;
                self.progress.insert(progress.endpoint, progress);
            }
            WebhookWrite::Waits(row) => {
                if self.endpoints.contains_key(&row.endpoint) {
                    self.deliveries.insert((row.endpoint, row.shard, row.seq), row);
                }
            }
            WebhookWrite::Taken { endpoint, shard, seq, since } => {
                let key = (endpoint, shard, seq);
                if self.deliveries.get(&key).is_some_and(|row| row.since == since) {
                    self.deliveries.remove(&key);
                }
            }
        }
    }

    pub(crate) fn endpoint(&self, id: WebhookEndpointId) -> Option<WebhookEndpoint> {
        self.endpoints.get(&id).map(|endpoint| self.with_signing(endpoint))
    }

    pub(crate) fn endpoints(&self, merchant: Option<MerchantId>) -> Vec<WebhookEndpoint> {
        let of = |endpoint: &&WebhookEndpoint| merchant.is_none_or(|merchant| merchant == endpoint.merchant);
        self.endpoints.values().filter(of).map(|endpoint| self.with_signing(endpoint)).collect()
    }

    fn with_signing(&self, endpoint: &WebhookEndpoint) -> WebhookEndpoint {
        WebhookEndpoint { signing: self.signing.get(&endpoint.id).cloned(), ..endpoint.clone() }
    }

    pub(crate) fn progress(&self, id: WebhookEndpointId) -> Option<WebhookProgress> {
        self.progress.get(&id).cloned()
    }

    pub(crate) fn deliveries(&self, id: WebhookEndpointId, dead: bool, limit: u16) -> Vec<WebhookDelivery> {
        let of = |row: &&WebhookDelivery| row.endpoint == id && row.dead_at.is_some() == dead;
        self.deliveries.values().filter(of).take(usize::from(limit)).cloned().collect()
    }
    pub(crate) fn due(&self, now: Timestamp) -> Vec<WebhookEndpointId> {
        let due = self.deliveries.values().filter(|row| row.dead_at.is_none() && row.due_at <= now);
        due.map(|row| row.endpoint).collect::<BTreeSet<_>>().into_iter().collect()
    }
}
