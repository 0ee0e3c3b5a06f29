//! Which headers pass in either direction. Everything that is not named here is the hub's own or is dropped.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// Headers of one call, names and values together, bytes.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// Standard headers that a plugin may set. Beyond these only `x-…`.
const FROM_PLUGIN: [&str; 10] = [
    "accept",
    "accept-language",
    "content-digest",
    "content-language",
    "content-type",
    "date",
    "digest",
    "if-match",
    "signature",
    "signature-input",
];

/// `x-…` headers that speak about the network path or switch the method: a gateway would believe them.
const NEVER_FROM_PLUGIN: [&str; 8] = [
    "x-forwarded",
    "x-real-ip",
    "x-original",
    "x-rewrite",
    "x-http-method",
    "x-method-override",
    "x-envoy",
    "x-amz-security-token",
];

/// Standard headers of a reply that a plugin sees. Beyond these only `x-…`.
const TO_PLUGIN: [&str; 12] = [
    "content-digest",
    "content-language",
    "content-type",
    "date",
    "digest",
    "etag",
    "last-modified",
    "location",
    "request-id",
    "retry-after",
    "signature",
    "signature-input",
];

/// Why a plugin's header is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Over the limit.
    #[error("its headers are larger than 8 KiB; put data into the body")]
    TooLarge,
    /// Not a header name.
    #[error("a header name is not a token of letters, digits and dashes; correct the plugin")]
    Name,
    /// The hub sets it, or nobody does.
    #[error("header {0:?} is not a plugin's to set; credentials, keys and routing come from the operator's binding")]
    NotAllowed(String),
    /// Two of one name.
    #[error("header {0:?} is there twice; send it once")]
    Repeated(String),
    /// Line breaks or other control characters.
    #[error("the value of header {0:?} holds a line break or a character that is not visible ASCII")]
    Value(String),
}

/// Turns a plugin's headers into what is sent. `reserved` are the binding's own (credential, idempotency key).
pub(crate) fn from_plugin(headers: &[(String, String)], reserved: &[&HeaderName]) -> Result<HeaderMap, HeaderError> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(HeaderError::TooLarge);
    }
    let mut sent = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderError::Name)?;
        let refused = |make: fn(String) -> HeaderError| make(name.as_str().to_owned());
        if reserved.contains(&&name) || !plugin_may_set(name.as_str()) {
            return Err(refused(HeaderError::NotAllowed));
        }
        if sent.contains_key(&name) {
            return Err(refused(HeaderError::Repeated));
        }
        let visible = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        match HeaderValue::from_str(value) {
            Ok(value) if visible => sent.insert(name, value),
            Ok(_) | Err(_) => return Err(refused(HeaderError::Value)),
        };
    }
    Ok(sent)
}

/// Keeps what a plugin may read of a reply. A value that is not visible ASCII is dropped.
pub(crate) fn to_plugin(headers: &HeaderMap, credential: Option<&HeaderName>) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| credential != Some(name) && plugin_may_read(name.as_str()))
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect()
}

fn plugin_may_set(name: &str) -> bool {
    FROM_PLUGIN.contains(&name)
        || (name.starts_with("x-") && !NEVER_FROM_PLUGIN.iter().any(|prefix| name.starts_with(prefix)))
}

fn plugin_may_read(name: &str) -> bool {
    TO_PLUGIN.contains(&name) || name.starts_with("x-")
}
