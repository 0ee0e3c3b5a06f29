//! What a final result does to the hold, to the accounts and to the capture that a refund undoes.

use crate::effects::HoldChange;
use crate::leg::{Part, parts};
use crate::{
    AccountId, Book, EventKind, Hold, Money, Operation, OperationId, OperationKind, OperationState, Phase, Refusal,
    Timestamp, Transfer, TransferKind,
};

/// Checks that the hold has in flight what the operation asks for, so that taking it out again cannot go wrong.
pub(super) fn earmarked(hold: &Hold, operation: &Operation) -> Result<(), Refusal> {
    if *operation.state() == OperationState::RequiresAction {
        return Ok(());
    }
    let in_flight = match operation.kind() {
        OperationKind::Place { .. } => hold.parts.place_in_flight,
        OperationKind::Raise { .. } => hold.parts.raise_in_flight,
        OperationKind::Extend { .. } | OperationKind::Exception { .. } => return Ok(()),
        OperationKind::Dispute { .. } => hold.parts.disputed,
        OperationKind::Capture { .. } => hold.parts.capture_in_flight,
        OperationKind::Release { .. } | OperationKind::Expire { .. } => hold.parts.release_in_flight,
        OperationKind::Refund { .. } => hold.parts.refund_in_flight,
        OperationKind::Fund { .. } | OperationKind::Reverse { .. } => return Err(settled_at_once(operation)),
    };
    if operation.amount().minor() > in_flight || operation.amount().currency() != hold.currency() {
        return Err(crate::effects::imbalance(operation.id()));
    }
    Ok(())
}

/// Applies a success. Returns the capture that changed with it, for a refund.
pub(super) fn settled(
    book: &Book,
    change: &mut HoldChange<'_>,
    operation: &Operation,
    reference: &str,
    amount: Money,
    now: Timestamp,
) -> Result<Option<Operation>, Refusal> {
    let (asked, done) = (operation.amount().minor(), amount.minor());
    let (payer, payee) = (change.hold.payer(), change.hold.payee());
    let mut touched_capture = None;
    let mut rest = None;
    let event = match operation.kind() {
        OperationKind::Place { .. } => {
            change.hold.place_settled(reference, done);
            EventKind::HoldHeld
        }
        OperationKind::Raise { .. } => {
            change.hold.raise_settled(asked, done);
            EventKind::RaiseSettled
        }
        OperationKind::Extend { until, .. } => {
            change.hold.extended(*until);
            EventKind::ExtendSettled
        }
        OperationKind::Capture { finality, .. } => {
            let returned = change.hold.capture_settled(asked, done, *finality);
            rest = (returned > 0).then(|| change.hold.money(returned));
            change.transfers = captured(operation, payer, payee, amount, now)?;
            EventKind::CaptureSettled
        }
        OperationKind::Release { .. } | OperationKind::Expire { .. } => {
            change.hold.release_settled(asked, done);
            EventKind::ReleaseSettled
        }
        OperationKind::Refund { capture, .. } => {
            change.hold.refund_settled(asked, done);
            touched_capture = Some(refund_done(book, *capture, asked, done)?);
            change.transfers = vec![back(operation, TransferKind::Refund, payee, payer, amount, now)?];
            EventKind::RefundSettled
        }
        OperationKind::Dispute { capture, .. } => {
            change.hold.dispute_over(asked, done);
            touched_capture = Some(refund_done(book, *capture, asked, done)?);
            change.transfers = vec![back(operation, TransferKind::Dispute, payee, payer, amount, now)?];
            EventKind::DisputeLost
        }
        OperationKind::Exception { .. } => EventKind::ExceptionResolved,
        OperationKind::Fund { .. } | OperationKind::Reverse { .. } => return Err(settled_at_once(operation)),
    };
    change.event(event, Some(amount));
    if rest.is_some() {
        change.event(EventKind::ReleaseSettled, rest);
    }
    note_end(change, operation);
    Ok(touched_capture)
}

/// Applies a decline: the earmark goes back to where it came from. Returns the capture that changed, for a refund.
pub(super) fn declined(
    book: &Book,
    change: &mut HoldChange<'_>,
    operation: &Operation,
    code: &str,
) -> Result<Option<Operation>, Refusal> {
    let asked = operation.amount().minor();
    let mut touched_capture = None;
    let event = match operation.kind() {
        OperationKind::Place { .. } => {
            change.hold.place_declined(code);
            EventKind::HoldFailed
        }
        OperationKind::Raise { .. } if *operation.state() == OperationState::RequiresAction => {
            change.hold.parts.waiting = None;
            EventKind::RaiseFailed
        }
        OperationKind::Raise { .. } => {
            change.hold.raise_declined(asked);
            EventKind::RaiseFailed
        }
        OperationKind::Extend { .. } => EventKind::ExtendFailed,
        OperationKind::Capture { finality, .. } => {
            change.hold.capture_declined(asked, *finality);
            EventKind::CaptureFailed
        }
        OperationKind::Release { .. } | OperationKind::Expire { .. } => {
            change.hold.release_declined(asked);
            EventKind::ReleaseFailed
        }
        OperationKind::Refund { capture, .. } => {
            change.hold.refund_declined(asked);
            touched_capture = Some(refund_done(book, *capture, asked, 0)?);
            EventKind::RefundFailed
        }
        OperationKind::Dispute { capture, .. } => {
            change.hold.dispute_over(asked, 0);
            touched_capture = Some(refund_done(book, *capture, asked, 0)?);
            EventKind::DisputeWon
        }
        OperationKind::Exception { .. } => EventKind::ExceptionResolved,
        OperationKind::Fund { .. } | OperationKind::Reverse { .. } => return Err(settled_at_once(operation)),
    };
    change.event(event, Some(operation.amount()));
    note_end(change, operation);
    Ok(touched_capture)
}

/// The event that says that nobody knows.
pub(super) fn unknown_event(kind: &OperationKind) -> EventKind {
    match kind {
        OperationKind::Fund { .. } | OperationKind::Place { .. } => EventKind::HoldUnknown,
        OperationKind::Raise { .. } => EventKind::RaiseUnknown,
        OperationKind::Extend { .. } => EventKind::ExtendUnknown,
        OperationKind::Capture { .. } | OperationKind::Reverse { .. } => EventKind::CaptureUnknown,
        OperationKind::Release { .. } | OperationKind::Expire { .. } => EventKind::ReleaseUnknown,
        OperationKind::Refund { .. } | OperationKind::Dispute { .. } => EventKind::RefundUnknown,
        OperationKind::Exception { .. } => EventKind::ExceptionUnresolved,
    }
}

/// An ended hold changes once more with each refund, dispute, late extension and exception, but ends only once.
fn note_end(change: &mut HoldChange<'_>, operation: &Operation) {
    let ends = match operation.kind() {
        OperationKind::Place { .. }
        | OperationKind::Raise { .. }
        | OperationKind::Capture { .. }
        | OperationKind::Release { .. }
        | OperationKind::Expire { .. } => true,
        OperationKind::Fund { .. }
        | OperationKind::Extend { .. }
        | OperationKind::Refund { .. }
        | OperationKind::Reverse { .. }
        | OperationKind::Dispute { .. }
        | OperationKind::Exception { .. } => false,
    };
    if ends && change.hold.phase() == Phase::Ended {
        change.event(EventKind::HoldEnded, None);
    }
}

/// The capture after `asked` of it is no longer under way and `done` of it was given back.
fn refund_done(book: &Book, capture: OperationId, asked: i64, done: i64) -> Result<Operation, Refusal> {
    let found = book.operation(capture).ok_or(Refusal::OperationNotFound { operation: capture })?;
    let mut capture = found.clone();
    capture.parts.refund_in_flight -= asked;
    let refunded = capture.parts.refunded.checked_add(done);
    capture.parts.refunded = refunded.ok_or_else(|| crate::effects::imbalance(capture.id()))?;
    Ok(capture)
}

/// The transfers of a capture: one for each payee that gets something.
fn captured(
    operation: &Operation,
    payer: AccountId,
    payee: AccountId,
    amount: Money,
    at: Timestamp,
) -> Result<Vec<Transfer>, Refusal> {
    let parts = parts(operation, payee, amount).ok_or_else(|| crate::effects::imbalance(operation.id()))?;
    let transfer = |part: Part| Transfer {
        id: part.transfer,
        operation: operation.id(),
        hold: operation.hold(),
        debit: payer,
        credit: part.to,
        amount: part.amount,
        kind: part.kind,
        at,
    };
    Ok(parts.into_iter().map(transfer).collect())
}

/// The transfer that gives captured money back.
fn back(
    operation: &Operation,
    kind: TransferKind,
    debit: AccountId,
    credit: AccountId,
    amount: Money,
    at: Timestamp,
) -> Result<Transfer, Refusal> {
    let id = operation.parts.transfer.ok_or_else(|| crate::effects::imbalance(operation.id()))?;
    let hold = operation.hold();
    Ok(Transfer { id, operation: operation.id(), hold, debit, credit, amount, kind, at })
}

fn settled_at_once(operation: &Operation) -> Refusal {
    crate::effects::imbalance(operation.id())
}
