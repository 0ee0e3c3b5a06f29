//! How the answers of verbs become responses.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tebura_hub::perform::Answer;
use tebura_ledger::OperationState;

use crate::idempotency;
use crate::messages::{self, Language};
use crate::problem::Problem;
use crate::wire::holds::AnswerBody;

/// A body that was made now, or by an earlier request with the same key.
pub(super) fn made(body: impl Serialize, replayed: bool) -> Response {
    hit((StatusCode::CREATED, Json(body)).into_response(), replayed)
}

/// An operation: 201 settled, 202 not known yet or waiting for the payer, 402 declined by the rail.
pub(super) fn answered(answer: &Answer) -> Response {
    let response = match answer.operation.state() {
        OperationState::Settled { .. } => (StatusCode::CREATED, Json(AnswerBody::from(answer))).into_response(),
        OperationState::RequiresAction | OperationState::Sent | OperationState::Unknown { .. } => {
            (StatusCode::ACCEPTED, Json(AnswerBody::from(answer))).into_response()
        }
        OperationState::Failed { code, .. } => declined(code).about(answer.operation.id()).into_response(),
    };
    hit(response, answer.replayed)
}

/// An answer to somebody whose own word may be that an operation failed: 202 while it is open, else 201.
pub(super) fn declined_is_success(answer: &Answer) -> Response {
    let status = if answer.operation.state().is_final() { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    hit((status, Json(AnswerBody::from(answer))).into_response(), answer.replayed)
}

/// 402: nothing was taken.
pub(super) fn declined(code: &str) -> Problem {
    let advice = messages::find(Language::English, &format!("till.refused.{code}.advice"));
    let detail = advice.unwrap_or("Tell the person, and pay another way or try again with a new key.");
    Problem::new(StatusCode::PAYMENT_REQUIRED, code.to_owned(), format!("No money moved. {detail}"))
}

/// Marks an answer that was given before.
pub(super) fn hit(mut response: Response, replayed: bool) -> Response {
    if replayed {
        response.headers_mut().insert(idempotency::HIT, HeaderValue::from_static("true"));
    }
    response
}
