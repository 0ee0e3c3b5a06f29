//! What people ask about their own data: exports, requests with deadlines, the end of a face's use, and erasure. Only the
//! operator calls these, for somebody whose identity was checked by other means than a search of faces.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::consent::ConsentActor;
use tebura_hub::ids::{PersonId, RightsRequestId};
use tebura_hub::rights::{EraseError, NewRightsRequest, RightsError};

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write};
use crate::idempotency;
use crate::problem::{Problem, ProblemBody};
use crate::refusals::problem;
use crate::wire::people::EmptyBody;
use crate::wire::rights::{
    AnswerAboutDataBody, AskAboutDataBody, ExportBody, RetentionBody, RightsRequestBody, RightsRequestListBody,
};

/// Open requests of a list.
const MAX_OPEN: u16 = 1_000;

/// Everything that is held about a person, for herself.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/export",
    tag = "people",
    params(("id" = String, Path, description = "`person_…`")),
    responses(
        (status = 200, description = "Everything", body = ExportBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn export_person(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<PersonId>,
) -> Result<Json<ExportBody>, Problem> {
    principal.must_be_operator()?;
    export(&app, id).await.map(Json)
}

/// Everything that is held about a person.
pub(super) async fn export(app: &App, id: PersonId) -> Result<ExportBody, Problem> {
    let held = app.hub.held_about(id).await?.ok_or_else(|| Problem::not_found("person"))?;
    Ok(ExportBody::of(&held, app.hub.now()))
}

/// Records what a person asks. Somebody answers it before `due_at`.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/rights-requests",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = AskAboutDataBody,
    responses(
        (status = 201, description = "Recorded", body = RightsRequestBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn ask_about_data(
    State(app): State<App>,
    Id(person): Id<PersonId>,
    write: Write<AskAboutDataBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let new = NewRightsRequest { person, kind: write.body.kind()?, note: write.body.note };
    let (hub, key) = (app.hub.clone(), write.key);
    let asked = app.run(write.running, async move { Ok(hub.ask_about_data(key, new).await?) }).await?;
    Ok(made(RightsRequestBody::from(&asked.row), asked.replayed))
}

/// Requests that nobody has answered, the earliest deadline first.
#[utoipa::path(
    get,
    path = "/v1/rights-requests",
    tag = "people",
    responses(
        (status = 200, description = "The open requests", body = RightsRequestListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_rights_requests(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<RightsRequestListBody>, Problem> {
    principal.must_be_operator()?;
    let open = app.hub.store().open_rights_requests(MAX_OPEN).await?;
    Ok(Json(RightsRequestListBody { items: open.iter().map(RightsRequestBody::from).collect() }))
}

/// Says how a request ended.
#[utoipa::path(
    post,
    path = "/v1/rights-requests/{id}/answer",
    tag = "people",
    params(
        ("id" = String, Path, description = "`rgt_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = AnswerAboutDataBody,
    responses(
        (status = 201, description = "Answered", body = RightsRequestBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn answer_about_data(
    State(app): State<App>,
    Id(id): Id<RightsRequestId>,
    write: Write<AnswerAboutDataBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, reason) = (app.hub.clone(), write.body.refused_because);
    let row = app.run(write.running, async move { Ok(hub.answer_about_data(id, reason).await?) }).await?;
    Ok(made(RightsRequestBody::from(&row), false))
}

/// Uses a person's face no more: every consent is taken back and the template deleted, at once and everywhere.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/stop",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EmptyBody,
    responses(
        (status = 201, description = "Stopped", body = RightsRequestBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stop_using(
    State(app): State<App>,
    Id(person): Id<PersonId>,
    write: Write<EmptyBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key) = (app.hub.clone(), write.key);
    let stop = async move { Ok(hub.stop_using(key, person, ConsentActor::Staff).await?) };
    Ok(made(RightsRequestBody::from(&app.run(write.running, stop).await?), false))
}

/// Erases a person: her key is destroyed, and her name, templates, proofs and requests with it. What money did stays in
/// the books, under accounts that lead to nobody. Refused while money is in her wallet or under way.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/erase",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EmptyBody,
    responses(
        (status = 201, description = "Erased", body = RightsRequestBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn erase_person(
    State(app): State<App>,
    Id(person): Id<PersonId>,
    write: Write<EmptyBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key) = (app.hub.clone(), write.key);
    let erase = async move { Ok(hub.erase_person(key, person, ConsentActor::Staff).await?) };
    Ok(made(RightsRequestBody::from(&app.run(write.running, erase).await?), false))
}

/// How long things are kept, and what was deleted.
#[utoipa::path(
    get,
    path = "/v1/retention",
    tag = "people",
    responses(
        (status = 200, description = "Rules and counts", body = RetentionBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_retention(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<RetentionBody>, Problem> {
    principal.must_be_operator()?;
    let sweeper = app.hub.sweeper();
    Ok(Json(RetentionBody::of(&sweeper.retention(), &sweeper.swept())))
}

impl From<RightsError> for Problem {
    fn from(error: RightsError) -> Problem {
        let (missing, invalid) = (StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY);
        match error {
            RightsError::NoteInvalid => problem(invalid, "rights.note_invalid", &error),
            RightsError::IndividualNumber => Problem::individual_number(),
            RightsError::PersonNotFound(_) => problem(missing, "person.not_found", &error),
            RightsError::NotFound(_) => problem(missing, "rights.not_found", &error),
            RightsError::Answered(_) => problem(StatusCode::CONFLICT, "rights.answered", &error),
            RightsError::KeyReused => idempotency::key_reused(),
            RightsError::Commit(inner) => inner.into(),
            RightsError::Read(inner) => inner.into(),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Problem {
        match error {
            EraseError::PersonNotFound(_) => problem(StatusCode::NOT_FOUND, "person.not_found", &error),
            EraseError::PaymentUnderWay(_) => problem(StatusCode::CONFLICT, "erase.payment_under_way", &error),
            EraseError::MoneyLeft(_) => problem(StatusCode::CONFLICT, "erase.money_left", &error),
            EraseError::KeyReused => idempotency::key_reused(),
            EraseError::Commit(inner) => inner.into(),
            EraseError::Read(inner) => inner.into(),
        }
    }
}
