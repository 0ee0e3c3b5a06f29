//! Requests that are signed: `X-Wallet-Request-Signature: t=<milliseconds>,v1=<code>`, an HMAC-SHA256 over time, method, path
//! and body, with a full stop after each but the last. A time that is five minutes off is not taken.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::clock::Clock;
use crate::credential::Credential;
use crate::hex;
use crate::wallet::answer::Answer;
use crate::wallet::record::Problem;
use crate::wallet::routes::MAX_BODY;

const HEADER: &str = "x-wallet-request-signature";
const TOLERANCE_MS: i64 = 5 * 60_000;

/// What requests are checked with.
pub(crate) struct Signing {
    pub(crate) secret: Credential,
    pub(crate) clock: Clock,
}

/// The header of a request that is signed at `at`, milliseconds.
pub fn request_signature(
    secret: &[u8],
    at: i64,
    method: &str,
    path: &str,
    body: &[u8],
) -> Option<(&'static str, String)> {
    let code = code(secret, at, method, path, body)?.finalize().into_bytes();
    Some((HEADER, format!("t={at},v1={}", hex::encode(&code))))
}

fn code(secret: &[u8], at: i64, method: &str, path: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut code = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    code.update(format!("{at}.{method}.{path}.").as_bytes());
    code.update(body);
    Some(code)
}

/// Lets signed requests through and answers others with 401.
pub(crate) async fn checked(State(signing): State<Arc<Signing>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else { return refused() };
    let shown = parts.headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    match is_signed(&signing, shown, parts.method.as_str(), path, &body) {
        true => next.run(Request::from_parts(parts, Body::from(body))).await,
        false => refused(),
    }
}

fn is_signed(signing: &Signing, shown: &str, method: &str, path: &str, body: &[u8]) -> bool {
    let part = |name: &str| shown.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let (Some(at), Some(digits)) = (part("t").and_then(|at| at.parse::<i64>().ok()), part("v1")) else { return false };
    let Some(shown) = hex::decode(digits) else { return false };
    let fresh = (signing.clock)().abs_diff(at) <= TOLERANCE_MS.unsigned_abs();
    fresh && code(signing.secret.bytes(), at, method, path, body).is_some_and(|code| code.verify_slice(&shown).is_ok())
}

fn refused() -> Response {
    let problem = Problem::new(401, "signature.wrong", "sign the request with the shared secret, and check the clock");
    Answer::problem(&problem).into_response()
}
