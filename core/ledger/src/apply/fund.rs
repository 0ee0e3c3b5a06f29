//! Moves money into an account at once.

use super::{in_shard, positive, replay, same_currency};
use crate::changes::Outcome;
use crate::command::Fund;
use crate::effects::Effects;
use crate::{
    Book, Event, EventKind, Operation, OperationKind, OperationParts, OperationState, Refusal, Timestamp, Transfer,
    TransferKind,
};

pub(super) fn fund(book: &Book, command: &Fund, now: Timestamp) -> Result<Effects, Refusal> {
    let &Fund { operation: id, transfer, from, to, amount } = command;
    in_shard(book, [(to.shard(), &to), (id.shard(), &id), (transfer.shard(), &transfer)])?;
    if let Some(operation) = book.operation(id) {
        replay_fund(operation, command)?;
        return Ok(Effects::replay(Some(operation), None, now));
    }
    positive(amount)?;
    let debit = book.row(from)?;
    let credit = book.account(to).ok_or(Refusal::AccountNotFound { account: to })?;
    if from == to {
        return Err(Refusal::SameAccount { account: to });
    }
    same_currency(amount, debit.currency())?;
    same_currency(amount, credit.currency())?;
    if !debit.covers(amount) {
        return Err(Refusal::FundsInsufficient { asked: amount, available: debit.available() });
    }
    let minor = amount.minor();
    let overflow = |_| Refusal::AmountOverflow;
    let accounts = vec![debit.moved(-minor, 0).map_err(overflow)?, credit.moved(minor, 0).map_err(overflow)?];
    let operation = funded(command, now);
    let event = Event {
        kind: EventKind::AccountFunded,
        hold: None,
        operation: Some(id),
        payer: Some(from),
        payee: Some(to),
        request: None,
        amount: Some(amount),
        hold_version: None,
        status: None,
        at: now,
    };
    let transfer = Transfer {
        id: transfer,
        operation: id,
        hold: None,
        debit: from,
        credit: to,
        amount,
        kind: TransferKind::Fund,
        at: now,
    };
    Ok(Effects {
        accounts,
        hold: None,
        operations: vec![operation.clone()],
        transfers: vec![transfer],
        events: vec![event],
        outcome: Outcome { operation: Some(operation), hold: None, replayed: false, follow_up: None },
    })
}

fn funded(command: &Fund, now: Timestamp) -> Operation {
    let &Fund { operation: id, transfer, from, to, amount } = command;
    Operation {
        parts: OperationParts {
            id,
            hold: None,
            kind: OperationKind::Fund { from, to, amount },
            asked: Some(amount),
            transfer: Some(transfer),
            state: OperationState::Settled { reference: String::new(), amount, at: now },
            created_at: now,
            result: None,
            refunded: 0,
            refund_in_flight: 0,
            proposal: None,
        },
    }
}

fn replay_fund(operation: &Operation, command: &Fund) -> Result<(), Refusal> {
    let OperationKind::Fund { from, to, amount } = *operation.kind() else {
        return replay(operation, [("kind", false)]);
    };
    replay(operation, [("from", from == command.from), ("to", to == command.to), ("amount", amount == command.amount)])
}
