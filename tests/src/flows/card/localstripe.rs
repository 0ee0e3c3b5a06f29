//! The same component against localstripe, an emulator of Stripe from PyPI, on 127.0.0.1. What it has not is declared: no
//! idempotency keys, no marks on captures, no raises, one capture.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};

use super::town::{API_KEY, RAIL, Town, id, yen};
use crate::support::{root, tool, until};

/// The emulator, until dropped.
struct Localstripe {
    child: Child,
    /// It ends when this end of the pipe closes.
    _leash: ChildStdin,
    origin: String,
    http: reqwest::Client,
}

impl Localstripe {
    /// `None`: it is not installed, and the test says so; with `TEBURA_REQUIRE_TOOLS=1` it fails instead.
    fn start() -> Option<Localstripe> {
        let python = tool("python3")?;
        let mut command = Command::new(python);
        command.arg(root().join("tests/localstripe/serve.py")).env("PYTHONPATH", root().join("target/python"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let leash = child.stdin.take().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let origin = format!("http://127.0.0.1:{}", port.trim());
        if port.trim().is_empty() {
            let required = std::env::var_os("TEBURA_REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "TEBURA_REQUIRE_TOOLS=1 and localstripe does not start: scripts/check tools");
            eprintln!("NOT RUN: localstripe is not in target/python (scripts/check tools)");
            drop(child.wait());
            return None;
        }
        Some(Localstripe { child, _leash: leash, origin, http: reqwest::Client::new() })
    }

    async fn call(&self, path: &str, form: &str) -> Value {
        let request = self.http.post(format!("{}{path}", self.origin)).bearer_auth(API_KEY);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let response = request.send().await.unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let response = self.http.get(format!("{}{path}", self.origin)).bearer_auth(API_KEY).send().await.unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// What Stripe's own form does in a payer's browser: the number never meets the hub.
    async fn token(&self, number: &str) -> String {
        let form = format!(
            "type=card&card%5Bnumber%5D={number}&card%5Bexp_month%5D=12&card%5Bexp_year%5D=2040&card%5Bcvc%5D=123"
        );
        id(&self.call("/v1/payment_methods", &form).await, "id")
    }

    /// The newest intent; the emulator lists the oldest first.
    async fn newest(&self) -> Value {
        let page = self.get("/v1/payment_intents?limit=100").await;
        page["data"].as_array().unwrap().last().unwrap().clone()
    }
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_rail_works_against_localstripe() {
    let Some(stripe) = Localstripe::start() else { return };
    let town = Town::open(&stripe.origin, &json!({ "far_end": "localstripe" })).await;
    let rail = town.merchant().get(&format!("/v1/rails/{RAIL}")).await;
    assert_eq!((&rail["raise"], &rail["several_captures"]), (&json!(false), &json!(false)), "its gaps are declared");

    let payer = town.payer(&stripe.token("4242424242424242").await).await;
    let all = town.hold(&payer, "all", 1_200).await;
    assert_eq!(stripe.newest().await["status"], "requires_capture");
    let (status, captured) = town.capture(&all, "capture-all", 1_200, true).await;
    assert_eq!((status, &captured["hold"]["status"]), (201, &json!("captured")), "{captured}");
    assert_eq!(town.books(&payer).await, (1_200, 0, 1_200));

    let part = town.hold(&payer, "part", 1_200).await;
    let (status, captured) = town.capture(&part, "capture-part", 700, true).await;
    assert_eq!((status, &captured["hold"]["status"]), (201, &json!("captured")), "{captured}");
    // The emulator tells what was not captured as a refund.
    let intent = stripe.newest().await;
    assert_eq!((&intent["status"], &intent["latest_charge"]["amount_refunded"]), (&json!("succeeded"), &json!(500)));
    assert_eq!(town.books(&payer).await, (1_900, 0, 1_900), "the rest is free");
    let refund = format!("/v1/captures/{}/refund", id(&captured["operation"], "id"));
    town.merchant().post(&refund, "refund", &json!({ "amount": yen(300) })).await;
    assert_eq!(stripe.newest().await["latest_charge"]["amount_refunded"], 800);
    assert_eq!(town.books(&payer).await, (1_600, 0, 1_600));

    let released = town.hold(&payer, "released", 500).await;
    town.merchant().post(&format!("/v1/holds/{released}/release"), "release", &json!({})).await;
    assert_eq!(
        (town.status(&released).await, &stripe.newest().await["status"]),
        (json!("released"), &json!("canceled"))
    );

    let payer = town.payer(&stripe.token("4000000000000341").await).await;
    let (status, declined) = town.try_hold(&payer, "declined", 1_200).await;
    assert_eq!((status, &declined["code"]), (402, &json!("card.declined")), "{declined}");
    assert_eq!(town.books(&payer).await, (0, 0, 1_600));
    let unknown = town.payer("pm_thatIsNone").await;
    let (status, declined) = town.try_hold(&unknown, "unknown", 1_200).await;
    assert_eq!((status, &declined["code"]), (402, &json!("provider.refused")), "{declined}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payer_confirms_at_localstripe() {
    let Some(stripe) = Localstripe::start() else { return };
    let town = Town::open(&stripe.origin, &json!({ "far_end": "localstripe" })).await;
    let payer = town.payer(&stripe.token("4000002500003155").await).await;
    let (status, waiting) = town.try_hold(&payer, "hold", 1_200).await;
    assert_eq!((status, &waiting["hold"]["status"]), (202, &json!("requires_action")), "{waiting}");
    let intent = stripe.newest().await;
    let form = format!("success=true&client_secret={}", id(&intent, "client_secret"));
    stripe.call(&format!("/v1/payment_intents/{}/_authenticate", id(&intent, "id")), &form).await;
    let hold = id(&waiting["hold"], "id");
    until("the hub has looked", async || town.status(&hold).await == "held").await;
    assert_eq!(town.books(&payer).await, (0, 1_200, 0));
}
