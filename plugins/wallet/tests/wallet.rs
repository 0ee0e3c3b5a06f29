//! Every command against every answer of the provider, natively.

use serde_json::{Value, json};
use tebura_plugin::{Command, Hold, Inbound, Money, NativeHost, News, Party, Subject, crypto, yen};
use tebura_plugin_test::{Answering, Ended, Harness, NOW, Op, declined, get, inbound, post, settled, unknown};
use tebura_plugin_wallet::Wallet;

const MANIFEST: &str = include_str!("../plugin.toml");

fn harness() -> Harness<Wallet> {
    Harness::of(Wallet).manifest(MANIFEST)
}

/// The provider's record of a settled operation.
fn done(operation: &str, kind: &str, reference: &str, amount: u64) -> Value {
    json!({
        "operation": operation, "kind": kind, "status": "settled",
        "reference": reference, "amount": amount, "currency": "JPY",
    })
}

/// The provider's record of a declined operation.
fn refused(operation: &str, kind: &str, code: &str) -> Value {
    json!({"operation": operation, "kind": kind, "status": "declined", "code": code, "message": "no"})
}

/// Each command: how it is asked, where it is sent, with which body, and what settles it.
struct Row {
    ask: fn(&mut Harness<Wallet>) -> Op,
    path: &'static str,
    body: fn(&str, u64) -> Value,
    kind: &'static str,
    amount: u64,
}

const ROWS: [Row; 7] = [
    Row {
        ask: |hub| hub.hold(yen(1_200)),
        path: "/v1/preauthorizations",
        body: |op, now| {
            let expires_at = now + 86_400_000;
            json!({
                "operation": op, "wallet": "payer-1", "merchant": "payee-1",
                "amount": 1200, "currency": "JPY", "expires_at": expires_at,
            })
        },
        kind: "preauthorization",
        amount: 1_200,
    },
    Row {
        ask: |hub| hub.raise("pa_7", yen(400)),
        path: "/v1/preauthorizations/pa_7/raise",
        body: |op, _| json!({"operation": op, "amount": 400, "currency": "JPY"}),
        kind: "raise",
        amount: 400,
    },
    Row {
        ask: |hub| hub.extend("pa_7", yen(1_200)),
        path: "/v1/preauthorizations/pa_7/extend",
        body: |op, now| {
            let expires_at = now + 86_400_000;
            json!({"operation": op, "amount": 1200, "currency": "JPY", "expires_at": expires_at})
        },
        kind: "extend",
        amount: 1_200,
    },
    Row {
        ask: |hub| hub.capture("pa_7", yen(700)),
        path: "/v1/preauthorizations/pa_7/captures",
        body: |op, _| json!({"operation": op, "amount": 700, "currency": "JPY", "final": false}),
        kind: "capture",
        amount: 700,
    },
    Row {
        ask: |hub| hub.capture_final("pa_7", yen(700)),
        path: "/v1/preauthorizations/pa_7/captures",
        body: |op, _| json!({"operation": op, "amount": 700, "currency": "JPY", "final": true}),
        kind: "capture",
        amount: 700,
    },
    Row {
        ask: |hub| hub.release("pa_7", yen(500)),
        path: "/v1/preauthorizations/pa_7/revert",
        body: |op, _| json!({"operation": op, "amount": 500, "currency": "JPY"}),
        kind: "revert",
        amount: 500,
    },
    Row {
        ask: |hub| hub.refund("cp_9", yen(300)),
        path: "/v1/captures/cp_9/refunds",
        body: |op, _| json!({"operation": op, "amount": 300, "currency": "JPY"}),
        kind: "refund",
        amount: 300,
    },
];

/// Runs one row with one answer of the provider.
#[track_caller]
fn perform(row: &Row, answer: &dyn Fn(Answering<'_>, &str)) -> Ended {
    let mut hub = harness();
    let op = (row.ask)(&mut hub);
    let expected = post(row.path).key(op.id()).json((row.body)(op.id(), hub.now()));
    answer(hub.expect(expected), op.id());
    hub.finish(&op)
}

/// Runs one row whose reply is lost, and answers its inquiry.
#[track_caller]
fn inquire(row: &Row, answer: &dyn Fn(Answering<'_>, &str)) -> Ended {
    let mut hub = harness();
    let op = (row.ask)(&mut hub);
    hub.expect(post(row.path).key(op.id())).lost();
    answer(hub.expect(get(format!("/v1/operations/{}", op.id()))), op.id());
    hub.finish(&op)
}

/// Every row, performed and inquired, gives the same.
#[track_caller]
fn all(answer: &dyn Fn(&Row, Answering<'_>, &str), expected: &dyn Fn(&Row) -> Ended) {
    for row in &ROWS {
        let what = format!("{} at {}", row.kind, row.path);
        assert_eq!(perform(row, &|far, op| answer(row, far, op)), expected(row), "{what}");
        assert_eq!(inquire(row, &|far, op| answer(row, far, op)), expected(row), "{what}, inquired");
    }
}

#[test]
fn each_command_settles_with_the_providers_reference_and_amount() {
    all(&|row, far, op| far.reply(200, done(op, row.kind, "ref_1", row.amount)), &|row| {
        settled("ref_1", yen(row.amount))
    });
    all(&|row, far, op| far.reply(201, done(op, row.kind, "ref_1", row.amount)), &|row| {
        settled("ref_1", yen(row.amount))
    });
}

#[test]
fn a_capture_may_settle_less_and_a_hold_may_not() {
    for row in &ROWS {
        let less = perform(row, &|far, op| far.reply(201, done(op, row.kind, "ref_1", 100)));
        let expected = match row.kind {
            "capture" => settled("ref_1", yen(100)),
            _ => unknown("reply.amount_differs"),
        };
        assert_eq!(less, expected, "{}", row.path);
    }
}

#[test]
fn more_than_was_asked_is_not_believed() {
    for row in &ROWS {
        let more = perform(row, &|far, op| far.reply(201, done(op, row.kind, "ref_1", row.amount + 1)));
        assert_eq!(more, unknown("reply.amount_differs"), "{}", row.path);
    }
}

#[test]
fn a_record_of_the_providers_refusal_declines() {
    let table = [
        (402, "funds.insufficient", "funds.insufficient"),
        (402, "merchant.funds_insufficient", "payee.funds_insufficient"),
        (404, "wallet.not_found", "payer.not_found"),
        (404, "merchant.not_found", "payee.not_found"),
        (404, "preauthorization.not_found", "hold.not_found"),
        (404, "capture.not_found", "capture.not_found"),
        (409, "preauthorization.closed", "hold.closed"),
        (409, "preauthorization.exceeded", "hold.capture_exceeds_free"),
        (409, "preauthorization.too_long", "hold.too_long"),
        (409, "capture.exceeded", "refund.exceeds_capture"),
        (410, "preauthorization.expired", "hold.expired"),
        (409, "something.new", "provider.declined"),
        (409, "日本語\n", "provider.declined"),
    ];
    for (status, theirs, ours) in table {
        for row in &ROWS {
            let ended = perform(row, &|far, op| far.reply(status, refused(op, row.kind, theirs)));
            assert_eq!(ended, declined(ours), "{theirs} at {}", row.path);
            let ended = inquire(row, &|far, op| far.reply(200, refused(op, row.kind, theirs)));
            assert_eq!(ended, declined(ours), "{theirs} at {}, inquired", row.path);
        }
    }
}

#[test]
fn a_bare_refusal_decides_nothing() {
    for status in [400, 401, 403, 408, 413, 422, 425, 429, 500, 502, 503, 504, 301, 204] {
        all(&|_, far, _| far.status(status), &|_| unknown("provider.no_answer"));
    }
    for status in [402, 409, 410] {
        for row in &ROWS {
            assert_eq!(perform(row, &|far, _| far.status(status)), unknown("reply.unreadable"), "{status}");
            assert_eq!(inquire(row, &|far, _| far.status(status)), unknown("provider.no_answer"), "{status}");
        }
    }
    let problem = json!({"code": "key.in_work", "message": "later"});
    for row in &ROWS {
        assert_eq!(perform(row, &|far, _| far.reply(409, &problem)), unknown("reply.unreadable"));
    }
}

#[test]
fn a_damaged_reply_decides_nothing() {
    all(&|_, far, _| far.garbled(200), &|_| unknown("reply.unreadable"));
    all(&|_, far, _| far.reply(200, Value::Null), &|_| unknown("reply.unreadable"));
    all(&|row, far, op| far.reply(200, done(op, row.kind, "", row.amount)), &|_| unknown("reply.reference_malformed"));
    all(&|row, far, op| far.reply(200, done(op, row.kind, "a/../b", row.amount)), &|_| {
        unknown("reply.reference_malformed")
    });
    let dollars = |op: &str, row: &Row| {
        let mut record = done(op, row.kind, "ref_1", row.amount);
        record["currency"] = json!("USD");
        record
    };
    all(&|row, far, op| far.reply(200, dollars(op, row)), &|_| unknown("reply.currency_differs"));
}

#[test]
fn an_answer_about_another_operation_decides_nothing() {
    all(&|row, far, _| far.reply(200, done("op_other", row.kind, "ref_1", row.amount)), &|_| {
        unknown("reply.other_operation")
    });
    all(&|row, far, op| far.reply(200, done(op, "payout", "ref_1", row.amount)), &|_| unknown("reply.other_operation"));
    for row in &ROWS {
        let other = perform(row, &|far, _| far.reply(409, refused("op_other", row.kind, "funds.insufficient")));
        assert_eq!(other, unknown("reply.other_operation"));
    }
}

#[test]
fn a_provider_that_has_not_decided_is_asked_again() {
    all(&|_, far, _| far.status(202), &|_| unknown("provider.pending"));
    all(&|row, far, op| far.reply(200, json!({"operation": op, "kind": row.kind, "status": "pending"})), &|_| {
        unknown("provider.pending")
    });
}

#[test]
fn silence_is_unknown_unless_nothing_left() {
    for row in &ROWS {
        assert_eq!(perform(row, &|far, _| far.lost()), unknown("silence"));
        assert_eq!(perform(row, &|far, _| far.refused()), declined("provider.unreachable"));
        assert_eq!(inquire(row, &|far, _| far.lost()), unknown("silence"));
        assert_eq!(inquire(row, &|far, _| far.refused()), unknown("silence"));
    }
}

#[test]
fn an_operation_that_never_arrived_is_declined_after_the_settle_window() {
    let not_found = |op: &str| json!({"code": "operation.not_found", "message": "none", "operation": op});
    for row in &ROWS {
        let early = inquire(row, &|far, op| far.reply(404, not_found(op)));
        assert_eq!(early, unknown("inquiry.not_found"), "{}", row.path);
    }
    let mut hub = Harness::of(Wallet);
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/preauthorizations")).lost();
    hub.expect(get(format!("/v1/operations/{}", op.id()))).reply(404, not_found(op.id()));
    assert_eq!(hub.finish(&op), declined("inquiry.not_found"), "without a window to wait for");
}

#[test]
fn a_404_that_is_not_the_providers_word_about_the_operation_decides_nothing() {
    for row in &ROWS {
        assert_eq!(inquire(row, &|far, _| far.status(404)), unknown("provider.no_answer"));
        assert_eq!(inquire(row, &|far, _| far.garbled(404)), unknown("provider.no_answer"));
        let other = json!({"code": "operation.not_found", "message": "none", "operation": "op_other"});
        assert_eq!(inquire(row, &|far, _| far.reply(404, &other)), unknown("provider.no_answer"));
    }
}

#[test]
fn a_late_a_repeated_and_a_mixed_up_answer_end_as_they_should() {
    for row in &ROWS {
        let record = |op: &str| done(op, row.kind, "ref_1", row.amount);
        let settles = settled("ref_1", yen(row.amount));
        assert_eq!(perform(row, &|far, op| far.late(9_000, 201, record(op))), settles);
        assert_eq!(perform(row, &|far, op| far.late(10_000, 201, record(op))), unknown("silence"));
        assert_eq!(perform(row, &|far, op| far.resent(3, 200, record(op))), settles);
        assert_eq!(perform(row, &|far, op| far.twice(201, record(op))), settles);
        let mut hub = harness();
        let (first, second) = ((row.ask)(&mut hub), (row.ask)(&mut hub));
        hub.expect(post(row.path).key(first.id())).reply(201, record(first.id()));
        assert_eq!(hub.finish(&first), settles);
        hub.expect(post(row.path).key(second.id())).stale();
        assert_eq!(hub.finish(&second), unknown("reply.other_operation"));
    }
}

#[test]
fn inquiries_go_on_until_the_provider_says() {
    let mut hub = harness();
    let op = hub.hold(yen(1_200));
    let path = format!("/v1/operations/{}", op.id());
    hub.expect(post("/v1/preauthorizations")).status(500);
    hub.expect(get(&path)).lost();
    hub.expect(get(&path)).status(503);
    hub.expect(get(&path)).garbled(200);
    hub.expect(get(&path)).reply(200, json!({"operation": op.id(), "kind": "preauthorization", "status": "pending"}));
    hub.expect(get(&path)).reply(200, done(op.id(), "preauthorization", "pa_7", 1_200));
    assert_eq!(hub.finish(&op), settled("pa_7", yen(1_200)));
}

#[test]
fn what_the_provider_could_not_mean_is_declined_before_anything_is_sent() {
    for reference in ["", "pa_7/captures", "..", "pa 7", "pa_7?x=1", &"x".repeat(256)] {
        let asks: [fn(&mut Harness<Wallet>, &str) -> Op; 3] = [
            |hub, reference| hub.capture(reference, yen(1)),
            |hub, reference| hub.release(reference, yen(1)),
            |hub, reference| hub.refund(reference, yen(1)),
        ];
        for ask in asks {
            let mut hub = harness();
            let op = ask(&mut hub, reference);
            assert_eq!(hub.finish(&op), declined("reference.malformed"), "{reference:?}");
        }
    }
    let amounts = [(Money::new(1_200, "USD"), "currency.unsupported"), (yen(0), "amount.zero")];
    for (amount, code) in amounts {
        let asks: [fn(&mut Harness<Wallet>, Money) -> Op; 4] = [
            |hub, amount| hub.hold(amount),
            |hub, amount| hub.capture("pa_7", amount),
            |hub, amount| hub.release("pa_7", amount),
            |hub, amount| hub.refund("cp_9", amount),
        ];
        for ask in asks {
            let mut hub = harness();
            let op = ask(&mut hub, amount.clone());
            assert_eq!(hub.finish(&op), declined(code));
        }
    }
}

#[test]
fn tokens_travel_as_json_and_never_in_a_path() {
    let token = "w\"ei/rd?../\u{3042}";
    let mut hub = harness();
    let party = |kind: &str| Party { kind: kind.to_owned(), token: token.to_owned(), attributes: Vec::new() };
    let (payer, payee) = (party("wallet"), party("merchant"));
    let op = hub.command(Command::Hold(Hold { payer, payee, amount: yen(5), expires: 10 }));
    let body = json!({
        "operation": op.id(), "wallet": token, "merchant": token, "amount": 5, "currency": "JPY", "expires_at": 10,
    });
    hub.expect(post("/v1/preauthorizations").json(body)).status(503);
    assert_eq!(hub.finish(&op), unknown("provider.no_answer"));
}

/// A webhook as the provider sends it at `at`.
fn signed(body: &Value, at: u64) -> Inbound {
    NativeHost::with(|host| drop(host.keys.insert("webhook".to_owned(), b"secret of the webhooks".to_vec())));
    let code = crypto::mac("webhook", format!("{at}.{body}").as_bytes()).expect("the key is there");
    let code: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    inbound("events", &[("x-wallet-signature", &format!("t={at},v1={code}"))], body.to_string())
}

fn event(kind: &str, operation: &str, number: u32) -> Value {
    // As after a decline: what there is not is null.
    json!({"id": format!("ev_{number}"), "type": kind, "operation": operation, "reference": null, "amount": null})
}

fn pending(operation: &str) -> Value {
    json!({"operation": operation, "kind": "preauthorization", "status": "pending"})
}

#[test]
fn a_webhook_ends_the_wait_for_the_payer_and_its_amount_counts_for_nothing() {
    let mut hub = harness();
    let op = hub.hold(yen(1_200));
    let path = format!("/v1/operations/{}", op.id());
    hub.expect(post("/v1/preauthorizations").key(op.id())).reply(202, pending(op.id()));
    hub.notify(signed(&event("operation.settled", op.id(), 1), hub.now()));
    hub.expect(get(&path)).reply(200, pending(op.id()));
    hub.notify(signed(&event("operation.settled", op.id(), 2), hub.now()));
    hub.expect(get(&path)).reply(200, done(op.id(), "preauthorization", "pa_7", 1_200));
    let before = hub.now();
    assert_eq!(hub.finish(&op), settled("pa_7", yen(1_200)));
    assert_eq!(hub.now(), before, "no timer was waited for");
}

#[test]
fn without_a_webhook_the_provider_is_asked_until_the_payer_has_had_ten_minutes() {
    let mut hub = harness();
    let op = hub.hold(yen(1_200));
    let path = format!("/v1/operations/{}", op.id());
    hub.expect(post("/v1/preauthorizations")).reply(202, pending(op.id()));
    for _ in 0..=20 {
        hub.expect(get(&path)).reply(200, pending(op.id()));
    }
    hub.expect(get(&path)).reply(200, refused(op.id(), "preauthorization", "payer.refused"));
    let before = hub.now();
    assert_eq!(hub.finish(&op), declined("payer.refused"));
    assert_eq!(hub.now() - before, 21 * 30_000);
}

#[test]
fn a_webhook_is_believed_for_its_signature_only() {
    let hub = harness();
    let told = event("operation.settled", "op_1", 1);
    let authentic = signed(&told, hub.now());
    assert_eq!(hub.hear(&authentic), Ok(vec![News::Progress(Subject::Operation("op_1".to_owned()))]));
    let other = Inbound { body: told.to_string().replace("op_1", "op_2").into_bytes(), ..authentic.clone() };
    assert_eq!(hub.hear(&other).unwrap_err().code, "crypto.bad_signature");
    assert_eq!(hub.hear(&signed(&told, hub.now() - 300_001)).unwrap_err().code, "notice.stale");
    assert_eq!(hub.hear(&signed(&event("points.expired", "", 2), hub.now())), Ok(vec![]));
    let nameless = json!({"type": "dispute.opened", "reference": "cp_3", "amount": 300, "currency": "JPY"});
    assert_eq!(hub.hear(&signed(&nameless, hub.now())).unwrap_err().code, "notice.unreadable");
    let dispute = json!({
        "type": "dispute.opened", "dispute": "dp_1", "reference": "cp_3", "amount": 300, "currency": "JPY",
        "reason": "not_received",
    });
    let Ok([News::DisputeOpened(opened)]) =
        hub.hear(&signed(&dispute, hub.now())).map(|news| <[News; 1]>::try_from(news).expect("one thing is told"))
    else {
        panic!("a dispute was opened")
    };
    assert_eq!((opened.about, opened.amount), (Subject::Reference("cp_3".to_owned()), yen(300)));
}

tebura_plugin_test::conformance_with_notices!(Wallet, |mut suite| {
    suite = suite
        .notice(signed(&event("operation.settled", "op_1", 1), NOW))
        .notice(signed(
            &json!({
                "type": "dispute.lost", "dispute": "dp_1", "reference": "cp_3", "amount": 300, "currency": "JPY",
                "reason": "fraudulent",
            }),
            NOW,
        ))
        .reply(202, pending("{operation}"))
        .reply(200, pending("{operation}"));
    let record = |kind: &str, amount: u64| done("{operation}", kind, "ref_1", amount);
    for (kind, amount) in [("preauthorization", 1_200), ("capture", 700), ("revert", 500), ("refund", 300)] {
        for status in [200, 201, 202, 402, 404, 409, 410, 500] {
            suite = suite
                .reply(status, record(kind, amount))
                .reply(status, record(kind, amount + 1))
                .reply(status, record(kind, 0))
                .reply(status, refused("{operation}", kind, "funds.insufficient"));
        }
    }
    suite.reply(404, json!({"code": "operation.not_found", "operation": "{operation}"}))
});

#[test]
fn a_request_that_should_be_signed_does_not_leave_without_its_key() {
    NativeHost::with(|host| drop(host.config.insert("signed_requests".to_owned(), "on".to_owned())));
    let mut hub = harness();
    let op = hub.hold(yen(1_200));
    assert_eq!(hub.finish(&op), declined("crypto.key_not_bound"));
    NativeHost::with(|host| drop(host.keys.insert("request".to_owned(), b"a secret of two".to_vec())));
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/preauthorizations").key(op.id())).reply(201, done(op.id(), "preauthorization", "pa_7", 1_200));
    assert_eq!(hub.finish(&op), settled("pa_7", yen(1_200)));
}
