//! A clinic's eligibility terminal: a folder of requests, a folder of responses, and the connector that serves both to the
//! clinic's systems over HTTP.
//!
//! ```text
//! PUT /v1/REQ/{name}.xml   204: it lies there; 409: another file of that name does
//! GET /v1/RES/{name}.xml   200 and the file; 404: not answered yet
//! ```
//!
//! The terminal answers a request `takes_ms` after it was laid down. Elements of requests are those that clinics know; those
//! of responses bear the names that clinics know, and which of them there are is its own. A limit is told with the consent in
//! the request only. Absent: addresses, medication, history, and the reader with its camera.

mod answer;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::credential::Credential;
use answer::answer;

/// Somebody who is insured, as her insurer knows her.
#[derive(Clone, Default)]
pub struct Insured {
    /// As the insurer has it, in kanji as a rule; empty: it is not told.
    pub name: String,
    /// In kana; empty: it is not told.
    pub kana: String,
    /// `1` male, `2` female, `3` not known; empty: it is not told.
    pub sex: String,
    /// Eight digits.
    pub insurer: String,
    /// As on the certificate; widths of characters do not matter.
    pub symbol: String,
    /// As on the certificate.
    pub number: String,
    /// Two digits, or empty.
    pub branch: String,
    /// `19800517`.
    pub birthdate: String,
    /// The patient's share in percent.
    pub burden: u32,
    /// The first day, `20240401`; `None`: it is not told.
    pub from: Option<String>,
    /// The last day, `20260331`; `None`: it goes on.
    pub until: Option<String>,
    /// The category of the limit, `A03`; `None`: there is no certificate of a limit.
    pub limit: Option<String>,
}

/// How the terminal behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    #[default]
    Good,
    /// The connector answers 503.
    Away,
    /// No response is ever laid down.
    Silent,
    /// Half a file is laid down.
    Confused,
}

/// How to start one.
#[derive(Clone)]
pub struct EligibilityConfig {
    /// Where the connector listens; port 0 takes a free one.
    pub bind: SocketAddr,
    /// What callers show.
    pub credential: Credential,
    /// In which `REQ` and `RES` lie.
    pub folder: PathBuf,
    /// The terminal's clock.
    pub clock: Clock,
    /// From request to response.
    pub takes_ms: i64,
}

/// A terminal that runs; gone when it is dropped.
pub struct EligibilityTerminal {
    address: SocketAddr,
    desk: Desk,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Desk {
    credential: Credential,
    folder: Arc<Path>,
    clock: Clock,
    takes_ms: i64,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    insured: Vec<Insured>,
    /// Numbers of charts that a card was linked to, and whose.
    linked: BTreeMap<String, usize>,
    /// When each request was laid down.
    laid: BTreeMap<String, i64>,
    behaviour: Behaviour,
}

impl EligibilityTerminal {
    /// Opens folders and connector.
    ///
    /// # Errors
    /// When the folder cannot be written or the port is taken.
    pub async fn start(config: EligibilityConfig) -> std::io::Result<EligibilityTerminal> {
        for name in ["REQ", "RES"] {
            std::fs::create_dir_all(config.folder.join(name))?;
        }
        let listener = TcpListener::bind(config.bind).await?;
        let address = listener.local_addr()?;
        let EligibilityConfig { credential, folder, clock, takes_ms, .. } = config;
        let desk = Desk { credential, folder: folder.into(), clock, takes_ms, books: Arc::default() };
        let router = Router::new()
            .route("/v1/REQ/{name}", put(lay_down))
            .route("/v1/RES/{name}", get(pick_up))
            .with_state(desk.clone());
        let task = tokio::spawn(async move {
            // It serves until it is stopped; then nobody asks how it ended.
            let _ = axum::serve(listener, router).await;
        });
        Ok(EligibilityTerminal { address, desk, task })
    }

    /// Where the connector listens.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Insures somebody. `chart`: the number under which a clinic linked her card (照会番号).
    pub fn insure(&self, insured: Insured, chart: Option<&str>) {
        let mut books = self.desk.books();
        let at = books.insured.len();
        books.insured.push(insured);
        books.linked.extend(chart.map(|chart| (chart.to_owned(), at)));
    }

    /// From now on it behaves so.
    pub fn behave(&self, behaviour: Behaviour) {
        self.desk.books().behaviour = behaviour;
    }

    /// How many requests were laid down.
    pub fn asked(&self) -> usize {
        self.desk.books().laid.len()
    }
}

impl Drop for EligibilityTerminal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, headers: &HeaderMap, name: &str) -> Result<(), StatusCode> {
        if !self.credential.is_shown_by(headers) {
            return Err(StatusCode::UNAUTHORIZED);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let stem = name.strip_suffix(".xml").filter(|stem| (1..=80).contains(&stem.len()) && stem.bytes().all(plain));
        stem.map(drop).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
        if self.books().behaviour == Behaviour::Away { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(()) }
    }

    fn file(&self, folder: &str, name: &str) -> PathBuf {
        self.folder.join(folder).join(name)
    }
}

async fn lay_down(
    State(desk): State<Desk>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    desk.admit(&headers, &name)?;
    let path = desk.file("REQ", &name);
    let mut books = desk.books();
    if let Ok(there) = std::fs::read(&path) {
        return if there == body { Ok(StatusCode::NO_CONTENT) } else { Err(StatusCode::CONFLICT) };
    }
    // Under another name first, so that nobody reads half of it.
    let draft = path.with_extension("part");
    std::fs::write(&draft, &body)
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    books.laid.insert(name, (desk.clock)());
    Ok(StatusCode::NO_CONTENT)
}

async fn pick_up(
    State(desk): State<Desk>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    desk.admit(&headers, &name)?;
    let path = desk.file("RES", &name);
    let books = desk.books();
    let there = match std::fs::read(&path) {
        Ok(there) => there,
        Err(_) => {
            let laid = books.laid.get(&name).ok_or(StatusCode::NOT_FOUND)?;
            if books.behaviour == Behaviour::Silent || (desk.clock)() < laid + desk.takes_ms {
                return Err(StatusCode::NOT_FOUND);
            }
            let request = std::fs::read_to_string(desk.file("REQ", &name)).map_err(|_| StatusCode::NOT_FOUND)?;
            let mut response = answer(&request, &books.insured, &books.linked).into_bytes();
            if books.behaviour == Behaviour::Confused {
                response.truncate(response.len() / 2);
            }
            std::fs::write(&path, &response).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
            response
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/xml")], there).into_response())
}
