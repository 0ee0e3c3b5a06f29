//! Takes held money for the payee: the amount is earmarked now and moves when the rail says so.

use super::{expected_version, find_hold, in_shard, positive, replay, same_currency, sent};
use crate::command::Capture;
use crate::effects::{Effects, HoldChange};
use crate::{Book, EndReason, EventKind, Hold, Money, Operation, OperationKind, Phase, Refusal, Timestamp};

pub(super) fn capture(book: &Book, command: &Capture, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(
        book,
        [
            (command.hold.shard(), &command.hold),
            (command.operation.shard(), &command.operation),
            (command.transfer.shard(), &command.transfer),
        ],
    )?;
    if let Some(operation) = book.operation(command.operation) {
        replay_capture(operation, command)?;
        return Ok(Effects::replay(Some(operation), book.hold(command.hold), now));
    }
    if let Some(amount) = command.amount {
        positive(amount)?;
    }
    let hold = find_hold(book, command.hold)?;
    if let Some(amount) = command.amount {
        same_currency(amount, hold.currency())?;
    }
    expected_version(hold, command.expected_version)?;
    capturable(hold, now)?;
    let amount = resolve(hold, command.amount)?;

    let mut change = HoldChange::of(book, hold, now)?;
    change.hold.capture_asked(amount.minor(), command.finality);
    change.event(EventKind::CaptureSent, Some(amount));
    let kind = OperationKind::Capture { amount, finality: command.finality };
    let transfer = Some(command.transfer);
    let operation = sent(command.operation, hold.id(), kind, command.amount, transfer, now);
    change.finish(operation, None)
}

fn capturable(hold: &Hold, now: Timestamp) -> Result<(), Refusal> {
    let expired = hold.end() == Some(&EndReason::Expired);
    match hold.phase() {
        Phase::Placing if now >= hold.expires_at() => Err(Refusal::HoldExpired { hold: hold.id() }),
        Phase::Placing => Err(Refusal::HoldPending { hold: hold.id() }),
        Phase::Held if now >= hold.expires_at() => Err(Refusal::HoldExpired { hold: hold.id() }),
        Phase::Held => Ok(()),
        Phase::Closing | Phase::Ended if expired => Err(Refusal::HoldExpired { hold: hold.id() }),
        Phase::Closing | Phase::Ended | Phase::Failed => {
            Err(Refusal::HoldClosed { hold: hold.id(), status: hold.status() })
        }
    }
}

fn resolve(hold: &Hold, asked: Option<Money>) -> Result<Money, Refusal> {
    let free = hold.free();
    match asked {
        None if free.is_positive() => Ok(free),
        None => Err(Refusal::HoldNothingFree { hold: hold.id() }),
        Some(asked) if asked.minor() > free.minor() => Err(Refusal::CaptureExceedsFree { asked, free }),
        Some(asked) => Ok(asked),
    }
}

fn replay_capture(operation: &Operation, command: &Capture) -> Result<(), Refusal> {
    let finality = match operation.kind() {
        OperationKind::Capture { finality, .. } => *finality,
        OperationKind::Fund { .. }
        | OperationKind::Place { .. }
        | OperationKind::Release { .. }
        | OperationKind::Expire { .. }
        | OperationKind::Refund { .. } => return replay(operation, [("kind", false)]),
    };
    replay(
        operation,
        [
            ("hold", operation.hold() == Some(command.hold)),
            ("amount", operation.parts.asked == command.amount),
            ("finality", finality == command.finality),
        ],
    )
}
