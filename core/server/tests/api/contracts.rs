//! Hold contracts over HTTP.

use serde_json::{Value, json};

use crate::world::World;

const CHECK: &str = "/v1/contracts:check";

fn example(name: &str) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts");
    let text = std::fs::read_to_string(format!("{root}/{name}/contract.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The same document on this hub's own rail.
fn on_the_house_rail(mut document: Value) -> Value {
    for leg in document["legs"].as_object_mut().unwrap().values_mut() {
        leg["rail"] = json!("house");
    }
    document
}

#[tokio::test]
async fn an_accepted_document_says_what_everybody_can_receive() {
    let world = World::open().await;
    let document = on_the_house_rail(example("taxi-cap"));
    let report = world.post(CHECK, &world.shop, document).await.json();
    assert_eq!(report["accepted"], true, "{report}");
    let contract = &report["contract"];
    let taxi = contract["legs"][0]["received"].as_array().unwrap();
    assert_eq!((&taxi[0]["min"], &taxi[0]["max"]), (&json!(0), &json!(8_000)), "{contract}");
    for language in ["ja", "en"] {
        assert!(contract["consent"][language].as_str().is_some_and(|text| text.contains("8,000")), "{contract}");
        assert!(
            contract["diagram"][language].as_str().is_some_and(|text| text.starts_with("stateDiagram")),
            "{contract}"
        );
    }
}

#[tokio::test]
async fn a_document_that_this_hubs_rails_cannot_carry_is_refused_with_the_place() {
    let world = World::open().await;
    let mut document = on_the_house_rail(example("taxi-cap"));
    let leg = document["legs"].as_object().unwrap().keys().next().unwrap().clone();
    document["legs"][&leg]["rail"] = json!("no-such-rail");
    let report = world.post(CHECK, &world.shop, document).await.json();
    assert_eq!(report["accepted"], false);
    let finding = &report["findings"][0];
    assert_eq!(finding["severity"], "error");
    assert!(finding["path"].as_str().unwrap().starts_with(&format!("/legs/{leg}")), "{finding}");
    assert!(!finding["message"]["ja"].as_str().unwrap().is_empty());
    assert!(report.get("contract").is_none());
}

#[tokio::test]
async fn what_is_no_document_is_a_report_and_a_stranger_gets_none() {
    let world = World::open().await;
    let report = world.post(CHECK, &world.shop, json!([])).await.json();
    assert_eq!(report["accepted"], false, "{report}");
    let reply = world.call("POST", CHECK, None, None, Some(json!({}))).await;
    assert_eq!(reply.problem(), "401 auth.key_unknown");
}
