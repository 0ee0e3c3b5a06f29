//! One round of one endpoint: take the lease, deliver what is due, write down how far it got.
//!
//! At least once: what was taken and not yet written down is delivered again after a crash, under the same id.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tebura_ledger::{Shard, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::chains::{Chain, Item, chains, is_due};
use super::endpoints::{later, unit};
use super::{Attempt, WebhookDelivery, WebhookEndpoint, WebhookError, WebhookProgress, WebhookSender, WebhookWrite};
use crate::hub::Hub;
use crate::ids::WebhookEndpointId;
use crate::ports::{Caller, CommitError, ReadError, StoredEvent};

/// An event that was not taken for a day is given up.
pub const GIVE_UP_AFTER_MS: i64 = 86_400_000;
/// Events that are tried at a time; the rest wait in the log, where they are anyway.
pub const MAX_WAITING: u16 = 200;
/// New events of one round.
const BATCH: u16 = 100;
/// Attempts at once to one endpoint.
const LANES: usize = 8;
/// After so many failures without one success the endpoint is left alone until the next round.
const FAILURES_IN_A_ROW: u32 = 3;
/// No attempt begins later in a round; the rest waits for the next.
const ROUND_MS: i64 = 15_000;
/// A round that ends has given its lease back; one whose process died is over after this. Longer than a round and the
/// longest attempt.
const LEASE_MS: i64 = 30_000;

/// When an event is due that waits for another one of its hold.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// What a round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    pub taken: usize,
    pub failed: usize,
    pub given_up: usize,
    /// When there is something to do even if nothing happens; `None`: nothing waits.
    pub next: Option<Timestamp>,
}

/// What is known while the lanes work.
struct Run {
    endpoint: WebhookEndpoint,
    sender: Arc<dyn WebhookSender>,
    hub: Arc<Hub>,
    stops_at: Timestamp,
    taken: AtomicU32,
    failed: AtomicU32,
}

/// A chain after the lanes were done with it.
struct Tried {
    taken: Vec<Item>,
    /// In order; only the first of them may have been tried.
    left: Vec<Item>,
    was_tried: bool,
}

impl Hub {
    /// Delivers what is due at an endpoint. Another process's round, or an endpoint that is gone, is no error.
    pub async fn webhook_round(
        self: &Arc<Self>,
        sender: &Arc<dyn WebhookSender>,
        id: WebhookEndpointId,
    ) -> Result<Round, WebhookError> {
        let now = self.now();
        let Some(endpoint) = self.store.webhook_endpoint(id).await? else { return Ok(Round::default()) };
        let Some(progress) = self.store.webhook_progress(id).await? else { return Ok(Round::default()) };
        if now < progress.leased_until {
            return Ok(Round { next: Some(progress.leased_until), ..Round::default() });
        }
        let waiting = self.store.webhook_deliveries(id, false, MAX_WAITING).await?;
        let room = usize::from(MAX_WAITING).saturating_sub(waiting.len()).min(usize::from(BATCH));
        let fresh = self.fresh(&endpoint, &progress, room).await?;
        let positions = moved(&progress.positions, &fresh);
        let (due, resting): (Vec<Chain>, Vec<Chain>) =
            chains(&endpoint, waiting, fresh, now).into_iter().partition(|chain| is_due(chain, now));
        let has_new = positions != progress.positions;
        if due.is_empty() && !has_new {
            return Ok(Round { next: earliest(resting.iter().filter_map(|chain| chain.first())), ..Round::default() });
        }
        let leased = WebhookProgress { leased_until: now.plus_ms(LEASE_MS), ..progress };
        let Some(leased) = self.put_progress(leased, Vec::new()).await? else {
            return Ok(Round { next: Some(now), ..Round::default() });
        };
        let run = Arc::new(Run {
            endpoint,
            sender: Arc::clone(sender),
            hub: Arc::clone(self),
            stops_at: now.plus_ms(ROUND_MS),
            taken: AtomicU32::new(0),
            failed: AtomicU32::new(0),
        });
        let tried = deliver(&run, due).await;
        self.write_down(leased, positions, tried, resting).await
    }

    /// Ends what dead processes had begun; only when no other process can be alive.
    pub(crate) async fn end_webhook_leases(&self) -> Result<(), ReadError> {
        let now = self.now();
        for endpoint in self.store.webhook_endpoints(None).await? {
            let Some(progress) = self.store.webhook_progress(endpoint.id).await? else { continue };
            if now < progress.leased_until {
                let ended = WebhookProgress { leased_until: now, ..progress };
                if let Err(error) = self.put_progress(ended, Vec::new()).await {
                    tracing::warn!(endpoint = %endpoint.id, %error, "a lease could not be ended; it ends by itself");
                }
            }
        }
        Ok(())
    }

    async fn fresh(
        &self,
        endpoint: &WebhookEndpoint,
        progress: &WebhookProgress,
        room: usize,
    ) -> Result<Vec<StoredEvent>, WebhookError> {
        if room == 0 {
            return Ok(Vec::new());
        }
        let after: Vec<(Shard, u64)> = progress.positions.iter().map(|(shard, seq)| (*shard, *seq)).collect();
        let limit = u16::try_from(room).unwrap_or(BATCH);
        Ok(self.store.events(&Caller::Merchant(endpoint.merchant), &after, limit).await?)
    }

    /// Everything that was read is now delivered or has a row.
    async fn write_down(
        &self,
        leased: WebhookProgress,
        positions: BTreeMap<Shard, u64>,
        tried: Vec<Tried>,
        resting: Vec<Chain>,
    ) -> Result<Round, WebhookError> {
        let now = self.now();
        let id = leased.endpoint;
        let mut progress = WebhookProgress { positions, leased_until: now, ..leased };
        let mut round = Round::default();
        let mut writes = Vec::new();
        let mut heads = Vec::new();
        for Tried { taken, mut left, was_tried } in tried {
            round.taken += taken.len();
            progress.taken_at = if taken.is_empty() { progress.taken_at } else { Some(now) };
            for Item { row, stored, .. } in taken {
                if stored {
                    writes.push(WebhookWrite::Taken { endpoint: id, shard: row.shard, seq: row.seq, since: row.since });
                }
            }
            if let Some(first) = left.first_mut() {
                let row = &mut first.row;
                if was_tried {
                    round.failed += 1;
                    row.attempts += 1;
                    progress.failed = row.last.clone().map(|reason| (now, reason));
                }
                let attempts = if was_tried { row.attempts } else { 1 };
                row.due_at = later(now, attempts, self.ids.secret()[0]);
                if was_tried && row.since.plus_ms(GIVE_UP_AFTER_MS) <= now {
                    row.dead_at = Some(now);
                    round.given_up += 1;
                }
            }
            // Only the first of a hold has a time of its own.
            let next_at = if left.first().is_some_and(|first| first.row.dead_at.is_some()) { now } else { NEVER };
            for (place, item) in left.iter_mut().enumerate().skip(1) {
                item.row.due_at = if place == 1 { next_at } else { NEVER };
            }
            heads.extend(left.iter().find(|item| item.row.dead_at.is_none()).cloned());
            let changed = |(place, item): (usize, &Item)| place <= 1 || !item.stored;
            let changed = left.iter().enumerate().filter(|entry| changed(*entry));
            writes.extend(changed.map(|(_, item)| WebhookWrite::Waits(item.row.clone())));
        }
        for chain in resting {
            heads.extend(chain.first().cloned());
            let new = chain.into_iter().filter(|item| !item.stored);
            writes.extend(new.map(|item| WebhookWrite::Waits(WebhookDelivery { due_at: NEVER, ..item.row })));
        }
        round.next = earliest(heads.iter());
        if self.put_progress(progress, writes).await?.is_none() {
            tracing::warn!(endpoint = %id, "another process took over an endpoint's round; its events may come twice");
        }
        Ok(round)
    }

    /// `None`: another process wrote first.
    async fn put_progress(
        &self,
        progress: WebhookProgress,
        rows: Vec<WebhookWrite>,
    ) -> Result<Option<WebhookProgress>, WebhookError> {
        let (id, expected) = (progress.endpoint, progress.revision);
        let write = WebhookWrite::Progress { progress: progress.clone(), expected };
        match self.store.commit(id.shard(), self.now(), unit(std::iter::once(write).chain(rows))).await {
            Ok(_) => Ok(Some(WebhookProgress { revision: expected + 1, ..progress })),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Chains beside each other, a few at a time.
async fn deliver(run: &Arc<Run>, chains: Vec<Chain>) -> Vec<Tried> {
    let lanes = Arc::new(Semaphore::new(LANES));
    let mut tasks = JoinSet::new();
    for (place, chain) in chains.into_iter().enumerate() {
        let (run, lanes, kept) = (Arc::clone(run), Arc::clone(&lanes), chain.clone());
        let task = async move {
            let _lane = lanes.acquire_owned().await;
            (place, run.chain(chain).await)
        };
        tasks.spawn(async move {
            // A sender that panics is a defect; its events wait like others.
            let untried = (place, Tried { taken: Vec::new(), left: kept, was_tried: false });
            tokio::spawn(task).await.unwrap_or(untried)
        });
    }
    let mut tried: Vec<(usize, Tried)> = tasks.join_all().await;
    tried.sort_by_key(|(place, _)| *place);
    tried.into_iter().map(|(_, tried)| tried).collect()
}

impl Run {
    async fn chain(&self, chain: Chain) -> Tried {
        let mut taken = Vec::new();
        let mut items = chain.into_iter();
        let mut was_tried = false;
        let mut left = Vec::new();
        while let Some(mut item) = items.next() {
            let down =
                self.taken.load(Ordering::Relaxed) == 0 && self.failed.load(Ordering::Relaxed) >= FAILURES_IN_A_ROW;
            let attempt = if down || self.stops_at <= self.hub.now() { None } else { self.attempt(&item).await };
            match attempt {
                Some(Attempt::Taken) => {
                    self.taken.fetch_add(1, Ordering::Relaxed);
                    taken.push(item);
                    continue;
                }
                Some(Attempt::NotTaken { reason }) => {
                    self.failed.fetch_add(1, Ordering::Relaxed);
                    item.row.last = Some(reason);
                    was_tried = true;
                }
                None => {}
            }
            left.push(item);
            left.extend(items);
            break;
        }
        Tried { taken, left, was_tried }
    }

    /// `None`: the event could not be read now.
    async fn attempt(&self, item: &Item) -> Option<Attempt> {
        let read;
        let event = match &item.event {
            Some(event) => event,
            None => match self.hub.store().event(item.row.shard, item.row.seq).await {
                Ok(Some(event)) => {
                    read = event;
                    &read
                }
                Ok(None) => return Some(Attempt::NotTaken { reason: "the event is not in the log".to_owned() }),
                Err(error) => {
                    tracing::warn!(%error, "an event could not be read for its webhook; it stays due");
                    return None;
                }
            },
        };
        Some(self.sender.send(&self.endpoint, event, self.hub.now()).await)
    }
}

fn moved(positions: &BTreeMap<Shard, u64>, fresh: &[StoredEvent]) -> BTreeMap<Shard, u64> {
    let mut moved = positions.clone();
    for event in fresh {
        let seq = moved.entry(event.shard).or_insert(event.seq);
        *seq = event.seq.max(*seq);
    }
    moved
}

fn earliest<'a>(items: impl Iterator<Item = &'a Item>) -> Option<Timestamp> {
    items.map(|item| item.row.due_at).min()
}
