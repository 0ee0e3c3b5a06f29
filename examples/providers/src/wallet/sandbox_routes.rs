//! `/sandbox/…`: the sandbox's powers over HTTP, for its own credential only.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use crate::switches::Rule;
use crate::wallet::answer::{Answer, unauthorised};
use crate::wallet::books::BooksError;
use crate::wallet::record::Problem;
use crate::wallet::routes::{Counter, Shop};

pub(crate) fn router() -> Router<Arc<Counter>> {
    Router::new()
        .route("/sandbox/wallets", post(open_wallet))
        .route("/sandbox/merchants", post(open_merchant))
        .route("/sandbox/wallets/{token}/top-ups", post(top_up))
        .route("/sandbox/accounts/{token}", get(account))
        .route("/sandbox/operations/{operation}/confirm", post(confirm))
        .route("/sandbox/operations/{operation}/refuse", post(refuse))
        .route("/sandbox/captures/{capture}/disputes", post(dispute))
        .route("/sandbox/disputes/{dispute}/end", post(end_dispute))
        .route("/sandbox/notices", post(notify))
        .route("/sandbox/audit", get(audit))
        .route("/sandbox/switches", get(rules).post(set_rule).delete(clear_rules))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TopUp {
    amount: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDispute {
    amount: i64,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndOfDispute {
    lost: bool,
}

/// Where notices go, and what signs them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTarget {
    url: String,
    secret: String,
}

/// Runs one of the sandbox's own calls, for its own credential only.
async fn sandboxed<T: Serialize>(
    counter: &Counter,
    headers: &HeaderMap,
    act: impl Future<Output = Result<Option<T>, BooksError>>,
) -> Response {
    match &counter.admin {
        None => Answer::plain(404, "not found").into_response(),
        Some(admin) if !admin.is_shown_by(headers) => unauthorised(),
        Some(_) => match act.await {
            Ok(Some(value)) => Answer::json(200, &value).into_response(),
            Ok(None) => Answer::problem(&Problem::new(404, "account.not_found", "no such account, or no such amount"))
                .into_response(),
            Err(error) => Answer::failed(&error).into_response(),
        },
    }
}

async fn open_wallet(State(counter): Shop, headers: HeaderMap, body: Bytes) -> Response {
    let act = async {
        let Ok(new) = serde_json::from_slice::<NewAccount>(&body) else { return Ok(None) };
        counter.sandbox.open_wallet(&new.token).await?;
        counter.sandbox.balance(&new.token).await
    };
    sandboxed(&counter, &headers, act).await
}

async fn open_merchant(State(counter): Shop, headers: HeaderMap, body: Bytes) -> Response {
    let act = async {
        let Ok(new) = serde_json::from_slice::<NewAccount>(&body) else { return Ok(None) };
        counter.sandbox.open_merchant(&new.token).await?;
        counter.sandbox.balance(&new.token).await
    };
    sandboxed(&counter, &headers, act).await
}

async fn top_up(State(counter): Shop, Path(token): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let act = async {
        let Ok(asked) = serde_json::from_slice::<TopUp>(&body) else { return Ok(None) };
        let done = counter.sandbox.top_up(&token, asked.amount).await?;
        if done { counter.sandbox.balance(&token).await } else { Ok(None) }
    };
    sandboxed(&counter, &headers, act).await
}

async fn account(State(counter): Shop, Path(token): Path<String>, headers: HeaderMap) -> Response {
    sandboxed(&counter, &headers, counter.sandbox.balance(&token)).await
}

async fn confirm(State(counter): Shop, Path(operation): Path<String>, headers: HeaderMap) -> Response {
    let act = async { Ok(counter.sandbox.confirm(&operation).await?.then_some(())) };
    sandboxed(&counter, &headers, act).await
}

async fn refuse(State(counter): Shop, Path(operation): Path<String>, headers: HeaderMap) -> Response {
    let act = async { Ok(counter.sandbox.refuse(&operation).await?.then_some(())) };
    sandboxed(&counter, &headers, act).await
}

async fn dispute(State(counter): Shop, Path(capture): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let act = async {
        let Ok(NewDispute { amount, reason }) = serde_json::from_slice(&body) else { return Ok(None) };
        counter.sandbox.dispute(&capture, amount, &reason).await
    };
    sandboxed(&counter, &headers, act).await
}

async fn end_dispute(State(counter): Shop, Path(dispute): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let act = async {
        let Ok(EndOfDispute { lost }) = serde_json::from_slice(&body) else { return Ok(None) };
        Ok(counter.sandbox.end_dispute(&dispute, lost).await?.then_some(()))
    };
    sandboxed(&counter, &headers, act).await
}

async fn notify(State(counter): Shop, headers: HeaderMap, body: Bytes) -> Response {
    let act = async {
        let Ok(NewTarget { url, secret }) = serde_json::from_slice(&body) else { return Ok(None) };
        counter.sandbox.books.notices.tell(url, secret);
        Ok(Some(()))
    };
    sandboxed(&counter, &headers, act).await
}

async fn audit(State(counter): Shop, headers: HeaderMap) -> Response {
    sandboxed(&counter, &headers, async { counter.sandbox.audit().await.map(Some) }).await
}

async fn rules(State(counter): Shop, headers: HeaderMap) -> Response {
    sandboxed(&counter, &headers, async { Ok(Some(counter.switches.rules())) }).await
}

async fn set_rule(State(counter): Shop, headers: HeaderMap, body: Bytes) -> Response {
    let act = async {
        let Ok(rule) = serde_json::from_slice::<Rule>(&body) else { return Ok(None) };
        counter.switches.set(rule);
        Ok(Some(counter.switches.rules()))
    };
    sandboxed(&counter, &headers, act).await
}

async fn clear_rules(State(counter): Shop, headers: HeaderMap) -> Response {
    let act = async {
        counter.switches.clear();
        Ok(Some(counter.switches.rules()))
    };
    sandboxed(&counter, &headers, act).await
}
