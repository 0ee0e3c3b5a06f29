//! The CBDC network over real connections: who may call, what is answered, what each role knows, misbehaviour.
//!
//! The rules of money are tried without HTTP in `src/cbdc/tests.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

mod client;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_providers::Misbehaviour;
use tebura_providers::Target;
use tebura_providers::cbdc::{LedgerLine, Member};

use client::{ADMIN, Caller, Far, NOW, WEST};

#[tokio::test]
async fn a_payment_goes_from_one_intermediarys_customer_to_the_others() {
    let far = Far::start().await;
    let east = far.east();
    let (status, alias) = east.post("/v1/aliases/resolve", &json!({ "alias": "+81 76 000 0000" })).await.unwrap();
    let told = json!({ "alias": "+81 76 000 0000", "account": far.payee, "name": "K* B*" });
    assert_eq!((status, alias), (200, told), "West's customer, found through East");
    let (status, locked) = east.post("/v1/locks", &far.lock_body("q1", 25_000)).await.unwrap();
    let record = json!({
        "request": "q1", "kind": "lock", "status": "settled", "reference": "q1", "amount": 25_000, "currency": "JPY",
    });
    assert_eq!((status, &locked), (201, &record));
    assert_eq!(east.post("/v1/locks", &far.lock_body("q1", 25_000)).await.unwrap(), (201, locked), "the same again");
    let (status, reused) = east.post("/v1/locks", &far.lock_body("q1", 24_000)).await.unwrap();
    assert_eq!((status, &reused["code"]), (422, &json!("request.reused")));

    let (_, balance) = east.get(&format!("/v1/accounts/{}", far.payer)).await.unwrap();
    let holding = json!({
        "account": far.payer, "available": 0, "locked": 25_000, "holding_limit": 100_000, "room": 75_000,
        "waterfall": true, "currency": "JPY",
    });
    assert_eq!(balance, holding, "15,000 came from the deposit");
    assert_eq!(far.running.network.deposit(&far.payer), Some(25_000));

    assert_eq!(east.complete("q2", "q1", 20_000).await.unwrap().0, 201);
    assert_eq!(far.running.network.deposit(&far.payee), Some(20_000), "the shop may hold nothing");
    let refund = json!({ "request": "q3", "amount": 500, "currency": "JPY" });
    let (status, refunded) = east.post("/v1/completions/q2/refunds", &refund).await.unwrap();
    assert_eq!((status, &refunded["reference"]), (201, &json!("q3")));
    let (status, asked) = east.get("/v1/requests/q3").await.unwrap();
    assert_eq!((status, asked), (200, refunded));
    let (status, none) = east.get("/v1/requests/q9").await.unwrap();
    assert_eq!((status, &none["code"], &none["request"]), (404, &json!("request.not_found"), &json!("q9")));

    let (_, statement) = east.get(&format!("/v1/statements?from={NOW}&until={}", NOW + 1)).await.unwrap();
    let line = |reference: &str, kind: &str, minor: i64| {
        json!({
            "reference": reference, "hold": "q1", "operation": reference, "kind": kind,
            "amount": { "minor": minor, "currency": "JPY" }, "at": "2026-01-01T00:00:00.000Z",
        })
    };
    let lines = json!([line("q1", "hold", 25_000), line("q2", "capture", 20_000), line("q3", "refund", 500)]);
    assert_eq!(statement["lines"], lines);
    far.clean();
    far.running.shutdown().await;
}

#[tokio::test]
async fn who_shows_no_credential_or_signs_something_else_is_not_heard() {
    let far = Far::start().await;
    let body = far.lock_body("q1", 100);
    let refused = |reply: client::Reply, code: &str| {
        let (status, problem) = reply.unwrap();
        assert_eq!((status, &problem["code"]), (401, &json!(code)));
    };
    let east = far.east();
    refused(Caller { credential: WEST, ..far.east() }.post("/v1/locks", &body).await, "credential.wrong");
    let thief = Caller { key: SigningKey::from_bytes(&[8; 32]), ..far.east() };
    refused(thief.post("/v1/locks", &body).await, "signature.wrong");
    refused(thief.get(&format!("/v1/accounts/{}", far.payer)).await, "signature.wrong");
    let (digest, input, _) = tebura_providers::cbdc::signing::request(client::HUB, "POST", "/v1/locks", b"{}");
    let unsigned = [("authorization", client::EAST.to_owned()), ("content-digest", digest), ("signature-input", input)];
    refused(east.raw("POST", "/v1/locks", &unsigned, b"{}").await, "signature.wrong");

    let (status, problem) = east.send("POST", "/v1/locks", Some("q2"), body.to_string().as_bytes()).await.unwrap();
    assert_eq!((status, &problem["code"]), (400, &json!("key.missing")), "another key than the request");
    for (field, value) in [
        ("amount", json!(0)),
        ("amount", json!(-5)),
        ("amount", json!(1.5)),
        ("currency", json!("USD")),
        ("kind", json!("two_party")),
        ("kind", json!("four_party")),
        ("hash", json!("00")),
        ("memo", json!("for Hanako")),
        ("request", json!("a b")),
    ] {
        let mut body = body.clone();
        body[field] = value.clone();
        let (status, problem) = east.post("/v1/locks", &body).await.unwrap();
        assert_eq!((status, &problem["code"]), (400, &json!("request.invalid")), "{field} = {value}");
    }
    let (status, _) = far.west().get(&format!("/v1/accounts/{}", far.payer)).await.unwrap();
    assert_eq!(status, 404, "West says nothing about East's customers");
    assert_eq!(far.running.network.supply().in_locks, 0);
    far.running.shutdown().await;
}

/// What is looked for is there, in the role that may know it, and in no other.
#[tokio::test]
async fn cbdc_10_the_ledger_knows_nobody() {
    let far = Far::start().await;
    let east = far.east();
    east.post("/v1/aliases/resolve", &json!({ "alias": "hanako@higashi.example" })).await.unwrap();
    east.post("/v1/locks", &far.lock_body("q1", 25_000)).await.unwrap();
    east.complete("q2", "q1", 20_000).await.unwrap();
    east.post("/v1/completions/q2/refunds", &json!({ "request": "q3", "amount": 500, "currency": "JPY" }))
        .await
        .unwrap();

    let network = &far.running.network;
    let ledger = network.ledger_dump();
    let (east_customers, east_desk) = network.intermediary_dump(Member::East);
    let (west_customers, west_desk) = network.intermediary_dump(Member::West);
    let bank = network.bank_dump();
    let knows = |text: &str| {
        let said = |word: &str| text.contains(word);
        (
            [said("山田"), said("花子"), said("hanako"), said("Kaga"), said("+81")],
            [said("dp_1"), said("dp_2")],
            [said(&far.payer), said(&far.payee)],
        )
    };
    let nobody = [false; 5];
    assert_eq!(knows(&ledger), (nobody, [false; 2], [true, true]), "accounts and nothing else");
    assert_eq!(knows(&east_desk), (nobody, [false; 2], [true, true]), "East's ledger part");
    assert_eq!(knows(&west_desk), (nobody, [false; 2], [false, false]), "West was asked by nobody");
    assert_eq!(knows(&east_customers), ([true, true, true, false, false], [true, false], [true, false]));
    assert_eq!(knows(&west_customers), ([false, false, false, true, true], [false, true], [false, true]));
    assert_eq!(
        knows(&bank),
        ([true, true, false, true, false], [true, true], [false, false]),
        "depositors, no accounts"
    );

    // Every word of the ledger is one of these: nothing else has a place where it could be written.
    let stored: Value = serde_json::from_str(&ledger).unwrap();
    let mut texts = Vec::new();
    collect(&stored, &mut texts);
    let known = |text: &str| {
        let plain = text.strip_prefix("lock:").unwrap_or(text);
        let account = plain
            .strip_prefix("ca_")
            .is_some_and(|id| id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_lowercase()));
        let request = ["q1", "q2", "q3", "issue", "issuer"].contains(&plain) || plain.starts_with("draw-");
        let word = ["east", "west", "bank", "open", "ended", "lock", "complete", "refund", "three_party", client::HUB];
        let signature = text.len() == 88 && text.ends_with("==");
        account || request || word.contains(&plain) || signature
    };
    let strange: Vec<&String> = texts.iter().filter(|text| !known(text)).collect();
    assert_eq!(strange, Vec::<&String>::new());
    assert!(texts.len() > 40, "all of it was looked at");
    far.running.shutdown().await;
}

/// Every text in a value; names of fields are code, save where they are ids.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => {
            for (name, field) in fields {
                if name.starts_with("ca_") || name.starts_with('q') {
                    texts.push(name.clone());
                }
                collect(field, texts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test]
async fn cbdc_10_two_accounts_of_one_person_have_nothing_in_common() {
    let far = Far::start().await;
    let new =
        || tebura_providers::cbdc::NewCustomer { name: "山田 花子".to_owned(), limit: 5, ..Default::default() };
    let accounts = [Member::East, Member::East, Member::West].map(|at| far.running.network.open_customer(at, new()));
    for (at, one) in accounts.iter().enumerate() {
        for other in &accounts[at + 1..] {
            let same = one.bytes().zip(other.bytes()).filter(|(a, b)| a == b).count();
            assert!(same < 15, "{one} and {other} share {same} characters of 27");
        }
    }
    far.running.shutdown().await;
}

#[tokio::test]
async fn told_to_misbehave_it_does_and_the_books_stay_right() {
    for misbehaviour in [
        Misbehaviour::LoseRequest,
        Misbehaviour::LoseReply,
        Misbehaviour::FailBefore,
        Misbehaviour::FailAfter,
        Misbehaviour::Garble,
        Misbehaviour::ApplyTwice,
        Misbehaviour::OverstateAmount,
        Misbehaviour::AnswerForAnother,
        Misbehaviour::Delay { ms: 5 },
    ] {
        let far = Far::start().await;
        let east = far.east();
        far.running.east.switches.next(Target::Preauthorization, misbehaviour);
        let reply = east.post("/v1/locks", &far.lock_body("q1", 700)).await;
        let seen = reply.as_ref().map(|(status, body)| (*status, body["request"].clone(), body["amount"].clone()));
        let (done, expected) = match misbehaviour {
            Misbehaviour::LoseRequest => (false, None),
            Misbehaviour::LoseReply => (true, None),
            Misbehaviour::FailBefore => (false, Some((500, Value::Null, Value::Null))),
            Misbehaviour::FailAfter => (true, Some((500, Value::Null, Value::Null))),
            Misbehaviour::Garble => (true, Some((201, Value::Null, Value::Null))),
            Misbehaviour::OverstateAmount => (true, Some((201, json!("q1"), json!(701)))),
            Misbehaviour::AnswerForAnother => (true, Some((201, json!("q1-other"), json!(700)))),
            Misbehaviour::Delay { .. } | Misbehaviour::NeverAnswer | Misbehaviour::ApplyTwice => {
                (true, Some((201, json!("q1"), json!(700))))
            }
        };
        assert_eq!(seen.ok(), expected, "{misbehaviour:?}");
        let locked = far.running.network.supply().in_locks;
        assert_eq!(locked, if done { 700 } else { 0 }, "{misbehaviour:?}");
        assert_eq!(east.get("/v1/requests/q1").await.unwrap().0, if done { 200 } else { 404 }, "{misbehaviour:?}");
        far.clean();
        far.running.shutdown().await;
    }
}

#[tokio::test]
async fn a_role_that_is_away_is_away_over_http_too() {
    let far = Far::start().await;
    let east = far.east();
    far.running.network.set_lines(|lines| lines.west = false);
    assert!(far.west().get("/v1/requests/q1").await.is_err(), "West's door cuts the line");
    let (status, away) = east.post("/v1/aliases/resolve", &json!({ "alias": "+81 76 000 0000" })).await.unwrap();
    assert_eq!((status, &away["code"]), (503, &json!("intermediary.offline")));
    let (status, own) = east.post("/v1/aliases/resolve", &json!({ "alias": "hanako@higashi.example" })).await.unwrap();
    assert_eq!((status, &own["account"]), (200, &json!(far.payer)));
    far.running.network.set_lines(|lines| (lines.west, lines.ledger) = (true, LedgerLine::LoseNextAnswer));
    let (status, pending) = east.post("/v1/locks", &far.lock_body("q1", 700)).await.unwrap();
    assert_eq!((status, &pending["status"]), (202, &json!("pending")));
    let (status, settled) = east.get("/v1/requests/q1").await.unwrap();
    assert_eq!((status, &settled["status"]), (200, &json!("settled")));
    far.clean();
    far.running.shutdown().await;
}

#[tokio::test]
async fn the_sandbox_has_routes_for_whoever_runs_it() {
    let far = Far::start().await;
    let admin = Caller { credential: ADMIN, ..far.west() };
    let (status, opened) =
        admin.post("/sandbox/customers", &json!({ "name": "Taro", "limit": 900, "deposit": 500 })).await.unwrap();
    assert_eq!((status, &opened["room"]), (200, &json!(900)), "{opened}");
    let account = opened["account"].as_str().unwrap();
    let (status, drawn) =
        admin.post(&format!("/sandbox/accounts/{account}/draw"), &json!({ "amount": 300 })).await.unwrap();
    assert_eq!((status, &drawn["available"]), (200, &json!(300)));
    let too_much = admin.post(&format!("/sandbox/accounts/{account}/draw"), &json!({ "amount": 300 })).await.unwrap();
    assert_eq!(too_much.0, 404, "200 are left");
    for door in [far.running.ledger, far.running.bank] {
        let (status, seen) =
            Caller { to: door, ..Caller { credential: ADMIN, ..far.west() } }.get("/v1/audit").await.unwrap();
        assert_eq!((status, &seen["faults"]), (200, &json!([])), "{seen}");
        assert_eq!(Caller { to: door, ..far.east() }.get("/v1/audit").await.unwrap().0, 401);
    }
    assert_eq!(far.west().get("/sandbox/audit").await.unwrap().0, 401);
    far.clean();
    far.running.shutdown().await;
}

#[tokio::test]
async fn a_yen_that_is_missing_closes_every_door() {
    let far = Far::start().await;
    far.running.network.lose_a_yen(&far.payer);
    far.running.network.until_halted().await;
    for caller in [far.east(), far.west()] {
        let (status, problem) = caller.post("/v1/locks", &far.lock_body("q1", 1)).await.unwrap();
        assert_eq!((status, &problem["code"]), (503, &json!("sandbox.halted")));
    }
    assert_eq!(far.running.network.supply().in_locks, 0);
    far.running.shutdown().await;
}
