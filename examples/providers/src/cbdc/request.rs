//! From bytes to a request: what is checked before any role sees it.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cbdc::intermediary::{Ask, Kind};
use crate::cbdc::orders::{Proof, Terms};

/// Largest amount of one request, yen.
const MAX_AMOUNT: i64 = 10_000_000;

/// A request that left no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(skip)]
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The request that it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Problem {
        Problem { status, code, message: message.into(), request: None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Json(self)).into_response()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    request: String,
    payer: String,
    payee: String,
    amount: i64,
    currency: String,
    until: Option<i64>,
    kind: LockKind,
    arbiter: Option<String>,
    hash: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LockKind {
    TwoParty,
    ThreeParty,
    HashTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Completion {
    request: String,
    amount: i64,
    currency: String,
    #[serde(rename = "final")]
    is_final: bool,
    signature: Option<String>,
    preimage: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Return {
    request: String,
    amount: i64,
    currency: String,
    signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    request: String,
    amount: i64,
    currency: String,
    until: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    request: String,
    amount: i64,
    currency: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transfer {
    request: String,
    from: String,
    to: String,
    amount: i64,
    currency: String,
}

/// Reads a write. `about` is the id in the path; empty for what begins something.
pub(crate) fn read(kind: Kind, about: &str, body: &[u8]) -> Result<(String, Ask), Problem> {
    let about = about.to_owned();
    let (request, ask) = match kind {
        Kind::Lock => {
            let Lock { request, payer, payee, amount, currency, until, kind, arbiter, hash } = json(body)?;
            let terms = match (kind, arbiter, hash) {
                (LockKind::TwoParty, None, None) => Terms::TwoParty,
                (LockKind::ThreeParty, Some(arbiter), None) => Terms::ThreeParty { arbiter },
                (LockKind::HashTime, None, Some(hash)) => Terms::HashTime { hash },
                _ => {
                    return Err(invalid("`arbiter` belongs to `three_party`, `hash` to `hash_time`, each to no other"));
                }
            };
            let amount = yen(amount, &currency)?;
            (request, Ask::Lock { payer, payee, amount, until, terms })
        }
        Kind::Completion => {
            let Completion { request, amount, currency, is_final, signature, preimage } = json(body)?;
            let (amount, proof) = (yen(amount, &currency)?, Proof { signature, preimage });
            (request, Ask::Complete { lock: about, amount, is_final, proof })
        }
        Kind::Return => {
            let Return { request, amount, currency, signature } = json(body)?;
            let (amount, proof) = (yen(amount, &currency)?, Proof { signature, preimage: None });
            (request, Ask::Return { lock: about, amount, proof })
        }
        Kind::Extension => {
            let Extension { request, amount, currency, until } = json(body)?;
            (request, Ask::Extend { lock: about, amount: yen(amount, &currency)?, until })
        }
        Kind::Refund => {
            let Refund { request, amount, currency } = json(body)?;
            (request, Ask::Refund { completion: about, amount: yen(amount, &currency)? })
        }
        Kind::Transfer => {
            let Transfer { request, from, to, amount, currency } = json(body)?;
            (request, Ask::Transfer { from, to, amount: yen(amount, &currency)? })
        }
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if !(1..=64).contains(&request.len()) || !request.bytes().all(plain) {
        return Err(invalid("`request` is 1 to 64 letters, digits, `_`, `-` or `.`"));
    }
    Ok((request, ask))
}

pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| invalid(format!("the body is not as described: {error}")))
}

fn yen(amount: i64, currency: &str) -> Result<i64, Problem> {
    if currency != "JPY" {
        return Err(invalid("`currency` is JPY"));
    }
    if (1..=MAX_AMOUNT).contains(&amount) {
        Ok(amount)
    } else {
        Err(invalid(format!("`amount` is 1 to {MAX_AMOUNT} yen")))
    }
}

fn invalid(message: impl Into<String>) -> Problem {
    Problem::new(400, "request.invalid", message)
}

/// The digest header of a body.
pub(crate) fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// The one form of `signature-input` that is taken here.
pub(crate) fn parameters(service: &str) -> String {
    format!("(\"@method\" \"@path\" \"content-digest\");keyid=\"{service}\";alg=\"ed25519\"")
}

/// The signature base of RFC 9421 for method, path and digest.
pub(crate) fn signed_text(service: &str, method: &str, path: &str, body: &[u8]) -> String {
    let (digest, parameters) = (digest(body), parameters(service));
    format!(
        "\"@method\": {method}\n\"@path\": {path}\n\"content-digest\": {digest}\n\"@signature-params\": {parameters}"
    )
}

/// Which service signed this request. Its signature has no time: a repeat has the same request id and the same answer.
pub(crate) fn service(
    services: &BTreeMap<String, VerifyingKey>,
    headers: &HeaderMap,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<String, Problem> {
    let wrong =
        || Problem::new(401, "signature.wrong", "sign method, path and digest with the service's registered key");
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let says = |name: &&String| text("signature-input") == format!("sig1={}", parameters(name));
    let (name, key) = services.iter().find(|(name, _)| says(name)).ok_or_else(wrong)?;
    if text("content-digest") != digest(body) {
        return Err(wrong());
    }
    let signature =
        text("signature").strip_prefix("sig1=:").and_then(|rest| rest.strip_suffix(':')).ok_or_else(wrong)?;
    let signature = STANDARD.decode(signature).map_err(|_| wrong())?;
    let signature = Signature::from_slice(&signature).map_err(|_| wrong())?;
    key.verify_strict(signed_text(name, method, path, body).as_bytes(), &signature).map_err(|_| wrong())?;
    Ok(name.clone())
}
