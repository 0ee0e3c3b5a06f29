//! For whoever runs the sandbox: what payers, issuers and banks do, and whether the money adds up.

use std::sync::Arc;

use serde_json::Value;

use crate::card::books::Audit;
use crate::card::counter::Counter;
use crate::card::webhook;
use crate::card::{Webhook, rules};

/// The sandbox's own powers over a provider. Clones share it.
#[derive(Clone)]
pub struct Sandbox {
    counter: Arc<Counter>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sandbox")
    }
}

impl Sandbox {
    pub(crate) fn new(counter: Arc<Counter>) -> Sandbox {
        Sandbox { counter }
    }

    /// What a payment method may owe at most, minor units of each currency.
    pub fn set_limit(&self, method: &str, limit: i64) {
        self.counter.with(|books, _| books.set_limit(method, limit));
    }

    /// The payer does, or fails, what the issuer asked for. `None`: nothing was asked on such an intent.
    pub fn authenticate(&self, intent: &str, success: bool) -> Option<Value> {
        self.counter.with(|books, now| rules::authenticate(books, intent, success, now).ok())
    }

    /// The payer contests a charge. `None`: there is none, or less of it.
    pub fn dispute(&self, charge: &str, amount: i64, reason: &str) -> Option<Value> {
        self.counter.with(|books, now| rules::dispute(books, charge, amount, reason, now).ok())
    }

    /// The issuer decides an open dispute.
    pub fn close_dispute(&self, dispute: &str, won: bool) -> Option<Value> {
        self.counter.with(|books, now| rules::close_dispute(books, dispute, won, now).ok())
    }

    /// Every intent, oldest first.
    pub fn intents(&self) -> Vec<Value> {
        self.counter.with(|books, _| {
            let mut all: Vec<_> = books.intents.values().collect();
            all.sort_by_key(|intent| intent.number);
            all.into_iter().map(|intent| intent.json(true)).collect()
        })
    }

    /// What the merchant has, minor units.
    pub fn merchant(&self, currency: &str) -> i64 {
        self.counter.with(|books, _| books.merchant(currency))
    }

    /// Events that no receiver has taken yet, oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.counter.with(|books, _| books.events.iter().cloned().collect())
    }

    /// Sends an event to an address, signed now: once more, late, or in another order. Answers the receiver's status.
    ///
    /// # Errors
    /// When the receiver cannot be reached.
    pub async fn send(&self, webhook: &Webhook, event: &Value) -> std::io::Result<u16> {
        webhook::send(webhook, event, self.counter.now_ms() / 1_000).await
    }

    /// Checks every balance against its postings, every intent against its captures and refunds, and the whole.
    pub fn audit(&self) -> Audit {
        self.counter.with(|books, _| books.audit())
    }
}
