//! Several commands as one: all or none.

use super::world::World;
use crate::{
    AccountId, AtDeadline, Book, Capture, Command, Currency, Finality, Floor, Fund, HoldId, Money, OpenAccount,
    OperationId, Place, RailId, Refusal, Settle, Shard, Status, Timestamp, TransferId, Uuid, Verdict,
};

const NOW: Timestamp = Timestamp::from_millis(5);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number << 8)
}

fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

fn open(number: u128, floor: Floor) -> Command {
    Command::OpenAccount(OpenAccount { id: AccountId::from_uuid(id(number)), currency: Currency::JPY, floor })
}

fn fund(amount: i64) -> Command {
    Command::Fund(Fund {
        operation: OperationId::from_uuid(id(10)),
        transfer: TransferId::from_uuid(id(10)),
        from: AccountId::from_uuid(id(1)),
        to: AccountId::from_uuid(id(2)),
        amount: yen(amount),
    })
}

fn place(amount: i64) -> Command {
    Command::Place(Place {
        hold: HoldId::from_uuid(id(20)),
        operation: OperationId::from_uuid(id(20)),
        rail: RailId::new("house").unwrap(),
        payer: AccountId::from_uuid(id(2)),
        payee: AccountId::from_uuid(id(3)),
        amount: yen(amount),
        cap: None,
        expires_at: NOW.plus_ms(100),
        at_deadline: AtDeadline::Release,
    })
}

fn capture(amount: i64) -> Command {
    Command::Capture(Capture {
        hold: HoldId::from_uuid(id(20)),
        operation: OperationId::from_uuid(id(30)),
        transfer: TransferId::from_uuid(id(30)),
        amount: Some(yen(amount)),
        finality: Finality::Final,
        legs: vec![],
        expected_version: None,
    })
}

fn settle(operation: u128, amount: i64) -> Command {
    let verdict = Verdict::Settled { reference: "done".to_owned(), amount: yen(amount) };
    let operation = OperationId::from_uuid(id(operation));
    Command::Settle(Settle { hold: HoldId::from_uuid(id(20)), operation, verdict })
}

fn funded() -> Book {
    let mut world = World::new(Shard::new(0));
    for command in [open(1, Floor::Unlimited), open(2, Floor::Zero), open(3, Floor::Unlimited), fund(100)] {
        world.apply(&command).unwrap();
    }
    world.book
}

#[test]
fn a_unit_is_applied_as_if_one_by_one() {
    let unit = [place(60), settle(20, 60), capture(40), settle(30, 40)];
    let (mut together, mut one_by_one) = (funded(), funded());
    let outcomes = together.apply_all(&unit, NOW).unwrap();
    for (command, outcome) in unit.iter().zip(&outcomes) {
        assert_eq!(one_by_one.apply(command, NOW).as_ref(), Ok(outcome));
    }
    assert_eq!(together, one_by_one);
    assert_eq!(outcomes[3].hold.as_ref().unwrap().status(), Status::Captured);
    assert_eq!(together.audit(), Ok(()));
}

#[test]
fn a_refused_unit_leaves_no_trace() {
    for last in [settle(30, 41), settle(31, 40), place(61), fund(1)] {
        let before = funded();
        let mut book = before.clone();
        let unit = [place(60), settle(20, 60), capture(40), last];
        assert!(book.apply_all(&unit, NOW).is_err());
        assert_eq!(book, before);
        assert!(book.take_changes().is_empty());
    }
}

#[test]
fn a_refused_unit_keeps_the_changes_of_the_units_before_it() {
    let mut book = funded();
    book.apply_all(&[place(60), settle(20, 60)], NOW).unwrap();
    let before = book.clone();
    let refusal = book.apply_all(&[capture(40), settle(30, 41)], NOW);
    assert_eq!(refusal, Err(Refusal::SettledMoreThanAsked { asked: yen(40), settled: yen(41) }));
    assert_eq!(book, before);
    let changes = book.take_changes();
    assert_eq!(changes.holds.len(), 1);
    assert!(changes.holds[0].is_new);
    assert_eq!(changes.holds[0].row.version(), 2);
    assert_eq!(changes.events.len(), 2);
}

#[test]
fn an_empty_unit_is_nothing() {
    let mut book = funded();
    assert_eq!(book.apply_all(&[], NOW), Ok(Vec::new()));
    assert!(book.take_changes().is_empty());
}
