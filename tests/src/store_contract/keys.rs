//! Idempotency keys: the same request has one effect however often it comes.

use std::sync::Arc;

use tebura_hub::ports::{ClaimedKey, CommitError, Committed, KeyClaim, Unit};
use tebura_ledger::{AccountId, Floor, Shard};
use tokio::task::JoinSet;

use super::ground::{Ground, NOW, claim};

pub(super) async fn a_repeat_is_answered_and_not_done(ground: &Ground) {
    let (payer, shop) = sides(ground).await;
    let (first, ledger) = ground.placing(payer, shop, 100);
    let key = claim("k-1", 7, &first.operation.to_string());
    assert!(matches!(pay(ground, &key, ledger).await, Ok(Committed::Done(_))));
    for _ in 0..3 {
        let (other, ledger) = ground.placing(payer, shop, 100);
        let again = KeyClaim { target: other.operation.to_string(), ..key.clone() };
        let Ok(Committed::Replayed { target }) = pay(ground, &again, ledger).await else {
            panic!("the repeat was done again");
        };
        assert_eq!(target, first.operation.to_string());
        assert_eq!(ground.store.hold(other.hold).await.unwrap(), None);
    }
    assert_eq!(ground.balances(payer).await, (10_000, 100));
    let claimed = ground.store.claimed_key("key_a", "k-1").await.unwrap();
    assert_eq!(claimed, Some(ClaimedKey { fingerprint: [7; 32], target: first.operation.to_string() }));
}

pub(super) async fn another_request_under_the_key_is_refused(ground: &Ground) {
    let (payer, shop) = sides(ground).await;
    let (first, ledger) = ground.placing(payer, shop, 100);
    pay(ground, &claim("k", 1, &first.operation.to_string()), ledger).await.unwrap();
    let (other, ledger) = ground.placing(payer, shop, 200);
    let refused = pay(ground, &claim("k", 2, &other.operation.to_string()), ledger).await.unwrap_err();
    assert_eq!(refused, CommitError::KeyReused);
    assert_eq!(ground.balances(payer).await, (10_000, 100));
}

pub(super) async fn a_refused_unit_leaves_its_key_free(ground: &Ground) {
    let (payer, shop) = sides(ground).await;
    let (_, too_much) = ground.placing(payer, shop, 10_001);
    assert!(matches!(pay(ground, &claim("k", 1, "first"), too_much).await, Err(CommitError::Refused(_))));
    assert_eq!(ground.store.claimed_key("key_a", "k").await.unwrap(), None);
    let (_, enough) = ground.placing(payer, shop, 10_000);
    assert!(matches!(pay(ground, &claim("k", 2, "second"), enough).await, Ok(Committed::Done(_))));
}

pub(super) async fn callers_do_not_share_keys(ground: &Ground) {
    let (payer, shop) = sides(ground).await;
    for scope in ["key_a", "key_b", "key_c"] {
        let (_, ledger) = ground.placing(payer, shop, 100);
        let key = KeyClaim { scope: scope.to_owned(), ..claim("the same", 1, scope) };
        assert!(matches!(pay(ground, &key, ledger).await, Ok(Committed::Done(_))));
    }
    assert_eq!(ground.balances(payer).await, (10_000, 300));
}

pub(super) async fn fifty_at_once_have_one_effect(ground: &Ground) {
    let (payer, shop) = sides(ground).await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (placed, ledger) = ground.placing(payer, shop, 100);
        let unit = Unit { key: Some(claim("k", 1, &placed.operation.to_string())), ledger, writes: vec![] };
        let store = Arc::clone(&ground.store);
        tasks.spawn(async move { (placed, store.commit(Shard::new(2), NOW, unit).await) });
    }
    let mut done = Vec::new();
    let mut targets = Vec::new();
    for (placed, answer) in tasks.join_all().await {
        match answer.unwrap() {
            Committed::Done(_) => done.push(placed.operation.to_string()),
            Committed::Replayed { target } => targets.push(target),
        }
    }
    assert_eq!(done.len(), 1);
    assert!(targets.len() == 49 && targets.iter().all(|target| *target == done[0]));
    assert_eq!(ground.balances(payer).await, (10_000, 100));
}

async fn sides(ground: &Ground) -> (AccountId, AccountId) {
    (ground.wallet(2, 10_000).await, ground.open(0, Floor::Unlimited).await)
}

async fn pay(ground: &Ground, key: &KeyClaim, ledger: Vec<tebura_ledger::Command>) -> Result<Committed, CommitError> {
    ground.commit(2, Unit { key: Some(key.clone()), ledger, writes: vec![] }).await
}

/// A wallet in each shard, and a shop.
async fn everywhere(ground: &Ground) -> (Vec<AccountId>, AccountId) {
    let mut payers = Vec::new();
    for shard in 0..4 {
        payers.push(ground.wallet(shard, 10_000).await);
    }
    (payers, ground.open(3, Floor::Unlimited).await)
}

pub(super) async fn a_key_stands_for_one_request_in_all_shards(ground: &Ground) {
    let (payers, shop) = everywhere(ground).await;
    for (number, first) in payers.iter().enumerate() {
        let word = format!("k-{number}");
        let (placed, ledger) = ground.placing(*first, shop, 100);
        let key = claim(&word, 1, &placed.operation.to_string());
        let unit = Unit { key: Some(key.clone()), ledger, ..Unit::default() };
        assert!(matches!(ground.commit(first.shard().number(), unit).await, Ok(Committed::Done(_))));
        for other in payers.iter().filter(|payer| *payer != first) {
            let (refused, ledger) = ground.placing(*other, shop, 100);
            let reused = claim(&word, 2, &refused.operation.to_string());
            let unit = Unit { key: Some(reused), ledger, ..Unit::default() };
            assert_eq!(ground.commit(other.shard().number(), unit).await.unwrap_err(), CommitError::KeyReused);
            assert_eq!(ground.store.hold(refused.hold).await.unwrap(), None);
        }
        assert_eq!(ground.store.claimed_key("key_a", &word).await.unwrap().unwrap().target, key.target);
    }
    for payer in payers {
        assert_eq!(ground.balances(payer).await, (10_000, 100));
    }
}

pub(super) async fn at_once_in_all_shards_a_key_has_one_effect(ground: &Ground) {
    let (payers, shop) = everywhere(ground).await;
    for round in 0..10 {
        let mut tasks = JoinSet::new();
        for (number, payer) in payers.iter().enumerate() {
            let (placed, ledger) = ground.placing(*payer, shop, 10);
            let fingerprint = u8::try_from(number).unwrap();
            let key = claim(&format!("round {round}"), fingerprint, &placed.operation.to_string());
            let (store, shard) = (Arc::clone(&ground.store), payer.shard());
            let unit = Unit { key: Some(key), ledger, ..Unit::default() };
            tasks.spawn(async move { store.commit(shard, NOW, unit).await });
        }
        let answers = tasks.join_all().await;
        let done = answers.iter().filter(|answer| matches!(answer, Ok(Committed::Done(_)))).count();
        let reused = answers.iter().filter(|answer| matches!(answer, Err(CommitError::KeyReused))).count();
        assert_eq!((done, reused), (1, 3), "{answers:?}");
    }
    let mut held = 0;
    for payer in payers {
        held += ground.balances(payer).await.1;
    }
    assert_eq!(held, 100);
}
