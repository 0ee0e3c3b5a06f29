//! What holds for every write: the key's rules, the draft's statuses, bodies that are refused.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::world::{World, form_request, send};

#[tokio::test]
async fn pay_7_a_write_without_a_key_is_400() {
    let world = World::open().await;
    let body = json!({"name": "someone"});
    let reply = world.call("POST", "/v1/people", Some(&world.operator), None, Some(body)).await;
    assert_eq!(reply.problem(), "400 idempotency.key_missing");
    assert_eq!(reply.json()["retry"], "never");
    let reply = world.call("POST", "/v1/people", Some(&world.operator), Some("a b"), Some(json!({"name": "x"}))).await;
    assert_eq!(reply.problem(), "400 idempotency.key_malformed");
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_says_so() {
    let world = World::open().await;
    let body = json!({"payer": world.hanako.0, "amount": {"minor": 1_000, "currency": "JPY"}});
    let call = |body| world.call("POST", "/v1/holds", Some(&world.shop), Some("same"), Some(body));
    let first = call(body).await;
    let again = call(json!({"amount": {"currency": "JPY", "minor": 1_000}, "payer": world.hanako.0})).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert!(!first.is_hit() && again.is_hit());
    assert_eq!(first.json()["operation"]["id"], again.json()["operation"]["id"]);
    assert_eq!(world.available(&world.hanako.1).await, 9_000, "held once");
}

#[tokio::test]
async fn the_same_key_with_another_body_or_path_is_422() {
    let world = World::open().await;
    let hold = |minor: i64| json!({"payer": world.hanako.0, "amount": {"minor": minor, "currency": "JPY"}});
    let first = world.call("POST", "/v1/holds", Some(&world.shop), Some("k"), Some(hold(100))).await;
    let other = world.call("POST", "/v1/holds", Some(&world.shop), Some("k"), Some(hold(200))).await;
    assert_eq!(other.problem(), "422 idempotency.key_reused");
    let hold_id = first.json()["hold"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/holds/{hold_id}/release");
    let other = world.call("POST", &path, Some(&world.shop), Some("k"), Some(json!({}))).await;
    assert_eq!(other.problem(), "422 idempotency.key_reused");
}

#[tokio::test]
async fn keys_of_two_callers_never_meet() {
    let world = World::open().await;
    let person = json!({"name": "someone"});
    let made = world.call("POST", "/v1/people", Some(&world.operator), Some("k"), Some(person)).await;
    assert_eq!(made.status, 201);
    let hold = json!({"payer": world.hanako.0, "amount": {"minor": 100, "currency": "JPY"}});
    let held = world.call("POST", "/v1/holds", Some(&world.shop), Some("k"), Some(hold)).await;
    assert_eq!(held.status, 201, "{}", held.text);
}

#[tokio::test]
async fn a_key_that_still_runs_is_409_and_then_the_answer() {
    let world = World::open().await;
    let payment = json!({"amount": {"minor": 500, "currency": "JPY"}}).to_string();
    let parts = [("payment", payment.as_str()), ("image", "slow")];
    let request = form_request("/v1/payments/face", &world.till, "slow-1", &parts);
    let mut first = Box::pin(send(world.router.clone(), request));
    // The first request runs until it waits for the face engine; then the repeat comes.
    tokio::select! {
        biased;
        _ = &mut first => panic!("the engine has not answered yet"),
        () = engine_is_asked(&world) => {}
    }
    let repeat = world.form_again("/v1/payments/face", &world.till, "slow-1", &parts).await;
    assert_eq!(repeat.problem(), "409 idempotency.running");
    assert_eq!(repeat.json()["retry"], "same_key");
    world.gate.add_permits(1);
    assert_eq!(first.await.status, 201);
    let repeat = world.form_again("/v1/payments/face", &world.till, "slow-1", &parts).await;
    assert_eq!((repeat.status, repeat.is_hit()), (201, true));
    assert_eq!(world.available(&world.hanako.1).await, 9_500, "paid once");
}

/// The gate has somebody waiting once a permit that is added is taken: add none, look at the running command instead.
async fn engine_is_asked(world: &World) {
    while world.app.commands_running() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_of_the_right_shape_is_refused_by_its_fault() {
    let world = World::open().await;
    let raw = async |kind: &str, body: &str| {
        let request = Request::post("/v1/people")
            .header("authorization", format!("Bearer {}", world.operator))
            .header("idempotency-key", world.fresh())
            .header("content-type", kind)
            .body(Body::from(body.to_owned()));
        world.send(request.unwrap()).await.problem()
    };
    assert_eq!(raw("application/json", "{\"name\":").await, "400 body.malformed");
    assert_eq!(raw("text/plain", "{\"name\":\"x\"}").await, "415 body.not_json_type");
    assert_eq!(raw("application/json", "{\"nom\":\"x\"}").await, "422 body.invalid");
    assert_eq!(raw("application/json", "[]").await, "422 body.invalid");
    assert_eq!(raw("application/json", "{\"name\":\"\"}").await, "422 name.invalid");
    assert_eq!(raw("application/json", "{\"name\":\"x\",\"pin\":\"12\"}").await, "422 pin.malformed");
}

#[tokio::test]
async fn a_problem_speaks_the_callers_language_and_keeps_its_code() {
    let world = World::open().await;
    let request = Request::get("/v1/nothing").header("accept-language", "ja, en;q=0.5").body(Body::empty());
    let reply = world.send(request.unwrap()).await;
    assert_eq!(reply.problem(), "404 route.not_found");
    assert_eq!(reply.json()["title"], "ここには何もありません");
    let reply = world.call("PATCH", "/v1/people", None, None, None).await;
    assert_eq!(reply.problem(), "405 route.method_not_allowed");
    assert!(reply.headers.contains_key("allow"), "{:?}", reply.headers);
}

#[tokio::test]
async fn a_problem_speaks_the_callers_language_and_keeps_its_numbers() {
    let world = World::open().await;
    let hold = world.hold(1_000).await;
    let path = format!("/v1/holds/{}/capture", hold["hold"]["id"].as_str().unwrap());
    let call = async |language: &str, body: &str| {
        let request = Request::post(&path)
            .header("authorization", format!("Bearer {}", world.shop))
            .header("idempotency-key", world.fresh())
            .header("content-type", "application/json")
            .header("accept-language", language);
        let reply = world.send(request.body(Body::from(body.to_owned())).unwrap()).await;
        (reply.headers["content-language"].to_str().unwrap().to_owned(), reply.json())
    };
    let too_much = r#"{"amount":{"minor":1200,"currency":"JPY"}}"#;
    let (language, problem) = call("ja", too_much).await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!((language.as_str(), &problem["code"]), ("ja", &json!("hold.capture_exceeds_free")));
    assert!(detail.contains("1200 JPY") && detail.contains("1000 JPY") && detail.contains("ください"), "{detail}");
    let (language, problem) = call("en", too_much).await;
    assert!(language == "en" && problem["detail"].as_str().unwrap().contains("is more than the 1000 JPY"), "{problem}");
    // What has no Japanese words stays as it is: the reader's own reason is in it.
    let (_, problem) = call("ja", r#"{"amount":5}"#).await;
    assert!(problem["detail"].as_str().unwrap().starts_with("The body does not have the shape"), "{problem}");
}

#[tokio::test]
async fn pay_4_a_card_number_is_refused_wherever_it_is_and_not_repeated() {
    const NUMBER: &str = "4242424242424242";
    let world = World::open().await;
    let operator = Some(world.operator.as_str());
    let mut replies = Vec::new();
    let bodies = [
        json!({"name": NUMBER}),
        json!({"name": "4242 4242 4242 4242"}),
        json!({"name": "山田", "note": {"deep": [{"inside": format!("card {NUMBER}.")}]}}),
        json!({"name": "山田", "number": 4_242_424_242_424_242_u64}),
        json!({ NUMBER: 1 }),
    ];
    for (number, body) in bodies.into_iter().enumerate() {
        replies.push(world.call("POST", "/v1/people", operator, Some(&format!("card-{number}")), Some(body)).await);
    }
    let person = || Some(json!({"name": "山田"}));
    replies.push(world.call("POST", "/v1/people", operator, Some(NUMBER), person()).await);
    for path in [
        format!("/v1/people/{NUMBER}"),
        format!("/v1/holds?after={NUMBER}"),
        "/v1/holds?after=4242%204242%204242%204242".to_owned(),
        format!("/nowhere/{NUMBER}"),
    ] {
        replies.push(world.call("GET", &path, operator, None, None).await);
    }
    let escaped = Request::post("/v1/people")
        .header("authorization", format!("Bearer {}", world.operator))
        .header("idempotency-key", "escaped")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"name": "\u0034242424242424242"}"#))
        .unwrap();
    replies.push(world.send(escaped).await);
    for reply in &replies {
        assert_eq!(reply.problem(), "422 request.card_number");
        assert!(!reply.text.contains("4242"), "{}", reply.text);
    }
    let payment =
        world.call("POST", "/v1/people", operator, Some("times"), Some(json!({"name": "1763821910000"}))).await;
    assert_eq!(payment.status, 201, "a time in milliseconds is none: {}", payment.text);
}
