//! Rows as sea-orm sees them, one table a file, and their translation to and from the domain's types.
//!
//! Absent: rules. A row that the domain refuses is reported as damaged, never repaired.
#![expect(unreachable_pub, reason = "sea-orm's derives write public items; the columns are documented in schema.sql")]

use sea_orm::{EntityTrait, ModelTrait};
use tebura_hub::audit::Link;
use tebura_ledger::{Currency, Money, RailId, Shard, Timestamp, Uuid};

use crate::sqlite_row::Bindable;

pub(crate) mod account;
pub(crate) mod api_key;
pub(crate) mod audit_head;
pub(crate) mod capture_session;
pub(crate) mod consent;
pub(crate) mod contract;
pub(crate) mod contract_entry;
pub(crate) mod contract_hold;
pub(crate) mod enrolment;
pub(crate) mod event;
pub(crate) mod exchange;
pub(crate) mod exchange_body;
pub(crate) mod face_reference;
pub(crate) mod gallery;
pub(crate) mod gallery_member;
pub(crate) mod gallery_rule;
pub(crate) mod gallery_term;
pub(crate) mod guardian_link;
pub(crate) mod hold;
pub(crate) mod idempotency_key;
pub(crate) mod instrument;
pub(crate) mod instrument_end;
pub(crate) mod merchant;
pub(crate) mod operation;
mod operation_detail;
pub(crate) mod party;
pub(crate) mod party_key;
pub(crate) mod party_key_end;
pub(crate) mod payee;
pub(crate) mod payment;
pub(crate) mod payment_way;
pub(crate) mod payment_worn;
pub(crate) mod person;
pub(crate) mod person_key;
pub(crate) mod plugin_value;
pub(crate) mod proof_link;
pub(crate) mod proofing;
mod proofing_body;
pub(crate) mod rail_finding;
pub(crate) mod rail_name;
pub(crate) mod rail_notice;
pub(crate) mod rail_statement;
pub(crate) mod rights_request;
pub(crate) mod service_body;
pub(crate) mod service_count;
pub(crate) mod service_hold;
pub(crate) mod service_keys;
pub(crate) mod service_request;
pub(crate) mod service_set;
pub(crate) mod setting;
pub(crate) mod shard_head;
pub(crate) mod template_space;
pub(crate) mod till;
pub(crate) mod transfer;
pub(crate) mod webhook_delivery;
pub(crate) mod webhook_endpoint;
pub(crate) mod webhook_progress;
pub(crate) mod webhook_signing;

/// A table that batches read or write through statements whose text never changes.
pub(crate) trait Hot: EntityTrait<Model: ModelTrait<Entity = Self> + Bindable> {
    /// The columns that find a row.
    const KEY: &'static [Self::Column];
    /// The columns that change after the row was inserted; empty for rows that never do.
    const CHANGES: &'static [Self::Column];
    /// The column that tells versions of a row apart: an update names the value that was read.
    const GUARD: Option<Self::Column>;
}

/// A row that cannot be what this crate wrote. Says where and what, without its data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of {table} is damaged ({reason}): restore it from a backup")]
pub(crate) struct Damaged {
    table: &'static str,
    reason: String,
}

impl Damaged {
    pub(crate) fn new(table: &'static str, reason: impl ToString) -> Self {
        Self { table, reason: reason.to_string() }
    }
}

/// The column of a shard.
pub(crate) fn shard_column(shard: Shard) -> i16 {
    i16::from(shard.number())
}

/// The shard of a column.
pub(crate) fn shard_of(table: &'static str, column: i16) -> Result<Shard, Damaged> {
    u8::try_from(column).map(Shard::new).map_err(|_| Damaged::new(table, "shard"))
}

fn count(table: &'static str, column: i64) -> Result<u32, Damaged> {
    u32::try_from(column).map_err(|_| Damaged::new(table, "a counter is out of range"))
}

fn currency(table: &'static str, column: &str) -> Result<Currency, Damaged> {
    Currency::new(column).map_err(|_| Damaged::new(table, "currency"))
}

fn rail(table: &'static str, column: &str) -> Result<RailId, Damaged> {
    RailId::new(column).map_err(|_| Damaged::new(table, "rail"))
}

fn word<T>(table: &'static str, column: &'static str, value: Option<T>) -> Result<T, Damaged> {
    value.ok_or_else(|| Damaged::new(table, column))
}

fn json_text(table: &'static str, column: &'static str, value: &impl serde::Serialize) -> Result<String, Damaged> {
    serde_json::to_string(value).map_err(|_| Damaged::new(table, column))
}

fn time(column: i64) -> Timestamp {
    Timestamp::from_millis(column)
}

fn minor(amount: Option<Money>) -> Option<i64> {
    amount.map(Money::minor)
}

fn id<T>(column: Option<Uuid>, make: fn(Uuid) -> T) -> Option<T> {
    column.map(make)
}

/// The link of a column.
pub(crate) fn link(table: &'static str, column: &[u8]) -> Result<Link, Damaged> {
    column.try_into().map(Link).map_err(|_| Damaged::new(table, "link"))
}
