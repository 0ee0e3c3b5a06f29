//! A washing machine that orders, and everything that it may not order.

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use tebura_plugin_iot_order::IotOrder;
use tebura_plugin_test::service::{Ended, Harness, Visit};

fn settings() -> Value {
    json!({
        "most_budget_yen": 10_000,
        "items": [{"id": "detergent", "title": "洗剤", "yen": 480}, {"id": "softener", "title": "柔軟剤", "yen": 700}, {"id": "sponge", "title": "スポンジ", "yen": 100}]
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn device() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn wanted() -> Value {
    let key = hex(device().verifying_key().as_bytes());
    json!({"device": "洗濯機", "device_key": key, "budget_yen": 2_000, "per_order_yen": 1_000, "items": ["detergent", "softener"], "days": 29})
}

fn shop() -> Harness<IotOrder> {
    let mut shop = Harness::of(IotOrder).manifest(include_str!("../plugin.toml")).settings(settings());
    shop.wallet("hanako", 5_000);
    shop
}

fn standing(shop: &Harness<IotOrder>, visit: &Visit) -> Value {
    let (Ended::Waiting { output: Some(output) } | Ended::Done(output)) = shop.now_of(visit) else {
        panic!("{:?}", shop.now_of(visit))
    };
    output
}

/// An order, signed with a key over what it says or over something else.
fn signed(key: &SigningKey, mandate: &str, sequence: u64, item: &str, count: u64) -> Value {
    let text = format!("tebura-order-v1\n{mandate}\n{sequence}\n{item}\n{count}");
    json!({"sequence": sequence, "item": item, "count": count, "signature": hex(&key.sign(text.as_bytes()).to_bytes())})
}

#[test]
fn boj_11_an_appliance_orders_within_its_mandate_whoever_gave_it_and_however() {
    for way in ["face", "card", "qr", "staff"] {
        let mut shop = shop();
        let mandate = shop.ask("mandate", wanted()).by(way, "hanako").begin();
        let shown = standing(&shop, &mandate);
        assert_eq!(
            (&shown["active"], &shown["left_yen"], shop.balance("hanako")),
            (&json!(true), &json!(2_000), 3_000)
        );
        let id = shown["mandate"].as_str().unwrap().to_owned();
        for (sequence, item, count) in [(1, "detergent", 2), (2, "softener", 1)] {
            shop.tell(&mandate, "order", signed(&device(), &id, sequence, item, count));
        }
        let shown = standing(&shop, &mandate);
        assert_eq!(
            (&shown["spent_yen"], &shown["left_yen"], &shown["orders"]),
            (&json!(1_660), &json!(340), &json!(2))
        );
        assert_eq!(shown["last"], json!({"sequence": 2, "placed": true, "yen": 700}));
        shop.tell(&mandate, "stop", json!({}));
        let over = standing(&shop, &mandate);
        assert_eq!(
            (&over["active"], &over["reason"], &over["left_yen"]),
            (&json!(false), &json!("stopped"), &json!(0))
        );
        assert_eq!((shop.balance("hanako"), shop.paid_to("shop")), (5_000 - 1_660, 1_660));
    }
}

#[test]
fn boj_11_what_the_mandate_does_not_cover_is_not_ordered_and_the_mandate_stands() {
    let mut shop = shop();
    let mandate = shop.ask("mandate", wanted()).by("face", "hanako").begin();
    let id = standing(&shop, &mandate)["mandate"].as_str().unwrap().to_owned();
    let other = SigningKey::from_bytes(&[8; 32]);
    let mut altered = signed(&device(), &id, 3, "detergent", 1);
    altered["count"] = json!(2);
    let mut bent = signed(&device(), &id, 3, "detergent", 1);
    bent["signature"] = json!("00".repeat(64));
    for (order, reason) in [
        (signed(&other, &id, 1, "detergent", 1), "signature"),
        (signed(&device(), "req_elsewhere", 1, "detergent", 1), "signature"),
        (altered, "signature"),
        (bent, "signature"),
        (signed(&device(), &id, 5, "sponge", 1), "item"),
        (signed(&device(), &id, 6, "television", 1), "item"),
        (signed(&device(), &id, 7, "softener", 2), "per_order"),
        (signed(&device(), &id, 7, "detergent", 1), "repeated"),
        (signed(&device(), &id, 6, "detergent", 1), "repeated"),
    ] {
        shop.tell(&mandate, "order", order.clone());
        let last = standing(&shop, &mandate)["last"].clone();
        assert_eq!((&last["placed"], &last["reason"]), (&json!(false), &json!(reason)), "{order}");
    }
    assert_eq!((shop.paid_to("shop"), shop.balance("hanako")), (0, 3_000));
    // The same order, sent again, is placed once.
    let order = signed(&device(), &id, 8, "detergent", 2);
    shop.tell(&mandate, "order", order.clone());
    shop.tell(&mandate, "order", order);
    shop.tell(&mandate, "order", signed(&device(), &id, 9, "detergent", 2));
    shop.tell(&mandate, "order", signed(&device(), &id, 10, "detergent", 1));
    assert_eq!(standing(&shop, &mandate)["last"]["reason"], "budget");
    assert_eq!(shop.paid_to("shop"), 1_920);
    shop.pass_ms(29 * 86_400_000);
    assert_eq!(standing(&shop, &mandate)["reason"], "over");
    assert_eq!(shop.balance("hanako"), 5_000 - 1_920);
}

#[test]
fn boj_11_a_mandate_that_is_used_up_ends_and_one_that_cannot_be_is_not_given() {
    let mut shop = shop();
    let mut exact = wanted();
    exact["budget_yen"] = json!(960);
    exact["per_order_yen"] = json!(960);
    let mandate = shop.ask("mandate", exact).by("face", "hanako").begin();
    let id = standing(&shop, &mandate)["mandate"].as_str().unwrap().to_owned();
    shop.tell(&mandate, "order", signed(&device(), &id, 1, "detergent", 2));
    assert!(
        matches!(shop.now_of(&mandate), Ended::Done(shown) if shown["reason"] == "used_up" && shown["spent_yen"] == 960)
    );
    for (field, value, reason) in [
        ("budget_yen", json!(10_001), "above_most"),
        ("per_order_yen", json!(2_001), "order_above_budget"),
        ("items", json!(["television"]), "item_unknown"),
    ] {
        let mut wrong = wanted();
        wrong[field] = value;
        let refused = shop.ask("mandate", wrong).by("face", "hanako").begin();
        assert_eq!(shop.now_of(&refused), Ended::Done(json!({"active": false, "reason": reason})));
    }
    shop.wallet("taro", 1_999);
    let poor = shop.ask("mandate", wanted()).by("card", "taro").begin();
    assert_eq!(
        shop.now_of(&poor),
        Ended::Done(json!({"active": false, "reason": "not_paid", "code": "funds.insufficient"}))
    );
    let nobody = shop.ask("mandate", wanted()).by_nobody("card").begin();
    assert_eq!(standing(&shop, &nobody)["reason"], "nobody");
}

tebura_plugin_test::service_conformance!(IotOrder, |suite| suite
    .settings(settings())
    .input("mandate", wanted())
    .message("mandate", "stop", json!({}))
    .message("mandate", "order", signed(&device(), "req_1", 1, "detergent", 1)));
