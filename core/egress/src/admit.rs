//! Decides whether a call may leave, and in which exact form. Pure: no name is resolved and nothing is sent.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use tebura_hub::ports::Outgoing;
use tebura_hub::rail::Effect;
use url::Url;

use crate::binding::Binding;
use crate::headers::{self, HeaderError};
use crate::pattern::{self, PathError};

/// A call in the form in which it is sent.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) total: Duration,
}

/// Why a call is not sent, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No binding for this plugin and handle.
    #[error("endpoint {endpoint:?} of plugin {plugin} is not bound; ask the operator to bind it to an origin")]
    NotBound {
        /// The plugin's id.
        plugin: String,
        /// The handle.
        endpoint: String,
    },
    /// Not one of the five methods.
    #[error("method {0:?} is not one that a plugin may use; use GET, POST, PUT, PATCH or DELETE")]
    Method(String),
    /// The path could lead elsewhere.
    #[error("the path is refused: {0}")]
    Path(#[from] PathError),
    /// No pattern covers the call. The path itself may name a customer, so it is not repeated.
    #[error(
        "no pattern of endpoint {endpoint:?} covers this {method} call; list it in the manifest's allow (now: {allowed}) and ask the operator to approve the change"
    )]
    NotAllowed {
        /// The handle.
        endpoint: String,
        /// The method asked for.
        method: String,
        /// What the manifest lists.
        allowed: String,
    },
    /// A header that is not the plugin's.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The key cannot be sent.
    #[error(
        "the idempotency key is empty, longer than 255 bytes or not visible ASCII; derive it from the operation id"
    )]
    Key,
    /// A body where none is expected.
    #[error("a GET call has a body; some gateways drop it and others reject it, so use the query or POST")]
    BodyOnGet,
    /// Over the cap.
    #[error("the body is {bytes} bytes and the binding allows {limit}; send less")]
    TooLarge {
        /// As asked.
        bytes: usize,
        /// The cap.
        limit: usize,
    },
    /// Only known once the name was resolved.
    #[error(
        "every address of the endpoint's host is outside what its binding may reach; name the range in the binding if it is meant"
    )]
    Address,
}

impl Refusal {
    /// A stable word for logs and for the plugin's author.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::NotBound { .. } => "egress.endpoint_not_bound",
            Refusal::Method(_) => "egress.method_not_allowed",
            Refusal::Path(_) => "egress.path_refused",
            Refusal::NotAllowed { .. } => "egress.call_not_allowed",
            Refusal::Header(_) => "egress.header_not_allowed",
            Refusal::Key => "egress.key_refused",
            Refusal::BodyOnGet => "egress.body_on_get",
            Refusal::TooLarge { .. } => "egress.request_too_large",
            Refusal::Address => "egress.address_not_allowed",
        }
    }
}

/// Checks a call against its binding and adds what only the hub may add.
pub(crate) fn admit(binding: &Binding, outgoing: &Outgoing) -> Result<Admitted, Refusal> {
    let call = &outgoing.call;
    let method = pattern::parse_method(&call.method).ok_or_else(|| Refusal::Method(call.method.clone()))?;
    pattern::check_target(&call.path)?;
    if !binding.allow.iter().any(|allowed| allowed.covers(&method, &call.path)) {
        return Err(not_allowed(binding, &method));
    }
    let url = target(&binding.origin, &call.path)?;
    let reserved: Vec<_> =
        binding.idempotency_header.iter().chain(binding.credential.iter().map(|(name, _)| name)).collect();
    let mut headers = headers::from_plugin(&call.headers, &reserved)?;
    if let (Some(name), Some(key)) = (&binding.idempotency_header, idempotency_key(outgoing)) {
        headers.insert(name, key_value(key)?);
    }
    if let Some((name, value)) = &binding.credential {
        headers.insert(name, value.clone());
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if method == Method::GET && !call.body.is_empty() {
        return Err(Refusal::BodyOnGet);
    }
    let (bytes, limit) = (call.body.len(), binding.limits.request_bytes);
    if bytes > limit {
        return Err(Refusal::TooLarge { bytes, limit });
    }
    let total = Duration::from_millis(u64::from(call.timeout_ms)).min(binding.limits.total);
    Ok(Admitted { method, url, headers, body: call.body.clone(), total })
}

fn not_allowed(binding: &Binding, method: &Method) -> Refusal {
    let allowed: Vec<String> = binding.allow.iter().map(ToString::to_string).collect();
    Refusal::NotAllowed { endpoint: binding.endpoint.clone(), method: method.to_string(), allowed: allowed.join(", ") }
}

/// Joins origin and path as text and insists that the parser reads the same origin and the same path back.
fn target(origin: &Url, path: &str) -> Result<Url, Refusal> {
    let text = format!("{}{}", origin.as_str().trim_end_matches('/'), path);
    let url = Url::parse(&text).map_err(|_| PathError::NotAbsolute)?;
    let same_path = url.as_str() == text && url.fragment().is_none();
    if url.origin() != origin.origin() || !same_path {
        return Err(PathError::DotSegment.into());
    }
    Ok(url)
}

/// A read changes nothing, so it carries no key.
fn idempotency_key(outgoing: &Outgoing) -> Option<&str> {
    match &outgoing.call.effect {
        Effect::Read => None,
        Effect::Idempotent { key } if key.is_empty() => Some(&outgoing.key),
        Effect::Idempotent { key } => Some(key),
        Effect::Once => Some(&outgoing.key),
    }
}

fn key_value(key: &str) -> Result<HeaderValue, Refusal> {
    let sendable = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !sendable {
        return Err(Refusal::Key);
    }
    HeaderValue::from_str(key).map_err(|_| Refusal::Key)
}
