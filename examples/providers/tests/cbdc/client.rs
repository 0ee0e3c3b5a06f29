//! A network on free ports, and a caller that signs what it sends, or sends something else.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use tebura_providers::cbdc::{CbdcConfig, CbdcNetwork, Member, NewCustomer, Running, signing};
use tebura_providers::{Credential, ManualClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const NOW: i64 = 1_767_225_600_000;
pub(crate) const HUB: &str = "tebura-hub";
pub(crate) const EAST: &str = "Bearer east's credential";
pub(crate) const WEST: &str = "Bearer west's credential";
pub(crate) const ADMIN: &str = "Bearer the sandbox's credential";

/// A resident at East (limit 100,000, 10,000 in the wallet, 40,000 in a deposit) and a shop at West (limit 0).
pub(crate) struct Far {
    pub(crate) running: Running,
    pub(crate) payer: String,
    pub(crate) payee: String,
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

impl Far {
    pub(crate) async fn start() -> Far {
        let credential = |text: &str| Credential::new(text.trim_start_matches("Bearer "));
        let config = CbdcConfig {
            admin: Some(credential(ADMIN)),
            services: BTreeMap::from([(HUB.to_owned(), key().verifying_key().to_bytes())]),
            clock: ManualClock::at(NOW).clock(),
            ..CbdcConfig::new(credential(EAST), credential(WEST))
        };
        let running = CbdcNetwork::start(config).await.unwrap();
        let network = &running.network;
        let new = |name: &str, alias: &str, limit, deposit| NewCustomer {
            name: name.to_owned(),
            aliases: vec![alias.to_owned()],
            limit,
            deposit: Some(deposit),
            services: vec![HUB.to_owned()],
        };
        let payer = network.open_customer(Member::East, new("山田 花子", "hanako@higashi.example", 100_000, 50_000));
        let payee = network.open_customer(Member::West, new("Kaga Bookshop", "+81 76 000 0000", 0, 0));
        assert!(network.draw(&payer, 10_000));
        Far { running, payer, payee }
    }

    pub(crate) fn east(&self) -> Caller {
        Caller { to: self.running.east.addr, credential: EAST, key: key() }
    }

    pub(crate) fn west(&self) -> Caller {
        Caller { to: self.running.west.addr, credential: WEST, key: key() }
    }

    pub(crate) fn lock_body(&self, request: &str, amount: i64) -> Value {
        json!({
            "request": request, "payer": self.payer, "payee": self.payee, "amount": amount, "currency": "JPY",
            "kind": "three_party", "arbiter": HUB,
        })
    }

    pub(crate) fn clean(&self) {
        assert_eq!(self.running.network.audit(), Vec::<String>::new());
    }
}

/// Who calls where.
pub(crate) struct Caller {
    pub(crate) to: SocketAddr,
    pub(crate) credential: &'static str,
    pub(crate) key: SigningKey,
}

pub(crate) type Reply = io::Result<(u16, Value)>;

impl Caller {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None, b"").await
    }

    /// A write whose key is its request id.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        let key = body["request"].as_str().unwrap_or_default().to_owned();
        self.send("POST", path, Some(&key), body.to_string().as_bytes()).await
    }

    /// A completion of a three-party lock that gives the rest back.
    pub(crate) async fn complete(&self, request: &str, lock: &str, amount: i64) -> Reply {
        let text = signing::lock("complete", lock, amount, request);
        let signature = STANDARD.encode(self.key.sign(text.as_bytes()).to_bytes());
        let body = json!({
            "request": request, "amount": amount, "currency": "JPY", "final": true, "signature": signature,
        });
        self.post(&format!("/v1/locks/{lock}/completions"), &body).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, key: Option<&str>, body: &[u8]) -> Reply {
        let (digest, input, text) = signing::request(HUB, method, path, body);
        let signature = STANDARD.encode(self.key.sign(text.as_bytes()).to_bytes());
        let mut headers = vec![
            ("content-digest", digest),
            ("signature-input", input),
            ("signature", format!("sig1=:{signature}:")),
            ("authorization", self.credential.to_owned()),
        ];
        headers.extend(key.map(|key| ("idempotency-key", key.to_owned())));
        self.raw(method, path, &headers, body).await
    }

    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: far\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let mut stream = TcpStream::connect(self.to).await?;
        stream.write_all(request.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        Ok((status, serde_json::from_slice(&answer[head + 4..]).unwrap_or(Value::Null)))
    }
}
