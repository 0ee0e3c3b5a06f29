//! Every command against every answer of Stripe, natively.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

mod far_end;
mod holds;
mod notices;
mod writes;

use serde_json::json;
use tebura_plugin_card::Card;

use crate::far_end::{declined_card, event, intent, refund, refused, stripe};

tebura_plugin_test::conformance_with_notices!(Card, |mut suite| {
    stripe();
    let marks = [
        ("hold 1200", 1_200, 0),
        ("raise 400", 1_600, 0),
        ("capture 700", 1_200, 700),
        ("capture 300", 1_200, 700),
        ("refund 300", 1_200, 700),
    ];
    for (mark, amount, received) in marks {
        for status in ["requires_capture", "succeeded", "canceled", "requires_action", "requires_payment_method", "odd"]
        {
            // What is made by the operation is told by its mark; what it acts on by its id as well.
            for (id, operation) in [("pi_new", "{operation}"), ("reference_1", "op_1")] {
                let mut told = intent(id, status, amount, &[(operation, mark), ("op_h", "hold 1200")]);
                told["amount_received"] = json!(received);
                let failed = declined_card(&told, "card_declined", "insufficient_funds");
                suite = suite.reply(200, &told).reply(500, &told).reply(402, failed);
            }
            let told = intent("reference_1", status, amount, &[("op_1", mark)]);
            suite = suite.reply(200, json!({"data": [told], "has_more": false}));
        }
    }
    let more = json!({"data": [intent("pi_0", "succeeded", 5, &[])], "has_more": true});
    for status in ["succeeded", "pending", "failed"] {
        let told = refund("{operation}", "reference_1", 300, status);
        let own = refund("op_1", "reference_1", 300, status);
        suite = suite.reply(200, json!({"data": [own], "has_more": false})).reply(200, told);
    }
    for code in ["payment_intent_unexpected_state", "resource_missing", "amount_too_large", "idempotency_key_in_use"] {
        suite = suite.reply(400, refused("invalid_request_error", code)).reply(409, refused("idempotency_error", code));
    }
    suite
        .reply(200, more)
        .reply(200, json!({"data": [], "has_more": false}))
        .notice(event("payment_intent.amount_capturable_updated", &intent("pi_1", "requires_capture", 1_200, &[("op_1", "hold 1200")])))
        .notice(event("charge.dispute.created", &json!({
            "id": "du_1", "charge": "ch_1", "amount": 700, "currency": "jpy", "status": "needs_response", "reason": "fraudulent",
        })))
});
