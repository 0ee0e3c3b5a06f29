//! Stripe's events: which are believed, and what they are about.

use serde_json::{Value, json};
use tebura_plugin::{News, Notices, Subject, yen};
use tebura_plugin_card::Card;
use tebura_plugin_test::NOW;

use crate::far_end::{event, intent, signed, stripe};

fn heard(kind: &str, object: &Value) -> Vec<News> {
    Card.identify(&event(kind, object), NOW).unwrap()
}

fn about(reference: &str) -> News {
    News::Progress(Subject::Reference(reference.to_owned()))
}

#[test]
fn an_intent_is_about_its_hold_and_all_that_is_open_on_it() {
    stripe();
    let told = intent("pi_1", "requires_capture", 1_200, &[("op_1", "hold 1200"), ("op_2", "capture 1")]);
    let hold = News::Progress(Subject::Operation("op_1".to_owned()));
    assert_eq!(heard("payment_intent.amount_capturable_updated", &told), [hold, about("pi_1")]);
    assert_eq!(heard("payment_intent.created", &json!({"id": "pi_2"})), [about("pi_2")]);
    assert_eq!(heard("charge.refunded", &json!({"id": "ch_1"})), [about("ch_1")]);
    assert_eq!(heard("refund.updated", &json!({"id": "re_1", "charge": "ch_1"})), [about("ch_1")]);
    assert_eq!(heard("invoice.paid", &json!({"id": "in_1"})), []);
}

#[test]
fn a_dispute_is_opened_won_and_lost_and_an_inquiry_is_none() {
    stripe();
    let dispute = |status: &str| json!({"id": "du_1", "charge": "ch_1", "amount": 700, "currency": "jpy", "status": status, "reason": "product_not_received"});
    let opened = heard("charge.dispute.created", &dispute("needs_response"));
    let [News::DisputeOpened(opened)] = opened.as_slice() else { panic!("{opened:?}") };
    assert_eq!(
        (opened.id.as_str(), &opened.amount, opened.reason.as_str()),
        ("du_1", &yen(700), "product_not_received")
    );
    assert_eq!(opened.about, Subject::Reference("ch_1".to_owned()));
    assert!(matches!(heard("charge.dispute.closed", &dispute("won")).as_slice(), [News::DisputeWon(_)]));
    assert!(matches!(heard("charge.dispute.closed", &dispute("lost")).as_slice(), [News::DisputeLost(_)]));
    assert!(matches!(
        heard("charge.dispute.funds_withdrawn", &dispute("under_review")).as_slice(),
        [News::DisputeOpened(_)]
    ));
    assert_eq!(heard("charge.dispute.created", &dispute("warning_needs_response")), []);
    assert_eq!(heard("charge.dispute.closed", &dispute("warning_closed")), []);
    let mut odd = dispute("needs_response");
    odd["reason"] = json!("Not a word");
    let opened = heard("charge.dispute.created", &odd);
    assert!(matches!(opened.as_slice(), [News::DisputeOpened(dispute)] if dispute.reason == "general"));
}

#[test]
fn only_what_stripe_signed_a_moment_ago_is_believed() {
    stripe();
    let body = json!({"type": "charge.refunded", "data": {"object": {"id": "ch_1"}}}).to_string();
    let at = NOW / 1_000;
    let code = |request: &tebura_plugin::Inbound| Card.identify(request, NOW).unwrap_err().code;
    assert!(Card.identify(&signed(&body, at - 299), NOW).is_ok());
    assert!(Card.identify(&signed(&body, at + 299), NOW).is_ok(), "clocks differ");
    assert_eq!(code(&signed(&body, at - 301)), "notice.stale");
    assert_eq!(code(&signed(&body, at + 301)), "notice.stale");

    let authentic = signed(&body, at);
    let with = |value: String| {
        let mut request = authentic.clone();
        request.headers[0].value = value;
        request
    };
    let header = &authentic.headers[0].value;
    let v1 = header.split(',').nth(1).unwrap();
    assert!(Card.identify(&with(format!("t={at},v1=00,{v1}")), NOW).is_ok(), "a secret that is being replaced");
    assert_eq!(code(&with(format!("t={},{v1}", at + 1))), "crypto.bad_signature", "another time");
    assert_eq!(code(&with(format!("t={at},v0={}", &v1[3..]))), "notice.unsigned", "a test scheme");
    assert_eq!(code(&with(v1.to_owned())), "crypto.bad_signature", "no time");
    assert_eq!(code(&with(String::new())), "notice.unsigned");
}
