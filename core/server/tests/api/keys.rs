//! API keys: who may do what, and what strangers learn.

use serde_json::json;

use crate::world::{World, id};

#[tokio::test]
async fn without_a_known_key_everything_is_401_alike() {
    let world = World::open().await;
    let none = world.call("GET", "/v1/holds", None, None, None).await;
    assert_eq!(none.problem(), "401 auth.key_unknown");
    assert_eq!(none.headers["www-authenticate"], "Bearer realm=\"tebura\"");
    let (head, _) = world.shop.rsplit_once('_').unwrap();
    let wrong_secret = format!("{head}_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let unknown_id = format!("tb_{}_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "0".repeat(32));
    for key in ["x", "tb_1_2", &wrong_secret, &unknown_id] {
        let reply = world.get("/v1/holds", key).await;
        assert_eq!(reply.problem(), "401 auth.key_unknown", "{key}");
        assert_eq!(reply.json()["detail"], none.json()["detail"]);
    }
}

#[tokio::test]
async fn a_scope_that_is_missing_is_403() {
    let world = World::open().await;
    let hold = json!({"payer": world.hanako.0, "amount": {"minor": 100, "currency": "JPY"}});
    assert_eq!(world.post("/v1/holds", &world.till, hold.clone()).await.problem(), "403 auth.scope_missing");
    assert_eq!(world.post("/v1/holds", &world.operator, hold).await.problem(), "403 auth.scope_missing");
    assert_eq!(world.get("/v1/holds", &world.till).await.problem(), "403 auth.scope_missing");
    assert_eq!(world.post("/v1/people", &world.shop, json!({"name": "x"})).await.problem(), "403 auth.scope_missing");
    let payment = json!({"amount": {"minor": 100, "currency": "JPY"}}).to_string();
    let parts = [("payment", payment.as_str()), ("image", "hanako")];
    let paid = world.form("/v1/payments/face", &world.shop, &parts).await;
    assert_eq!(paid.problem(), "403 auth.scope_missing");
}

#[tokio::test]
async fn a_merchant_sees_and_moves_nothing_of_another() {
    let world = World::open().await;
    let other = json!({"name": "other", "sandbox": true, "currency": "JPY"});
    let other = world.post("/v1/merchants", &world.operator, other).await.json();
    let key = json!({"merchant": id(&other), "scopes": ["read", "holds"]});
    let key = world.post("/v1/keys", &world.operator, key).await.json()["secret"].as_str().unwrap().to_owned();
    let placed = world.hold(1_000).await;
    let hold = placed["hold"]["id"].as_str().unwrap();
    let operation = placed["operation"]["id"].as_str().unwrap();
    assert_eq!(world.get(&format!("/v1/holds/{hold}"), &key).await.problem(), "404 hold.not_found");
    assert_eq!(world.get(&format!("/v1/operations/{operation}"), &key).await.problem(), "404 operation.not_found");
    assert_eq!(world.post(&format!("/v1/holds/{hold}/capture"), &key, json!({})).await.problem(), "404 hold.not_found");
    assert_eq!(world.post(&format!("/v1/holds/{hold}/release"), &key, json!({})).await.problem(), "404 hold.not_found");
    assert_eq!(world.get(&format!("/v1/merchants/{}", world.merchant), &key).await.problem(), "404 merchant.not_found");
    assert_eq!(world.get("/v1/holds", &key).await.json()["items"], json!([]));
    let events = world.get("/v1/events", &key).await.json();
    assert!(events["items"].as_array().unwrap().iter().all(|event| event["hold"].is_null()), "{events}");
}

#[tokio::test]
async fn a_revoked_key_is_unknown_at_once() {
    let world = World::open().await;
    let made = world.post("/v1/keys", &world.operator, json!({"merchant": world.merchant, "scopes": ["read"]})).await;
    let (key, secret) = (id(&made.json()), made.json()["secret"].as_str().unwrap().to_owned());
    assert_eq!(world.get("/v1/holds", &secret).await.status, 200);
    let revoked = world.post(&format!("/v1/keys/{key}/revoke"), &world.operator, json!({})).await;
    assert!(revoked.json()["revoked_at"].is_string());
    assert_eq!(world.get("/v1/holds", &secret).await.problem(), "401 auth.key_unknown");
}

#[tokio::test]
async fn a_secret_is_shown_once_and_never_on_a_repeat() {
    let world = World::open().await;
    let body = json!({"merchant": world.merchant, "scopes": ["read"]});
    let make = |body| world.call("POST", "/v1/keys", Some(&world.operator), Some("make"), Some(body));
    let (first, again) = (make(body.clone()).await, make(body).await);
    assert_eq!(id(&first.json()), id(&again.json()));
    assert!(first.json()["secret"].is_string() && again.json()["secret"].is_null());
    assert!(again.is_hit());
}

#[tokio::test]
async fn a_key_is_only_made_for_what_exists_and_fits() {
    let world = World::open().await;
    let post = async |body| world.post("/v1/keys", &world.operator, body).await.problem();
    let (merchant, till) = ("mrc_00000000000070008000000000000001", "till_00000000000070008000000000000001");
    assert_eq!(post(json!({"scopes": []})).await, "422 key.scopes_invalid");
    assert_eq!(post(json!({"scopes": ["root"]})).await, "422 key.scopes_invalid");
    assert_eq!(post(json!({"merchant": world.merchant, "scopes": ["admin"]})).await, "422 key.scopes_invalid");
    assert_eq!(post(json!({"merchant": world.merchant, "scopes": ["pay"]})).await, "422 key.till_missing");
    assert_eq!(post(json!({"merchant": merchant, "scopes": ["read"]})).await, "422 merchant.not_found");
    assert_eq!(post(json!({"merchant": world.merchant, "till": till, "scopes": ["pay"]})).await, "422 till.not_found");
}
