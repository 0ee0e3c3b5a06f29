//! The one place that sends a plugin's calls out, and merchants' events.
//!
//! | what happened | answer |
//! |---|---|
//! | manifest or binding forbids it | [`Delivery::Refused`] with a code; nothing left |
//! | name not found, no route, connection refused, TLS failed, connect time over | [`Delivery::NotDelivered`] |
//! | connected, then: time over, reset, half a reply, too large, garbled, compressed | [`Delivery::MaybeDelivered`] |
//! | a whole reply, whatever its status (a redirect too: it is never followed) | [`Delivery::Reply`] |
//!
//! In doubt the answer is `MaybeDelivered`: it costs an inquiry, the other mistake costs money.
//! What is absent: retries (the hub decides), redirects, proxies, compression, cookies, HTTP/2, and any way to run a guest.

mod address;
mod admit;
mod binding;
mod headers;
mod pattern;
mod tls;
mod webhook;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::CONTENT_ENCODING;
use reqwest::{Client, ClientBuilder, Response};
use tebura_hub::ports::{Delivery, Egress, Outgoing};
use tebura_hub::rail::{Effect, HttpReply, PluginId};
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub use address::{AddressRange, AddressRangeError, Lookup, Reach, SystemLookup};
use address::{CheckedResolver, NoAllowedAddress};
pub use admit::Refusal;
use admit::{Admitted, admit};
pub use binding::{Binding, BindingConfig, BindingError, Credential, Limits};
pub use headers::HeaderError;
pub use pattern::{AllowPattern, PathError, PatternError};
pub use tls::{Tls, TlsError};
pub use webhook::{WebhookClient, WebhookClientError, WebhookUrlError};

/// Idle connections are closed after this, below the 60 s at which common load balancers close theirs.
const IDLE: Duration = Duration::from_secs(30);

/// Why no sender could be made.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// Two bindings for one handle.
    #[error("endpoint {endpoint:?} of plugin {plugin} is bound twice; keep one binding")]
    BoundTwice {
        /// The plugin's id.
        plugin: String,
        /// The handle.
        endpoint: String,
    },
    /// No TLS roots, for example.
    #[error("the HTTP client for endpoint {endpoint:?} cannot start ({reason}); install the system's CA certificates")]
    Client {
        /// The handle.
        endpoint: String,
        /// For the operator.
        reason: String,
    },
}

/// Sends calls under the operator's bindings.
pub struct HttpEgress {
    /// By plugin id and handle.
    routes: RwLock<Routes>,
    lookup: Arc<dyn Lookup>,
}

type Routes = BTreeMap<(String, String), Arc<Route>>;

struct Route {
    binding: Binding,
    /// Reuses connections.
    pooled: Client,
    /// A new connection for each call: a reused one may die under the request, which is doubt that `once` cannot afford.
    fresh: Client,
    slots: Semaphore,
}

impl HttpEgress {
    /// Uses the system's resolver.
    pub fn new(bindings: Vec<Binding>) -> Result<HttpEgress, EgressError> {
        HttpEgress::with_lookup(bindings, Arc::new(SystemLookup))
    }

    /// Resolves names with `lookup`; its answers are checked like anybody's.
    pub fn with_lookup(bindings: Vec<Binding>, lookup: Arc<dyn Lookup>) -> Result<HttpEgress, EgressError> {
        Ok(HttpEgress { routes: RwLock::new(routes(bindings, &lookup)?), lookup })
    }

    /// Puts these bindings in place of all that the plugin has, from the next call on. Calls under way end as they began.
    ///
    /// # Errors
    /// [`EgressError`]; the old bindings stay then.
    pub fn rebind(&self, plugin: &PluginId, bindings: Vec<Binding>) -> Result<(), EgressError> {
        let new = routes(bindings, &self.lookup)?;
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        routes.retain(|(owner, _), _| *owner != plugin.0);
        routes.extend(new.into_iter().filter(|((owner, _), _)| *owner == plugin.0));
        Ok(())
    }

    fn route(&self, outgoing: &Outgoing) -> Result<Arc<Route>, Refusal> {
        let name = (outgoing.plugin.0.clone(), outgoing.call.endpoint.clone());
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        routes.get(&name).cloned().ok_or(Refusal::NotBound { plugin: name.0, endpoint: name.1 })
    }
}

fn routes(bindings: Vec<Binding>, lookup: &Arc<dyn Lookup>) -> Result<Routes, EgressError> {
    let mut routes = Routes::new();
    for binding in bindings {
        let name = (binding.plugin.0.clone(), binding.endpoint.clone());
        let route = Arc::new(Route::new(binding, lookup)?);
        if routes.insert(name.clone(), route).is_some() {
            return Err(EgressError::BoundTwice { plugin: name.0, endpoint: name.1 });
        }
    }
    Ok(routes)
}

#[async_trait]
impl Egress for HttpEgress {
    async fn send(&self, outgoing: &Outgoing) -> Delivery {
        let admitted = self.route(outgoing).and_then(|route| {
            let admitted = admit(&route.binding, outgoing)?;
            Ok((route, admitted))
        });
        let delivery = match admitted {
            Ok((route, admitted)) => route.send(admitted, &outgoing.call.effect).await,
            Err(refusal) => refused(&refusal),
        };
        log(outgoing, &delivery);
        delivery
    }
}

impl Route {
    fn new(binding: Binding, lookup: &Arc<dyn Lookup>) -> Result<Route, EgressError> {
        let build = |builder: ClientBuilder| {
            builder
                .build()
                .map_err(|error| EgressError::Client { endpoint: binding.endpoint.clone(), reason: innermost(&error) })
        };
        let pooled = build(client(&binding, lookup).pool_idle_timeout(IDLE))?;
        let fresh = build(client(&binding, lookup).pool_max_idle_per_host(0))?;
        let slots = Semaphore::new(binding.limits.in_flight);
        Ok(Route { binding, pooled, fresh, slots })
    }

    async fn send(&self, admitted: Admitted, effect: &Effect) -> Delivery {
        let limits = &self.binding.limits;
        let Ok(Ok(_slot)) = timeout(limits.connect.min(admitted.total), self.slots.acquire()).await else {
            return not_delivered("too many calls to this endpoint are under way");
        };
        let client = match effect {
            Effect::Read | Effect::Idempotent { .. } => &self.pooled,
            Effect::Once => &self.fresh,
        };
        match timeout(admitted.total, exchange(client, admitted, limits.reply_bytes, &self.binding)).await {
            Ok(delivery) => delivery,
            // The connect time may not have run out yet, but how far the call got is not known.
            Err(_) => maybe_delivered("no whole reply within the call's time"),
        }
    }
}

/// What every client of this crate has in common: nothing that could lead a call elsewhere.
fn client(binding: &Binding, lookup: &Arc<dyn Lookup>) -> ClientBuilder {
    let resolver = CheckedResolver { reaches: vec![binding.reach.clone()], lookup: Arc::clone(lookup) };
    let builder = Client::builder()
        .dns_resolver(resolver)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .user_agent(concat!("tebura/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(binding.limits.connect);
    let builder = match (&binding.tls.roots, binding.origin.scheme()) {
        (Some(roots), _) => builder.tls_certs_only(roots.iter().cloned()),
        // Without this the client would insist on the system's CA certificates, which a sandbox may not have.
        (None, "http") => builder.tls_certs_only([]),
        (None, _) => builder,
    };
    match &binding.tls.identity {
        Some(identity) => builder.identity(identity.clone()),
        None => builder,
    }
}

async fn exchange(client: &Client, admitted: Admitted, reply_bytes: usize, binding: &Binding) -> Delivery {
    let Admitted { method, url, headers, body, total: _ } = admitted;
    let response = match client.request(method, url).headers(headers).body(body).send().await {
        Ok(response) => response,
        Err(error) if find::<NoAllowedAddress>(&error).is_some() => {
            return refused(&Refusal::Address);
        }
        Err(error) if error.is_connect() => return not_delivered(&innermost(&error)),
        Err(error) => return maybe_delivered(&innermost(&error)),
    };
    if response.headers().contains_key(CONTENT_ENCODING) {
        return maybe_delivered("the reply is compressed although the call asked for plain bytes");
    }
    let status = response.status().as_u16();
    let headers = headers::to_plugin(response.headers(), binding.credential.as_ref().map(|(name, _)| name));
    match read(response, reply_bytes).await {
        Ok(body) => Delivery::Reply(HttpReply { status, headers, body }),
        Err(reason) => maybe_delivered(&reason),
    }
}

/// Reads a body, counting: a length that the far end announces is never believed.
async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(format!("the reply is larger than {limit} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The first cause of a failure. The outer texts repeat the URL, whose path may name a customer.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<reqwest::Error>() {
        Some(_) => "the exchange failed".to_owned(),
        None => cause.to_string(),
    }
}

fn find<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(found) = source.downcast_ref::<E>() {
            return Some(found);
        }
        cause = source.source();
    }
    None
}

fn refused(refusal: &Refusal) -> Delivery {
    Delivery::Refused { code: refusal.code(), reason: refusal.to_string() }
}

fn not_delivered(reason: &str) -> Delivery {
    Delivery::NotDelivered { reason: reason.to_owned() }
}

fn maybe_delivered(reason: &str) -> Delivery {
    Delivery::MaybeDelivered { reason: reason.to_owned() }
}

/// Names the call without its path, headers or body: those carry customers and amounts.
fn log(outgoing: &Outgoing, delivery: &Delivery) {
    let (plugin, endpoint, method) = (&outgoing.plugin.0, &outgoing.call.endpoint, &outgoing.call.method);
    match delivery {
        Delivery::Reply(reply) => {
            tracing::debug!(plugin, endpoint, method, status = reply.status, "a plugin's call was answered");
        }
        Delivery::NotDelivered { reason } => {
            tracing::warn!(plugin, endpoint, method, reason, "a plugin's call did not leave");
        }
        Delivery::MaybeDelivered { reason } => {
            tracing::warn!(plugin, endpoint, method, reason, "a plugin's call got no usable reply");
        }
        Delivery::Refused { code, reason } => {
            tracing::warn!(plugin, endpoint, method, code, reason, "a plugin's call was refused");
        }
    }
}
