//! The audit finds each kind of damage in a book that was sound.

use super::world::World;
use crate::{
    Account, AccountId, AtDeadline, Book, Capture, Command, Currency, Finality, Floor, Fund, Hold, HoldId, Imbalance,
    Money, OpenAccount, Operation, OperationId, Place, RailId, Refund, Settle, Shard, Timestamp, TransferId, Uuid,
    Verdict,
};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number << 8)
}

fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

/// Issuer 1, payer 2 with 100, payee 3, hold 20 of 60 with 40 captured by 30, of which refund 40 asks 10 back.
fn sound() -> Book {
    let mut world = World::new(Shard::new(0));
    let (hold, rail) = (HoldId::from_uuid(id(20)), RailId::new("house").unwrap());
    let account = |number| AccountId::from_uuid(id(number));
    let operation = |number| OperationId::from_uuid(id(number));
    let transfer = |number| TransferId::from_uuid(id(number));
    let open =
        |number, floor| Command::OpenAccount(OpenAccount { id: account(number), currency: Currency::JPY, floor });
    let settle = |number, amount| {
        let verdict = Verdict::Settled { reference: "r".to_owned(), amount: yen(amount) };
        Command::Settle(Settle { hold, operation: operation(number), verdict })
    };
    let (expires_at, at_deadline) = (Timestamp::from_millis(100), AtDeadline::Release);
    let (payer, payee, finality) = (account(2), account(3), Finality::Partial);
    let commands = [
        open(1, Floor::Unlimited),
        open(2, Floor::Zero),
        open(3, Floor::Unlimited),
        Command::Fund(Fund {
            operation: operation(10),
            transfer: transfer(10),
            from: account(1),
            to: payer,
            amount: yen(100),
        }),
        Command::Place(Place {
            hold,
            operation: operation(20),
            rail,
            payer,
            payee,
            amount: yen(60),
            cap: None,
            expires_at,
            at_deadline,
        }),
        settle(20, 60),
        Command::Capture(Capture {
            hold,
            operation: operation(30),
            transfer: transfer(30),
            amount: Some(yen(40)),
            finality,
            legs: vec![],
            expected_version: None,
        }),
        settle(30, 40),
        Command::Refund(Refund {
            hold,
            operation: operation(40),
            transfer: transfer(40),
            capture: operation(30),
            amount: Some(yen(10)),
            expected_version: None,
        }),
    ];
    for command in commands {
        world.apply(&command).unwrap();
    }
    world.book
}

/// Copies a sound book, passing every row through a hand that may damage or drop it.
fn copied(
    account: impl Fn(Account) -> Option<Account>,
    hold: impl Fn(Hold) -> Option<Hold>,
    operation: impl Fn(Operation) -> Option<Operation>,
) -> Result<(), Imbalance> {
    let sound = sound();
    let mut copy = Book::new(sound.shard());
    sound.accounts().cloned().filter_map(account).for_each(|row| copy.insert_account(row));
    sound.holds().cloned().filter_map(hold).for_each(|row| copy.insert_hold(row));
    sound.operations().cloned().filter_map(operation).for_each(|row| copy.insert_operation(row));
    copy.audit()
}

#[test]
fn a_sound_book_passes() {
    assert_eq!(copied(Some, Some, Some), Ok(()));
}

#[test]
fn money_from_nowhere_is_found() {
    let richer = |row: Account| {
        let mut parts = *row.parts();
        parts.posted += i64::from(parts.id == AccountId::from_uuid(id(3)));
        Account::from_parts(parts).ok()
    };
    assert_eq!(copied(richer, Some, Some), Err(Imbalance::Posted { currency: Currency::JPY, sum: 1 }));
}

#[test]
fn a_lost_earmark_is_found() {
    for (number, recorded, counted) in [(2, 19, 20), (3, 9, 10)] {
        let account = AccountId::from_uuid(id(number));
        let forgetful = |row: Account| {
            let mut parts = *row.parts();
            parts.held -= i64::from(parts.id == account);
            Account::from_parts(parts).ok()
        };
        assert_eq!(copied(forgetful, Some, Some), Err(Imbalance::Held { account, recorded, counted }));
    }
}

#[test]
fn a_lost_account_is_found() {
    let lost = |row: Account| (row.id() != AccountId::from_uuid(id(1))).then_some(row);
    assert_eq!(copied(lost, Some, Some), Err(Imbalance::Posted { currency: Currency::JPY, sum: 100 }));
}

#[test]
fn a_lost_hold_is_found() {
    let account = AccountId::from_uuid(id(2));
    assert_eq!(copied(Some, |_| None, Some), Err(Imbalance::Held { account, recorded: 20, counted: 0 }));
}

#[test]
fn a_lost_operation_is_found() {
    let hold = HoldId::from_uuid(id(20));
    let without = |number| move |row: Operation| (row.id() != OperationId::from_uuid(id(number))).then_some(row);
    assert_eq!(copied(Some, Some, without(30)), Err(Imbalance::Operations { hold, amount: "captured" }));
    assert_eq!(copied(Some, Some, without(40)), Err(Imbalance::Operations { hold, amount: "being refunded" }));
}

#[test]
fn a_hold_that_forgot_a_release_is_found() {
    let generous = |row: Hold| {
        let mut parts = row.parts().clone();
        (parts.capture_in_flight, parts.authorised) = (5, 60);
        Hold::from_parts(parts).ok()
    };
    let hold = HoldId::from_uuid(id(20));
    assert_eq!(copied(Some, generous, Some), Err(Imbalance::Operations { hold, amount: "being captured" }));
}

#[test]
fn a_capture_that_forgot_a_refund_is_found() {
    let capture = OperationId::from_uuid(id(30));
    let forgetful = |row: Operation| {
        let mut parts = row.parts().clone();
        parts.refund_in_flight = 0;
        Operation::from_parts(parts).ok()
    };
    assert_eq!(copied(Some, Some, forgetful), Err(Imbalance::Refunds { capture }));
}
