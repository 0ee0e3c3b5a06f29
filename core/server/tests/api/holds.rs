//! `/v1/holds`, `/v1/captures`, `/v1/operations`: place, take, give back, return.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_hold_is_placed_captured_and_refunded() {
    let world = World::open().await;
    let placed = world.hold(3_000).await;
    let hold = placed["hold"]["id"].as_str().unwrap();
    assert_eq!(placed["hold"]["status"], "held");
    assert_eq!(world.available(&world.hanako.1).await, 7_000);

    let path = format!("/v1/holds/{hold}/capture");
    let captured = world.post(&path, &world.shop, json!({"amount": {"minor": 2_000, "currency": "JPY"}})).await.json();
    assert_eq!(captured["hold"]["status"], "captured");
    assert_eq!(captured["hold"]["released"]["minor"], 1_000, "a final capture gives the rest back");
    assert_eq!((world.available(&world.hanako.1).await, world.available(&world.payee_account).await), (8_000, 2_000));

    let capture = captured["operation"]["id"].as_str().unwrap();
    let path = format!("/v1/captures/{capture}/refund");
    let refunded = world.post(&path, &world.shop, json!({"amount": {"minor": 500, "currency": "JPY"}})).await.json();
    assert_eq!(
        (&refunded["operation"]["kind"], &refunded["operation"]["capture"]),
        (&json!("refund"), &json!(capture))
    );
    let more = world.post(&path, &world.shop, json!({"amount": {"minor": 1_501, "currency": "JPY"}})).await;
    assert_eq!(more.problem(), "422 refund.exceeds_capture");
    assert_eq!((world.available(&world.hanako.1).await, world.available(&world.payee_account).await), (8_500, 1_500));

    let read = world.get(&format!("/v1/holds/{hold}"), &world.shop).await.json();
    let kinds: Vec<_> = read["operations"].as_array().unwrap().iter().map(|operation| &operation["kind"]).collect();
    assert_eq!(kinds, ["place", "capture", "refund"]);
    let operation = world.get(&format!("/v1/operations/{capture}"), &world.shop).await.json();
    assert_eq!((&operation["state"], &operation["settled"]["minor"]), (&json!("settled"), &json!(2_000)));
}

#[tokio::test]
async fn a_partial_capture_keeps_the_rest_and_a_release_gives_it_back() {
    let world = World::open().await;
    let hold = world.hold(3_000).await["hold"]["id"].as_str().unwrap().to_owned();
    let part = json!({"amount": {"minor": 1_000, "currency": "JPY"}, "final": false});
    let captured = world.post(&format!("/v1/holds/{hold}/capture"), &world.shop, part).await.json();
    assert_eq!(
        (&captured["hold"]["status"], &captured["hold"]["free"]["minor"]),
        (&json!("partially_captured"), &json!(2_000))
    );
    let released = world.post(&format!("/v1/holds/{hold}/release"), &world.shop, json!({})).await;
    assert_eq!(released.status, 201, "{}", released.text);
    assert_eq!((world.available(&world.hanako.1).await, world.available(&world.payee_account).await), (9_000, 1_000));
    let again = world.post(&format!("/v1/holds/{hold}/capture"), &world.shop, json!({})).await;
    assert_eq!(again.status, 409, "{}", again.text);
}

#[tokio::test]
async fn boj_4_more_than_is_held_is_not_captured() {
    let world = World::open().await;
    let hold = world.hold(1_000).await["hold"]["id"].as_str().unwrap().to_owned();
    let more = json!({"amount": {"minor": 1_001, "currency": "JPY"}});
    let reply = world.post(&format!("/v1/holds/{hold}/capture"), &world.shop, more).await;
    assert_eq!(reply.problem(), "422 hold.capture_exceeds_free");
    assert_eq!(world.available(&world.payee_account).await, 0);
}

#[tokio::test]
async fn of_two_captures_at_once_one_wins() {
    let world = World::open().await;
    let hold = world.hold(1_000).await["hold"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/holds/{hold}/capture");
    let (one, two) = tokio::join!(world.post(&path, &world.shop, json!({})), world.post(&path, &world.shop, json!({})));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201, "{} {}", one.text, two.text);
    assert!((400..500).contains(&statuses[1]), "{} {}", one.text, two.text);
    assert_eq!(world.available(&world.payee_account).await, 1_000);
}

#[tokio::test]
async fn a_stale_version_is_412() {
    let world = World::open().await;
    let hold = world.hold(1_000).await["hold"]["id"].as_str().unwrap().to_owned();
    let read = world.get(&format!("/v1/holds/{hold}"), &world.shop).await;
    let etag = read.headers["etag"].to_str().unwrap().to_owned();
    let capture = async |version: &str| {
        let request = Request::post(format!("/v1/holds/{hold}/capture"))
            .header("authorization", format!("Bearer {}", world.shop))
            .header("idempotency-key", world.fresh())
            .header("if-match", version)
            .body(Body::empty());
        world.send(request.unwrap()).await
    };
    assert_eq!(capture("\"999\"").await.problem(), "412 hold.version_conflict");
    assert_eq!(capture("abc").await.problem(), "400 request.if_match_malformed");
    assert_eq!(capture(&etag).await.status, 201);
}

#[tokio::test]
async fn what_cannot_be_placed_says_why() {
    let world = World::open().await;
    let amount = json!({"minor": 100, "currency": "JPY"});
    let post = async |body| world.post("/v1/holds", &world.shop, body).await.problem();
    let unknown = "inst_00000000000070008000000000000001";
    assert_eq!(post(json!({"payer": unknown, "amount": amount})).await, "422 instrument.not_found");
    assert_eq!(post(json!({"payer": "inst_12", "amount": amount})).await, "422 request.id_malformed");
    assert_eq!(post(json!({"payer": world.payee_account, "amount": amount})).await, "422 request.id_malformed");
    let short = json!({"payer": world.hanako.0, "amount": amount, "expires_in_ms": 5});
    assert_eq!(post(short).await, "422 hold.deadline_out_of_range");
}

#[tokio::test]
async fn a_list_is_read_by_cursor_without_gap_or_repeat() {
    let world = World::open().await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(world.hold(100).await["hold"]["id"].as_str().unwrap().to_owned());
    }
    let (mut read, mut after) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/holds?limit=2{after}"), &world.shop).await.json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        read.extend(items.iter().map(|hold| hold["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    placed.sort();
    read.sort();
    assert_eq!(read, placed);
    for (query, code) in [
        ("limit=0", "422 request.limit_out_of_range"),
        ("limit=501", "422 request.limit_out_of_range"),
        ("limit=x", "422 request.query_invalid"),
        ("after=hold_1", "422 request.id_malformed"),
        ("offset=3", "422 request.query_invalid"),
    ] {
        assert_eq!(world.get(&format!("/v1/holds?{query}"), &world.shop).await.problem(), code, "{query}");
    }
}
