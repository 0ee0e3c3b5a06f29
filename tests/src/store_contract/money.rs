//! Accounts, holds and operations, as they were written.

use tebura_ledger::{
    AccountId, AtDeadline, Capture, Command, Currency, Expire, Finality, Floor, OpenAccount, Operation, OperationId,
    Place, RailId, Refund, Refusal, Release, Settle, Shard, Verdict,
};

use super::ground::{Ground, LATER, NOW, settled, yen};
use tebura_hub::ports::CommitError;

pub(super) async fn an_account_opens_once_and_is_read_back(ground: &Ground) {
    let wallet = ground.open(2, Floor::Zero).await;
    let account = ground.store.account(wallet).await.unwrap().unwrap();
    assert_eq!(account.id(), wallet);
    assert_eq!(account.floor(), Floor::Zero);
    assert_eq!((account.posted(), account.held()), (yen(0), yen(0)));

    let again = OpenAccount { id: wallet, currency: Currency::JPY, floor: Floor::Zero };
    let outcomes = ground.apply(2, vec![Command::OpenAccount(again.clone())]).await.unwrap();
    assert!(outcomes[0].replayed);
    let other = OpenAccount { floor: Floor::Unlimited, ..again };
    let refused = ground.apply(2, vec![Command::OpenAccount(other)]).await.unwrap_err();
    assert!(matches!(refused, CommitError::Refused(Refusal::AccountExistsWithDifferentFields { .. })), "{refused:?}");
}

pub(super) async fn a_payment_between_shards_moves_what_was_captured(ground: &Ground) {
    let payers = [ground.wallet(0, 1_000).await, ground.wallet(1, 1_000).await, ground.wallet(3, 1_000).await];
    let shop = ground.open(1, Floor::Unlimited).await;
    for payer in payers {
        let placed = ground.place(payer, shop, 700).await.unwrap();
        assert_eq!(ground.balances(payer).await, (1_000, 700));
        let (_, capture) = ground.capturing(placed.hold, 600);
        ground.apply(payer.shard().number(), capture).await.unwrap();
        assert_eq!(ground.balances(payer).await, (400, 0));
    }
    assert_eq!(ground.balances(shop).await, (1_800, 0));
}

pub(super) async fn every_state_of_an_operation_is_read_back(ground: &Ground) {
    let payer = ground.wallet(3, 10_000).await;
    let shop = ground.open(0, Floor::Unlimited).await;
    let issue = ground.open(3, Floor::Unlimited).await;
    let fund = ground.fund(issue, payer, 5);
    let mut seen = vec![written(ground, fund).await];

    let declined = placed(ground, payer, shop, 100);
    seen.push(written(ground, declined.command).await);
    let code = "wallet.insufficient".to_owned();
    seen.push(told(ground, declined.operation, Verdict::Declined { code }, declined.settle).await);

    let asked = placed(ground, payer, shop, 1_000);
    seen.push(written(ground, asked.command.clone()).await);
    let code = "rail.silent".to_owned();
    seen.push(told(ground, asked.operation, Verdict::Unknown { code }, asked.settle).await);
    seen.push(told(ground, asked.operation, Verdict::RequiresAction, asked.settle).await);
    seen.push(written(ground, settled(asked.settle, asked.operation, 1_000)).await);

    let hold = asked.settle;
    let capture = ground.operation_id(3);
    let take = Command::Capture(Capture {
        hold,
        operation: capture,
        transfer: ground.transfer_id(3),
        amount: Some(yen(300)),
        finality: Finality::Partial,
        legs: vec![],
        expected_version: None,
    });
    seen.push(written(ground, take).await);
    seen.push(written(ground, settled(hold, capture, 250)).await);

    let part = Release { hold, operation: ground.operation_id(3), amount: Some(yen(50)), expected_version: None };
    seen.push(written(ground, Command::Release(part.clone())).await);
    seen.push(written(ground, settled(hold, part.operation, 50)).await);

    let refund = Refund {
        hold,
        operation: ground.operation_id(3),
        transfer: ground.transfer_id(3),
        capture,
        amount: Some(yen(100)),
        expected_version: None,
    };
    seen.push(written(ground, Command::Refund(refund.clone())).await);
    seen.push(written(ground, settled(hold, refund.operation, 100)).await);

    let expire = Expire { hold, operation: ground.operation_id(3), expected_version: None };
    let late = ground.apply_at(3, LATER, vec![Command::Expire(expire)]).await.unwrap();
    seen.extend(late[0].operation.clone());

    let names: std::collections::BTreeSet<String> =
        seen.iter().map(|operation| format!("{} {}", operation.kind().name(), operation.state().name())).collect();
    for expected in ["fund settled", "place sent", "place failed", "place unknown", "place settled", "capture sent"]
        .into_iter()
        .chain(["capture settled", "release sent", "release settled", "refund sent", "refund settled", "expire sent"])
    {
        assert!(names.contains(expected), "{expected} is missing in {names:?}");
    }
    let of_hold = ground.store.operations_of(hold).await.unwrap();
    let ids: Vec<OperationId> = of_hold.iter().map(Operation::id).collect();
    assert!(ids.is_sorted() && ids.len() == 5, "{ids:?}");
    assert_eq!(ground.store.operation(capture).await.unwrap().unwrap().refundable(), yen(150));
}

pub(super) async fn a_hold_is_read_back_whole(ground: &Ground) {
    let payer = ground.wallet(2, 5_000).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    let asked = placed(ground, payer, shop, 1_000);
    let mut hold = ground.apply(2, vec![asked.command]).await.unwrap().remove(0).hold.unwrap();
    assert_eq!(ground.hold(asked.settle).await, hold);
    let steps = [
        settled(asked.settle, asked.operation, 900),
        Command::Release(Release {
            hold: asked.settle,
            operation: ground.operation_id(2),
            amount: Some(yen(100)),
            expected_version: None,
        }),
        ground.release(asked.settle),
    ];
    for step in steps {
        hold = ground.apply(2, vec![step]).await.unwrap().remove(0).hold.unwrap();
        assert_eq!(ground.hold(asked.settle).await, hold);
    }
    let refused = placed(ground, payer, shop, 10);
    ground.apply(2, vec![refused.command]).await.unwrap();
    let verdict = Verdict::Declined { code: "no".to_owned() };
    told(ground, refused.operation, verdict, refused.settle).await;
    assert_eq!(ground.hold(refused.settle).await.reference(), None);
    assert_eq!(hold.created_at(), NOW);
}

struct Asked {
    command: Command,
    operation: OperationId,
    settle: tebura_ledger::HoldId,
}

fn placed(ground: &Ground, payer: AccountId, payee: AccountId, minor: i64) -> Asked {
    let shard = payer.shard().number();
    let place = Place {
        hold: ground.hold_id(shard),
        operation: ground.operation_id(shard),
        rail: RailId::new("jp.tebura.wallet").unwrap(),
        payer,
        payee,
        amount: yen(minor),
        cap: None,
        expires_at: LATER,
        at_deadline: AtDeadline::Release,
    };
    Asked { operation: place.operation, settle: place.hold, command: Command::Place(place) }
}

/// Applies a command and compares what the store then has with what it answered.
async fn written(ground: &Ground, command: Command) -> Operation {
    let Shard { .. } = command.shard();
    let outcome = ground.apply(command.shard().number(), vec![command]).await.unwrap().remove(0);
    let operation = outcome.operation.unwrap();
    assert_eq!(ground.store.operation(operation.id()).await.unwrap(), Some(operation.clone()));
    if let Some(hold) = outcome.hold {
        assert_eq!(ground.hold(hold.id()).await, hold);
    }
    operation
}

async fn told(ground: &Ground, operation: OperationId, verdict: Verdict, hold: tebura_ledger::HoldId) -> Operation {
    written(ground, Command::Settle(Settle { hold, operation, verdict })).await
}
