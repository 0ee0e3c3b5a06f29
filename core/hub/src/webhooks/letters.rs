//! Events that were given up, and events that are wanted again.

use tebura_ledger::{Shard, Timestamp};

use super::endpoints::unit;
use super::{MAX_WAITING, WebhookDelivery, WebhookEndpoint, WebhookError, WebhookWrite};
use crate::hub::Hub;
use crate::ids::WebhookEndpointId;
use crate::perform::KeyRequest;
use crate::ports::{Caller, Committed, StoredEvent, Unit};
use crate::set_up::Made;

impl Hub {
    /// What an endpoint did not take for a day, in the log's order.
    pub async fn dead_letters(
        &self,
        caller: &Caller,
        id: WebhookEndpointId,
    ) -> Result<Vec<(WebhookDelivery, StoredEvent)>, WebhookError> {
        self.webhook(caller, id).await?;
        let mut letters = Vec::new();
        for row in self.store.webhook_deliveries(id, true, MAX_WAITING).await? {
            if let Some(event) = self.store.event(row.shard, row.seq).await? {
                letters.push((row, event));
            }
        }
        Ok(letters)
    }

    /// Sends events again, as if they had just happened: the given ones, or all that were given up. Returns how many.
    pub async fn replay_webhook(
        &self,
        caller: &Caller,
        key: KeyRequest,
        id: WebhookEndpointId,
        events: &[(Shard, u64)],
    ) -> Result<Made<usize>, WebhookError> {
        let endpoint = self.webhook(caller, id).await?;
        let now = self.now();
        let mut rows = Vec::new();
        if events.is_empty() {
            let dead = self.store.webhook_deliveries(id, true, MAX_WAITING).await?;
            rows.extend(dead.into_iter().map(|row| again(row, now)));
        }
        for (shard, seq) in events {
            let event = self.store.event(*shard, *seq).await?;
            let name = || format!("{}-{seq}", shard.number());
            let event = event.ok_or_else(|| WebhookError::EventNotFound(name()))?;
            if !self.is_of(&endpoint, &event).await? {
                return Err(WebhookError::EventNotFound(name()));
            }
            rows.push(WebhookDelivery {
                endpoint: id,
                shard: *shard,
                seq: *seq,
                hold: event.event.hold,
                attempts: 0,
                since: now,
                due_at: now,
                dead_at: None,
                last: None,
            });
        }
        let count = rows.len();
        let unit = Unit { key: Some(key.claim(id)), ..unit(rows.into_iter().map(WebhookWrite::Waits)) };
        match self.store.commit(id.shard(), now, unit).await? {
            Committed::Done(_) => Ok(Made { row: count, replayed: false }),
            Committed::Replayed { .. } => Ok(Made { row: 0, replayed: true }),
        }
    }

    /// A merchant gets only its own events, whichever it names.
    async fn is_of(&self, endpoint: &WebhookEndpoint, event: &StoredEvent) -> Result<bool, WebhookError> {
        let Some(payee) = event.event.payee else { return Ok(false) };
        Ok(self.store.merchant_of_account(payee).await? == Some(endpoint.merchant))
    }
}

fn again(row: WebhookDelivery, now: Timestamp) -> WebhookDelivery {
    WebhookDelivery { attempts: 0, since: now, due_at: now, dead_at: None, ..row }
}
