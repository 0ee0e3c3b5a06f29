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
    let claimed = ground.store.claimed_key(Shard::new(2), "key_a", "k-1").await.unwrap();
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
    assert_eq!(ground.store.claimed_key(Shard::new(2), "key_a", "k").await.unwrap(), None);
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
