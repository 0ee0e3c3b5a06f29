//! The provider's webhooks: what it tells unasked, signed, once it has written it down.
//!
//! `POST` to one address, at least once, in whatever order they get through. Absent: a memory of what was sent; a provider
//! that stops forgets what it had not told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::mpsc;

use crate::hex;
use crate::post::post;
use crate::wallet::record::{Record, Status};

/// Tries of one notice, and the pause before each.
const PAUSES_MS: [u64; 6] = [0, 100, 300, 1_000, 3_000, 10_000];
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where notices go.
#[derive(Clone)]
struct Target {
    url: String,
    secret: Vec<u8>,
}

/// Tells whoever asked to be told. Clones share it.
#[derive(Clone)]
pub struct Notices {
    target: Arc<Mutex<Option<Target>>>,
    queue: mpsc::UnboundedSender<Value>,
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notices")
    }
}

impl Notices {
    /// Nobody is told at first. The second half sends; run it.
    pub(crate) fn new() -> (Notices, impl Future<Output = ()> + Send + use<>) {
        let (queue, waiting) = mpsc::unbounded_channel();
        let target: Arc<Mutex<Option<Target>>> = Arc::default();
        (Notices { target: target.clone(), queue }, send_all(target, waiting))
    }

    /// From now on notices go to this address, signed with this secret.
    pub fn tell(&self, url: impl Into<String>, secret: impl Into<Vec<u8>>) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Target { url: url.into(), secret: secret.into() });
    }

    /// From now on nobody is told.
    pub fn keep_quiet(&self) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// An operation has ended.
    pub(crate) fn ended(&self, record: &Record, now: i64) {
        let kind = match record.status {
            Status::Settled => "operation.settled",
            Status::Declined => "operation.declined",
            Status::Pending => return,
        };
        self.put(json!({
            "type": kind, "operation": record.operation, "reference": record.reference, "amount": record.amount,
            "currency": record.currency, "at": now,
        }));
    }

    /// Something about a dispute.
    pub(crate) fn disputed(&self, kind: &str, dispute: &str, capture: &str, amount: i64, reason: &str, now: i64) {
        self.put(json!({
            "type": kind, "dispute": dispute, "reference": capture, "amount": amount, "currency": "JPY",
            "reason": reason, "at": now,
        }));
    }

    fn put(&self, event: Value) {
        // The other half ends with the provider.
        let _ = self.queue.send(event);
    }
}

/// The header of a notice: the time in milliseconds, and the code over it, a full stop and the body.
pub fn signature(secret: &[u8], at: i64, body: &[u8]) -> Option<(&'static str, String)> {
    let mut code = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    code.update(format!("{at}.").as_bytes());
    code.update(body);
    Some(("x-wallet-signature", format!("t={at},v1={}", hex::encode(&code.finalize().into_bytes()))))
}

async fn send_all(target: Arc<Mutex<Option<Target>>>, mut waiting: mpsc::UnboundedReceiver<Value>) {
    let mut number = 0_u64;
    while let Some(mut event) = waiting.recv().await {
        number += 1;
        event["id"] = json!(format!("ev_{number}_{}", event["at"]));
        let now = || target.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if now().is_none() {
            continue;
        }
        // One that nobody takes does not hold up the next.
        let (target, body) = (target.clone(), event.to_string());
        tokio::spawn(async move { send(&target, event["at"].as_i64().unwrap_or_default(), body).await });
    }
}

async fn send(target: &Mutex<Option<Target>>, at: i64, body: String) {
    for pause in PAUSES_MS {
        #[expect(clippy::disallowed_methods, reason = "a far end tries again after a while")]
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let Some(Target { url, secret }) = target.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
            return;
        };
        let Some((name, value)) = signature(&secret, at, body.as_bytes()) else { return };
        let sent = tokio::time::timeout(TIMEOUT, post(&url, (name, &value), &body)).await;
        let taken = sent.is_ok_and(|status| status.is_ok_and(|status| (200..300).contains(&status)));
        if taken {
            return;
        }
    }
}
