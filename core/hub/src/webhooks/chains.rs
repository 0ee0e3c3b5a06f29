//! What one round has to deliver: events of one hold in a row, holds beside each other.

use std::collections::BTreeMap;

use tebura_ledger::{HoldId, Shard, Timestamp};

use super::{WebhookDelivery, WebhookEndpoint};
use crate::ports::StoredEvent;

/// An event that is to be delivered.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) row: WebhookDelivery,
    /// `None`: only its row was read.
    pub(super) event: Option<StoredEvent>,
    /// Whether the row is in the store.
    pub(super) stored: bool,
}

/// Events that have to arrive in this order.
pub(super) type Chain = Vec<Item>;

/// The first of a chain decides when the chain goes on.
pub(super) fn is_due(chain: &Chain, now: Timestamp) -> bool {
    chain.first().is_some_and(|first| first.row.due_at <= now)
}

/// Puts what waits and what is new into chains, in the log's order within each.
pub(super) fn chains(
    endpoint: &WebhookEndpoint,
    waiting: Vec<WebhookDelivery>,
    fresh: Vec<StoredEvent>,
    now: Timestamp,
) -> Vec<Chain> {
    let waiting = waiting.into_iter().map(|row| Item { row, event: None, stored: true });
    let fresh = fresh.into_iter().filter(|event| endpoint.wants(event.event.kind)).map(|event| Item {
        row: WebhookDelivery {
            endpoint: endpoint.id,
            shard: event.shard,
            seq: event.seq,
            hold: event.event.hold,
            attempts: 0,
            since: now,
            due_at: now,
            dead_at: None,
            last: None,
        },
        event: Some(event),
        stored: false,
    });
    let mut of: BTreeMap<(Shard, Option<HoldId>, u64), Chain> = BTreeMap::new();
    for item in waiting.chain(fresh) {
        // An event without a hold waits for nobody.
        let alone = if item.row.hold.is_none() { item.row.seq } else { 0 };
        of.entry((item.row.shard, item.row.hold, alone)).or_default().push(item);
    }
    let mut chains: Vec<Chain> = of.into_values().collect();
    for chain in &mut chains {
        chain.sort_by_key(|item| item.row.seq);
    }
    // What has waited longest comes first.
    chains.sort_by_key(|chain| chain.first().map(|first| (first.row.due_at, first.row.shard, first.row.seq)));
    chains
}
