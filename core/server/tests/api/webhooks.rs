//! Webhook endpoints over the API, deliveries over real sockets, and signatures that other people's library accepts.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use tebura_egress::Reach;
use tebura_server::webhooks::{Deliveries, SignedPost, client};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::world::{World, id};

/// Longer than any delivery takes here, so that a test that fails ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// A world whose merchants may name addresses of this machine.
async fn world() -> World {
    let world = World::open().await;
    drop(world.app.clone().with_webhooks(client(vec![Reach::Loopback]).unwrap()));
    world
}

fn deliver(world: &World) -> Deliveries {
    let client = world.app.webhooks().unwrap();
    Deliveries::start(world.hub.clone(), Arc::new(SignedPost::new(Arc::clone(client))))
}

async fn register(world: &World, url: &str) -> Value {
    let reply = world.post("/v1/webhook-endpoints", &world.shop, json!({"url": url})).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()
}

/// One request as it arrived.
struct Arrived {
    headers: HeaderMap,
    body: Bytes,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A merchant's server: answers with a status that can be changed, and shows what arrived.
struct Shop {
    url: String,
    status: Arc<AtomicU16>,
    arrived: UnboundedReceiver<Arrived>,
}

impl Shop {
    async fn open(status: u16) -> Shop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let (sender, arrived) = unbounded_channel();
        let status = Arc::new(AtomicU16::new(status));
        let router = Router::new().route("/events", post(take)).with_state((sender, status.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Shop { url, status, arrived }
    }

    async fn next(&mut self) -> Arrived {
        tokio::time::timeout(PATIENCE, self.arrived.recv()).await.expect("an event arrives").unwrap()
    }
}

async fn take(
    State((sender, status)): State<(UnboundedSender<Arrived>, Arc<AtomicU16>)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let status = StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap();
    // The test may have seen enough.
    let _ = sender.send(Arrived { headers, body });
    status
}

/// What PyPI's `standardwebhooks` says: `Some(true)` verified, `Some(false)` refused, `None` not installed.
fn library_verifies(secret: &str, arrived: &Arrived) -> Option<bool> {
    const SCRIPT: &str = "import json, sys\n\
        try:\n    from standardwebhooks import Webhook, WebhookVerificationError\n\
        except ImportError:\n    print('absent'); sys.exit()\n\
        given = json.load(sys.stdin)\n\
        try:\n    Webhook(given['secret']).verify(given['body'], given['headers']); print('verified')\n\
        except WebhookVerificationError:\n    print('refused')\n";
    let headers: serde_json::Map<String, Value> = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .map(|name| (name.to_owned(), arrived.header(name).into()))
        .into_iter()
        .collect();
    let given = json!({"secret": secret, "body": std::str::from_utf8(&arrived.body).unwrap(), "headers": headers});
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python");
    let mut command = Command::new("python3");
    command.args(["-c", SCRIPT]).env("PYTHONPATH", installed).stdin(Stdio::piped()).stdout(Stdio::piped());
    let answer = command.spawn().and_then(|mut python| {
        python.stdin.take().unwrap().write_all(given.to_string().as_bytes())?;
        python.wait_with_output()
    });
    let answer = answer.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    match answer.as_str() {
        "verified" => Some(true),
        "refused" => Some(false),
        _ => {
            assert!(
                std::env::var_os("TEBURA_REQUIRE_TOOLS").is_none(),
                "the library is needed: python3 -m pip install --target target/python standardwebhooks==1.1.0"
            );
            None
        }
    }
}

#[tokio::test]
async fn a_merchant_gets_signed_events_that_the_published_library_verifies() {
    let world = world().await;
    let mut shop = Shop::open(200).await;
    let endpoint = register(&world, &shop.url).await;
    let secret = endpoint["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let deliveries = deliver(&world);
    let hold = world.hold(1_000).await;
    let hold = hold["hold"]["id"].as_str().unwrap();
    let (first, second) = (shop.next().await, shop.next().await);
    let (placed, held) = (first.json(), second.json());
    assert_eq!((&placed["type"], &held["type"]), (&json!("hold.placed"), &json!("hold.held")));
    assert_eq!(held["data"]["hold"], hold);
    assert_eq!(held["data"]["amount"], json!({"minor": 1_000, "currency": "JPY"}));
    assert_eq!(second.header("webhook-id"), held["data"]["id"].as_str().unwrap());
    let number = |event: &Value, name: &str| event["data"][name].as_u64().unwrap();
    assert!(number(&placed, "sequence") < number(&held, "sequence"));
    assert!(number(&placed, "hold_version") <= number(&held, "hold_version"));
    let listed = world.get("/v1/events", &world.shop).await.json();
    assert!(listed["items"].as_array().unwrap().contains(&held["data"]), "the body is the log's event");

    match library_verifies(secret, &second) {
        None => println!("not compared with the published library: standardwebhooks is not installed"),
        Some(verified) => {
            assert!(verified);
            let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
            assert_eq!(library_verifies(other, &second), Some(false));
            let forged = Arrived { body: Bytes::from_static(b"{}"), ..second };
            assert_eq!(library_verifies(secret, &forged), Some(false));
        }
    }
    deliveries.stop().await;
}

#[tokio::test]
async fn both_secrets_verify_while_they_overlap() {
    let world = world().await;
    let mut shop = Shop::open(200).await;
    let endpoint = register(&world, &shop.url).await;
    let rotated =
        world.post(&format!("/v1/webhook-endpoints/{}/rotate-secret", id(&endpoint)), &world.shop, json!({})).await;
    assert_eq!(rotated.status, 201, "{}", rotated.text);
    let rotated = rotated.json();
    assert!(rotated["previous_secret_until"].is_string());
    let deliveries = deliver(&world);
    world.hold(500).await;
    let arrived = shop.next().await;
    let signatures: Vec<&str> = arrived.header("webhook-signature").split(' ').collect();
    assert_eq!(signatures.len(), 2, "{signatures:?}");
    for secret in [&endpoint["secret"], &rotated["secret"]] {
        assert_ne!(library_verifies(secret.as_str().unwrap(), &arrived), Some(false));
    }
    deliveries.stop().await;
}

/// Whether one of the request's `v1a` signatures is of this key.
fn is_of(public_key: &Value, arrived: &Arrived) -> bool {
    let public = STANDARD.decode(public_key.as_str().unwrap().strip_prefix("whpk_").unwrap()).unwrap();
    let public = VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
    let head = format!("{}.{}.", arrived.header("webhook-id"), arrived.header("webhook-timestamp"));
    let signed = [head.as_bytes(), &arrived.body].concat();
    let signatures = arrived.header("webhook-signature").split(' ').filter_map(|text| text.strip_prefix("v1a,"));
    let signatures = signatures.map(|text| Signature::from_slice(&STANDARD.decode(text).unwrap()).unwrap());
    signatures.into_iter().any(|signature| public.verify_strict(&signed, &signature).is_ok())
}

#[tokio::test]
async fn who_asks_gets_signatures_that_it_can_check_and_not_make() {
    let world = world().await;
    let (mut plain, mut shop) = (Shop::open(200).await, Shop::open(200).await);
    assert_eq!(register(&world, &plain.url).await["public_keys"], Value::Null);
    let asks = json!({"url": shop.url, "asymmetric": true});
    let endpoint = world.post("/v1/webhook-endpoints", &world.shop, asks).await.json();
    let path = format!("/v1/webhook-endpoints/{}", id(&endpoint));
    let first = endpoint["public_keys"][0].clone();
    let rotated = world.post(&format!("{path}/rotate-secret"), &world.shop, json!({})).await.json();
    let keys = world.get(&path, &world.shop).await.json()["public_keys"].clone();
    assert_eq!((&rotated["public_keys"], &keys[1]), (&keys, &first));
    assert_ne!(keys[0], first);

    let deliveries = deliver(&world);
    world.hold(400).await;
    let (other, arrived) = (plain.next().await, shop.next().await);
    assert!(!other.header("webhook-signature").contains("v1a,"));
    assert_eq!(arrived.header("webhook-signature").matches("v1a,").count(), 2);
    for key in keys.as_array().unwrap() {
        assert!(is_of(key, &arrived));
    }
    // Libraries that know `v1` only pass over what they do not know.
    assert_ne!(library_verifies(rotated["secret"].as_str().unwrap(), &arrived), Some(false));
    let forged = Arrived { body: Bytes::from_static(b"{}"), ..arrived };
    assert!(!is_of(&keys[0], &forged));
    deliveries.stop().await;
}

#[tokio::test]
async fn a_receiver_that_fails_holds_up_nobody_and_its_event_is_replayed() {
    let world = world().await;
    let (mut broken, mut fine) = (Shop::open(500).await, Shop::open(204).await);
    let endpoint = id(&register(&world, &broken.url).await);
    register(&world, &fine.url).await;
    let deliveries = deliver(&world);
    world.hold(700).await;
    let (refused, taken) = (broken.next().await, [fine.next().await, fine.next().await]);
    assert_eq!(refused.json()["type"], "hold.placed");
    let taken_id = taken[1].json()["data"]["id"].clone();
    assert_eq!(taken.map(|event| event.json()["type"].clone()), ["hold.placed", "hold.held"]);
    let waits_for = async {
        loop {
            let shown = world.get(&format!("/v1/webhook-endpoints/{endpoint}"), &world.shop).await.json();
            if shown["failure"].is_string() {
                return shown;
            }
            tokio::task::yield_now().await;
        }
    };
    let shown = tokio::time::timeout(PATIENCE, waits_for).await.unwrap();
    assert_eq!(shown["failure"], "it answered 500");
    assert!(shown["taken_at"].is_null() && shown["secret"].is_null());

    broken.status.store(200, Ordering::SeqCst);
    let event = refused.json()["data"]["id"].clone();
    let replay =
        world.post(&format!("/v1/webhook-endpoints/{endpoint}/replay"), &world.shop, json!({"events": [event]})).await;
    assert_eq!((replay.status, replay.json()["events"].clone()), (201, json!(1)));
    let again = broken.next().await;
    assert_eq!(again.header("webhook-id"), refused.header("webhook-id"), "the id is the event's");
    assert_eq!(again.body, refused.body);
    assert_eq!(broken.next().await.json()["type"], "hold.held", "what waited behind it comes next");
    let replay = json!({"events": [taken_id]});
    let replay = world.post(&format!("/v1/webhook-endpoints/{endpoint}/replay"), &world.shop, replay).await;
    assert_eq!(replay.status, 201, "{}", replay.text);
    assert_eq!(broken.next().await.json()["data"]["id"], taken_id, "an event that was taken comes again, too");
    deliveries.stop().await;
}

#[tokio::test]
async fn an_endpoint_is_registered_shown_and_ended() {
    let world = world().await;
    let body = json!({"url": "https://shop.example.jp/events", "events": ["capture.settled", "capture.settled"]});
    let path = "/v1/webhook-endpoints";
    let made = world.call("POST", path, Some(&world.shop), Some("once"), Some(body.clone())).await;
    assert_eq!((made.status, &made.json()["events"]), (201, &json!(["capture.settled"])));
    let again = world.call("POST", path, Some(&world.shop), Some("once"), Some(body)).await;
    assert!(again.is_hit() && again.json()["secret"].is_null(), "{}", again.text);
    assert_eq!(again.json()["id"], made.json()["id"]);
    let listed = world.get(path, &world.shop).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert!(!listed.to_string().contains("whsec_"), "a secret is shown once");

    let one = format!("{path}/{}", id(&made.json()));
    let stranger = json!({"name": "夜市", "sandbox": true, "currency": "JPY"});
    let stranger = world.post("/v1/merchants", &world.operator, stranger).await.json();
    let stranger = json!({"merchant": id(&stranger), "scopes": ["read", "holds"]});
    let stranger = world.post("/v1/keys", &world.operator, stranger).await.json();
    let stranger = stranger["secret"].as_str().unwrap();
    assert_eq!(world.get(path, stranger).await.json()["items"], json!([]));
    assert_eq!(world.get(&one, stranger).await.problem(), "404 webhook.not_found");
    assert_eq!(world.get(&format!("{one}/dead-letters"), stranger).await.problem(), "404 webhook.not_found");
    let ended = world.call("DELETE", &one, Some(stranger), Some("d1"), None).await;
    assert_eq!(ended.problem(), "404 webhook.not_found");
    assert_eq!(world.get(&one, &world.till).await.problem(), "403 auth.scope_missing");

    assert_eq!(world.get(&format!("{one}/dead-letters"), &world.shop).await.json()["items"], json!([]));
    assert_eq!(world.call("DELETE", &one, Some(&world.shop), Some("d2"), None).await.status, 204);
    assert_eq!(world.get(&one, &world.shop).await.problem(), "404 webhook.not_found");
}

#[tokio::test]
async fn what_cannot_be_an_endpoint_is_refused_with_its_reason() {
    let world = world().await;
    let long = format!("https://shop.example.jp/{}", "a".repeat(2_000));
    for (body, refused) in [
        (json!({"url": "shop"}), "422 webhook.url_malformed"),
        (json!({"url": "ftp://shop.example.jp"}), "422 webhook.url_not_https"),
        (json!({"url": "https://a:b@shop.example.jp"}), "422 webhook.url_has_credentials"),
        (json!({"url": "https://10.0.0.1"}), "422 webhook.address_not_allowed"),
        (json!({"url": "https://[::ffff:169.254.169.254]"}), "422 webhook.address_not_allowed"),
        (json!({"url": long}), "422 webhook.url_too_long"),
        (json!({"url": "https://shop.example.jp", "events": ["hold.eaten"]}), "422 webhook.event_unknown"),
        (json!({"url": "https://shop.example.jp", "merchant": "mrc_00"}), "422 request.id_malformed"),
    ] {
        let reply = world.post("/v1/webhook-endpoints", &world.shop, body.clone()).await;
        assert_eq!(reply.problem(), refused, "{body}");
    }
    let url = json!({"url": "https://shop.example.jp"});
    let nobody = world.post("/v1/webhook-endpoints", &world.operator, url.clone()).await;
    assert_eq!(nobody.problem(), "422 webhook.merchant_missing");
    let named = json!({"url": "https://shop.example.jp", "merchant": world.merchant});
    let named = world.post("/v1/webhook-endpoints", &world.operator, named).await;
    assert_eq!(named.json()["merchant"], world.merchant);
    let one = format!("/v1/webhook-endpoints/{}", id(&named.json()));
    let long = world.post(&format!("{one}/rotate-secret"), &world.shop, json!({"overlap_seconds": 604_801})).await;
    assert_eq!(long.problem(), "422 webhook.overlap_too_long");
    for (events, refused) in [
        (json!(["x"]), "422 webhook.event_malformed"),
        (json!(["0-999999"]), "422 webhook.event_not_found"),
        (Value::from(vec!["0-1"; 201]), "422 webhook.event_malformed"),
    ] {
        let reply = world.post(&format!("{one}/replay"), &world.shop, json!({ "events": events })).await;
        assert_eq!(reply.problem(), refused);
    }
    let off = World::open().await;
    assert_eq!(off.post("/v1/webhook-endpoints", &off.shop, url).await.problem(), "501 webhook.off");
}

#[tokio::test]
async fn many_holds_arrive_whole_and_each_in_order() {
    let world = world().await;
    let mut shop = Shop::open(200).await;
    register(&world, &shop.url).await;
    let deliveries = deliver(&world);
    let mut wanted = BTreeSet::new();
    for _ in 0..6 {
        wanted.insert(world.hold(100).await["hold"]["id"].as_str().unwrap().to_owned());
    }
    let mut last: std::collections::BTreeMap<String, u64> = Default::default();
    for _ in 0..12 {
        let event = shop.next().await.json();
        let (hold, sequence) = (event["data"]["hold"].as_str().unwrap().to_owned(), event["data"]["sequence"].as_u64());
        let before = last.insert(hold, sequence.unwrap()).unwrap_or(0);
        assert!(before < sequence.unwrap());
    }
    assert_eq!(last.into_keys().collect::<BTreeSet<_>>(), wanted);
    deliveries.stop().await;
}
