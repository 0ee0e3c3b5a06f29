//! Every history of one small hold: each command at any moment, each answer to it, the deadline at any moment.

use std::collections::BTreeSet;

use crate::{
    AccountId, AtDeadline, Book, Capture, Command, Confirm, Currency, Dispute, Expire, Extend, Finality, Floor,
    FollowUp, Fund, HoldId, Leg, LegKind, Money, OpenAccount, Operation, OperationId, OperationState, Phase, Place,
    RailId, Raise, Refund, Release, Resolve, Reverse, Settle, Shard, Timestamp, TransferId, Uuid, Verdict,
};

const DEADLINE: Timestamp = Timestamp::from_millis(10);
const AUTHORISED: i64 = 3;
const PLACE: u128 = 20;
const EXPIRE: u128 = 21;
const CAPTURE_PART: u128 = 22;
const CAPTURE_ALL: u128 = 23;
const RELEASE_PART: u128 = 24;
const RELEASE_ALL: u128 = 25;
const REFUND: u128 = 26;
const RAISE: u128 = 27;
const RAISE_ABOVE: u128 = 28;
const EXTEND: u128 = 29;
const CAPTURE_DUE: u128 = 30;
const REVERSE: u128 = 31;
const DISPUTE: u128 = 32;
const SPLIT: u128 = 33;
const ONE: u128 = 40;
const OTHER: u128 = 41;

/// One small hold and what may be asked of it at any moment, each once.
struct Scenario {
    cap: i64,
    at_deadline: AtDeadline,
    commands: Vec<Command>,
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number << 8)
}

fn operation(number: u128) -> OperationId {
    OperationId::from_uuid(id(number))
}

fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

fn hold() -> HoldId {
    HoldId::from_uuid(id(1))
}

fn release(number: u128, amount: Option<Money>) -> Command {
    Command::Release(Release { hold: hold(), operation: operation(number), amount, expected_version: None })
}

fn capture(number: u128, amount: Option<Money>, finality: Finality) -> Command {
    let (operation, transfer) = (operation(number), TransferId::from_uuid(id(number)));
    Command::Capture(Capture {
        hold: hold(),
        operation,
        transfer,
        amount,
        finality,
        legs: vec![],
        expected_version: None,
    })
}

fn settle(operation: OperationId, verdict: Verdict) -> Command {
    Command::Settle(Settle { hold: hold(), operation, verdict })
}

fn settled(amount: Money) -> Verdict {
    Verdict::Settled { reference: "r".to_owned(), amount }
}

fn expire() -> Command {
    Command::Expire(Expire { hold: hold(), operation: operation(EXPIRE), expected_version: None })
}

fn refund(amount: Option<Money>) -> Command {
    let (transfer, capture) = (TransferId::from_uuid(id(REFUND)), operation(CAPTURE_PART));
    let operation = operation(REFUND);
    Command::Refund(Refund { hold: hold(), operation, transfer, capture, amount, expected_version: None })
}

fn dispute() -> Command {
    let (transfer, capture) = (TransferId::from_uuid(id(DISPUTE)), operation(CAPTURE_PART));
    let operation = operation(DISPUTE);
    Command::Dispute(Dispute { hold: hold(), operation, transfer, capture, amount: None, expected_version: None })
}

fn reverse() -> Command {
    let (transfers, capture) = (vec![TransferId::from_uuid(id(REVERSE))], operation(CAPTURE_PART));
    Command::Reverse(Reverse {
        hold: hold(),
        operation: operation(REVERSE),
        transfers,
        capture,
        expected_version: None,
    })
}

fn raise(number: u128, minor: i64) -> Command {
    Command::Raise(Raise { hold: hold(), operation: operation(number), amount: yen(minor), expected_version: None })
}

fn confirm() -> Command {
    Command::Confirm(Confirm { hold: hold(), operation: operation(RAISE_ABOVE), expected_version: None })
}

fn extend() -> Command {
    let until = DEADLINE.plus_ms(10);
    Command::Extend(Extend { hold: hold(), operation: operation(EXTEND), until, expected_version: None })
}

fn split() -> Command {
    let leg = Leg {
        to: AccountId::from_uuid(id(2)),
        amount: yen(1),
        transfer: TransferId::from_uuid(id(SPLIT + 100)),
        kind: LegKind::Fee,
    };
    Command::Capture(Capture {
        hold: hold(),
        operation: operation(SPLIT),
        transfer: TransferId::from_uuid(id(SPLIT)),
        amount: Some(yen(2)),
        finality: Finality::Final,
        legs: vec![leg],
        expected_version: None,
    })
}

fn resolve(of: u128, by: u128, verdict: Verdict) -> Command {
    Command::Resolve(Resolve { hold: hold(), operation: operation(of), by: id(by), verdict })
}

/// The payer has exactly what the hold may take; the payee is floored, so that refunds cannot draw on nothing.
fn start(scenario: &Scenario) -> Book {
    let &Scenario { cap, at_deadline, .. } = scenario;
    let mut book = Book::new(Shard::new(0));
    let account = |number| AccountId::from_uuid(id(number));
    let open =
        |number, floor| Command::OpenAccount(OpenAccount { id: account(number), currency: Currency::JPY, floor });
    let fund = Command::Fund(Fund {
        operation: operation(10),
        transfer: TransferId::from_uuid(id(10)),
        from: account(2),
        to: account(3),
        amount: yen(cap + 1),
    });
    let place = Command::Place(Place {
        hold: hold(),
        operation: operation(PLACE),
        rail: RailId::new("house").unwrap(),
        payer: account(3),
        payee: account(4),
        amount: yen(AUTHORISED),
        cap: Some(yen(cap)),
        expires_at: DEADLINE,
        at_deadline,
    });
    let commands = [open(2, Floor::Unlimited), open(3, Floor::Zero), open(4, Floor::Zero), fund, place];
    book.apply_all(&commands, Timestamp::from_millis(0)).unwrap();
    book.take_changes();
    book
}

/// What may be asked at any moment, each once, and what may be answered to what is open.
fn possible(book: &Book, scenario: &Scenario) -> Vec<Command> {
    let mut commands = scenario.commands.clone();
    for open in book.operations().filter(|operation| !operation.state().is_final()) {
        commands.push(settle(open.id(), settled(open.amount())));
        if open.amount().minor() > 1 {
            commands.push(settle(open.id(), settled(yen(1))));
        }
        commands.push(settle(open.id(), Verdict::Declined { code: "no".to_owned() }));
        commands.push(settle(open.id(), Verdict::Unknown { code: "silence".to_owned() }));
    }
    commands
}

/// What tells two moments apart; versions and instants do not.
fn signature(book: &Book, late: bool) -> String {
    let mut parts = book.hold(hold()).unwrap().parts().clone();
    parts.version = 0;
    let told = |operation: &Operation| {
        let done = operation.settled_amount().map(Money::minor);
        let said = operation.proposal().map(|proposal| (proposal.by, proposal.confirmed_by));
        format!("{} {} {done:?} {said:?}", operation.id(), operation.state().name())
    };
    let operations: Vec<String> = book.operations().map(told).collect();
    format!("{late} {parts:?} {operations:?}")
}

/// From here on everybody answers and the hub does what the hold asks for: how many rounds until it ends?
fn rounds_to_the_end(mut book: Book) -> u128 {
    let now = DEADLINE.plus_ms(10);
    for round in 0..8 {
        let open: Vec<_> = book.operations().filter(|operation| !operation.state().is_final()).cloned().collect();
        let due = book.hold(hold()).and_then(|hold| hold.follow_up(now));
        if open.is_empty() && due.is_none() {
            assert!(book.hold(hold()).unwrap().phase().is_terminal());
            assert!(book.accounts().all(|account| account.held().minor() == 0));
            return round;
        }
        for open in open {
            let waits = *open.state() == OperationState::RequiresAction;
            let no = Verdict::Declined { code: "no".to_owned() };
            let answer = if waits { no } else { settled(open.amount()) };
            book.apply(&settle(open.id(), answer), now).unwrap();
        }
        // What was due before the answers may be over by now.
        let _ = match due {
            Some(FollowUp::Expire { hold }) => {
                let (operation, expected_version) = (operation(100 + round), None);
                book.apply(&Command::Expire(Expire { hold, operation, expected_version }), now)
            }
            Some(FollowUp::CaptureDue { .. }) => book.apply(&capture(100 + round, None, Finality::Deadline), now),
            Some(FollowUp::ReleaseRest { .. }) => book.apply(&release(100 + round, None), now),
            None => continue,
        };
    }
    panic!("{:?} does not end", book.hold(hold()));
}

/// Walks every history of a scenario and tells how many there are.
fn walked(scenario: &Scenario) -> String {
    let mut seen = BTreeSet::new();
    let mut open = vec![(start(scenario), false)];
    let (mut steps, mut ended, mut longest) = (0_u32, 0_u32, 0);
    while let Some((book, late)) = open.pop() {
        if !seen.insert(signature(&book, late)) {
            continue;
        }
        let row = book.hold(hold()).unwrap();
        ended += u32::from(row.phase() == Phase::Ended);
        longest = longest.max(rounds_to_the_end(book.clone()));
        for command in possible(&book, scenario) {
            let mut next = book.clone();
            let now = if late { DEADLINE.plus_ms(10) } else { Timestamp::from_millis(0) };
            match next.apply(&command, now) {
                Ok(outcome) if outcome.replayed => {}
                Ok(_) => {
                    steps += 1;
                    assert_eq!(next.audit(), Ok(()), "{command:?}");
                    next.take_changes();
                    if row.phase().is_terminal() {
                        assert_eq!(next.hold(hold()).unwrap().phase(), row.phase(), "terminal is terminal");
                    }
                    open.push((next, late));
                }
                Err(refusal) => assert_ne!(refusal.code(), "ledger.imbalance", "{command:?}"),
            }
        }
        if !late {
            open.push((book, true));
        }
    }
    format!("{} states, {steps} steps, {ended} ended, {longest} rounds\n", seen.len())
}

#[test]
fn every_history_of_captures_releases_and_refunds_adds_up_and_can_end() {
    let commands = vec![
        expire(),
        capture(CAPTURE_PART, Some(yen(1)), Finality::Partial),
        capture(CAPTURE_ALL, None, Finality::Final),
        release(RELEASE_PART, Some(yen(1))),
        release(RELEASE_ALL, None),
        refund(None),
    ];
    let scenario = Scenario { cap: AUTHORISED, at_deadline: AtDeadline::Release, commands };
    expect_test::expect![[r#"
        5238 states, 18532 steps, 673 ended, 3 rounds
    "#]]
    .assert_eq(&walked(&scenario));
}

#[test]
fn every_history_of_raises_extensions_and_a_deadline_that_captures_adds_up_and_can_end() {
    let commands = vec![
        expire(),
        capture(CAPTURE_DUE, None, Finality::Deadline),
        raise(RAISE, 1),
        raise(RAISE_ABOVE, 2),
        confirm(),
        extend(),
        capture(CAPTURE_ALL, None, Finality::Final),
    ];
    let scenario = Scenario { cap: AUTHORISED + 1, at_deadline: AtDeadline::Capture, commands };
    expect_test::expect![[r#"
        17053 states, 64395 steps, 2587 ended, 3 rounds
    "#]]
    .assert_eq(&walked(&scenario));
}

#[test]
fn every_history_of_reversals_and_disputes_adds_up_and_can_end() {
    let commands = vec![
        expire(),
        capture(CAPTURE_PART, Some(yen(2)), Finality::Partial),
        refund(Some(yen(1))),
        reverse(),
        dispute(),
        release(RELEASE_ALL, None),
    ];
    let scenario = Scenario { cap: AUTHORISED, at_deadline: AtDeadline::Release, commands };
    expect_test::expect![[r#"
        1377 states, 4054 steps, 221 ended, 3 rounds
    "#]]
    .assert_eq(&walked(&scenario));
}

#[test]
fn every_history_of_split_captures_and_of_two_operators_adds_up_and_can_end() {
    let no = || Verdict::Declined { code: "no".to_owned() };
    let commands = vec![
        expire(),
        split(),
        raise(RAISE, 1),
        resolve(SPLIT, ONE, settled(yen(1))),
        resolve(SPLIT, OTHER, settled(yen(1))),
        resolve(RAISE, ONE, no()),
        resolve(RAISE, OTHER, no()),
        resolve(PLACE, ONE, no()),
        resolve(PLACE, OTHER, no()),
    ];
    let scenario = Scenario { cap: AUTHORISED + 1, at_deadline: AtDeadline::Release, commands };
    expect_test::expect![[r#"
        6225 states, 16129 steps, 1319 ended, 3 rounds
    "#]]
    .assert_eq(&walked(&scenario));
}
