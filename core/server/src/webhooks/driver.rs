//! The clockwork of webhooks: sees what is new in the log, and gives each endpoint that is concerned a round.
//!
//! One read a tick while nothing happens, however many endpoints there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tebura_hub::Hub;
use tebura_hub::ids::{MerchantId, WebhookEndpointId};
use tebura_hub::ports::{Caller, ReadError, StoredEvent};
use tebura_hub::webhooks::{Round, WebhookError, WebhookSender};
use tebura_ledger::{AccountId, Shard, Timestamp};
use tokio::task::JoinSet;

use crate::clockwork::{Clockwork, Ticks};

/// How long it may stay unnoticed that an endpoint was registered, or events are to be replayed.
const LIST_AGE_MS: i64 = 2_000;
/// Rounds at once of endpoints that took something, or nothing was tried.
const PLACES: usize = 48;
/// Rounds at once of endpoints that failed last: those that hang do not take the others' places.
const PLACES_OF_FAILING: usize = 16;
/// Events looked at in a tick; who is behind by more catches up over several.
const BATCH: u16 = 500;
/// Accounts whose merchants are remembered.
const KNOWN: usize = 100_000;

/// A running clockwork. Stop it, or it stops when the process does.
pub struct Deliveries(Clockwork);

impl Deliveries {
    /// Delivers every endpoint's events until it is stopped.
    pub fn start(hub: Arc<Hub>, sender: Arc<dyn WebhookSender>) -> Deliveries {
        Deliveries(Clockwork::start(Driver::new(hub, sender)))
    }

    /// Ends after the attempts that are under way.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

impl Ticks for Driver {
    /// A merchant does not notice a quarter of a second.
    const PAUSE: Duration = Duration::from_millis(250);
    const PANICKED: &'static str = "the clockwork of webhooks panicked; what was due is due at the next start";

    async fn tick(&mut self) {
        if let Err(error) = self.look_around().await {
            tracing::warn!(%error, "webhooks could not be looked at; they are at the next tick");
        }
    }

    /// What is under way may have arrived: it is written down before the hub goes.
    async fn end(self) {
        self.rounds.join_all().await;
    }
}

/// What is known of an endpoint between ticks.
#[derive(Default)]
struct Known {
    merchant: Option<MerchantId>,
    /// Something may be there to deliver.
    is_dirty: bool,
    runs: bool,
    is_failing: bool,
    next: Option<Timestamp>,
}

struct Driver {
    hub: Arc<Hub>,
    sender: Arc<dyn WebhookSender>,
    /// How far the log was looked at, to see whom it concerns; `None` before the first look.
    seen: Option<BTreeMap<Shard, u64>>,
    listed_at: Option<Timestamp>,
    endpoints: BTreeMap<WebhookEndpointId, Known>,
    merchants: HashMap<AccountId, MerchantId>,
    rounds: JoinSet<(WebhookEndpointId, Result<Round, WebhookError>)>,
}

impl Driver {
    fn new(hub: Arc<Hub>, sender: Arc<dyn WebhookSender>) -> Driver {
        Driver {
            hub,
            sender,
            seen: None,
            listed_at: None,
            endpoints: BTreeMap::new(),
            merchants: HashMap::new(),
            rounds: JoinSet::new(),
        }
    }

    async fn look_around(&mut self) -> Result<(), ReadError> {
        self.collect();
        let now = self.hub.now();
        if self.listed_at.is_none_or(|at| at.plus_ms(LIST_AGE_MS) <= now) {
            self.list(now).await?;
            self.listed_at = Some(now);
        }
        if self.endpoints.is_empty() {
            // Nobody listens: the log is looked at from where it is when somebody does.
            self.seen = None;
            return Ok(());
        }
        self.look().await?;
        self.start(now);
        Ok(())
    }

    /// Takes in the rounds that ended.
    fn collect(&mut self) {
        while let Some(ended) = self.rounds.try_join_next() {
            let Ok((id, round)) = ended else {
                tracing::error!("a round of webhooks panicked");
                self.endpoints.values_mut().for_each(|known| known.runs = false);
                continue;
            };
            let Some(known) = self.endpoints.get_mut(&id) else { continue };
            known.runs = false;
            match round {
                Ok(round) => {
                    known.next = round.next;
                    known.is_failing = round.failed > 0 && round.taken == 0;
                    // What was read may not have been all.
                    known.is_dirty |= round.taken > 0;
                }
                Err(error) => {
                    tracing::warn!(endpoint = %id, %error, "a round of webhooks did not end; it begins again");
                    known.is_dirty = true;
                }
            }
        }
    }

    /// Who is registered, and who waits: another process may have registered, replayed or died.
    async fn list(&mut self, now: Timestamp) -> Result<(), ReadError> {
        let stored = self.hub.store().webhook_endpoints(None).await?;
        let mut before = std::mem::take(&mut self.endpoints);
        for endpoint in stored {
            let new = || Known { merchant: Some(endpoint.merchant), is_dirty: true, ..Known::default() };
            self.endpoints.insert(endpoint.id, before.remove(&endpoint.id).unwrap_or_else(new));
        }
        for id in self.hub.store().webhooks_due(now).await? {
            if let Some(known) = self.endpoints.get_mut(&id) {
                known.is_dirty = true;
            }
        }
        Ok(())
    }

    /// Marks the endpoints whose merchants something happened to.
    async fn look(&mut self) -> Result<(), ReadError> {
        let heads = self.hub.store().event_heads().await?;
        let Some(seen) = self.seen.clone() else {
            self.seen = Some(heads.into_iter().collect());
            self.endpoints.values_mut().for_each(|known| known.is_dirty = true);
            return Ok(());
        };
        if heads.iter().all(|(shard, seq)| seen.get(shard).copied().unwrap_or(0) >= *seq) {
            return Ok(());
        }
        let after: Vec<(Shard, u64)> = seen.into_iter().collect();
        let events = self.hub.store().events(&Caller::Operator, &after, BATCH).await?;
        let mut seen: BTreeMap<Shard, u64> = after.into_iter().collect();
        if events.len() < usize::from(BATCH) {
            // All of it was read, entries that are no events included.
            for (shard, seq) in heads {
                let position = seen.entry(shard).or_default();
                *position = seq.max(*position);
            }
        }
        for event in &events {
            if let Some(merchant) = self.merchant_of(event).await? {
                let of = |known: &&mut Known| known.merchant == Some(merchant);
                self.endpoints.values_mut().filter(of).for_each(|known| known.is_dirty = true);
            }
            let position = seen.entry(event.shard).or_insert(event.seq);
            *position = event.seq.max(*position);
        }
        self.seen = Some(seen);
        Ok(())
    }

    async fn merchant_of(&mut self, event: &StoredEvent) -> Result<Option<MerchantId>, ReadError> {
        let Some(account) = event.event.payee else { return Ok(None) };
        if let Some(merchant) = self.merchants.get(&account) {
            return Ok(Some(*merchant));
        }
        let merchant = self.hub.store().merchant_of_account(account).await?;
        if let Some(merchant) = merchant {
            if self.merchants.len() >= KNOWN {
                self.merchants.clear();
            }
            self.merchants.insert(account, merchant);
        }
        Ok(merchant)
    }

    /// Gives rounds to those who have something to do, as long as there are places.
    fn start(&mut self, now: Timestamp) {
        let mut places = [PLACES, PLACES_OF_FAILING];
        for known in self.endpoints.values().filter(|known| known.runs) {
            let places = &mut places[usize::from(known.is_failing)];
            *places = places.saturating_sub(1);
        }
        for (id, known) in &mut self.endpoints {
            let is_due = known.is_dirty || known.next.is_some_and(|next| next <= now);
            let places = &mut places[usize::from(known.is_failing)];
            if !is_due || known.runs || *places == 0 {
                continue;
            }
            *places -= 1;
            (known.runs, known.is_dirty, known.next) = (true, false, None);
            let (hub, sender, id) = (Arc::clone(&self.hub), Arc::clone(&self.sender), *id);
            self.rounds.spawn(async move { (id, hub.webhook_round(&sender, id).await) });
        }
    }
}
