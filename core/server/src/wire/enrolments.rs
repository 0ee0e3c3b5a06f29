//! Tickets for the enrolment page.

use serde::{Deserialize, Serialize};
use tebura_hub::enroll::{Enrolment, NewEnrolment, ProofRule};
use utoipa::ToSchema;

use super::time::rfc3339;
use crate::extract::parse_id;
use crate::problem::Problem;

/// A ticket to issue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueEnrolmentBody {
    /// `person_…`, for somebody who comes back; who she is was checked by other means than her face. Left out: a new
    /// person. Only for the operator.
    pub person: Option<String>,
    /// `gal_…`: where the person is admitted once her face is enrolled.
    #[serde(default)]
    pub galleries: Vec<String>,
    /// `skipped`, `offered` (as when left out) or `required`.
    #[schema(example = "offered")]
    pub proof: Option<String>,
}

impl IssueEnrolmentBody {
    /// What is asked of the hub.
    pub(crate) fn new_enrolment(&self) -> Result<NewEnrolment, Problem> {
        let word = self.proof.as_deref().unwrap_or(ProofRule::Offered.name());
        let proof = ProofRule::ALL.into_iter().find(|rule| rule.name() == word).ok_or_else(|| {
            Problem::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "enrolment.proof_invalid",
                "The proof is `skipped`, `offered` or `required`.",
            )
        })?;
        Ok(NewEnrolment {
            person: self.person.as_deref().map(parse_id).transpose()?,
            galleries: self.galleries.iter().map(|id| parse_id(id)).collect::<Result<_, _>>()?,
            proof,
        })
    }
}

/// A ticket. Whoever holds it may enrol, once: give it to the person and to nobody else.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct EnrolmentBody {
    /// `enr_…`
    pub id: String,
    /// What opens the page, once.
    #[schema(example = "tbe_…")]
    pub ticket: String,
    /// The page with the ticket behind `#`, where no server's log sees it: as a link or a QR code.
    #[schema(example = "/enroll#tbe_…")]
    pub page: String,
    /// The person, when there is one already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// `skipped`, `offered` or `required`.
    pub proof: String,
    /// The ticket has to be opened before; once it is, the page works until then.
    pub ends_at: String,
    /// When it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<String>,
}

impl EnrolmentBody {
    /// From the row and its ticket.
    pub(crate) fn of(row: &Enrolment, ticket: String) -> EnrolmentBody {
        EnrolmentBody {
            id: row.id.to_string(),
            page: format!("/enroll#{ticket}"),
            ticket,
            person: row.person.map(|person| person.to_string()),
            proof: row.proof.name().to_owned(),
            ends_at: rfc3339(row.ends_at),
            opened_at: row.opened_at.map(rfc3339),
        }
    }
}
