//! `/healthz` and `/readyz`: whether the process runs, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::problem::{Problem, Retry};

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "It runs", body = String)))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The process can serve: the store answers.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    responses((status = 200, description = "It can serve", body = String), (status = 503, description = "Not now"))
)]
pub(super) async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    app.hub.store().ping().await.map_err(|error| {
        tracing::warn!(reason = error.reason, "not ready");
        Problem {
            retry_after_ms: Some(1_000),
            ..Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "hub.not_ready",
                "The store does not answer. Look at the log.",
            )
            .retry(Retry::SameKey)
        }
    })?;
    Ok("ready\n")
}
