//! What every request passes through: request id, shedding, the log line, security headers, problem language.
//!
//! The log line has the route's pattern, the status and the time. Never a body, a query, a secret, a face or a name.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tebura_hub::card_number::{holds_card_number, holds_card_number_encoded};
use tebura_hub::ports::Ids;
use tebura_ledger::Shard;
use tokio::sync::Semaphore;

use crate::clock::SystemIds;
use crate::extract::card_number;
use crate::messages::Language;
use crate::problem::Problem;

/// The id that ties a request, its answer and its log lines together.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a proxy in front.
const REQUEST_ID_MAX: usize = 64;

/// Gives each request an id, logs it once, puts problems into the caller's language, and guards the answer.
pub async fn trace(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let language = language_of(request.headers());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));

    #[expect(clippy::disallowed_methods, reason = "only the duration in the log line depends on it")]
    let started = std::time::Instant::now();
    let mut response = next.run(request).await;
    let code = match response.extensions().get::<Problem>().cloned() {
        Some(problem) => {
            let kept = std::mem::take(response.headers_mut());
            response = problem.response(language, Some(&id));
            for (name, value) in &kept {
                response.headers_mut().entry(name).or_insert_with(|| value.clone());
            }
            problem.code
        }
        None => "".into(),
    };
    guard(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    if route == "/healthz" || route == "/readyz" {
        tracing::debug!(%method, route, status, elapsed_us, request_id = id, code = code.as_ref(), "request");
    } else {
        tracing::info!(%method, route, status, elapsed_us, request_id = id, code = code.as_ref(), "request");
    }
    response
}

/// A proxy's id when it is short and plain, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=REQUEST_ID_MAX).contains(&id.len()))
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')))
        .map_or_else(|| SystemIds.next(Shard::new(0)).simple().to_string(), str::to_owned)
}

/// The language that a caller asks for.
pub fn language_of(headers: &HeaderMap) -> Language {
    headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or(Language::English, Language::from_accept_language)
}

/// Refuses a card number in a path, a query or a key, before anything looks at them. Bodies are looked through where they
/// are read.
pub async fn refuse_card_numbers(request: Request, next: Next) -> Response {
    let target = request.uri().path_and_query().map(PathAndQuery::as_str).unwrap_or_default();
    let key = request.headers().get("idempotency-key").map(HeaderValue::as_bytes).unwrap_or_default();
    if holds_card_number_encoded(target) || holds_card_number(key) {
        return card_number().into_response();
    }
    next.run(request).await
}

/// Refuses at once what would only wait: a short queue that moves is better than a long one that times out.
pub async fn shed(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => Problem::busy(SHED_RETRY_AFTER_MS).into_response(),
    }
}

/// Full queues empty within a second: the slowest stage, a face, takes some tens of milliseconds.
pub(crate) const SHED_RETRY_AFTER_MS: u32 = 1_000;

/// Headers that keep a browser from doing more with an answer than it needs.
fn guard(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
