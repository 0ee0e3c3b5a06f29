//! Every history of one small hold: each command at any moment, each answer to it, the deadline at any moment.

use std::collections::BTreeSet;

use crate::{
    AccountId, Book, Capture, Command, Currency, Expire, Finality, Floor, FollowUp, Fund, HoldId, Money, OpenAccount,
    Operation, OperationId, Phase, Place, RailId, Refund, Release, Settle, Shard, Timestamp, TransferId, Uuid, Verdict,
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
    Command::Capture(Capture { hold: hold(), operation, transfer, amount, finality, expected_version: None })
}

fn settle(operation: OperationId, verdict: Verdict) -> Command {
    Command::Settle(Settle { hold: hold(), operation, verdict })
}

fn settled(amount: Money) -> Verdict {
    Verdict::Settled { reference: "r".to_owned(), amount }
}

/// The payer has exactly what the hold takes; the payee is floored, so that refunds cannot draw on nothing.
fn start() -> Book {
    let mut book = Book::new(Shard::new(0));
    let account = |number| AccountId::from_uuid(id(number));
    let open =
        |number, floor| Command::OpenAccount(OpenAccount { id: account(number), currency: Currency::JPY, floor });
    let fund = Command::Fund(Fund {
        operation: operation(10),
        transfer: TransferId::from_uuid(id(10)),
        from: account(2),
        to: account(3),
        amount: yen(AUTHORISED),
    });
    let place = Command::Place(Place {
        hold: hold(),
        operation: operation(PLACE),
        rail: RailId::new("house").unwrap(),
        payer: account(3),
        payee: account(4),
        amount: yen(AUTHORISED),
        expires_at: DEADLINE,
    });
    let commands = [open(2, Floor::Unlimited), open(3, Floor::Zero), open(4, Floor::Zero), fund, place];
    book.apply_all(&commands, Timestamp::from_millis(0)).unwrap();
    book.take_changes();
    book
}

/// What may be asked at any moment, each once, and what may be answered to what is open.
fn possible(book: &Book) -> Vec<Command> {
    let refund = Refund {
        hold: hold(),
        operation: operation(REFUND),
        transfer: TransferId::from_uuid(id(REFUND)),
        capture: operation(CAPTURE_PART),
        amount: None,
    };
    let mut commands = vec![
        Command::Expire(Expire { hold: hold(), operation: operation(EXPIRE) }),
        capture(CAPTURE_PART, Some(yen(1)), Finality::Partial),
        capture(CAPTURE_ALL, None, Finality::Final),
        release(RELEASE_PART, Some(yen(1))),
        release(RELEASE_ALL, None),
        Command::Refund(refund),
    ];
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
        format!("{} {} {done:?}", operation.id(), operation.state().name())
    };
    let operations: Vec<String> = book.operations().map(told).collect();
    format!("{late} {parts:?} {operations:?}")
}

/// From here on everybody answers and the hub does what the hold asks for: how many rounds until it ends?
fn rounds_to_the_end(mut book: Book) -> u128 {
    for round in 0..8 {
        let open: Vec<_> = book.operations().filter(|operation| !operation.state().is_final()).cloned().collect();
        let due = book.hold(hold()).and_then(|hold| hold.follow_up(DEADLINE));
        if open.is_empty() && due.is_none() {
            assert!(book.hold(hold()).unwrap().phase().is_terminal());
            assert!(book.accounts().all(|account| account.held().minor() == 0));
            return round;
        }
        for open in open {
            book.apply(&settle(open.id(), settled(open.amount())), DEADLINE).unwrap();
        }
        // What was due before the answers may be over by now.
        let _ = match due {
            Some(FollowUp::Expire { hold }) => {
                book.apply(&Command::Expire(Expire { hold, operation: operation(100 + round) }), DEADLINE)
            }
            Some(FollowUp::ReleaseRest { .. }) => book.apply(&release(100 + round, None), DEADLINE),
            None => continue,
        };
    }
    panic!("{:?} does not end", book.hold(hold()));
}

#[test]
fn every_history_of_a_small_hold_adds_up_and_can_end() {
    let mut seen = BTreeSet::new();
    let mut open = vec![(start(), false)];
    let (mut steps, mut ended, mut longest) = (0_u32, 0_u32, 0);
    while let Some((book, late)) = open.pop() {
        if !seen.insert(signature(&book, late)) {
            continue;
        }
        let row = book.hold(hold()).unwrap();
        ended += u32::from(row.phase() == Phase::Ended);
        longest = longest.max(rounds_to_the_end(book.clone()));
        for command in possible(&book) {
            let mut next = book.clone();
            let now = if late { DEADLINE } else { Timestamp::from_millis(0) };
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
    expect_test::expect![[r#"
        5238 states, 18532 steps, 673 ended, 3 rounds
    "#]]
    .assert_eq(&format!("{} states, {steps} steps, {ended} ended, {longest} rounds\n", seen.len()));
}
