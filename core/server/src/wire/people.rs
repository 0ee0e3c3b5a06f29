//! People, their faces and their means to pay. No body here is ever logged.

use serde::{Deserialize, Serialize};
use tebura_hub::people::{CaptureSession, Instrument, Person};
use utoipa::ToSchema;

use super::time::rfc3339;

/// A person to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePersonBody {
    /// As the person writes it, 1 to 100 characters.
    #[schema(example = "山田 花子")]
    pub name: String,
    /// Four to eight digits, when the person chose a PIN.
    #[schema(write_only, example = "2718")]
    pub pin: Option<String>,
}

/// A PIN to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPinBody {
    /// Four to eight digits.
    #[schema(write_only, example = "2718")]
    pub pin: String,
}

/// A person.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PersonBody {
    /// The person.
    pub id: String,
    /// In full: only the operator reads it.
    pub name: String,
    /// What a till shows.
    #[schema(example = "山＊＊＊")]
    pub masked_name: String,
    /// Whether a PIN was chosen.
    pub has_pin: bool,
    /// When the person was registered.
    pub created_at: String,
}

impl From<&Person> for PersonBody {
    fn from(person: &Person) -> PersonBody {
        PersonBody {
            id: person.id.to_string(),
            name: person.name.clone(),
            masked_name: person.masked_name(),
            has_pin: person.pin_hash.is_some(),
            created_at: rfc3339(person.created_at),
        }
    }
}

/// Nothing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmptyBody {}

/// Permission to enrol one live image.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CaptureSessionBody {
    /// The session; send the image to `/v1/capture-sessions/{id}/image`.
    pub id: String,
    /// Whose face is enrolled.
    pub person: String,
    /// The image has to arrive before.
    pub expires_at: String,
}

impl From<&CaptureSession> for CaptureSessionBody {
    fn from(session: &CaptureSession) -> CaptureSessionBody {
        CaptureSessionBody {
            id: session.id.to_string(),
            person: session.person.to_string(),
            expires_at: rfc3339(session.expires_at),
        }
    }
}

/// An enrolled face.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EnrolledBody {
    /// The reference; the image is gone.
    pub reference: String,
    /// Whose it is.
    pub person: String,
    /// The pack that made it.
    #[schema(example = "drawn-demo@1.0.0")]
    pub pack: String,
}

/// A means to pay that is linked to a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInstrumentBody {
    /// The rail; `GET /v1/rails` lists them.
    #[schema(example = "house")]
    pub rail: String,
    /// The rail's own token of the account. Never a card or account number. Not for the house rail.
    pub token: Option<String>,
    /// What the person calls it.
    #[schema(example = "City points")]
    pub label: String,
    /// Paid with when nothing else was chosen.
    #[serde(default)]
    pub is_default: bool,
    /// ISO 4217, or an operator's own code.
    #[schema(example = "JPY")]
    pub currency: String,
}

/// A means to pay.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InstrumentBody {
    /// The instrument.
    pub id: String,
    /// Whose it is.
    pub person: String,
    /// The rail.
    pub rail: String,
    /// Its ledger account.
    pub account: String,
    /// What the person calls it.
    pub label: String,
    /// Paid with when nothing else was chosen.
    pub is_default: bool,
}

impl From<&Instrument> for InstrumentBody {
    fn from(instrument: &Instrument) -> InstrumentBody {
        InstrumentBody {
            id: instrument.id.to_string(),
            person: instrument.person.to_string(),
            rail: instrument.rail.to_string(),
            account: instrument.account.to_string(),
            label: instrument.label.clone(),
            is_default: instrument.is_default,
        }
    }
}

/// A person's means to pay.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InstrumentListBody {
    /// The instruments.
    pub items: Vec<InstrumentBody>,
}
