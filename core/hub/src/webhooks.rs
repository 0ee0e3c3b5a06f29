//! Events on their way to merchants: who wants them, how far each has got, and what is tried again.
//!
//! The event log is the outbox: an endpoint is a position in it. Only what was not taken has a row of its own.
//! Absent: HTTP, signatures and bodies ([`WebhookSender`] is a port), and any write on the way of a payment.

mod chains;
mod endpoints;
mod letters;
mod memory;
mod round;
mod rows;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use tebura_ledger::{EventKind, HoldId, Shard, Timestamp};
use zeroize::Zeroizing;

use crate::ids::{MerchantId, WebhookEndpointId};
use crate::ports::StoredEvent;

pub use endpoints::{MAX_ENDPOINTS, MAX_OVERLAP_MS, NewEndpoint, WebhookError};
pub(crate) use memory::WebhookTables;
pub use round::{GIVE_UP_AFTER_MS, MAX_WAITING, Round};
pub use rows::WebhookWrite;

/// Where a merchant wants its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEndpoint {
    pub id: WebhookEndpointId,
    pub merchant: MerchantId,
    pub url: String,
    /// What it wants; empty: everything.
    pub kinds: Vec<EventKind>,
    pub secret: WebhookSecret,
    /// The secret before, and until when it signs as well.
    pub previous: Option<(WebhookSecret, Timestamp)>,
    /// For a receiver that asked for signatures that it can check and not make.
    pub signing: Option<SigningKeys>,
    pub created_at: Timestamp,
}

impl WebhookEndpoint {
    /// Whether the merchant asked for events of this kind.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// The secrets that sign now, the newest first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &WebhookSecret> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until);
        std::iter::once(&self.secret).chain(previous.map(|(secret, _)| secret))
    }
}

/// The seeds of ed25519 keys, of which the receiver knows the public halves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeys {
    pub key: WebhookSecret,
    /// The key before, and until when it signs as well.
    pub previous: Option<(WebhookSecret, Timestamp)>,
}

impl SigningKeys {
    /// The seeds that sign now, the newest first.
    pub fn seeds(&self, now: Timestamp) -> impl Iterator<Item = &WebhookSecret> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until);
        std::iter::once(&self.key).chain(previous.map(|(seed, _)| seed))
    }
}

/// What a merchant checks signatures with. Wiped when dropped, hidden in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<[u8; 32]>);

impl WebhookSecret {
    /// From 32 bytes that nobody can guess.
    pub fn new(bytes: [u8; 32]) -> Self {
        WebhookSecret(Zeroizing::new(bytes))
    }

    /// The bytes, to sign with and to seal.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(hidden)")
    }
}

/// How far an endpoint has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookProgress {
    pub endpoint: WebhookEndpointId,
    /// Up to here every event was delivered, or has a row of its own.
    pub positions: BTreeMap<Shard, u64>,
    /// Until then one process delivers and no other.
    pub leased_until: Timestamp,
    /// When an event was taken last.
    pub taken_at: Option<Timestamp>,
    /// When an event was not taken last, and why.
    pub failed: Option<(Timestamp, String)>,
    /// Counts writes: two processes never deliver from the same position.
    pub revision: u32,
}

/// An event that an endpoint has not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    pub endpoint: WebhookEndpointId,
    pub shard: Shard,
    pub seq: u64,
    pub hold: Option<HoldId>,
    pub attempts: u32,
    /// When it began to wait.
    pub since: Timestamp,
    /// Not before; what waits for another event of its hold has a time that never comes.
    pub due_at: Timestamp,
    /// When it was given up; `None` while it is tried.
    pub dead_at: Option<Timestamp>,
    /// What the last attempt met, for people.
    pub last: Option<String>,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The endpoint answered 2xx.
    Taken,
    /// Anything else, in words without data.
    NotTaken { reason: String },
}

/// Signs an event and brings it to an endpoint, once, within seconds.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// One attempt. The same event has the same id and body at every attempt.
    async fn send(&self, endpoint: &WebhookEndpoint, event: &StoredEvent, now: Timestamp) -> Attempt;
}
