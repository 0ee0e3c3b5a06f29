//! Payments by face.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::pay_by_face::PaymentAnswer;
use tebura_hub::pay_otherwise::PayWay;
use tebura_hub::payment::{Decision, PaymentStatus};
use utoipa::ToSchema;

use super::amount::{AmountBody, MoneyBody};
use super::holds::HoldBody;
use super::time::rfc3339;
use crate::extract::parse_id;
use crate::problem::Problem;

/// The `payment` part of a payment by face.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayByFaceBody {
    /// How much.
    pub amount: AmountBody,
    /// Above the till's limit for the face alone: the person's PIN, four to eight digits.
    #[schema(write_only, example = "2718")]
    pub pin: Option<String>,
}

/// A payment by who did not show a face.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayBody {
    /// How much.
    pub amount: AmountBody,
    /// How the payer is known: `pass` (her own code), `card` (the terminal read it), `staff` (they saw a document with a
    /// photograph) or `guardian` (who approves it with a code of their own).
    #[schema(example = "pass")]
    pub by: String,
    /// With `pass` and `guardian`: the code.
    #[schema(write_only, example = "TBP1.AQ…")]
    pub pass: Option<String>,
    /// With `card`: the instrument behind it, `inst_…`.
    pub instrument: Option<String>,
    /// With `staff`: the payer; with `guardian`: the ward. `person_…`.
    pub person: Option<String>,
    /// The person's PIN: by card or staff above the till's limit, and for minors.
    #[schema(write_only, example = "2718")]
    pub pin: Option<String>,
}

impl PayBody {
    /// How the payer is known.
    ///
    /// # Errors
    /// 422 where the way is none, or what it needs is missing.
    pub fn way(&self) -> Result<PayWay, Problem> {
        let missing = |what: &str| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "payment.way_incomplete",
                format!("Who pays by {} sends `{what}` too.", self.by),
            )
        };
        let code = || self.pass.clone().ok_or_else(|| missing("pass"));
        let person = || parse_id(self.person.as_deref().ok_or_else(|| missing("person"))?);
        Ok(match self.by.as_str() {
            "pass" => PayWay::Pass { code: code()? },
            "card" => {
                PayWay::Card { instrument: parse_id(self.instrument.as_deref().ok_or_else(|| missing("instrument"))?)? }
            }
            "staff" => PayWay::Staff { person: person()? },
            "guardian" => PayWay::Guardian { ward: person()?, code: code()? },
            _ => {
                return Err(Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "recognition.way_unknown",
                    "Write pass, card, staff or guardian; a face goes to /v1/payments/face.",
                ));
            }
        })
    }
}

/// A code to issue.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuePassBody {
    /// When it ends: a person's own code within ten minutes, a ticket within 400 days.
    #[schema(example = "2030-03-31T15:00:00Z")]
    pub until: String,
}

/// A code: whoever shows it is taken for the person.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PassBody {
    /// To be drawn as a QR code.
    #[schema(example = "TBP1.AQ…")]
    pub code: String,
    /// When it ends.
    pub until: String,
}

/// The whole request, `multipart/form-data`.
#[derive(ToSchema)]
pub struct PayByFaceForm {
    /// JSON.
    pub payment: PayByFaceBody,
    /// PNG, JPEG or WebP, at most 10 MiB, one live face. Not kept.
    #[schema(value_type = String, format = Binary)]
    pub image: Vec<u8>,
}

/// An image to enrol, `multipart/form-data`.
#[derive(ToSchema)]
pub struct ImageForm {
    /// PNG, JPEG or WebP, at most 10 MiB, one live face. Not kept.
    #[schema(value_type = String, format = Binary)]
    pub image: Vec<u8>,
}

/// A payment by face.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PaymentBody {
    /// The payment.
    pub id: String,
    /// `paid`, `pending`, `unknown` or `refused`. `unknown`: the money stays held until the rail tells.
    #[schema(example = "paid")]
    pub status: String,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How the payer was known: `face`, `pass`, `card`, `staff` or `guardian`.
    #[schema(example = "face")]
    pub by: String,
    /// How much.
    pub amount: MoneyBody,
    /// Who was recognised, as a till may show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "山＊＊＊")]
    pub masked_name: Option<String>,
    /// The hold behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldBody>,
    /// The capture's operation: what a refund names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// When it was decided.
    pub created_at: String,
}

impl From<&PaymentAnswer> for PaymentBody {
    fn from(answer: &PaymentAnswer) -> PaymentBody {
        let (status, code) = match &answer.status {
            PaymentStatus::Paid => ("paid", None),
            PaymentStatus::Pending => ("pending", None),
            PaymentStatus::Unknown => ("unknown", None),
            PaymentStatus::Refused { code } => ("refused", Some(code.clone())),
        };
        PaymentBody {
            id: answer.payment.id.to_string(),
            status: status.to_owned(),
            code,
            by: answer.way.clone().unwrap_or_else(|| "face".to_owned()),
            amount: answer.payment.amount.into(),
            masked_name: answer.masked_name.clone(),
            hold: answer.hold.as_ref().map(HoldBody::from),
            capture: match &answer.payment.decision {
                Decision::Recognised(payer) => Some(payer.capture.to_string()),
                Decision::Refused { .. } => None,
            },
            created_at: rfc3339(answer.payment.created_at),
        }
    }
}
