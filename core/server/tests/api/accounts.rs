//! `/v1/accounts`, `/v1/rails`: balances and capabilities.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_merchant_reads_its_own_balance_only() {
    let world = World::open().await;
    world.pay("hanako", 700).await;
    let own = world.get(&format!("/v1/accounts/{}", world.payee_account), &world.shop).await.json();
    assert_eq!((&own["posted"]["minor"], &own["held"]["minor"]), (&json!(700), &json!(0)));
    let other = world.get(&format!("/v1/accounts/{}", world.hanako.1), &world.shop).await;
    assert_eq!(other.problem(), "404 account.not_found");
    let operator = world.get(&format!("/v1/accounts/{}", world.hanako.1), &world.operator).await.json();
    assert_eq!((&operator["available"]["minor"], &operator["floor"]), (&json!(9_300), &json!("zero")));
}

#[tokio::test]
async fn the_operator_issues_into_wallets_of_the_hubs_own_books_once_a_key() {
    let world = World::open().await;
    let path = format!("/v1/accounts/{}/fund", world.hanako.1);
    let yen = |minor: i64| Some(json!({"amount": {"minor": minor, "currency": "JPY"}}));
    for _ in 0..2 {
        let funded = world.call("POST", &path, Some(&world.operator), Some("gift"), yen(500)).await;
        assert_eq!((funded.status, &funded.json()["available"]["minor"]), (201, &json!(10_500)), "{}", funded.text);
    }
    let other = world.call("POST", &path, Some(&world.operator), Some("gift"), yen(900)).await;
    assert_eq!(other.problem(), "422 idempotency.key_reused");
    let dollars = json!({"amount": {"minor": 500, "currency": "USD"}});
    assert_eq!(world.post(&path, &world.operator, dollars).await.problem(), "422 amount.currency_mismatch");
    assert_eq!(world.post(&path, &world.shop, yen(500).unwrap()).await.problem(), "403 auth.scope_missing");
    let merchants = format!("/v1/accounts/{}/fund", world.payee_account);
    let refused = world.post(&merchants, &world.operator, yen(500).unwrap()).await;
    assert_eq!(refused.problem(), "422 account.not_a_wallet");
    let nobody =
        world.post("/v1/accounts/acct_00000000000000000000000000000001/fund", &world.operator, yen(1).unwrap());
    assert_eq!(nobody.await.problem(), "404 record.not_found");
    assert_eq!(world.get(&path.replace("/fund", ""), &world.operator).await.json()["posted"]["minor"], json!(10_500));
}

#[tokio::test]
async fn rails_tell_what_they_can_do() {
    let world = World::open().await;
    let rails = world.get("/v1/rails", &world.shop).await.json();
    assert_eq!(rails["items"][0]["id"], "house");
    let house = world.get("/v1/rails/house", &world.till).await.json();
    assert!(house["commands"].as_array().unwrap().contains(&json!("capture")), "{house}");
    assert_eq!(world.get("/v1/rails/nowhere", &world.shop).await.problem(), "404 rail.not_found");
}
