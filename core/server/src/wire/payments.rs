//! Payments by face.

use serde::{Deserialize, Serialize};
use tebura_hub::pay_by_face::PaymentAnswer;
use tebura_hub::payment::{Decision, PaymentStatus};
use utoipa::ToSchema;

use super::amount::{AmountBody, MoneyBody};
use super::holds::HoldBody;
use super::time::rfc3339;

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
