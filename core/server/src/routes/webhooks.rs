//! `/v1/webhook-endpoints`: where a merchant wants its events.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tebura_egress::WebhookClient;
use tebura_hub::ids::{MerchantId, WebhookEndpointId};
use tebura_hub::sites::Scope;
use tebura_hub::webhooks::{NewEndpoint, WebhookEndpoint};

use super::answers::{hit, made};
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::webhooks::secret_text;
use crate::wire::people::EmptyBody;
use crate::wire::time::rfc3339;
use crate::wire::webhooks::{
    CreateWebhookEndpointBody, DeadLetterBody, DeadLetterListBody, ReplayBody, ReplayedBody, RotateSecretBody,
    WebhookEndpointBody, WebhookEndpointListBody,
};

/// How long both secrets sign when nothing is said: a day, long enough for a deployment.
const OVERLAP_SECONDS: u32 = 86_400;

/// Sends events to an address from now on, as [Standard Webhooks](https://www.standardwebhooks.com). The secret is in
/// this answer and nowhere else.
///
/// Delivered at least once, in order for each hold; an answer other than 2xx within ten seconds is tried again for a day.
#[utoipa::path(
    post,
    path = "/v1/webhook-endpoints",
    tag = "events",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreateWebhookEndpointBody,
    responses(
        (status = 201, description = "Registered", body = WebhookEndpointBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_webhook_endpoint(
    State(app): State<App>,
    write: Write<CreateWebhookEndpointBody>,
) -> Result<Response, Problem> {
    let merchant = merchant_of(&write.principal, write.body.merchant.as_deref())?;
    let kinds = write.body.kinds()?;
    client(&app)?.admit(&write.body.url)?;
    let new = NewEndpoint { merchant, url: write.body.url, kinds, asymmetric: write.body.asymmetric };
    let (hub, key) = (app.hub.clone(), write.key);
    let endpoint = app.run(write.running, async move { Ok(hub.register_webhook(key, new).await?) }).await?;
    let shown = (!endpoint.replayed).then(|| secret_text(&endpoint.row.secret).to_string());
    Ok(made(WebhookEndpointBody::new(&endpoint.row, shown, app.hub.now()), endpoint.replayed))
}

/// The merchant's endpoints, and how they fare; for the operator everybody's.
#[utoipa::path(
    get,
    path = "/v1/webhook-endpoints",
    tag = "events",
    responses(
        (status = 200, description = "The endpoints", body = WebhookEndpointListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_webhook_endpoints(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<WebhookEndpointListBody>, Problem> {
    may_read(&principal)?;
    let mut items = Vec::new();
    for endpoint in app.hub.store().webhook_endpoints(principal.merchant).await? {
        items.push(body(&app, &endpoint).await?);
    }
    Ok(Json(WebhookEndpointListBody { items }))
}

/// One endpoint, and how it fares.
#[utoipa::path(
    get,
    path = "/v1/webhook-endpoints/{id}",
    tag = "events",
    params(("id" = String, Path, description = "`whe_…`")),
    responses(
        (status = 200, description = "The endpoint", body = WebhookEndpointBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_webhook_endpoint(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Json<WebhookEndpointBody>, Problem> {
    may_read(&principal)?;
    let endpoint = app.hub.webhook(&principal.caller(), id).await?;
    Ok(Json(body(&app, &endpoint).await?))
}

/// Ends an endpoint: nothing more is sent there. The events stay in the log.
#[utoipa::path(
    delete,
    path = "/v1/webhook-endpoints/{id}",
    tag = "events",
    params(
        ("id" = String, Path, description = "`whe_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    responses(
        (status = 204, description = "Ended"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn delete_webhook_endpoint(
    State(app): State<App>,
    Id(id): Id<WebhookEndpointId>,
    write: Write<EmptyBody>,
) -> Result<StatusCode, Problem> {
    may_change(&write.principal)?;
    let (hub, caller) = (app.hub.clone(), write.principal.caller());
    app.run(write.running, async move { Ok(hub.remove_webhook(&caller, id).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new secret. Both sign until the overlap is over, so that a receiver changes over without losing an event.
#[utoipa::path(
    post,
    path = "/v1/webhook-endpoints/{id}/rotate-secret",
    tag = "events",
    params(
        ("id" = String, Path, description = "`whe_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = RotateSecretBody,
    responses(
        (status = 201, description = "The endpoint with its new secret", body = WebhookEndpointBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn rotate_secret(
    State(app): State<App>,
    Id(id): Id<WebhookEndpointId>,
    write: Write<RotateSecretBody>,
) -> Result<Response, Problem> {
    may_change(&write.principal)?;
    let overlap_ms = i64::from(write.body.overlap_seconds.unwrap_or(OVERLAP_SECONDS)) * 1_000;
    let (hub, key, caller) = (app.hub.clone(), write.key, write.principal.caller());
    let work = async move { Ok(hub.rotate_webhook_secret(&caller, key, id, overlap_ms).await?) };
    let endpoint = app.run(write.running, work).await?;
    let shown = (!endpoint.replayed).then(|| secret_text(&endpoint.row.secret).to_string());
    Ok(made(WebhookEndpointBody::new(&endpoint.row, shown, app.hub.now()), endpoint.replayed))
}

/// What an endpoint did not take for a day, at most 200.
#[utoipa::path(
    get,
    path = "/v1/webhook-endpoints/{id}/dead-letters",
    tag = "events",
    params(("id" = String, Path, description = "`whe_…`")),
    responses(
        (status = 200, description = "The dead letters", body = DeadLetterListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_dead_letters(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Json<DeadLetterListBody>, Problem> {
    may_read(&principal)?;
    let letters = app.hub.dead_letters(&principal.caller(), id).await?;
    let items = letters.iter().map(|(row, event)| DeadLetterBody::new(row, event)).collect();
    Ok(Json(DeadLetterListBody { items }))
}

/// Sends events again, under their old ids: the given ones, taken or not, or every dead letter.
#[utoipa::path(
    post,
    path = "/v1/webhook-endpoints/{id}/replay",
    tag = "events",
    params(
        ("id" = String, Path, description = "`whe_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = ReplayBody,
    responses(
        (status = 201, description = "They are on their way", body = ReplayedBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn replay(
    State(app): State<App>,
    Id(id): Id<WebhookEndpointId>,
    write: Write<ReplayBody>,
) -> Result<Response, Problem> {
    may_change(&write.principal)?;
    let places = write.body.places()?;
    let (hub, key, caller) = (app.hub.clone(), write.key, write.principal.caller());
    let work = async move { Ok(hub.replay_webhook(&caller, key, id, &places).await?) };
    let replayed = app.run(write.running, work).await?;
    Ok(hit(made(ReplayedBody { events: replayed.row }, false), replayed.replayed))
}

fn may_read(principal: &Principal) -> Result<(), Problem> {
    principal.may_any(&[Scope::Read, Scope::Holds, Scope::Admin])
}

fn may_change(principal: &Principal) -> Result<(), Problem> {
    principal.may_any(&[Scope::Holds, Scope::Admin])
}

/// A merchant's key means its merchant; the operator's names one.
fn merchant_of(principal: &Principal, named: Option<&str>) -> Result<MerchantId, Problem> {
    may_change(principal)?;
    let named = named.map(parse_id::<MerchantId>).transpose()?;
    let refused = |code: &'static str, detail: &str| Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail));
    match (principal.merchant, named) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(named)) if own == named => Ok(own),
        (Some(_), Some(_)) => refused("webhook.merchant_foreign", "A merchant's key registers its own merchant only."),
        (None, Some(named)) => Ok(named),
        (None, None) => refused("webhook.merchant_missing", "Say whose events: name the `merchant`."),
    }
}

fn client(app: &App) -> Result<&Arc<WebhookClient>, Problem> {
    app.webhooks().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "webhook.off",
            "This hub sends no webhooks; read GET /v1/events, or ask the operator.",
        )
    })
}

async fn body(app: &App, endpoint: &WebhookEndpoint) -> Result<WebhookEndpointBody, Problem> {
    let progress = app.hub.store().webhook_progress(endpoint.id).await?;
    let failed = progress.as_ref().and_then(|progress| progress.failed.clone());
    Ok(WebhookEndpointBody {
        taken_at: progress.and_then(|progress| progress.taken_at).map(rfc3339),
        failed_at: failed.as_ref().map(|(at, _)| rfc3339(*at)),
        failure: failed.map(|(_, reason)| reason),
        ..WebhookEndpointBody::new(endpoint, None, app.hub.now())
    })
}
