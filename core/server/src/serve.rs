//! Listens, serves, and stops without cutting anything off.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::App;
use crate::clockwork::Clockwork;
use crate::connections;
use crate::routes;
use crate::services::Follower;
use crate::start::Worker;
use crate::webhooks::{Deliveries, SignedPost};

/// How long a stopping hub waits for requests and commands. Orchestrators kill after 30 s; this leaves them a margin.
const DRAIN: Duration = Duration::from_secs(25);

/// Why the hub does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port belongs to another program.
    #[error("{0} is taken by another program; choose another address with --listen")]
    Taken(SocketAddr),
    /// The address cannot be used.
    #[error("the hub cannot listen on {address} ({source}); choose another address with --listen")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Takes the address. Done before anything slow, so that a taken port is told at once.
///
/// # Errors
/// [`ServeError::Taken`], [`ServeError::Listen`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| {
        if source.kind() == std::io::ErrorKind::AddrInUse {
            ServeError::Taken(address)
        } else {
            ServeError::Listen { address, source }
        }
    })
}

/// Ends when the process is asked to stop: SIGTERM or Ctrl-C.
///
/// # Errors
/// When the system refuses a signal handler.
pub async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

/// Serves until `stop` ends, then takes no new request, lets those in progress end, and drains the commands.
/// Returns how many commands still run; the next start takes them up.
pub async fn serve(app: App, listener: TcpListener, stop: impl Future<Output = ()>) -> usize {
    let worker = Clockwork::start(Worker(app.hub.clone()));
    let follower = app.services().map(|services| Clockwork::start(Follower(Arc::clone(services))));
    let sender = app.webhooks().map(|client| Arc::new(SignedPost::new(Arc::clone(client))));
    let deliveries = sender.map(|sender| Deliveries::start(app.hub.clone(), sender));
    let (close, closing) = watch::channel(false);
    let serving = tokio::spawn(connections::serve(listener, routes::router(app.clone()), app.limits, closing, DRAIN));
    stop.await;
    tracing::info!(commands = app.commands_running(), "stopping: no new request is taken");
    app.stop();
    let _ = close.send(true);
    if !serving.await.unwrap_or(false) {
        tracing::warn!("some connections did not close in time");
    }
    let left = app.drain(DRAIN).await;
    if let Some(deliveries) = deliveries {
        deliveries.stop().await;
    }
    if let Some(follower) = follower {
        follower.stop().await;
    }
    worker.stop().await;
    tracing::info!(left, "stopped");
    left
}
