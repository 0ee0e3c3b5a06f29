//! Every command against every answer of the intermediary, natively.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tebura_plugin::{Command, Fault, Hold, Money, NativeHost, Outcome, Party, Wanted, start, yen};
use tebura_plugin_cbdc::Cbdc;
use tebura_plugin_test::{Answering, Conformance, Ended, Harness, Op, declined, get, post, settled, unknown};

mod bound;

use bound::{LOCK, bind, rail, sign};

const MANIFEST: &str = include_str!("../plugin.toml");

fn harness(lock: &str) -> Harness<Cbdc> {
    bind(lock);
    Harness::of(rail()).manifest(MANIFEST)
}

/// The intermediary's record of a settled request.
fn done(request: &str, kind: &str, reference: &str, amount: u64) -> Value {
    json!({
        "request": request, "kind": kind, "status": "settled",
        "reference": reference, "amount": amount, "currency": "JPY",
    })
}

/// The intermediary's record of a declined request.
fn refused(request: &str, kind: &str, code: &str) -> Value {
    json!({"request": request, "kind": kind, "status": "declined", "code": code, "message": "no"})
}

type Ask = fn(&mut Harness<Cbdc>) -> Op;
type Answer = fn(Answering<'_>);

/// Each command: how it is asked, where it is sent, and what settles it.
struct Row {
    ask: Ask,
    path: &'static str,
    kind: &'static str,
    amount: u64,
}

const ROWS: [Row; 6] = [
    Row { ask: |hub| hub.hold(yen(1_200)), path: "/v1/locks", kind: "lock", amount: 1_200 },
    Row { ask: |hub| hub.extend(LOCK, yen(1_200)), path: "/v1/locks/op_7/extend", kind: "extension", amount: 1_200 },
    Row { ask: |hub| hub.capture(LOCK, yen(700)), path: "/v1/locks/op_7/completions", kind: "completion", amount: 700 },
    Row {
        ask: |hub| hub.capture_final(LOCK, yen(700)),
        path: "/v1/locks/op_7/completions",
        kind: "completion",
        amount: 700,
    },
    Row { ask: |hub| hub.release(LOCK, yen(500)), path: "/v1/locks/op_7/returns", kind: "return", amount: 500 },
    Row { ask: |hub| hub.refund("op_9", yen(300)), path: "/v1/completions/op_9/refunds", kind: "refund", amount: 300 },
];

/// What the work of a row is called.
fn named<'a>(row: &Row, op: &'a str) -> &'a str {
    if row.kind == "extension" { LOCK } else { op }
}

#[track_caller]
fn perform(row: &Row, answer: &dyn Fn(Answering<'_>, &str)) -> (Ended, String) {
    let mut hub = harness("three_party");
    let op = (row.ask)(&mut hub);
    answer(hub.expect(post(row.path).key(op.id())), op.id());
    (hub.finish(&op), op.id().to_owned())
}

/// Runs one row whose reply is lost, and answers its inquiry.
#[track_caller]
fn inquire(row: &Row, answer: &dyn Fn(Answering<'_>, &str)) -> (Ended, String) {
    let mut hub = harness("three_party");
    let op = (row.ask)(&mut hub);
    hub.expect(post(row.path).key(op.id())).lost();
    answer(hub.expect(get(format!("/v1/requests/{}", op.id()))), op.id());
    (hub.finish(&op), op.id().to_owned())
}

/// Every row, performed and inquired, gives the same.
#[track_caller]
fn all(answer: &dyn Fn(&Row, Answering<'_>, &str), expected: &dyn Fn(&Row, &str) -> Ended) {
    for row in &ROWS {
        let (ended, op) = perform(row, &|far, op| answer(row, far, op));
        assert_eq!(ended, expected(row, &op), "{}", row.path);
        let (ended, op) = inquire(row, &|far, op| answer(row, far, op));
        assert_eq!(ended, expected(row, &op), "{}, inquired", row.path);
    }
}

fn good(row: &Row, op: &str) -> Value {
    done(op, row.kind, named(row, op), row.amount)
}

#[test]
fn each_command_settles_under_the_name_of_its_request() {
    for status in [200, 201] {
        let settles = |row: &Row, op: &str| settled(named(row, op), yen(row.amount));
        all(&|row, far, op| far.reply(status, good(row, op)), &settles);
    }
}

#[test]
fn another_amount_currency_name_or_request_is_not_believed() {
    for row in &ROWS {
        for amount in [row.amount - 1, row.amount + 1] {
            let (ended, _) = perform(row, &|far, op| far.reply(201, done(op, row.kind, named(row, op), amount)));
            assert_eq!(ended, unknown("reply.amount_differs"), "{}", row.path);
        }
    }
    let changed = |row: &Row, op: &str, field: &str, value: &str| {
        let mut record = good(row, op);
        record[field] = json!(value);
        record
    };
    let table = [
        ("currency", "USD", "reply.currency_differs"),
        ("reference", "op_else", "reply.reference_differs"),
        ("reference", "a/../b", "reply.reference_differs"),
        ("request", "op_else", "reply.other_operation"),
        ("kind", "transfer", "reply.other_operation"),
    ];
    for (field, value, code) in table {
        all(&|row, far, op| far.reply(201, changed(row, op, field, value)), &|_, _| unknown(code));
    }
}

#[test]
fn a_record_of_a_refusal_declines_with_the_hubs_word() {
    let table = [
        (402, "funds.insufficient", "funds.insufficient"),
        (402, "payee.funds_insufficient", "payee.funds_insufficient"),
        (404, "payer.not_found", "payer.not_found"),
        (404, "account.not_found", "payee.not_found"),
        (409, "payer.holding_limit", "payer.holding_limit"),
        (409, "payee.holding_limit", "payee.holding_limit"),
        (403, "service.not_granted", "party.not_connected"),
        (409, "network.unavailable", "intermediary.unavailable"),
        (404, "lock.not_found", "hold.not_found"),
        (410, "lock.expired", "hold.expired"),
        (409, "lock.ended", "hold.closed"),
        (409, "lock.exceeded", "hold.capture_exceeds_free"),
        (409, "lock.too_long", "hold.too_long"),
        (403, "proof.wrong", "hold.proof_refused"),
        (404, "completion.not_found", "capture.not_found"),
        (409, "completion.exceeded", "refund.exceeds_capture"),
        (409, "日本語\n", "intermediary.declined"),
    ];
    for (status, theirs, ours) in table {
        for row in &ROWS {
            let (ended, _) = perform(row, &|far, op| far.reply(status, refused(op, row.kind, theirs)));
            assert_eq!(ended, declined(ours), "{theirs} at {}", row.path);
            let (ended, _) = inquire(row, &|far, op| far.reply(200, refused(op, row.kind, theirs)));
            assert_eq!(ended, declined(ours), "{theirs} at {}, inquired", row.path);
        }
    }
}

#[test]
fn what_decides_nothing_leaves_the_money_where_it_is() {
    for status in [204, 301, 400, 401, 408, 429, 500, 502, 503, 504] {
        all(&|_, far, _| far.status(status), &|_, _| unknown("intermediary.no_answer"));
    }
    for status in [402, 403, 409, 410, 422] {
        for row in &ROWS {
            assert_eq!(perform(row, &|far, _| far.status(status)).0, unknown("reply.unreadable"), "{status}");
        }
    }
    let pending = |row: &Row, op: &str| json!({"request": op, "kind": row.kind, "status": "pending"});
    all(&|row, far, op| far.reply(202, pending(row, op)), &|_, _| unknown("intermediary.pending"));
    all(&|row, far, op| far.reply(200, pending(row, op)), &|_, _| unknown("intermediary.pending"));
    all(&|_, far, _| far.garbled(200), &|_, _| unknown("reply.unreadable"));
}

#[test]
fn silence_is_unknown_unless_nothing_left() {
    for row in &ROWS {
        assert_eq!(perform(row, &|far, _| far.lost()).0, unknown("silence"));
        assert_eq!(perform(row, &|far, _| far.refused()).0, declined("intermediary.unreachable"));
        assert_eq!(inquire(row, &|far, _| far.lost()).0, unknown("silence"));
        let (late, op) = perform(row, &|far, op| far.late(9_000, 201, good(row, op)));
        assert_eq!(late, settled(named(row, &op), yen(row.amount)));
        assert_eq!(perform(row, &|far, op| far.late(10_000, 201, good(row, op))).0, unknown("silence"));
        let (twice, op) = perform(row, &|far, op| far.twice(201, good(row, op)));
        assert_eq!(twice, settled(named(row, &op), yen(row.amount)));
    }
}

#[test]
fn a_request_that_never_arrived_is_declined_after_the_settle_window() {
    let none = |op: &str| json!({"code": "request.not_found", "message": "none", "request": op});
    for row in &ROWS {
        let (early, _) = inquire(row, &|far, op| far.reply(404, none(op)));
        assert_eq!(early, unknown("inquiry.not_found"), "{}", row.path);
        assert_eq!(inquire(row, &|far, _| far.reply(404, none("op_else"))).0, unknown("intermediary.no_answer"));
        assert_eq!(inquire(row, &|far, _| far.status(404)).0, unknown("intermediary.no_answer"));
    }
    bind("three_party");
    let mut hub = Harness::of(rail());
    let op = hub.hold(yen(1_200));
    hub.expect(post("/v1/locks")).lost();
    hub.expect(get(format!("/v1/requests/{}", op.id()))).reply(404, none(op.id()));
    assert_eq!(hub.finish(&op), declined("inquiry.not_found"), "without a window to wait for");
}

#[test]
fn each_kind_of_lock_is_asked_for_with_its_own_terms() {
    for (kind, mut more) in [
        ("three_party", json!({"until": true, "arbiter": "tebura-test"})),
        ("two_party", json!({"until": true})),
        ("hash_time", json!({"until": true, "hash": true})),
    ] {
        let mut hub = harness(kind);
        let op = hub.hold(yen(1_200));
        let until = hub.now() + 86_400_000;
        let mut body = json!({
            "request": op.id(), "payer": "payer-1", "payee": "payee-1", "amount": 1200, "currency": "JPY", "kind": kind,
        });
        if more["until"] == true {
            more["until"] = json!(until);
        }
        if more["hash"] == true {
            more["hash"] = json!(bound::hex(&Sha256::digest(bound::preimage(op.id()))));
        }
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hub.expect(post("/v1/locks").json(body)).reply(201, done(op.id(), "lock", op.id(), 1_200));
        assert_eq!(hub.finish(&op), settled(op.id(), yen(1_200)));
    }
}

#[test]
fn a_standing_lock_has_no_deadline_and_needs_an_arbiter() {
    let standing = |lock: &str, value: &str| {
        let hub = harness(lock);
        NativeHost::with(|host| host.config.insert("standing_locks".to_owned(), value.to_owned()));
        hub
    };
    let mut hub = standing("three_party", "on");
    let op = hub.hold(yen(1_200));
    let body = json!({
        "request": op.id(), "payer": "payer-1", "payee": "payee-1", "amount": 1200, "currency": "JPY",
        "kind": "three_party", "arbiter": "tebura-test",
    });
    hub.expect(post("/v1/locks").json(body)).reply(201, done(op.id(), "lock", op.id(), 1_200));
    assert_eq!(hub.finish(&op), settled(op.id(), yen(1_200)));
    for (lock, value) in [("two_party", "on"), ("hash_time", "on"), ("three_party", "yes")] {
        let mut hub = standing(lock, value);
        let op = hub.hold(yen(1_200));
        assert_eq!(hub.finish(&op), declined("setting.malformed"), "{lock}, {value}");
    }
}

/// A lock made under one setting is let go under another: a proof is for the lock, not for the setting.
#[test]
fn a_capture_shows_what_lets_the_money_go_and_a_release_never_shows_the_preimage() {
    for kind in ["three_party", "two_party", "hash_time"] {
        for (is_final, word) in [(true, "complete"), (false, "complete-part")] {
            let mut hub = harness(kind);
            let op = if is_final { hub.capture_final(LOCK, yen(700)) } else { hub.capture(LOCK, yen(700)) };
            let signature = bound::arbitrated(word, 700, op.id());
            let body = json!({
                "request": op.id(), "amount": 700, "currency": "JPY", "final": is_final,
                "signature": signature, "preimage": bound::hex(&bound::preimage(LOCK)),
            });
            let path = "/v1/locks/op_7/completions";
            hub.expect(post(path).json(body)).reply(201, done(op.id(), "completion", op.id(), 700));
            assert_eq!(hub.finish(&op), settled(op.id(), yen(700)));
        }
        let mut hub = harness(kind);
        let op = hub.release(LOCK, yen(500));
        let signature = bound::arbitrated("return", 500, op.id());
        let body = json!({"request": op.id(), "amount": 500, "currency": "JPY", "signature": signature});
        hub.expect(post("/v1/locks/op_7/returns").json(body)).reply(201, done(op.id(), "return", op.id(), 500));
        assert_eq!(hub.finish(&op), settled(op.id(), yen(500)));
    }
}

#[test]
fn a_key_that_is_not_bound_stops_only_what_needs_it() {
    let without = |key: &str, lock: &str| {
        let hub = harness(lock);
        NativeHost::with(|host| host.keys.remove(key));
        hub
    };
    let fails: [(&str, &str, Ask); 5] = [
        ("service", "two_party", |hub| hub.hold(yen(1))),
        ("arbiter", "three_party", |hub| hub.capture(LOCK, yen(1))),
        ("arbiter", "three_party", |hub| hub.release(LOCK, yen(1))),
        ("preimage", "hash_time", |hub| hub.hold(yen(1))),
        ("preimage", "hash_time", |hub| hub.capture(LOCK, yen(1))),
    ];
    for (key, lock, ask) in fails {
        let mut hub = without(key, lock);
        let op = ask(&mut hub);
        assert_eq!(hub.finish(&op), declined("crypto.key_not_bound"), "{key} for {lock}");
    }
    let mut hub = without("arbiter", "two_party");
    let op = hub.release(LOCK, yen(5));
    let body = json!({"request": op.id(), "amount": 5, "currency": "JPY"});
    hub.expect(post("/v1/locks/op_7/returns").json(body)).reply(201, done(op.id(), "return", op.id(), 5));
    assert_eq!(hub.finish(&op), settled(op.id(), yen(5)));
}

fn party(kind: &str, token: &str) -> Party {
    Party { kind: kind.to_owned(), token: token.to_owned(), attributes: Vec::new() }
}

fn hold_between(hub: &mut Harness<Cbdc>, payer: Party, payee: Party) -> Op {
    hub.command(Command::Hold(Hold { payer, payee, amount: yen(5), expires: hub.now() + 1_000 }))
}

#[test]
fn aliases_are_looked_up_before_money_is_locked() {
    let parties = || (party("wallet", "alias:hanako@higashi"), party("alias", "shop"));
    let found = |alias: &str, account: &str| json!({"alias": alias, "account": account, "name": "H*"});
    let resolve = |alias: &str| post("/v1/aliases/resolve").json(json!({"alias": alias}));

    let mut hub = harness("three_party");
    let (payer, payee) = parties();
    let op = hold_between(&mut hub, payer, payee);
    hub.expect(resolve("hanako@higashi")).reply(200, found("hanako@higashi", "ca_1"));
    hub.expect(resolve("shop")).reply(200, found("shop", "ca_2"));
    let body = json!({
        "request": op.id(), "payer": "ca_1", "payee": "ca_2", "amount": 5, "currency": "JPY",
        "until": hub.now() + 1_000, "kind": "three_party", "arbiter": "tebura-test",
    });
    hub.expect(post("/v1/locks").json(body)).reply(201, done(op.id(), "lock", op.id(), 5));
    assert_eq!(hub.finish(&op), settled(op.id(), yen(5)));

    // Only looking: whatever goes wrong, no money was locked.
    let table: [(Answer, &str); 7] = [
        (|far| far.reply(404, json!({"code": "alias.not_found"})), "payer.not_found"),
        (|far| far.status(404), "intermediary.unreachable"),
        (|far| far.status(503), "intermediary.unreachable"),
        (|far| far.lost(), "intermediary.unreachable"),
        (|far| far.garbled(200), "intermediary.unreachable"),
        (|far| far.reply(200, json!({"alias": "someone", "account": "ca_9"})), "intermediary.unreachable"),
        (|far| far.reply(200, json!({"alias": "hanako@higashi", "account": "a/b"})), "intermediary.unreachable"),
    ];
    for (answer, code) in table {
        let mut hub = harness("three_party");
        let (payer, payee) = parties();
        let op = hold_between(&mut hub, payer, payee);
        answer(hub.expect(resolve("hanako@higashi")));
        assert_eq!(hub.finish(&op), declined(code));
    }
}

#[test]
fn what_cannot_be_meant_is_declined_before_anything_is_sent() {
    for reference in ["", "op_7/x", "..", "op 7", "op_7?x=1", &"x".repeat(256)] {
        let asks: [fn(&mut Harness<Cbdc>, &str) -> Op; 4] = [
            |hub, reference| hub.capture(reference, yen(1)),
            |hub, reference| hub.release(reference, yen(1)),
            |hub, reference| hub.refund(reference, yen(1)),
            |hub, reference| hub.extend(reference, yen(1)),
        ];
        for ask in asks {
            let mut hub = harness("three_party");
            let op = ask(&mut hub, reference);
            assert_eq!(hub.finish(&op), declined("reference.malformed"), "{reference:?}");
        }
    }
    for (amount, code) in [(Money::new(5, "USD"), "currency.unsupported"), (yen(0), "amount.zero")] {
        let mut hub = harness("three_party");
        let op = hub.hold(amount);
        assert_eq!(hub.finish(&op), declined(code));
    }
    for (setting, value, code) in [
        ("lock", Some("four_party"), "setting.malformed"),
        ("service", Some("a b\""), "setting.malformed"),
        ("service", None, "setting.missing"),
    ] {
        let mut hub = harness("three_party");
        NativeHost::with(|host| match value {
            Some(value) => drop(host.config.insert(setting.to_owned(), value.to_owned())),
            None => drop(host.config.remove(setting)),
        });
        let op = hub.hold(yen(5));
        assert_eq!(hub.finish(&op), declined(code), "{setting} = {value:?}");
    }
}

/// RFC 9421: what is signed is what is sent.
#[test]
fn every_request_is_signed() {
    use base64::Engine as _;
    use ed25519_dalek::{Signature, Verifier as _};
    bind("two_party");
    let command = Command::Hold(Hold {
        payer: party("wallet", "ca_1"),
        payee: party("merchant", "ca_2"),
        amount: yen(5),
        expires: 9,
    });
    let op = tebura_plugin::Operation { id: "op_1".to_owned(), attempt: 1, now: 5, command, attributes: Vec::new() };
    let step = start(&rail(), &op).unwrap();
    let Wanted::Call(call) = step.next else { panic!("a call, not {:?}", step.next) };
    let header = |name: &str| &call.headers.iter().find(|field| field.name == name).unwrap().value;
    let base64 = base64::engine::general_purpose::STANDARD;
    assert_eq!(*header("content-digest"), format!("sha-256=:{}:", base64.encode(Sha256::digest(&call.body))));
    let parameters = header("signature-input").strip_prefix("sig1=").unwrap();
    assert_eq!(parameters, "(\"@method\" \"@path\" \"content-digest\");keyid=\"tebura-test\";alg=\"ed25519\"");
    let base = format!(
        "\"@method\": POST\n\"@path\": /v1/locks\n\"content-digest\": {}\n\"@signature-params\": {parameters}",
        header("content-digest")
    );
    let signature = header("signature").strip_prefix("sig1=:").unwrap().strip_suffix(':').unwrap();
    let signature = Signature::from_slice(&base64.decode(signature).unwrap()).unwrap();
    bound::key("service").verifying_key().verify(base.as_bytes(), &signature).unwrap();
}

#[test]
fn it_conforms() {
    for lock in ["three_party", "two_party", "hash_time"] {
        bind(lock);
        let mut suite = Conformance::new().manifest(MANIFEST);
        for (kind, amount) in
            [("lock", 1_200), ("extension", 1_200), ("completion", 700), ("return", 500), ("refund", 300)]
        {
            for status in [200, 201, 202, 402, 403, 404, 409, 410, 500] {
                suite = suite
                    .reply(status, done("{operation}", kind, "{operation}", amount))
                    .reply(status, done("{operation}", kind, "reference_1", amount))
                    .reply(status, done("{operation}", kind, "{operation}", amount + 1))
                    .reply(status, refused("{operation}", kind, "funds.insufficient"));
            }
        }
        suite = suite.reply(404, json!({"code": "request.not_found", "request": "{operation}"}));
        suite.run(rail).assert_clean();
    }
}

/// In the hub the host signs: natively the same rail says that it cannot, before anything is sent.
#[test]
fn without_the_hubs_keys_nothing_is_sent() {
    bind("three_party");
    let command = Command::Hold(Hold {
        payer: party("wallet", "ca_1"),
        payee: party("merchant", "ca_2"),
        amount: yen(5),
        expires: 9,
    });
    let op = tebura_plugin::Operation { id: "op_1".to_owned(), attempt: 1, now: 5, command, attributes: Vec::new() };
    let step = start(&Cbdc::default(), &op).unwrap();
    let refusal = Fault::new("crypto.use_not_listed", "");
    let Wanted::Done(Outcome::Declined(fault)) = step.next else { panic!("{:?}", step.next) };
    assert_eq!(fault.code, refusal.code);
    assert!(sign("service", b"").is_ok());
}
