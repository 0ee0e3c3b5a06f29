//! A wallet provider: balances, pre-authorisations, captures, reverts and refunds over HTTP.
//!
//! | call | does |
//! |---|---|
//! | `POST /v1/preauthorizations` | sets money of a wallet aside for a merchant, until a time |
//! | `POST /v1/preauthorizations/{id}/captures` | pays the merchant part of it; `final` gives the rest back |
//! | `POST /v1/preauthorizations/{id}/revert` | gives part of it, or the rest, back |
//! | `POST /v1/captures/{id}/refunds` | pays back part of a capture |
//! | `GET /v1/operations/{operation}` | what became of the caller's own operation |
//! | `GET /v1/wallets/{token}` | a balance |
//! | `GET /v1/statements?from=…&until=…` | what was done in a time, milliseconds since 1970 |
//!
//! Above a limit the payer is asked first: the answer is 202, and the operation is `pending` until they have said something.
//! What has ended is told to an address of the caller's, signed ([`signature`]), and so are disputes.
//!
//! Each write names the caller's operation and carries an `Idempotency-Key`: same key and body, same answer; another
//! body, 422; while the first still runs, 409. A settled or declined operation is answered with its record; a request
//! that left no record is answered with a problem. `/sandbox/…` is for whoever runs the sandbox.

mod accounts;
mod answer;
mod books;
mod confirm;
mod disputes;
mod notices;
mod record;
mod request;
mod routes;
mod rules;
mod sandbox;
mod sandbox_routes;
mod schema;
mod signed;
mod statement;

use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::{Clock, system_clock};
use crate::credential::Credential;
use crate::line::{Lines, Scissors};
use crate::switches::Switches;
use crate::wallet::books::Books;
use crate::wallet::routes::Counter;
use crate::wallet::signed::Signing;

pub use self::books::BooksError;
pub use self::notices::{Notices, signature};
pub use self::record::{Kind, Record, Status};
pub use self::sandbox::{Audit, Balance, Sandbox};
pub use self::signed::request_signature;
pub use self::statement::{Amount, Line, Statement};

/// Where the provider keeps its money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// Gone when the provider stops.
    Memory,
    /// A file that outlives it.
    File(PathBuf),
}

/// How to start a provider.
#[derive(Clone)]
pub struct WalletConfig {
    /// Port 0 takes a free one.
    pub bind: SocketAddr,
    /// Its own database.
    pub database: Database,
    /// What callers of `/v1` have to show.
    pub credential: Credential,
    /// What callers of `/sandbox` have to show; `None`: those routes do not exist.
    pub admin: Option<Credential>,
    /// What callers of `/v1` sign their requests with ([`request_signature`]); `None`: nobody signs.
    pub request_secret: Option<Credential>,
    /// Above this many yen the payer is asked in the app before money is set aside; `None`: never.
    pub confirm_above: Option<i64>,
    /// When holds expire by.
    pub clock: Clock,
}

impl WalletConfig {
    /// A free port on loopback, books in memory, the machine's clock, no `/sandbox` routes.
    pub fn new(credential: Credential) -> WalletConfig {
        WalletConfig {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: Database::Memory,
            credential,
            admin: None,
            request_secret: None,
            confirm_above: None,
            clock: system_clock(),
        }
    }
}

impl std::fmt::Debug for WalletConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WalletConfig")
            .field("bind", &self.bind)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// Why a provider did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database file cannot be opened or is not the provider's.
    #[error("the wallet provider's database does not open; check the path and its permissions ({0})")]
    Database(#[source] BooksError),
    /// The port is taken or not allowed.
    #[error("the wallet provider cannot listen on {0}; choose another address or port 0 ({1})")]
    Bind(SocketAddr, #[source] std::io::Error),
}

/// The provider; [`WalletProvider::start`] makes one.
#[derive(Debug)]
pub struct WalletProvider;

impl WalletProvider {
    /// Opens the books and serves. Returns as soon as it accepts connections.
    pub async fn start(config: WalletConfig) -> Result<Running, StartError> {
        let (notices, sending) = Notices::new();
        let signing = config.request_secret.map(|secret| Signing { secret, clock: config.clock.clone() });
        let opened = Books::open(&config.database, config.clock, config.confirm_above, notices.clone()).await;
        let books = opened.map_err(StartError::Database)?;
        let refused = |error| StartError::Bind(config.bind, error);
        let listener = TcpListener::bind(config.bind).await.map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        let books = Arc::new(books);
        let switches = Switches::default();
        let (close, closing) = watch::channel(false);
        let counter = Counter::new(books.clone(), switches.clone(), config.credential, config.admin, closing.clone());
        let service: IntoMakeServiceWithConnectInfo<_, Scissors> =
            routes::router(counter, signing).into_make_service_with_connect_info();
        let mut stop = closing;
        let serving = axum::serve(Lines(listener), service).with_graceful_shutdown(async move {
            let _ = stop.wait_for(|closing| *closing).await;
        });
        let task = tokio::spawn(serving.into_future());
        tokio::spawn(sending);
        Ok(Running { addr, switches, notices, sandbox: Sandbox::new(books), close, task })
    }
}

/// A provider that serves. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// How to make it misbehave.
    pub switches: Switches,
    /// Who is told what happens.
    pub notices: Notices,
    /// Wallets, balances and the audit, without HTTP.
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
