//! What Stripe answers, as JSON.

use serde_json::{Map, Value, json};
use tebura_plugin::{Inbound, NativeHost, crypto};
use tebura_plugin_card::Card;
use tebura_plugin_test::{Harness, NOW, inbound};

const MANIFEST: &str = include_str!("../../plugin.toml");

/// An account that Stripe has granted everything.
pub(crate) fn stripe() {
    settings(&[("incremental_authorization", "on"), ("multicapture", "on")]);
}

pub(crate) fn settings(settings: &[(&str, &str)]) {
    NativeHost::with(|host| {
        host.config = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        host.keys.insert("webhook".to_owned(), b"whsec_test".to_vec());
    });
}

pub(crate) fn hub() -> Harness<Card> {
    Harness::of(Card).manifest(MANIFEST)
}

/// An intent with marks in its metadata. What is not captured can be, while it waits for captures.
pub(crate) fn intent(id: &str, status: &str, amount: u64, marks: &[(&str, &str)]) -> Value {
    let metadata: Map<String, Value> = marks.iter().map(|(name, mark)| ((*name).to_owned(), json!(mark))).collect();
    let capturable = if status == "requires_capture" { amount } else { 0 };
    json!({
        "id": id, "object": "payment_intent", "status": status, "amount": amount, "currency": "jpy",
        "amount_capturable": capturable, "amount_received": 0, "metadata": metadata,
        "latest_charge": {"id": "ch_1", "amount": amount, "captured": false, "amount_captured": 0, "amount_refunded": 0},
    })
}

/// The same after a capture.
pub(crate) fn captured(mut intent: Value, received: u64, capturable: u64) -> Value {
    intent["amount_received"] = json!(received);
    intent["amount_capturable"] = json!(capturable);
    intent
}

pub(crate) fn refund(operation: &str, charge: &str, amount: u64, status: &str) -> Value {
    json!({
        "id": "re_1", "amount": amount, "currency": "jpy", "status": status, "charge": charge,
        "metadata": {operation: format!("refund {amount}")},
    })
}

pub(crate) fn refused(kind: &str, code: &str) -> Value {
    json!({"error": {"type": kind, "code": code, "message": "no"}})
}

/// A card that was declined, with the intent that says whose.
pub(crate) fn declined_card(intent: &Value, code: &str, decline_code: &str) -> Value {
    json!({"error": {"type": "card_error", "code": code, "decline_code": decline_code, "payment_intent": intent}})
}

/// A signed event, sent at the harness's time.
pub(crate) fn event(kind: &str, object: &Value) -> Inbound {
    signed(&json!({"id": "evt_1", "type": kind, "data": {"object": object}}).to_string(), NOW / 1_000)
}

pub(crate) fn signed(body: &str, at: u64) -> Inbound {
    let code = crypto::mac("webhook", format!("{at}.{body}").as_bytes()).unwrap();
    let code: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    inbound("events", &[("Stripe-Signature", &format!("t={at},v1={code},v0=00"))], body)
}
