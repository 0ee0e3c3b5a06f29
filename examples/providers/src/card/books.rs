//! The acquirer's books: intents with their charges, refunds, disputes, and every movement of money as a posting.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::card::refusal::Refusal;

/// What a card may owe at first, minor units of each currency.
const LIMIT: i64 = 10_000_000;
/// How long an authorisation stands.
pub(crate) const AUTHORISED_MS: i64 = 7 * 24 * 3_600_000;

/// Whose money.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Account {
    /// What a card's owner has paid, by payment method.
    Card(String),
    Merchant,
    /// Withdrawn while a dispute is open.
    Contested,
}

/// Where an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    RequiresCapture,
    Canceled,
    Succeeded,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::RequiresPaymentMethod => "requires_payment_method",
            Status::RequiresConfirmation => "requires_confirmation",
            Status::RequiresAction => "requires_action",
            Status::RequiresCapture => "requires_capture",
            Status::Canceled => "canceled",
            Status::Succeeded => "succeeded",
        }
    }
}

/// A payment intent and its one charge.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) created_ms: i64,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: Status,
    pub(crate) customer: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) off_session: bool,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) capturable: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    /// When the authorisation lapses.
    pub(crate) until_ms: i64,
    pub(crate) charge: Option<String>,
    pub(crate) disputed: bool,
    pub(crate) incremental: bool,
    pub(crate) multicapture: bool,
    pub(crate) increments: u32,
    pub(crate) cancellation_reason: Option<&'static str>,
    pub(crate) last_error: Option<Value>,
}

impl Intent {
    pub(crate) fn json(&self, expanded: bool) -> Value {
        let charge = match (&self.charge, expanded) {
            (Some(_), true) => self.charge_json(),
            (Some(id), false) => json!(id),
            (None, _) => Value::Null,
        };
        let action = (self.status == Status::RequiresAction).then(|| json!({"type": "use_stripe_sdk"}));
        json!({
            "id": self.id, "object": "payment_intent", "livemode": false, "created": self.created_ms / 1_000,
            "amount": self.amount, "currency": self.currency, "status": self.status.name(),
            "amount_capturable": self.capturable, "amount_received": self.captured,
            "capture_method": "manual", "customer": self.customer, "payment_method": self.method,
            "metadata": self.metadata, "latest_charge": charge, "next_action": action,
            "cancellation_reason": self.cancellation_reason, "last_payment_error": self.last_error,
            "client_secret": format!("{}_secret_{}", self.id, self.number),
        })
    }

    pub(crate) fn charge_json(&self) -> Value {
        let granted = |granted: bool| json!({"status": if granted { "available" } else { "unavailable" }});
        json!({
            "id": self.charge, "object": "charge", "amount": self.amount, "currency": self.currency,
            "captured": self.status == Status::Succeeded, "amount_captured": self.captured,
            "amount_refunded": self.refunded, "refunded": self.captured > 0 && self.refunded == self.captured,
            "disputed": self.disputed, "payment_intent": self.id, "status": "succeeded",
            "payment_method_details": {"type": "card", "card": {
                "capture_before": self.until_ms / 1_000, "multicapture": granted(self.multicapture),
                "incremental_authorization": granted(self.incremental),
            }},
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) charge: String,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created_ms: i64,
}

impl Refund {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "refund", "amount": self.amount, "currency": self.currency, "status": "succeeded",
            "charge": self.charge, "payment_intent": self.intent, "metadata": self.metadata,
            "created": self.created_ms / 1_000,
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) charge: String,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) reason: String,
    pub(crate) status: &'static str,
}

impl Dispute {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "dispute", "amount": self.amount, "currency": self.currency, "charge": self.charge,
            "payment_intent": self.intent, "reason": self.reason, "status": self.status,
        })
    }
}

#[derive(Clone, Debug)]
struct Posting {
    from: Account,
    to: Account,
    amount: i64,
    currency: String,
}

/// The answer that a key stands for.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) fingerprint: [u8; 32],
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) at_ms: i64,
}

/// The books, checked from end to end. Minor units, all currencies together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Authorised and neither captured nor given back.
    pub held: i64,
    /// What cards' owners have paid.
    pub paid: i64,
    /// What the merchant has.
    pub at_merchant: i64,
    /// Withdrawn for open disputes.
    pub contested: i64,
    /// What does not add up; empty when all is well.
    pub faults: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Books {
    last: u64,
    pub(crate) intents: BTreeMap<String, Intent>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) keys: BTreeMap<String, Kept>,
    /// Not delivered yet.
    pub(crate) events: VecDeque<Value>,
    limits: BTreeMap<String, i64>,
    held: BTreeMap<(String, String), i64>,
    balances: BTreeMap<(Account, String), i64>,
    postings: Vec<Posting>,
}

impl Books {
    /// A new id of this provider.
    pub(crate) fn id(&mut self, prefix: &str) -> (String, u64) {
        self.last += 1;
        (format!("{prefix}_sandbox{}", self.last), self.last)
    }

    pub(crate) fn set_limit(&mut self, method: &str, limit: i64) {
        self.limits.insert(method.to_owned(), limit);
    }

    /// Whether the card still covers an amount.
    pub(crate) fn covers(&self, method: &str, currency: &str, amount: i64) -> bool {
        let limit = self.limits.get(method).copied().unwrap_or(LIMIT);
        let paid = self.balance(&Account::Card(method.to_owned()), currency);
        let held = self.held.get(&(method.to_owned(), currency.to_owned())).copied().unwrap_or(0);
        limit - paid - held >= amount
    }

    /// Holds more, or less, of a card.
    pub(crate) fn hold(&mut self, method: &str, currency: &str, change: i64) {
        *self.held.entry((method.to_owned(), currency.to_owned())).or_default() += change;
    }

    pub(crate) fn post(&mut self, from: Account, to: Account, amount: i64, currency: &str) {
        if amount == 0 {
            return;
        }
        // A card's balance is what its owner has paid, so paying adds to it.
        for (account, change) in [(&from, -amount), (&to, amount)] {
            let change = if matches!(account, Account::Card(_)) { -change } else { change };
            *self.balances.entry((account.clone(), currency.to_owned())).or_default() += change;
        }
        self.postings.push(Posting { from, to, amount, currency: currency.to_owned() });
    }

    fn balance(&self, account: &Account, currency: &str) -> i64 {
        self.balances.get(&(account.clone(), currency.to_owned())).copied().unwrap_or(0)
    }

    pub(crate) fn merchant(&self, currency: &str) -> i64 {
        self.balance(&Account::Merchant, currency)
    }

    pub(crate) fn intent(&self, id: &str) -> Result<&Intent, Refusal> {
        self.intents.get(id).ok_or_else(|| Refusal::missing("intent"))
    }

    pub(crate) fn intent_of_charge(&self, charge: &str) -> Option<&Intent> {
        self.intents.values().find(|intent| intent.charge.as_deref() == Some(charge))
    }

    /// Notes an event with its object as it is now.
    pub(crate) fn tell(&mut self, kind: &str, object: Value, now: i64) {
        let (id, _) = self.id("evt");
        self.events.push_back(json!({
            "id": id, "object": "event", "type": kind, "created": now / 1_000, "livemode": false, "data": {"object": object},
        }));
    }

    /// Checks everything against everything.
    pub(crate) fn audit(&self) -> Audit {
        let mut faults = Vec::new();
        let mut again: BTreeMap<(Account, String), i64> = BTreeMap::new();
        for posting in &self.postings {
            for (account, change) in [(&posting.from, -posting.amount), (&posting.to, posting.amount)] {
                let change = if matches!(account, Account::Card(_)) { -change } else { change };
                *again.entry((account.clone(), posting.currency.clone())).or_default() += change;
            }
        }
        if again != self.balances {
            faults.push("a balance differs from its postings".to_owned());
        }
        let mut held: BTreeMap<(String, String), i64> = BTreeMap::new();
        for intent in self.intents.values() {
            let whole = intent.captured + intent.capturable;
            if whole > intent.amount || intent.capturable < 0 || intent.refunded > intent.captured {
                faults.push(format!("{} does not add up", intent.id));
            }
            if intent.capturable > 0 && intent.status != Status::RequiresCapture {
                faults.push(format!("{} is over and still holds", intent.id));
            }
            let refunds = self.refunds.iter().filter(|refund| refund.intent == intent.id);
            if refunds.map(|refund| refund.amount).sum::<i64>() != intent.refunded {
                faults.push(format!("{} differs from its refunds", intent.id));
            }
            if let Some(method) = &intent.method
                && intent.capturable > 0
            {
                *held.entry((method.clone(), intent.currency.clone())).or_default() += intent.capturable;
            }
        }
        if self.held.iter().filter(|(_, held)| **held != 0).any(|(card, amount)| held.get(card) != Some(amount))
            || held.keys().any(|card| !self.held.contains_key(card))
        {
            faults.push("what is held of a card differs from its intents".to_owned());
        }
        let sum = |fits: fn(&Account) -> bool| -> i64 {
            self.balances.iter().filter(|((account, _), _)| fits(account)).map(|(_, balance)| balance).sum()
        };
        let paid = sum(|account| matches!(account, Account::Card(_)));
        let (at_merchant, contested) =
            (sum(|account| *account == Account::Merchant), sum(|account| *account == Account::Contested));
        if paid != at_merchant + contested {
            faults.push("money was made or lost".to_owned());
        }
        Audit { held: held.values().sum(), paid, at_merchant, contested, faults }
    }
}
