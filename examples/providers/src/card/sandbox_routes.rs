//! `/sandbox/…`: the sandbox's powers over HTTP, for its own credential only.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::card::counter::{Answer, Counter};
use crate::card::refusal::Refusal;
use crate::card::routes::respond;
use crate::card::sandbox::Sandbox;
use crate::switches::Rule;

pub(crate) fn router() -> Router<Arc<Counter>> {
    Router::new()
        .route("/sandbox/intents", get(intents))
        .route("/sandbox/intents/{id}/authentication", post(authenticate))
        .route("/sandbox/charges/{id}/disputes", post(dispute))
        .route("/sandbox/disputes/{id}", post(close_dispute))
        .route("/sandbox/methods/{id}", post(set_limit))
        .route("/sandbox/audit", get(audit))
        .route("/sandbox/switches", get(rules).post(set_rule).delete(clear_rules))
}

type Shop = State<Arc<Counter>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcome {
    success: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contested {
    amount: i64,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    won: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    limit: i64,
}

/// Runs one of the sandbox's own calls, for its own credential only.
fn sandboxed(counter: &Arc<Counter>, headers: &HeaderMap, act: impl FnOnce(&Sandbox) -> Option<Value>) -> Response {
    let result = match &counter.config.admin {
        None => Err(Refusal::missing("url")),
        Some(admin) if !admin.is_shown_by(headers) => Err(Refusal::unauthorised()),
        Some(_) => act(&Sandbox::new(counter.clone())).ok_or_else(|| Refusal::missing("subject")),
    };
    respond(&Answer::of(result))
}

fn body<T: serde::de::DeserializeOwned>(body: &Bytes) -> Option<T> {
    serde_json::from_slice(body).ok()
}

async fn intents(State(counter): Shop, headers: HeaderMap) -> Response {
    sandboxed(&counter, &headers, |sandbox| Some(json!(sandbox.intents())))
}

async fn authenticate(State(counter): Shop, Path(id): Path<String>, headers: HeaderMap, asked: Bytes) -> Response {
    sandboxed(&counter, &headers, |sandbox| sandbox.authenticate(&id, body::<Outcome>(&asked)?.success))
}

async fn dispute(State(counter): Shop, Path(id): Path<String>, headers: HeaderMap, asked: Bytes) -> Response {
    sandboxed(&counter, &headers, |sandbox| {
        let Contested { amount, reason } = body(&asked)?;
        sandbox.dispute(&id, amount, &reason)
    })
}

async fn close_dispute(State(counter): Shop, Path(id): Path<String>, headers: HeaderMap, asked: Bytes) -> Response {
    sandboxed(&counter, &headers, |sandbox| sandbox.close_dispute(&id, body::<Decision>(&asked)?.won))
}

async fn set_limit(State(counter): Shop, Path(id): Path<String>, headers: HeaderMap, asked: Bytes) -> Response {
    sandboxed(&counter, &headers, |sandbox| {
        let Limit { limit } = body(&asked)?;
        sandbox.set_limit(&id, limit);
        Some(json!({"id": id, "limit": limit}))
    })
}

async fn audit(State(counter): Shop, headers: HeaderMap) -> Response {
    sandboxed(&counter, &headers, |sandbox| Some(json!(sandbox.audit())))
}

async fn rules(State(counter): Shop, headers: HeaderMap) -> Response {
    sandboxed(&counter, &headers, |_| Some(json!(counter.switches.rules())))
}

async fn set_rule(State(counter): Shop, headers: HeaderMap, asked: Bytes) -> Response {
    sandboxed(&counter, &headers, |_| {
        counter.switches.set(body::<Rule>(&asked)?);
        Some(json!(counter.switches.rules()))
    })
}

async fn clear_rules(State(counter): Shop, headers: HeaderMap) -> Response {
    sandboxed(&counter, &headers, |_| {
        counter.switches.clear();
        Some(json!(counter.switches.rules()))
    })
}
