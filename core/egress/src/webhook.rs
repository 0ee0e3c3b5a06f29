//! Brings signed events to merchants' addresses: anybody's address, so nothing about it is believed.
//!
//! Absent: redirects, retries, signatures, and the reply's body.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::timeout;
use url::{Host, Url};

use crate::address::{CheckedResolver, Lookup, NoAllowedAddress, Reach};
use crate::{IDLE, find, innermost};

/// Name look-up, TCP and TLS.
const CONNECT: Duration = Duration::from_secs(3);
/// The whole exchange. A receiver should take an event and work on it later.
const TOTAL: Duration = Duration::from_secs(10);
/// A short answer is read, so that the connection can be used again; what is longer is cut off.
const READ: usize = 16 * 1024;

/// Why an address is not one to send events to, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Not a URL with a host.
    #[error("this is not an address to send events to; write it as https://shop.example.jp/events")]
    Url,
    /// Not `https`.
    #[error("events go to https addresses only; get a certificate for the host and use https")]
    Scheme,
    /// A name, a password or a fragment.
    #[error("the address has a user, a password or a fragment; leave it out, every event is signed")]
    Credentials,
    /// A literal address where nothing may be sent.
    #[error("the address {0} is not a public one; use a host on the Internet, or ask the operator to allow it")]
    Address(IpAddr),
}

impl WebhookUrlError {
    /// A stable word.
    pub fn code(&self) -> &'static str {
        match self {
            WebhookUrlError::Url => "webhook.url_malformed",
            WebhookUrlError::Scheme => "webhook.url_not_https",
            WebhookUrlError::Credentials => "webhook.url_has_credentials",
            WebhookUrlError::Address(_) => "webhook.address_not_allowed",
        }
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for webhooks cannot start ({0}); install the system's CA certificates")]
pub struct WebhookClientError(String);

/// Posts events.
pub struct WebhookClient {
    /// Where `https` may end.
    reaches: Vec<Reach>,
    /// Where plain `http` may end: what the operator named, never the Internet.
    private: Vec<Reach>,
    https: Client,
    http: Client,
    total: Duration,
}

impl WebhookClient {
    /// Public addresses over TLS, and what the operator allows besides, with or without TLS.
    ///
    /// # Errors
    /// [`WebhookClientError`].
    pub fn new(allowed_besides: Vec<Reach>, lookup: Arc<dyn Lookup>) -> Result<WebhookClient, WebhookClientError> {
        let private: Vec<Reach> = allowed_besides.into_iter().filter(|reach| *reach != Reach::Public).collect();
        let reaches: Vec<Reach> = private.iter().cloned().chain([Reach::Public]).collect();
        let client = |reaches: &[Reach], tls: bool| {
            let resolver = CheckedResolver { reaches: reaches.to_vec(), lookup: Arc::clone(&lookup) };
            let builder = Client::builder()
                .dns_resolver(resolver)
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .http1_only()
                .user_agent(concat!("tebura/", env!("CARGO_PKG_VERSION")))
                .pool_idle_timeout(IDLE)
                .connect_timeout(CONNECT);
            let builder = if tls { builder } else { builder.tls_certs_only([]) };
            builder.build().map_err(|error| WebhookClientError(innermost(&error)))
        };
        let (https, http) = (client(&reaches, true)?, client(&private, false)?);
        Ok(WebhookClient { reaches, private, https, http, total: TOTAL })
    }

    /// The same with another limit for a whole exchange.
    #[must_use]
    pub fn within(self, total: Duration) -> WebhookClient {
        WebhookClient { total, ..self }
    }

    /// Whether events may be sent there, as far as the text tells; a name's addresses are checked at every connection.
    ///
    /// # Errors
    /// [`WebhookUrlError`].
    pub fn admit(&self, text: &str) -> Result<Url, WebhookUrlError> {
        let url = Url::parse(text).map_err(|_| WebhookUrlError::Url)?;
        let reaches = match url.scheme() {
            "https" => &self.reaches,
            "http" if !self.private.is_empty() => &self.private,
            _ => return Err(WebhookUrlError::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(WebhookUrlError::Credentials);
        }
        // A literal address never meets the resolver.
        let literal: IpAddr = match url.host().ok_or(WebhookUrlError::Url)? {
            Host::Domain(_) => return Ok(url),
            Host::Ipv4(address) => address.into(),
            Host::Ipv6(address) => address.into(),
        };
        if reaches.iter().any(|reach| reach.allows(literal)) { Ok(url) } else { Err(WebhookUrlError::Address(literal)) }
    }

    /// One POST of JSON. Returns the status, or why there is none, in words that carry no data.
    ///
    /// # Errors
    /// The address is not admitted, nothing was reached, or no answer came in time (ten seconds, see [`WebhookClient::within`]).
    pub async fn post(&self, url: &str, headers: &[(&'static str, String)], body: Vec<u8>) -> Result<u16, String> {
        let url = self.admit(url).map_err(|error| error.to_string())?;
        let mut map = HeaderMap::new();
        map.insert("content-type", HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| "a header cannot be sent".to_owned())?;
            map.insert(HeaderName::from_static(name), value);
        }
        let client = if url.scheme() == "http" { &self.http } else { &self.https };
        let exchange = async {
            let mut response = client.post(url).headers(map).body(body).send().await?;
            let status = response.status().as_u16();
            let mut read = 0;
            while let Ok(Some(chunk)) = response.chunk().await {
                read += chunk.len();
                if read > READ {
                    break;
                }
            }
            Ok(status)
        };
        match timeout(self.total, exchange).await {
            Ok(Ok(status)) => Ok(status),
            Ok(Err(error)) if find::<NoAllowedAddress>(&error).is_some() => {
                Err("the host has no public address".to_owned())
            }
            Ok(Err(error)) if error.is_connect() => Err(format!("no connection: {}", innermost(&error))),
            Ok(Err(error)) => Err(innermost(&error)),
            Err(_) => Err(format!("no answer within {:?}", self.total)),
        }
    }
}
