//! The card rail between a hub in a process of its own and an acquirer: raises, captures in parts, releases, refunds, cards
//! that are declined or ask for their owner, an acquirer that is down, late or wrong. Money is counted on both sides.

mod localstripe;
mod town;
mod webhooks;

use serde_json::{Value, json};
use tebura_providers::{Misbehaviour, Place, Target};

use self::town::{FarEnd, Payer, RAIL, Town, id, theirs, yen};
use crate::support::until;

/// An account that Stripe granted everything, and a payer with a card that pays.
async fn granted() -> (FarEnd, Town, Payer) {
    let far = FarEnd::start(true).await;
    let settings = json!({ "incremental_authorization": "on", "multicapture": "on" });
    let town = Town::open(&far.provider().origin(), &settings).await;
    let payer = town.payer("pm_card_visa").await;
    (far, town, payer)
}

/// An ordinary account.
async fn ordinary() -> (FarEnd, Town) {
    let far = FarEnd::start(false).await;
    let town = Town::open(&far.provider().origin(), &json!({})).await;
    (far, town)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_raised_captured_in_parts_and_refunded() {
    let (far, town, payer) = granted().await;
    let rail = town.merchant().get(&format!("/v1/rails/{RAIL}")).await;
    assert_eq!(
        (&rail["raise"], &rail["several_captures"], &rail["partial_release"], &rail["extend"], &rail["finality"]),
        (&json!(true), &json!(true), &json!(false), &json!(false), &json!("contestable")),
    );
    assert_eq!(rail["max_hold_ms"], 7 * 24 * 3_600_000);

    let hold = town.hold(&payer, "hold", 1_200).await;
    let raise = json!({ "amount": yen(400) });
    town.merchant().post(&format!("/v1/holds/{hold}/raise"), "raise", &raise).await;
    assert_eq!(theirs(far.provider()), (0, 1_600, 0));
    let (status, part) = town.capture(&hold, "part", 700, false).await;
    assert_eq!((status, &part["hold"]["status"]), (201, &json!("partially_captured")), "{part}");
    let (status, rest) = town.capture(&hold, "rest", 500, true).await;
    assert_eq!((status, &rest["hold"]["status"]), (201, &json!("captured")), "{rest}");
    assert_eq!(theirs(far.provider()), (1_200, 0, 1_200));
    let refund = format!("/v1/captures/{}/refund", id(&rest["operation"], "id"));
    town.merchant().post(&refund, "refund", &json!({ "amount": yen(300) })).await;
    let (_, again) = town.capture(&hold, "rest", 500, true).await;
    assert_eq!(again["operation"]["id"], rest["operation"]["id"], "the same key, the same answer");
    assert_eq!(theirs(far.provider()), (900, 0, 900));
    assert_eq!(town.books(&payer).await, (900, 0, 900));

    let other = town.hold(&payer, "other", 3_000).await;
    town.capture(&other, "some", 1_000, false).await;
    town.merchant().post(&format!("/v1/holds/{other}/release"), "release", &json!({})).await;
    assert_eq!(theirs(far.provider()), (1_900, 0, 1_900));
    assert_eq!(town.books(&payer).await, (1_900, 0, 1_900));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ordinary_account_says_before_a_hold_what_it_has_not() {
    let (far, town) = ordinary().await;
    let payer = town.payer("pm_card_visa").await;
    let rail = town.merchant().get(&format!("/v1/rails/{RAIL}")).await;
    assert_eq!((&rail["raise"], &rail["several_captures"]), (&json!(false), &json!(false)), "{rail}");
    let hold = town.hold(&payer, "hold", 1_200).await;
    let refused = async |path: &str, body: Value| {
        let (status, answer) =
            town.merchant().try_post(&format!("/v1/holds/{hold}/{path}"), path, &body).await.expect("the hub answers");
        assert_eq!(status / 100, 4, "{answer}");
        answer["code"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(refused("raise", json!({ "amount": yen(400) })).await, "rail.command_unsupported");
    assert_eq!(refused("extend", json!({ "expires_in_ms": 172_800_000 })).await, "rail.command_unsupported");
    assert_eq!(
        refused("capture", json!({ "amount": yen(1), "final": false })).await,
        "rail.several_captures_unsupported"
    );
    assert_eq!(refused("release", json!({ "amount": yen(1) })).await, "rail.partial_release_unsupported");
    let (status, captured) = town.capture(&hold, "all", 700, true).await;
    assert_eq!((status, &captured["hold"]["status"]), (201, &json!("captured")), "{captured}");
    let other = town.hold(&payer, "other", 500).await;
    town.merchant().post(&format!("/v1/holds/{other}/release"), "release-all", &json!({})).await;
    assert_eq!(theirs(far.provider()), (700, 0, 700));
    assert_eq!(town.books(&payer).await, (700, 0, 700));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_that_do_not_pay_are_told_apart() {
    let (far, town) = ordinary().await;
    for (method, code) in [
        ("pm_card_chargeDeclined", "card.declined"),
        ("pm_card_chargeDeclinedInsufficientFunds", "funds.insufficient"),
        ("pm_card_chargeDeclinedLostCard", "card.declined"),
        ("pm_card_chargeDeclinedExpiredCard", "card.expired"),
        ("pm_card_chargeDeclinedProcessingError", "card.issuer_unavailable"),
        ("pm_card_thatIsNone", "payer.not_found"),
    ] {
        let payer = town.payer(method).await;
        let (status, answer) = town.try_hold(&payer, method, 1_200).await;
        assert_eq!((status, &answer["code"]), (402, &json!(code)), "{method}: {answer}");
    }
    let payer = town.payer("pm_card_visa").await;
    far.provider().sandbox.set_limit("pm_card_visa", 1_000);
    let (_, answer) = town.try_hold(&payer, "limit", 1_001).await;
    assert_eq!(answer["code"], "funds.insufficient");
    let (_, answer) = town.try_hold(&payer, "small", 49).await;
    assert_eq!(answer["code"], "amount.too_small");
    assert_eq!(theirs(far.provider()), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_asks_for_its_owner_makes_the_hold_wait_visibly() {
    let (far, town) = ordinary().await;
    let payer = town.payer("pm_card_authenticationRequired").await;
    for (key, success, ends) in [("yes", true, "held"), ("no", false, "failed")] {
        let (status, waiting) = town.try_hold(&payer, key, 1_200).await;
        assert_eq!((status, &waiting["hold"]["status"]), (202, &json!("requires_action")), "{waiting}");
        let intents = far.provider().sandbox.intents();
        let waits = intents.iter().find(|intent| intent["status"] == "requires_action").unwrap();
        assert!(far.provider().sandbox.authenticate(waits["id"].as_str().unwrap(), success).is_some());
        let hold = id(&waiting["hold"], "id");
        until("the hub has looked", async || town.status(&hold).await == ends).await;
    }
    assert_eq!(theirs(far.provider()), (0, 1_200, 0));
    assert_eq!(town.books(&payer).await, (0, 1_200, 0));
}

/// One write under one misbehaviour: it ends well, once.
async fn misbehave(misbehaviour: Misbehaviour) {
    let (far, town, payer) = granted().await;
    let until_done = async |path: &str, key: &str, body: Value| {
        let mut last = Value::Null;
        until("the write is answered for good", async || {
            let (status, answer) = town.merchant().try_post(path, key, &body).await.expect("the hub answers");
            assert!(matches!(status, 201 | 202 | 409 | 503), "{misbehaviour:?} {path}: {status} {answer}");
            last = answer;
            status == 201
        })
        .await;
        last
    };
    let next = |on: Target| far.provider().switches.next(on, misbehaviour);
    next(Target::Preauthorization);
    let place = json!({ "payer": payer.id, "amount": yen(1_200), "cap": yen(2_000) });
    let placed = until_done("/v1/holds", "hold", place).await;
    assert_eq!(placed["hold"]["status"], "held", "{misbehaviour:?}: {placed}");
    let hold = id(&placed["hold"], "id");
    next(Target::Raise);
    until_done(&format!("/v1/holds/{hold}/raise"), "raise", json!({ "amount": yen(400) })).await;
    next(Target::Capture);
    let capture = json!({ "amount": yen(700), "final": false });
    let captured = until_done(&format!("/v1/holds/{hold}/capture"), "capture", capture).await;
    next(Target::Revert);
    until_done(&format!("/v1/holds/{hold}/release"), "release", json!({})).await;
    next(Target::Refund);
    let refund = format!("/v1/captures/{}/refund", id(&captured["operation"], "id"));
    until_done(&refund, "refund", json!({ "amount": yen(300) })).await;
    assert_eq!(far.provider().switches.rules(), [], "{misbehaviour:?} was met");
    assert_eq!(theirs(far.provider()), (400, 0, 400), "{misbehaviour:?}");
    assert_eq!(town.books(&payer).await, (400, 0, 400), "{misbehaviour:?}");
    let ended = town.merchant().get(&format!("/v1/holds/{hold}")).await;
    let operations = ended["operations"].as_array().unwrap();
    assert!(operations.iter().all(|operation| operation["state"] == "settled"), "{misbehaviour:?}: {ended}");
    assert_eq!(operations.len(), 5, "{misbehaviour:?}: nothing was done twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_on_the_line_is_sent_again_under_its_key() {
    misbehave(Misbehaviour::LoseRequest).await;
    misbehave(Misbehaviour::LoseReply).await;
    misbehave(Misbehaviour::ApplyTwice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_500_after_the_work_and_a_damaged_answer_are_asked_about() {
    misbehave(Misbehaviour::FailAfter).await;
    misbehave(Misbehaviour::Garble).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_about_other_amounts_and_payments_are_not_believed() {
    misbehave(Misbehaviour::OverstateAmount).await;
    misbehave(Misbehaviour::AnswerForAnother).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acquirer_that_is_down_gets_nothing_and_one_that_is_up_again_everything() {
    let (mut far, town, payer) = granted().await;
    let hold = town.hold(&payer, "hold", 1_200).await;
    far.stop().await;
    let (status, refused) = town.try_hold(&payer, "other", 500).await;
    assert_eq!((status, &refused["code"]), (402, &json!("provider.unreachable")), "{refused}");
    let (_, refused) = town.capture(&hold, "capture", 700, true).await;
    assert_eq!(refused["code"], "provider.unreachable", "nothing left: the hold stands");
    assert_eq!(town.books(&payer).await, (0, 1_200, 0));
    far.run().await;
    let (status, captured) = town.capture(&hold, "again", 700, true).await;
    assert_eq!((status, &captured["hold"]["status"]), (201, &json!("captured")), "{captured}");
    assert_eq!(theirs(far.provider()), (700, 0, 700));
    assert_eq!(town.books(&payer).await, (700, 0, 700));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_after_the_hub_gave_up_is_found() {
    let (far, town, payer) = granted().await;
    let hold = town.hold(&payer, "hold", 1_200).await;
    let mut pause = far.provider().switches.pause(Target::Capture, Place::Work);
    let (first, ()) = tokio::join!(town.capture(&hold, "capture", 700, true), pause.arrived());
    // The first attempt runs out of time, and those after it find the key in use.
    assert_eq!(first.0, 202, "{}", first.1);
    assert_eq!(town.books(&payer).await, (0, 1_200, 0), "nothing is paid on a guess");
    until("the outcome is visibly unknown", async || town.state_of(&hold, "capture").await == "unknown").await;
    pause.let_go();
    until("the capture is found", async || town.capture(&hold, "capture", 700, true).await.0 == 201).await;
    assert_eq!(theirs(far.provider()), (700, 0, 700));
    assert_eq!(town.books(&payer).await, (700, 0, 700));
}
