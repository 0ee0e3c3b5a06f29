//! Asks a rail to reserve money: the amount leaves the payer's available balance before the rail is asked.

use super::{in_shard, positive, replay, same_currency, sent};
use crate::command::Place;
use crate::effects::{Effects, HoldChange};
use crate::{Book, EventKind, Hold, Operation, OperationKind, Refusal, Timestamp};

pub(super) fn place(book: &Book, command: &Place, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(
        book,
        [
            (command.payer.shard(), &command.payer),
            (command.hold.shard(), &command.hold),
            (command.operation.shard(), &command.operation),
        ],
    )?;
    if let Some(operation) = book.operation(command.operation) {
        let hold = replay_place(book, operation, command)?;
        return Ok(Effects::replay(Some(operation), hold, now));
    }
    positive(command.amount)?;
    if book.hold(command.hold).is_some() {
        return Err(Refusal::HoldExists { hold: command.hold });
    }
    let payer = book.account(command.payer).ok_or(Refusal::AccountNotFound { account: command.payer })?;
    let payee = book.row(command.payee)?;
    if command.payer == command.payee {
        return Err(Refusal::SameAccount { account: command.payer });
    }
    same_currency(command.amount, payer.currency())?;
    same_currency(command.amount, payee.currency())?;
    if command.expires_at <= now {
        return Err(Refusal::DeadlineInPast);
    }
    if let Some(cap) = command.cap {
        same_currency(cap, payer.currency())?;
        if cap.minor() < command.amount.minor() {
            return Err(Refusal::CapBelowAmount { cap, amount: command.amount });
        }
    }
    if !payer.covers(command.amount) {
        return Err(Refusal::FundsInsufficient { asked: command.amount, available: payer.available() });
    }
    let mut change = HoldChange::new(book, Hold::placing(command, now), now);
    change.event(EventKind::HoldPlaced, Some(command.amount));
    let kind = OperationKind::Place { amount: command.amount };
    let operation = sent(command.operation, command.hold, kind, Some(command.amount), None, now);
    change.finish(operation, None)
}

fn replay_place<'a>(book: &'a Book, operation: &Operation, command: &Place) -> Result<Option<&'a Hold>, Refusal> {
    let is_place = matches!(operation.kind(), OperationKind::Place { .. });
    replay(operation, [("kind", is_place), ("hold", operation.hold() == Some(command.hold))])?;
    let hold = super::find_hold(book, command.hold)?;
    replay(
        operation,
        [
            ("rail", *hold.rail() == command.rail),
            ("payer", hold.payer() == command.payer),
            ("payee", hold.payee() == command.payee),
            ("amount", operation.amount() == command.amount),
            ("cap", hold.cap().minor() >= command.cap.unwrap_or(command.amount).minor()),
            ("expires_at", hold.expires_at() >= command.expires_at),
            ("at_deadline", hold.at_deadline() == command.at_deadline),
        ],
    )?;
    Ok(Some(hold))
}
