//! `/v1/inbound/{rail}/{route}`: what a rail's far end calls. Anybody can reach it: what counts is the far end's own signature,
//! which the rail's plugin checks.
//!
//! The answer tells nothing: not whether there is such a rail, not what was wrong, not what was known. 202 is given when the
//! request is kept on disk; what it is about is acted on after that. Absent: what it means; the hub's `hear_notice` knows.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use tebura_hub::hear_notice::{HearNoticeError, Heard};
use tebura_hub::notices::{Inbound, InboundGrant, NoticeKey};
use tebura_ledger::RailId;

use crate::app::App;
use crate::extract::read_body;
use crate::problem::{Problem, ProblemBody, Retry};

/// Bytes of a request's body.
const BODY_BYTES: usize = 64 * 1024;

/// Takes a request from a rail's far end: a webhook.
///
/// No key of this hub is asked for. A request that the rail's plugin does not believe is refused with 403, as is one to a rail
/// or a route that there is not. 202 means that it is kept; the same request again is 202 as well and changes nothing.
#[utoipa::path(
    post,
    path = "/v1/inbound/{rail}/{route}",
    tag = "rails",
    params(
        ("rail" = String, Path, description = "The rail"),
        ("route" = String, Path, description = "A route that the rail's manifest names"),
    ),
    request_body(content = String, description = "As the far end sends it, at most 64 KiB", content_type = "application/octet-stream"),
    security(()),
    responses(
        (status = 202, description = "Kept"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn take_inbound(
    State(app): State<App>,
    Path((rail, route)): Path<(String, String)>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let Some((rail, grant)) = expected(&app, &rail) else { return Err(not_taken()) };
    app.inbound_rates.admit(rail.to_string()).map_err(too_many)?;
    let headers = shown(request.headers(), &grant);
    let body = read_body(&app, request, BODY_BYTES).await?.to_vec();
    let heard = app.hub.hear_notice(&rail, Inbound { route, headers, body }).await.map_err(refused)?;
    if let Heard::New(key) = heard {
        act(&app, key);
    }
    Ok(StatusCode::ACCEPTED)
}

/// A rail that is called back.
fn expected(app: &App, name: &str) -> Option<(RailId, InboundGrant)> {
    let name = RailId::new(name).ok()?;
    let grant = app.hub.rail(&name)?.inbound()?.clone();
    Some((name, grant))
}

/// The headers that the rail's manifest names, and no other.
fn shown(headers: &HeaderMap, grant: &InboundGrant) -> Vec<(String, String)> {
    let named = headers.iter().filter(|(name, _)| grant.headers.iter().any(|own| own == name.as_str()));
    named.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect()
}

/// Acts on a request that is kept, while its sender goes. Where too many are acted on, the worker does it in a moment.
fn act(app: &App, key: NoticeKey) {
    let Ok(place) = Arc::clone(&app.notices).try_acquire_owned() else { return };
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = app.hub.act_on_notice(&key).await {
            tracing::warn!(rail = %key.rail, %error, "a notice could not be acted on; the worker tries again");
        }
        drop(place);
    });
}

fn not_taken() -> Problem {
    let detail = "The request was not taken: nobody here expects it, or it is not signed as it should be.";
    Problem::new(StatusCode::FORBIDDEN, "notice.not_taken", detail)
}

fn too_many(retry_after_ms: u32) -> Problem {
    Problem {
        retry_after_ms: Some(retry_after_ms),
        ..Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "notice.too_many",
            "More requests come than are looked at. Send it again after the time in Retry-After.",
        )
        .retry(Retry::SameKey)
    }
}

fn refused(error: HearNoticeError) -> Problem {
    match error {
        HearNoticeError::NotTaken => not_taken(),
        HearNoticeError::Busy { retry_after_ms } => later(retry_after_ms),
        HearNoticeError::Unavailable { reason } => {
            tracing::error!(reason, "a request from outside could not be kept");
            later(1_000)
        }
    }
}

fn later(retry_after_ms: u32) -> Problem {
    Problem {
        retry_after_ms: Some(retry_after_ms),
        ..Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "notice.not_kept",
            "The request could not be kept. Send it again after the time in Retry-After.",
        )
        .retry(Retry::SameKey)
    }
}
