//! Stripe's events through the hub's door: a chargeback, told once, twice, in the wrong order, forged and late.

use serde_json::{Value, json};
use tebura_providers::card::{Webhook, signature};

use super::town::{FarEnd, Payer, RAIL, Town, WEBHOOK_SECRET, id, theirs};
use crate::support::until;

/// A shop that was paid 1,200, the acquirer's charge, and the hold.
async fn paid() -> (FarEnd, Town, Payer, String, String) {
    let far = FarEnd::start(false).await;
    let town = Town::open(&far.provider().origin(), &json!({})).await;
    let payer = town.payer("pm_card_visa").await;
    let hold = town.hold(&payer, "hold", 1_200).await;
    let (status, captured) = town.capture(&hold, "capture", 1_200, true).await;
    assert_eq!(status, 201, "{captured}");
    let charge = id(&far.provider().sandbox.intents()[0]["latest_charge"], "id");
    (far, town, payer, hold, charge)
}

fn door(town: &Town) -> Webhook {
    let url = format!("{}/v1/inbound/{RAIL}/events", town.hub.origin());
    Webhook { url, secret: WEBHOOK_SECRET.to_owned() }
}

/// The acquirer's event of a kind.
fn event(far: &FarEnd, kind: &str) -> Value {
    let events = far.provider().sandbox.events();
    events.into_iter().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("no event {kind}"))
}

/// States of the hold's disputes.
async fn disputes(town: &Town, hold: &str) -> Vec<Value> {
    let hold = town.merchant().get(&format!("/v1/holds/{hold}")).await;
    let operations = hold["operations"].as_array().unwrap().iter();
    operations.filter(|operation| operation["kind"] == "dispute").map(|operation| operation["state"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pay_6_a_chargeback_is_reserved_and_then_given_back_or_kept() {
    for (won, ends) in [(false, (500, 0, 500)), (true, (1_200, 0, 1_200))] {
        let (far, town, payer, hold, charge) = paid().await;
        let sandbox = &far.provider().sandbox;
        let dispute = id(&sandbox.dispute(&charge, 700, "product_not_received").unwrap(), "id");
        let opened = event(&far, "charge.dispute.created");
        for _ in 0..2 {
            assert_eq!(sandbox.send(&door(&town), &opened).await.unwrap(), 202);
        }
        until("the dispute is open", async || disputes(&town, &hold).await == [json!("sent")]).await;
        assert!(sandbox.close_dispute(&dispute, won).is_some());
        let closed = event(&far, "charge.dispute.closed");
        assert_eq!(sandbox.send(&door(&town), &closed).await.unwrap(), 202);
        let state = if won { "failed" } else { "settled" };
        until("the dispute has ended", async || disputes(&town, &hold).await == [json!(state)]).await;
        // The opening once more, after the end: old news.
        assert_eq!(sandbox.send(&door(&town), &opened).await.unwrap(), 202);
        assert_eq!(town.books(&payer).await, ends, "won: {won}");
        assert_eq!(theirs(far.provider()), ends, "won: {won}");
        assert_eq!(disputes(&town, &hold).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_comes_before_its_beginning_counts_once() {
    let (far, town, payer, hold, charge) = paid().await;
    let sandbox = &far.provider().sandbox;
    let dispute = id(&sandbox.dispute(&charge, 700, "fraudulent").unwrap(), "id");
    sandbox.close_dispute(&dispute, false).unwrap();
    for kind in ["charge.dispute.closed", "charge.dispute.created"] {
        assert_eq!(sandbox.send(&door(&town), &event(&far, kind)).await.unwrap(), 202);
        until("the dispute has ended", async || disputes(&town, &hold).await == [json!("settled")]).await;
    }
    assert_eq!(town.books(&payer).await, (500, 0, 500));
    assert_eq!(theirs(far.provider()), (500, 0, 500));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_acquirer_did_not_sign_a_moment_ago_is_refused() {
    let (far, town, payer, hold, charge) = paid().await;
    let sandbox = &far.provider().sandbox;
    sandbox.dispute(&charge, 700, "fraudulent").unwrap();
    let opened = event(&far, "charge.dispute.created");
    let forged = Webhook { secret: "whsec_of_somebody".to_owned(), ..door(&town) };
    assert_eq!(sandbox.send(&forged, &opened).await.unwrap(), 403);
    let elsewhere = Webhook { url: door(&town).url.replace("/events", "/other"), ..door(&town) };
    assert_eq!(sandbox.send(&elsewhere, &opened).await.unwrap(), 403);
    let body = opened.to_string();
    let an_hour_ago = opened["created"].as_i64().unwrap() - 3_600;
    let old = signature(WEBHOOK_SECRET, an_hour_ago, body.as_bytes());
    let request = reqwest::Client::new().post(door(&town).url).header("stripe-signature", old).body(body);
    assert_eq!(request.send().await.unwrap().status().as_u16(), 403);
    assert_eq!(disputes(&town, &hold).await, Vec::<Value>::new());
    assert_eq!(town.books(&payer).await, (1_200, 0, 1_200));
}
