//! Who answers for whom.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::guardians::{Basis, EndedBy, GuardianLink, Guardianship, NewGuardianLink};
use tebura_hub::pin::Pin;
use tebura_ledger::Timestamp;
use utoipa::ToSchema;

use super::time::rfc3339;
use crate::extract::parse_id;
use crate::problem::Problem;

/// A link to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGuardianshipBody {
    /// Who answers: `person_…`, proven to be of age.
    pub guardian: String,
    /// For whom: `person_…`.
    pub ward: String,
    /// `child` or `elder`.
    #[schema(example = "child")]
    pub kind: String,
    /// Of a child: the whole date of birth, as the guardian declares it. Not kept.
    #[schema(example = "2016-04-01")]
    pub born_on: Option<String>,
    /// An elder agrees with her PIN,
    #[schema(write_only, example = "2718")]
    pub ward_pin: Option<String>,
    /// or on a paper that the operator has seen: its number or name.
    pub paper: Option<String>,
    /// When the link ends; a child's ends with majority at the latest.
    #[schema(example = "2030-03-31T15:00:00Z")]
    pub until: String,
}

/// Who ends a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndGuardianshipBody {
    /// `guardian`, `ward` or `operator`.
    #[schema(example = "guardian")]
    pub by: String,
}

/// Who answers for whom.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct GuardianshipBody {
    /// The link.
    pub id: String,
    /// Who answers.
    pub guardian: String,
    /// For whom.
    pub ward: String,
    /// `child` or `elder`.
    pub kind: String,
    /// What it rests on: `proof` (of the guardian's age), `pin` or `paper`.
    pub basis: String,
    /// When it ends.
    pub until: String,
    /// When it was made.
    pub created_at: String,
    /// When it was ended before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// Whether it counts now.
    pub counts: bool,
}

/// A person's links.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct GuardianshipsBody {
    /// As guardian and as ward, oldest first.
    pub guardianships: Vec<GuardianshipBody>,
}

impl CreateGuardianshipBody {
    /// As the hub takes it.
    ///
    /// # Errors
    /// 422 for what is none of the words, ids or dates.
    pub fn link(&self) -> Result<NewGuardianLink, Problem> {
        Ok(NewGuardianLink {
            guardian: parse_id(&self.guardian)?,
            ward: parse_id(&self.ward)?,
            kind: Guardianship::from_word(&self.kind)
                .ok_or_else(|| malformed("guardianship.kind_unknown", "Write child or elder."))?,
            born_on: self.born_on.clone(),
            pin: self.ward_pin.as_deref().map(Pin::new).transpose()?,
            paper: self.paper.clone(),
            until: parse_time(&self.until)?,
        })
    }
}

impl EndGuardianshipBody {
    /// Who it is.
    ///
    /// # Errors
    /// 422 for another word.
    pub fn by(&self) -> Result<EndedBy, Problem> {
        let known = EndedBy::ALL.into_iter().find(|by| by.word() == self.by);
        known.ok_or_else(|| malformed("guardianship.by_unknown", "Write guardian, ward or operator."))
    }
}

impl GuardianshipBody {
    /// A link as it is at a moment.
    pub fn of(link: &GuardianLink, now: Timestamp) -> GuardianshipBody {
        let basis = match &link.basis {
            Basis::Proof(_) => "proof",
            Basis::Pin => "pin",
            Basis::Paper(_) => "paper",
        };
        GuardianshipBody {
            id: link.id.to_string(),
            guardian: link.guardian.to_string(),
            ward: link.ward.to_string(),
            kind: link.kind.word().to_owned(),
            basis: basis.to_owned(),
            until: rfc3339(link.until),
            created_at: rfc3339(link.created_at),
            ended_at: link.ended.map(|(at, _)| rfc3339(at)),
            ended_by: link.ended.map(|(_, by)| by.word().to_owned()),
            counts: link.counts(now),
        }
    }
}

/// A moment in RFC 3339.
///
/// # Errors
/// 422 for anything else.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, Problem> {
    tebura_ledger::instant::parse_rfc3339(text)
        .ok_or_else(|| malformed("request.time_malformed", "Write a moment as 2030-03-31T15:00:00Z."))
}

fn malformed(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}
