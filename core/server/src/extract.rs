//! Extractors that refuse with problems: JSON writes with their key, path ids, queries.

use std::str::FromStr;

use axum::RequestExt;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tebura_hub::card_number::holds_card_number;
use tebura_hub::individual_number;
use tebura_hub::perform::KeyRequest;

use crate::app::App;
use crate::auth::Principal;
use crate::idempotency::{self, Running};
use crate::problem::{Problem, Retry};

/// A write: who calls, under which key, and what is asked.
pub struct Write<T> {
    /// The caller.
    pub principal: Principal,
    /// The caller's key, bound to this request.
    pub key: KeyRequest,
    /// Marks the key as running until it is dropped.
    pub running: Running,
    /// From `If-Match`: the version of the record that the caller saw.
    pub expected_version: Option<u32>,
    /// The body.
    pub body: T,
}

impl<T: DeserializeOwned + 'static> FromRequest<App> for Write<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Write<T>, Problem> {
        Write::read(request, app, app.limits.body_bytes).await
    }
}

impl<T: DeserializeOwned> Write<T> {
    /// Reads a write whose body may have `limit` bytes.
    pub(crate) async fn read(mut request: Request, app: &App, limit: usize) -> Result<Write<T>, Problem> {
        let principal = request.extract_parts_with_state::<Principal, App>(app).await?;
        idempotency::key_of(request.headers())?;
        let (parts, body) = request.into_parts();
        let bytes = body_of(app, &parts.headers, body, limit).await?;
        let value = json_value(&parts.headers, &bytes)?;
        let canonical = idempotency::canonical(&value);
        let key = idempotency::key_request(&parts, &principal, &[canonical.as_bytes()])?;
        let expected_version = version_of(&parts.headers)?;
        let body = from_value(value)?;
        let running = app.running.enter(&key)?;
        Ok(Write { principal, key, running, expected_version, body })
    }
}

/// Reads a whole body under a size and a time limit.
pub(crate) async fn read_body(app: &App, request: Request, limit: usize) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    body_of(app, &parts.headers, body, limit).await
}

async fn body_of(app: &App, headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(too_large(limit));
    }
    match tokio::time::timeout(app.limits.body, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) if holds_card_number(&bytes) => Err(card_number()),
        Ok(Ok(bytes)) => Ok(bytes),
        // The connection broke or the limit was passed; in the first case nobody reads the answer.
        Ok(Err(_)) => Err(too_large(limit)),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body.too_slow",
            "The body did not arrive in time. Repeat with the same Idempotency-Key.",
        )
        .retry(Retry::SameKey)),
    }
}

pub(crate) fn too_large(limit: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body.too_large",
        format!("The body may have at most {limit} bytes. Send less; a picture of 640×480 is enough."),
    )
    .with("limit", limit)
}

/// The value of a JSON body; an empty body is an empty object.
pub(crate) fn json_value(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "body.not_json_type",
            "Send the body as JSON with `Content-Type: application/json`.",
        ));
    }
    json_from_bytes(bytes)
}

/// A JSON value without an Individual Number or a card number anywhere in it: what is not taken is not kept or logged by
/// mistake.
pub(crate) fn json_from_bytes(bytes: &[u8]) -> Result<Value, Problem> {
    let value = parsed(bytes)?;
    // What is not escaped was looked through as it came.
    if bytes.contains(&b'\\') && names_a_card(&value) {
        return Err(card_number());
    }
    if individual_number::is_in_json(&value) { Err(Problem::individual_number()) } else { Ok(value) }
}

fn parsed(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "body.malformed",
            format!("The body is not JSON: line {}, column {}. Correct it.", error.line(), error.column()),
        )
    })
}

/// Whether any text in the value holds a card number.
fn names_a_card(value: &Value) -> bool {
    match value {
        Value::String(text) => holds_card_number(text),
        Value::Array(items) => items.iter().any(names_a_card),
        Value::Object(fields) => fields.iter().any(|(name, value)| holds_card_number(name) || names_a_card(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The number itself is not repeated.
pub(crate) fn card_number() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "request.card_number",
        "A card number does not belong here, in no field. Send the token that the card's acquirer gave for it, such as `pm_…`.",
    )
}

pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "body.invalid",
            format!("The body does not have the shape in the API description: {error}."),
        )
    })
}

/// The version of `If-Match: "3"`.
fn version_of(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim_matches('"').parse().ok());
    number.map(Some).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "request.if_match_malformed",
            "If-Match carries the hold's version as it was read, for example \"3\".",
        )
    })
}

/// An id from the path.
pub struct Id<T>(pub T);

impl<T> FromRequestParts<App> for Id<T>
where
    T: FromStr + Send,
    T::Err: std::fmt::Display,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Id<T>, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::internal("a route with an Id extractor has not exactly one parameter"))?;
        parse_id(&text).map(Id)
    }
}

/// An id from text.
///
/// # Errors
/// 422 with what an id looks like.
pub fn parse_id<T: FromStr>(text: &str) -> Result<T, Problem>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "request.id_malformed", format!("{error}."))
    })
}

/// A query that was understood.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asked<T>, Problem> {
        Query::<T>::from_request_parts(parts, app).await.map(|Query(query)| Asked(query)).map_err(|rejection| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "request.query_invalid",
                format!("The query is not as in the API description: {}.", rejection.body_text()),
            )
        })
    }
}
