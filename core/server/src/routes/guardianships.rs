//! `/v1/guardianships`: who answers for whom.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tebura_hub::ids::PersonId;

use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::wire::guardians::{CreateGuardianshipBody, EndGuardianshipBody, GuardianshipBody, GuardianshipsBody};

/// Lets a guardian answer for a child or an elder.
#[utoipa::path(
    post,
    path = "/v1/guardianships",
    tag = "people",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreateGuardianshipBody,
    responses(
        (status = 201, description = "Linked", body = GuardianshipBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_guardianship(
    State(app): State<App>,
    write: Write<CreateGuardianshipBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key, new) = (app.hub.clone(), write.key, write.body.link()?);
    let link = app.run(write.running, async move { Ok(hub.link_guardian(key, new).await?) }).await?;
    Ok((StatusCode::CREATED, Json(GuardianshipBody::of(&link, app.hub.now()))).into_response())
}

/// Ends a link at once.
#[utoipa::path(
    post,
    path = "/v1/guardianships/{id}/end",
    tag = "people",
    params(
        ("id" = String, Path, description = "`grd_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EndGuardianshipBody,
    responses(
        (status = 200, description = "As it ended", body = GuardianshipBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn end_guardianship(
    State(app): State<App>,
    Path(id): Path<String>,
    write: Write<EndGuardianshipBody>,
) -> Result<Json<GuardianshipBody>, Problem> {
    write.principal.must_be_operator()?;
    let (hub, id, by) = (app.hub.clone(), parse_id(&id)?, write.body.by()?);
    let link = app.run(write.running, async move { Ok(hub.end_guardianship(id, by).await?) }).await?;
    Ok(Json(GuardianshipBody::of(&link, app.hub.now())))
}

/// A person's links, as guardian and as ward, ended ones too.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/guardianships",
    tag = "people",
    params(("id" = String, Path, description = "`person_…`")),
    responses(
        (status = 200, description = "The links", body = GuardianshipsBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_guardianships(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<PersonId>,
) -> Result<Json<GuardianshipsBody>, Problem> {
    principal.must_be_operator()?;
    let (links, now) = (app.hub.guardian_links(id).await?, app.hub.now());
    Ok(Json(GuardianshipsBody { guardianships: links.iter().map(|link| GuardianshipBody::of(link, now)).collect() }))
}
