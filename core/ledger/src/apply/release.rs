//! Gives free money back to the payer, a part of it or all.

use super::{expected_version, find_hold, in_shard, positive, replay, same_currency, sent};
use crate::command::Release;
use crate::effects::{Effects, HoldChange};
use crate::{
    Book, EndReason, EventKind, Hold, Money, Operation, OperationKind, OperationState, Phase, Refusal, Timestamp,
};

pub(super) fn release(book: &Book, command: &Release, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(book, [(command.hold.shard(), &command.hold), (command.operation.shard(), &command.operation)])?;
    if let Some(operation) = book.operation(command.operation) {
        replay_release(operation, command)?;
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
    let amount = releasable(hold, command.amount)?;
    let close = command.amount.is_none().then_some(EndReason::Released);
    let kind = OperationKind::Release { amount };
    let operation = sent(command.operation, hold.id(), kind, command.amount, None, now);
    let change = HoldChange::of(book, hold, now)?;
    let event = if amount.is_positive() { EventKind::ReleaseSent } else { EventKind::ReleaseSettled };
    give_back(change, operation, close, event, now)
}

/// Earmarks the operation's amount for release. With nothing free there is nothing to ask the rail, so the operation is
/// settled at once.
pub(super) fn give_back(
    mut change: HoldChange<'_>,
    mut operation: Operation,
    close: Option<EndReason>,
    event: EventKind,
    now: Timestamp,
) -> Result<Effects, Refusal> {
    let amount = operation.amount();
    change.hold.release_asked(amount.minor(), close);
    change.event(event, Some(amount));
    if amount.minor() == 0 {
        operation.parts.state = OperationState::Settled { reference: String::new(), amount, at: now };
        operation.parts.result = Some(change.hold.snapshot());
    }
    change.finish(operation, None)
}

/// How much may be released: nothing yet when it cancels a placement whose outcome is open.
fn releasable(hold: &Hold, asked: Option<Money>) -> Result<Money, Refusal> {
    let free = hold.free();
    match (hold.phase(), asked) {
        (Phase::Placing, None) => Ok(Money::zero(hold.currency())),
        (Phase::Placing, Some(_)) => Err(Refusal::HoldPending { hold: hold.id() }),
        (Phase::Held | Phase::Closing, None) if free.is_positive() => Ok(free),
        (Phase::Held | Phase::Closing, None) => Err(Refusal::HoldNothingFree { hold: hold.id() }),
        (Phase::Held | Phase::Closing, Some(asked)) if asked.minor() > free.minor() => {
            Err(Refusal::ReleaseExceedsFree { asked, free })
        }
        (Phase::Held | Phase::Closing, Some(asked)) => Ok(asked),
        (Phase::Ended | Phase::Failed, _) => Err(Refusal::HoldClosed { hold: hold.id(), status: hold.status() }),
    }
}

fn replay_release(operation: &Operation, command: &Release) -> Result<(), Refusal> {
    let is_release = matches!(operation.kind(), OperationKind::Release { .. });
    replay(
        operation,
        [
            ("kind", is_release),
            ("hold", operation.hold() == Some(command.hold)),
            ("amount", operation.parts.asked == command.amount),
        ],
    )
}
