//! `/v1/proofings`: people prove who they are. Only the operator sees it, and what they have proven.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::ids::{PersonId, ProofingId};
use tebura_hub::proofing::{ProofingError, SeenError};

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write};
use crate::problem::{Problem, ProblemBody, Retry};
use crate::refusals::problem;
use crate::wire::people::EmptyBody;
use crate::wire::proofings::{BeginProofingBody, ClaimBody, ClaimListBody, EvidenceBody, ProofingBody, SeenBody};

/// Begins a proofing: the hub draws a nonce, and the plugin says what the person's device has to do.
#[utoipa::path(
    post,
    path = "/v1/proofings",
    tag = "people",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = BeginProofingBody,
    responses(
        (status = 201, description = "Begun", body = ProofingBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn begin_proofing(
    State(app): State<App>,
    write: Write<BeginProofingBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key, new) = (app.hub.clone(), write.key, write.body.new_proofing()?);
    let begun = app.run(write.running, async move { Ok(hub.begin_proofing(key, new).await?) }).await?;
    Ok(made(ProofingBody::from(&begun.row), begun.replayed))
}

/// Gives the device's answer to the challenge. It counts once; the hub keeps its digest and nothing else of it. A
/// refusal is an answer too: look at `status`.
#[utoipa::path(
    post,
    path = "/v1/proofings/{id}/evidence",
    tag = "people",
    params(
        ("id" = String, Path, description = "`prf_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EvidenceBody,
    responses(
        (status = 201, description = "Looked at", body = ProofingBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn give_evidence(
    State(app): State<App>,
    Id(id): Id<ProofingId>,
    write: Write<EvidenceBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key, evidence) = (app.hub.clone(), write.key, write.body.evidence()?);
    let given = app.run(write.running, async move { Ok(hub.give_evidence(key, id, evidence).await?) }).await?;
    Ok(made(ProofingBody::from(&given.row), given.replayed))
}

/// A proofing as it stands.
#[utoipa::path(
    get,
    path = "/v1/proofings/{id}",
    tag = "people",
    params(("id" = String, Path, description = "`prf_…`")),
    responses(
        (status = 200, description = "The proofing", body = ProofingBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_proofing(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<ProofingId>,
) -> Result<Json<ProofingBody>, Problem> {
    principal.must_be_operator()?;
    Ok(Json(ProofingBody::from(&app.hub.proofing(id).await?)))
}

/// What a person has proven and what still counts.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/claims",
    tag = "people",
    params(("id" = String, Path, description = "`person_…`")),
    responses(
        (status = 200, description = "The claims", body = ClaimListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_claims(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<PersonId>,
) -> Result<Json<ClaimListBody>, Problem> {
    principal.must_be_operator()?;
    app.hub.store().person(id).await?.ok_or_else(|| Problem::not_found("person"))?;
    let claims = app.hub.claims_with_family(id).await?;
    Ok(Json(ClaimListBody { items: claims.iter().map(ClaimBody::from).collect() }))
}

/// Notes what staff saw at a counter: a student card, a certificate of a disability, or the municipality's own register.
/// It counts like any other proof, until the day that is named. No number and no copy of the document is kept.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/claims",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = SeenBody,
    responses(
        (status = 201, description = "Noted", body = ProofingBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn see_document(
    State(app): State<App>,
    Id(id): Id<PersonId>,
    write: Write<SeenBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key, seen) = (app.hub.clone(), write.key, write.body.seen(id, write.principal.key)?);
    let noted = app.run(write.running, async move { Ok(hub.see_document(key, seen).await?) }).await?;
    Ok(made(ProofingBody::from(&noted.row), noted.replayed))
}

/// Takes a proof back: somebody moved out, or left school. What was proven otherwise stays.
#[utoipa::path(
    post,
    path = "/v1/proofings/{id}/withdrawal",
    tag = "people",
    params(
        ("id" = String, Path, description = "`prf_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EmptyBody,
    responses(
        (status = 201, description = "Taken back", body = ProofingBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn withdraw_proof(
    State(app): State<App>,
    Id(id): Id<ProofingId>,
    write: Write<EmptyBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key) = (app.hub.clone(), write.key);
    let taken = app.run(write.running, async move { Ok(hub.withdraw_proof(key, id).await?) }).await?;
    Ok(made(ProofingBody::from(&taken.row), taken.replayed))
}

impl From<SeenError> for Problem {
    fn from(error: SeenError) -> Problem {
        let invalid = StatusCode::UNPROCESSABLE_ENTITY;
        match error {
            SeenError::IndividualNumber => Problem::individual_number(),
            SeenError::PersonNotFound(_) => problem(StatusCode::NOT_FOUND, "person.not_found", &error),
            SeenError::NotAgreed => problem(invalid, "claim.not_agreed", &error),
            SeenError::NoClaims => problem(invalid, "claim.none_named", &error),
            SeenError::ClaimNotProven { ref proves, .. } => {
                problem(invalid, "claim.not_proven_by_document", &error).with("proves", proves)
            }
            SeenError::ValueInvalid { .. } => problem(invalid, "claim.value_invalid", &error),
            SeenError::Over(_) => problem(invalid, "claim.over", &error),
            SeenError::TooLong { days, .. } => problem(invalid, "claim.too_long", &error).with("days", days),
            SeenError::Commit(inner) => inner.into(),
            SeenError::Read(inner) => inner.into(),
        }
    }
}

impl From<ProofingError> for Problem {
    fn from(error: ProofingError) -> Problem {
        let (invalid, conflict) = (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT);
        match error {
            ProofingError::IndividualNumber => Problem::individual_number(),
            ProofingError::PersonNotFound(_) => problem(StatusCode::NOT_FOUND, "person.not_found", &error),
            ProofingError::PluginNotFound(_) => problem(StatusCode::NOT_FOUND, "proofing.plugin_not_found", &error),
            ProofingError::PurposeInvalid => problem(invalid, "proofing.purpose_invalid", &error),
            ProofingError::LocaleInvalid => problem(invalid, "proofing.locale_invalid", &error),
            ProofingError::ClaimsInvalid => problem(invalid, "proofing.claims_invalid", &error),
            ProofingError::ClaimNotOffered { ref claim, ref offered } => {
                problem(invalid, "proofing.claim_not_offered", &error).with("claim", claim).with("offered", offered)
            }
            ProofingError::NotFound(_) => problem(StatusCode::NOT_FOUND, "proofing.not_found", &error),
            ProofingError::EvidenceInvalid => problem(invalid, "proofing.evidence_invalid", &error),
            ProofingError::EvidenceGiven(_) => {
                problem(conflict, "proofing.evidence_given", &error).retry(Retry::AfterQuery)
            }
            ProofingError::NothingProven(_) => problem(conflict, "proofing.nothing_proven", &error),
            ProofingError::Expired(_) => problem(conflict, "proofing.expired", &error),
            ProofingError::Plugin { .. } => problem(StatusCode::BAD_GATEWAY, "proofing.plugin_failed", &error),
            ProofingError::Busy { retry_after_ms } => Problem::busy(retry_after_ms),
            ProofingError::Commit(inner) => inner.into(),
            ProofingError::Read(inner) => inner.into(),
        }
    }
}
