//! A provider on a free port, and a client that sends exactly what it is told and sees what comes back.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tebura_providers::wallet::{Audit, Balance, Database, Running, WalletConfig, WalletProvider};
use tebura_providers::{Credential, ManualClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const NOW: i64 = 1_767_225_600_000;
pub(crate) const HOUR: i64 = 3_600_000;

/// A provider with wallet `w1` (10,000 yen) and merchant `m1`.
pub(crate) struct Far {
    pub(crate) running: Running,
    pub(crate) clock: ManualClock,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn reference(&self) -> String {
        self.json()["reference"].as_str().unwrap().to_owned()
    }
}

/// Where calls go; clones are cheap, so that calls can run beside each other.
#[derive(Clone, Copy)]
pub(crate) struct Client(pub(crate) SocketAddr);

impl Far {
    pub(crate) async fn start() -> Far {
        Far::open(Database::Memory, 0).await.stocked().await
    }

    async fn stocked(self) -> Far {
        self.running.sandbox.open_wallet("w1").await.unwrap();
        self.running.sandbox.open_merchant("m1").await.unwrap();
        assert!(self.running.sandbox.top_up("w1", 10_000).await.unwrap());
        self
    }

    /// As [`Far::start`], where every caller signs.
    pub(crate) async fn signing(secret: &[u8]) -> Far {
        let secret = Credential::new(String::from_utf8(secret.to_vec()).unwrap());
        Far::opened(Database::Memory, 0, Some(secret)).await.stocked().await
    }

    pub(crate) async fn open(database: Database, port: u16) -> Far {
        Far::opened(database, port, None).await
    }

    async fn opened(database: Database, port: u16, request_secret: Option<Credential>) -> Far {
        let clock = ManualClock::at(NOW);
        let config = WalletConfig {
            bind: SocketAddr::from(([127, 0, 0, 1], port)),
            database,
            request_secret,
            admin: Some(Credential::new("the sandbox's own credential")),
            clock: clock.clock(),
            ..WalletConfig::new(Credential::new("the hub's credential"))
        };
        Far { running: WalletProvider::start(config).await.unwrap(), clock }
    }

    pub(crate) fn client(&self) -> Client {
        Client(self.running.addr)
    }

    pub(crate) async fn balance(&self, token: &str) -> Balance {
        self.running.sandbox.balance(token).await.unwrap().unwrap()
    }

    /// The balance of `w1`, what of it is held, and the balance of `m1`.
    pub(crate) async fn money(&self) -> (i64, i64, i64) {
        let (wallet, merchant) = (self.balance("w1").await, self.balance("m1").await);
        (wallet.balance, wallet.held, merchant.balance)
    }

    pub(crate) async fn audit(&self) -> Audit {
        let audit = self.running.sandbox.audit().await.unwrap();
        assert_eq!(audit.faults, Vec::<String>::new());
        assert_eq!(audit.issued, audit.in_wallets + audit.at_merchants);
        audit
    }
}

impl Client {
    pub(crate) async fn hold(self, operation: &str, amount: i64) -> io::Result<Reply> {
        self.write("/v1/preauthorizations", operation, &hold_body(operation, amount)).await
    }

    pub(crate) async fn raise(self, hold: &str, operation: &str, amount: i64) -> io::Result<Reply> {
        let body = json!({"operation": operation, "amount": amount, "currency": "JPY"});
        self.write(&format!("/v1/preauthorizations/{hold}/raise"), operation, &body).await
    }

    pub(crate) async fn capture(self, hold: &str, operation: &str, amount: i64, is_final: bool) -> io::Result<Reply> {
        let body = json!({"operation": operation, "amount": amount, "currency": "JPY", "final": is_final});
        self.write(&format!("/v1/preauthorizations/{hold}/captures"), operation, &body).await
    }

    pub(crate) async fn revert(self, hold: &str, operation: &str, amount: i64) -> io::Result<Reply> {
        let body = json!({"operation": operation, "amount": amount, "currency": "JPY"});
        self.write(&format!("/v1/preauthorizations/{hold}/revert"), operation, &body).await
    }

    pub(crate) async fn refund(self, capture: &str, operation: &str, amount: i64) -> io::Result<Reply> {
        let body = json!({"operation": operation, "amount": amount, "currency": "JPY"});
        self.write(&format!("/v1/captures/{capture}/refunds"), operation, &body).await
    }

    pub(crate) async fn ask(self, operation: &str) -> io::Result<Reply> {
        self.send("GET", &format!("/v1/operations/{operation}"), &[HUB], b"").await
    }

    /// Asks until the operation has left the state "not found" or "pending".
    pub(crate) async fn ask_until_decided(self, operation: &str) -> Reply {
        loop {
            let reply = self.ask(operation).await.unwrap();
            if reply.status == 200 && reply.json()["status"] != "pending" {
                return reply;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A write with the operation's id as its key.
    pub(crate) async fn write(self, path: &str, operation: &str, body: &Value) -> io::Result<Reply> {
        self.keyed(path, operation, body).await
    }

    pub(crate) async fn keyed(self, path: &str, key: &str, body: &Value) -> io::Result<Reply> {
        self.send("POST", path, &[HUB, ("idempotency-key", key)], body.to_string().as_bytes()).await
    }

    pub(crate) async fn send(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Reply> {
        let mut stream = self.begin(method, path, headers, body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        Ok(Reply { status, body: answer[head + 4..].to_vec() })
    }

    /// Sends a request and does not read the answer.
    pub(crate) async fn begin(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<TcpStream> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: far\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let mut stream = TcpStream::connect(self.0).await?;
        stream.write_all(request.as_bytes()).await?;
        stream.write_all(body).await?;
        Ok(stream)
    }
}

pub(crate) const HUB: (&str, &str) = ("authorization", "Bearer the hub's credential");
pub(crate) const ADMIN: (&str, &str) = ("authorization", "Bearer the sandbox's own credential");

pub(crate) fn hold_body(operation: &str, amount: i64) -> Value {
    json!({
        "operation": operation, "wallet": "w1", "merchant": "m1",
        "amount": amount, "currency": "JPY", "expires_at": NOW + HOUR,
    })
}
