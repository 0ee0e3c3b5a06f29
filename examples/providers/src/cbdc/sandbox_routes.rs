//! `/sandbox/…` at an intermediary: the powers of whoever runs the sandbox, under their own credential.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, http::StatusCode};
use serde::{Deserialize, Serialize};

use crate::cbdc::door::{At, Door, unauthorised};
use crate::cbdc::network::NewCustomer;
use crate::cbdc::request::{self, Problem};
use crate::cbdc::world::Lines;
use crate::switches::Rule;

pub(crate) fn router() -> Router<Arc<Door>> {
    Router::new()
        .route("/sandbox/customers", post(open_customer))
        .route("/sandbox/accounts/{account}", get(account))
        .route("/sandbox/accounts/{account}/draw", post(draw))
        .route("/sandbox/audit", get(audit))
        .route("/sandbox/lines", get(lines).post(set_lines))
        .route("/sandbox/switches", get(rules).post(set_rule).delete(clear_rules))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draw {
    amount: i64,
}

/// Runs one of the sandbox's own calls, for its own credential only.
fn sandboxed<T: Serialize>(door: &Door, headers: &HeaderMap, act: impl FnOnce() -> Result<T, Problem>) -> Response {
    match &door.admin {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(admin) if !admin.is_shown_by(headers) => unauthorised(),
        Some(_) => act().map(Json).into_response(),
    }
}

fn no_account() -> Problem {
    Problem::new(404, "account.not_found", "no such account, or no such amount")
}

async fn open_customer(State(door): At, headers: HeaderMap, body: Bytes) -> Response {
    let act = || {
        let new: NewCustomer = request::json(&body)?;
        door.network.balance(&door.network.open_customer(door.member, new)).ok_or_else(no_account)
    };
    sandboxed(&door, &headers, act)
}

async fn account(State(door): At, Path(account): Path<String>, headers: HeaderMap) -> Response {
    sandboxed(&door, &headers, || door.network.balance(&account).ok_or_else(no_account))
}

async fn draw(State(door): At, Path(account): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let act = || {
        let asked: Draw = request::json(&body)?;
        let done = door.network.draw(&account, asked.amount);
        door.network.balance(&account).filter(|_| done).ok_or_else(no_account)
    };
    sandboxed(&door, &headers, act)
}

async fn audit(State(door): At, headers: HeaderMap) -> Response {
    let found = || serde_json::json!({ "supply": door.network.supply(), "faults": door.network.audit() });
    sandboxed(&door, &headers, || Ok(found()))
}

async fn lines(State(door): At, headers: HeaderMap) -> Response {
    sandboxed(&door, &headers, || Ok(door.network.lines()))
}

async fn set_lines(State(door): At, headers: HeaderMap, body: Bytes) -> Response {
    let act = || {
        let wanted: Lines = request::json(&body)?;
        door.network.set_lines(|lines| *lines = wanted);
        Ok(wanted)
    };
    sandboxed(&door, &headers, act)
}

async fn rules(State(door): At, headers: HeaderMap) -> Response {
    sandboxed(&door, &headers, || Ok(door.switches.rules()))
}

async fn set_rule(State(door): At, headers: HeaderMap, body: Bytes) -> Response {
    let act = || {
        let rule: Rule = request::json(&body)?;
        door.switches.set(rule);
        Ok(door.switches.rules())
    };
    sandboxed(&door, &headers, act)
}

async fn clear_rules(State(door): At, headers: HeaderMap) -> Response {
    let act = || {
        door.switches.clear();
        Ok(door.switches.rules())
    };
    sandboxed(&door, &headers, act)
}
