//! From the hub's errors about webhooks to problems.

use axum::http::StatusCode;
use tebura_egress::WebhookUrlError;
use tebura_hub::webhooks::WebhookError;

use crate::problem::Problem;
use crate::refusals::problem;

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Problem {
        match error {
            WebhookError::NotFound(_) => problem(StatusCode::NOT_FOUND, "webhook.not_found", &error),
            WebhookError::MerchantNotFound(_) => {
                problem(StatusCode::UNPROCESSABLE_ENTITY, "merchant.not_found", &error)
            }
            WebhookError::UrlTooLong => problem(StatusCode::UNPROCESSABLE_ENTITY, "webhook.url_too_long", &error),
            WebhookError::TooMany => problem(StatusCode::CONFLICT, "webhook.too_many", &error),
            WebhookError::OverlapTooLong => {
                problem(StatusCode::UNPROCESSABLE_ENTITY, "webhook.overlap_too_long", &error)
            }
            WebhookError::EventNotFound(_) => {
                problem(StatusCode::UNPROCESSABLE_ENTITY, "webhook.event_not_found", &error)
            }
            WebhookError::Commit(inner) => inner.into(),
            WebhookError::Read(inner) => inner.into(),
        }
    }
}

impl From<WebhookUrlError> for Problem {
    fn from(error: WebhookUrlError) -> Problem {
        problem(StatusCode::UNPROCESSABLE_ENTITY, error.code(), &error)
    }
}
