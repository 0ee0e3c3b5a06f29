//! What may happen to money: accounts in double entry, holds on them, and the operations that change a hold.
//!
//! The crate decides and does nothing else. A store loads the rows that a command names into a [`Book`], the book
//! applies the command or refuses it, and the store writes the [`Changes`] in the same transaction.
//!
//! Absent by design: clocks, randomness, serialisation, SQL, async, floating point. Time and ids are arguments.
#![deny(clippy::float_arithmetic)]

mod account;
mod apply;
mod audit;
mod book;
mod changes;
mod command;
mod currency;
mod effects;
mod event;
mod hold;
mod hold_change;
mod hold_parts;
mod hold_status;
mod ids;
mod money;
mod operation;
mod rail;
mod refusal;
mod rows;
mod time;
mod transfer;

pub use account::{Account, AccountParts, AccountPartsError, Floor};
pub use audit::Imbalance;
pub use book::Book;
pub use changes::{Change, Changes, FollowUp, Outcome};
pub use command::{Capture, Command, Expire, Fund, Keys, OpenAccount, Place, Refund, Release, Settle, Verdict};
pub use currency::{Currency, CurrencyError};
pub use event::{Event, EventKind};
pub use hold::{Hold, HoldSnapshot};
pub use hold_parts::{HoldParts, HoldPartsError};
pub use hold_status::{EndReason, Phase, Status};
#[doc(hidden)]
pub use ids::parse_id;
pub use ids::{AccountId, HoldId, IdError, OperationId, Shard, TransferId};
pub use money::{AmountError, Money, MoneyError};
pub use operation::{Finality, Operation, OperationKind, OperationParts, OperationPartsError, OperationState};
pub use rail::{RailId, RailIdError};
pub use refusal::Refusal;
pub use time::Timestamp;
pub use transfer::{Transfer, TransferKind};

/// The id type under every typed id; re-exported so that [`typed_id!`] works in crates that do not name `uuid`.
pub use uuid::Uuid;

#[cfg(test)]
mod tests;
