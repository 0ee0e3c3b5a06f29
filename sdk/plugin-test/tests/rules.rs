//! Each rule of the harness, with a rail that breaks it. The rules of a conformance run: `broken_rails.rs`.

#![expect(clippy::wildcard_enum_match_arm, reason = "each method does wrong in a few ways and right in all others")]

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use tebura_plugin::{Call, Hold, Inquiry, Next, Operation, Rail, Reply, Silence, Tag, wait_until, yen};
use tebura_plugin_test::{Ended, Harness, conformance, declined, get, post, settled, unknown};

/// What the rail under test does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wrong {
    #[default]
    Nothing,
    DeclinesOnSilence,
    DeclinesOn500,
    SettlesOnSilence,
    RepeatsOnce,
    CountsCalls,
    SharesKey,
    ChangesBytesUnderKey,
    InquiresWithPost,
    KeepsTooMuch,
    SettlesMore,
    NeverEnds,
    ForgetsWhatItHeard,
    WritesCredential,
}

#[derive(Debug, Default)]
struct Crooked {
    wrong: Wrong,
    calls: AtomicU32,
}

impl Crooked {
    fn who(wrong: Wrong) -> Crooked {
        Crooked { wrong, calls: AtomicU32::new(0) }
    }
}

impl Rail for Crooked {
    fn hold(&self, op: &Operation, _: &Hold) -> Next {
        let call = Call::post("gateway", "/v1/holds").json(&op.id);
        match self.wrong {
            Wrong::RepeatsOnce => call.once().then("once"),
            Wrong::CountsCalls => call
                .header("x-count", self.calls.fetch_add(1, Ordering::SeqCst).to_string())
                .idempotent(&op.id)
                .then("held"),
            Wrong::SharesKey => call.idempotent("always the same".replace(' ', "-")).then("held"),
            Wrong::KeepsTooMuch => call.idempotent(&op.id).then_with("held", &"x".repeat(9_000)),
            Wrong::NeverEnds => wait_until(op.now + 1, "again", &()),
            Wrong::WritesCredential => call.header("Authorization", "Bearer mine").idempotent(&op.id).then("held"),
            _ => call.idempotent(&op.id).then("held"),
        }
    }

    fn inquire(&self, op: &Operation, inquiry: &Inquiry) -> Next {
        match self.wrong {
            Wrong::InquiresWithPost => Call::post("gateway", "/v1/ask").idempotent(&op.id).then("held"),
            _ => Call::get("gateway", format!("/v1/holds/{}", inquiry.of)).read().then("held"),
        }
    }

    fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next {
        let more = u64::from(self.wrong == Wrong::SettlesMore);
        match (at.name(), reply.status()) {
            (_, 402) => tebura_plugin::declined("funds.insufficient", "too little"),
            (_, 404) if op.is_inquiry() => tebura_plugin::never_arrived("no such hold"),
            (_, 500) if self.wrong == Wrong::DeclinesOn500 => tebura_plugin::declined("gateway.failed", "it failed"),
            (_, 500) if self.wrong == Wrong::ChangesBytesUnderKey => {
                Call::post("gateway", "/v1/holds").json("other").idempotent(&op.id).then("held")
            }
            (_, 200) if self.wrong == Wrong::ForgetsWhatItHeard && !op.now.is_multiple_of(120_000) => {
                tebura_plugin::unknown("reply.old", "it came long ago")
            }
            (_, 200) => match reply.json::<u64>() {
                Ok(amount) => tebura_plugin::settled("h1", yen(amount + more)),
                Err(fault) => tebura_plugin::unknown(fault.code, fault.message),
            },
            (_, status) => tebura_plugin::unknown("reply.unexpected", format!("{status}")),
        }
    }

    fn on_silence(&self, op: &Operation, _: &Tag, silence: &Silence) -> Next {
        match self.wrong {
            Wrong::DeclinesOnSilence => tebura_plugin::declined("gateway.silent", "no answer"),
            Wrong::SettlesOnSilence => tebura_plugin::settled("h1", yen(1_200)),
            Wrong::RepeatsOnce => Call::post("gateway", "/v1/holds").json(&op.id).once().then("once"),
            _ if !silence.maybe_delivered && !op.is_inquiry() => {
                tebura_plugin::declined("gateway.unreachable", "no connection")
            }
            _ => tebura_plugin::unknown("silence", "no answer"),
        }
    }

    fn on_timer(&self, op: &Operation, _: &Tag) -> Next {
        wait_until(op.now + 1, "again", &())
    }
}

/// A hold with one answer of the far end, then one inquiry that finds nothing.
#[track_caller]
fn hold(wrong: Wrong, answer: fn(tebura_plugin_test::Answering<'_>)) -> Ended {
    let mut hub = Harness::of(Crooked::who(wrong));
    let op = hub.hold(yen(1_200));
    answer(hub.expect(post("/v1/holds")));
    hub.finish(&op)
}

#[test]
fn an_honest_rail_ends_as_its_far_end_says() {
    assert_eq!(hold(Wrong::Nothing, |far| far.reply(200, 1_200)), settled("h1", yen(1_200)));
    assert_eq!(hold(Wrong::Nothing, |far| far.status(402)), declined("funds.insufficient"));
    assert_eq!(hold(Wrong::Nothing, |far| far.status(500)), unknown("reply.unexpected"));
    assert_eq!(hold(Wrong::Nothing, |far| far.garbled(200)), unknown("reply.unreadable"));
    assert_eq!(hold(Wrong::Nothing, |far| far.lost()), unknown("silence"));
    assert_eq!(hold(Wrong::Nothing, |far| far.refused()), declined("gateway.unreachable"));
}

#[test]
fn an_inquiry_follows_an_unknown_outcome() {
    let mut hub = Harness::of(Crooked::default());
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/holds").key(op.id()).json(json!(op.id()))).lost();
    hub.expect(get(format!("/v1/holds/{}", op.id()))).status(503);
    hub.expect(get(format!("/v1/holds/{}", op.id()))).reply(200, 1_200);
    assert_eq!(hub.finish(&op), settled("h1", yen(1_200)));
}

#[test]
fn not_found_counts_after_the_settle_window_only() {
    let manifest = "[endpoints.gateway]\nallow = [\"POST /v1/holds\", \"GET /v1/holds/*\"]\nidempotency_header = \"Idempotency-Key\"\nsettle_window = \"90 s\"";
    let mut hub = Harness::of(Crooked::default()).manifest(manifest);
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/holds")).lost();
    hub.expect(get(format!("/v1/holds/{}", op.id()))).status(404);
    assert_eq!(hub.finish(&op), unknown("inquiry.not_found"));
}

#[test]
fn a_late_answer_counts_within_the_calls_time_and_is_silence_after() {
    assert_eq!(hold(Wrong::Nothing, |far| far.late(9_999, 200, 1_200)), settled("h1", yen(1_200)));
    let mut hub = Harness::of(Crooked::default());
    let op = hub.hold(yen(1_200));
    let began = hub.now();
    hub.expect(post("/v1/holds")).late(10_000, 200, 1_200);
    assert_eq!(hub.finish(&op), unknown("silence"));
    assert_eq!(hub.now() - began, 10_000);
}

#[test]
fn a_resent_call_is_answered_once_and_a_once_call_is_never_resent() {
    assert_eq!(hold(Wrong::Nothing, |far| far.resent(3, 200, 1_200)), settled("h1", yen(1_200)));
    let mut hub = Harness::of(Once);
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/holds")).resent(3, 200, 1_200);
    assert_eq!(hub.finish(&op), unknown("silence"));
}

/// A far end without keys.
struct Once;

impl Rail for Once {
    fn hold(&self, _: &Operation, _: &Hold) -> Next {
        Call::post("gateway", "/v1/holds").once().then("held")
    }

    fn on_reply(&self, _: &Operation, _: &Tag, _: &Reply) -> Next {
        tebura_plugin::settled("h1", yen(1_200))
    }
}

#[test]
fn a_reply_that_is_heard_twice_ends_the_operation_once() {
    assert_eq!(hold(Wrong::Nothing, |far| far.twice(200, 1_200)), settled("h1", yen(1_200)));
}

#[test]
#[should_panic(expected = "the same reply, heard again a minute later, ended the operation differently")]
fn a_reply_that_decides_only_once() {
    let mut hub = Harness::of(Crooked::who(Wrong::ForgetsWhatItHeard));
    hub.pass_ms(120_000 - hub.now() % 120_000);
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/holds")).twice(200, 1_200);
    hub.finish(&op);
}

#[test]
#[should_panic(expected = "settled after POST /v1/holds was answered with 200 and nothing clear")]
fn a_success_on_somebody_elses_reply() {
    let mut hub = Harness::of(Crooked::default());
    let first = hub.hold(yen(1_200));
    hub.expect(post("/v1/holds").key(first.id())).reply(200, 1_200);
    assert_eq!(hub.finish(&first), settled("h1", yen(1_200)));
    let second = hub.hold(yen(1_200));
    hub.expect(post("/v1/holds").key(second.id())).stale();
    hub.finish(&second);
}

#[test]
#[should_panic(expected = "declined (gateway.silent) after POST /v1/holds may have arrived")]
fn a_decline_on_silence() {
    hold(Wrong::DeclinesOnSilence, |far| far.lost());
}

#[test]
#[should_panic(expected = "declined (gateway.failed) after POST /v1/holds was answered with 500")]
fn a_decline_on_a_500() {
    hold(Wrong::DeclinesOn500, |far| far.status(500));
}

#[test]
#[should_panic(expected = "settled after POST /v1/holds may have arrived")]
fn a_success_on_silence() {
    hold(Wrong::SettlesOnSilence, |far| far.lost());
}

#[test]
#[should_panic(expected = "the `once` call POST /v1/holds was made twice")]
fn a_once_call_again() {
    hold(Wrong::RepeatsOnce, |far| far.lost());
}

#[test]
#[should_panic(expected = "the same input gave two different steps")]
fn a_rail_that_counts() {
    hold(Wrong::CountsCalls, |far| far.status(200));
}

#[test]
#[should_panic(expected = "key \"always-the-same\" was used for two different requests")]
fn one_key_for_two_operations() {
    let mut hub = Harness::of(Crooked::who(Wrong::SharesKey));
    for _ in 0..2 {
        let op = hub.hold(yen(1_200));
        hub.expect(post("/v1/holds")).reply(200, 1_200);
        hub.finish(&op);
    }
}

#[test]
#[should_panic(expected = "was used for two different requests")]
fn other_bytes_under_the_same_key() {
    hold(Wrong::ChangesBytesUnderKey, |far| far.status(500));
}

#[test]
#[should_panic(expected = "an inquiry made the call POST /v1/ask, which is not a `read`")]
fn an_inquiry_that_acts() {
    let mut hub = Harness::of(Crooked::who(Wrong::InquiresWithPost));
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/holds")).lost();
    hub.expect(post("/v1/ask")).status(200);
    hub.finish(&op);
}

#[test]
fn state_over_8_kib_declines_before_anything_is_sent() {
    let mut hub = Harness::of(Crooked::who(Wrong::KeepsTooMuch));
    let op = hub.hold(yen(1_200));
    assert_eq!(hub.finish(&op), declined("state.too_large"));
}

#[test]
#[should_panic(expected = "settled more than was asked")]
fn a_success_over_the_amount() {
    hold(Wrong::SettlesMore, |far| far.reply(200, 1_200));
}

#[test]
#[should_panic(expected = "the operation goes on after 64 steps")]
fn a_rail_without_an_end() {
    let mut hub = Harness::of(Crooked::who(Wrong::NeverEnds));
    let op = hub.hold(yen(1_200));
    hub.finish(&op);
}

#[test]
#[should_panic(expected = "the header \"Authorization\" is the hub's")]
fn a_rail_with_a_credential_of_its_own() {
    hold(Wrong::WritesCredential, |far| far.status(200));
}

#[test]
#[should_panic(expected = "POST /v1/holds on endpoint \"gateway\" is not in plugin.toml")]
fn a_call_that_the_manifest_does_not_list() {
    let mut hub = Harness::of(Crooked::default()).manifest("[endpoints.gateway]\nallow = [\"POST /v1/holds/*\"]");
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/holds")).status(200);
    hub.finish(&op);
}

#[test]
#[should_panic(expected = "expected GET /v1/holds, the rail called POST /v1/holds")]
fn a_call_that_the_test_does_not_expect() {
    let mut hub = Harness::of(Crooked::default());
    let op = hub.hold(yen(1_200));
    hub.expect(get("/v1/holds")).status(200);
    hub.finish(&op);
}

#[test]
fn conformance_passes_an_honest_rail() {
    let report = conformance::<Crooked>();
    assert!(report.paths > 200, "{} paths", report.paths);
}
