//! kill -9 of the hub while a merchant's server has an event in its hands: after a restart everything arrives, nothing is
//! skipped, and each hold's events come in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};

use super::far_end::FarEnd;
use super::hub::{Api, HubProcess, Shop};
use crate::support::until;

/// Which request the hub does not survive.
const FATAL: [usize; 3] = [1, 4, 11];
const HOLDS: usize = 4;

/// A merchant's server that keeps the fatal request in its hands until the hub is dead.
#[derive(Clone)]
struct Receiver {
    arrived: Arc<Mutex<Vec<Value>>>,
    fatal: usize,
    has_it: Arc<Notify>,
    is_dead: Arc<Notify>,
}

impl Receiver {
    async fn open(fatal: usize) -> (String, Receiver) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let receiver = Receiver { arrived: Arc::default(), fatal, has_it: Arc::default(), is_dead: Arc::default() };
        let router = Router::new().route("/", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, receiver)
    }
}

async fn take(State(receiver): State<Receiver>, body: Bytes) {
    let event: Value = serde_json::from_slice(&body).unwrap();
    let nth = {
        let mut arrived = receiver.arrived.lock().await;
        arrived.push(event["data"].clone());
        arrived.len()
    };
    if nth == receiver.fatal {
        receiver.has_it.notify_one();
        receiver.is_dead.notified().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_survive_a_kill_at_any_moment() {
    let far_end = FarEnd::start().await;
    for fatal in FATAL {
        eprintln!("killed at request {fatal}");
        let folder = TempDir::new().unwrap();
        let (url, receiver) = Receiver::open(fatal).await;
        let hub = HubProcess::start(folder.path(), &far_end.origin());
        let shop = Shop::open(&hub.operator()).await;
        let merchant = hub.with_key(&shop.key);
        let endpoint = merchant.post("/v1/webhook-endpoints", "endpoint", &json!({ "url": url })).await;
        assert!(endpoint["secret"].is_string());
        for number in 0..HOLDS {
            let place = json!({ "payer": shop.payer, "amount": { "minor": 100, "currency": "JPY" } });
            let placed = merchant.post("/v1/holds", &format!("place-{number}"), &place).await;
            let capture = format!("/v1/holds/{}/capture", placed["hold"]["id"].as_str().unwrap());
            merchant.post(&capture, &format!("capture-{number}"), &json!({})).await;
        }
        receiver.has_it.notified().await;
        hub.kill();
        receiver.is_dead.notify_one();

        let hub = HubProcess::start(folder.path(), &far_end.origin());
        let merchant = hub.with_key(&shop.key);
        let wanted = log(&merchant).await;
        assert_eq!(wanted.len(), HOLDS * 5);
        until("every event has arrived", async || {
            let arrived = receiver.arrived.lock().await;
            let ids: BTreeSet<String> = arrived.iter().map(|event| text(event, "id")).collect();
            wanted.is_subset(&ids)
        })
        .await;
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for event in receiver.arrived.lock().await.iter().filter(|event| seen.insert(text(event, "id"))) {
            let sequence = event["sequence"].as_u64().unwrap();
            let before = last.insert(text(event, "hold"), sequence).unwrap_or(0);
            assert!(before < sequence, "killed at {fatal}: {event} came after {before}");
        }
    }
}

/// Ids of the holds' events in the log.
async fn log(merchant: &Api) -> BTreeSet<String> {
    let page = merchant.get("/v1/events?limit=500").await;
    let events = page["items"].as_array().unwrap().iter().filter(|event| event["hold"].is_string());
    events.map(|event| text(event, "id")).collect()
}

fn text(event: &Value, name: &str) -> String {
    event[name].as_str().unwrap_or_default().to_owned()
}
