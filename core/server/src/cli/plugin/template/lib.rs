//! MachiPay as a rail: one call for each command, and one place that reads the answer.
//!
//! The rule that keeps money right: only the gateway's record of *this* operation settles or declines it. Everything
//! else is `unknown`, and the hub asks again. Change the paths and the two structs to your far end's API, `plugin.toml`
//! with them, and `replies.json` to what it answers; then run `tebura plugin test`.

use serde::{Deserialize, Serialize};
use tebura_plugin::{
    Call, Capture, Command, Hold, Inquiry, Money, Next, Operation, Rail, Refund, Release, Reply, Silence, Tag, declined,
    export_rail, never_arrived, settled, unknown, yen,
};

/// The name in `plugin.toml`. The operator binds it to an address and a credential; neither is ever seen here.
const GATEWAY: &str = "gateway";

/// What is asked of the gateway.
#[derive(Serialize)]
struct Ask<'a> {
    operation: &'a str,
    kind: &'a str,
    /// Who pays, for a hold; what was answered before, for everything else.
    of: &'a str,
    yen: u64,
    /// A final capture gives the rest of the hold back.
    #[serde(rename = "final")]
    is_final: bool,
}

/// What the gateway keeps of an operation.
#[derive(Deserialize)]
struct Record {
    operation: String,
    status: Status,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    yen: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Done,
    Refused,
    Missing,
    #[serde(other)]
    Pending,
}

/// The rail. It has no fields: nothing is remembered between two steps but what is kept with `then_with`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachiPay;

impl Rail for MachiPay {
    fn hold(&self, op: &Operation, hold: &Hold) -> Next {
        ask(op, "hold", &hold.payer.token, &hold.amount, false)
    }

    fn capture(&self, op: &Operation, capture: &Capture) -> Next {
        ask(op, "capture", &capture.reference, &capture.amount, capture.is_final)
    }

    fn release(&self, op: &Operation, release: &Release) -> Next {
        ask(op, "release", &release.reference, &release.amount, false)
    }

    fn refund(&self, op: &Operation, refund: &Refund) -> Next {
        ask(op, "refund", &refund.reference, &refund.amount, false)
    }

    fn inquire(&self, _op: &Operation, inquiry: &Inquiry) -> Next {
        Call::get(GATEWAY, format!("/v1/operations/{}", inquiry.of)).read().then("record")
    }

    fn on_reply(&self, op: &Operation, _at: &Tag, reply: &Reply) -> Next {
        if reply.status() >= 500 {
            return unknown("gateway.failed", format!("the gateway answered {}", reply.status()));
        }
        let record = match reply.json::<Record>() {
            Ok(record) => record,
            Err(fault) => return unknown(fault.code, fault.message),
        };
        let (id, asked) = subject(op);
        if record.operation != id {
            return unknown("reply.other_operation", "the gateway answered about another operation");
        }
        match record.status {
            Status::Done if asked.is_some_and(|most| record.yen == 0 || record.yen > most) => {
                unknown("reply.amount_differs", "the gateway did another amount than was asked")
            }
            Status::Done if !is_reference(&record.reference) => {
                unknown("reply.reference_malformed", "the gateway's reference cannot be handed back")
            }
            Status::Done => settled(record.reference, yen(record.yen)),
            Status::Refused => declined("gateway.refused", "the gateway refused"),
            Status::Missing if op.is_inquiry() => never_arrived("the gateway has no such operation"),
            Status::Missing | Status::Pending => unknown("gateway.pending", "the gateway has not decided"),
        }
    }

    fn on_silence(&self, op: &Operation, _at: &Tag, silence: &Silence) -> Next {
        if silence.maybe_delivered || op.is_inquiry() {
            unknown("silence", silence.reason.as_str())
        } else {
            declined("gateway.unreachable", "no connection to the gateway; nothing was sent")
        }
    }
}

export_rail!(MachiPay);

/// One call, under the operation's own id as its key: however often it is sent, the gateway does it once.
fn ask(op: &Operation, kind: &str, of: &str, amount: &Money, is_final: bool) -> Next {
    let body = Ask { operation: &op.id, kind, of, yen: amount.minor(), is_final };
    Call::post(GATEWAY, "/v1/operations").json(&body).idempotent(&op.id).then("record")
}

/// Which operation a record has to be about, and the most that it may have done.
fn subject(op: &Operation) -> (&str, Option<u64>) {
    let most = match &op.command {
        Command::Hold(hold) => Some(hold.amount.minor()),
        Command::Capture(capture) => Some(capture.amount.minor()),
        Command::Release(release) => Some(release.amount.minor()),
        Command::Refund(refund) => Some(refund.amount.minor()),
        Command::Inquire(inquiry) => return (&inquiry.of, None),
        Command::Raise(_) | Command::Extend(_) | Command::Extension(_) => None,
    };
    (&op.id, most)
}

fn is_reference(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tebura_plugin_test::{Harness, conformance, declined, get, post, settled, unknown};

    use super::*;

    // Every event at every step of every command, with the replies of replies.json.
    conformance!(MachiPay, |suite| suite.replies(include_str!("../replies.json")));

    fn hub() -> Harness<MachiPay> {
        Harness::of(MachiPay).manifest(include_str!("../plugin.toml"))
    }

    fn done(operation: &str, yen: u64) -> Value {
        json!({"operation": operation, "status": "done", "reference": "r-7", "yen": yen})
    }

    #[test]
    fn a_hold_is_placed_and_captured() {
        let mut hub = hub();
        let hold = hub.hold(yen(1_200));
        let asked = json!({"operation": hold.id(), "kind": "hold", "of": "payer-1", "yen": 1_200, "final": false});
        hub.expect(post("/v1/operations").key(hold.id()).json(asked)).reply(201, done(hold.id(), 1_200));
        assert_eq!(hub.finish(&hold), settled("r-7", yen(1_200)));

        let capture = hub.capture_final("r-7", yen(900));
        let asked = json!({"operation": capture.id(), "kind": "capture", "of": "r-7", "yen": 900, "final": true});
        hub.expect(post("/v1/operations").key(capture.id()).json(asked)).reply(201, done(capture.id(), 900));
        assert_eq!(hub.finish(&capture), settled("r-7", yen(900)));
    }

    #[test]
    fn a_lost_reply_is_found_again() {
        let mut hub = hub();
        let hold = hub.hold(yen(1_200));
        hub.expect(post("/v1/operations").key(hold.id())).lost();
        hub.expect(get(format!("/v1/operations/{}", hold.id()))).reply(200, done(hold.id(), 1_200));
        assert_eq!(hub.finish(&hold), settled("r-7", yen(1_200)));
    }

    #[test]
    fn only_the_gateways_word_about_this_operation_counts() {
        let mut hub = hub();
        let first = hub.hold(yen(1_200));
        hub.expect(post("/v1/operations")).reply(201, done(first.id(), 1_200));
        hub.finish(&first);
        let second = hub.hold(yen(1_200));
        hub.expect(post("/v1/operations")).stale();
        assert_eq!(hub.finish(&second), unknown("reply.other_operation"));

        let third = hub.hold(yen(1_200));
        let refused = json!({"operation": third.id(), "status": "refused"});
        hub.expect(post("/v1/operations")).reply(402, refused);
        assert_eq!(hub.finish(&third), declined("gateway.refused"));
    }
}
