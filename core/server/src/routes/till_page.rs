//! `/till`: the page where people pay, the words and the session that it needs.
//!
//! No external resource, no inline script or style. In the demo city the page gets a session by itself, from this
//! machine only; elsewhere the till's key is entered once a shift.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

use crate::app::App;
use crate::auth::{KeySecret, Principal, bearer, known_key, unknown_key};
use crate::messages::{self, Language};
use crate::problem::Problem;
use crate::routes::page_files;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(async || (StatusCode::SEE_OTHER, [(header::LOCATION, "/till")])))
        .route("/till", get(page))
        .route("/till/words/{language}", get(words))
        .route("/till/session", post(open_session))
        .route("/till/state", get(state))
}

async fn page() -> Response {
    page_files::html(include_str!("../page/till.html"))
}

/// The words of till and terminals in one language.
async fn words(Path(language): Path<String>) -> Json<page_files::Words> {
    page_files::words(&language, &["till.", "terminal."])
}

/// Opens a till session: for the key that is shown, or for the demo till when the caller is on this machine.
async fn open_session(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    session(&app, request, |principal| principal.must_be_till().map(drop)).await
}

/// A session for the key that is shown, if `may` lets it, or for the demo's key when the caller is on this machine.
pub(super) async fn session(
    app: &App,
    request: Request,
    may: impl FnOnce(&Principal) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let id = match parts.headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let shown = value.to_str().ok().and_then(bearer).and_then(KeySecret::parse).ok_or_else(unknown_key)?;
            let key = known_key(app, &shown).await?;
            may(&Principal::of(&key))?;
            key.id
        }
        None => app.demo.as_ref().filter(|_| is_local(&parts)).ok_or_else(unknown_key)?.till_key,
    };
    let secure = parts.headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let cookie = app.sessions.issue(id, app.hub.now(), secure);
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| Problem::internal("a cookie is not a header value"))?;
    Ok((StatusCode::NO_CONTENT, HeaderMap::from_iter([(header::SET_COOKIE, cookie)])).into_response())
}

/// From this machine, by a name of this machine: a page of another site that points its name here is not local.
pub(super) fn is_local(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().is_some_and(|peer| peer.0.ip().is_loopback());
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    peer && ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// Demo faces to pick where there is no camera.
pub(super) fn pictures(app: &App) -> Vec<&'static str> {
    if app.demo.is_some() { crate::demo::faces::NAMES.to_vec() } else { Vec::new() }
}

/// What the page has to know of its till.
#[derive(Serialize)]
struct TillState {
    till_name: String,
    merchant_name: String,
    currency: String,
    exponent: u8,
    pin_above: i64,
    max_amount: i64,
    drawn_faces_only: bool,
    demo: bool,
    /// Demo faces to pick where there is no camera.
    pictures: Vec<&'static str>,
    /// Names of rails by language.
    rails: BTreeMap<String, BTreeMap<&'static str, &'static str>>,
}

async fn state(State(app): State<App>, principal: Principal) -> Result<Json<TillState>, Problem> {
    let till = app.hub.store().till(principal.must_be_till()?).await?.ok_or_else(|| Problem::not_found("till"))?;
    let missing = || Problem::not_found("merchant");
    let merchant = app.hub.merchant(till.merchant).await?.ok_or_else(missing)?;
    let payees = app.hub.store().payees(till.merchant).await?;
    let account = payees.first().ok_or_else(missing)?.account;
    let currency = app.hub.store().account(account).await?.ok_or_else(missing)?.currency();
    let named = |language: Language, rail: &str| {
        messages::find(language, &format!("rail.{rail}")).map(|name| (language.tag(), name))
    };
    let rails = app.hub.rails();
    let rails = rails.iter().map(|rail| rail.descriptor().rail.to_string());
    Ok(Json(TillState {
        till_name: till.name,
        merchant_name: merchant.name,
        currency: currency.code().to_owned(),
        exponent: currency.exponent(),
        pin_above: till.pin_above,
        max_amount: till.max_amount,
        drawn_faces_only: app.hub.pack().scope == tebura_face::Scope::DrawnFacesOnly,
        demo: app.demo.is_some(),
        pictures: pictures(&app),
        rails: rails
            .map(|rail| {
                let names = Language::ALL.into_iter().filter_map(|language| named(language, &rail)).collect();
                (rail, names)
            })
            .collect(),
    }))
}
