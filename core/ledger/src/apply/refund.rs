//! Gives captured money back: names the capture that it undoes and never exceeds it.

use super::{expected_version, find_hold, in_shard, positive, replay, same_currency, sent};
use crate::command::Refund;
use crate::effects::{Effects, HoldChange};
use crate::{Book, EventKind, Money, Operation, OperationId, OperationKind, Refusal, Timestamp};

/// Who asks captured money back.
#[derive(Clone, Copy)]
pub(super) enum Claim {
    /// The payee gives it.
    Refund,
    /// The payer contests the capture.
    Dispute,
}

impl Claim {
    fn kind(self, capture: OperationId, amount: Money) -> OperationKind {
        match self {
            Self::Refund => OperationKind::Refund { capture, amount },
            Self::Dispute => OperationKind::Dispute { capture, amount },
        }
    }

    fn begin(self, change: &mut HoldChange<'_>, amount: Money) {
        match self {
            Self::Refund => {
                change.hold.refund_asked(amount.minor());
                change.event(EventKind::RefundSent, Some(amount));
            }
            Self::Dispute => {
                change.hold.dispute_opened(amount.minor());
                change.event(EventKind::DisputeOpened, Some(amount));
            }
        }
    }
}

pub(super) fn refund(book: &Book, command: &Refund, now: Timestamp) -> Result<Effects, Refusal> {
    ask_back(book, command, Claim::Refund, now)
}

/// Reserves what is asked back on the payee's account.
pub(super) fn ask_back(book: &Book, command: &Refund, claim: Claim, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(
        book,
        [
            (command.hold.shard(), &command.hold),
            (command.operation.shard(), &command.operation),
            (command.transfer.shard(), &command.transfer),
        ],
    )?;
    if let Some(operation) = book.operation(command.operation) {
        replay_claim(operation, command, claim)?;
        return Ok(Effects::replay(Some(operation), book.hold(command.hold), now));
    }
    if let Some(amount) = command.amount {
        positive(amount)?;
    }
    let target = command.capture;
    let capture = book.operation(target).ok_or(Refusal::OperationNotFound { operation: target })?;
    if capture.hold() != Some(command.hold) {
        return Err(Refusal::OperationOfAnotherHold { operation: target, hold: command.hold });
    }
    let hold = find_hold(book, command.hold)?;
    if let Some(amount) = command.amount {
        same_currency(amount, hold.currency())?;
    }
    expected_version(hold, command.expected_version)?;
    let amount = resolve(capture, command.amount)?;
    let payee = book.row(hold.payee())?;
    if !payee.covers(amount) {
        return Err(Refusal::FundsInsufficient { asked: amount, available: payee.available() });
    }

    let mut change = HoldChange::of(book, hold, now)?;
    claim.begin(&mut change, amount);
    let mut capture = capture.clone();
    capture.parts.refund_in_flight += amount.minor();
    let kind = claim.kind(target, amount);
    let transfer = Some(command.transfer);
    let operation = sent(command.operation, hold.id(), kind, command.amount, transfer, now);
    change.finish(operation, Some(capture))
}

/// How much of a capture may be asked back.
pub(super) fn resolve(capture: &Operation, asked: Option<Money>) -> Result<Money, Refusal> {
    let is_capture = matches!(capture.kind(), OperationKind::Capture { .. });
    if !is_capture {
        return Err(Refusal::RefundOfNoCapture { operation: capture.id() });
    }
    if capture.settled_amount().is_none() {
        return Err(Refusal::RefundOfUnsettledCapture { capture: capture.id() });
    }
    let refundable = capture.refundable();
    match asked {
        _ if !refundable.is_positive() => Err(Refusal::RefundNothingLeft { capture: capture.id() }),
        None => Ok(refundable),
        Some(asked) if asked.minor() > refundable.minor() => Err(Refusal::RefundExceedsCapture { asked, refundable }),
        Some(asked) => Ok(asked),
    }
}

fn replay_claim(operation: &Operation, command: &Refund, claim: Claim) -> Result<(), Refusal> {
    let capture = match (claim, operation.kind()) {
        (Claim::Refund, OperationKind::Refund { capture, .. }) => capture,
        (Claim::Dispute, OperationKind::Dispute { capture, .. }) => capture,
        (Claim::Refund | Claim::Dispute, _) => return replay(operation, [("kind", false)]),
    };
    replay(
        operation,
        [
            ("hold", operation.hold() == Some(command.hold)),
            ("capture", *capture == command.capture),
            ("amount", operation.parts.asked == command.amount),
        ],
    )
}
