//! `/v1/rails`: how money can move here, known before any hold.

use axum::Json;
use axum::extract::State;
use tebura_hub::rail::RailDescriptor;
use tebura_ledger::RailId;

use crate::app::App;
use crate::auth::Principal;
use crate::extract::Id;
use crate::problem::{Problem, ProblemBody};
use crate::wire::rails::{RailBody, RailListBody};

/// Every rail and its capabilities.
#[utoipa::path(
    get,
    path = "/v1/rails",
    tag = "rails",
    responses(
        (status = 200, description = "The rails", body = RailListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_rails(State(app): State<App>, _: Principal) -> Json<RailListBody> {
    Json(RailListBody { items: app.hub.rails().iter().map(|rail| shown(&app, rail.descriptor())).collect() })
}

/// A rail and its capabilities.
#[utoipa::path(
    get,
    path = "/v1/rails/{id}",
    tag = "rails",
    params(("id" = String, Path, description = "`house`, or a plugin's name")),
    responses(
        (status = 200, description = "The rail", body = RailBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_rail(
    State(app): State<App>,
    _: Principal,
    Id(id): Id<RailId>,
) -> Result<Json<RailBody>, Problem> {
    let rail = app.hub.rail(&id).ok_or_else(|| Problem::not_found("rail"))?;
    Ok(Json(shown(&app, rail.descriptor())))
}

fn shown(app: &App, rail: &RailDescriptor) -> RailBody {
    RailBody::new(rail, app.hub.stopped(&rail.rail).is_some())
}
