//! `Idempotency-Key` on every write: draft-ietf-httpapi-idempotency-key-header-07.
//!
//! Missing: 400. Another body: 422. Still running: 409. A repeat gets the first answer with `Idempotency-Hit: true`.
//! What is durable is the hub's; here are the header, the fingerprint, and which keys run in this process.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tebura_hub::perform::KeyRequest;

use crate::auth::Principal;
use crate::problem::{Problem, Retry};

/// The request header.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// `true` on an answer that was given before.
pub const HIT: HeaderName = HeaderName::from_static("idempotency-hit");

/// Longest key, as the hub's port promises to stores.
const KEY_MAX: usize = 255;

/// Keys whose first request still runs in this process.
#[derive(Clone, Debug, Default)]
pub struct RunningKeys(Arc<Mutex<BTreeSet<(String, String)>>>);

/// Keeps a key marked as running.
#[derive(Debug)]
pub struct Running {
    keys: RunningKeys,
    entry: (String, String),
}

impl RunningKeys {
    /// Marks a key as running.
    ///
    /// # Errors
    /// 409 when it already runs.
    pub fn enter(&self, key: &KeyRequest) -> Result<Running, Problem> {
        let entry = (key.scope.clone(), key.key.clone());
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.clone()) {
            Ok(Running { keys: self.clone(), entry })
        } else {
            Err(still_running())
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.entry);
    }
}

/// 409: the first request with this key has not ended.
pub fn still_running() -> Problem {
    Problem {
        retry_after_ms: Some(1_000),
        ..Problem::new(
            StatusCode::CONFLICT,
            "idempotency.running",
            "A request with this Idempotency-Key is still running. Repeat it with the same key in a second.",
        )
        .retry(Retry::SameKey)
    }
}

/// 422: the key stands for another request.
pub fn key_reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency.key_reused",
        "This Idempotency-Key was used for a request with another body or path. Choose a new key for a new request.",
    )
}

/// The key of a request: a bare token, or the quoted string of the draft.
///
/// # Errors
/// 400 when it is missing, empty, too long, or has characters that are not visible ASCII.
pub fn key_of(headers: &HeaderMap) -> Result<String, Problem> {
    let value = headers.get(&KEY).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "idempotency.key_missing",
            "Every write needs an `Idempotency-Key` header: a fresh UUID for each new request, the same for its repeats.",
        )
    })?;
    let text = value
        .to_str()
        .ok()
        .map(|text| text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text).to_owned());
    text.filter(|text| (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "idempotency.key_malformed",
                "An Idempotency-Key has 1 to 255 visible ASCII characters, such as a UUID.",
            )
        })
}

/// The key of a request together with who calls and what is asked.
///
/// # Errors
/// As [`key_of`].
pub fn key_request(parts: &Parts, principal: &Principal, digests: &[&[u8]]) -> Result<KeyRequest, Problem> {
    key_request_of(parts, &principal.key.to_string(), digests)
}

/// The same for a caller without an API key, by the name under which its keys are kept.
///
/// # Errors
/// As [`key_of`].
pub fn key_request_of(parts: &Parts, caller: &str, digests: &[&[u8]]) -> Result<KeyRequest, Problem> {
    Ok(KeyRequest {
        scope: caller.to_owned(),
        key: key_of(&parts.headers)?,
        fingerprint: fingerprint(parts.method.as_str(), parts.uri.path(), caller, digests),
    })
}

/// SHA-256 over method, path, caller and body parts, each with its length so that no two lists read alike.
fn fingerprint(method: &str, path: &str, caller: &str, body: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), path.as_bytes(), caller.as_bytes()].into_iter().chain(body.iter().copied()) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A JSON value as text with sorted names and no spaces: bodies that mean the same are the same.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<_> = fields.keys().collect();
            names.sort();
            text.push('{');
            for (index, name) in names.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(&fields[name], text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn headers(key: &str) -> HeaderMap {
        HeaderMap::from_iter([(KEY, HeaderValue::from_str(key).unwrap())])
    }

    #[test]
    fn a_key_is_read_bare_and_quoted() {
        assert_eq!(key_of(&headers("abc")).unwrap(), "abc");
        assert_eq!(key_of(&headers("\"abc\"")).unwrap(), "abc");
    }

    #[test]
    fn a_bad_key_is_refused_by_its_fault() {
        assert_eq!(key_of(&HeaderMap::new()).unwrap_err().code, "idempotency.key_missing");
        for bad in ["", "\"\"", "a b", &"k".repeat(256)] {
            assert_eq!(key_of(&headers(bad)).unwrap_err().code, "idempotency.key_malformed", "{bad}");
        }
    }

    #[test]
    fn order_and_spaces_do_not_change_a_body() {
        let one: Value = serde_json::from_str(r#"{"b": [1, {"y":2,"x":null}], "a": "é\""}"#).unwrap();
        let two = json!({"a": "é\"", "b": [1, {"x": null, "y": 2}]});
        assert_eq!(canonical(&one), canonical(&two));
        assert_eq!(canonical(&one), r#"{"a":"é\"","b":[1,{"x":null,"y":2}]}"#);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(fingerprint("POST", "/a", "k", &[b"bc"]), fingerprint("POST", "/a", "kb", &[b"c"]));
        assert_ne!(fingerprint("POST", "/a", "k", &[b"b", b"c"]), fingerprint("POST", "/a", "k", &[b"bc"]));
    }

    #[test]
    fn a_key_runs_once_at_a_time() {
        let keys = RunningKeys::default();
        let key = KeyRequest { scope: "key_1".into(), key: "k".into(), fingerprint: [0; 32] };
        let first = keys.enter(&key).unwrap();
        assert_eq!(keys.enter(&key).unwrap_err().status, StatusCode::CONFLICT);
        drop(first);
        assert!(keys.enter(&key).is_ok());
    }
}
