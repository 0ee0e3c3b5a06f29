//! Holds: placed, declined, waiting for the payer, lost and found again.

use serde_json::json;
use tebura_plugin::{Command, Hold, Money, Party, yen};
use tebura_plugin_test::{Harness, Op, declined, get, post, settled, unknown};

use crate::far_end::{declined_card, event, hub, intent, refused, settings, stripe};
use tebura_plugin_card::Card;

const INTENTS: &str = "/v1/payment_intents";
const LIST: &str = "/v1/payment_intents?limit=50";
const LOOK: &str = "/v1/payment_intents/pi_1?expand%5B0%5D=latest_charge";

fn hold_from(hub: &mut Harness<Card>, token: &str, amount: Money) -> Op {
    let party =
        |kind: &str, token: &str| Party { kind: kind.to_owned(), token: token.to_owned(), attributes: Vec::new() };
    let expires = hub.now() + 86_400_000;
    hub.command(Command::Hold(Hold { payer: party("card", token), payee: party("merchant", "shop"), amount, expires }))
}

fn hold(hub: &mut Harness<Card>) -> Op {
    hold_from(hub, "cus_9:pm_card", yen(1_200))
}

#[test]
fn a_hold_is_an_intent_with_manual_capture_and_the_operations_mark() {
    stripe();
    let mut hub = hub();
    let op = hold(&mut hub);
    let body = format!(
        "amount=1200&currency=jpy&capture_method=manual&confirm=true&payment_method_types%5B0%5D=card&payment_method=pm_card\
         &metadata%5B{}%5D=hold%201200&customer=cus_9\
         &payment_method_options%5Bcard%5D%5Brequest_incremental_authorization%5D=if_available\
         &payment_method_options%5Bcard%5D%5Brequest_multicapture%5D=if_available",
        op.id()
    );
    let mark = [(op.id(), "hold 1200")];
    hub.expect(post(INTENTS).key(op.id()).text(body)).reply(200, intent("pi_1", "requires_capture", 1_200, &mark));
    assert_eq!(hub.finish(&op), settled("pi_1", yen(1_200)));
}

#[test]
fn settings_of_the_operator_are_sent() {
    settings(&[("off_session", "on"), ("return_url", "https://tebura.example/戻る")]);
    let mut hub = hub();
    let op = hold_from(&mut hub, "pm_card", Money::new(5, "ISK"));
    let body = format!(
        "amount=500&currency=isk&capture_method=manual&confirm=true&payment_method_types%5B0%5D=card&payment_method=pm_card\
         &metadata%5B{}%5D=hold%205&off_session=true&return_url=https%3A%2F%2Ftebura.example%2F%E6%88%BB%E3%82%8B",
        op.id()
    );
    let mut held = intent("pi_1", "requires_capture", 500, &[(op.id(), "hold 5")]);
    held["currency"] = json!("isk");
    hub.expect(post(INTENTS).text(body)).reply(200, held);
    assert_eq!(hub.finish(&op), settled("pi_1", Money::new(5, "ISK")));
}

#[test]
fn what_stripe_could_not_mean_is_declined_before_anything_is_sent() {
    stripe();
    let table = [
        ("4242424242424242", yen(1), "payer.not_found"),
        ("pm_", yen(1), "payer.not_found"),
        ("pm_a/b", yen(1), "payer.not_found"),
        ("cus_1", yen(1), "payer.not_found"),
        ("pm_1:pm_2", yen(1), "payer.not_found"),
        ("pm_1", yen(0), "amount.zero"),
        ("pm_1", Money::new(5_124, "KWD"), "amount.not_representable"),
    ];
    for (token, amount, code) in table {
        let mut hub = hub();
        let op = hold_from(&mut hub, token, amount);
        assert_eq!(hub.finish(&op), declined(code), "{token}");
    }
}

#[test]
fn a_declined_card_has_a_code_and_the_lost_and_the_stolen_have_the_same() {
    stripe();
    let table = [
        ("insufficient_funds", "funds.insufficient"),
        ("generic_decline", "card.declined"),
        ("lost_card", "card.declined"),
        ("stolen_card", "card.declined"),
        ("fraudulent", "card.declined"),
        ("expired_card", "card.expired"),
        ("incorrect_cvc", "card.security_code_wrong"),
        ("card_velocity_exceeded", "card.limit_exceeded"),
        ("authentication_required", "payer.authentication_required"),
        ("processing_error", "card.issuer_unavailable"),
    ];
    for (theirs, ours) in table {
        let mut hub = hub();
        let op = hold(&mut hub);
        let mut failed = intent("pi_1", "requires_payment_method", 1_200, &[(op.id(), "hold 1200")]);
        failed["last_payment_error"] = json!({"type": "card_error", "code": "card_declined", "decline_code": theirs});
        hub.expect(post(INTENTS)).reply(402, declined_card(&failed, "card_declined", theirs));
        assert_eq!(hub.finish(&op), declined(ours), "{theirs}");

        let op = hold(&mut hub);
        failed["metadata"] = json!({op.id(): "hold 1200"});
        hub.expect(post(INTENTS)).lost();
        hub.expect(get(LIST)).reply(200, json!({"data": [failed], "has_more": false}));
        assert_eq!(hub.finish(&op), declined(ours), "{theirs}, inquired");
    }
}

#[test]
fn a_refusal_that_decides_nothing_is_unknown() {
    stripe();
    for status in [401, 403, 409, 425, 429, 500, 502, 503, 504, 301, 204] {
        let mut hub = hub();
        let op = hold(&mut hub);
        hub.expect(post(INTENTS)).reply(status, refused("api_error", "lock_timeout"));
        assert_eq!(hub.finish(&op), unknown("provider.no_answer"), "{status}");
    }
    for (status, kind, code) in [
        (400, "idempotency_error", ""),
        (409, "idempotency_error", "idempotency_key_in_use"),
        (402, "card_error", "card_declined"),
    ] {
        let mut hub = hub();
        let op = hold(&mut hub);
        hub.expect(post(INTENTS)).reply(status, refused(kind, code));
        assert_eq!(hub.finish(&op), unknown("provider.no_answer"), "{kind} without an intent");
    }
    let mut hub = hub();
    let op = hold(&mut hub);
    hub.expect(post(INTENTS)).reply(
        400,
        json!({"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "payment_method"}}),
    );
    assert_eq!(hub.finish(&op), declined("payer.not_found"));
}

#[test]
fn another_amount_currency_or_operation_is_not_believed() {
    stripe();
    let mut hub = hub();
    let op = hold(&mut hub);
    hub.expect(post(INTENTS)).reply(200, intent("pi_1", "requires_capture", 1_201, &[(op.id(), "hold 1200")]));
    assert_eq!(hub.finish(&op), unknown("reply.amount_differs"));
    let op = hold(&mut hub);
    hub.expect(post(INTENTS)).reply(200, intent("pi_1", "requires_capture", 1_200, &[("op_other", "hold 1200")]));
    assert_eq!(hub.finish(&op), unknown("reply.other_operation"));
    let op = hold(&mut hub);
    let mut dollars = intent("pi_1", "requires_capture", 1_200, &[(op.id(), "hold 1200")]);
    dollars["currency"] = json!("usd");
    hub.expect(post(INTENTS)).reply(200, dollars);
    assert_eq!(hub.finish(&op), unknown("reply.currency_differs"));
    let op = hold(&mut hub);
    hub.expect(post(INTENTS)).garbled(200);
    assert_eq!(hub.finish(&op), unknown("reply.unreadable"));
}

#[test]
fn a_lost_hold_is_found_page_by_page() {
    stripe();
    let mut hub = hub();
    let op = hold(&mut hub);
    let page = |id: &str| json!({"data": [intent(id, "succeeded", 5, &[("op_x", "hold 5")])], "has_more": true});
    hub.expect(post(INTENTS).key(op.id())).lost();
    hub.expect(get(LIST)).status(500);
    hub.expect(get(LIST)).reply(200, page("pi_9"));
    hub.expect(get(format!("{LIST}&starting_after=pi_9"))).reply(200, page("pi_8"));
    let found = intent("pi_7", "requires_capture", 1_200, &[(op.id(), "hold 1200")]);
    hub.expect(get(format!("{LIST}&starting_after=pi_8"))).reply(200, json!({"data": [found], "has_more": false}));
    assert_eq!(hub.finish(&op), settled("pi_7", yen(1_200)));
}

#[test]
fn a_hold_that_is_on_no_page_never_arrived_and_only_the_settle_window_proves_it() {
    stripe();
    let mut hub = hub();
    let op = hold(&mut hub);
    let none = json!({"data": [], "has_more": false});
    hub.expect(post(INTENTS)).lost();
    hub.expect(get(LIST)).reply(200, &none);
    assert_eq!(hub.finish(&op), unknown("inquiry.not_found"));
}

#[test]
fn silence_is_unknown_unless_nothing_left() {
    stripe();
    let mut hub = hub();
    let op = hold(&mut hub);
    hub.expect(post(INTENTS)).refused();
    assert_eq!(hub.finish(&op), declined("provider.unreachable"));
    let op = hold(&mut hub);
    hub.expect(post(INTENTS)).lost();
    assert_eq!(hub.finish(&op), unknown("silence"));
}

#[test]
fn a_hold_waits_for_its_payer_and_is_looked_at() {
    stripe();
    let mut hub = hub();
    let op = hold(&mut hub);
    let mark = [(op.id(), "hold 1200")];
    hub.expect(post(INTENTS)).reply(200, intent("pi_1", "requires_action", 1_200, &mark));
    hub.expect(get(LOOK)).reply(200, intent("pi_1", "requires_action", 1_200, &mark));
    hub.expect(get(LOOK)).lost();
    hub.expect(get(LOOK)).status(503);
    hub.expect(get(LOOK)).reply(200, intent("pi_1", "requires_capture", 1_200, &mark));
    assert_eq!(hub.finish(&op), settled("pi_1", yen(1_200)));
}

#[test]
fn a_webhook_wakes_a_hold_that_waits() {
    stripe();
    let mut hub = hub();
    let op = hold(&mut hub);
    let began = hub.now();
    let mark = [(op.id(), "hold 1200")];
    hub.expect(post(INTENTS)).reply(200, intent("pi_1", "requires_action", 1_200, &mark));
    let confirmed = intent("pi_1", "requires_capture", 1_200, &mark);
    hub.notify(event("payment_intent.amount_capturable_updated", &confirmed));
    hub.expect(get(LOOK)).reply(200, confirmed);
    assert_eq!(hub.finish(&op), settled("pi_1", yen(1_200)));
    assert_eq!(hub.now(), began, "no timer had to run out");
}

#[test]
fn a_payer_who_refuses_or_never_answers_ends_the_hold() {
    stripe();
    let mut hub = hub();
    let op = hold(&mut hub);
    let mark = [(op.id(), "hold 1200")];
    let mut failed = intent("pi_1", "requires_payment_method", 1_200, &mark);
    failed["last_payment_error"] = json!({"code": "payment_intent_authentication_failure"});
    hub.expect(post(INTENTS)).reply(200, intent("pi_1", "requires_action", 1_200, &mark));
    hub.expect(get(LOOK)).reply(200, failed);
    assert_eq!(hub.finish(&op), declined("payer.authentication_required"));

    let op = hold(&mut hub);
    let mark = [(op.id(), "hold 1200")];
    let waits = intent("pi_1", "requires_action", 1_200, &mark);
    hub.expect(post(INTENTS)).reply(200, &waits);
    let (mut waited, quarter) = (3_000, 15 * 60_000);
    while waited < quarter {
        hub.expect(get(LOOK)).reply(200, &waits);
        waited += (waited / 4).max(3_000);
    }
    hub.expect(post("/v1/payment_intents/pi_1/cancel").key(format!("{}.cancel", op.id())))
        .reply(200, intent("pi_1", "canceled", 1_200, &mark));
    assert_eq!(hub.finish(&op), declined("payer.did_not_confirm"));
}
