//! kill -9 of a hub under load: what was acknowledged is there afterwards, and what was not is finished by a repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;

use super::far_end::FarEnd;
use super::hub::{Api, HubProcess, Shop};
use crate::support::{postgres, until};

const CLIENTS: usize = 8;
const HOLDS_EACH: usize = 12;
/// Acknowledged writes after which the hub dies: in the middle of the run.
const DIES_AFTER: usize = 60;
const YEN: i64 = 10;

/// The last thing that a client was told about one of its holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Held { hold: String },
    Captured { hold: String },
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_a_kill_on_sqlite() {
    check(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_a_kill_on_postgres() {
    let Some(database) = postgres::database().await else { return };
    check(Some(&database.url())).await;
}

async fn check(database_url: Option<&str>) {
    let far_end = FarEnd::start().await;
    let folder = TempDir::new().unwrap();
    let hub = HubProcess::on(folder.path(), database_url, &far_end.origin());
    let shop = Shop::open(&hub.operator()).await;
    let acknowledged = Arc::new((AtomicUsize::new(0), Notify::new()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (merchant, payer) = (hub.with_key(&shop.key), shop.payer.clone());
            tokio::spawn(pay(merchant, payer, client, Arc::clone(&acknowledged)))
        })
        .collect();
    while acknowledged.0.load(Ordering::SeqCst) < DIES_AFTER {
        acknowledged.1.notified().await;
    }
    hub.kill();
    let mut told = Vec::new();
    for client in clients {
        told.push(client.await.unwrap());
    }
    let unfinished = told.iter().flatten().filter(|told| !matches!(told, Told::Captured { .. })).count();
    assert!(unfinished > 0, "the hub died in the middle of the run");

    let hub = HubProcess::on(folder.path(), database_url, &far_end.origin());
    let merchant = hub.with_key(&shop.key);
    for (client, holds) in told.iter().enumerate() {
        for (number, told) in holds.iter().enumerate() {
            look(&merchant, told).await;
            finish(&merchant, &shop.payer, client, number, told).await;
        }
    }
    let total = i64::try_from(CLIENTS * HOLDS_EACH).unwrap() * YEN;
    let payee = hub.operator().get(&format!("/v1/accounts/{}", shop.payee_account)).await;
    assert_eq!(payee["posted"]["minor"], json!(total), "the hub's books");
    let (_, set_aside, at_shop) = far_end.books().await;
    assert_eq!((set_aside, at_shop), (0, total), "the provider's books");
    assert_eq!(far_end.provider().sandbox.audit().await.unwrap().faults, Vec::<String>::new());
}

/// Places and captures hold after hold until the hub is gone. One entry for each hold of the run.
async fn pay(merchant: Api, payer: String, client: usize, acknowledged: Arc<(AtomicUsize, Notify)>) -> Vec<Told> {
    let mut told = vec![Told::Nothing; HOLDS_EACH];
    let count = || {
        acknowledged.0.fetch_add(1, Ordering::SeqCst);
        acknowledged.1.notify_one();
    };
    for (number, told) in told.iter_mut().enumerate() {
        let Some((201, answer)) = merchant.try_post("/v1/holds", &key("place", client, number), &place(&payer)).await
        else {
            break;
        };
        let hold = answer["hold"]["id"].as_str().unwrap().to_owned();
        *told = Told::Held { hold: hold.clone() };
        count();
        let path = format!("/v1/holds/{hold}/capture");
        let Some((201, _)) = merchant.try_post(&path, &key("capture", client, number), &json!({})).await else { break };
        *told = Told::Captured { hold };
        count();
    }
    told
}

/// What a client was told is so, or further.
async fn look(merchant: &Api, told: &Told) {
    let (hold, expected): (_, &[&str]) = match told {
        Told::Nothing => return,
        Told::Held { hold } => (hold, &["held", "settling", "captured"]),
        Told::Captured { hold } => (hold, &["captured"]),
    };
    let body = merchant.get(&format!("/v1/holds/{hold}")).await;
    let status = body["status"].as_str().unwrap();
    assert!(expected.contains(&status), "told {told:?}, found {body}");
}

/// Repeats what had no answer, with the same keys.
async fn finish(merchant: &Api, payer: &str, client: usize, number: usize, told: &Told) {
    let hold = match told {
        Told::Captured { .. } => return,
        Told::Held { hold } => hold.clone(),
        Told::Nothing => {
            let answer = repeat(merchant, "/v1/holds", &key("place", client, number), &place(payer)).await;
            answer["hold"]["id"].as_str().unwrap().to_owned()
        }
    };
    let path = format!("/v1/holds/{hold}/capture");
    let answer = repeat(merchant, &path, &key("capture", client, number), &json!({})).await;
    assert_eq!(answer["hold"]["status"], "captured");
}

async fn repeat(merchant: &Api, path: &str, key: &str, body: &Value) -> Value {
    let mut last = Value::Null;
    until("a repeat is answered for good", async || {
        let (status, answer) = merchant.try_post(path, key, body).await.expect("the hub answers");
        assert!(matches!(status, 201 | 202 | 409 | 503), "{status} {answer}");
        last = answer;
        status == 201
    })
    .await;
    last
}

fn key(what: &str, client: usize, number: usize) -> String {
    format!("{what}-{client}-{number}")
}

fn place(payer: &str) -> Value {
    json!({ "payer": payer, "amount": { "minor": YEN, "currency": "JPY" } })
}
