//! `/terminal/{kind}`: the page at a gate, a reception, a bus door or a shelter. One page for every kind: what it asks and shows
//! comes from what the service says of itself (`GET /v1/services`).
//!
//! A terminal's session stands for a key with the scope `services`; in the demo city the page gets one by itself, from this
//! machine only. Absent: what a kind of service means.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use tebura_hub::sites::Scope;

use super::page_files::html;
use super::till_page::{pictures, session};
use crate::app::App;
use crate::auth::Principal;
use crate::problem::Problem;

/// Kinds of terminal that the page knows; see `page/service.js`.
const KINDS: [&str; 6] = ["gate", "clinic", "bus", "shelter", "park", "staff"];

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/terminal/session", post(open_session))
        .route("/terminal/state", get(state))
        .route("/terminal/clinic/desk", get(desk))
        .route("/terminal/{kind}", get(page))
}

async fn page(Path(kind): Path<String>) -> Result<Response, Problem> {
    if KINDS.contains(&kind.as_str()) {
        Ok(html(include_str!("../page/terminal.html")))
    } else {
        Err(Problem::not_found("terminal"))
    }
}

/// The clinic's own list of who waits. It opens for a key that staff enter each time; no session opens it.
async fn desk() -> Response {
    html(include_str!("../page/desk.html"))
}

/// Opens a terminal's session: for the key that is shown, or for the demo's when the caller is on this machine.
async fn open_session(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    session(&app, request, |principal| principal.may(Scope::Services)).await
}

/// What the page has to know of its hub.
#[derive(Serialize)]
struct TerminalState {
    drawn_faces_only: bool,
    demo: bool,
    pictures: Vec<&'static str>,
}

async fn state(State(app): State<App>, principal: Principal) -> Result<Json<TerminalState>, Problem> {
    principal.may(Scope::Services)?;
    Ok(Json(TerminalState {
        drawn_faces_only: app.hub.pack().scope == tebura_face::Scope::DrawnFacesOnly,
        demo: app.demo.is_some(),
        pictures: pictures(&app),
    }))
}
