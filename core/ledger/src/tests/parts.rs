//! Rows that a store hands back: what this crate could not have made is an error, never a panic.

use crate::{
    Account, AccountId, AccountParts, AccountPartsError, AtDeadline, Currency, EndReason, EventKind, Finality, Floor,
    Found, Hold, HoldId, HoldParts, HoldPartsError, Leg, LegKind, Money, Operation, OperationId, OperationKind,
    OperationParts, OperationPartsError, OperationState, Phase, RailId, Status, Timestamp, TransferId, TransferKind,
    Uuid,
};

const AT: Timestamp = Timestamp::from_millis(9);

fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

fn account(change: impl FnOnce(&mut AccountParts)) -> Result<(), AccountPartsError> {
    let id = AccountId::from_uuid(Uuid::from_u128(1));
    let mut parts = AccountParts { id, currency: Currency::JPY, floor: Floor::Zero, posted: 10, held: 4, version: 1 };
    change(&mut parts);
    Account::from_parts(parts).map(|account| assert_eq!(*account.parts(), parts))
}

#[test]
fn an_account_row_keeps_its_floor() {
    let id = AccountId::from_uuid(Uuid::from_u128(1));
    assert_eq!(account(|_| ()), Ok(()));
    assert_eq!(account(|row| row.held = -1), Err(AccountPartsError::NegativeHeld(id)));
    assert_eq!(account(|row| row.posted = i64::MIN), Err(AccountPartsError::AvailableOverflow(id)));
    assert_eq!(account(|row| row.held = 11), Err(AccountPartsError::BelowFloor(id)));
    assert_eq!(account(|row| (row.held, row.floor) = (11, Floor::Unlimited)), Ok(()));
    assert_eq!(account(|row| row.version = 0), Err(AccountPartsError::NoVersion(id)));
}

fn hold(change: impl FnOnce(&mut HoldParts)) -> Result<(), HoldPartsError> {
    let mut parts = HoldParts {
        id: HoldId::from_uuid(Uuid::from_u128(2)),
        rail: RailId::new("house").unwrap(),
        payer: AccountId::from_uuid(Uuid::from_u128(1)),
        payee: AccountId::from_uuid(Uuid::from_u128(3)),
        currency: Currency::JPY,
        authorised: 60,
        cap: 60,
        captured: 20,
        released: 10,
        refunded: 5,
        disputed: 0,
        lost: 0,
        place_in_flight: 0,
        raise_in_flight: 0,
        capture_in_flight: 7,
        release_in_flight: 3,
        refund_in_flight: 15,
        phase: Phase::Held,
        end: None,
        expires_at: AT,
        at_deadline: AtDeadline::Release,
        reference: None,
        requires_action: false,
        waiting: None,
        version: 1,
        created_at: AT,
    };
    change(&mut parts);
    Hold::from_parts(parts.clone()).map(|hold| assert_eq!(*hold.parts(), parts))
}

#[test]
fn a_hold_row_adds_up() {
    let id = HoldId::from_uuid(Uuid::from_u128(2));
    let unbalanced = Err(HoldPartsError::Unbalanced(id));
    assert_eq!(hold(|_| ()), Ok(()));
    assert_eq!(hold(|row| row.capture_in_flight = 27), Ok(()));
    assert_eq!(hold(|row| row.capture_in_flight = 28), unbalanced);
    assert_eq!(hold(|row| row.released = i64::MAX), unbalanced);
    assert_eq!(hold(|row| row.cap = 59), unbalanced);
    assert_eq!(hold(|row| row.release_in_flight = -1), Err(HoldPartsError::NegativeAmount(id)));
    assert_eq!(hold(|row| row.authorised = i64::MIN), Err(HoldPartsError::NegativeAmount(id)));
    assert_eq!(hold(|row| row.refunded = 6), Err(HoldPartsError::RefundsExceedCaptures(id)));
    assert_eq!(hold(|row| row.refunded = i64::MAX), Err(HoldPartsError::RefundsExceedCaptures(id)));
    assert_eq!(hold(|row| row.version = 0), Err(HoldPartsError::NoVersion(id)));
    assert_eq!(hold(|row| row.disputed = 1), Err(HoldPartsError::RefundsExceedCaptures(id)));
    assert_eq!(hold(|row| row.lost = 1), Err(HoldPartsError::RefundsExceedCaptures(id)));
    assert_eq!(hold(|row| (row.refunded, row.disputed, row.lost) = (0, 2, 3)), Ok(()));
    assert_eq!(hold(|row| row.raise_in_flight = 1), unbalanced, "a raise stays within the cap");
    assert_eq!(hold(|row| (row.raise_in_flight, row.cap) = (1, 61)), Ok(()));
}

#[test]
fn a_hold_row_has_the_amounts_of_its_phase() {
    let id = HoldId::from_uuid(Uuid::from_u128(2));
    let contradicts = Err(HoldPartsError::PhaseContradicts(id));
    let empty = |row: &mut HoldParts| {
        (row.capture_in_flight, row.release_in_flight, row.released) = (0, 0, 40);
    };
    let declined = || Some(EndReason::Declined { code: "no".to_owned() });
    assert_eq!(hold(|row| row.phase = Phase::Placing), contradicts);
    assert_eq!(hold(|row| row.place_in_flight = 1), contradicts);
    assert_eq!(hold(|row| row.end = Some(EndReason::Captured)), contradicts);
    let waits = Some(OperationId::from_uuid(Uuid::from_u128(6)));
    assert_eq!(hold(|row| row.waiting = waits), Ok(()));
    assert_eq!(hold(|row| (row.waiting, row.phase) = (waits, Phase::Closing)), contradicts);
    assert_eq!(hold(empty), contradicts, "a held hold with nothing in it would have ended");
    assert_eq!(hold(|row| row.phase = Phase::Closing), Ok(()));
    assert_eq!(hold(|row| (row.phase, row.capture_in_flight) = (Phase::Closing, 0)), contradicts);
    assert_eq!(hold(|row| (row.phase, row.end) = (Phase::Closing, Some(EndReason::Expired))), Ok(()));
    assert_eq!(hold(|row| (row.phase, row.end) = (Phase::Closing, declined())), contradicts);
    assert_eq!(hold(|row| (row.phase, row.end) = (Phase::Ended, Some(EndReason::Released))), contradicts);
    let ended = |end| {
        move |row: &mut HoldParts| {
            (row.capture_in_flight, row.release_in_flight, row.released) = (0, 0, 40);
            (row.phase, row.end) = (Phase::Ended, end);
        }
    };
    assert_eq!(hold(ended(Some(EndReason::Released))), Ok(()));
    assert_eq!(hold(ended(None)), contradicts);
    assert_eq!(hold(ended(declined())), contradicts);
    assert_eq!(hold(|row| (row.phase, row.end) = (Phase::Failed, declined())), contradicts);
}

fn operation(change: impl FnOnce(&mut OperationParts)) -> Result<(), OperationPartsError> {
    let mut parts = OperationParts {
        id: OperationId::from_uuid(Uuid::from_u128(4)),
        hold: Some(HoldId::from_uuid(Uuid::from_u128(2))),
        kind: OperationKind::Capture { amount: yen(20), finality: Finality::Final, legs: vec![] },
        asked: Some(yen(20)),
        transfer: Some(TransferId::from_uuid(Uuid::from_u128(5))),
        state: OperationState::Sent,
        created_at: AT,
        result: None,
        refunded: 0,
        refund_in_flight: 0,
        proposal: None,
    };
    change(&mut parts);
    Operation::from_parts(parts.clone()).map(|operation| assert_eq!(*operation.parts(), parts))
}

#[test]
fn an_operation_row_has_what_its_kind_needs() {
    let id = OperationId::from_uuid(Uuid::from_u128(4));
    let settled = |minor| OperationState::Settled { reference: String::new(), amount: yen(minor), at: AT };
    let final_with = |state: OperationState, refunded| {
        move |row: &mut OperationParts| {
            let snapshot = crate::HoldSnapshot {
                version: 2,
                status: Status::Held,
                authorised: 60,
                captured: 20,
                released: 0,
                refunded: 0,
            };
            (row.state, row.result, row.refunded) = (state, Some(snapshot), refunded);
        }
    };
    assert_eq!(operation(|_| ()), Ok(()));
    assert_eq!(operation(|row| row.asked = None), Ok(()));
    assert_eq!(operation(|row| row.asked = Some(yen(19))), Err(OperationPartsError::Amount(id)));
    let zero = OperationKind::Capture { amount: yen(0), finality: Finality::Final, legs: vec![] };
    assert_eq!(operation(|row| (row.kind, row.asked) = (zero, None)), Err(OperationPartsError::Amount(id)));
    assert_eq!(operation(|row| row.hold = None), Err(OperationPartsError::Links(id)));
    assert_eq!(operation(|row| row.transfer = None), Err(OperationPartsError::Links(id)));
    let place = OperationKind::Place { amount: yen(20) };
    assert_eq!(operation(|row| row.kind = place), Err(OperationPartsError::Links(id)));
    assert_eq!(operation(|row| row.state = settled(20)), Err(OperationPartsError::Result(id)));
    assert_eq!(operation(final_with(settled(20), 0)), Ok(()));
    assert_eq!(operation(final_with(OperationState::Sent, 0)), Err(OperationPartsError::Result(id)));
    assert_eq!(operation(final_with(settled(21), 0)), Err(OperationPartsError::SettledAmount(id)));
    assert_eq!(operation(final_with(settled(0), 0)), Err(OperationPartsError::SettledAmount(id)));
    assert_eq!(operation(final_with(settled(19), 19)), Ok(()));
    assert_eq!(operation(final_with(settled(19), 20)), Err(OperationPartsError::Refunds(id)));
    assert_eq!(operation(final_with(settled(19), -1)), Err(OperationPartsError::Refunds(id)));
    assert_eq!(operation(|row| row.refund_in_flight = 1), Err(OperationPartsError::Refunds(id)));
    assert_eq!(operation(|row| row.state = OperationState::RequiresAction), Err(OperationPartsError::State(id)));
    let leg = |minor, to| Leg {
        to: AccountId::from_uuid(Uuid::from_u128(to)),
        amount: yen(minor),
        transfer: TransferId::from_uuid(Uuid::from_u128(to)),
        kind: LegKind::Fee,
    };
    let split = |legs| OperationKind::Capture { amount: yen(20), finality: Finality::Final, legs };
    assert_eq!(operation(|row| row.kind = split(vec![leg(15, 7), leg(5, 8)])), Ok(()));
    assert_eq!(operation(|row| row.kind = split(vec![leg(15, 7), leg(6, 8)])), Err(OperationPartsError::Legs(id)));
    assert_eq!(operation(|row| row.kind = split(vec![leg(0, 7)])), Err(OperationPartsError::Legs(id)));
}

#[test]
fn words_name_what_they_came_from() {
    for floor in [Floor::Zero, Floor::Unlimited] {
        assert_eq!(Floor::from_name(floor.name()), Some(floor));
    }
    for phase in [Phase::Placing, Phase::Held, Phase::Closing, Phase::Ended, Phase::Failed] {
        assert_eq!(Phase::from_name(phase.name()), Some(phase));
        assert_eq!(phase.is_terminal(), ["ended", "failed"].contains(&phase.name()));
    }
    let statuses = [
        "pending",
        "requires_action",
        "held",
        "partially_captured",
        "settling",
        "captured",
        "released",
        "expired",
        "failed",
    ];
    for word in statuses {
        assert_eq!(Status::from_name(word).map(Status::name), Some(word));
    }
    for finality in [Finality::Final, Finality::Partial, Finality::Deadline] {
        assert_eq!(Finality::from_name(finality.name()), Some(finality));
    }
    for word in ["fund", "capture", "refund", "share", "fee", "reverse", "dispute"] {
        assert_eq!(TransferKind::from_name(word).map(TransferKind::name), Some(word));
    }
    for kind in [LegKind::Share, LegKind::Fee] {
        assert_eq!(LegKind::from_name(kind.name()), Some(kind));
    }
    for choice in [AtDeadline::Release, AtDeadline::Capture] {
        assert_eq!(AtDeadline::from_name(choice.name()), Some(choice));
    }
    let reference = || "r".to_owned();
    for found in
        [Found::LateSuccess { reference: reference() }, Found::Differs { reference: reference() }, Found::Denied]
    {
        assert_eq!(Found::from_parts(found.name(), found.reference().map(str::to_owned)), Some(found));
    }
    assert_eq!(Found::from_parts("denied", Some(reference())), None);
    for kind in EventKind::ALL {
        assert_eq!(EventKind::from_name(kind.name()), Some(*kind));
    }
    let declined = EndReason::Declined { code: "no".to_owned() };
    for end in [EndReason::Captured, EndReason::Released, EndReason::Expired, declined] {
        assert_eq!(EndReason::from_parts(end.name(), end.code().map(str::to_owned)), Some(end));
    }
    assert_eq!(EndReason::from_parts("declined", None), None);
    assert_eq!(EndReason::from_parts("expired", Some("no".to_owned())), None);
    assert_eq!((Floor::from_name(""), Phase::from_name("x"), Status::from_name("HELD")), (None, None, None));
}
