//! `/v1/holds`: reserves, takes and gives back money.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tebura_hub::create_hold::CreateHold;
use tebura_hub::extend_hold::ExtendHold;
use tebura_hub::hold_rights::rights;
use tebura_hub::ids::InstrumentId;
use tebura_hub::ports::Page;
use tebura_hub::raise_hold::RaiseHold;
use tebura_hub::release_hold::ReleaseHold;
use tebura_hub::sites::Scope;
use tebura_ledger::HoldId;

use super::answers::answered;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Asked, Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::{
    AnswerBody, CaptureBody, CreateHoldBody, ExtendBody, HoldBody, HoldListBody, HoldWithOperationsBody, ListQuery,
    OperationBody, RaiseBody, ReleaseBody, RightBody,
};

/// A hold lasts a day when nobody says otherwise: long enough for a stay, short enough to be forgotten safely.
const EXPIRES_IN_MS: i64 = 24 * 3_600_000;
/// Rows of a page when nobody says otherwise.
const PAGE: u16 = 50;
/// Rows of a page at most.
const PAGE_MAX: u16 = 500;

/// Places a hold on a payer's instrument, for the merchant of the key.
///
/// 201: held. 202: the rail has not said for good; read the operation later. 402: the rail declined.
#[utoipa::path(
    post,
    path = "/v1/holds",
    tag = "holds",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreateHoldBody,
    responses(
        (status = 201, description = "Held", body = AnswerBody),
        (status = 202, description = "Not known yet", body = AnswerBody),
        (status = 402, description = "Declined", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_hold(State(app): State<App>, write: Write<CreateHoldBody>) -> Result<Response, Problem> {
    write.principal.may(Scope::Holds)?;
    let command = CreateHold {
        merchant: write.principal.must_be_merchant()?,
        amount: write.body.amount.money()?,
        payer: parse_id::<InstrumentId>(&write.body.payer)?,
        cap: write.body.cap.map(|cap| cap.money()).transpose()?,
        expires_in_ms: write.body.expires_in_ms.unwrap_or(EXPIRES_IN_MS),
        at_deadline: write.body.at_deadline.into(),
    };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.create_hold(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Holds that are paid to the merchant of the key, oldest first.
#[utoipa::path(
    get,
    path = "/v1/holds",
    tag = "holds",
    params(ListQuery),
    responses(
        (status = 200, description = "A page", body = HoldListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_holds(
    State(app): State<App>,
    principal: Principal,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<HoldListBody>, Problem> {
    principal.may(Scope::Read)?;
    let limit = limit_of(&query)?;
    let after = query.after.as_deref().map(parse_id::<HoldId>).transpose()?;
    let holds = app.hub.store().holds(&principal.caller(), Page { after, limit }).await?;
    let full = holds.len() == usize::from(limit);
    let next = holds.last().filter(|_| full).map(|hold| hold.id().to_string());
    Ok(Json(HoldListBody { items: holds.iter().map(HoldBody::from).collect(), next }))
}

/// How many rows a caller wants.
pub(super) fn limit_of(query: &ListQuery) -> Result<u16, Problem> {
    let limit = query.limit.unwrap_or(PAGE);
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "request.limit_out_of_range",
        format!("A page has 1 to {PAGE_MAX} rows. Ask for less and follow `next`."),
    ))
}

/// A hold: what is left of it, who may do what until when, and everything that was tried on it.
#[utoipa::path(
    get,
    path = "/v1/holds/{id}",
    tag = "holds",
    params(("id" = String, Path, description = "`hold_…`")),
    responses(
        (status = 200, description = "The hold", body = HoldWithOperationsBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_hold(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<HoldId>,
) -> Result<Response, Problem> {
    principal.may(Scope::Read)?;
    let hold = app.hub.visible_hold(&principal.caller(), id).await?;
    let operations = app.hub.store().operations_of(id).await?;
    let etag = format!("\"{}\"", hold.version());
    let now = app.hub.now();
    let rail = app.hub.rail(hold.rail());
    let rights = rail.map(|rail| rights(&hold, rail.descriptor(), now)).unwrap_or_default();
    let body = HoldWithOperationsBody {
        hold: HoldBody::from(&hold),
        capturable: hold.capturable(now).into(),
        rights: rights.iter().map(RightBody::from).collect(),
        operations: operations.iter().map(OperationBody::from).collect(),
    };
    Ok(([(axum::http::header::ETAG, etag)], Json(body)).into_response())
}

/// Captures a hold: all or part, with or without keeping the rest, for one payee or several.
#[utoipa::path(
    post,
    path = "/v1/holds/{id}/capture",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`hold_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
        ("If-Match" = Option<String>, Header, description = "The hold's version as it was read: refused with 412 when it moved on."),
    ),
    request_body = CaptureBody,
    responses(
        (status = 201, description = "Captured", body = AnswerBody),
        (status = 202, description = "Not known yet", body = AnswerBody),
        (status = 402, description = "Declined", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn capture_hold(
    State(app): State<App>,
    Id(hold): Id<HoldId>,
    write: Write<CaptureBody>,
) -> Result<Response, Problem> {
    write.principal.may(Scope::Holds)?;
    write.principal.must_be_merchant()?;
    let command = write.body.command(write.principal.caller(), hold, write.expected_version)?;
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.capture_hold(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Gives back what is free of a hold: a part, or all of it and the hold ends.
#[utoipa::path(
    post,
    path = "/v1/holds/{id}/release",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`hold_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
        ("If-Match" = Option<String>, Header, description = "The hold's version as it was read: refused with 412 when it moved on."),
    ),
    request_body = ReleaseBody,
    responses(
        (status = 201, description = "Released", body = AnswerBody),
        (status = 202, description = "Not known yet", body = AnswerBody),
        (status = 402, description = "Declined", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn release_hold(
    State(app): State<App>,
    Id(hold): Id<HoldId>,
    write: Write<ReleaseBody>,
) -> Result<Response, Problem> {
    write.principal.may(Scope::Holds)?;
    write.principal.must_be_merchant()?;
    let (caller, expected_version) = (write.principal.caller(), write.expected_version);
    let amount = write.body.amount.map(|amount| amount.money()).transpose()?;
    let command = ReleaseHold { caller, hold, amount, expected_version };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.release_hold(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Raises a hold: reserves more, up to its cap.
///
/// 202 with an operation in `requires_action`: it would go above the cap, and the payer has to confirm it.
#[utoipa::path(
    post,
    path = "/v1/holds/{id}/raise",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`hold_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
        ("If-Match" = Option<String>, Header, description = "The hold's version as it was read: refused with 412 when it moved on."),
    ),
    request_body = RaiseBody,
    responses(
        (status = 201, description = "Raised", body = AnswerBody),
        (status = 202, description = "Not known yet, or the payer is asked", body = AnswerBody),
        (status = 402, description = "Declined; the hold is as it was", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn raise_hold(
    State(app): State<App>,
    Id(hold): Id<HoldId>,
    write: Write<RaiseBody>,
) -> Result<Response, Problem> {
    write.principal.may(Scope::Holds)?;
    write.principal.must_be_merchant()?;
    let (caller, expected_version) = (write.principal.caller(), write.expected_version);
    let command = RaiseHold { caller, hold, amount: write.body.amount.money()?, expected_version };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.raise_hold(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Moves a hold's deadline to later, as far as its rail keeps holds.
#[utoipa::path(
    post,
    path = "/v1/holds/{id}/extend",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`hold_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
        ("If-Match" = Option<String>, Header, description = "The hold's version as it was read: refused with 412 when it moved on."),
    ),
    request_body = ExtendBody,
    responses(
        (status = 201, description = "Extended", body = AnswerBody),
        (status = 202, description = "Not known yet; the old deadline stands", body = AnswerBody),
        (status = 402, description = "Declined; the hold is as it was", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn extend_hold(
    State(app): State<App>,
    Id(hold): Id<HoldId>,
    write: Write<ExtendBody>,
) -> Result<Response, Problem> {
    write.principal.may(Scope::Holds)?;
    write.principal.must_be_merchant()?;
    let (caller, expected_version) = (write.principal.caller(), write.expected_version);
    let command = ExtendHold { caller, hold, expires_in_ms: write.body.expires_in_ms, expected_version };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.extend_hold(key, command).await?) }).await?;
    Ok(answered(&answer))
}
