//! Closes a hold whose deadline passed. Takes only what is free: an operation without a result keeps its earmark.

use super::release::give_back;
use super::{expected_version, find_hold, in_shard, replay, sent};
use crate::command::Expire;
use crate::effects::{Effects, HoldChange};
use crate::{Book, EndReason, EventKind, Operation, OperationKind, Refusal, Timestamp};

pub(super) fn expire(book: &Book, command: &Expire, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(book, [(command.hold.shard(), &command.hold), (command.operation.shard(), &command.operation)])?;
    if let Some(operation) = book.operation(command.operation) {
        replay_expire(operation, command)?;
        return Ok(Effects::replay(Some(operation), book.hold(command.hold), now));
    }
    let hold = find_hold(book, command.hold)?;
    expected_version(hold, command.expected_version)?;
    if !hold.may_expire() {
        return Err(Refusal::HoldClosed { hold: hold.id(), status: hold.status() });
    }
    if now < hold.expires_at() {
        return Err(Refusal::HoldNotDue { hold: hold.id() });
    }
    if hold.captures_when_due() {
        return Err(Refusal::HoldCapturesAtDeadline { hold: hold.id() });
    }
    let kind = OperationKind::Expire { amount: hold.free() };
    let operation = sent(command.operation, hold.id(), kind, None, None, now);
    let change = HoldChange::of(book, hold, now)?;
    give_back(change, operation, Some(EndReason::Expired), EventKind::HoldExpired, now)
}

fn replay_expire(operation: &Operation, command: &Expire) -> Result<(), Refusal> {
    let is_expire = matches!(operation.kind(), OperationKind::Expire { .. });
    replay(operation, [("kind", is_expire), ("hold", operation.hold() == Some(command.hold))])
}
