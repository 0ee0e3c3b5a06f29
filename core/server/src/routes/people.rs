//! `/v1/people`: registers people. Only the operator sees them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::ids::PersonId;
use tebura_hub::pin::Pin;

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write};
use crate::problem::{Problem, ProblemBody};
use crate::wire::people::{CreatePersonBody, EmptyBody, PersonBody, SetPinBody};

/// Registers a person, without a face and without a means to pay.
#[utoipa::path(
    post,
    path = "/v1/people",
    tag = "people",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreatePersonBody,
    responses(
        (status = 201, description = "Registered", body = PersonBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_person(State(app): State<App>, write: Write<CreatePersonBody>) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let pin = write.body.pin.as_deref().map(Pin::new).transpose()?;
    let (hub, key, name) = (app.hub.clone(), write.key, write.body.name);
    let person = app.run(write.running, async move { Ok(hub.register_person(key, &name, pin).await?) }).await?;
    Ok(made(PersonBody::from(&person.row), person.replayed))
}

/// A person, with the name in full.
#[utoipa::path(
    get,
    path = "/v1/people/{id}",
    tag = "people",
    params(("id" = String, Path, description = "`person_…`")),
    responses(
        (status = 200, description = "The person", body = PersonBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_person(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<PersonId>,
) -> Result<Json<PersonBody>, Problem> {
    principal.must_be_operator()?;
    let person = app.hub.store().person(id).await?.ok_or_else(|| Problem::not_found("person"))?;
    Ok(Json(PersonBody::from(&person)))
}

/// Sets a person's PIN and forgets wrong tries.
#[utoipa::path(
    put,
    path = "/v1/people/{id}/pin",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = SetPinBody,
    responses(
        (status = 201, description = "Set", body = PersonBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn set_pin(
    State(app): State<App>,
    Id(id): Id<PersonId>,
    write: Write<SetPinBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let pin = Pin::new(&write.body.pin)?;
    let (hub, key) = (app.hub.clone(), write.key);
    let person = app.run(write.running, async move { Ok(hub.set_pin(key, id, pin).await?) }).await?;
    Ok(made(PersonBody::from(&person.row), person.replayed))
}

/// Lets a locked PIN be tried again before its time, once staff have seen who it is.
#[utoipa::path(
    delete,
    path = "/v1/people/{id}/pin-lock",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    responses(
        (status = 204, description = "It may be tried"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn release_pin(
    State(app): State<App>,
    Id(id): Id<PersonId>,
    write: Write<EmptyBody>,
) -> Result<StatusCode, Problem> {
    write.principal.must_be_operator()?;
    let hub = app.hub.clone();
    app.run(write.running, async move { Ok(hub.release_pin(id).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}
