//! The log of each shard as a batch writes it: events and the digests of other records, numbered and linked.
//!
//! Absent: what a link means (`tebura_hub::audit`), and signing.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use sea_orm::{EntityName, IdenStatic, Iterable, ModelTrait, Value};
use tebura_hub::audit::{Entry, Link, Record};
use tebura_hub::ports::StoredEvent;
use tebura_ledger::{Event, Shard, Timestamp};

use crate::engine::Failure;
use crate::entity::{event, shard_column, shard_head};

/// What the log says of a record that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logged {
    pub(crate) name: &'static str,
    pub(crate) id: String,
    pub(crate) digest: Option<[u8; 32]>,
}

/// Where a shard's log stood before the batch.
#[derive(Clone, Copy)]
pub(crate) struct Stand {
    pub(crate) seq: i64,
    pub(crate) link: Link,
}

/// Entries of a batch, in the order in which they are written.
#[derive(Default)]
pub(crate) struct Entries(BTreeMap<Shard, Vec<New>>);

/// What a batch writes into the logs.
#[derive(Default)]
pub(crate) struct LogRows {
    pub(crate) entries: Vec<event::Model>,
    /// With the number that each had before.
    pub(crate) heads: Vec<(shard_head::Model, i64)>,
}

enum New {
    Event(Event),
    Record(Record),
}

impl Logged {
    pub(crate) fn of(name: &'static str, key: impl IntoIterator<Item = Value>, digest: Option<[u8; 32]>) -> Self {
        let parts: Vec<String> = key.into_iter().map(word).collect();
        Self { name, id: parts.join(" "), digest }
    }

    /// A row as it is stored.
    pub(crate) fn row<M: ModelTrait>(row: &M, key: &[<M::Entity as sea_orm::EntityTrait>::Column]) -> Self {
        let table = <M::Entity as Default>::default().table_name();
        Self::of(table, key.iter().map(|column| row.get(*column)), Some(digest_of(row)))
    }
}

impl Entries {
    pub(crate) fn events(&mut self, shard: Shard, events: Vec<Event>) {
        if !events.is_empty() {
            self.0.entry(shard).or_default().extend(events.into_iter().map(New::Event));
        }
    }

    pub(crate) fn record(&mut self, shard: Shard, at: Timestamp, logged: Logged) {
        let Logged { name, id, digest } = logged;
        let record = Record { name: name.to_owned(), id, digest, at };
        self.0.entry(shard).or_default().push(New::Record(record));
    }

    /// The rows of the logs.
    pub(crate) fn linked(self, stands: &BTreeMap<Shard, Stand>) -> Result<LogRows, Failure> {
        let mut log = LogRows::default();
        for (shard, entries) in self.0 {
            let no_head = || Failure::Broken { reason: format!("there is no shard {}", shard.number()) };
            let Stand { seq: before, link: mut last } = *stands.get(&shard).ok_or_else(no_head)?;
            let mut seq = before;
            for new in entries {
                seq += 1;
                let number = seq.unsigned_abs();
                let entry = match new {
                    New::Event(event) => Entry::Event(StoredEvent { shard, seq: number, event }),
                    New::Record(record) => Entry::Record { shard, seq: number, record },
                };
                last = last.then(&entry.text());
                log.entries.push(event::Model::of(&entry, last));
            }
            log.heads.push((shard_head::Model { shard: shard_column(shard), seq, link: last.0.to_vec() }, before));
        }
        Ok(log)
    }
}

/// SHA-256 over all columns of a row, by name and value.
pub(crate) fn digest_of<M: ModelTrait>(row: &M) -> [u8; 32] {
    let columns = <M::Entity as sea_orm::EntityTrait>::Column::iter();
    digest(columns.flat_map(|column| [Value::from(column.as_str()), row.get(column)]))
}

/// SHA-256 over values, each with its length in front, so that no two lists read alike.
pub(crate) fn digest(values: impl IntoIterator<Item = Value>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for value in values {
        let bytes = bytes(value);
        context.update(&(bytes.as_ref().map_or(u64::MAX, |bytes| bytes.len() as u64)).to_be_bytes());
        context.update(bytes.as_deref().unwrap_or_default());
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// `None`: null.
#[expect(clippy::wildcard_enum_match_arm, reason = "the entities use six of the many value types")]
fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::SmallInt(number) => number.map(|number| number.to_string().into_bytes()),
        Value::BigInt(number) => number.map(|number| number.to_string().into_bytes()),
        Value::Bool(flag) => flag.map(|flag| vec![u8::from(flag)]),
        Value::String(text) => text.map(String::into_bytes),
        Value::Uuid(id) => id.map(|id| id.as_bytes().to_vec()),
        Value::Bytes(bytes) => bytes,
        other => panic!("a record has a value of another type ({other:?}): teach log.rs to read it"),
    }
}

/// A part of a key as text.
#[expect(clippy::wildcard_enum_match_arm, reason = "keys are ids, words, numbers and digests")]
fn word(value: Value) -> String {
    match value {
        Value::Uuid(Some(id)) => id.as_simple().to_string(),
        Value::String(Some(text)) => text,
        Value::BigInt(Some(number)) => number.to_string(),
        Value::Bytes(Some(bytes)) => crate::hex::text(&bytes),
        other => panic!("a record has a key of another type ({other:?}): teach log.rs to write it"),
    }
}
