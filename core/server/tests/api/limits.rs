//! What bounds one caller: sizes, places, times, and what a hub that is full or stopping says.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tebura_server::app::Limits;
use tebura_server::rates::Rate;
use tebura_server::serve::{listen, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::world::{World, form_request, send};

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let world = World::with(Limits { body_bytes: 400, image_bytes: 1_000, ..Limits::default() }).await;
    let long = json!({"name": "x".repeat(500)});
    assert_eq!(world.post("/v1/people", &world.operator, long).await.problem(), "413 body.too_large");
    let payment = json!({"amount": {"minor": 100, "currency": "JPY"}}).to_string();
    let image = "x".repeat(1_001);
    let parts = [("payment", payment.as_str()), ("image", image.as_str())];
    let reply = world.form("/v1/payments/face", &world.till, &parts).await;
    assert_eq!(reply.problem(), "413 image.too_many_bytes");
    let image = "x".repeat(200_000);
    let parts = [("payment", payment.as_str()), ("image", image.as_str())];
    assert_eq!(world.form("/v1/payments/face", &world.till, &parts).await.problem(), "413 body.too_large");
}

#[tokio::test]
async fn a_key_that_calls_too_often_is_429_and_others_go_on() {
    // A bucket of three that takes a second for each new place; the requests below take far less, or meet a place more.
    let rate = Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(3).unwrap() };
    let world = World::with(Limits { rate: Some(rate), ..Limits::default() }).await;
    let mut asked = 0;
    let refused = loop {
        let reply = world.get("/v1/holds", &world.shop).await;
        if reply.status != 200 {
            break reply;
        }
        asked += 1;
        assert!(asked < 1_000, "nothing is limited");
    };
    assert!(asked >= 3, "{asked}");
    assert_eq!(refused.problem(), "429 rate.limited");
    assert_eq!((refused.headers["retry-after"].to_str().unwrap(), &refused.json()["retry"]), ("1", &json!("same_key")));
    assert!((1..=1_000).contains(&refused.json()["retry_after_ms"].as_u64().unwrap()));
    assert_eq!(world.get("/v1/rails", &world.operator).await.status, 200);
    let stranger = world.get("/v1/holds", "tb_1_2").await;
    assert_eq!(stranger.problem(), "401 auth.key_unknown");
}

#[tokio::test]
async fn a_full_hub_says_503_and_when_to_come_back() {
    let world = World::with(Limits { commands: 1, ..Limits::default() }).await;
    let payment = json!({"amount": {"minor": 100, "currency": "JPY"}}).to_string();
    let request = form_request("/v1/payments/face", &world.till, "a", &[("payment", &payment), ("image", "slow")]);
    let mut first = Box::pin(send(world.router.clone(), request));
    tokio::select! {
        biased;
        _ = &mut first => panic!("the engine has not answered yet"),
        () = async { while world.app.commands_running() == 0 { tokio::task::yield_now().await } } => {}
    }
    let second = world.pay("hanako", 100).await;
    assert_eq!(second.problem(), "503 hub.busy");
    assert_eq!(second.headers["retry-after"], "1");
    assert_eq!(second.json()["retry"], "same_key");
    world.gate.add_permits(1);
    assert_eq!(first.await.status, 201);
}

#[tokio::test]
async fn a_caller_that_waited_long_enough_gets_504_and_the_command_goes_on() {
    let world = World::with(Limits { answer: Duration::from_millis(50), ..Limits::default() }).await;
    let payment = json!({"amount": {"minor": 100, "currency": "JPY"}}).to_string();
    let parts = [("payment", payment.as_str()), ("image", "slow")];
    let late = world.form_again("/v1/payments/face", &world.till, "late", &parts).await;
    assert_eq!(late.problem(), "504 hub.answer_late");
    assert_eq!(late.json()["retry"], "same_key");
    world.gate.add_permits(1);
    assert_eq!(world.app.drain(Duration::from_secs(20)).await, 0, "draining waits for the command");
    let again = world.form_again("/v1/payments/face", &world.till, "late", &parts).await;
    assert_eq!((again.status, again.is_hit()), (201, true));
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_cancel_the_command() {
    let world = World::open().await;
    let payment = json!({"amount": {"minor": 100, "currency": "JPY"}}).to_string();
    let request = form_request("/v1/payments/face", &world.till, "gone", &[("payment", &payment), ("image", "slow")]);
    let mut first = Box::pin(send(world.router.clone(), request));
    tokio::select! {
        biased;
        _ = &mut first => panic!("the engine has not answered yet"),
        () = async { while world.app.commands_running() == 0 { tokio::task::yield_now().await } } => {}
    }
    drop(first);
    world.gate.add_permits(1);
    assert_eq!(world.app.drain(Duration::from_secs(20)).await, 0);
    assert_eq!(world.available(&world.payee_account).await, 100);
}

#[tokio::test]
async fn a_hub_that_drains_tells_how_much_still_runs() {
    let world = World::open().await;
    let payment = json!({"amount": {"minor": 100, "currency": "JPY"}}).to_string();
    let request = form_request("/v1/payments/face", &world.till, "slow", &[("payment", &payment), ("image", "slow")]);
    let mut first = Box::pin(send(world.router.clone(), request));
    tokio::select! {
        biased;
        _ = &mut first => panic!("the engine has not answered yet"),
        () = async { while world.app.commands_running() == 0 { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(world.app.drain(Duration::from_millis(10)).await, 1);
    world.gate.add_permits(1);
    assert_eq!(first.await.status, 201);
}

/// The hub on a real socket: its address, how to stop it, and how many commands it left behind.
async fn served(world: &World) -> (std::net::SocketAddr, oneshot::Sender<()>, JoinHandle<usize>) {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(serve(world.app.clone(), listener, async move { drop(stopped.await) }));
    (address, stop, serving)
}

#[tokio::test]
async fn a_head_that_never_ends_and_a_body_that_never_comes_are_cut_off() {
    let (head, body) = (Duration::from_millis(50), Duration::from_millis(50));
    let world = World::with(Limits { head, body, ..Limits::default() }).await;
    let (address, stop, serving) = served(&world).await;
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");

    let mut line = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/people HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ncontent-length: 20\r\n\r\n{{",
        world.operator
    );
    line.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body.too_slow"), "{answer}");
    drop(stop);
    assert_eq!(serving.await.unwrap(), 0);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_431() {
    let world = World::open().await;
    let (address, stop, serving) = served(&world).await;
    let get = async |filling: usize| {
        let mut line = TcpStream::connect(address).await.unwrap();
        let head =
            format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: {}\r\n\r\n", "x".repeat(filling));
        // The hub may close before it has read everything.
        let _ = line.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = line.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    assert!(get(32 * 1024).await.starts_with("HTTP/1.1 200"));
    let refused = get(256 * 1024).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
    drop(stop);
    assert_eq!(serving.await.unwrap(), 0);
}

#[tokio::test]
async fn a_stopping_hub_ends_what_runs_and_takes_nothing_new() {
    let world = World::open().await;
    let (address, stop, serving) = served(&world).await;
    let body = "--e\r\ncontent-disposition: form-data; name=\"payment\"\r\n\r\n{\"amount\":{\"minor\":100,\"currency\":\"JPY\"}}\r\n\
        --e\r\ncontent-disposition: form-data; name=\"image\"\r\n\r\nslow\r\n--e--\r\n";
    let request = format!(
        "POST /v1/payments/face HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\nidempotency-key: k\r\n\
         content-type: multipart/form-data; boundary=e\r\ncontent-length: {}\r\n\r\n{body}",
        world.till,
        body.len()
    );
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(request.as_bytes()).await.unwrap();
    while world.app.commands_running() == 0 {
        tokio::task::yield_now().await;
    }
    drop(stop);
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!serving.is_finished(), "it waits for the payment");
    world.gate.add_permits(1);
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(serving.await.unwrap(), 0);
    assert_eq!(world.available(&world.payee_account).await, 100);
}

#[tokio::test]
async fn probes_answer_and_every_answer_is_guarded() {
    let world = World::open().await;
    for path in ["/healthz", "/readyz"] {
        let reply = world.call("GET", path, None, None, None).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
    let asked = Request::get("/healthz").header("x-request-id", "proxy-1").body(Body::empty()).unwrap();
    assert_eq!(world.send(asked).await.headers["x-request-id"], "proxy-1");
    let odd = Request::get("/healthz").header("x-request-id", "a b\"").body(Body::empty()).unwrap();
    assert_ne!(world.send(odd).await.headers["x-request-id"], "a b\"");
}
