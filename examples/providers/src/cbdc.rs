//! A CBDC in small: one central ledger, two intermediaries, one bank, each behind a port of its own.
//!
//! ```text
//!   hub ── API ──> East ─┐                    East, West: names, aliases, whose account is whose
//!                        ├─ orders ─> ledger  ledger:     pseudonymous accounts, locks, amounts
//!   hub ── API ──> West ─┘                    bank:       depositors, deposits, one vault
//!                 East, West ─ prepare/decide ─> bank
//! ```
//!
//! | call at an intermediary | does |
//! |---|---|
//! | `POST /v1/locks` | locks a customer's money for a payee: `two_party`, `three_party` or `hash_time` |
//! | `POST /v1/locks/{id}/completions` | pays out of it; `final` gives the rest back |
//! | `POST /v1/locks/{id}/returns` | gives part of it, or the rest, back |
//! | `POST /v1/locks/{id}/extend` | sets its deadline later |
//! | `POST /v1/completions/{id}/refunds` | the payee returns part of a completion |
//! | `POST /v1/transfers` | pays without a lock |
//! | `GET /v1/requests/{request}` | what became of the caller's own request |
//! | `POST /v1/aliases/resolve` | the account behind an alias, at either intermediary |
//! | `GET /v1/accounts/{account}` | balance and holding limit of an own customer |
//! | `GET /v1/statements?from=…&until=…` | what was done in a time, milliseconds since 1970 |
//!
//! Callers show the intermediary's credential and sign each request; a write carries its request id twice, in the body
//! and as `Idempotency-Key`. The ledger and the bank have ports for looking only (`GET /v1/supply`, `/v1/audit`);
//! between the roles there are lines in the process that can be cut, not connections. Everything is kept in memory and
//! gone with the process. Absent: real money, scheduled and requested payments, person-wide limits.

mod bank;
mod door;
mod intermediary;
mod ledger;
mod network;
mod orders;
mod plan;
mod request;
mod sandbox_routes;
mod statement;
#[cfg(test)]
mod tests;
mod world;

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::State;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::routing::get;
use axum::{Json, Router};
use ed25519_dalek::VerifyingKey;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cbdc::door::Door;
use crate::clock::{Clock, system_clock};
use crate::credential::Credential;
use crate::line::{Lines as Connections, Scissors};
use crate::switches::Switches;

pub use self::intermediary::{Kind, Record, Status};
pub use self::ledger::{Member, Supply};
pub use self::network::{Balance, Network, NewCustomer};
pub use self::statement::{Amount, Line, Statement};
pub use self::world::{LedgerLine, Lines};

/// How to start the network.
#[derive(Clone)]
pub struct CbdcConfig {
    /// Ports of ledger, bank, East and West; 0 takes a free one.
    pub bind: [SocketAddr; 4],
    /// What callers of East's and West's `/v1` show.
    pub credentials: [Credential; 2],
    /// What callers of `/sandbox` show; `None`: those routes do not exist.
    pub admin: Option<Credential>,
    /// Services by name, each with the ed25519 public key that it signs requests and arbitrates locks with.
    pub services: BTreeMap<String, [u8; 32]>,
    /// Makes account ids unguessable.
    pub salt: [u8; 32],
    /// When locks end by.
    pub clock: Clock,
}

impl CbdcConfig {
    /// Free ports on loopback, the machine's clock, no `/sandbox` routes, no services.
    pub fn new(east: Credential, west: Credential) -> CbdcConfig {
        CbdcConfig {
            bind: [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); 4],
            credentials: [east, west],
            admin: None,
            services: BTreeMap::new(),
            salt: [0; 32],
            clock: system_clock(),
        }
    }
}

impl std::fmt::Debug for CbdcConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CbdcConfig").field("bind", &self.bind).finish_non_exhaustive()
    }
}

/// Why the network did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Not a point of the curve.
    #[error("the public key of service {0:?} is no ed25519 key; give its 32 bytes")]
    Key(String),
    /// The port is taken or not allowed.
    #[error("the CBDC sandbox cannot listen on {0}; choose another address or port 0 ({1})")]
    Bind(SocketAddr, #[source] std::io::Error),
}

/// The network; [`CbdcNetwork::start`] makes one.
#[derive(Debug)]
pub struct CbdcNetwork;

impl CbdcNetwork {
    /// Opens empty books and serves. Returns as soon as all roles accept connections.
    pub async fn start(config: CbdcConfig) -> Result<Running, StartError> {
        let key = |(name, bytes): (&String, &[u8; 32])| {
            let key = VerifyingKey::from_bytes(bytes).map_err(|_| StartError::Key(name.clone()))?;
            Ok((name.clone(), key))
        };
        let services = config.services.iter().map(key).collect::<Result<BTreeMap<_, _>, StartError>>()?;
        let network = Network::new(services, config.salt, config.clock);
        let (close, closing) = watch::channel(false);
        let [ledger, bank, east, west] = config.bind;
        let look = Looking { network: network.clone(), admin: config.admin.clone() };
        let ledger = serve(ledger, look_only(look.clone(), Member::East), closing.clone()).await?;
        let bank = serve(bank, look_only(look, Member::Bank), closing.clone()).await?;
        let [of_east, of_west] = config.credentials;
        let mut sides = Vec::new();
        for (member, bind, credential) in [(Member::East, east, of_east), (Member::West, west, of_west)] {
            let (switches, closing, admin) = (Switches::default(), closing.clone(), config.admin.clone());
            let door =
                Door { member, network: network.clone(), switches: switches.clone(), credential, admin, closing };
            let closing = door.closing.clone();
            sides.push((serve(bind, door::router(Arc::new(door)), closing).await?, switches));
        }
        let [east, west] = <[_; 2]>::try_from(sides).unwrap_or_else(|_| unreachable!("two were pushed"));
        let side =
            |(served, switches): ((SocketAddr, Serving), Switches)| (Side { addr: served.0, switches }, served.1);
        let ((east, at_east), (west, at_west)) = (side(east), side(west));
        let tasks = vec![ledger.1, bank.1, at_east, at_west];
        Ok(Running { ledger: ledger.0, bank: bank.0, east, west, network, close, tasks })
    }
}

type Serving = JoinHandle<std::io::Result<()>>;

async fn serve(
    bind: SocketAddr,
    router: Router,
    mut stop: watch::Receiver<bool>,
) -> Result<(SocketAddr, Serving), StartError> {
    let refused = |error| StartError::Bind(bind, error);
    let listener = TcpListener::bind(bind).await.map_err(refused)?;
    let addr = listener.local_addr().map_err(refused)?;
    let service: IntoMakeServiceWithConnectInfo<_, Scissors> = router.into_make_service_with_connect_info();
    let serving = axum::serve(Connections(listener), service).with_graceful_shutdown(async move {
        let _ = stop.wait_for(|closing| *closing).await;
    });
    Ok((addr, tokio::spawn(serving.into_future())))
}

#[derive(Clone)]
struct Looking {
    network: Network,
    admin: Option<Credential>,
}

/// The ports of ledger and bank: totals and faults, for whoever runs the sandbox.
fn look_only(look: Looking, role: Member) -> Router {
    let supply = async move |State(look): State<Looking>, headers: axum::http::HeaderMap| {
        if look.admin.as_ref().is_none_or(|admin| !admin.is_shown_by(&headers)) {
            return Err(axum::http::StatusCode::UNAUTHORIZED);
        }
        let (deposits, paid_in) = look.network.deposits();
        let faults = look.network.audit();
        Ok(Json(match role {
            Member::Bank => serde_json::json!({ "deposits": deposits, "paid_in": paid_in, "faults": faults }),
            Member::East | Member::West => serde_json::json!({ "supply": look.network.supply(), "faults": faults }),
        }))
    };
    Router::new().route("/v1/audit", get(supply)).with_state(look)
}

/// An intermediary that serves.
#[derive(Debug)]
pub struct Side {
    /// Where it listens.
    pub addr: SocketAddr,
    /// How to make it misbehave. `preauthorization` means locks, `capture` completions and transfers, `revert` returns,
    /// `balance` accounts and aliases.
    pub switches: Switches,
}

impl Side {
    /// `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }
}

/// A network that serves. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    /// Where the ledger can be looked at.
    pub ledger: SocketAddr,
    /// Where the bank can be looked at.
    pub bank: SocketAddr,
    /// The intermediary East.
    pub east: Side,
    /// The intermediary West.
    pub west: Side,
    /// Customers, balances, lines and the audit, without HTTP.
    pub network: Network,
    close: watch::Sender<bool>,
    tasks: Vec<Serving>,
}

impl Running {
    /// Lets calls in progress end, refuses new ones, and returns when the ports are free.
    pub async fn shutdown(self) {
        let _ = self.close.send(true);
        for task in self.tasks {
            // A task only ends; a panic in it has been printed.
            let _ = task.await;
        }
    }
}

/// What a service signs: for other implementations, and for tests.
pub mod signing {
    /// The headers `content-digest` and `signature-input` of a request, and the text under its `signature`.
    pub fn request(service: &str, method: &str, path: &str, body: &[u8]) -> (String, String, String) {
        use super::request::{digest, parameters, signed_text};
        let input = format!("sig1={}", parameters(service));
        (digest(body), input, signed_text(service, method, path, body))
    }

    /// The text that an arbiter signs. `word`: `complete` (the rest goes back), `complete-part` or `return`.
    pub fn lock(word: &str, lock: &str, amount: i64, request: &str) -> String {
        super::orders::signed_text(word, lock, amount, request)
    }
}
