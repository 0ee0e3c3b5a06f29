//! One broken rail for each rule of a conformance run: an honest rail in which one method does wrong.

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::json;
use tebura_plugin::{
    Call, Hold, Inbound, Inquiry, MAX_STATE_BYTES, Next, Operation, Rail, Reply, Silence, Tag, declined, never_arrived,
    settled, unknown, wait_until, yen,
};
use tebura_plugin_test::{Conformance, Report};

const MANIFEST: &str = r#"
[rail]
commands = ["hold", "inquire"]
[endpoints.gateway]
allow = ["POST /v1/holds", "GET /v1/holds/*"]
idempotency_header = "Idempotency-Key"
"#;

type OnEvent<E> = fn(&Broken, &Operation, &Tag, &E) -> Next;
type Make = fn() -> Broken;
type Build = fn(&Operation) -> Call<tebura_plugin::Declared>;

/// The methods of a rail, each to be replaced.
struct Broken {
    hold: fn(&Broken, &Operation) -> Next,
    inquire: fn(&Broken, &Inquiry, &Operation) -> Next,
    reply: OnEvent<Reply>,
    silence: OnEvent<Silence>,
    notice: OnEvent<Inbound>,
    timer: fn(&Operation) -> Next,
    heard: Cell<u32>,
}

/// The rail that all others differ from in one place.
fn honest() -> Broken {
    Broken {
        hold: |_, op| place(op).idempotent(&op.id).then("held"),
        inquire: |_, inquiry, _| Call::get("gateway", format!("/v1/holds/{}", inquiry.of)).read().then("held"),
        reply: |_, op, _, reply| recorded(op, reply),
        silence: |_, op, _, silence| match silence.maybe_delivered || op.is_inquiry() {
            true => unknown("silence", "no answer"),
            false => declined("gateway.unreachable", "no connection"),
        },
        notice: |_, _, _, _| unknown("notice.unexpected", "no notice is awaited"),
        timer: |_| unknown("timer.unexpected", "no timer is awaited"),
        heard: Cell::new(0),
    }
}

fn place(op: &Operation) -> Call<tebura_plugin::Undeclared> {
    Call::post("gateway", "/v1/holds").json(&op.id)
}

/// Reads `{"of": operation, "yen": amount}`.
fn recorded(op: &Operation, reply: &Reply) -> Next {
    let of = if let tebura_plugin::Command::Inquire(inquiry) = &op.command { &inquiry.of } else { &op.id };
    match (reply.status(), reply.json::<serde_json::Value>()) {
        (402, _) => declined("funds.insufficient", "too little"),
        (404, _) if op.is_inquiry() => never_arrived("no such hold"),
        (200, Ok(body)) if body["of"] == *of.as_str() => match body["yen"].as_u64() {
            Some(amount) => settled("h1", yen(amount)),
            None => unknown("reply.unexpected", "no amount"),
        },
        (_, _) => unknown("reply.unexpected", "nothing clear"),
    }
}

impl Rail for Broken {
    fn hold(&self, op: &Operation, _: &Hold) -> Next {
        (self.hold)(self, op)
    }

    fn inquire(&self, op: &Operation, inquiry: &Inquiry) -> Next {
        (self.inquire)(self, inquiry, op)
    }

    fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next {
        (self.reply)(self, op, at, reply)
    }

    fn on_silence(&self, op: &Operation, at: &Tag, silence: &Silence) -> Next {
        (self.silence)(self, op, at, silence)
    }

    fn on_timer(&self, op: &Operation, _: &Tag) -> Next {
        (self.timer)(op)
    }

    fn on_notice(&self, op: &Operation, at: &Tag, notice: &Inbound) -> Next {
        (self.notice)(self, op, at, notice)
    }
}

fn run(make: Make) -> Report {
    Conformance::new().manifest(MANIFEST).reply(200, json!({"of": "{operation}", "yen": 1_200})).run(make)
}

/// The broken rail is caught on this path, in these words.
#[track_caller]
fn caught(make: Make, path: &str, words: &str) {
    let found = run(make).breaches;
    let shown: Vec<String> = found.iter().map(|(path, breach)| format!("{path}: {breach}")).collect();
    let hit = found.iter().any(|(at, breach)| at == path && breach.to_string().contains(words));
    assert!(hit, "{path}: {words}\nis not among\n{}", shown.join("\n"));
}

#[test]
fn the_honest_rail_is_not_caught() {
    let report = run(honest);
    report.assert_clean();
    assert!(report.paths > 200, "{} paths", report.paths);
}

#[test]
fn a_decline_after_silence() {
    let make = || Broken { silence: |_, _, _, _| declined("gateway.silent", "no answer"), ..honest() };
    caught(make, "hold → lost", "declined (gateway.silent) after POST /v1/holds may have arrived");
    caught(make, "inquire about hold → lost", "declined (gateway.silent) after an unknown outcome");
}

#[test]
fn a_decline_after_an_error_of_the_far_end() {
    let make = || Broken {
        reply: |_, op, _, reply| match reply.status() {
            500.. => declined("gateway.failed", "it failed"),
            _ => recorded(op, reply),
        },
        ..honest()
    };
    caught(make, "hold → bare 503", "declined (gateway.failed) after POST /v1/holds was answered with 503");
}

#[test]
fn a_decline_when_a_second_call_finds_no_connection() {
    let make = || Broken {
        reply: |_, op, at, reply| match (at.name(), reply.status()) {
            ("held", 202) => Call::post("gateway", "/v1/holds").json("confirm").idempotent("second").then("confirmed"),
            _ => recorded(op, reply),
        },
        silence: |_, _, _, _| declined("gateway.unreachable", "no connection"),
        ..honest()
    };
    caught(make, "hold → bare 202 → not connected", "declined (gateway.unreachable) after");
}

#[test]
fn a_decline_on_a_notice_that_nobody_awaited() {
    let make = || Broken {
        silence: |_, _, _, _| wait_until(1_767_225_601_000, "later", &()),
        notice: |_, _, _, _| declined("gateway.cancelled", "they said so"),
        ..honest()
    };
    caught(make, "hold → lost → an unexpected notice", "declined (gateway.cancelled) after POST /v1/holds may");
}

#[test]
fn a_success_after_silence() {
    let make = || Broken { silence: |_, _, _, _| settled("h1", yen(1_200)), ..honest() };
    caught(make, "hold → lost", "settled after POST /v1/holds may have arrived");
}

#[test]
fn a_success_on_the_record_of_another_operation() {
    let make = || Broken {
        reply: |_, op, _, reply| match (reply.status(), reply.json::<serde_json::Value>()) {
            (200, Ok(body)) if body["yen"].is_u64() => settled("h1", yen(1_200)),
            _ => recorded(op, reply),
        },
        ..honest()
    };
    caught(make, "hold → 200 of the far end, of another operation", "settled after POST /v1/holds was answered");
}

#[test]
fn a_once_call_made_again() {
    let make = || Broken {
        hold: |_, op| place(op).once().then("held"),
        silence: |_, op, _, _| place(op).once().then("held"),
        ..honest()
    };
    caught(make, "hold → lost", "the `once` call POST /v1/holds was made twice");
}

#[test]
fn other_bytes_under_the_same_key() {
    let make = || Broken {
        silence: |_, op, _, _| Call::post("gateway", "/v1/holds").json("again").idempotent(&op.id).then("held"),
        ..honest()
    };
    caught(make, "hold → lost", "was used for two different requests");
}

#[test]
fn an_inquiry_that_acts() {
    let make = || Broken { inquire: |_, _, op| place(op).idempotent("another").then("held"), ..honest() };
    caught(make, "inquire about hold", "an inquiry made the call POST /v1/holds, which is not a `read`");
}

#[test]
fn a_first_step_that_differs_each_time() {
    let counts = || Broken {
        hold: |rail, op| {
            rail.heard.set(rail.heard.get() + 1);
            place(op).header("x-count", rail.heard.get().to_string()).idempotent(&op.id).then("held")
        },
        ..honest()
    };
    caught(counts, "hold", "the same input gave two different steps");
    let shuffles = || Broken {
        hold: |_, op| {
            let fields: HashMap<u32, u32> = (0..64).map(|n| (n, n)).collect();
            Call::post("gateway", "/v1/holds").json(&fields).idempotent(&op.id).then("held")
        },
        ..honest()
    };
    caught(shuffles, "hold", "the same input gave two different steps");
}

#[test]
fn a_rail_that_remembers_in_itself_and_not_in_its_state() {
    let make = || Broken {
        reply: |rail, op, _, reply| match reply.status() {
            202 => {
                rail.heard.set(9);
                unknown("provider.pending", "not yet")
            }
            404 if rail.heard.get() == 9 => unknown("reply.unexpected", "it was there a moment ago"),
            _ => recorded(op, reply),
        },
        ..honest()
    };
    caught(make, "inquire about hold → bare 404", "keep nothing in the rail itself");
}

#[test]
fn state_that_does_not_survive() {
    let make = || Broken {
        hold: |_, op| place(op).idempotent(&op.id).then_with("held", &f64::NAN),
        reply: |_, op, at, reply| match at.value::<f64>() {
            Ok(_) => recorded(op, reply),
            Err(why) => tebura_plugin::fault(why.code, why.message),
        },
        ..honest()
    };
    caught(make, "hold → bare 200", "the state is not fit to be kept: what was kept with the last step cannot be read");
}

#[test]
fn state_that_is_too_large() {
    let make = || Broken {
        hold: |_, op| place(op).idempotent(&op.id).then_with("held", &"x".repeat(MAX_STATE_BYTES)),
        ..honest()
    };
    caught(make, "hold", "the state is not fit to be kept: state is 8200 bytes");
}

#[test]
fn writes_beyond_the_limits() {
    let many = || Broken {
        hold: |_, op| (0..17).fold(place(op).idempotent(&op.id).then("held"), |next, n| next.put(format!("k{n}"), "v")),
        ..honest()
    };
    caught(many, "hold", "17 writes in one step");
    let long =
        || Broken { hold: |_, op| place(op).idempotent(&op.id).then("held").put("k", vec![0; 4_097]), ..honest() };
    caught(long, "hold", "the value under \"k\" is over 4 KiB");
    let spaced = || Broken { hold: |_, op| place(op).idempotent(&op.id).then("held").put("a b", "v"), ..honest() };
    caught(spaced, "hold", "is not 1 to 128 visible ASCII characters");
}

#[test]
fn calls_that_the_hub_refuses() {
    let table: [(Make, &str); 9] = [
        (|| bad_call(|op| place(op).header("Authorization", "Bearer mine").idempotent(&op.id)), "is the hub's"),
        (|| bad_call(|op| place(op).header("X-Forwarded-For", "::1").idempotent(&op.id)), "is the hub's"),
        (|| bad_call(|op| place(op).header("x", "a\r\nb: c").idempotent(&op.id)), "is not visible ASCII"),
        (|| bad_call(|op| place(op).header("x", "y".repeat(9_000)).idempotent(&op.id)), "over 8 KiB"),
        (|| bad_call(|op| place(op).body(vec![0; 300_000]).idempotent(&op.id)), "the body is over 256 KiB"),
        (|| bad_call(|op| place(op).timeout_ms(0).idempotent(&op.id)), "timeout_ms is 1 to 60000"),
        (|| bad_call(|op| place(op).idempotent("")), "an idempotency key is 1 to 128"),
        (|| bad_call(|_| Call::post("gateway", "/v1/../admin").once()), "no `..`"),
        (|| bad_call(|_| Call::post("gateway", "/v1/users").once()), "is not in plugin.toml; add it to [endpoints."),
    ];
    for (make, words) in table {
        caught(make, "hold", words);
    }
    let unkeyed = MANIFEST.replace("idempotency_header = \"Idempotency-Key\"", "");
    let found = Conformance::new().manifest(&unkeyed).run(honest).breaches;
    assert!(found[0].1.to_string().contains("names no idempotency_header"), "{found:?}");
}

fn bad_call(build: Build) -> Broken {
    // The builder travels in the rail's only free field: fn pointers cannot capture it.
    BUILD.set(Some(build));
    Broken {
        hold: |_, op| match BUILD.get() {
            Some(build) => build(op).then("held"),
            None => unknown("test.no_builder", "none was set"),
        },
        ..honest()
    }
}

thread_local! {
    static BUILD: Cell<Option<Build>> = const { Cell::new(None) };
}

#[test]
fn outcomes_that_the_hub_does_not_believe() {
    let table: [(OnEvent<Reply>, &str); 4] = [
        (|_, _, _, _| settled("h1", yen(1_201)), "settled more than was asked"),
        (|_, _, _, _| settled("h1", yen(0)), "settled nothing"),
        (|_, _, _, _| settled("", yen(1)), "a reference is 1 to 255"),
        (|_, _, _, _| settled("h1", tebura_plugin::Money::new(1, "USD")), "settled in another currency"),
    ];
    for (reply, words) in table {
        let found = Conformance::new().manifest(MANIFEST).run(|| Broken { reply, ..honest() }).breaches;
        let hit = found.iter().any(|(path, breach)| path == "hold → bare 201" && breach.to_string().contains(words));
        assert!(hit, "{words}: {found:?}");
    }
    let shouts = || Broken { silence: |_, _, _, _| unknown("No Answer", ""), ..honest() };
    caught(shouts, "hold → lost", "a code is dotted lower-case words");
    let poses = || Broken { silence: |_, _, _, _| unknown("plugin.trapped", ""), ..honest() };
    caught(poses, "hold → lost", "codes that begin with `plugin.` are the hub's");
}

#[test]
fn a_wait_beyond_the_limit() {
    let make = || Broken { silence: |_, op, _, _| wait_until(op.now + 32 * 86_400_000, "later", &()), ..honest() };
    caught(make, "hold → lost", "a time to wait for is within 31 days");
}

#[test]
fn a_listed_command_that_is_not_there() {
    let listed = MANIFEST.replace("\"hold\", ", "\"hold\", \"refund\", ");
    let found = Conformance::new().manifest(&listed).run(honest).breaches;
    assert!(found.iter().any(|(path, breach)| path == "refund" && breach.to_string().contains("lists \"refund\"")));
}

#[test]
fn a_panic() {
    let make = || Broken {
        reply: |_, op, _, reply| match reply.status() {
            503 => panic!("what is a 503"),
            _ => recorded(op, reply),
        },
        ..honest()
    };
    caught(make, "hold → bare 503", "the rail panicked");
}
