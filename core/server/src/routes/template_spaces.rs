//! `/v1/template-spaces`: the secret rotations under which templates are kept, and their renewal.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use tebura_hub::sites::Scope;

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::Write;
use crate::problem::{Problem, ProblemBody};
use crate::wire::people::EmptyBody;
use crate::wire::template_spaces::{BegunSpaceBody, SpaceListBody};

/// Begins a new space: templates are kept under another secret rotation from now on, and those that are there are moved
/// while the hub goes on, about a thousand a second. An older space's secret is forgotten when nothing stands in it any
/// more. Enrolled people notice nothing. For the operator.
#[utoipa::path(
    post,
    path = "/v1/template-spaces",
    tag = "people",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = EmptyBody,
    responses(
        (status = 201, description = "Begun", body = BegunSpaceBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn begin_template_space(State(app): State<App>, write: Write<EmptyBody>) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key) = (app.hub.clone(), write.key);
    let (number, replayed) = app.run(write.running, async move { Ok(hub.begin_template_space(key).await?) }).await?;
    Ok(made(BegunSpaceBody { number }, replayed))
}

/// The spaces, oldest first, with how many templates stand in each: how far a renewal is. For the operator.
#[utoipa::path(
    get,
    path = "/v1/template-spaces",
    tag = "people",
    responses(
        (status = 200, description = "All spaces", body = SpaceListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_template_spaces(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<SpaceListBody>, Problem> {
    principal.must_be_operator()?;
    principal.may_any(&[Scope::Admin, Scope::Read])?;
    Ok(Json(SpaceListBody::from(app.hub.template_spaces().await?)))
}
