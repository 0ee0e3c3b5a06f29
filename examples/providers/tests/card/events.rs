//! Events: signed, in order, kept until they are taken.

use serde_json::Value;
use tebura_providers::card::{Webhook, signature};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{Far, NOW};

/// Takes one request and answers with a status; the signature header and the body.
async fn take(listener: &TcpListener, status: u16) -> (String, Value, Vec<u8>) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut request, mut buffer) = (Vec::new(), [0; 4_096]);
    let (head, length) = loop {
        let read = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..read]);
        let Some(head) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&request[..head]).into_owned();
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        let length: usize = header("content-length:").parse().unwrap();
        if request.len() >= head + 4 + length {
            break (header("stripe-signature:"), head + 4);
        }
    };
    stream.write_all(format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
    let body = request[length..].to_vec();
    (head, serde_json::from_slice(&body).unwrap(), body)
}

#[tokio::test]
async fn an_event_is_signed_and_sent_until_it_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let far = Far::with(true, Some(Webhook { url, secret: "whsec".to_owned() })).await;
    far.held("a", 1_200).await;
    let (_, first, _) = take(&listener, 500).await;
    let (header, again, body) = take(&listener, 200).await;
    assert_eq!(first["id"], again["id"], "not taken, sent again");
    assert_eq!(again["type"], "payment_intent.amount_capturable_updated");
    assert_eq!(again["data"]["object"]["metadata"]["op"], "a");
    assert_eq!(header, signature("whsec", NOW / 1_000, &body));
}

#[tokio::test]
async fn a_dispute_withdraws_the_money_and_its_end_gives_it_to_somebody() {
    for (won, ends) in [(true, (700, 0, 700)), (false, (0, 0, 0))] {
        let far = Far::start().await;
        let created = far.create("a", 700, "pm_card_createDispute").await.json();
        let id = created["id"].as_str().unwrap();
        far.post(&format!("/v1/payment_intents/{id}/capture"), "b", "").await.unwrap();
        let audit = far.running.sandbox.audit();
        assert_eq!((audit.paid, audit.contested, audit.at_merchant), (700, 700, 0));
        let events = far.running.sandbox.events();
        let opened = events.iter().find(|event| event["type"] == "charge.dispute.created").unwrap();
        let dispute = opened["data"]["object"]["id"].as_str().unwrap();
        let closed = far.running.sandbox.close_dispute(dispute, won).unwrap();
        assert_eq!(closed["status"], if won { "won" } else { "lost" });
        assert!(far.running.sandbox.close_dispute(dispute, won).is_none(), "once");
        assert_eq!(far.money(), ends);
    }
}

#[test]
fn the_signature_is_stripes() {
    // HMAC-SHA256 of `1767225600.{}` under `whsec`, computed with another program.
    let expected = "t=1767225600,v1=5ba148cb6916cb6116d779d0c88555b31ef0bec7b98ac2545ebcdbe03d55d9e2";
    assert_eq!(signature("whsec", 1_767_225_600, b"{}"), expected);
}
