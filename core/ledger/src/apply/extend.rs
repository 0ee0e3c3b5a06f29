//! Moves a hold's deadline to later. Until the rail agrees the old deadline stands.

use super::{capture::capturable, expected_version, find_hold, in_shard, replay, sent};
use crate::command::Extend;
use crate::effects::{Effects, HoldChange};
use crate::{Book, EventKind, OperationKind, Refusal, Timestamp};

pub(super) fn extend(book: &Book, command: &Extend, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(book, [(command.hold.shard(), &command.hold), (command.operation.shard(), &command.operation)])?;
    if let Some(operation) = book.operation(command.operation) {
        let OperationKind::Extend { until, .. } = operation.kind() else {
            return Err(Refusal::OperationExistsWithDifferentFields { operation: operation.id(), field: "kind" });
        };
        let same_hold = operation.hold() == Some(command.hold);
        replay(operation, [("hold", same_hold), ("until", *until == command.until)])?;
        return Ok(Effects::replay(Some(operation), book.hold(command.hold), now));
    }
    let hold = find_hold(book, command.hold)?;
    expected_version(hold, command.expected_version)?;
    capturable(hold, now)?;
    if command.until <= hold.expires_at() {
        return Err(Refusal::ExtendNotLater { hold: hold.id() });
    }
    let amount = hold.outstanding();
    if !amount.is_positive() {
        return Err(Refusal::HoldNothingFree { hold: hold.id() });
    }
    let mut change = HoldChange::of(book, hold, now)?;
    change.event(EventKind::ExtendSent, Some(amount));
    let kind = OperationKind::Extend { amount, until: command.until };
    let operation = sent(command.operation, hold.id(), kind, None, None, now);
    change.finish(operation, None)
}
