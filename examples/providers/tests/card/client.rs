//! An acquirer on a free port, and a client that sends exactly what it is told.

use std::io;

use serde_json::Value;
use tebura_providers::card::{CardConfig, CardProvider, Granted, Running, Webhook};
use tebura_providers::{Credential, ManualClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const NOW: i64 = 1_767_225_600_000;
pub(crate) const DAY: i64 = 24 * 3_600_000;

pub(crate) struct Far {
    pub(crate) running: Running,
    pub(crate) clock: ManualClock,
}

#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `402 card_declined`, or the status of an answer that is no refusal.
    pub(crate) fn code(&self) -> String {
        let error = &self.json()["error"];
        let word =
            error["code"].as_str().filter(|code| !code.is_empty()).or(error["type"].as_str()).unwrap_or_default();
        format!("{} {word}", self.status).trim_end().to_owned()
    }
}

impl Far {
    pub(crate) async fn start() -> Far {
        Far::with(true, None).await
    }

    pub(crate) async fn with(granted: bool, webhook: Option<Webhook>) -> Far {
        let clock = ManualClock::at(NOW);
        let config = CardConfig {
            admin: Some(Credential::new("the sandbox's own")),
            granted: Granted { incremental_authorization: granted, multicapture: granted },
            webhook,
            clock: clock.clock(),
            ..CardConfig::new(Credential::new("sk_test"))
        };
        Far { running: CardProvider::start(config).await.unwrap(), clock }
    }

    /// An intent that is confirmed at once.
    pub(crate) async fn create(&self, key: &str, amount: i64, method: &str) -> Reply {
        let form = format!(
            "amount={amount}&currency=jpy&capture_method=manual&confirm=true&payment_method={method}&metadata[op]={key}\
             &payment_method_options[card][request_incremental_authorization]=if_available\
             &payment_method_options[card][request_multicapture]=if_available"
        );
        self.post("/v1/payment_intents", key, &form).await.unwrap()
    }

    /// The id of an authorised intent.
    pub(crate) async fn held(&self, key: &str, amount: i64) -> String {
        let reply = self.create(key, amount, "pm_card_visa").await;
        assert_eq!((reply.status, reply.json()["status"].as_str()), (200, Some("requires_capture")));
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn post(&self, path: &str, key: &str, form: &str) -> io::Result<Reply> {
        self.send("POST", path, &[("authorization", "Bearer sk_test"), ("idempotency-key", key)], form).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[("authorization", "Bearer sk_test")], "").await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Reply> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: far\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(self.running.addr).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let (head, body) = (String::from_utf8_lossy(&answer[..head]).to_lowercase(), answer[head + 4..].to_vec());
        Ok(Reply { status: head[9..12].parse().unwrap(), replayed: head.contains("idempotent-replayed: true"), body })
    }

    /// What cards have paid, what is held of them, what the merchant has.
    #[track_caller]
    pub(crate) fn money(&self) -> (i64, i64, i64) {
        let audit = self.running.sandbox.audit();
        assert_eq!(audit.faults, Vec::<String>::new());
        (audit.paid, audit.held, audit.at_merchant)
    }
}
