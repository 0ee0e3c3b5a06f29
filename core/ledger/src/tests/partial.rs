//! Books with some rows only, and accounts whose home is another shard.

use expect_test::expect;

use super::check;
use crate::{
    Account, AccountId, AccountParts, AtDeadline, Book, Capture, Command, Currency, EndReason, Finality, Floor, Hold,
    HoldId, HoldParts, Keys, Money, Operation, OperationId, OperationKind, OperationParts, OperationState, Phase,
    RailId, Refund, Refusal, Settle, Shard, Timestamp, TransferId, Uuid, Verdict,
};

const NOW: Timestamp = Timestamp::from_millis(5);

#[test]
fn a_payee_of_another_shard_gets_a_sub_balance_when_credited() {
    check(
        "account A 100 / foreign F@9 unlimited / hold H1 A→F@9 60 / settle H1 / capture H1 40 / settle C1 / refund C1 / settle U1",
        expect![[r#"
            hold H1 A→F@9 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 40: C1 sent 40, settling v3 free 20 capturing 40
            settle C1: settled 40, captured v4 free 0 captured 40 released 20
            refund C1: U1 sent 40, captured v5 free 0 captured 40 released 20 refunding 40
            settle U1: settled 40, captured v6 free 0 captured 40 released 20 refunded 40
            A 100 · F@9 0
        "#]],
    );
}

#[test]
fn a_floored_payee_of_another_shard_refunds_what_it_got_here_and_no_more() {
    check(
        "account A 100 / foreign F@9 zero / hold H1 A→F@9 60 / settle H1 / capture H1 40 / settle C1 / fund F@9→A 10 / refund C1 31 / refund C1 30 / settle U1",
        expect![[r#"
            hold H1 A→F@9 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 40: C1 sent 40, settling v3 free 20 capturing 40
            settle C1: settled 40, captured v4 free 0 captured 40 released 20
            fund F@9→A 10: F1 settled 10
            refund C1 31: refused funds.insufficient
            refund C1 30: U1 sent 30, captured v5 free 0 captured 40 released 20 refunding 30
            settle U1: settled 30, captured v6 free 0 captured 40 released 20 refunded 30
            A 100 · F@9 0
        "#]],
    );
}

#[test]
fn a_payee_that_nobody_knows_is_refused() {
    check(
        "account A 100 / hold H1 A→F@9 60 / foreign F@9 unlimited USD / hold H1 A→F@9 60",
        expect![[r#"
        hold H1 A→F@9 60: refused account.not_found
        hold H1 A→F@9 60: refused amount.currency_mismatch
        A 100
    "#]],
    );
}

#[test]
fn an_account_of_this_shard_is_never_made_by_declaring_it() {
    let mut book = Book::new(Shard::new(0));
    let id = AccountId::from_uuid(Uuid::from_u128(0x100));
    book.declare_foreign(id, Currency::JPY, Floor::Unlimited);
    assert_eq!(book.row(id), Err(Refusal::AccountNotFound { account: id }));
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number << 8)
}

fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

fn hold_id() -> HoldId {
    HoldId::from_uuid(id(20))
}

fn account(number: u128, posted: i64, held: i64) -> Account {
    let id = AccountId::from_uuid(id(number));
    let parts = AccountParts { id, currency: Currency::JPY, floor: Floor::Unlimited, posted, held, version: 4 };
    Account::from_parts(parts).unwrap()
}

fn hold(capture_in_flight: i64, captured: i64) -> Hold {
    Hold::from_parts(HoldParts {
        id: hold_id(),
        rail: RailId::new("house").unwrap(),
        payer: AccountId::from_uuid(id(1)),
        payee: AccountId::from_uuid(id(2)),
        currency: Currency::JPY,
        authorised: 60,
        cap: 60,
        captured,
        released: 0,
        refunded: 0,
        disputed: 0,
        lost: 0,
        place_in_flight: 0,
        raise_in_flight: 0,
        capture_in_flight,
        release_in_flight: 0,
        refund_in_flight: 0,
        phase: Phase::Held,
        end: None,
        expires_at: Timestamp::from_millis(1000),
        at_deadline: AtDeadline::Release,
        reference: Some("r".to_owned()),
        requires_action: false,
        waiting: None,
        version: 3,
        created_at: Timestamp::from_millis(0),
    })
    .unwrap()
}

fn capture_sent(number: u128, amount: i64) -> Operation {
    Operation::from_parts(OperationParts {
        id: OperationId::from_uuid(id(number)),
        hold: Some(hold_id()),
        kind: OperationKind::Capture { amount: yen(amount), finality: Finality::Partial, legs: vec![] },
        asked: Some(yen(amount)),
        transfer: Some(TransferId::from_uuid(id(number))),
        state: OperationState::Sent,
        created_at: Timestamp::from_millis(1),
        result: None,
        refunded: 0,
        refund_in_flight: 0,
        proposal: None,
    })
    .unwrap()
}

fn settle(operation: u128, amount: i64) -> Command {
    let verdict = Verdict::Settled { reference: String::new(), amount: yen(amount) };
    Command::Settle(Settle { hold: hold_id(), operation: OperationId::from_uuid(id(operation)), verdict })
}

fn refund(operation: u128, capture: u128) -> Command {
    Command::Refund(Refund {
        hold: hold_id(),
        operation: OperationId::from_uuid(id(operation)),
        transfer: TransferId::from_uuid(id(operation)),
        capture: OperationId::from_uuid(id(capture)),
        amount: None,
        expected_version: None,
    })
}

#[test]
fn a_store_loads_in_two_rounds() {
    let command = settle(30, 20);
    let keys = command.keys();
    let operations = vec![OperationId::from_uuid(id(30))];
    assert_eq!(keys, Keys { accounts: vec![], holds: vec![hold_id()], operations });
    let mut book = Book::new(Shard::new(0));
    book.insert_hold(hold(20, 0));
    book.insert_operation(capture_sent(30, 20));
    let both = vec![AccountId::from_uuid(id(1)), AccountId::from_uuid(id(2))];
    assert_eq!(book.further_keys(&command), Keys { accounts: both, ..Keys::default() });
    book.insert_account(account(1, 100, 60));
    book.insert_account(account(2, 0, 0));
    assert_eq!(book.further_keys(&command), Keys::default());
}

#[test]
fn a_batch_gives_each_row_once_and_says_which_are_new() {
    let mut book = Book::new(Shard::new(0));
    book.insert_hold(hold(20, 0));
    book.insert_operation(capture_sent(30, 20));
    book.insert_account(account(1, 100, 60));
    book.insert_account(account(2, 0, 0));
    let capture = Command::Capture(Capture {
        hold: hold_id(),
        operation: OperationId::from_uuid(id(31)),
        transfer: TransferId::from_uuid(id(31)),
        amount: Some(yen(40)),
        finality: Finality::Partial,
        legs: vec![],
        expected_version: None,
    });
    for command in [settle(30, 20), refund(32, 30), capture, settle(31, 40), settle(32, 20)] {
        book.apply(&command, NOW).unwrap();
    }
    assert_eq!(book.apply(&refund(33, 30), NOW).map_err(|refusal| refusal.code()), Err("refund.nothing_left"));
    let changes = book.take_changes();
    let new = |numbers: &[(u128, bool)]| numbers.iter().map(|(n, new)| (id(*n), *new)).collect::<Vec<_>>();
    let accounts: Vec<_> = changes.accounts.iter().map(|change| (change.row.id().uuid(), change.is_new)).collect();
    assert_eq!(accounts, new(&[(1, false), (2, false)]));
    let operations: Vec<_> = changes.operations.iter().map(|change| (change.row.id().uuid(), change.is_new)).collect();
    assert_eq!(operations, new(&[(30, false), (31, true), (32, true)]));
    let [hold] = &changes.holds[..] else { panic!("one hold changed") };
    assert!(!hold.is_new);
    assert_eq!(hold.row.end(), Some(&EndReason::Captured));
    assert_eq!((hold.row.version(), hold.row.captured(), hold.row.refunded()), (8, yen(60), yen(20)));
    assert_eq!(changes.accounts[0].row.posted(), yen(60));
    assert_eq!(changes.accounts[0].row.held(), yen(0));
    assert_eq!(changes.accounts[1].row.posted(), yen(40));
    let transfers: Vec<_> = changes.transfers.iter().map(|transfer| transfer.id().uuid()).collect();
    assert_eq!(transfers, [id(30), id(31), id(32)]);
    assert!(book.take_changes().is_empty());
}

#[test]
fn rows_in_the_book_are_not_replaced_by_older_ones() {
    let mut book = Book::new(Shard::new(0));
    book.insert_account(account(1, 100, 60));
    book.insert_account(account(1, 7, 0));
    assert_eq!(book.account(AccountId::from_uuid(id(1))).unwrap().posted(), yen(100));
    assert!(book.take_changes().is_empty());
}

#[test]
fn damaged_rows_are_refused_and_not_made_worse() {
    // The capture is under way, but the hold and the account know nothing of it.
    let mut book = Book::new(Shard::new(0));
    book.insert_hold(hold(0, 0));
    book.insert_operation(capture_sent(30, 20));
    book.insert_account(account(1, 100, 60));
    book.insert_account(account(2, 0, 0));
    let before = book.clone();
    let refusal = book.apply(&settle(30, 20), NOW).unwrap_err();
    assert_eq!(refusal.code(), "ledger.imbalance");
    assert!(!refusal.retryable());
    assert_eq!(book, before);
}

#[test]
fn a_damaged_operation_cannot_move_more_than_the_hold_has_under_way() {
    for amount in [21, i64::MAX] {
        let mut book = Book::new(Shard::new(0));
        book.insert_hold(hold(20, 30));
        book.insert_operation(capture_sent(30, amount));
        book.insert_account(account(1, 100, 60));
        book.insert_account(account(2, 0, 0));
        assert_eq!(book.apply(&settle(30, amount), NOW).unwrap_err().code(), "ledger.imbalance");
    }
}

#[test]
fn an_account_that_holds_less_than_its_hold_is_refused() {
    let mut book = Book::new(Shard::new(0));
    book.insert_hold(hold(20, 0));
    book.insert_operation(capture_sent(30, 20));
    book.insert_account(account(1, 100, 10));
    book.insert_account(account(2, 0, 0));
    assert_eq!(book.apply(&settle(30, 20), NOW).unwrap_err().code(), "ledger.imbalance");
}

#[test]
fn a_row_that_the_store_forgot_to_load_is_refused() {
    let mut book = Book::new(Shard::new(0));
    book.insert_hold(hold(20, 0));
    book.insert_operation(capture_sent(30, 20));
    book.insert_account(account(1, 100, 60));
    assert_eq!(book.apply(&settle(30, 20), NOW).unwrap_err().code(), "account.not_found");
}
