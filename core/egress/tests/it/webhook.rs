//! Events to receivers that hang, redirect, talk for ever or live where nothing may be sent.

use std::time::Duration;

use tebura_egress::{Reach, WebhookClient, WebhookUrlError};

use crate::far_end::{FarEnd, Script, ok};
use crate::reach::Answers;

fn client(besides: Vec<Reach>, answers: &[&[&str]]) -> WebhookClient {
    WebhookClient::new(besides, Answers::new(answers)).unwrap()
}

async fn post(client: &WebhookClient, url: &str) -> Result<u16, String> {
    client.post(url, &[("webhook-id", "7-42".to_owned())], b"{}".to_vec()).await
}

#[tokio::test]
async fn an_event_arrives_with_its_headers() {
    let far_end = FarEnd::answering("thanks").await;
    let url = format!("http://shop.example:{}/events?v=1", far_end.port());
    assert_eq!(post(&client(vec![Reach::Loopback], &[&["127.0.0.1"]]), &url).await, Ok(200));
    let request = far_end.requests().remove(0);
    assert!(request.starts_with("POST /events?v=1 HTTP/1.1\r\n"), "{request}");
    for line in ["webhook-id: 7-42", "content-type: application/json", "user-agent: tebura/"] {
        assert!(request.contains(line), "{line}: {request}");
    }
    assert!(request.ends_with("\r\n\r\n{}"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_way() {
    let elsewhere = FarEnd::answering("{}").await;
    let moved =
        format!("HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n", elsewhere.port());
    let far_end = FarEnd::start(Script::Write(moved.into_bytes())).await;
    let url = format!("http://127.0.0.1:{}/", far_end.port());
    assert_eq!(post(&client(vec![Reach::Loopback], &[]), &url).await, Ok(307));
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_receiver_that_hangs_or_hangs_up_is_given_up() {
    let client = client(vec![Reach::Loopback], &[]).within(Duration::from_millis(200));
    let silent = FarEnd::start(Script::Silence).await;
    let late = post(&client, &format!("http://127.0.0.1:{}/", silent.port())).await;
    assert_eq!(late, Err("no answer within 200ms".to_owned()));
    let rude = FarEnd::start(Script::HangUp).await;
    assert!(post(&client, &format!("http://127.0.0.1:{}/", rude.port())).await.is_err());
    let endless = FarEnd::start(Script::WriteForEver).await;
    assert_eq!(post(&client, &format!("http://127.0.0.1:{}/", endless.port())).await, Ok(200), "16 KiB are enough");
}

#[tokio::test]
async fn a_large_answer_is_not_kept() {
    let far_end = FarEnd::start(Script::Write(ok(&"a".repeat(1 << 20)))).await;
    let url = format!("http://127.0.0.1:{}/", far_end.port());
    assert_eq!(post(&client(vec![Reach::Loopback], &[]), &url).await, Ok(200));
}

#[tokio::test]
async fn a_public_name_that_points_inside_gets_nothing() {
    for address in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254"] {
        let refused = post(&client(vec![], &[&[address]]), "https://shop.example.jp/events").await;
        assert_eq!(refused, Err("the host has no public address".to_owned()), "{address}");
    }
}

#[tokio::test]
async fn what_the_operator_allows_is_allowed_and_nothing_beside_it() {
    let far_end = FarEnd::answering("{}").await;
    let url = format!("http://shop.example:{}/", far_end.port());
    let range = Reach::Ranges(vec!["127.0.0.0/24".parse().unwrap()]);
    assert_eq!(post(&client(vec![range.clone()], &[&["127.0.0.1"]]), &url).await, Ok(200));
    let outside = post(&client(vec![range.clone()], &[&["127.0.1.1"]]), &url).await;
    assert_eq!(outside, Err("the host has no public address".to_owned()));
    let in_the_clear = post(&client(vec![range], &[&["8.8.8.8"]]), &url).await;
    assert_eq!(in_the_clear, Err("the host has no public address".to_owned()), "http never goes to the Internet");
}

#[test]
fn an_address_is_looked_at_before_it_is_kept() {
    let public = client(vec![], &[]);
    let inside = client(vec![Reach::Loopback], &[]);
    assert!(public.admit("https://shop.example.jp/events?a=1").is_ok());
    assert!(public.admit("https://8.8.8.8:8443/").is_ok());
    assert!(inside.admit("http://127.0.0.1:9000/").is_ok());
    for (text, refused) in [
        ("", WebhookUrlError::Url),
        ("shop.example.jp", WebhookUrlError::Url),
        ("ftp://shop.example.jp", WebhookUrlError::Scheme),
        ("http://shop.example.jp", WebhookUrlError::Scheme),
        ("https://user@shop.example.jp", WebhookUrlError::Credentials),
        ("https://:word@shop.example.jp", WebhookUrlError::Credentials),
        ("https://shop.example.jp/#a", WebhookUrlError::Credentials),
        ("https://10.0.0.1/", WebhookUrlError::Address("10.0.0.1".parse().unwrap())),
        ("https://0x7f.1/", WebhookUrlError::Address("127.0.0.1".parse().unwrap())),
        ("https://[::ffff:127.0.0.1]/", WebhookUrlError::Address("::ffff:127.0.0.1".parse().unwrap())),
        ("https://169.254.169.254/latest", WebhookUrlError::Address("169.254.169.254".parse().unwrap())),
    ] {
        assert_eq!(public.admit(text).unwrap_err(), refused, "{text}");
    }
    assert_eq!(inside.admit("http://8.8.8.8/").unwrap_err(), WebhookUrlError::Address("8.8.8.8".parse().unwrap()));
}
