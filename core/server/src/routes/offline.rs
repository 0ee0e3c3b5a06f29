//! `/v1/services/{id}/offline-entries`: what devices were told while they had no network.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tebura_hub::services::OfflineError;
use tebura_hub::sites::Scope;

use crate::app::App;
use crate::extract::Write;
use crate::messages::Language;
use crate::problem::{Problem, ProblemBody};
use crate::refusals::problem;
use crate::wire::offline::{OfflineEntriesBody, TakenBody, TakenEntryBody};

/// Takes a stretch of a device's log, the oldest entry first. Each entry counts once, however often it is sent; a log that
/// forks or leaves one out goes no further, and `stopped` says why.
#[utoipa::path(
    post,
    path = "/v1/services/{id}/offline-entries",
    tag = "services",
    params(
        ("id" = String, Path, description = "The configured name"),
        ("Idempotency-Key" = String, Header, description = "See the introduction. The entries' own numbers count here."),
    ),
    request_body = OfflineEntriesBody,
    responses(
        (status = 200, description = "Taken, as far as the log holds", body = TakenBody),
        (status = "default", description = "A problem; nothing was taken", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn take_offline_entries(
    State(app): State<App>,
    Path(service): Path<String>,
    write: Write<OfflineEntriesBody>,
) -> Result<Json<TakenBody>, Problem> {
    write.principal.may(Scope::Services)?;
    let (hub, caller) = (app.hub.clone(), write.principal.caller());
    let entries = write.body.entries.into_iter().map(Into::into).collect();
    let (taken, error) = app
        .run(write.running, async move { Ok::<_, Problem>(hub.take_offline(&caller, &service, entries).await) })
        .await?;
    match error.map(Problem::from) {
        Some(problem) if taken.is_empty() => Err(problem),
        stopped => Ok(Json(TakenBody {
            taken: taken.iter().map(TakenEntryBody::from).collect(),
            stopped: stopped.map(|problem| problem.body(Language::of_process(), None)),
        })),
    }
}

impl From<OfflineError> for Problem {
    fn from(error: OfflineError) -> Problem {
        let (invalid, conflict) = (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT);
        match error {
            OfflineError::Count => problem(invalid, "offline.count", &error),
            OfflineError::Malformed { .. } => problem(invalid, "offline.malformed", &error),
            OfflineError::Signature { error: ref inner, .. } => problem(invalid, inner.code(), &error),
            OfflineError::KeyUnknown { .. } => problem(StatusCode::FORBIDDEN, "offline.key_unknown", &error),
            OfflineError::SignatureWrong { .. } => problem(invalid, "offline.signature_wrong", &error),
            OfflineError::DeviceNotFound(_) => problem(StatusCode::FORBIDDEN, "offline.device_not_found", &error),
            OfflineError::NotYet { .. } => problem(invalid, "offline.not_yet", &error),
            OfflineError::Gap { number } => problem(conflict, "offline.gap", &error).with("number", number),
            OfflineError::Forked { number } => problem(conflict, "offline.forked", &error).with("number", number),
            OfflineError::Service { error: inner, .. } => (*inner).into(),
            OfflineError::Commit(inner) => inner.into(),
            OfflineError::Read(inner) => inner.into(),
        }
    }
}
