//! One test for each row of the crate's table.

use std::process::Command;
use std::time::Duration;

use tebura_egress::{BindingConfig, Limits};
use tebura_hub::ports::{Delivery, Egress};
use tebura_hub::rail::{Effect, HttpReply};
use tokio::net::TcpListener;

use crate::far_end::{FarEnd, Script, call, config, egress, get, impatient, keyed, ok, outgoing, send, word};

#[tokio::test]
async fn a_whole_reply_is_handed_over() {
    let bytes = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nset-cookie: a=b\r\nx-request-id: r1\r\n\
        www-authenticate: Basic\r\ncontent-length: 2\r\n\r\n{}";
    let far_end = FarEnd::start(Script::Write(bytes.to_vec())).await;
    let delivery = far_end.send(call(keyed())).await;
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        delivery,
        Delivery::Reply(HttpReply {
            status: 201,
            headers: vec![header("content-type", "application/json"), header("x-request-id", "r1")],
            body: b"{}".to_vec(),
        })
    );
}

#[tokio::test]
async fn a_server_error_is_a_reply() {
    let bytes = b"HTTP/1.1 500 Oops\r\ncontent-length: 5\r\n\r\nsorry";
    assert_eq!(word(&answer(bytes).await), "reply 500");
}

#[tokio::test]
async fn a_redirect_is_a_reply_and_is_not_followed() {
    let elsewhere = FarEnd::answering("elsewhere").await;
    let head = format!(
        "HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:{}/v1/holds\r\ncontent-length: 0\r\n\r\n",
        elsewhere.port()
    );
    assert_eq!(word(&answer(head.as_bytes()).await), "reply 307");
    assert_eq!(elsewhere.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lost_reply_may_have_been_delivered_and_is_sent_once() {
    for effect in [Effect::Read, keyed(), Effect::Once] {
        let far_end = FarEnd::start(Script::HangUp).await;
        let delivery = far_end.send(call(effect.clone())).await;
        assert_eq!(word(&delivery), "maybe delivered", "{effect:?}");
        assert_eq!(far_end.requests().len(), 1, "{effect:?}");
    }
}

#[tokio::test]
async fn half_a_reply_may_have_been_delivered() {
    for bytes in [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes.".as_slice(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-le",
    ] {
        assert_eq!(word(&answer(bytes).await), "maybe delivered", "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_garbled_reply_may_have_been_delivered() {
    for bytes in [
        b"\x16\x03\x01 not HTTP at all\r\n\r\n".as_slice(),
        b"HTTP/1.1 9999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        assert_eq!(word(&answer(bytes).await), "maybe delivered", "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_compressed_reply_is_not_unpacked() {
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b";
    assert_eq!(word(&answer(bytes).await), "maybe delivered");
}

#[tokio::test]
async fn a_reply_is_read_up_to_the_cap() {
    let at_cap = answer(&ok(&"a".repeat(1024 * 1024))).await;
    assert_eq!(word(&at_cap), "reply 200");
    let over = answer(&ok(&"a".repeat(1024 * 1024 + 1))).await;
    assert_eq!(word(&over), "maybe delivered");
    let endless = FarEnd::start(Script::WriteForEver).await;
    assert_eq!(word(&endless.send(call(keyed())).await), "maybe delivered");
}

#[tokio::test]
async fn a_far_end_that_never_answers_is_given_up() {
    let far_end = FarEnd::start(Script::Silence).await;
    let mut hasty = call(Effect::Once);
    hasty.timeout_ms = 50;
    assert_eq!(word(&far_end.send(hasty).await), "maybe delivered", "the plugin's time");
    let config = BindingConfig { limits: impatient(), ..far_end.config() };
    assert_eq!(word(&send(config, call(keyed())).await), "maybe delivered", "the binding's cap");
}

#[tokio::test]
async fn a_refused_connection_delivers_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(word(&send(config(origin), call(Effect::Once)).await), "not delivered");
}

#[tokio::test]
async fn a_tls_handshake_without_an_answer_delivers_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let limits = Limits { connect: Duration::from_millis(50), ..Limits::default() };
    let config = BindingConfig { limits, ..config(origin) };
    assert_eq!(word(&send(config, call(Effect::Once)).await), "not delivered");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_delivers_nothing() {
    // Whatever is no TLS server ends the handshake the same way: before a byte of the call left.
    let far_end = FarEnd::answering("hello").await;
    let origin = format!("https://127.0.0.1:{}", far_end.port());
    let limits = Limits { connect: Duration::from_millis(50), ..Limits::default() };
    let config = BindingConfig { limits, ..config(origin) };
    assert_eq!(word(&send(config, call(keyed())).await), "not delivered");
    assert_eq!(far_end.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn calls_beyond_the_slots_wait_and_then_do_not_leave() {
    let far_end = FarEnd::start(Script::Silence).await;
    let limits = Limits { in_flight: 1, connect: Duration::from_millis(500), ..Limits::default() };
    let egress = egress(BindingConfig { limits, ..far_end.config() });
    let (first, second) = (outgoing(call(keyed())), outgoing(call(keyed())));
    let delivery = tokio::select! {
        biased;
        delivery = egress.send(&first) => panic!("the far end never answers: {delivery:?}"),
        delivery = egress.send(&second) => delivery,
    };
    assert_eq!(word(&delivery), "not delivered");
}

/// Runs [`a_whole_reply_is_handed_over`] once more in a process whose environment names a proxy that is not there.
#[test]
fn a_proxy_in_the_environment_is_ignored() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "delivery::a_whole_reply_is_handed_over"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, "http://127.0.0.1:1");
    }
    let output = child.env_remove("no_proxy").env_remove("NO_PROXY").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn reasons_do_not_repeat_the_call() {
    let far_end = FarEnd::start(Script::HangUp).await;
    let Delivery::MaybeDelivered { reason } = far_end.send(get("/v1/holds/taro-yamada")).await else {
        panic!("the reply was lost");
    };
    assert!(!reason.contains("taro") && !reason.contains("127.0.0.1"), "{reason}");
}

async fn answer(bytes: &[u8]) -> Delivery {
    FarEnd::start(Script::Write(bytes.to_vec())).await.send(call(keyed())).await
}
