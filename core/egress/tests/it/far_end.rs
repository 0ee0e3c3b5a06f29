//! A far end that speaks raw bytes, and the bindings and calls that lead to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tebura_egress::{Binding, BindingConfig, Credential, HttpEgress, Limits, Reach, Tls};
use tebura_hub::ports::{Delivery, Egress, Outgoing};
use tebura_hub::rail::{Effect, HttpCall, PluginId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the far end does with a request that it has read to the end.
#[derive(Clone)]
pub(crate) enum Script {
    /// Writes these bytes and closes.
    Write(Vec<u8>),
    /// Writes one chunk after the other until the caller hangs up.
    WriteForEver,
    /// Closes without a word: the lost reply.
    HangUp,
    /// Keeps the connection and says nothing.
    Silence,
}

/// A listener on loopback that records what arrived.
pub(crate) struct FarEnd {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl FarEnd {
    pub(crate) async fn start(script: Script) -> FarEnd {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, script.clone(), Arc::clone(&seen)));
            }
        });
        FarEnd { port, requests }
    }

    /// Answers every request with 200 and this body.
    pub(crate) async fn answering(body: &str) -> FarEnd {
        FarEnd::start(Script::Write(ok(body))).await
    }

    /// Head and body of each request, in order of arrival.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn config(&self) -> BindingConfig {
        config(format!("http://127.0.0.1:{}", self.port))
    }

    /// Sends one call under [`FarEnd::config`].
    pub(crate) async fn send(&self, call: HttpCall) -> Delivery {
        send(self.config(), call).await
    }
}

async fn serve(mut socket: TcpStream, script: Script, seen: Arc<Mutex<Vec<String>>>) {
    let Some(request) = read_request(&mut socket).await else {
        return;
    };
    seen.lock().unwrap().push(request);
    match script {
        // The caller may have hung up already; that is its right.
        Script::Write(bytes) => drop(socket.write_all(&bytes).await),
        Script::WriteForEver => {
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let chunk = [b"400\r\n".as_slice(), &[b'a'; 1024], b"\r\n"].concat();
            let mut open = socket.write_all(head).await.is_ok();
            while open {
                open = socket.write_all(&chunk).await.is_ok();
            }
        }
        Script::HangUp => {}
        Script::Silence => drop(socket.read_u8().await),
    }
}

/// Reads a head and as much body as it announces.
async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let announced = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok())
                .unwrap_or(0);
            if body.len() >= announced {
                return Some(text.into_owned());
            }
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A complete reply with status 200.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(crate) const SECRET: &str = "Bearer s3cret-of-the-operator";

pub(crate) fn config(origin: String) -> BindingConfig {
    BindingConfig {
        plugin: PluginId("jp.example.wallet".to_owned()),
        endpoint: "gateway".to_owned(),
        origin,
        allow: ["POST /v1/holds", "GET /v1/holds/*", "GET /v1/search", "POST /v1/holds/*/capture"]
            .map(str::to_owned)
            .to_vec(),
        idempotency_header: Some("Idempotency-Key".to_owned()),
        credential: Some(Credential::new("Authorization", SECRET)),
        tls: Tls::default(),
        reach: Reach::Loopback,
        limits: Limits::default(),
    }
}

/// `POST /v1/holds` with a short body.
pub(crate) fn call(effect: Effect) -> HttpCall {
    HttpCall {
        endpoint: "gateway".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/holds".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: br#"{"yen":1200}"#.to_vec(),
        effect,
        timeout_ms: 10_000,
        stale_after: None,
    }
}

/// A read of `path`.
pub(crate) fn get(path: &str) -> HttpCall {
    HttpCall { method: "GET".to_owned(), path: path.to_owned(), body: Vec::new(), ..call(Effect::Read) }
}

pub(crate) fn keyed() -> Effect {
    Effect::Idempotent { key: "op-1".to_owned() }
}

pub(crate) fn outgoing(call: HttpCall) -> Outgoing {
    Outgoing { plugin: PluginId("jp.example.wallet".to_owned()), call, key: "hub-key-1".to_owned() }
}

pub(crate) async fn send(config: BindingConfig, call: HttpCall) -> Delivery {
    egress(config).send(&outgoing(call)).await
}

pub(crate) fn egress(config: BindingConfig) -> HttpEgress {
    HttpEgress::new(vec![Binding::new(config).unwrap()]).unwrap()
}

/// Limits under which a far end that does not answer is given up soon.
pub(crate) fn impatient() -> Limits {
    Limits { total: Duration::from_millis(50), ..Limits::default() }
}

/// One word for an answer; a refusal's code says why.
pub(crate) fn word(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Reply(reply) => format!("reply {}", reply.status),
        Delivery::NotDelivered { .. } => "not delivered".to_owned(),
        Delivery::MaybeDelivered { .. } => "maybe delivered".to_owned(),
        Delivery::Refused { code, .. } => (*code).to_owned(),
    }
}
