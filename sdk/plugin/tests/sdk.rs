//! What a rail gets without writing it: defaults, state, builders, and the native host.

use std::collections::BTreeMap;

use tebura_plugin::{
    Call, Capture, Command, Effect, Event, Extend, Extension, Fault, Field, Hold, Inbound, Inquiry, KvWrite,
    MAX_STATE_BYTES, Money, NativeHost, Next, Operation, Outcome, Party, Rail, Raise, Refund, Release, Reply, Silence,
    Tag, Wanted, config, declined, kv, log, never_arrived, resume, settled, start, wait_until, yen,
};

/// Nothing but the one method that has no default.
struct Bare;

impl Rail for Bare {
    fn on_reply(&self, _: &Operation, at: &Tag, _: &Reply) -> Next {
        declined("told", at.name())
    }
}

fn operation(command: Command) -> Operation {
    Operation { id: "op_1".to_owned(), attempt: 1, now: 1_000, command, attributes: Vec::new() }
}

fn hold() -> Operation {
    let party = || Party { kind: "wallet".to_owned(), token: "w1".to_owned(), attributes: Vec::new() };
    operation(Command::Hold(Hold { payer: party(), payee: party(), amount: yen(5), expires: 2_000 }))
}

#[track_caller]
fn outcome(next: Next) -> Outcome {
    let step = next.into_step();
    let Ok(Wanted::Done(outcome)) = step.clone().map(|step| step.next) else { panic!("{step:?}") };
    outcome
}

#[test]
fn commands_that_a_rail_leaves_out_decline_and_inquiries_stay_unknown() {
    let reference = || "r".to_owned();
    let commands = [
        hold().command,
        Command::Raise(Raise { reference: reference(), amount: yen(1) }),
        Command::Extend(Extend { reference: reference(), amount: yen(1), until: 3_000 }),
        Command::Capture(Capture { reference: reference(), amount: yen(1), is_final: true }),
        Command::Release(Release { reference: reference(), amount: yen(1) }),
        Command::Refund(Refund { reference: reference(), amount: yen(1) }),
        Command::Extension(Extension { name: "top-up".to_owned(), input: "{}".to_owned() }),
    ];
    for command in commands {
        let step = start(&Bare, &operation(command.clone())).unwrap();
        let Wanted::Done(Outcome::Declined(fault)) = step.next else { panic!("{command:?}: {step:?}") };
        assert_eq!(fault.code, "command.unsupported");
    }
    let inquiry = Inquiry { of: "op_1".to_owned(), about: "hold".to_owned(), reference: None };
    let step = start(&Bare, &operation(Command::Inquire(inquiry))).unwrap();
    assert!(matches!(step.next, Wanted::Done(Outcome::Unknown(_))), "{step:?}");
}

#[test]
fn events_that_a_rail_leaves_out_end_unknown() {
    let state = Tag::new("sent", &()).unwrap().to_bytes();
    let inbound = Inbound { route: "hook".to_owned(), headers: Vec::new(), body: Vec::new() };
    let events = [
        (Event::Silence(Silence { maybe_delivered: true, reason: "no answer".to_owned() }), "silence"),
        (Event::Silence(Silence { maybe_delivered: false, reason: "refused".to_owned() }), "silence"),
        (Event::Timer, "timer.unexpected"),
        (Event::Notice(inbound), "notice.unexpected"),
    ];
    for (event, code) in events {
        let step = resume(&Bare, &hold(), &state, &event).unwrap();
        let Wanted::Done(Outcome::Unknown(fault)) = step.next else { panic!("{event:?}: {step:?}") };
        assert_eq!(fault.code, code);
    }
}

#[test]
fn a_tag_and_its_value_come_back() {
    let value: BTreeMap<String, u64> = [("yen".to_owned(), 5)].into();
    let step = Call::post("gateway", "/v1/holds").idempotent("op_1").then_with("held", &value).into_step().unwrap();
    let tag = Tag::from_bytes(&step.state).unwrap();
    assert_eq!((tag.name(), tag.value::<BTreeMap<String, u64>>()), ("held", Ok(value)));
    assert_eq!(tag.to_bytes(), step.state);
    assert_eq!(step.state[0], 1, "the version comes first");
    assert_eq!(tag.value::<Vec<u8>>().unwrap_err().code, "state.unreadable");

    let reply = Event::Reply(Reply::new(200, Vec::new(), Vec::new()));
    let told = resume(&Bare, &hold(), &step.state, &reply).unwrap();
    assert_eq!(told.next, Wanted::Done(Outcome::Declined(Fault::new("told", "held"))));
}

#[test]
fn state_that_is_not_ours_is_a_fault_and_no_step() {
    let good = Tag::new("held", &5).unwrap().to_bytes();
    let other_version = [&[2], &good[1..]].concat();
    for state in [&b""[..], b"\x01", b"\x01\x09held", b"\x01\x01\xff1", &other_version] {
        let fault = resume(&Bare, &hold(), state, &Event::Timer).unwrap_err();
        assert_eq!(fault.code, "state.unreadable", "{state:?}");
    }
}

#[test]
fn state_has_a_limit() {
    let fits = "x".repeat(MAX_STATE_BYTES - 2 - "held".len() - 2);
    assert_eq!(Tag::new("held", &fits).unwrap().to_bytes().len(), MAX_STATE_BYTES);
    assert_eq!(Tag::new("held", &format!("{fits}x")).unwrap_err().code, "state.too_large");
    assert_eq!(Tag::new(&"x".repeat(256), &()).unwrap_err().code, "state.name_too_long");
    let late = wait_until(5, "held", &format!("{fits}x"));
    assert_eq!(late.into_step().unwrap_err().code, "state.too_large");
}

#[test]
fn a_call_says_what_was_built() {
    let next = Call::put("gateway", "/v1/x")
        .header("x-one", "1")
        .json(&[1, 2])
        .timeout_ms(500)
        .stale_after(9_000)
        .once()
        .then("sent");
    let Wanted::Call(call) = next.into_step().unwrap().next else { panic!("no call") };
    assert_eq!((call.endpoint.as_str(), call.method.as_str(), call.path.as_str()), ("gateway", "PUT", "/v1/x"));
    assert_eq!((call.effect, call.timeout_ms, call.stale_after), (Effect::Once, 500, Some(9_000)));
    assert_eq!(call.body, b"[1,2]");
    let field = |name: &str, value: &str| Field { name: name.to_owned(), value: value.to_owned() };
    assert_eq!(call.headers, [field("x-one", "1"), field("content-type", "application/json")]);
    for (call, method) in [(Call::get("g", "/"), "GET"), (Call::delete("g", "/"), "DELETE")] {
        let Wanted::Call(call) = call.read().then("sent").into_step().unwrap().next else { panic!("no call") };
        assert_eq!((call.method.as_str(), call.effect), (method, Effect::Read));
    }
}

#[test]
fn a_body_that_json_cannot_express_is_a_fault() {
    let keys_are_lists: BTreeMap<Vec<u8>, u8> = [(vec![1], 1)].into();
    let next = Call::post("gateway", "/v1/x").json(&keys_are_lists).once().then("sent");
    assert_eq!(next.into_step().unwrap_err().code, "call.body_unserialisable");
}

#[test]
fn outcomes_carry_what_was_said() {
    let receipt = Field { name: "receipt".to_owned(), value: "R-1".to_owned() };
    let expected = Outcome::Settled { reference: "h1".to_owned(), amount: yen(5), details: vec![receipt] };
    assert_eq!(outcome(settled("h1", Money::new(5, "JPY")).detail("receipt", "R-1")), expected);
    let expected = Outcome::Declined(Fault::new("inquiry.not_found", "none"));
    assert_eq!(outcome(never_arrived("none").detail("ignored", "")), expected);
    let long = outcome(declined("told", "あ".repeat(600)));
    let Outcome::Declined(fault) = long else { panic!("{long:?}") };
    assert_eq!(fault.message.chars().count(), 500);
}

#[test]
fn writes_travel_with_the_step() {
    let step = settled("h1", yen(5)).put("seen", "1").remove("old").into_step().unwrap();
    let seen = KvWrite { key: "seen".to_owned(), value: Some(b"1".to_vec()) };
    assert_eq!(step.writes, [seen, KvWrite { key: "old".to_owned(), value: None }]);
}

#[test]
fn headers_are_found_whatever_their_case_and_a_bad_body_is_a_fault() {
    let header = Field { name: "Retry-After".to_owned(), value: "3".to_owned() };
    let reply = Reply::new(200, vec![header], b"{".to_vec());
    assert_eq!((reply.header("retry-after"), reply.header("etag")), (Some("3"), None));
    assert_eq!(reply.json::<u8>().unwrap_err().code, "reply.unreadable");
    assert_eq!((reply.status(), reply.body()), (200, &b"{"[..]));
}

#[test]
fn natively_the_host_is_the_tests_own() {
    NativeHost::with(|host| {
        host.config.insert("merchant".to_owned(), "m1".to_owned());
        host.kv.insert("seen".to_owned(), b"1".to_vec());
    });
    assert_eq!((config::get("merchant").as_deref(), config::get("other")), (Some("m1"), None));
    assert_eq!((kv::get("seen"), kv::get("other")), (Some(b"1".to_vec()), None));
    log::debug("one");
    log::info("two");
    log::warn("three");
    log::error("four");
    let logged = NativeHost::with(|host| host.logged.clone());
    let line = |level: &str, message: &str| (level.to_owned(), message.to_owned());
    assert_eq!(logged, [line("debug", "one"), line("info", "two"), line("warn", "three"), line("error", "four")]);
}
