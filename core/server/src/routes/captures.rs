//! `/v1/captures`: refunds, reversals and disputes name the capture that they undo or are about.

use axum::extract::State;
use axum::response::Response;
use tebura_hub::dispute_capture::DisputeCapture;
use tebura_hub::refund_capture::RefundCapture;
use tebura_hub::reverse_capture::ReverseCapture;
use tebura_hub::sites::Scope;
use tebura_ledger::OperationId;

use super::answers::answered;
use crate::app::App;
use crate::extract::{Id, Write};
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::{AnswerBody, RefundBody, ReverseBody};
use crate::wire::operations::DisputeBody;

/// Returns captured money to the payer: all or part of one capture.
#[utoipa::path(
    post,
    path = "/v1/captures/{id}/refund",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`op_…` of the capture"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
        ("If-Match" = Option<String>, Header, description = "The hold's version as it was read: refused with 412 when it moved on."),
    ),
    request_body = RefundBody,
    responses(
        (status = 201, description = "Refunded", body = AnswerBody),
        (status = 202, description = "Not known yet", body = AnswerBody),
        (status = 402, description = "Declined", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn refund_capture(
    State(app): State<App>,
    Id(capture): Id<OperationId>,
    write: Write<RefundBody>,
) -> Result<Response, Problem> {
    write.principal.may(Scope::Holds)?;
    write.principal.must_be_merchant()?;
    let command = RefundCapture {
        caller: write.principal.caller(),
        capture,
        amount: write.body.amount.map(|amount| amount.money()).transpose()?,
        expected_version: write.expected_version,
    };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.refund_capture(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Takes a whole capture back: on the house rail, while its hold is held, it is free in the hold again; elsewhere, and later,
/// what is left of it is refunded. The answer's operation says which: `reverse` or `refund`.
#[utoipa::path(
    post,
    path = "/v1/captures/{id}/reverse",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`op_…` of the capture"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
        ("If-Match" = Option<String>, Header, description = "The hold's version as it was read: refused with 412 when it moved on."),
    ),
    request_body = ReverseBody,
    responses(
        (status = 201, description = "Reversed or refunded", body = AnswerBody),
        (status = 202, description = "Not known yet", body = AnswerBody),
        (status = 402, description = "Declined", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn reverse_capture(
    State(app): State<App>,
    Id(capture): Id<OperationId>,
    write: Write<ReverseBody>,
) -> Result<Response, Problem> {
    write.principal.may(Scope::Holds)?;
    write.principal.must_be_merchant()?;
    let ReverseBody {} = write.body;
    let (caller, expected_version) = (write.principal.caller(), write.expected_version);
    let command = ReverseCapture { caller, capture, expected_version };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.reverse_capture(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Records that a capture is contested. What is contested stays reserved on the payee's account until the dispute ends.
#[utoipa::path(
    post,
    path = "/v1/captures/{id}/dispute",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`op_…` of the capture"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
        ("If-Match" = Option<String>, Header, description = "The hold's version as it was read: refused with 412 when it moved on."),
    ),
    request_body = DisputeBody,
    responses(
        (status = 202, description = "Open", body = AnswerBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn dispute_capture(
    State(app): State<App>,
    Id(capture): Id<OperationId>,
    write: Write<DisputeBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let amount = write.body.amount.map(|amount| amount.money()).transpose()?;
    let command = DisputeCapture { capture, amount, expected_version: write.expected_version };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.dispute_capture(key, command).await?) }).await?;
    Ok(answered(&answer))
}
