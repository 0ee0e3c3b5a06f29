//! `/v1/captures`: refunds name the capture that they undo.

use axum::extract::State;
use axum::response::Response;
use tebura_hub::refund_capture::RefundCapture;
use tebura_hub::sites::Scope;
use tebura_ledger::OperationId;

use super::answers::answered;
use crate::app::App;
use crate::extract::{Id, Write};
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::{AnswerBody, RefundBody};

/// Returns captured money to the payer: all or part of one capture.
#[utoipa::path(
    post,
    path = "/v1/captures/{id}/refund",
    tag = "holds",
    params(
        ("id" = String, Path, description = "`op_…` of the capture"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
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
    };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.refund_capture(key, command).await?) }).await?;
    Ok(answered(&answer))
}
