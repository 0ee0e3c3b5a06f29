//! The platform operator: says of a certificate's number whether it is revoked, and under which name it knows the holder.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::Clock;

/// How long a list counts.
const LIST_MS: u64 = 12 * 3_600_000;

/// A platform operator on a port of this machine; gone when it is dropped.
pub struct Platform {
    address: SocketAddr,
    books: Arc<Mutex<Books>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Books {
    /// By the certificate's number in hexadecimal digits: who holds it, and whether it is revoked.
    known: BTreeMap<String, (String, bool)>,
    stale: bool,
    asked: u32,
}

#[derive(Clone)]
struct Desk {
    books: Arc<Mutex<Books>>,
    credential: Arc<str>,
    admin: Option<Arc<str>>,
    clock: Clock,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    issuer_key_id: String,
    serial: String,
}

#[derive(Serialize)]
struct Said {
    serial: String,
    status: &'static str,
    this_update_ms: u64,
    next_update_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

impl Platform {
    /// Opens it. Callers show `credential` as a bearer token.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(credential: &str, clock: Clock) -> std::io::Result<Platform> {
        Self::start((Ipv4Addr::LOCALHOST, 0).into(), credential, None, clock).await
    }

    /// Opens it at an address. Callers of `/sandbox` show `admin`; without it those routes say nothing.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn start(
        bind: SocketAddr,
        credential: &str,
        admin: Option<&str>,
        clock: Clock,
    ) -> std::io::Result<Platform> {
        let books: Arc<Mutex<Books>> = Arc::default();
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let admin = admin.map(Into::into);
        let desk = Desk { books: Arc::clone(&books), credential: credential.into(), admin, clock };
        let router = Router::new()
            .route("/v1/certificate-status", post(status))
            .route("/sandbox/cards", post(note))
            .route("/sandbox/cards/{serial}/revoke", post(revoke))
            .with_state(desk);
        let task = tokio::spawn(async move {
            // It serves until it is stopped; then nobody asks how it ended.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Platform { address, books, task })
    }

    /// Where it listens.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Notes a certificate and its holder, under this operator's own name for the holder.
    pub fn note(&self, serial: u64, user: &str) {
        self.books().known.insert(number(serial), (user.to_owned(), false));
    }

    /// As when its holder has moved house.
    pub fn revoke(&self, serial: u64) {
        if let Some((_, revoked)) = self.books().known.get_mut(&number(serial)) {
            *revoked = true;
        }
    }

    /// From now on its list is of yesterday.
    pub fn grow_stale(&self) {
        self.books().stale = true;
    }

    /// How often it was asked.
    pub fn asked(&self) -> u32 {
        self.books().asked
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// As certificates write it: without leading zeros, and not negative.
fn number(serial: u64) -> String {
    let bytes: Vec<u8> = serial.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { "00" } else { "" };
    bytes.iter().fold(sign.to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A certificate that this operator is to know.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    /// Hexadecimal.
    serial: String,
    user: String,
}

impl Desk {
    fn administers(&self, headers: &HeaderMap) -> Result<MutexGuard<'_, Books>, StatusCode> {
        let admin = self.admin.as_deref().ok_or(StatusCode::NOT_FOUND)?;
        if shown(headers) != Some(admin) {
            return Err(StatusCode::UNAUTHORIZED);
        }
        Ok(self.books.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")
}

fn serial(text: &str) -> Result<String, StatusCode> {
    u64::from_str_radix(text, 16).map(number).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)
}

async fn note(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(noted): Json<Noted>,
) -> Result<StatusCode, StatusCode> {
    desk.administers(&headers)?.known.insert(serial(&noted.serial)?, (noted.user, false));
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(which): Path<String>,
) -> Result<StatusCode, StatusCode> {
    let mut books = desk.administers(&headers)?;
    let (_, revoked) = books.known.get_mut(&serial(&which)?).ok_or(StatusCode::NOT_FOUND)?;
    *revoked = true;
    Ok(StatusCode::NO_CONTENT)
}

async fn status(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Result<Json<Said>, StatusCode> {
    if shown(&headers) != Some(&*desk.credential) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    if asked.issuer_key_id.is_empty() {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let mut books = desk.books.lock().unwrap_or_else(PoisonError::into_inner);
    books.asked += 1;
    let now = u64::try_from((desk.clock)()).unwrap_or(0);
    let this_update_ms = if books.stale { now.saturating_sub(2 * LIST_MS) } else { now };
    let known = books.known.get(&asked.serial);
    let status = match known {
        Some((_, true)) => "revoked",
        Some((_, false)) => "good",
        None => "unknown",
    };
    let user_id = known.map(|(user, _)| user.clone());
    Ok(Json(Said { serial: asked.serial, status, this_update_ms, next_update_ms: this_update_ms + LIST_MS, user_id }))
}
