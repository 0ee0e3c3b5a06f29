//! Calls and their rules.

use tebura_providers::{Misbehaviour, Place, Target};

use crate::client::{DAY, Far};

#[tokio::test]
async fn an_intent_is_held_raised_captured_in_parts_and_refunded() {
    let far = Far::start().await;
    let id = far.held("a", 1_200).await;
    let path = |verb: &str| format!("/v1/payment_intents/{id}/{verb}");
    let raised = far.post(&path("increment_authorization"), "b", "amount=1600&metadata[b]=1").await.unwrap().json();
    assert_eq!((&raised["amount"], &raised["amount_capturable"]), (&1_600.into(), &1_600.into()));
    let part = far.post(&path("capture"), "c", "amount_to_capture=700&final_capture=false").await.unwrap().json();
    assert_eq!((&part["status"], &part["amount_capturable"]), (&"requires_capture".into(), &900.into()));
    let last =
        far.post(&path("capture"), "d", "amount_to_capture=100&expand[]=latest_charge&metadata[d]=1").await.unwrap();
    let last = last.json();
    assert_eq!((&last["status"], &last["amount_received"]), (&"succeeded".into(), &800.into()));
    assert_eq!(last["metadata"], serde_json::json!({"op": "a", "b": "1", "d": "1"}));
    let charge = last["latest_charge"]["id"].as_str().unwrap();
    assert_eq!(last["latest_charge"]["amount_captured"], 800);
    let refund = far.post("/v1/refunds", "e", &format!("charge={charge}&amount=300&metadata[e]=1")).await.unwrap();
    assert_eq!((refund.status, &refund.json()["status"]), (200, &"succeeded".into()));
    assert_eq!(far.money(), (500, 0, 500));
    let listed = far.get(&format!("/v1/refunds?charge={charge}&limit=50")).await.json();
    assert_eq!((&listed["data"][0]["metadata"]["e"], &listed["has_more"]), (&"1".into(), &false.into()));
    assert_eq!(
        far.post("/v1/refunds", "f", &format!("charge={charge}&amount=501")).await.unwrap().code(),
        "400 invalid_request_error"
    );
    assert_eq!(far.post(&path("cancel"), "g", "").await.unwrap().code(), "400 payment_intent_unexpected_state");
}

#[tokio::test]
async fn a_cancellation_gives_back_all_that_was_not_captured() {
    let far = Far::start().await;
    let whole = far.held("a", 1_200).await;
    let canceled = far.post(&format!("/v1/payment_intents/{whole}/cancel"), "b", "").await.unwrap().json();
    assert_eq!((&canceled["status"], &canceled["amount_capturable"]), (&"canceled".into(), &0.into()));
    let part = far.held("c", 1_200).await;
    far.post(&format!("/v1/payment_intents/{part}/capture"), "d", "amount_to_capture=700&final_capture=false")
        .await
        .unwrap();
    let rest = far.post(&format!("/v1/payment_intents/{part}/cancel"), "e", "").await.unwrap().json();
    assert_eq!((&rest["status"], &rest["amount_received"]), (&"succeeded".into(), &700.into()));
    assert_eq!(far.money(), (700, 0, 700));
}

#[tokio::test]
async fn an_ordinary_account_raises_nothing_and_captures_once() {
    let far = Far::with(false, None).await;
    let id = far.held("a", 1_200).await;
    let raise =
        far.post(&format!("/v1/payment_intents/{id}/increment_authorization"), "b", "amount=1600").await.unwrap();
    assert_eq!(raise.code(), "400 payment_intent_unexpected_state");
    let path = format!("/v1/payment_intents/{id}/capture");
    let keep = far.post(&path, "c", "amount_to_capture=700&final_capture=false").await.unwrap();
    assert_eq!(keep.json()["error"]["param"], "final_capture");
    assert_eq!(far.post(&path, "d", "amount_to_capture=700").await.unwrap().status, 200);
    assert_eq!(far.money(), (700, 0, 700));
}

#[tokio::test]
async fn cards_decline_as_their_names_say() {
    let far = Far::start().await;
    for (method, code, decline) in [
        ("pm_card_chargeDeclined", "402 card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "402 card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "402 expired_card", "expired_card"),
    ] {
        let reply = far.create(method, 1_200, method).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.code().as_str(), error["decline_code"].as_str()), (code, Some(decline)));
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
        assert_eq!(error["payment_intent"]["metadata"]["op"], method);
    }
    far.running.sandbox.set_limit("pm_card_visa", 1_000);
    assert_eq!(far.create("limit", 1_001, "pm_card_visa").await.json()["error"]["decline_code"], "insufficient_funds");
    assert_eq!(far.create("none", 1_200, "pm_card_none").await.code(), "404 resource_missing");
    assert_eq!(far.create("small", 49, "pm_card_visa").await.code(), "400 amount_too_small");
    let unknown =
        far.post("/v1/payment_intents", "u", "amount=100&currency=jpy&capture_method=manual&colour=red").await.unwrap();
    assert_eq!(
        (unknown.code().as_str(), unknown.json()["error"]["param"].as_str()),
        ("400 parameter_unknown", Some("colour"))
    );
    assert_eq!(far.money(), (0, 0, 0));
}

#[tokio::test]
async fn a_payer_confirms_or_not() {
    let far = Far::start().await;
    for (key, success, status) in [("yes", true, "requires_capture"), ("no", false, "requires_payment_method")] {
        let waiting = far.create(key, 1_200, "pm_card_authenticationRequired").await.json();
        assert_eq!(waiting["status"], "requires_action");
        let id = waiting["id"].as_str().unwrap();
        assert_eq!(far.running.sandbox.authenticate(id, success).unwrap()["status"], status);
        assert!(far.running.sandbox.authenticate(id, success).is_none(), "once");
    }
    assert_eq!(far.money(), (0, 1_200, 0));
}

#[tokio::test]
async fn an_authorisation_lapses_after_seven_days() {
    let far = Far::start().await;
    let id = far.held("a", 1_200).await;
    far.clock.advance_ms(7 * DAY - 1);
    assert_eq!(far.get(&format!("/v1/payment_intents/{id}")).await.json()["status"], "requires_capture");
    far.clock.advance_ms(1);
    let lapsed = far.get(&format!("/v1/payment_intents/{id}")).await.json();
    assert_eq!((&lapsed["status"], &lapsed["cancellation_reason"]), (&"canceled".into(), &"automatic".into()));
    let late = far.post(&format!("/v1/payment_intents/{id}/capture"), "b", "").await.unwrap();
    assert_eq!(late.code(), "400 payment_intent_unexpected_state");
    assert_eq!(late.json()["error"]["payment_intent"]["cancellation_reason"], "automatic");
    assert_eq!(far.money(), (0, 0, 0));
}

#[tokio::test]
async fn a_key_stands_for_one_request_and_its_answer_for_a_day() {
    let far = Far::start().await;
    let first = far.create("k", 1_200, "pm_card_visa").await;
    let again = far.create("k", 1_200, "pm_card_visa").await;
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(first.body, again.body);
    assert_eq!(far.create("k", 1_300, "pm_card_visa").await.code(), "400 idempotency_error");
    let declined = far.create("d", 1_200, "pm_card_chargeDeclined").await;
    let again = far.create("d", 1_200, "pm_card_chargeDeclined").await;
    assert_eq!((declined.status, again.status, again.replayed), (402, 402, true), "declines are kept as well");
    assert_eq!(far.create("s", 49, "pm_card_visa").await.status, 400);
    assert!(!far.create("s", 49, "pm_card_visa").await.replayed, "what was not begun is not kept");
    far.clock.advance_ms(DAY);
    assert!(
        !far.create("k", 1_200, "pm_card_visa").await.replayed,
        "a second payment: which is why a rail stops before"
    );
    assert_eq!(far.money(), (0, 2_400, 0));
}

#[tokio::test]
async fn a_key_that_is_being_worked_on_is_409() {
    let far = Far::start().await;
    let mut pause = far.running.switches.pause(Target::Preauthorization, Place::Work);
    let second = async {
        pause.arrived().await;
        let second = far.create("k", 1_200, "pm_card_visa").await;
        pause.let_go();
        second
    };
    let (first, second) = tokio::join!(far.create("k", 1_200, "pm_card_visa"), second);
    assert_eq!((first.status, second.code().as_str()), (200, "409 idempotency_key_in_use"));
    assert_eq!(far.money(), (0, 1_200, 0));
}

#[tokio::test]
async fn lines_that_break_do_the_work_once() {
    let far = Far::start().await;
    for (key, misbehaviour, answered) in [
        ("request", Misbehaviour::LoseRequest, None),
        ("reply", Misbehaviour::LoseReply, None),
        ("before", Misbehaviour::FailBefore, Some(500)),
        ("twice", Misbehaviour::ApplyTwice, Some(200)),
        ("late", Misbehaviour::Delay { ms: 1 }, Some(200)),
    ] {
        far.running.switches.next(Target::Preauthorization, misbehaviour);
        let form = "amount=100&currency=jpy&capture_method=manual&confirm=true&payment_method=pm_card_visa";
        let first = far.post("/v1/payment_intents", key, form).await.ok().map(|reply| reply.status);
        assert_eq!(first, answered, "{key}");
        assert_eq!(far.post("/v1/payment_intents", key, form).await.unwrap().status, 200, "{key}");
    }
    assert_eq!(far.money(), (0, 500, 0));
    far.running.switches.next(Target::Preauthorization, Misbehaviour::FailAfter);
    assert_eq!(far.create("after", 100, "pm_card_visa").await.status, 500);
    let again = far.create("after", 100, "pm_card_visa").await;
    assert_eq!((again.status, again.replayed), (500, true), "a 500 is kept under its key");
    assert_eq!(far.money(), (0, 600, 0), "and the work was done");
}

#[tokio::test]
async fn lists_are_newest_first_and_in_pages() {
    let far = Far::start().await;
    let first = far.held("a", 100).await;
    far.clock.advance_ms(DAY);
    let (second, third) = (far.held("b", 100).await, far.held("c", 100).await);
    let ids = |reply: &serde_json::Value| -> Vec<String> {
        reply["data"].as_array().unwrap().iter().map(|intent| intent["id"].as_str().unwrap().to_owned()).collect()
    };
    let page = far.get("/v1/payment_intents?limit=2").await.json();
    assert_eq!((ids(&page), &page["has_more"]), (vec![third.clone(), second.clone()], &true.into()));
    let page = far.get(&format!("/v1/payment_intents?limit=2&starting_after={second}")).await.json();
    assert_eq!((ids(&page), &page["has_more"]), (vec![first.clone()], &false.into()));
    let until = crate::client::NOW / 1_000 + 60;
    let page = far.get(&format!("/v1/payment_intents?created%5Blte%5D={until}")).await.json();
    assert_eq!(ids(&page), vec![first]);
}

#[tokio::test]
async fn nobody_is_served_without_the_key() {
    let far = Far::start().await;
    let wrong = far.send("GET", "/v1/payment_intents", &[("authorization", "Bearer sk_other")], "").await.unwrap();
    assert_eq!(wrong.status, 401);
    let sandbox = far.send("GET", "/sandbox/audit", &[("authorization", "Bearer sk_test")], "").await.unwrap();
    assert_eq!(sandbox.status, 401, "the hub's key opens no sandbox");
    let own = far.send("GET", "/sandbox/audit", &[("authorization", "Bearer the sandbox's own")], "").await.unwrap();
    assert_eq!((own.status, &own.json()["faults"]), (200, &serde_json::json!([])));
}
