//! `/v1/operations`: what became of one attempt.

use axum::Json;
use axum::extract::State;
use tebura_hub::sites::Scope;
use tebura_ledger::OperationId;

use crate::app::App;
use crate::auth::Principal;
use crate::extract::Id;
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::OperationBody;

/// An operation: poll it while its state is `sent` or `unknown`.
#[utoipa::path(
    get,
    path = "/v1/operations/{id}",
    tag = "holds",
    params(("id" = String, Path, description = "`op_…`")),
    responses(
        (status = 200, description = "The operation", body = OperationBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_operation(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<OperationId>,
) -> Result<Json<OperationBody>, Problem> {
    principal.may(Scope::Read)?;
    let missing = || Problem::not_found("operation");
    let operation = app.hub.store().operation(id).await?.ok_or_else(missing)?;
    match operation.hold() {
        Some(hold) => drop(app.hub.visible_hold(&principal.caller(), hold).await.map_err(|error| {
            let problem = Problem::from(error);
            if problem.code == "hold.not_found" { missing() } else { problem }
        })?),
        None => principal.must_be_operator()?,
    }
    Ok(Json(OperationBody::from(&operation)))
}
