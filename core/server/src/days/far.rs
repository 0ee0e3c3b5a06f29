//! The hub as a process of its own, spoken to over HTTP as terminals do; it can be killed and started again. Whoever waits for an
//! answer meanwhile asks again under the same key.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, watch};

use super::DayError;
use crate::demo::{Cast, DemoFile};

/// What the hub prints when it serves.
const READY: &str = "Ready in";
/// While the hub is away, or a rail is silent, the same is asked again.
const AGAIN: Duration = Duration::from_millis(200);
/// Longer than the hub takes to start, and longer than it asks a silent rail.
const TRIES: u32 = 300;

/// The hub and its provider.
pub(super) struct Far {
    client: Client,
    data: PathBuf,
    cast: Cast,
    child: Mutex<Option<Child>>,
    /// Where they are; `None`: killed.
    place: watch::Sender<Option<DemoFile>>,
}

/// An answer, and how often it was asked for.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    /// How often the connection broke.
    pub(super) cut: u32,
}

impl Far {
    /// Starts the hub of a data folder, with these people.
    pub(super) async fn start(data: &Path, cast: Cast) -> Result<Far, DayError> {
        // The hub is on this machine without TLS: no certificates are needed and none are looked for.
        let client = Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_secs(30)).build()?;
        let (place, _) = watch::channel(None);
        let far = Far { client, data: data.to_owned(), cast, child: Mutex::new(None), place };
        far.revive().await?;
        Ok(far)
    }

    /// Starts it again.
    pub(super) async fn revive(&self) -> Result<(), DayError> {
        let mut child = self.child.lock().await;
        let program = std::env::current_exe()?;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.data.with_extension("log"))?;
        let mut hub = Command::new(program)
            .args(["--cast", self.cast.word(), "--listen", "127.0.0.1:0", "--data"])
            .arg(&self.data)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(hub.stdout.take().ok_or(DayError::NoHub)?).lines();
        loop {
            match lines.next_line().await? {
                Some(line) if line.starts_with(READY) => break,
                Some(_) => {}
                None => return Err(DayError::NoHub),
            }
        }
        // What it prints later is nobody's business, and the pipe must not fill.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        *child = Some(hub);
        self.place.send_replace(Some(DemoFile::read(&self.data)?));
        Ok(())
    }

    /// Kills it where it stands: no signal that it could act on.
    pub(super) async fn kill(&self) -> Result<(), DayError> {
        self.place.send_replace(None);
        if let Some(mut child) = self.child.lock().await.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// What the demo says of itself; waits while it is away.
    pub(super) async fn file(&self) -> DemoFile {
        let mut place = self.place.subscribe();
        // The sender lives as long as this does.
        let found = place.wait_for(Option::is_some).await.ok().and_then(|place| place.clone());
        found.unwrap_or_default()
    }

    /// One request to the hub with a JSON body; `key` is a whole secret. Asked again while the hub is away.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        (key, word): (&str, &str),
        body: &Value,
    ) -> Result<Answer, DayError> {
        let bytes = if method == Method::GET { Vec::new() } else { body.to_string().into_bytes() };
        self.send(&method, |file| format!("{}{path}", file.hub), (key, word), "application/json", bytes).await
    }

    /// The same with a picture; `name` is the part with the JSON.
    pub(super) async fn with_face(
        &self,
        path: &str,
        (key, word): (&str, &str),
        (name, json): (&str, &Value),
        image: &[u8],
    ) -> Result<Answer, DayError> {
        let mut form = format!("--e\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{json}\r\n").into_bytes();
        form.extend_from_slice(b"--e\r\ncontent-disposition: form-data; name=\"image\"; filename=\"face\"\r\n\r\n");
        form.extend_from_slice(image);
        form.extend_from_slice(b"\r\n--e--\r\n");
        let kind = "multipart/form-data; boundary=e";
        self.send(&Method::POST, |file| format!("{}{path}", file.hub), (key, word), kind, form).await
    }

    /// A call of the wallet provider's own sandbox.
    pub(super) async fn provider(&self, method: Method, path: &str, body: &Value) -> Result<Value, DayError> {
        let key = self.file().await.wallet_sandbox_key.clone();
        let bytes = if method == Method::GET { Vec::new() } else { body.to_string().into_bytes() };
        let at = |file: &DemoFile| format!("{}{path}", file.wallet);
        Ok(self.send(&method, at, (&key, ""), "application/json", bytes).await?.body)
    }

    async fn send(
        &self,
        method: &Method,
        url: impl Fn(&DemoFile) -> String,
        (key, word): (&str, &str),
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Answer, DayError> {
        let mut cut = 0;
        for _ in 0..TRIES {
            let file = self.file().await;
            let mut request =
                self.client.request(method.clone(), url(&file)).bearer_auth(key).header("content-type", kind);
            if !word.is_empty() {
                request = request.header("idempotency-key", word);
            }
            let sent = request.body(body.clone()).send().await;
            let answer = match sent {
                Ok(response) => (response.status().as_u16(), response.text().await),
                Err(error) if error.is_builder() => return Err(error.into()),
                Err(_) => {
                    cut += 1;
                    self.pause().await;
                    continue;
                }
            };
            match answer {
                (status @ (429 | 503), _) if !word.is_empty() || status == 429 => self.pause().await,
                (status, Ok(text)) => {
                    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                    return Ok(Answer { status, body, cut });
                }
                (_, Err(_)) => {
                    cut += 1;
                    self.pause().await;
                }
            }
        }
        Err(DayError::Silent)
    }

    /// Between two tries.
    pub(super) async fn pause(&self) {
        let mut pause = tokio::time::interval(AGAIN);
        pause.tick().await;
        pause.tick().await;
    }
}
