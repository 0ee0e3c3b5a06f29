//! What a store has to do alike wherever a read spans shards. Pure; used by every store.

use sha2::{Digest, Sha256};
use tebura_ledger::{Account, AccountParts, Shard};

use crate::ports::{ReadError, StoredEvent};

/// Where a caller's key is kept, whatever it is used for: a key that is used in two shards has to be found in both.
pub fn key_home(scope: &str, key: &str, shards: u16) -> Shard {
    let digest = Sha256::digest(format!("{scope}\n{key}").as_bytes());
    let place = u16::from_be_bytes([digest[0], digest[1]]) % shards.max(1);
    Shard::new(place.try_into().unwrap_or(0))
}

/// Merges shards' events by time without changing the order within a shard.
///
/// `shards`: events of one shard each, in order. At most `limit` come out, and of each shard the first ones, so that
/// the last position seen of a shard is a cursor.
pub fn merge_events(shards: Vec<Vec<StoredEvent>>, limit: usize) -> Vec<StoredEvent> {
    let mut queues: Vec<_> = shards.into_iter().map(|events| events.into_iter().peekable()).collect();
    let mut merged = Vec::new();
    while merged.len() < limit {
        let next = queues
            .iter_mut()
            .filter_map(|queue| queue.peek().map(|stored| (stored.event.at, stored.shard)).map(|at| (at, queue)))
            .min_by_key(|(at, _)| *at)
            .and_then(|(_, queue)| queue.next());
        match next {
            Some(event) => merged.push(event),
            None => break,
        }
    }
    merged
}

/// Sums an account over shards. `rows`: its row at home first, then its sub-balances.
///
/// # Errors
/// When the balances do not fit 64 bits or contradict the floor.
pub fn sum_account(home: &Account, elsewhere: &[Account]) -> Result<Account, ReadError> {
    let sum = |of: fn(&AccountParts) -> i64| {
        elsewhere.iter().try_fold(of(home.parts()), |sum, row| sum.checked_add(of(row.parts())))
    };
    let overflow = || ReadError { reason: format!("{} does not fit 64 bits over all shards", home.id()) };
    let version = elsewhere.iter().fold(home.version(), |sum, row| sum.saturating_add(row.version()));
    let parts = AccountParts {
        posted: sum(|parts| parts.posted).ok_or_else(overflow)?,
        held: sum(|parts| parts.held).ok_or_else(overflow)?,
        version,
        ..*home.parts()
    };
    Account::from_parts(parts).map_err(|damage| ReadError { reason: damage.to_string() })
}
