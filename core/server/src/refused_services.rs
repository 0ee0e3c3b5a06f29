//! From what the hub refuses of services to problems.

use axum::http::StatusCode;
use tebura_hub::services::ServiceError;

use crate::problem::{Problem, Retry};
use crate::refusals::{engine_busy, problem};
use crate::wire::time::rfc3339;

const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;
const INVALID: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Problem {
        match error {
            ServiceError::ServiceNotFound(_) => problem(NOT_FOUND, "service.not_found", &error),
            ServiceError::RequestNotFound(_) => problem(NOT_FOUND, "request.not_found", &error),
            ServiceError::ActionNotFound { ref known, .. } => {
                problem(INVALID, "action.not_found", &error).with("known", known)
            }
            ServiceError::Closed { ref opens } => {
                let closed = problem(StatusCode::CONFLICT, "service.closed", &error);
                match opens {
                    Some(opens) => closed.with("opens", &opens.local).about(rfc3339(opens.at)),
                    None => closed,
                }
            }
            ServiceError::InputInvalid { ref problems } => {
                let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
                problem(INVALID, "input.invalid", &error).with("problems", list.join("; "))
            }
            ServiceError::IndividualNumber => problem(INVALID, "input.individual_number", &error),
            ServiceError::WayUnknown(_) => problem(INVALID, "recognition.way_unknown", &error),
            ServiceError::PersonNotFound(_) => problem(INVALID, "person.not_found", &error),
            ServiceError::InstrumentNotFound(_) => problem(INVALID, "instrument.not_found", &error),
            ServiceError::NoGallery => problem(INVALID, "service.no_gallery", &error),
            ServiceError::Image(inner) => inner.into(),
            ServiceError::EngineBusy { retry_after_ms } => engine_busy(retry_after_ms),
            ServiceError::NotRecognised { code } => problem(FORBIDDEN, code, &error),
            ServiceError::WayNotAccepted { ref accepted } => {
                problem(FORBIDDEN, "recognition.way_not_accepted", &error).with("accepted", accepted)
            }
            ServiceError::AttestationNotAccepted { ref name } => {
                problem(FORBIDDEN, "claim.attestation_not_accepted", &error).with("name", name)
            }
            ServiceError::ClaimMalformed { ref name } => problem(INVALID, "claim.malformed", &error).with("name", name),
            ServiceError::ClaimMissing { ref name } => problem(FORBIDDEN, "claim.missing", &error).with("name", name),
            ServiceError::NobodyAgrees => problem(INVALID, "consent.nobody_agrees", &error),
            ServiceError::ConsentMalformed { .. } => problem(INVALID, "consent.malformed", &error),
            ServiceError::ConsentTooSmall { needed } => {
                problem(INVALID, "consent.too_small", &error).with("needed", needed)
            }
            ServiceError::PassRefused { code } | ServiceError::GuardianRefused { code } => {
                problem(FORBIDDEN, code, &error)
            }
            ServiceError::PinRefused { code } => problem(FORBIDDEN, code, &error),
            ServiceError::NotWaiting => {
                problem(StatusCode::CONFLICT, "request.not_waiting", &error).retry(Retry::AfterQuery)
            }
            ServiceError::MessageUnknown { ref known, .. } => {
                problem(INVALID, "message.unknown", &error).with("known", known)
            }
            ServiceError::Pin(inner) => inner.into(),
            ServiceError::Commit(inner) => inner.into(),
            ServiceError::Read(inner) => inner.into(),
        }
    }
}
