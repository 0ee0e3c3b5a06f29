//! The hub's store port over SQL: SQLite and PostgreSQL, group commit.
//!
//! A unit goes over a bounded queue to the task that owns its shard; what arrived while the last transaction ran is
//! the next one. Money is decided by `tebura_ledger::Book` on the rows that a batch names and written by a handful of
//! statements whose text never changes. Reads use entities. People's names and templates are sealed, one key a person.
//!
//! Absent: rules about money (the ledger's), state between batches, transactions in a request's future.

mod batch;
mod checkpoint;
mod config;
mod contracts;
mod database;
mod decide;
mod durable;
mod engine;
mod entity;
mod file_kek;
mod gathered;
mod hex;
mod lane;
mod log;
mod migration;
mod notices;
mod open;
mod parties;
mod postgres;
mod privacy;
mod proofings;
mod read;
mod recognition;
mod records;
mod rows;
mod sealed;
mod services;
mod sqlite;
mod sqlite_row;
mod statements;
mod templates;
mod vault;
mod webhooks;
mod written;

pub use config::StoreConfig;
pub use engine::Engine;
pub use file_kek::{FileKek, FileKekError};
pub use open::{OpenError, SqlStore};
pub use read::books::{Owner, Posting};
pub use vault::{Kek, VaultError};
