//! `/v1/operations`: what became of one attempt, and what people say of it.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use tebura_hub::confirm_raise::{ConfirmRaise, Word};
use tebura_hub::ports::Page;
use tebura_hub::resolve_operation::ResolveOperation;
use tebura_hub::sites::Scope;
use tebura_ledger::OperationId;

use super::answers::{answered, declined_is_success};
use super::holds::limit_of;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Asked, Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::{AnswerBody, ListQuery, OperationBody};
use crate::wire::operations::{ConfirmBody, EndDisputeBody, ExceptionListBody, RefuseBody, ResolveBody};

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

/// The payer confirms a raise above the cap: with the PIN of the person whose instrument pays, typed at the merchant's
/// till; or the operator does, for a payer who was identified another way.
#[utoipa::path(
    post,
    path = "/v1/operations/{id}/confirm",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`op_…` of the raise"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = ConfirmBody,
    responses(
        (status = 201, description = "Raised", body = AnswerBody),
        (status = 202, description = "Not known yet", body = AnswerBody),
        (status = 402, description = "Declined; the hold is as it was", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn confirm_operation(
    State(app): State<App>,
    Id(operation): Id<OperationId>,
    write: Write<ConfirmBody>,
) -> Result<Response, Problem> {
    let word = write.body.word()?;
    match word {
        Word::Payer { .. } => write.principal.may(Scope::Holds)?,
        Word::Operator => write.principal.must_be_operator()?,
    }
    let command = ConfirmRaise { caller: write.principal.caller(), operation, word };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.confirm_raise(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Refuses, or withdraws, a raise that waits for the payer: the hold stays as it was.
#[utoipa::path(
    post,
    path = "/v1/operations/{id}/refuse",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`op_…` of the raise"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = RefuseBody,
    responses(
        (status = 201, description = "Refused", body = AnswerBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn refuse_operation(
    State(app): State<App>,
    Id(operation): Id<OperationId>,
    write: Write<RefuseBody>,
) -> Result<Response, Problem> {
    write.principal.may_any(&[Scope::Holds, Scope::Admin])?;
    let RefuseBody {} = write.body;
    let (hub, key, caller) = (app.hub.clone(), write.key, write.principal.caller());
    let answer = app.run(write.running, async move { Ok(hub.refuse_raise(key, &caller, operation).await?) }).await?;
    Ok(declined_is_success(&answer))
}

/// Says what became of an operation that the rail cannot tell about. The first operator proposes; it counts when a second
/// one, with another key, says the same. A different word replaces the proposal.
#[utoipa::path(
    post,
    path = "/v1/operations/{id}/resolve",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`op_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = ResolveBody,
    responses(
        (status = 201, description = "Resolved", body = AnswerBody),
        (status = 202, description = "Proposed; a second operator has to confirm it", body = AnswerBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn resolve_operation(
    State(app): State<App>,
    Id(operation): Id<OperationId>,
    write: Write<ResolveBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let row = app.hub.store().operation(operation).await?.ok_or_else(|| Problem::not_found("operation"))?;
    let command = ResolveOperation { operation, by: write.principal.key, verdict: write.body.verdict(row.amount())? };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.resolve_operation(key, command).await?) }).await?;
    Ok(declined_is_success(&answer))
}

/// Records how a dispute ended.
#[utoipa::path(
    post,
    path = "/v1/disputes/{id}/end",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`op_…` of the dispute"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EndDisputeBody,
    responses(
        (status = 201, description = "Ended", body = AnswerBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn end_dispute(
    State(app): State<App>,
    Id(operation): Id<OperationId>,
    write: Write<EndDisputeBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let end = write.body.end()?;
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.end_dispute(key, operation, end).await?) }).await?;
    Ok(declined_is_success(&answer))
}

/// Where rails contradict what is known: successes that came after an operation had failed, and denials of what was done.
/// What came too late is undone by itself where the rail can; the rest waits for two operators.
#[utoipa::path(
    get,
    path = "/v1/exceptions",
    tag = "holds",
    params(ListQuery),
    responses(
        (status = 200, description = "A page", body = ExceptionListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_exceptions(
    State(app): State<App>,
    principal: Principal,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<ExceptionListBody>, Problem> {
    principal.must_be_operator()?;
    let limit = limit_of(&query)?;
    let after = query.after.as_deref().map(parse_id::<OperationId>).transpose()?;
    let rows = app.hub.store().exceptions(Page { after, limit }).await?;
    let full = rows.len() == usize::from(limit);
    let next = rows.last().filter(|_| full).map(|row| row.id().to_string());
    Ok(Json(ExceptionListBody { items: rows.iter().map(OperationBody::from).collect(), next }))
}
