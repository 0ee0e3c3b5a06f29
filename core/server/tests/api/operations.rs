//! Raise, extend, split, reverse, dispute, the payer's word, two operators: every operation on a hold over HTTP.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tebura_ledger::{OperationId, Verdict};

use crate::world::{Reply, World};

fn yen(minor: i64) -> Value {
    json!({"minor": minor, "currency": "JPY"})
}

impl World {
    /// A hold of 1,000 with a cap of 1,500.
    async fn capped(&self) -> String {
        let body = json!({"payer": self.hanako.0, "amount": yen(1_000), "cap": yen(1_500), "at_deadline": "capture"});
        let reply = self.post("/v1/holds", &self.shop, body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["hold"]["id"].as_str().unwrap().to_owned()
    }

    async fn on_hold(&self, hold: &str, verb: &str, body: Value) -> Reply {
        self.post(&format!("/v1/holds/{hold}/{verb}"), &self.shop, body).await
    }

    async fn at_version(&self, path: &str, version: u32, body: Value) -> Reply {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("authorization", format!("Bearer {}", self.shop))
            .header("idempotency-key", self.fresh())
            .header("if-match", format!("\"{version}\""))
            .header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }
}

fn operation(reply: &Reply) -> String {
    reply.json()["operation"]["id"].as_str().unwrap_or_else(|| panic!("{}", reply.text)).to_owned()
}

#[tokio::test]
async fn a_raise_stays_within_the_cap_and_above_it_the_payer_is_asked() {
    let world = World::open().await;
    let hold = world.capped().await;
    let raised = world.on_hold(&hold, "raise", json!({"amount": yen(500)})).await;
    assert_eq!((raised.status, &raised.json()["hold"]["authorised"]["minor"]), (201, &json!(1_500)));

    let asked = world.on_hold(&hold, "raise", json!({"amount": yen(1)})).await;
    assert_eq!((asked.status, &asked.json()["operation"]["state"]), (202, &json!("requires_action")));
    let raise = operation(&asked);
    let read = world.get(&format!("/v1/holds/{hold}"), &world.shop).await.json();
    assert_eq!((&read["waiting"], &read["authorised"]["minor"]), (&json!(raise), &json!(1_500)));
    let asked_again = world.on_hold(&hold, "raise", json!({"amount": yen(2)})).await;
    assert_eq!(asked_again.problem(), "409 confirmation.pending");

    let path = format!("/v1/operations/{raise}/confirm");
    let nobody = world.post(&path, &world.shop, json!({})).await;
    assert_eq!(nobody.status, 403, "a merchant's word is not the payer's: {}", nobody.text);
    let wrong = world.post(&path, &world.shop, json!({"instrument": world.hanako.0, "pin": "0000"})).await;
    assert_eq!(wrong.problem(), "403 pin.wrong");
    let confirmed = world.post(&path, &world.shop, json!({"instrument": world.hanako.0, "pin": "2718"})).await;
    assert_eq!(
        (confirmed.status, &confirmed.json()["hold"]["cap"]["minor"]),
        (201, &json!(1_501)),
        "{}",
        confirmed.text
    );

    let other = operation(&world.on_hold(&hold, "raise", json!({"amount": yen(9)})).await);
    let refused = world.post(&format!("/v1/operations/{other}/refuse"), &world.shop, json!({})).await;
    assert_eq!((refused.status, &refused.json()["operation"]["code"]), (201, &json!("payer.refused")));
    let twice = world.post(&format!("/v1/operations/{other}/refuse"), &world.shop, json!({})).await;
    assert_eq!(twice.problem(), "409 confirmation.not_needed");
    let third = operation(&world.on_hold(&hold, "raise", json!({"amount": yen(9)})).await);
    let by_operator = world.post(&format!("/v1/operations/{third}/confirm"), &world.operator, json!({})).await;
    assert_eq!(by_operator.status, 201, "{}", by_operator.text);
    assert_eq!(world.available(&world.hanako.1).await, 10_000 - 1_510);
}

#[tokio::test]
async fn over_capture_is_a_raise_and_a_capture_in_one_step() {
    let world = World::open().await;
    let hold = world.capped().await;
    let plain = world.on_hold(&hold, "capture", json!({"amount": yen(1_200)})).await;
    assert_eq!(plain.problem(), "422 hold.capture_exceeds_free");
    let above = world.on_hold(&hold, "capture", json!({"amount": yen(1_501), "raise": true})).await;
    assert_eq!((above.status, &above.json()["operation"]["kind"]), (202, &json!("raise")));
    assert_eq!(world.available(&world.payee_account).await, 0, "never silently");
    let taken = world.on_hold(&hold, "capture", json!({"amount": yen(1_200), "raise": true})).await;
    assert_eq!((taken.status, &taken.json()["hold"]["captured"]["minor"]), (201, &json!(1_200)), "{}", taken.text);
    assert_eq!(world.available(&world.hanako.1).await, 8_800);
}

#[tokio::test]
async fn a_hold_is_extended_released_in_part_and_changed_only_in_the_version_that_was_read() {
    let world = World::open().await;
    let hold = world.capped().await;
    let before = world.get(&format!("/v1/holds/{hold}"), &world.shop).await.json();
    assert_eq!(before["at_deadline"], "capture");
    let extended = world.on_hold(&hold, "extend", json!({"expires_in_ms": 172_800_000})).await;
    assert_eq!(extended.status, 201, "{}", extended.text);
    assert!(extended.json()["hold"]["expires_at"].as_str().unwrap() > before["expires_at"].as_str().unwrap());
    let sooner = world.on_hold(&hold, "extend", json!({"expires_in_ms": 60_000})).await;
    assert_eq!(sooner.problem(), "422 extend.not_later");
    let beyond = world.on_hold(&hold, "extend", json!({"expires_in_ms": 9_000_000_000_i64})).await;
    assert_eq!(beyond.problem(), "422 extend.beyond_rail");

    let version = extended.json()["hold"]["version"].as_u64().unwrap();
    for (verb, body) in [
        ("raise", json!({"amount": yen(1)})),
        ("extend", json!({"expires_in_ms": 259_200_000})),
        ("release", json!({"amount": yen(1)})),
        ("capture", json!({})),
    ] {
        let stale = world.at_version(&format!("/v1/holds/{hold}/{verb}"), 1, body).await;
        assert_eq!(stale.problem(), "412 hold.version_conflict", "{verb}");
        assert_eq!(stale.json()["hold_version"], version, "{verb}");
    }
    let part = world.on_hold(&hold, "release", json!({"amount": yen(300)})).await.json();
    assert_eq!((&part["hold"]["status"], &part["hold"]["free"]["minor"]), (&json!("held"), &json!(700)));
    let more = world.on_hold(&hold, "release", json!({"amount": yen(701)})).await;
    assert_eq!(more.problem(), "422 hold.release_exceeds_free");
}

#[tokio::test]
async fn pay_6_a_capture_is_split_reversed_refunded_and_contested() {
    let world = World::open().await;
    let hold = world.capped().await;
    let body = json!({"name": "隣", "sandbox": true, "currency": "JPY"});
    let neighbour = world.post("/v1/merchants", &world.operator, body).await.json();
    let account = neighbour["payees"][0]["account"].as_str().unwrap();
    let split = |minor| {
        json!({"amount": yen(600), "final": false, "split": [
            {"to": neighbour["id"], "amount": yen(minor), "kind": "fee"},
        ]})
    };
    let too_much = world.on_hold(&hold, "capture", split(601)).await;
    assert_eq!(too_much.problem(), "422 split.exceeds_capture");
    let taken = world.on_hold(&hold, "capture", split(60)).await;
    assert_eq!(taken.json()["operation"]["split"][0]["amount"]["minor"], 60, "{}", taken.text);
    assert_eq!((world.available(&world.payee_account).await, world.available(account).await), (540, 60));

    let reverse = format!("/v1/captures/{}/reverse", operation(&taken));
    let reversed = world.post(&reverse, &world.shop, json!({})).await.json();
    assert_eq!(
        (&reversed["operation"]["kind"], &reversed["hold"]["free"]["minor"]),
        (&json!("reverse"), &json!(1_000))
    );
    assert_eq!((world.available(&world.payee_account).await, world.available(account).await), (0, 0));

    let capture = operation(&world.on_hold(&hold, "capture", json!({})).await);
    let dispute = format!("/v1/captures/{capture}/dispute");
    let merchant = world.post(&dispute, &world.shop, json!({})).await;
    assert_eq!(merchant.status, 403, "{}", merchant.text);
    let open = world.post(&dispute, &world.operator, json!({"amount": yen(400)})).await;
    assert_eq!((open.status, &open.json()["hold"]["disputed"]["minor"]), (202, &json!(400)), "{}", open.text);
    let refund = world.post(&format!("/v1/captures/{capture}/refund"), &world.shop, json!({"amount": yen(601)})).await;
    assert_eq!(refund.problem(), "422 refund.exceeds_capture");
    let end = format!("/v1/disputes/{}/end", operation(&open));
    let lost = world.post(&end, &world.operator, json!({"outcome": "lost", "amount": yen(300)})).await;
    assert_eq!((lost.status, &lost.json()["hold"]["lost"]["minor"]), (201, &json!(300)), "{}", lost.text);
    let read = world.get(&format!("/v1/holds/{hold}"), &world.shop).await.json();
    assert_eq!((&read["refundable"]["minor"], &read["capturable"]["minor"]), (&json!(700), &json!(0)));
    let rights: Vec<String> = read["rights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|right| format!("{} {}", right["who"].as_str().unwrap(), right["may"].as_str().unwrap()))
        .collect();
    assert_eq!(rights, ["payee refund", "operator dispute"]);
    assert_eq!(world.available(&world.payee_account).await, 700);
}

#[tokio::test]
async fn a_contradiction_is_listed_and_two_operator_keys_settle_it() {
    let world = World::open().await;
    let hold = world.capped().await;
    let capture: OperationId = operation(&world.on_hold(&hold, "capture", json!({})).await).parse().unwrap();
    assert_eq!(world.get("/v1/exceptions", &world.shop).await.status, 403);
    let none = world.get("/v1/exceptions", &world.operator).await.json();
    assert_eq!(none["items"], json!([]));
    world.hub.hear(capture, Verdict::Declined { code: "bank.says_no".to_owned() }).await.unwrap();
    let listed = world.get("/v1/exceptions", &world.operator).await.json();
    let exception = &listed["items"][0];
    assert_eq!((&exception["of"], &exception["found"]), (&json!(capture.to_string()), &json!("denied")));
    assert_eq!(exception["state"], "unknown");

    let path = format!("/v1/operations/{}/resolve", exception["id"].as_str().unwrap());
    let word = json!({"outcome": "settled", "reference": "cash book 12"});
    let merchant = world.post(&path, &world.shop, word.clone()).await;
    assert_eq!(merchant.status, 403, "{}", merchant.text);
    let proposed = world.post(&path, &world.operator, word.clone()).await;
    assert_eq!(
        (proposed.status, &proposed.json()["operation"]["state"]),
        (202, &json!("unknown")),
        "{}",
        proposed.text
    );
    let same = world.post(&path, &world.operator, word.clone()).await;
    assert_eq!(same.problem(), "409 resolution.same_operator");
    let key = world.post("/v1/keys", &world.operator, json!({"scopes": ["admin"]})).await.json();
    let second = world.post(&path, key["secret"].as_str().unwrap(), word).await;
    assert_eq!((second.status, &second.json()["operation"]["state"]), (201, &json!("settled")), "{}", second.text);
    let known =
        world.post(&format!("/v1/operations/{capture}/resolve"), &world.operator, json!({"outcome": "declined"})).await;
    assert_eq!(known.problem(), "409 resolution.not_needed");
}

#[tokio::test]
async fn pay_5_a_rail_says_what_it_can_do_before_any_hold() {
    let world = World::open().await;
    let house = world.get("/v1/rails/house", &world.shop).await.json();
    for ability in ["several_captures", "raise", "extend", "refund", "partial_release", "split", "reverse", "pin"] {
        assert_eq!(house[ability], true, "{ability}");
    }
    assert_eq!((&house["settlement_delay_ms"], &house["finality"]), (&json!(0), &json!("contestable")));
}
