//! `/operator/plugins` and `/operator/rails`: what `tebura plugin` and `tebura rail` ask of the hub that runs.
//!
//! For the operator's key only, and not part of the described API: the command line of the same version is its one
//! caller. Every write can be repeated: it names what it leads to.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use tebura_hub::ports::Clock as _;
use tebura_plugin_host::Package;

use crate::app::App;
use crate::auth::Principal;
use crate::clock::SystemClock;
use crate::extract::{from_value, json_from_bytes, read_body};
use crate::plugins::{self, OpenWork, Plugins, PluginsError};
use crate::problem::{Problem, Retry};
use crate::wire::plugins::{InstallBody, ListedBody, OfferBody, ReasonBody};

/// A component of 4 MiB in base64, and the rest.
const PACKAGE_BYTES: usize = 6 << 20;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/operator/plugins", get(list).post(install))
        .route("/operator/plugins/offer", post(offer))
        .route("/operator/plugins/{id}/open", get(open))
        .route("/operator/plugins/{id}/disable", post(disable))
        .route("/operator/plugins/{id}/enable", post(enable))
        .route("/operator/plugins/{id}/withdraw", post(withdraw))
        .route("/operator/plugin-keys/{id}/revoke", post(revoke))
        .route("/operator/rails/{id}/open", get(open))
        .route("/operator/rails/{id}/stop", post(stop_rail))
        .route("/operator/rails/{id}/resume", post(resume_rail))
}

async fn list(State(app): State<App>, principal: Principal) -> Result<Json<Vec<ListedBody>>, Problem> {
    let plugins = operators(&app, &principal)?;
    Ok(Json(plugins.list().into_iter().map(ListedBody::from).collect()))
}

async fn offer(State(app): State<App>, principal: Principal, request: Request) -> Result<Json<OfferBody>, Problem> {
    let plugins = operators(&app, &principal)?;
    let (asked, _) = package(&app, request).await?;
    let offer = blocking(move || plugins.offer(&asked, SystemClock::default().now())).await?;
    Ok(Json(OfferBody::from(offer)))
}

async fn install(State(app): State<App>, principal: Principal, request: Request) -> Result<Json<OfferBody>, Problem> {
    let plugins = operators(&app, &principal)?;
    let (asked, approval) = package(&app, request).await?;
    let approval = approval.unwrap_or_default();
    let offer = blocking(move || plugins.install(&asked, &approval, SystemClock::default().now())).await?;
    Ok(Json(OfferBody::from(offer)))
}

async fn open(
    State(app): State<App>,
    principal: Principal,
    Path(plugin): Path<String>,
) -> Result<Json<OpenWork>, Problem> {
    Ok(Json(operators(&app, &principal)?.open_work(&plugin).await?))
}

async fn disable(
    State(app): State<App>,
    principal: Principal,
    Path(plugin): Path<String>,
    request: Request,
) -> Result<Json<OpenWork>, Problem> {
    let plugins = operators(&app, &principal)?;
    let ReasonBody { reason } = body(&app, request, app.limits.body_bytes).await?;
    let (own, id) = (Arc::clone(&plugins), plugin.clone());
    blocking(move || own.disable(&id, &reason, SystemClock::default().now())).await?;
    Ok(Json(plugins.open_work(&plugin).await?))
}

async fn enable(
    State(app): State<App>,
    principal: Principal,
    Path(plugin): Path<String>,
) -> Result<StatusCode, Problem> {
    let plugins = operators(&app, &principal)?;
    blocking(move || plugins.enable(&plugin, SystemClock::default().now())).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn withdraw(
    State(app): State<App>,
    principal: Principal,
    Path(plugin): Path<String>,
    request: Request,
) -> Result<Json<String>, Problem> {
    let plugins = operators(&app, &principal)?;
    let ReasonBody { reason } = body(&app, request, app.limits.body_bytes).await?;
    blocking(move || plugins.withdraw(&plugin, &reason, SystemClock::default().now())).await.map(Json)
}

async fn revoke(
    State(app): State<App>,
    principal: Principal,
    Path(key): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let plugins = operators(&app, &principal)?;
    let ReasonBody { reason } = body(&app, request, app.limits.body_bytes).await?;
    blocking(move || plugins.revoke(&key, &reason, SystemClock::default().now())).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn stop_rail(
    State(app): State<App>,
    principal: Principal,
    Path(rail): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let plugins = operators(&app, &principal)?;
    let ReasonBody { reason } = body(&app, request, app.limits.body_bytes).await?;
    blocking(move || plugins.stop_rail(&rail, &reason, SystemClock::default().now())).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn resume_rail(
    State(app): State<App>,
    principal: Principal,
    Path(rail): Path<String>,
) -> Result<StatusCode, Problem> {
    let plugins = operators(&app, &principal)?;
    blocking(move || plugins.resume_rail(&rail, SystemClock::default().now())).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn operators(app: &App, principal: &Principal) -> Result<Arc<Plugins>, Problem> {
    principal.must_be_operator()?;
    app.plugins().cloned().ok_or_else(|| Problem::not_found("plugins"))
}

async fn package(app: &App, request: Request) -> Result<(plugins::Request, Option<String>), Problem> {
    let body: InstallBody = body(app, request, PACKAGE_BYTES).await?;
    let unreadable = |_| {
        let detail = "`component` is not base64. Send it with the `tebura` of this hub's version.";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "plugin.component_unreadable", detail)
    };
    let component = STANDARD.decode(&body.component).map_err(unreadable)?;
    let signatures = body.signatures.map(String::into_bytes);
    let package = Package { manifest: body.manifest.into_bytes(), component, signatures };
    let (publisher, grants, step_back) = (body.publisher, body.grants, body.step_back);
    Ok((plugins::Request { package, publisher, grants, step_back }, body.approval))
}

async fn body<T: DeserializeOwned>(app: &App, request: Request, limit: usize) -> Result<T, Problem> {
    from_value(json_from_bytes(&read_body(app, request, limit).await?)?)
}

/// Compiling and writing files take their time: not on a thread that serves others.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PluginsError> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Problem::from),
        Err(_) => Err(Problem::internal("a change of plugins panicked")),
    }
}

impl From<PluginsError> for Problem {
    fn from(error: PluginsError) -> Problem {
        let (status, code) = match &error {
            PluginsError::Publisher(_) => (StatusCode::UNPROCESSABLE_ENTITY, "plugin.publisher_unreadable"),
            PluginsError::PublisherScope { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "plugin.publisher_scope"),
            PluginsError::Install(_) => (StatusCode::UNPROCESSABLE_ENTITY, "plugin.refused"),
            PluginsError::Lock(_) | PluginsError::SameVersion { .. } => {
                (StatusCode::CONFLICT, "plugin.version_conflict")
            }
            PluginsError::Grant(_) | PluginsError::Rails(_) | PluginsError::Egress(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "plugin.grants_wrong")
            }
            PluginsError::NotApproved => (StatusCode::CONFLICT, "plugin.not_approved"),
            PluginsError::Configured { .. } => (StatusCode::CONFLICT, "plugin.configured"),
            PluginsError::NotInstalled { .. } => (StatusCode::NOT_FOUND, "plugin.not_installed"),
            PluginsError::NoRail { .. } => (StatusCode::NOT_FOUND, "rail.not_found"),
            PluginsError::NoKey { .. } => (StatusCode::NOT_FOUND, "plugin.key_not_found"),
            PluginsError::File { .. }
            | PluginsError::Journal(_)
            | PluginsError::Changed { .. }
            | PluginsError::Package(_) => (StatusCode::INTERNAL_SERVER_ERROR, "plugin.data_folder"),
        };
        Problem::new(status, code, error.to_string()).retry(Retry::Never)
    }
}
