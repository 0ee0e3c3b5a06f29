//! `/operator/services`: what `tebura config` asks of the hub that runs.
//!
//! For the operator's key only, and not part of the described API, as `/operator/plugins` is not. Every write names the
//! version that it changes, so that a repeat does nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth::Principal;
use crate::extract::{from_value, json_from_bytes, read_body};
use crate::problem::{Problem, Retry};
use crate::services::{Applied, ApplyError, Look, Next, Services, Told};
use crate::wire::service_sets::{ApplyBody, FilesBody, RollBackBody, RunningBody, VersionBody};

/// The files of a large city.
const FILES_BYTES: usize = 2 << 20;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/operator/services", get(running).post(apply))
        .route("/operator/services/look", post(look))
        .route("/operator/services/history", get(history))
        .route("/operator/services/rollback", post(roll_back))
}

async fn running(State(app): State<App>, principal: Principal) -> Result<Json<RunningBody>, Problem> {
    let running = operators(&app, &principal)?.running().await;
    Ok(Json(RunningBody { version: running.version, wrong: running.wrong }))
}

async fn look(State(app): State<App>, principal: Principal, request: Request) -> Result<Json<Look>, Problem> {
    let services = operators(&app, &principal)?;
    let FilesBody { files } = body(&app, request).await?;
    Ok(Json(services.look(&files).await?))
}

async fn apply(State(app): State<App>, principal: Principal, request: Request) -> Result<Json<Applied>, Problem> {
    let services = operators(&app, &principal)?;
    let ApplyBody { files, against, note } = body(&app, request).await?;
    Ok(Json(services.apply(Next { files, against, note, by: principal.key }).await?))
}

async fn history(State(app): State<App>, principal: Principal) -> Result<Json<Vec<VersionBody>>, Problem> {
    let sets = operators(&app, &principal)?.history().await?;
    Ok(Json(sets.into_iter().map(VersionBody::from).collect()))
}

async fn roll_back(State(app): State<App>, principal: Principal, request: Request) -> Result<Json<Applied>, Problem> {
    let services = operators(&app, &principal)?;
    let RollBackBody { to, against, note } = body(&app, request).await?;
    let next = Next { files: Default::default(), against, note, by: principal.key };
    Ok(Json(services.roll_back(to, next).await?))
}

fn operators(app: &App, principal: &Principal) -> Result<Arc<Services>, Problem> {
    principal.must_be_operator()?;
    app.services().cloned().ok_or_else(|| Problem::not_found("services"))
}

async fn body<T: DeserializeOwned>(app: &App, request: Request) -> Result<T, Problem> {
    from_value(json_from_bytes(&read_body(app, request, FILES_BYTES).await?)?)
}

impl From<ApplyError> for Problem {
    fn from(error: ApplyError) -> Problem {
        let (status, code) = match &error {
            ApplyError::Note => (StatusCode::UNPROCESSABLE_ENTITY, "services.note_too_long"),
            ApplyError::Moved { .. } => (StatusCode::CONFLICT, "services.version_moved"),
            ApplyError::NoVersion { .. } => (StatusCode::NOT_FOUND, "services.version_not_found"),
            ApplyError::Wrong(_) => (StatusCode::UNPROCESSABLE_ENTITY, "services.wrong"),
            ApplyError::Commit(inner) => return inner.clone().into(),
            ApplyError::Read(inner) => return inner.clone().into(),
        };
        let lines = if let ApplyError::Wrong(wrong) = &error {
            wrong.iter().map(|told: &Told| format!("\n{}", told.en)).collect()
        } else {
            String::new()
        };
        Problem::new(status, code, format!("{error}{lines}")).retry(Retry::Never)
    }
}
