//! What each call answers, and to whom.

use serde_json::{Value, json};
use tebura_providers::wallet::{Database, request_signature};

use crate::client::{ADMIN, Far, HOUR, HUB, NOW, hold_body};

#[tokio::test]
async fn money_is_set_aside_paid_given_back_and_refunded() {
    let far = Far::start().await;
    let hub = far.client();

    let hold = hub.hold("op_1", 3_000).await.unwrap();
    assert_eq!(hold.status, 201);
    let record = json!({
        "operation": "op_1", "kind": "preauthorization", "status": "settled",
        "reference": "pa_1", "amount": 3000, "currency": "JPY",
    });
    assert_eq!(hold.json(), record);
    assert_eq!(far.money().await, (10_000, 3_000, 0));

    let part = hub.capture("pa_1", "op_2", 1_000, false).await.unwrap();
    assert_eq!((part.status, part.reference().as_str()), (201, "cp_1"));
    assert_eq!(far.money().await, (9_000, 2_000, 1_000));

    let last = hub.capture("pa_1", "op_3", 500, true).await.unwrap();
    assert_eq!((last.status, last.json()["amount"].as_i64()), (201, Some(500)));
    assert_eq!(far.money().await, (8_500, 0, 1_500));

    let back = hub.refund("cp_1", "op_4", 400).await.unwrap();
    assert_eq!((back.status, back.reference().as_str()), (201, "rf_1"));
    assert_eq!(far.money().await, (8_900, 0, 1_100));

    hub.hold("op_5", 2_000).await.unwrap();
    let part = hub.revert("pa_2", "op_6", 500).await.unwrap();
    assert_eq!((part.status, part.reference().as_str()), (201, "rv_1"));
    assert_eq!(far.money().await, (8_900, 1_500, 1_100));
    let rest = hub.revert("pa_2", "op_7", 1_500).await.unwrap();
    assert_eq!((rest.status, rest.json()["amount"].as_i64()), (201, Some(1_500)));
    assert_eq!(far.money().await, (8_900, 0, 1_100));
    far.audit().await;
}

#[tokio::test]
async fn more_is_set_aside_and_for_longer() {
    let far = Far::start().await;
    let hub = far.client();
    hub.hold("op_1", 3_000).await.unwrap();
    let raised = hub.raise("pa_1", "op_2", 2_000).await.unwrap();
    assert_eq!((raised.status, raised.reference().as_str()), (201, "pa_1"));
    assert_eq!(raised.json()["kind"], "raise");
    assert_eq!(far.money().await, (10_000, 5_000, 0));
    let until = NOW + 20 * 24 * HOUR;
    let body = json!({"operation": "op_3", "amount": 5_000, "currency": "JPY", "expires_at": until});
    let extended = hub.write("/v1/preauthorizations/pa_1/extend", "op_3", &body).await.unwrap();
    assert_eq!((extended.status, extended.json()["amount"].as_i64()), (201, Some(5_000)));
    far.clock.advance_ms(19 * 24 * HOUR);
    let last = hub.capture("pa_1", "op_4", 4_500, true).await.unwrap();
    assert_eq!(last.status, 201, "{:?}", last.json());
    assert_eq!(far.money().await, (5_500, 0, 4_500));
    far.audit().await;
}

#[tokio::test]
async fn each_operation_can_be_asked_about() {
    let far = Far::start().await;
    let hub = far.client();
    let hold = hub.hold("op_1", 3_000).await.unwrap();
    let declined = hub.hold("op_2", 8_000).await.unwrap();
    assert_eq!(hub.ask("op_1").await.unwrap().json(), hold.json());
    assert_eq!(hub.ask("op_2").await.unwrap().json(), declined.json());
    let none = hub.ask("op_3").await.unwrap();
    assert_eq!((none.status, none.json()["code"].as_str()), (404, Some("operation.not_found")));
    assert_eq!(none.json()["operation"], "op_3");
}

#[tokio::test]
async fn a_refusal_is_recorded_and_moves_nothing() {
    let far = Far::start().await;
    let hub = far.client();
    hub.hold("open", 3_000).await.unwrap();
    hub.capture("pa_1", "paid", 1_000, false).await.unwrap();
    hub.hold("reverted", 100).await.unwrap();
    hub.revert("pa_2", "revert", 100).await.unwrap();
    let before = far.money().await;

    let hold = |change: &[(&str, Value)]| {
        let mut body = hold_body("op", 100);
        change.iter().for_each(|(field, value)| body[*field] = value.clone());
        ("/v1/preauthorizations".to_owned(), body)
    };
    let money = |amount: i64| json!({"operation": "op", "amount": amount, "currency": "JPY", "final": false});
    let capture = |hold: &str, amount: i64| (format!("/v1/preauthorizations/{hold}/captures"), money(amount));
    let revert = |hold: &str, amount: i64| {
        let body = json!({"operation": "op", "amount": amount, "currency": "JPY"});
        (format!("/v1/preauthorizations/{hold}/revert"), body)
    };
    let raise = |hold: &str, amount: i64| {
        let body = json!({"operation": "op", "amount": amount, "currency": "JPY"});
        (format!("/v1/preauthorizations/{hold}/raise"), body)
    };
    let extend = |hold: &str, amount: i64, days: i64| {
        let expires_at = NOW + days * 24 * HOUR;
        let body = json!({"operation": "op", "amount": amount, "currency": "JPY", "expires_at": expires_at});
        (format!("/v1/preauthorizations/{hold}/extend"), body)
    };
    let refund = |capture: &str, amount: i64| {
        (format!("/v1/captures/{capture}/refunds"), json!({"operation": "op", "amount": amount, "currency": "JPY"}))
    };
    let table = [
        (hold(&[("wallet", json!("nobody"))]), 404, "wallet.not_found"),
        (hold(&[("wallet", json!("m1"))]), 404, "wallet.not_found"),
        (hold(&[("wallet", json!("issuer"))]), 404, "wallet.not_found"),
        (hold(&[("merchant", json!("nobody"))]), 404, "merchant.not_found"),
        (hold(&[("expires_at", json!(NOW))]), 410, "preauthorization.expired"),
        (hold(&[("expires_at", json!(NOW + 31 * 24 * HOUR))]), 409, "preauthorization.too_long"),
        (hold(&[("amount", json!(7_001))]), 402, "funds.insufficient"),
        (capture("pa_9", 100), 404, "preauthorization.not_found"),
        (capture("cp_1", 100), 404, "preauthorization.not_found"),
        (capture("pa_1", 2_001), 409, "preauthorization.exceeded"),
        (capture("pa_2", 1), 409, "preauthorization.closed"),
        (raise("pa_9", 1), 404, "preauthorization.not_found"),
        (raise("pa_1", 7_001), 402, "funds.insufficient"),
        (raise("pa_2", 1), 409, "preauthorization.closed"),
        (extend("pa_1", 2_000, 31), 409, "preauthorization.too_long"),
        (extend("pa_1", 1_999, 20), 409, "preauthorization.exceeded"),
        (extend("pa_2", 1, 20), 409, "preauthorization.closed"),
        (revert("pa_9", 1), 404, "preauthorization.not_found"),
        (revert("pa_1", 2_001), 409, "preauthorization.exceeded"),
        (revert("pa_2", 1), 409, "preauthorization.closed"),
        (refund("cp_9", 1), 404, "capture.not_found"),
        (refund("cp_1", 1_001), 409, "capture.exceeded"),
    ];
    for (at, ((path, mut body), status, code)) in table.into_iter().enumerate() {
        let operation = format!("op_{at}");
        body["operation"] = json!(operation);
        let sent = body.clone();
        let reply = hub.write(&path, &operation, &sent).await.unwrap();
        assert_eq!((reply.status, reply.json()["code"].as_str()), (status, Some(code)), "{path} {sent}");
        assert_eq!(reply.json()["status"], "declined");
        assert_eq!(hub.ask(&operation).await.unwrap().json(), reply.json());
        assert_eq!(hub.write(&path, &operation, &sent).await.unwrap(), reply, "the repeat of {path}");
    }
    assert_eq!(far.money().await, before);
    far.audit().await;
}

#[tokio::test]
async fn a_malformed_request_leaves_no_record() {
    let far = Far::start().await;
    let hub = far.client();
    let with = |field: &str, value: Value| {
        let mut body = hold_body("op_1", 100);
        body[field] = value;
        body.to_string()
    };
    let bodies = [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        with("amount", json!(0)),
        with("amount", json!(-5)),
        with("amount", json!(1.5)),
        with("amount", json!("100")),
        with("amount", json!(10_000_001)),
        with("amount", json!(1e30)),
        with("currency", json!("USD")),
        with("operation", json!("")),
        with("operation", json!("a/b")),
        with("operation", json!("x".repeat(65))),
        with("wallet", json!(1)),
        with("unasked", json!(1)),
    ];
    for body in bodies {
        let headers = [HUB, ("idempotency-key", "op_1")];
        let reply = hub.send("POST", "/v1/preauthorizations", &headers, body.as_bytes()).await.unwrap();
        assert_eq!((reply.status, reply.json()["code"].as_str()), (400, Some("request.invalid")), "{body}");
    }
    let body = hold_body("op_1", 100).to_string();
    for headers in [vec![HUB], vec![HUB, ("idempotency-key", "")], vec![HUB, ("idempotency-key", &"k".repeat(256))]] {
        let reply = hub.send("POST", "/v1/preauthorizations", &headers, body.as_bytes()).await.unwrap();
        assert_eq!((reply.status, reply.json()["code"].as_str()), (400, Some("key.missing")));
    }
    let large = hub.send("POST", "/v1/preauthorizations", &[HUB], &vec![b' '; 20_000]).await.unwrap();
    assert_eq!(large.status, 413);
    assert_eq!(hub.ask("op_1").await.unwrap().status, 404);
    assert_eq!(hub.hold("op_1", 100).await.unwrap().status, 201, "the key is still free");
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_no_other() {
    let far = Far::start().await;
    let hub = far.client();
    let first = hub.hold("op_1", 3_000).await.unwrap();
    far.clock.advance_ms(2 * HOUR);
    assert_eq!(hub.hold("op_1", 3_000).await.unwrap(), first, "even after it expired");

    let other = hub.hold("op_1", 3_001).await.unwrap();
    assert_eq!((other.status, other.json()["code"].as_str()), (422, Some("key.reused")));
    let elsewhere = hub.revert("pa_1", "op_1", 1).await.unwrap();
    assert_eq!((elsewhere.status, elsewhere.json()["code"].as_str()), (422, Some("key.reused")));
    let rekeyed = hub.keyed("/v1/preauthorizations", "another", &hold_body("op_1", 3_000)).await.unwrap();
    assert_eq!((rekeyed.status, rekeyed.json()["code"].as_str()), (409, Some("operation.exists")));
    assert_eq!(far.audit().await.held, 0);
}

#[tokio::test]
async fn holds_expire() {
    let far = Far::start().await;
    let hub = far.client();
    hub.hold("op_1", 3_000).await.unwrap();
    hub.capture("pa_1", "op_2", 1_000, false).await.unwrap();
    far.clock.advance_ms(HOUR - 1);
    assert_eq!(far.money().await, (9_000, 2_000, 1_000));
    far.clock.advance_ms(1);
    assert_eq!(far.money().await, (9_000, 0, 1_000));

    let late = hub.capture("pa_1", "op_3", 1, true).await.unwrap();
    assert_eq!((late.status, late.json()["code"].as_str()), (410, Some("preauthorization.expired")));
    let revert = hub.revert("pa_1", "op_4", 2_000).await.unwrap();
    assert_eq!((revert.status, revert.json()["code"].as_str()), (410, Some("preauthorization.expired")));
    assert_eq!(far.money().await, (9_000, 0, 1_000));
    far.audit().await;
}

#[tokio::test]
async fn only_who_shows_the_credential_is_served() {
    let far = Far::start().await;
    let hub = far.client();
    let none: [&[(&str, &str)]; 4] =
        [&[], &[("authorization", "Bearer another")], &[("authorization", "the hub's credential")], &[ADMIN]];
    for headers in none {
        for (method, path) in
            [("GET", "/v1/wallets/w1"), ("GET", "/v1/operations/op_1"), ("POST", "/v1/preauthorizations")]
        {
            assert_eq!(hub.send(method, path, headers, b"").await.unwrap().status, 401, "{method} {path}");
        }
    }
    assert_eq!(hub.send("GET", "/sandbox/audit", &[HUB], b"").await.unwrap().status, 401);
    let balance = hub.send("GET", "/v1/wallets/w1", &[HUB], b"").await.unwrap();
    let expected = json!({"token": "w1", "balance": 10_000, "held": 0, "available": 10_000, "currency": "JPY"});
    assert_eq!(balance.json(), expected);
    assert_eq!(hub.send("GET", "/v1/wallets/nobody", &[HUB], b"").await.unwrap().status, 404);
}

#[tokio::test]
async fn where_requests_are_signed_only_what_was_signed_is_taken_and_only_for_minutes() {
    let far = Far::signing(b"a secret of two").await;
    let hub = far.client();
    let (path, body) = ("/v1/preauthorizations", hold_body("op_1", 3_000).to_string());
    let send = async |signature: Option<(&str, String)>, body: &str| {
        let mut headers = vec![HUB, ("idempotency-key", "op_1")];
        headers.extend(signature.as_ref().map(|(name, value)| (*name, value.as_str())));
        hub.send("POST", path, &headers, body.as_bytes()).await.unwrap().status
    };
    let sign = |secret: &[u8], at, path: &str| request_signature(secret, at, "POST", path, body.as_bytes());
    let right = sign(b"a secret of two", NOW, path);
    let minutes = |minutes: i64| sign(b"a secret of two", NOW + minutes * 60_000, path);
    for wrong in
        [None, sign(b"another", NOW, path), sign(b"a secret of two", NOW, "/v1/other"), minutes(-6), minutes(6)]
    {
        assert_eq!(send(wrong.clone(), &body).await, 401, "{wrong:?}");
    }
    assert_eq!(send(right.clone(), &body.replace("3000", "4000")).await, 401, "another body");
    assert_eq!(send(right, &body).await, 201);
    let read = request_signature(b"a secret of two", NOW, "GET", "/v1/operations/op_1", b"").unwrap();
    let asked = hub.send("GET", "/v1/operations/op_1", &[HUB, (read.0, &read.1)], b"").await.unwrap();
    assert_eq!((asked.status, asked.json()["amount"].as_i64()), (200, Some(3_000)));
    assert_eq!(hub.ask("op_1").await.unwrap().json()["code"], "signature.wrong");
}

#[tokio::test]
async fn whoever_runs_the_sandbox_opens_wallets_and_sets_switches_over_http() {
    let far = Far::start().await;
    let hub = far.client();
    let post =
        async |path: &str, body: Value| hub.send("POST", path, &[ADMIN], body.to_string().as_bytes()).await.unwrap();
    assert_eq!(post("/sandbox/wallets", json!({"token": "w2"})).await.json()["balance"], 0);
    assert_eq!(post("/sandbox/merchants", json!({"token": "m2"})).await.status, 200);
    assert_eq!(post("/sandbox/wallets/w2/top-ups", json!({"amount": 500})).await.json()["available"], 500);
    assert_eq!(post("/sandbox/wallets/w2/top-ups", json!({"amount": -500})).await.status, 404);
    assert_eq!(post("/sandbox/wallets/m2/top-ups", json!({"amount": 500})).await.status, 404);
    assert_eq!(post("/sandbox/switches", json!({"on": "everything", "do": "explode"})).await.status, 404);

    let rule = json!({"on": "capture", "times": 2, "do": "delay", "ms": 5});
    assert_eq!(post("/sandbox/switches", rule.clone()).await.json(), json!([rule]));
    assert_eq!(hub.send("DELETE", "/sandbox/switches", &[ADMIN], b"").await.unwrap().json(), json!([]));
    let audit = hub.send("GET", "/sandbox/audit", &[ADMIN], b"").await.unwrap().json();
    let expected = json!({"issued": 10_500, "in_wallets": 10_500, "at_merchants": 0, "held": 0, "faults": []});
    assert_eq!(audit, expected);
    assert_eq!(hub.send("GET", "/sandbox/accounts/w2", &[ADMIN], b"").await.unwrap().json()["balance"], 500);
}

#[tokio::test]
async fn a_stopped_provider_refuses_connections_and_comes_back_with_its_money() {
    let folder = tempfile::tempdir().unwrap();
    let file = Database::File(folder.path().join("wallet.sqlite"));
    let far = Far::open(file.clone(), 0).await;
    far.running.sandbox.open_wallet("w1").await.unwrap();
    far.running.sandbox.open_merchant("m1").await.unwrap();
    far.running.sandbox.top_up("w1", 10_000).await.unwrap();
    let hub = far.client();
    let hold = hub.hold("op_1", 3_000).await.unwrap();
    far.running.shutdown().await;

    assert_eq!(hub.hold("op_2", 1).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);

    let far = Far::open(file, hub.0.port()).await;
    assert_eq!(hub.hold("op_1", 3_000).await.unwrap(), hold);
    assert_eq!(far.money().await, (10_000, 3_000, 0));
    far.audit().await;
}
