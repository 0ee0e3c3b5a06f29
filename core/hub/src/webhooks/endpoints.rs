//! Registers endpoints, changes their secrets and removes them.

use tebura_ledger::{EventKind, Timestamp};

use super::{SigningKeys, WebhookEndpoint, WebhookProgress, WebhookSecret, WebhookWrite};
use crate::hub::Hub;
use crate::ids::{MerchantId, WebhookEndpointId};
use crate::perform::KeyRequest;
use crate::ports::{Caller, CommitError, Committed, ReadError, Unit, Write};
use crate::set_up::Made;

/// Endpoints that one merchant may have.
pub const MAX_ENDPOINTS: usize = 20;
/// Longest time that a replaced secret goes on signing: a week.
pub const MAX_OVERLAP_MS: i64 = 7 * 86_400_000;
/// Longest address, in bytes.
const MAX_URL: usize = 2_000;

/// An endpoint to register.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    pub merchant: MerchantId,
    /// Already admitted by whoever will send.
    pub url: String,
    /// Empty: everything.
    pub kinds: Vec<EventKind>,
    /// Signatures that the receiver can check and not make, besides the others.
    pub asymmetric: bool,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("there is no webhook endpoint {0}; GET /v1/webhook-endpoints lists yours")]
    NotFound(WebhookEndpointId),
    #[error("there is no merchant {0}; create it first")]
    MerchantNotFound(MerchantId),
    #[error("the address of an endpoint has at most {MAX_URL} characters; shorten it")]
    UrlTooLong,
    #[error("a merchant has at most {MAX_ENDPOINTS} webhook endpoints; delete one that is no longer used")]
    TooMany,
    #[error("an old secret signs for at most {} hours more; ask for less", MAX_OVERLAP_MS / 3_600_000)]
    OverlapTooLong,
    #[error("there is no event {0} of this merchant; GET /v1/events lists what there is")]
    EventNotFound(String),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Sends what happens from now on to one more address. A repeat answers the same endpoint.
    pub async fn register_webhook(
        &self,
        key: KeyRequest,
        new: NewEndpoint,
    ) -> Result<Made<WebhookEndpoint>, WebhookError> {
        let NewEndpoint { merchant, url, kinds, asymmetric } = new;
        if url.len() > MAX_URL {
            return Err(WebhookError::UrlTooLong);
        }
        self.store.merchant(merchant).await?.ok_or(WebhookError::MerchantNotFound(merchant))?;
        let shard = self.key_shard(&key);
        if let Some(made) = self.made_before::<WebhookError>(&key).await? {
            return self.registered_before(&made).await;
        }
        if self.store.webhook_endpoints(Some(merchant)).await?.len() >= MAX_ENDPOINTS {
            return Err(WebhookError::TooMany);
        }
        let id = WebhookEndpointId::from_uuid(self.ids.next(shard));
        let secret = WebhookSecret::new(self.ids.secret());
        let signing = asymmetric.then(|| SigningKeys { key: WebhookSecret::new(self.ids.secret()), previous: None });
        let created_at = self.now();
        let endpoint = WebhookEndpoint { id, merchant, url, kinds, secret, previous: None, signing, created_at };
        let progress = WebhookProgress {
            endpoint: id,
            positions: self.store.event_heads().await?.into_iter().collect(),
            leased_until: created_at,
            taken_at: None,
            failed: None,
            revision: 0,
        };
        let progress = WebhookWrite::Progress { progress, expected: 0 };
        let unit = Unit { key: Some(key.claim(id)), ..unit(rows_of(&endpoint).chain([progress])) };
        match self.store.commit(shard, created_at, unit).await? {
            Committed::Done(_) => Ok(Made { row: endpoint, replayed: false }),
            Committed::Replayed { target } => self.registered_before(&target).await,
        }
    }

    async fn registered_before(&self, target: &str) -> Result<Made<WebhookEndpoint>, WebhookError> {
        let id = target.parse().map_err(|_| CommitError::KeyReused)?;
        let row = self.store.webhook_endpoint(id).await?.ok_or(WebhookError::NotFound(id))?;
        Ok(Made { row, replayed: true })
    }

    /// An endpoint that the caller may see.
    pub async fn webhook(&self, caller: &Caller, id: WebhookEndpointId) -> Result<WebhookEndpoint, WebhookError> {
        let endpoint = self.store.webhook_endpoint(id).await?.ok_or(WebhookError::NotFound(id))?;
        match caller {
            Caller::Merchant(merchant) if *merchant != endpoint.merchant => Err(WebhookError::NotFound(id)),
            Caller::Merchant(_) | Caller::Operator => Ok(endpoint),
        }
    }

    /// A new secret at once, and a new signing key where there is one; the old ones sign as well for `overlap_ms`, so that a
    /// receiver can change over.
    pub async fn rotate_webhook_secret(
        &self,
        caller: &Caller,
        key: KeyRequest,
        id: WebhookEndpointId,
        overlap_ms: i64,
    ) -> Result<Made<WebhookEndpoint>, WebhookError> {
        if !(0..=MAX_OVERLAP_MS).contains(&overlap_ms) {
            return Err(WebhookError::OverlapTooLong);
        }
        let endpoint = self.webhook(caller, id).await?;
        let now = self.now();
        let secret = WebhookSecret::new(self.ids.secret());
        let until = now.plus_ms(overlap_ms);
        let previous = Some((endpoint.secret.clone(), until));
        let signing = endpoint.signing.as_ref().map(|keys| SigningKeys {
            key: WebhookSecret::new(self.ids.secret()),
            previous: Some((keys.key.clone(), until)),
        });
        let rotated = WebhookEndpoint { secret, previous, signing, ..endpoint.clone() };
        let unit = Unit { key: Some(key.claim(id)), ..unit(rows_of(&rotated)) };
        match self.store.commit(id.shard(), now, unit).await? {
            Committed::Done(_) => Ok(Made { row: rotated, replayed: false }),
            Committed::Replayed { .. } => Ok(Made { row: endpoint, replayed: true }),
        }
    }

    /// Ends an endpoint; what waited for it waits no more. The events stay in the log.
    pub async fn remove_webhook(&self, caller: &Caller, id: WebhookEndpointId) -> Result<(), WebhookError> {
        let endpoint = self.webhook(caller, id).await?;
        let signing = endpoint.signing.map(|_| WebhookWrite::SigningRemoved(id));
        let writes = std::iter::once(WebhookWrite::Removed(id)).chain(signing);
        self.store.commit(id.shard(), self.now(), unit(writes)).await?;
        Ok(())
    }
}

/// The endpoint's row, and the row of its signing keys.
fn rows_of(endpoint: &WebhookEndpoint) -> impl Iterator<Item = WebhookWrite> {
    let signing = endpoint.signing.clone().map(|keys| WebhookWrite::Signing { endpoint: endpoint.id, keys });
    std::iter::once(WebhookWrite::Endpoint(endpoint.clone())).chain(signing)
}

pub(super) fn unit(writes: impl IntoIterator<Item = WebhookWrite>) -> Unit {
    Unit { writes: writes.into_iter().map(Write::Webhook).collect(), ..Unit::default() }
}

/// Milliseconds to wait before the next attempt: five seconds, three times as long after each, at most three hours; and
/// a fifth more or less, so that what failed together does not come back together.
pub(super) fn backoff_ms(attempts: u32, random: u8) -> i64 {
    let base = 5_000_i64.saturating_mul(3_i64.saturating_pow(attempts.saturating_sub(1))).min(3 * 3_600_000);
    base * 4 / 5 + base * 2 / 5 * i64::from(random) / 255
}

/// Later by a backoff.
pub(super) fn later(now: Timestamp, attempts: u32, random: u8) -> Timestamp {
    now.plus_ms(backoff_ms(attempts, random))
}

#[cfg(test)]
mod tests {
    use super::backoff_ms;

    #[test]
    fn the_wait_grows_and_has_a_bound() {
        let plain: Vec<i64> = (0..12).map(|attempts| backoff_ms(attempts, 128) / 1_000).collect();
        assert_eq!(plain, [5, 5, 15, 45, 135, 405, 1215, 3647, 10808, 10808, 10808, 10808]);
        assert_eq!((backoff_ms(1, 0), backoff_ms(1, 255)), (4_000, 6_000));
        assert_eq!(backoff_ms(u32::MAX, 255), 3 * 3_600_000 * 6 / 5);
    }
}
