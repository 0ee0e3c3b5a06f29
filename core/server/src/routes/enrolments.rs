//! `/v1/enrolments`: tickets that open the enrolment page.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::enroll::EnrolmentError;
use tebura_hub::sites::Scope;

use super::answers::made;
use crate::app::App;
use crate::extract::Write;
use crate::idempotency;
use crate::problem::{Problem, ProblemBody, Retry};
use crate::refusals::problem;
use crate::wire::enrolments::{EnrolmentBody, IssueEnrolmentBody};

/// Issues a ticket for the enrolment page: it opens the page once, within a quarter of an hour, and the page works for
/// three quarters. For a desk's key with the scope `enrol`, or the operator's.
#[utoipa::path(
    post,
    path = "/v1/enrolments",
    tag = "people",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = IssueEnrolmentBody,
    responses(
        (status = 201, description = "Issued", body = EnrolmentBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn issue_enrolment(
    State(app): State<App>,
    write: Write<IssueEnrolmentBody>,
) -> Result<Response, Problem> {
    write.principal.may_any(&[Scope::Admin, Scope::Enrol])?;
    if write.body.person.is_some() {
        // Whoever opens it acts as that person.
        write.principal.must_be_operator()?;
    }
    let new = write.body.new_enrolment()?;
    let (hub, key) = (app.hub.clone(), write.key);
    let issued = app.run(write.running, async move { Ok(hub.issue_enrolment(key, new).await?) }).await?;
    let ticket = app.sessions.ticket(issued.row.id);
    Ok(made(EnrolmentBody::of(&issued.row, ticket), issued.replayed))
}

impl From<EnrolmentError> for Problem {
    fn from(error: EnrolmentError) -> Problem {
        let (missing, invalid, conflict) =
            (StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT);
        match error {
            EnrolmentError::GalleriesInvalid => problem(invalid, "enrolment.galleries_invalid", &error),
            EnrolmentError::GalleryNotFound(_) => problem(invalid, "gallery.not_found", &error),
            EnrolmentError::PersonNotFound(_) => problem(missing, "person.not_found", &error),
            EnrolmentError::NotFound => problem(missing, "enrolment.not_found", &error),
            EnrolmentError::TicketUsed => problem(conflict, "enrolment.ticket_used", &error),
            EnrolmentError::Over => problem(conflict, "enrolment.over", &error),
            EnrolmentError::NoPersonYet => problem(conflict, "enrolment.no_person_yet", &error),
            EnrolmentError::IndividualNumber => Problem::individual_number(),
            EnrolmentError::NameInvalid => problem(invalid, "name.invalid", &error),
            EnrolmentError::Stale => problem(conflict, "enrolment.stale", &error).retry(Retry::AfterQuery),
            EnrolmentError::ProofNeeded => problem(conflict, "enrolment.proof_needed", &error),
            EnrolmentError::KeyReused => idempotency::key_reused(),
            EnrolmentError::Commit(inner) => inner.into(),
            EnrolmentError::Read(inner) => inner.into(),
        }
    }
}
