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
async fn rails_tell_what_they_can_do() {
    let world = World::open().await;
    let rails = world.get("/v1/rails", &world.shop).await.json();
    assert_eq!(rails["items"][0]["id"], "house");
    let house = world.get("/v1/rails/house", &world.till).await.json();
    assert!(house["commands"].as_array().unwrap().contains(&json!("capture")), "{house}");
    assert_eq!(world.get("/v1/rails/nowhere", &world.shop).await.problem(), "404 rail.not_found");
}
