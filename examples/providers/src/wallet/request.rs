//! From bytes to an order: what is checked before the books are opened.

use axum::http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::wallet::record::{Kind, Problem};

/// Largest amount of one operation, yen.
const MAX_AMOUNT: i64 = 10_000_000;

/// One write, ready for the books.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) operation: String,
    pub(crate) key: String,
    /// Over route and body: what "the same request" means.
    pub(crate) fingerprint: [u8; 32],
    pub(crate) work: Work,
}

#[derive(Clone, Debug)]
pub(crate) enum Work {
    Preauthorize { wallet: String, merchant: String, amount: i64, expires_at: i64 },
    Raise { preauthorization: String, amount: i64 },
    Extend { preauthorization: String, amount: i64, expires_at: i64 },
    Capture { preauthorization: String, amount: i64, is_final: bool },
    Revert { preauthorization: String, amount: i64 },
    Refund { capture: String, amount: i64 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preauthorize {
    operation: String,
    wallet: String,
    merchant: String,
    amount: i64,
    currency: String,
    expires_at: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capture {
    operation: String,
    amount: i64,
    currency: String,
    #[serde(rename = "final")]
    is_final: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extend {
    operation: String,
    amount: i64,
    currency: String,
    expires_at: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    operation: String,
    amount: i64,
    currency: String,
}

impl Order {
    /// Reads a write. `about` is the id in the path, empty for a new preauthorization.
    pub(crate) fn read(kind: Kind, about: &str, headers: &HeaderMap, body: &[u8]) -> Result<Order, Problem> {
        let key = idempotency_key(headers)?;
        let (operation, work) = match kind {
            Kind::Preauthorization => {
                let asked: Preauthorize = json(body)?;
                let amount = amount(asked.amount, &asked.currency)?;
                let Preauthorize { operation, wallet, merchant, expires_at, .. } = asked;
                (operation, Work::Preauthorize { wallet, merchant, amount, expires_at })
            }
            Kind::Raise => {
                let asked: Change = json(body)?;
                let amount = amount(asked.amount, &asked.currency)?;
                (asked.operation, Work::Raise { preauthorization: about.to_owned(), amount })
            }
            Kind::Extend => {
                let asked: Extend = json(body)?;
                let amount = amount(asked.amount, &asked.currency)?;
                let Extend { operation, expires_at, .. } = asked;
                (operation, Work::Extend { preauthorization: about.to_owned(), amount, expires_at })
            }
            Kind::Capture => {
                let asked: Capture = json(body)?;
                let amount = amount(asked.amount, &asked.currency)?;
                let preauthorization = about.to_owned();
                (asked.operation, Work::Capture { preauthorization, amount, is_final: asked.is_final })
            }
            Kind::Revert => {
                let asked: Change = json(body)?;
                let amount = amount(asked.amount, &asked.currency)?;
                (asked.operation, Work::Revert { preauthorization: about.to_owned(), amount })
            }
            Kind::Refund => {
                let asked: Change = json(body)?;
                let amount = amount(asked.amount, &asked.currency)?;
                (asked.operation, Work::Refund { capture: about.to_owned(), amount })
            }
        };
        if !is_plain(&operation) {
            return Err(invalid("`operation` is 1 to 64 letters, digits, `_`, `-` or `.`"));
        }
        let mut hash = Sha256::new();
        for part in [kind.name().as_bytes(), about.as_bytes(), body] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Ok(Order { operation, key, fingerprint: hash.finalize().into(), work })
    }
}

impl Work {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Work::Preauthorize { .. } => Kind::Preauthorization,
            Work::Raise { .. } => Kind::Raise,
            Work::Extend { .. } => Kind::Extend,
            Work::Capture { .. } => Kind::Capture,
            Work::Revert { .. } => Kind::Revert,
            Work::Refund { .. } => Kind::Refund,
        }
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if (1..=255).contains(&key.len()) {
        Ok(key.to_owned())
    } else {
        Err(Problem::new(400, "key.missing", "send an Idempotency-Key of 1 to 255 visible characters"))
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| invalid(format!("the body is not as described: {error}")))
}

fn amount(amount: i64, currency: &str) -> Result<i64, Problem> {
    if currency != "JPY" {
        return Err(invalid("`currency` is JPY"));
    }
    if !(1..=MAX_AMOUNT).contains(&amount) {
        return Err(invalid(format!("`amount` is 1 to {MAX_AMOUNT} yen")));
    }
    Ok(amount)
}

fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

fn invalid(message: impl Into<String>) -> Problem {
    Problem::new(400, "request.invalid", message)
}
