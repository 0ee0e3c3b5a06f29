//! Entries of a log and their canonical text.

use std::fmt;
use std::fmt::Write as _;

use tebura_ledger::{Shard, Timestamp};

use super::Link;
use crate::ports::StoredEvent;

/// Something that happened to a record that is not money: a key, a merchant, an enrolled face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The kind of record, such as `api_key`.
    pub name: String,
    /// Which one: the parts of its key.
    pub id: String,
    /// SHA-256 over the row as it is stored, sealed parts sealed; none: it was removed.
    pub digest: Option<[u8; 32]>,
    pub at: Timestamp,
}

/// What an entry says.
#[derive(Clone, Debug)]
pub enum Entry {
    Event(StoredEvent),
    Record { shard: Shard, seq: u64, record: Record },
}

impl Entry {
    pub fn shard(&self) -> Shard {
        match self {
            Entry::Event(stored) => stored.shard,
            Entry::Record { shard, .. } => *shard,
        }
    }

    /// Its place in the shard's log: 1, 2, 3 … without gaps.
    pub fn seq(&self) -> u64 {
        match self {
            Entry::Event(stored) => stored.seq,
            Entry::Record { seq, .. } => *seq,
        }
    }

    /// The canonical text: names sorted, no spaces, what is absent left out, amounts as strings since they may be larger
    /// than a JSON number can say.
    pub fn text(&self) -> String {
        match self {
            Entry::Event(stored) => event_text(stored),
            Entry::Record { shard, seq, record } => record_text(*shard, *seq, record),
        }
    }
}

/// Writes the members of a JSON object. Nothing that is put in needs escaping, but for what [`Members::text`] escapes.
struct Members(String);

impl Members {
    fn put(&mut self, name: &str, value: fmt::Arguments<'_>) {
        let before = if self.0.is_empty() { '{' } else { ',' };
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{before}\"{name}\":{value}");
    }

    /// A string of ids, numbers and fixed words.
    fn word(&mut self, name: &str, value: &impl fmt::Display) {
        self.put(name, format_args!("\"{value}\""));
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn event_text(stored: &StoredEvent) -> String {
    let StoredEvent { shard, seq, event } = stored;
    let mut members = Members(String::with_capacity(384));
    if let Some(amount) = event.amount {
        members.word("amount", &amount.minor());
    }
    members.put("at", format_args!("{}", event.at.millis()));
    if let Some(amount) = event.amount {
        members.word("currency", &amount.currency());
    }
    if let Some(hold) = event.hold {
        members.word("hold", &hold);
    }
    if let Some(version) = event.hold_version {
        members.put("hold_version", format_args!("{version}"));
    }
    members.word("kind", &event.kind.name());
    if let Some(operation) = event.operation {
        members.word("operation", &operation);
    }
    if let Some(payee) = event.payee {
        members.word("payee", &payee);
    }
    if let Some(payer) = event.payer {
        members.word("payer", &payer);
    }
    if let Some(request) = event.request {
        members.word("request", &request);
    }
    members.put("seq", format_args!("{seq}"));
    members.put("shard", format_args!("{}", shard.number()));
    if let Some(status) = event.status {
        members.word("status", &status.name());
    }
    members.end()
}

fn record_text(shard: Shard, seq: u64, record: &Record) -> String {
    let Record { name, id, digest, at } = record;
    let mut members = Members(String::with_capacity(256));
    members.put("at", format_args!("{}", at.millis()));
    if let Some(digest) = digest {
        members.word("digest", &Link(*digest));
    }
    // The key of a plugin's own value may be any text.
    members.put("id", format_args!("{}", serde_json::Value::from(id.as_str())));
    members.word("record", name);
    members.put("seq", format_args!("{seq}"));
    members.put("shard", format_args!("{}", shard.number()));
    members.end()
}
