//! What only the demo city has: its drawn faces, and who has how much. 404 everywhere else.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::app::App;
use crate::auth::Principal;
use crate::demo::DemoBalance;
use crate::problem::Problem;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/till/faces/{face}", get(face)).route("/demo/balances", get(balances))
}

/// Who has how much in the demo city.
async fn balances(State(app): State<App>, principal: Principal) -> Result<Json<Vec<DemoBalance>>, Problem> {
    principal.must_be_operator()?;
    let demo = app.demo.as_ref().ok_or_else(|| Problem::not_found("demo"))?;
    Ok(Json(demo.ledger.balances(&app.hub).await?))
}

/// A demo face as a camera would see it.
async fn face(State(app): State<App>, Path(file): Path<String>) -> Result<Response, Problem> {
    let missing = || Problem::not_found("file");
    let name = file.strip_suffix(".png").filter(|_| app.demo.is_some()).ok_or_else(missing)?.to_owned();
    let drawn = tokio::task::spawn_blocking(move || crate::demo::faces::png(&name));
    let png = drawn.await.map_err(|_| Problem::internal("the face drawer panicked"))?.ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "max-age=3600")], png).into_response())
}
