//! What the operator grants to one endpoint handle of one plugin: origin, credential, reach and caps.
//!
//! The manifest asks (handle, patterns, header name), the operator grants; both meet here and nowhere else.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use tebura_hub::rail::PluginId;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::address::Reach;
use crate::pattern::{AllowPattern, PatternError};
use crate::tls::{CheckedTls, Tls, TlsError};

/// What an operator writes down for one endpoint; checked by [`Binding::new`].
#[derive(Clone, Debug)]
pub struct BindingConfig {
    /// Whose calls these are.
    pub plugin: PluginId,
    /// The handle in the plugin's manifest.
    pub endpoint: String,
    /// `https://api.example.jp`, no path. `http://` only where [`Reach`] keeps the call in a private network.
    pub origin: String,
    /// The manifest's `allow` lines, such as `POST /v1/holds/*/capture`.
    pub allow: Vec<String>,
    /// The header in which the far end expects its idempotency key.
    pub idempotency_header: Option<String>,
    /// Added to every call; the plugin never sees it.
    pub credential: Option<Credential>,
    /// Where connections may end.
    pub reach: Reach,
    /// Certificates, where the public ones do not do.
    pub tls: Tls,
    /// Caps of one call.
    pub limits: Limits,
}

/// Caps of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Name look-up, TCP and TLS together.
    pub connect: Duration,
    /// From the first look-up to the last byte of the reply; a plugin may ask for less.
    pub total: Duration,
    /// Body of the request, bytes.
    pub request_bytes: usize,
    /// Body of the reply, bytes, counted while reading.
    pub reply_bytes: usize,
    /// Calls under way at once; more wait within `connect`, so one slow partner cannot use up the hub.
    pub in_flight: usize,
}

impl Default for Limits {
    /// A card authorisation may take 20 s end to end; the rest keeps one call far below a worker's memory.
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(3),
            total: Duration::from_secs(20),
            request_bytes: 256 * 1024,
            reply_bytes: 1024 * 1024,
            in_flight: 64,
        }
    }
}

/// A header with a secret value. `Debug` hides the value; it is wiped when dropped.
#[derive(Clone)]
pub struct Credential {
    header: String,
    secret: Zeroizing<String>,
}

impl Credential {
    /// For example `authorization` and `Bearer …`.
    pub fn new(header: impl Into<String>, secret: impl Into<String>) -> Credential {
        Credential { header: header.into(), secret: Zeroizing::new(secret.into()) }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Why a binding is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// Not a URL.
    #[error("{0:?} is not an origin; write it as https://api.example.jp")]
    Origin(String),
    /// Path, query, fragment or user in the origin.
    #[error(
        "origin {0:?} has more than scheme, host and port; move the path into the calls and the user into the credential"
    )]
    MoreThanOrigin(String),
    /// Neither `http` nor `https`.
    #[error("scheme {0:?} is not supported; use https")]
    Scheme(String),
    /// A credential would travel in the clear.
    #[error("origin {0:?} is not encrypted; use https, or limit the binding to loopback or to named private ranges")]
    PlainHttp(String),
    /// A literal address outside the reach.
    #[error("address {0} is outside what the binding may reach; name its range in the binding if it is meant")]
    Address(IpAddr),
    /// Certificates or keys.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An empty list.
    #[error("the binding allows no call; copy the manifest's allow list")]
    NothingAllowed,
    /// A line that is not a pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// Not a header name.
    #[error("{0:?} is not a header name; use letters, digits and dashes")]
    HeaderName(String),
    /// A secret with a line break, for example from a file's last line.
    #[error("the secret for header {0:?} cannot be sent in a header; remove line breaks and characters beyond ASCII")]
    Secret(String),
}

/// A checked grant.
#[derive(Clone, Debug)]
pub struct Binding {
    pub(crate) plugin: PluginId,
    pub(crate) endpoint: String,
    pub(crate) origin: Url,
    pub(crate) allow: Vec<AllowPattern>,
    pub(crate) idempotency_header: Option<HeaderName>,
    /// The value is marked sensitive, so `Debug` hides it.
    pub(crate) credential: Option<(HeaderName, HeaderValue)>,
    pub(crate) reach: Reach,
    pub(crate) tls: CheckedTls,
    pub(crate) limits: Limits,
}

impl Binding {
    /// Checks what the operator wrote.
    pub fn new(config: BindingConfig) -> Result<Binding, BindingError> {
        let origin = parse_origin(&config.origin, &config.reach)?;
        let tls = config.tls.check(origin.scheme())?;
        if config.allow.is_empty() {
            return Err(BindingError::NothingAllowed);
        }
        let allow = config.allow.iter().map(|line| line.parse()).collect::<Result<_, _>>()?;
        let idempotency_header = config.idempotency_header.as_deref().map(header_name).transpose()?;
        let credential = config.credential.as_ref().map(header_of).transpose()?;
        Ok(Binding {
            plugin: config.plugin,
            endpoint: config.endpoint,
            origin,
            allow,
            idempotency_header,
            credential,
            reach: config.reach,
            tls,
            limits: config.limits,
        })
    }
}

fn parse_origin(text: &str, reach: &Reach) -> Result<Url, BindingError> {
    let origin = Url::parse(text).map_err(|_| BindingError::Origin(text.to_owned()))?;
    // The parser accepts odd spellings of hosts (`http://0x7f.1`); what counts from here on is what it understood.
    let host = origin.host().ok_or_else(|| BindingError::Origin(text.to_owned()))?;
    let bare = origin.path() == "/" && origin.query().is_none() && origin.fragment().is_none();
    if !bare || !origin.username().is_empty() || origin.password().is_some() {
        return Err(BindingError::MoreThanOrigin(text.to_owned()));
    }
    match origin.scheme() {
        "https" => {}
        "http" if *reach == Reach::Public => return Err(BindingError::PlainHttp(text.to_owned())),
        "http" => {}
        scheme => return Err(BindingError::Scheme(scheme.to_owned())),
    }
    // A literal address never reaches the resolver, so it is checked here.
    let literal = match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
    };
    match literal {
        Some(address) if !reach.allows(address) => Err(BindingError::Address(address)),
        Some(_) | None => Ok(origin),
    }
}

fn header_name(text: &str) -> Result<HeaderName, BindingError> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| BindingError::HeaderName(text.to_owned()))
}

fn header_of(credential: &Credential) -> Result<(HeaderName, HeaderValue), BindingError> {
    let name = header_name(&credential.header)?;
    let mut value =
        HeaderValue::from_str(&credential.secret).map_err(|_| BindingError::Secret(credential.header.clone()))?;
    value.set_sensitive(true);
    Ok((name, value))
}
