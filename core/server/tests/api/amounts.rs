//! Amounts that are wrong, as HTTP sees them, on both paths that take one.

use serde_json::{Value, json};

use crate::world::World;

async fn both(world: &World, amount: Value) -> (String, String) {
    let hold = json!({"payer": world.hanako.0, "amount": amount});
    let hold = world.post("/v1/holds", &world.shop, hold).await.problem();
    let payment = json!({"amount": amount}).to_string();
    let parts = [("payment", payment.as_str()), ("image", "hanako")];
    let paid = world.form("/v1/payments/face", &world.till, &parts).await.problem();
    (hold, paid)
}

#[tokio::test]
async fn pay_7_each_wrong_amount_is_a_422_of_its_own_and_moves_nothing() {
    let world = World::open().await;
    for (amount, code) in [
        (json!({"minor": -1, "currency": "JPY"}), "422 amount.negative"),
        (json!({"minor": 0, "currency": "JPY"}), "422 amount.zero"),
        (json!({"minor": 10.5, "currency": "JPY"}), "422 amount.not_whole"),
        (json!({"minor": 10.0, "currency": "JPY"}), "422 amount.not_whole"),
        (json!({"minor": "10", "currency": "JPY"}), "422 body.invalid"),
        (json!({"minor": 1_u64 << 60, "currency": "JPY"}), "422 amount.too_large"),
        (json!({"minor": 10, "currency": "jpy"}), "422 amount.currency_malformed"),
        (json!({"minor": 10}), "422 body.invalid"),
    ] {
        assert_eq!(both(&world, amount.clone()).await, (code.to_owned(), code.to_owned()), "{amount}");
    }
    assert_eq!(world.available(&world.hanako.1).await, 10_000);
}

#[tokio::test]
async fn another_currency_is_refused() {
    let world = World::open().await;
    let (hold, paid) = both(&world, json!({"minor": 10, "currency": "USD"})).await;
    assert_eq!(hold, paid);
    assert!(hold.starts_with("422 amount.currency"), "{hold}");
}

#[tokio::test]
async fn above_the_tills_limit_is_refused_and_above_the_pin_limit_asks_for_the_pin() {
    let world = World::open().await;
    assert_eq!(world.pay("hanako", 30_001).await.problem(), "422 amount.above_till_limit");
    assert_eq!(world.pay("hanako", 5_001).await.problem(), "402 pin.needed");
    let with_pin = async |pin: &str| {
        let payment = json!({"amount": {"minor": 5_001, "currency": "JPY"}, "pin": pin}).to_string();
        world.form("/v1/payments/face", &world.till, &[("payment", &payment), ("image", "hanako")]).await
    };
    assert_eq!(with_pin("12a4").await.problem(), "422 pin.malformed");
    assert_eq!(with_pin("9999").await.problem(), "402 pin.wrong");
    assert_eq!(with_pin("2718").await.status, 201);
    assert_eq!(world.available(&world.hanako.1).await, 4_999);
}

#[tokio::test]
async fn more_than_the_wallet_has_is_402() {
    let world = World::open().await;
    let hold = json!({"payer": world.hanako.0, "amount": {"minor": 10_001, "currency": "JPY"}});
    assert_eq!(world.post("/v1/holds", &world.shop, hold).await.problem(), "402 funds.insufficient");
    assert_eq!(world.available(&world.hanako.1).await, 10_000);
}
