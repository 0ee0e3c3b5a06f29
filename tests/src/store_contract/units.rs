//! All of a unit happens, or nothing.

use tebura_hub::ports::{CommitError, Committed, Unit, Write};
use tebura_hub::sites::Merchant;
use tebura_ledger::{Floor, Refusal, Shard};

use super::ground::{Ground, NOW, claim};
use super::records::exchange;
use tebura_hub::ids::MerchantId;

pub(super) async fn a_refused_command_takes_its_unit_with_it(ground: &Ground) {
    let payer = ground.wallet(1, 1_000).await;
    let shop = ground.open(1, Floor::Unlimited).await;
    let merchant = Merchant { id: MerchantId::from_uuid(ground.uuid(1)), name: "店".to_owned(), sandbox: true };
    let events = ground.store.events(&tebura_hub::ports::Caller::Operator, &[], 100).await.unwrap().len();

    let (first, mut ledger) = ground.placing(payer, shop, 600);
    let (second, more) = ground.placing(payer, shop, 600);
    ledger.extend(more);
    let unit = Unit { key: Some(claim("k", 1, "hold")), ledger, writes: vec![Write::Merchant(merchant.clone())] };
    let refused = ground.commit(1, unit).await.unwrap_err();
    assert!(matches!(refused, CommitError::Refused(Refusal::FundsInsufficient { .. })), "{refused:?}");

    for placed in [first, second] {
        assert_eq!(ground.store.hold(placed.hold).await.unwrap(), None);
        assert_eq!(ground.store.operation(placed.operation).await.unwrap(), None);
    }
    assert_eq!(ground.balances(payer).await, (1_000, 0));
    assert_eq!(ground.store.merchant(merchant.id).await.unwrap(), None);
    assert_eq!(ground.store.claimed_key("key_a", "k").await.unwrap(), None);
    let after = ground.store.events(&tebura_hub::ports::Caller::Operator, &[], 100).await.unwrap().len();
    assert_eq!(after, events);
}

pub(super) async fn a_stale_write_takes_its_unit_with_it(ground: &Ground) {
    let payer = ground.wallet(1, 1_000).await;
    let shop = ground.open(1, Floor::Unlimited).await;
    let (placed, ledger) = ground.placing(payer, shop, 600);
    let row = exchange(ground, placed.operation, placed.hold);
    let merchant = Merchant { id: MerchantId::from_uuid(ground.uuid(1)), name: "店".to_owned(), sandbox: true };
    let writes = vec![Write::Merchant(merchant.clone()), Write::Exchange { exchange: row, expected: 3 }];
    let unit = Unit { key: Some(claim("k", 1, "hold")), ledger, writes };
    assert_eq!(ground.commit(1, unit).await.unwrap_err(), CommitError::Stale);
    assert_eq!(ground.store.hold(placed.hold).await.unwrap(), None);
    assert_eq!(ground.store.exchange(placed.operation).await.unwrap(), None);
    assert_eq!(ground.store.merchant(merchant.id).await.unwrap(), None);
    assert_eq!(ground.store.claimed_key("key_a", "k").await.unwrap(), None);
    assert_eq!(ground.balances(payer).await, (1_000, 0));
}

pub(super) async fn a_unit_without_anything_is_done(ground: &Ground) {
    let done = ground.commit(0, Unit::default()).await.unwrap();
    assert!(matches!(done, Committed::Done(outcomes) if outcomes.is_empty()));
    ground.store.ping().await.unwrap();
}

pub(super) async fn a_shard_that_does_not_exist_is_refused(ground: &Ground) {
    assert_eq!(ground.store.shards(), super::ground::SHARDS);
    let refused = ground.store.commit(Shard::new(4), NOW, Unit::default()).await.unwrap_err();
    assert!(matches!(refused, CommitError::Rejected { .. }), "{refused:?}");
}
