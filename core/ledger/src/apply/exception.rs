//! Records that a rail contradicts the final state of an operation. The state stays: what was answered was answered.
//! The exception is an operation of its own, open until what the rail did is undone there or people have settled it.

use super::settle::contradicted;
use super::{find_hold, in_shard, positive, replay, same_currency, sent};
use crate::command::{OpenException, Verdict};
use crate::effects::{Effects, HoldChange};
use crate::{Book, EventKind, Found, Money, Operation, OperationKind, OperationState, Refusal, Timestamp};

pub(super) fn open_exception(book: &Book, command: &OpenException, now: Timestamp) -> Result<Effects, Refusal> {
    let (id, target) = (command.operation, command.of);
    in_shard(book, [(command.hold.shard(), &command.hold), (id.shard(), &id), (target.shard(), &target)])?;
    let of = book.operation(target).ok_or(Refusal::OperationNotFound { operation: target })?;
    if of.hold() != Some(command.hold) {
        return Err(Refusal::OperationOfAnotherHold { operation: target, hold: command.hold });
    }
    let hold = find_hold(book, command.hold)?;
    let (told, amount) = found(of, &command.verdict)?;
    if let Some(operation) = book.operation(id) {
        let OperationKind::Exception { of, found, amount: known } = operation.kind() else {
            return Err(Refusal::OperationExistsWithDifferentFields { operation: id, field: "kind" });
        };
        replay(operation, [("of", *of == target), ("found", *found == told), ("amount", *known == amount)])?;
        return Ok(Effects::replay(Some(operation), Some(hold), now));
    }
    positive(amount)?;
    same_currency(amount, hold.currency())?;
    let mut change = HoldChange::of(book, hold, now)?;
    change.event(EventKind::ExceptionOpened, Some(amount));
    let kind = OperationKind::Exception { of: target, found: told, amount };
    let operation = sent(id, hold.id(), kind, None, None, now);
    change.finish(operation, None)
}

/// What a verdict says against what is known.
fn found(of: &Operation, verdict: &Verdict) -> Result<(Found, Money), Refusal> {
    if !contradicted(of, verdict) {
        return Err(Refusal::ExceptionOfNothing { operation: of.id() });
    }
    match (verdict, of.state()) {
        (Verdict::Settled { reference, amount }, OperationState::Settled { .. }) => {
            Ok((Found::Differs { reference: reference.clone() }, *amount))
        }
        (Verdict::Settled { reference, amount }, _) => {
            Ok((Found::LateSuccess { reference: reference.clone() }, *amount))
        }
        (Verdict::Declined { .. } | Verdict::Unknown { .. } | Verdict::RequiresAction, _) => {
            Ok((Found::Denied, of.settled_amount().unwrap_or(of.amount())))
        }
    }
}
