//! `/v1/services/{id}/offline-entries` and `…/offline-bundles`: devices without a network, before and after.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tebura_hub::services::{BundleError, OfflineError};
use tebura_hub::sites::Scope;

use crate::app::App;
use crate::extract::Write;
use crate::messages::Language;
use crate::offline_bundle::seal;
use crate::problem::{Problem, ProblemBody};
use crate::refusals::problem;
use crate::wire::offline::{
    OfflineBundleBody, OfflineBundleRequestBody, OfflineEntriesBody, TakenBody, TakenEntryBody,
};

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

/// Makes a bundle for one terminal: the people of the service's gallery who agree to be looked for, sealed to the key that the
/// terminal signed its request with, until the configured time is over (72 hours). It is on record in the audit log. A repeat
/// makes the same bundle with the people of now. For the operator.
#[utoipa::path(
    post,
    path = "/v1/services/{id}/offline-bundles",
    tag = "services",
    params(
        ("id" = String, Path, description = "The configured name"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = OfflineBundleRequestBody,
    responses(
        (status = 200, description = "The bundle, for this terminal only", body = OfflineBundleBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn make_offline_bundle(
    State(app): State<App>,
    Path(service): Path<String>,
    write: Write<OfflineBundleRequestBody>,
) -> Result<Json<OfflineBundleBody>, Problem> {
    write.principal.must_be_operator()?;
    let heads = app.heads().cloned().ok_or_else(|| Problem::internal("no key signs what the hub hands out"))?;
    let (hub, key, caller) = (app.hub.clone(), write.key, write.principal.caller());
    let request = write.body.request.into();
    let made = app
        .run(write.running, async move {
            let bundle = hub.make_offline_bundle(&caller, &service, key, &request).await?;
            let sealed = tokio::task::spawn_blocking(move || seal(&bundle)).await;
            let sealed = sealed.ok().flatten().ok_or_else(unusable_key)?;
            Ok::<_, Problem>(heads.sign_bundle(sealed).await)
        })
        .await?;
    Ok(Json(made))
}

fn unusable_key() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "bundle.key_unusable",
        "Nothing can be sealed to the terminal's key. Make a new request with `tebura offline request`.",
    )
}

impl From<BundleError> for Problem {
    fn from(error: BundleError) -> Problem {
        let (invalid, forbidden, conflict) =
            (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::FORBIDDEN, StatusCode::CONFLICT);
        match error {
            BundleError::Malformed { .. } => problem(invalid, "bundle.request_malformed", &error),
            BundleError::Service(inner) => (*inner).into(),
            BundleError::DeviceNotFound(_) => problem(forbidden, "offline.device_not_found", &error),
            BundleError::Signature(ref inner) => problem(invalid, inner.code(), &error),
            BundleError::TerminalRevoked => problem(forbidden, "bundle.terminal_revoked", &error),
            BundleError::KeyUnknown => problem(forbidden, "offline.key_unknown", &error),
            BundleError::SignatureWrong => problem(invalid, "offline.signature_wrong", &error),
            BundleError::NotNow { .. } => problem(invalid, "bundle.request_not_now", &error),
            BundleError::PackForDrawings => problem(conflict, "face.pack_is_for_drawings", &error),
            BundleError::NoGallery => problem(invalid, "service.no_gallery", &error),
            BundleError::Budget(ref inner) => problem(conflict, inner.code(), &error),
            BundleError::Nobody => problem(conflict, "bundle.nobody", &error),
            BundleError::TooMany { people } => problem(conflict, "bundle.too_many", &error).with("people", people),
            BundleError::Over { .. } => problem(conflict, "bundle.expired", &error),
            BundleError::Commit(inner) => inner.into(),
            BundleError::Read(inner) => inner.into(),
        }
    }
}

impl From<OfflineError> for Problem {
    fn from(error: OfflineError) -> Problem {
        let (invalid, conflict) = (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT);
        match error {
            OfflineError::Count => problem(invalid, "offline.count", &error),
            OfflineError::Malformed { .. } => problem(invalid, "offline.malformed", &error),
            OfflineError::Signature { error: ref inner, .. } => problem(invalid, inner.code(), &error),
            OfflineError::KeyRevoked { .. } => problem(StatusCode::FORBIDDEN, "offline.key_revoked", &error),
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
