//! Accepts connections and serves HTTP/1.1 on each, with the two limits that `axum::serve` has no setting for: how long
//! a request's head may take to arrive, and how many connections are open.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

use crate::app::Limits;

/// After a failed accept, such as for want of file handles: time for others to close.
const PAUSE: Duration = Duration::from_millis(50);

/// Largest head of a request, in bytes; also what a connection may keep of what it has read. A key, a signature and a
/// proxy's headers take less than a tenth.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Serves until `stop` says so, then lets the requests in progress end. False: some did not within `drain`.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
    drain: Duration,
) -> bool {
    let open = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let service = Service { router: router.clone(), head: limits.head, watcher: open.watcher() };
        tokio::spawn(connection(stream, peer, place, service));
    }
    drop(listener);
    tokio::time::timeout(drain, open.shutdown()).await.is_ok()
}

/// What serves one connection.
struct Service {
    router: Router,
    head: Duration,
    watcher: Watcher,
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection was not accepted");
            let _ = tokio::time::timeout(PAUSE, std::future::pending::<()>()).await;
            None
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit, service: Service) {
    let Service { router, head, watcher } = service;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move {
            let response = router.oneshot(request.map(Body::new)).await;
            response.map_err(|never: Infallible| never)
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_BYTES_MAX);
    if let Err(error) = watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(place);
}
