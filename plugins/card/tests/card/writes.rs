//! Raise, capture, release and refund: performed and inquired.

use serde_json::{Value, json};
use tebura_plugin::yen;
use tebura_plugin_test::{declined, get, post, settled, unknown};

use crate::far_end::{captured, declined_card, hub, intent, refund, refused, settings, stripe};

const LOOK: &str = "/v1/payment_intents/pi_1?expand%5B0%5D=latest_charge";
const RAISE: &str = "/v1/payment_intents/pi_1/increment_authorization";
const CAPTURE: &str = "/v1/payment_intents/pi_1/capture";
const CANCEL: &str = "/v1/payment_intents/pi_1/cancel";
const REFUNDS: &str = "/v1/refunds?limit=50&charge=ch_1";
const HOLD: (&str, &str) = ("op_h", "hold 1200");

fn held() -> Value {
    intent("pi_1", "requires_capture", 1_200, &[HOLD])
}

#[test]
fn a_raise_names_the_new_total() {
    stripe();
    let mut hub = hub();
    let op = hub.raise("pi_1", yen(400));
    let body = format!("amount=1600&metadata%5B{}%5D=raise%20400", op.id());
    let raised = intent("pi_1", "requires_capture", 1_600, &[HOLD, (op.id(), "raise 400")]);
    hub.expect(get(LOOK)).reply(200, held());
    hub.expect(post(RAISE).key(op.id()).text(body)).reply(200, &raised);
    assert_eq!(hub.finish(&op), settled("pi_1", yen(400)));

    let op = hub.raise("pi_1", yen(100));
    hub.expect(get(LOOK)).reply(200, held());
    hub.expect(post(RAISE)).lost();
    hub.expect(get(LOOK)).reply(200, intent("pi_1", "requires_capture", 1_300, &[HOLD, (op.id(), "raise 100")]));
    assert_eq!(hub.finish(&op), settled("pi_1", yen(100)));

    let op = hub.raise("pi_1", yen(100));
    hub.expect(get(LOOK)).reply(200, held());
    hub.expect(post(RAISE)).lost();
    hub.expect(get(LOOK)).reply(200, held());
    assert_eq!(hub.finish(&op), unknown("inquiry.not_found"));
}

#[test]
fn two_raises_that_ran_into_each_other_are_not_added_up_wrongly() {
    stripe();
    let mut hub = hub();
    let op = hub.raise("pi_1", yen(600));
    hub.expect(get(LOOK)).reply(200, held());
    let both = intent("pi_1", "requires_capture", 1_800, &[HOLD, ("op_x", "raise 400"), (op.id(), "raise 600")]);
    hub.expect(post(RAISE)).reply(200, both);
    assert_eq!(hub.finish(&op), unknown("reply.amount_differs"));
}

#[test]
fn a_raise_that_the_issuer_declines_leaves_the_hold() {
    stripe();
    let mut hub = hub();
    let op = hub.raise("pi_1", yen(400));
    hub.expect(get(LOOK)).reply(200, held());
    hub.expect(post(RAISE)).reply(402, declined_card(&held(), "card_declined", "insufficient_funds"));
    assert_eq!(hub.finish(&op), declined("funds.insufficient"));
    let op = hub.raise("pi_1", yen(400));
    hub.expect(get(LOOK)).reply(200, intent("pi_1", "canceled", 1_200, &[HOLD]));
    assert_eq!(hub.finish(&op), declined("hold.closed"));
    settings(&[]);
    let op = hub.raise("pi_1", yen(400));
    assert_eq!(hub.finish(&op), declined("raise.not_granted"));
}

#[test]
fn a_capture_takes_all_a_part_or_one_of_several() {
    stripe();
    let mut hub = hub();
    let op = hub.capture_final("pi_1", yen(700));
    let body = format!("amount_to_capture=700&expand%5B0%5D=latest_charge&metadata%5B{}%5D=capture%20700", op.id());
    let taken = |id: &str| captured(intent("pi_1", "succeeded", 1_200, &[HOLD, (id, "capture 700")]), 700, 0);
    hub.expect(post(CAPTURE).key(op.id()).text(&body)).reply(200, taken(op.id()));
    assert_eq!(hub.finish(&op), settled("ch_1", yen(700)));

    let op = hub.capture("pi_1", yen(700));
    let body = format!(
        "amount_to_capture=700&expand%5B0%5D=latest_charge&metadata%5B{}%5D=capture%20700&final_capture=false",
        op.id()
    );
    let marks = [HOLD, ("op_a", "capture 100"), (op.id(), "capture 700")];
    hub.expect(post(CAPTURE).text(body))
        .reply(200, captured(intent("pi_1", "requires_capture", 1_200, &marks), 800, 400));
    assert_eq!(hub.finish(&op), settled("ch_1", yen(700)));

    let op = hub.capture_final("pi_1", yen(700));
    hub.expect(post(CAPTURE)).lost();
    hub.expect(get(LOOK)).reply(200, taken(op.id()));
    assert_eq!(hub.finish(&op), settled("ch_1", yen(700)));

    let op = hub.capture_final("pi_1", yen(700));
    hub.expect(post(CAPTURE)).lost();
    hub.expect(get(LOOK)).reply(200, taken("op_another"));
    assert_eq!(hub.finish(&op), unknown("inquiry.not_found"), "another capture's");
}

#[test]
fn a_capture_of_another_amount_is_not_believed() {
    stripe();
    let mut hub = hub();
    let op = hub.capture_final("pi_1", yen(700));
    let more = captured(intent("pi_1", "succeeded", 1_200, &[HOLD, (op.id(), "capture 700")]), 701, 0);
    hub.expect(post(CAPTURE)).reply(200, more);
    assert_eq!(hub.finish(&op), unknown("reply.amount_differs"));
    let op = hub.capture_final("pi_1", yen(700));
    hub.expect(post(CAPTURE))
        .reply(200, captured(intent("pi_2", "succeeded", 1_200, &[(op.id(), "capture 700")]), 700, 0));
    assert_eq!(hub.finish(&op), unknown("reply.other_operation"));
}

#[test]
fn a_hold_that_is_over_is_not_captured() {
    stripe();
    let with = |status: &str, reason: &str| {
        let mut over = intent("pi_1", status, 1_200, &[HOLD]);
        over["cancellation_reason"] = json!(reason);
        let mut refusal = refused("invalid_request_error", "payment_intent_unexpected_state");
        refusal["error"]["payment_intent"] = over;
        refusal
    };
    let table = [
        (with("canceled", "automatic"), "hold.expired"),
        (with("canceled", "requested_by_customer"), "hold.closed"),
        (with("succeeded", ""), "hold.closed"),
        (refused("invalid_request_error", "charge_expired_for_capture"), "hold.expired"),
        (refused("invalid_request_error", "amount_too_large"), "hold.capture_exceeds_free"),
        (refused("invalid_request_error", "something_new"), "provider.refused"),
    ];
    for (refusal, code) in table {
        let mut hub = hub();
        let op = hub.capture_final("pi_1", yen(700));
        hub.expect(post(CAPTURE)).reply(400, refusal);
        assert_eq!(hub.finish(&op), declined(code));
    }
    settings(&[]);
    let mut hub = hub();
    let op = hub.capture("pi_1", yen(700));
    assert_eq!(hub.finish(&op), declined("capture.must_be_final"));
}

#[test]
fn a_release_takes_back_the_whole_and_no_part() {
    stripe();
    let mut hub = hub();
    let op = hub.release("pi_1", yen(1_200));
    hub.expect(get(LOOK)).reply(200, held());
    hub.expect(post(CANCEL).key(op.id()).text("")).reply(200, intent("pi_1", "canceled", 1_200, &[HOLD]));
    assert_eq!(hub.finish(&op), settled("pi_1", yen(1_200)));

    let op = hub.release("pi_1", yen(500));
    hub.expect(get(LOOK)).reply(200, held());
    assert_eq!(hub.finish(&op), declined("release.partial_unsupported"));

    let op = hub.release("pi_1", yen(1_200));
    hub.expect(get(LOOK)).reply(200, intent("pi_1", "canceled", 1_200, &[HOLD]));
    assert_eq!(hub.finish(&op), declined("hold.closed"), "which the hub takes for done");

    let op = hub.release("pi_1", yen(1_200));
    hub.expect(get(LOOK)).reply(200, held());
    hub.expect(post(CANCEL)).lost();
    hub.expect(get(LOOK)).reply(200, held());
    hub.expect(get(LOOK)).reply(200, intent("pi_1", "canceled", 1_200, &[HOLD]));
    assert_eq!(hub.finish(&op), settled("pi_1", yen(1_200)));
}

#[test]
fn the_rest_after_captures_is_what_a_release_gives_back() {
    stripe();
    let mut hub = hub();
    let op = hub.release("pi_1", yen(500));
    let marks = [HOLD, ("op_a", "capture 700")];
    hub.expect(get(LOOK)).reply(200, captured(intent("pi_1", "requires_capture", 1_200, &marks), 700, 500));
    hub.expect(post(CANCEL)).lost();
    hub.expect(get(LOOK)).reply(200, captured(intent("pi_1", "succeeded", 1_200, &marks), 700, 0));
    assert_eq!(hub.finish(&op), settled("pi_1", yen(500)));
}

#[test]
fn a_refund_names_the_charge() {
    stripe();
    let mut hub = hub();
    let op = hub.refund("ch_1", yen(300));
    let body = format!("amount=300&charge=ch_1&metadata%5B{}%5D=refund%20300", op.id());
    hub.expect(post("/v1/refunds").key(op.id()).text(body)).reply(200, refund(op.id(), "ch_1", 300, "succeeded"));
    assert_eq!(hub.finish(&op), settled("re_1", yen(300)));

    let op = hub.refund("ch_1", yen(300));
    hub.expect(post("/v1/refunds")).reply(200, refund(op.id(), "ch_1", 300, "pending"));
    let page = |told: Value| json!({"data": [refund("op_x", "ch_1", 1, "succeeded"), told], "has_more": false});
    hub.expect(get(REFUNDS)).reply(200, page(refund(op.id(), "ch_1", 300, "pending")));
    hub.expect(get(REFUNDS)).reply(200, page(refund(op.id(), "ch_1", 300, "succeeded")));
    assert_eq!(hub.finish(&op), settled("re_1", yen(300)));

    let op = hub.refund("ch_1", yen(300));
    hub.expect(post("/v1/refunds")).reply(200, refund(op.id(), "ch_1", 300, "failed"));
    assert_eq!(hub.finish(&op), declined("refund.failed"));
    let op = hub.refund("ch_1", yen(300));
    hub.expect(post("/v1/refunds")).reply(200, refund(op.id(), "ch_2", 300, "succeeded"));
    assert_eq!(hub.finish(&op), unknown("reply.other_operation"));
    let op = hub.refund("ch_1", yen(300));
    hub.expect(post("/v1/refunds")).reply(400, refused("invalid_request_error", "charge_already_refunded"));
    assert_eq!(hub.finish(&op), declined("refund.exceeds_capture"));
}

#[test]
fn a_far_end_without_keys_is_written_to_once_and_asked() {
    settings(&[("far_end", "localstripe")]);
    let mut hub = hub();
    let op = hub.capture_final("pi_1", yen(700));
    // No mark, no `amount_received`: the charge tells, and its rest counts as refunded.
    let told = json!({
        "id": "pi_1", "status": "succeeded", "amount": 1200, "currency": "jpy", "metadata": {},
        "latest_charge": {"id": "ch_1", "amount": 1200, "captured": true, "amount_refunded": 500},
    });
    hub.expect(post(CAPTURE).text("amount_to_capture=700&expand%5B0%5D=latest_charge")).reply(200, &told);
    assert_eq!(hub.finish(&op), settled("ch_1", yen(700)));
    let op = hub.capture_final("pi_1", yen(700));
    hub.expect(post(CAPTURE)).resent(2, 200, &told);
    hub.expect(get(LOOK)).reply(200, &told);
    assert_eq!(hub.finish(&op), settled("ch_1", yen(700)), "sent once: silence, then a look");
}
