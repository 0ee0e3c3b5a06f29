//! Raises, extensions, splits, reversals, disputes, exceptions and resolutions: every row is read back as it was answered.

use tebura_hub::ports::Page;
use tebura_ledger::{
    AtDeadline, Capture, Command, Confirm, Dispute, Extend, Finality, Floor, HoldId, Leg, LegKind, Money,
    OpenException, Operation, OperationId, Place, RailId, Raise, Resolve, Reverse, Settle, Uuid, Verdict,
};

use super::ground::{Ground, LATER, NOW, yen};

/// Applies a command and compares what the store then has with what it answered.
async fn written(ground: &Ground, command: Command) -> Operation {
    let shard = command.shard().number();
    let outcome = ground.apply(shard, vec![command]).await.unwrap().remove(0);
    let operation = outcome.operation.unwrap();
    assert_eq!(ground.store.operation(operation.id()).await.unwrap(), Some(operation.clone()));
    if let Some(hold) = outcome.hold {
        assert_eq!(ground.hold(hold.id()).await, hold);
    }
    operation
}

fn settled(hold: HoldId, operation: OperationId, minor: i64) -> Command {
    let verdict = Verdict::Settled { reference: "r".to_owned(), amount: yen(minor) };
    Command::Settle(Settle { hold, operation, verdict })
}

fn declined(hold: HoldId, operation: OperationId) -> Command {
    Command::Settle(Settle { hold, operation, verdict: Verdict::Declined { code: "no".to_owned() } })
}

/// A placed hold of 1,000 with a cap of 1,500, captured at its deadline.
async fn held(ground: &Ground) -> HoldId {
    let payer = ground.wallet(1, 5_000).await;
    let payee = ground.open(2, Floor::Unlimited).await;
    let (hold, operation) = (ground.hold_id(1), ground.operation_id(1));
    let place = Place {
        hold,
        operation,
        rail: RailId::new("house").unwrap(),
        payer,
        payee,
        amount: yen(1_000),
        cap: Some(yen(1_500)),
        expires_at: LATER,
        at_deadline: AtDeadline::Capture,
    };
    written(ground, Command::Place(place)).await;
    written(ground, settled(hold, operation, 1_000)).await;
    hold
}

fn taking(ground: &Ground, hold: HoldId, amount: Option<Money>, finality: Finality, legs: Vec<Leg>) -> Capture {
    let (operation, transfer) = (ground.operation_id(1), ground.transfer_id(1));
    Capture { hold, operation, transfer, amount, finality, legs, expected_version: None }
}

pub(super) async fn every_operation_on_a_hold_is_read_back(ground: &Ground) {
    let hold = held(ground).await;
    let raise = |minor| Raise { hold, operation: ground.operation_id(1), amount: yen(minor), expected_version: None };

    let within = written(ground, Command::Raise(raise(500))).await;
    written(ground, settled(hold, within.id(), 500)).await;
    let above = written(ground, Command::Raise(raise(300))).await;
    assert_eq!(ground.hold(hold).await.waiting(), Some(above.id()));
    written(ground, Command::Confirm(Confirm { hold, operation: above.id(), expected_version: None })).await;
    written(ground, settled(hold, above.id(), 300)).await;
    let refused = written(ground, Command::Raise(raise(1))).await;
    written(ground, declined(hold, refused.id())).await;

    let until = LATER.plus_ms(60_000);
    let extend = Extend { hold, operation: ground.operation_id(1), until, expected_version: None };
    let extend = written(ground, Command::Extend(extend)).await;
    written(ground, settled(hold, extend.id(), 1_800)).await;
    let now = ground.hold(hold).await;
    assert_eq!((now.expires_at(), now.cap(), now.free()), (until, yen(1_800), yen(1_800)));

    // One leg in the hold's shard, one in another.
    let (fee, share) = (ground.open(1, Floor::Unlimited).await, ground.open(3, Floor::Zero).await);
    let leg = |to, minor, kind| Leg { to, amount: yen(minor), transfer: ground.transfer_id(1), kind };
    let legs = vec![leg(fee, 30, LegKind::Fee), leg(share, 200, LegKind::Share)];
    let split = taking(ground, hold, Some(yen(700)), Finality::Partial, legs);
    let split = written(ground, Command::Capture(split)).await;
    written(ground, settled(hold, split.id(), 700)).await;
    let balance = async |id| ground.store.account(id).await.unwrap().unwrap().posted().minor();
    let payee = ground.hold(hold).await.payee();
    assert_eq!((balance(payee).await, balance(fee).await, balance(share).await), (470, 30, 200));

    let transfers = (0..3).map(|_| ground.transfer_id(1)).collect();
    let operation = ground.operation_id(1);
    let reverse = Reverse { hold, operation, transfers, capture: split.id(), expected_version: None };
    written(ground, Command::Reverse(reverse)).await;
    assert_eq!((balance(payee).await, balance(fee).await, balance(share).await), (0, 0, 0));
    assert_eq!(ground.hold(hold).await.free(), yen(1_800));

    let all = written(ground, Command::Capture(taking(ground, hold, Some(yen(900)), Finality::Final, vec![]))).await;
    written(ground, settled(hold, all.id(), 900)).await;
    let dispute = |amount| Dispute {
        hold,
        operation: ground.operation_id(1),
        transfer: ground.transfer_id(1),
        capture: all.id(),
        amount: Some(yen(amount)),
        expected_version: None,
    };
    let lost = written(ground, Command::Dispute(dispute(300))).await;
    let won = written(ground, Command::Dispute(dispute(100))).await;
    written(ground, settled(hold, lost.id(), 250)).await;
    written(ground, declined(hold, won.id())).await;
    let now = ground.hold(hold).await;
    assert_eq!((now.lost(), now.disputed(), now.refundable()), (yen(250), yen(0), yen(650)));
    assert_eq!(balance(payee).await, 650);
}

pub(super) async fn a_hold_that_is_captured_at_its_deadline_is_due(ground: &Ground) {
    let hold = held(ground).await;
    assert!(ground.store.due_holds(NOW, 10).await.unwrap().is_empty());
    let due: Vec<HoldId> =
        ground.store.due_holds(LATER, 10).await.unwrap().iter().map(tebura_ledger::Hold::id).collect();
    assert_eq!(due, [hold]);
    let take = taking(ground, hold, None, Finality::Deadline, vec![]);
    let operation = take.operation;
    ground.apply_at(1, LATER, vec![Command::Capture(take), settled(hold, operation, 1_000)]).await.unwrap();
    assert!(ground.store.due_holds(LATER, 10).await.unwrap().is_empty());
    assert_eq!(ground.hold(hold).await.captured(), yen(1_000));
}

pub(super) async fn an_exception_is_listed_and_two_operators_settle_it(ground: &Ground) {
    let page = |after| Page { after, limit: 10 };
    assert!(ground.store.exceptions(page(None)).await.unwrap().is_empty());
    let hold = held(ground).await;
    let take = written(ground, Command::Capture(taking(ground, hold, None, Finality::Final, vec![]))).await;
    written(ground, declined(hold, take.id())).await;
    let verdict = Verdict::Settled { reference: "late".to_owned(), amount: yen(900) };
    let open = OpenException { hold, operation: ground.operation_id(1), of: take.id(), verdict };
    let exception = written(ground, Command::OpenException(open)).await;
    written(ground, declined(hold, exception.id())).await;
    let resolve = |by| {
        let verdict = Verdict::Settled { reference: "by hand".to_owned(), amount: yen(900) };
        Command::Resolve(Resolve { hold, operation: exception.id(), by: Uuid::from_u128(by), verdict })
    };
    let proposed = written(ground, resolve(1)).await;
    assert_eq!(proposed.proposal().and_then(|proposal| proposal.confirmed_by), None);
    let resolved = written(ground, resolve(2)).await;
    assert!(resolved.state().is_final());
    assert_eq!(ground.store.exceptions(page(None)).await.unwrap(), std::slice::from_ref(&resolved));
    assert!(ground.store.exceptions(page(Some(resolved.id()))).await.unwrap().is_empty());
}
