//! The rules, one command a file. Each function reads the book and says what would change; none changes it.

mod capture;
mod dispute;
mod exception;
mod expire;
mod extend;
mod fund;
mod open_account;
mod place;
mod raise;
mod refund;
mod release;
mod resolve;
mod reverse;
mod settle;
mod verdict;

use crate::command::Command;
use crate::effects::Effects;
use crate::{
    Book, Currency, Hold, HoldId, Money, Operation, OperationId, OperationKind, OperationParts, OperationState,
    Refusal, Shard, Timestamp, TransferId,
};

/// What an accepted command changes.
pub(crate) fn effects(book: &Book, command: &Command, now: Timestamp) -> Result<Effects, Refusal> {
    match command {
        Command::OpenAccount(command) => open_account::open_account(book, command, now),
        Command::Fund(command) => fund::fund(book, command, now),
        Command::Place(command) => place::place(book, command, now),
        Command::Raise(command) => raise::raise(book, command, now),
        Command::Confirm(command) => raise::confirm(book, command, now),
        Command::Extend(command) => extend::extend(book, command, now),
        Command::Capture(command) => capture::capture(book, command, now),
        Command::Release(command) => release::release(book, command, now),
        Command::Expire(command) => expire::expire(book, command, now),
        Command::Refund(command) => refund::refund(book, command, now),
        Command::Reverse(command) => reverse::reverse(book, command, now),
        Command::Dispute(command) => dispute::dispute(book, command, now),
        Command::OpenException(command) => exception::open_exception(book, command, now),
        Command::Resolve(command) => resolve::resolve(book, command, now),
        Command::Settle(command) => settle::settle(book, command, now),
    }
}

fn in_shard<const N: usize>(book: &Book, ids: [(Shard, &dyn ToString); N]) -> Result<(), Refusal> {
    for (shard, id) in ids {
        if shard != book.shard() {
            return Err(Refusal::WrongShard { id: id.to_string(), shard: book.shard() });
        }
    }
    Ok(())
}

fn positive(amount: Money) -> Result<(), Refusal> {
    if amount.is_positive() { Ok(()) } else { Err(Refusal::AmountNotPositive { amount }) }
}

fn same_currency(amount: Money, expected: Currency) -> Result<(), Refusal> {
    if amount.currency() == expected {
        Ok(())
    } else {
        Err(Refusal::CurrencyMismatch { given: amount.currency(), expected })
    }
}

fn find_hold(book: &Book, id: HoldId) -> Result<&Hold, Refusal> {
    book.hold(id).ok_or(Refusal::HoldNotFound { hold: id })
}

fn expected_version(hold: &Hold, expected: Option<u32>) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != hold.version() => {
            Err(Refusal::HoldVersionConflict { expected, actual: hold.version() })
        }
        Some(_) | None => Ok(()),
    }
}

/// Compares a repeated command with the operation that it names: the first field that differs is the refusal.
fn replay<const N: usize>(operation: &Operation, fields: [(&'static str, bool); N]) -> Result<(), Refusal> {
    match fields.into_iter().find(|(_, equal)| !equal) {
        None => Ok(()),
        Some((field, _)) => Err(Refusal::OperationExistsWithDifferentFields { operation: operation.id(), field }),
    }
}

/// A new operation on a hold, under way.
fn sent(
    id: OperationId,
    hold: HoldId,
    kind: OperationKind,
    asked: Option<Money>,
    transfer: Option<TransferId>,
    now: Timestamp,
) -> Operation {
    Operation {
        parts: OperationParts {
            id,
            hold: Some(hold),
            kind,
            asked,
            transfer,
            state: OperationState::Sent,
            created_at: now,
            result: None,
            refunded: 0,
            refund_in_flight: 0,
            proposal: None,
        },
    }
}
