//! Takes held money for the payee: the amount is earmarked now and moves when the rail says so.

use super::{expected_version, find_hold, in_shard, positive, replay, same_currency, sent};
use crate::command::Capture;
use crate::effects::{Effects, HoldChange};
use crate::{
    AtDeadline, Book, EndReason, EventKind, Finality, Hold, Leg, Money, Operation, OperationKind, Phase, Refusal,
    Timestamp,
};

pub(super) fn capture(book: &Book, command: &Capture, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(
        book,
        [
            (command.hold.shard(), &command.hold),
            (command.operation.shard(), &command.operation),
            (command.transfer.shard(), &command.transfer),
        ],
    )?;
    for leg in &command.legs {
        in_shard(book, [(leg.transfer.shard(), &leg.transfer)])?;
    }
    if let Some(operation) = book.operation(command.operation) {
        replay_capture(operation, command)?;
        return Ok(Effects::replay(Some(operation), book.hold(command.hold), now));
    }
    if let Some(amount) = command.amount {
        positive(amount)?;
    }
    for leg in &command.legs {
        positive(leg.amount)?;
    }
    let hold = find_hold(book, command.hold)?;
    if let Some(amount) = command.amount {
        same_currency(amount, hold.currency())?;
    }
    expected_version(hold, command.expected_version)?;
    match command.finality {
        Finality::Deadline => due(hold, now)?,
        Finality::Final | Finality::Partial | Finality::FinalBeside => capturable(hold, now)?,
    }
    let amount = resolve(hold, command.amount)?;
    payable(book, hold, amount, &command.legs)?;

    let mut change = HoldChange::of(book, hold, now)?;
    change.hold.capture_asked(amount.minor(), command.finality);
    if command.finality == Finality::Deadline {
        change.event(EventKind::HoldExpired, Some(amount));
    }
    change.event(EventKind::CaptureSent, Some(amount));
    let kind = OperationKind::Capture { amount, finality: command.finality, legs: command.legs.clone() };
    let transfer = Some(command.transfer);
    let operation = sent(command.operation, hold.id(), kind, command.amount, transfer, now);
    change.finish(operation, None)
}

pub(super) fn capturable(hold: &Hold, now: Timestamp) -> Result<(), Refusal> {
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

/// Says whether the deadline means a capture, and has come.
fn due(hold: &Hold, now: Timestamp) -> Result<(), Refusal> {
    if !hold.may_expire() {
        return Err(Refusal::HoldClosed { hold: hold.id(), status: hold.status() });
    }
    if now < hold.expires_at() {
        return Err(Refusal::HoldNotDue { hold: hold.id() });
    }
    if hold.at_deadline() == AtDeadline::Release {
        return Err(Refusal::HoldReleasesAtDeadline { hold: hold.id() });
    }
    match hold.phase() {
        Phase::Held => Ok(()),
        Phase::Placing => Err(Refusal::HoldPending { hold: hold.id() }),
        Phase::Closing | Phase::Ended | Phase::Failed => {
            Err(Refusal::HoldClosed { hold: hold.id(), status: hold.status() })
        }
    }
}

/// Says whether every leg has an account of its own that takes the money, and whether the capture covers them.
fn payable(book: &Book, hold: &Hold, amount: Money, legs: &[Leg]) -> Result<(), Refusal> {
    let mut sum = 0_i64;
    for (index, leg) in legs.iter().enumerate() {
        let row = book.row(leg.to)?;
        same_currency(leg.amount, hold.currency())?;
        same_currency(leg.amount, row.currency())?;
        if leg.to == hold.payer() {
            return Err(Refusal::SameAccount { account: leg.to });
        }
        if leg.to == hold.payee() || legs.iter().take(index).any(|other| other.to == leg.to) {
            return Err(Refusal::SplitPayeeRepeated { account: leg.to });
        }
        sum = sum.checked_add(leg.amount.minor()).ok_or(Refusal::AmountOverflow)?;
    }
    if sum > amount.minor() {
        return Err(Refusal::SplitExceedsCapture { legs: hold.money(sum), captured: amount });
    }
    Ok(())
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
    let OperationKind::Capture { finality, legs, .. } = operation.kind() else {
        return replay(operation, [("kind", false)]);
    };
    let same_legs = legs.len() == command.legs.len() && legs.iter().zip(&command.legs).all(|(one, two)| one.same(two));
    replay(
        operation,
        [
            ("hold", operation.hold() == Some(command.hold)),
            ("amount", operation.parts.asked == command.amount),
            ("finality", *finality == command.finality),
            ("legs", same_legs),
        ],
    )
}
