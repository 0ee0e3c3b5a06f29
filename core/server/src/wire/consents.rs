//! Purposes, and what people said about them.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::consent::{ConsentActor, ConsentEvent, ConsentState, Purpose};
use tebura_hub::ids::PersonId;
use utoipa::ToSchema;

use super::time::rfc3339;
use crate::desk::NoticePurpose;
use crate::extract::parse_id;
use crate::problem::Problem;
use crate::vpia::stated::Text;

/// A text in both languages.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TextBody {
    /// Japanese.
    pub ja: Option<String>,
    /// English.
    pub en: Option<String>,
}

impl From<&Text> for TextBody {
    fn from(text: &Text) -> TextBody {
        TextBody { ja: text.ja.clone(), en: text.en.clone() }
    }
}

/// A declared purpose.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PurposeBody {
    /// Its word.
    #[schema(example = "authenticate")]
    pub id: String,
    /// Of its text. A consent counts for the version that it was given for.
    pub version: String,
    /// A few words.
    pub title: TextBody,
    /// What is done with what.
    pub text: TextBody,
    /// Without it nobody is enrolled.
    pub needed: bool,
    /// The data items that it uses.
    pub data_items: Vec<String>,
    /// Who receives them.
    pub recipients: Vec<String>,
}

impl From<&NoticePurpose> for PurposeBody {
    fn from(row: &NoticePurpose) -> PurposeBody {
        PurposeBody {
            id: row.id.clone(),
            version: row.version.clone(),
            title: (&row.title).into(),
            text: (&row.text).into(),
            needed: row.needed,
            data_items: row.data_items.clone(),
            recipients: row.recipients.clone(),
        }
    }
}

/// Everything that is declared.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PurposeListBody {
    /// SHA-256 of the notice, in hexadecimal digits.
    pub notice_sha256: String,
    /// The purposes.
    pub items: Vec<PurposeBody>,
}

/// What a person says about one purpose. Each has a request of its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordConsentBody {
    /// `GET /v1/purposes` lists them.
    #[schema(example = "authenticate")]
    pub purpose: String,
    /// `given`, `refused` or `withdrawn`.
    #[schema(example = "given")]
    pub state: String,
    /// The language in which the purpose was shown: `ja` or `en`.
    #[schema(example = "ja")]
    pub language: String,
    /// The guardian who says it for the person.
    pub guardian: Option<String>,
}

impl RecordConsentBody {
    /// The state.
    pub(crate) fn state(&self) -> Result<ConsentState, Problem> {
        ConsentState::ALL.into_iter().find(|state| state.name() == self.state).ok_or_else(|| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "consent.state_invalid",
                "The state is `given`, `refused` or `withdrawn`.",
            )
        })
    }

    /// Who says it: a guardian, or `otherwise`.
    pub(crate) fn actor(&self, otherwise: ConsentActor) -> Result<ConsentActor, Problem> {
        let guardian = self.guardian.as_deref().map(parse_id::<PersonId>).transpose()?;
        Ok(guardian.map_or(otherwise, ConsentActor::Guardian))
    }
}

/// What a person said about one purpose.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsentBody {
    /// `cns_…`; the receipt is at `/v1/people/{person}/consents/{id}/receipt`.
    pub id: String,
    /// The person.
    pub person: String,
    /// The purpose.
    pub purpose: String,
    /// Of the purpose's text.
    pub version: String,
    /// `given`, `refused` or `withdrawn`.
    pub state: String,
    /// `person`, `staff` or `guardian`.
    pub actor: String,
    /// When.
    pub at: String,
}

impl From<&ConsentEvent> for ConsentBody {
    fn from(row: &ConsentEvent) -> ConsentBody {
        let actor = match row.actor {
            ConsentActor::Person => "person",
            ConsentActor::Staff => "staff",
            ConsentActor::Guardian(_) => "guardian",
        };
        ConsentBody {
            id: row.id.to_string(),
            person: row.person.to_string(),
            purpose: row.purpose.clone(),
            version: row.version.clone(),
            state: row.state.name().to_owned(),
            actor: actor.to_owned(),
            at: rfc3339(row.at),
        }
    }
}

/// Where a person stands on one purpose.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StandingBody {
    /// The purpose.
    pub purpose: String,
    /// Of its present text.
    pub version: String,
    /// Whether the person's consent counts now.
    pub counts: bool,
    /// The last word; absent when the person was not asked yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<ConsentBody>,
}

impl StandingBody {
    /// From what the hub knows.
    pub(crate) fn of((purpose, last, counts): &(Purpose, Option<ConsentEvent>, bool)) -> StandingBody {
        StandingBody {
            purpose: purpose.id.clone(),
            version: purpose.version.clone(),
            counts: *counts,
            last: last.as_ref().map(ConsentBody::from),
        }
    }
}

/// Where a person stands on every purpose.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StandingListBody {
    /// In the order of the notice.
    pub items: Vec<StandingBody>,
}
