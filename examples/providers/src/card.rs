//! A card acquirer in the manner of Stripe: payment intents with manual capture, over HTTP and forms.
//!
//! | call | does |
//! |---|---|
//! | `POST /v1/payment_intents` | an authorisation, at once with `confirm=true` |
//! | `POST /v1/payment_intents/{id}/confirm` | the same, later or with another card |
//! | `POST /v1/payment_intents/{id}/increment_authorization` | more of it, where granted |
//! | `POST /v1/payment_intents/{id}/capture` | takes it, or a part; `final_capture=false` keeps the rest, where granted |
//! | `POST /v1/payment_intents/{id}/cancel` | gives back what was not captured |
//! | `POST /v1/refunds` | gives back what was captured |
//! | `GET /v1/payment_intents`, `…/{id}`, `/v1/charges/{id}`, `/v1/refunds`, `/v1/disputes` | what there is |
//!
//! Keys, errors, events and their signatures are as Stripe documents them; parameters that a call does not take are
//! refused. Books are kept in memory. `/sandbox/…` is for whoever runs the sandbox.
//! Absent: customers, saving payment methods, automatic capture, payouts.

mod books;
mod call;
mod counter;
mod form;
mod method;
mod refusal;
mod routes;
mod rules;
mod sandbox;
mod sandbox_routes;
mod webhook;

use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::card::counter::Counter;
use crate::clock::{Clock, system_clock};
use crate::credential::Credential;
use crate::line::{Lines, Scissors};
use crate::switches::Switches;

pub use self::books::Audit;
pub use self::rules::Granted;
pub use self::sandbox::Sandbox;
pub use self::webhook::{Webhook, signature};

/// The provider's books, which outlive the provider that is stopped. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Books(Arc<Mutex<books::Books>>);

/// How to start a provider.
#[derive(Clone)]
pub struct CardConfig {
    /// Port 0 takes a free one.
    pub bind: SocketAddr,
    /// New ones, or those of a provider that was stopped.
    pub books: Books,
    /// The API key that callers of `/v1` have to show.
    pub credential: Credential,
    /// What callers of `/sandbox` have to show; `None`: those routes do not exist.
    pub admin: Option<Credential>,
    /// What the account may do beyond the ordinary.
    pub granted: Granted,
    /// Where events go; `None`: they are kept.
    pub webhook: Option<Webhook>,
    /// When authorisations lapse by.
    pub clock: Clock,
}

impl CardConfig {
    /// A free port on loopback, new books, everything granted, no events, the machine's clock, no `/sandbox` routes.
    pub fn new(credential: Credential) -> CardConfig {
        CardConfig {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            books: Books::default(),
            credential,
            admin: None,
            granted: Granted { incremental_authorization: true, multicapture: true },
            webhook: None,
            clock: system_clock(),
        }
    }
}

impl std::fmt::Debug for CardConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardConfig").field("bind", &self.bind).field("granted", &self.granted).finish_non_exhaustive()
    }
}

/// The port is taken or not allowed.
#[derive(Debug, thiserror::Error)]
#[error("the card provider cannot listen on {0}; choose another address or port 0 ({1})")]
pub struct StartError(SocketAddr, #[source] std::io::Error);

/// The provider; [`CardProvider::start`] makes one.
#[derive(Debug)]
pub struct CardProvider;

impl CardProvider {
    /// Serves. Returns as soon as it accepts connections.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: CardConfig) -> Result<Running, StartError> {
        let refused = |error| StartError(config.bind, error);
        let listener = TcpListener::bind(config.bind).await.map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        let switches = Switches::default();
        let (close, closing) = watch::channel(false);
        let webhook = config.webhook.clone();
        let books = config.books.0.clone();
        let counter = Counter::new(config, books, switches.clone(), closing.clone());
        // What an earlier provider did not get rid of.
        counter.told.notify_one();
        if let Some(webhook) = webhook {
            tokio::spawn(webhook::deliver(counter.clone(), webhook));
        }
        let service: IntoMakeServiceWithConnectInfo<_, Scissors> =
            routes::router(counter.clone()).into_make_service_with_connect_info();
        let mut stop = closing;
        let serving = axum::serve(Lines(listener), service).with_graceful_shutdown(async move {
            let _ = stop.wait_for(|closing| *closing).await;
        });
        let task = tokio::spawn(serving.into_future());
        Ok(Running { addr, switches, sandbox: Sandbox::new(counter), close, task })
    }
}

/// A provider that serves. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// How to make it misbehave.
    pub switches: Switches,
    /// What payers and issuers do, and the audit, without HTTP.
    pub sandbox: Sandbox,
    close: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Lets calls in progress end, refuses new ones, and returns when the port is free.
    pub async fn shutdown(self) {
        let _ = self.close.send(true);
        // The task only ends; a panic in it has been printed.
        let _ = self.task.await;
    }
}
