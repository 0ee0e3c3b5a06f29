//! Signed events to one address: `Stripe-Signature: t=…,v1=…`, an HMAC-SHA256 over the time, a dot and the body.
//!
//! Plain HTTP without redirects: the receiver is a hub on the same machine. At least once, in order; what is not taken is
//! kept.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::card::counter::Counter;
use crate::hex;

/// Where events go.
#[derive(Clone)]
pub struct Webhook {
    /// `http://127.0.0.1:8080/v1/inbound/jp.tebura.card/events`
    pub url: String,
    /// What they are signed with; the operator binds it to the plugin's key `webhook`.
    pub secret: String,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}

/// How long a receiver has for its answer, and how long one that took nothing is left alone.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(300);

/// The header for a body that is sent at `at`, seconds since 1970.
pub fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let code = mac.map(|mac| mac.chain_update(format!("{at}.")).chain_update(body).finalize().into_bytes());
    format!("t={at},v1={}", code.map(|code| hex::encode(&code)).unwrap_or_default())
}

/// Delivers what there is and what comes, until the provider stops.
pub(crate) async fn deliver(counter: Arc<Counter>, webhook: Webhook) {
    loop {
        tokio::select! {
            () = counter.told.notified() => {}
            () = counter.closed() => return,
        }
        while let Some(event) = counter.oldest_event() {
            if send(&webhook, &event, counter.now_ms() / 1_000).await.is_ok_and(|status| (200..300).contains(&status)) {
                counter.forget_event(&event);
                continue;
            }
            #[expect(clippy::disallowed_methods, reason = "a receiver that is down is not asked without a pause")]
            let pause = tokio::time::sleep(PAUSE);
            tokio::select! { () = pause => {}, () = counter.closed() => return }
        }
    }
}

/// Sends one event, signed at `at`, seconds since 1970. Answers the receiver's status.
pub(crate) async fn send(webhook: &Webhook, event: &Value, at: i64) -> io::Result<u16> {
    tokio::time::timeout(PATIENCE, post(webhook, &event.to_string(), at)).await.map_err(|_| io::ErrorKind::TimedOut)?
}

async fn post(webhook: &Webhook, body: &str, at: i64) -> io::Result<u16> {
    let signature = signature(&webhook.secret, at, body.as_bytes());
    crate::post::post(&webhook.url, ("stripe-signature", &signature), body).await
}
