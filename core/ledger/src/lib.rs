//! What may happen to money: accounts in double entry, holds on them, and the operations that change a hold.
//!
//! The crate decides and does nothing else. A store loads the rows that a command names into a [`Book`], the book
//! applies the command or refuses it, and the store writes the [`Changes`] in the same transaction.
//!
//! ```
//! use tebura_ledger::*;
//!
//! # fn id(number: u128) -> Uuid { Uuid::from_u128(number << 8) }
//! # let now = Timestamp::from_millis(0);
//! # let (issue, payer, shop) = (AccountId::from_uuid(id(1)), AccountId::from_uuid(id(2)), AccountId::from_uuid(id(3)));
//! # let (funding, placement) = (OperationId::from_uuid(id(4)), OperationId::from_uuid(id(5)));
//! # let (transfer, hold, expires_at) = (TransferId::from_uuid(id(6)), HoldId::from_uuid(id(7)), now.plus_ms(60_000));
//! let yen = |text| Money::parse_decimal(text, Currency::JPY);
//! let mut book = Book::new(payer.shard());
//! for (id, floor) in [(issue, Floor::Unlimited), (payer, Floor::Zero), (shop, Floor::Unlimited)] {
//!     book.apply(&Command::OpenAccount(OpenAccount { id, currency: Currency::JPY, floor }), now)?;
//! }
//! let (from, to, amount) = (issue, payer, yen("1000")?);
//! book.apply(&Command::Fund(Fund { operation: funding, transfer, from, to, amount }), now)?;
//!
//! // The amount leaves the available balance first; then the rail is asked; then its answer is recorded.
//! let (rail, payee, amount, operation) = (RailId::new("house")?, shop, yen("600")?, placement);
//! let (cap, at_deadline) = (None, AtDeadline::Release);
//! book.apply(&Command::Place(Place { hold, operation, rail, payer, payee, amount, cap, expires_at, at_deadline }), now)?;
//! let verdict = Verdict::Settled { reference: "h-1".to_owned(), amount };
//! let outcome = book.apply(&Command::Settle(Settle { hold, operation, verdict }), now)?;
//!
//! assert_eq!(outcome.hold.map(|hold| hold.status()), Some(Status::Held));
//! assert_eq!(book.account(payer).map(Account::available), Some(yen("400")?));
//! assert_eq!(book.take_changes().transfers.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
pub mod instant;
mod leg;
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
pub use command::{
    Capture, Command, Confirm, Dispute, Expire, Extend, Fund, Keys, OpenAccount, OpenException, Place, Proposal, Raise,
    Refund, Release, Resolve, Reverse, Settle, Verdict,
};
pub use currency::{Currency, CurrencyError};
pub use event::{Event, EventKind};
pub use hold::{Hold, HoldSnapshot};
pub use hold_parts::{HoldParts, HoldPartsError};
pub use hold_status::{AtDeadline, EndReason, Phase, Status};
#[doc(hidden)]
pub use ids::parse_id;
pub use ids::{AccountId, HoldId, IdError, OperationId, ServiceRequestId, Shard, TransferId};
pub use leg::{Leg, LegKind};
pub use money::{AmountError, Money, MoneyError};
pub use operation::{Finality, Found, Operation, OperationKind, OperationParts, OperationPartsError, OperationState};
pub use rail::{RailId, RailIdError};
pub use refusal::Refusal;
pub use time::Timestamp;
pub use transfer::{Transfer, TransferKind};

/// The id type under every typed id; re-exported so that [`typed_id!`] works in crates that do not name `uuid`.
pub use uuid::Uuid;

#[cfg(test)]
mod tests;
