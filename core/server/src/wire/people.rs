//! People, their faces and their means to pay. No body here is ever logged.

use serde::{Deserialize, Serialize};
use tebura_face::FRAMES;
use tebura_hub::enroll_face::Frame;
use tebura_hub::ids::CaptureSessionId;
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

/// A capture session to open.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCaptureBody {
    /// Staff have seen by a document that this is somebody else than who looks like her, such as a twin. Otherwise a face
    /// that is enrolled under another name is refused.
    #[serde(default)]
    pub look_alike: bool,
}

/// Permission to enrol one live face.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CaptureSessionBody {
    /// The session; send the frames to `/v1/capture-sessions/{id}/frames`.
    pub id: String,
    /// Whose face is enrolled.
    pub person: String,
    /// What the next frame has to show: `look_straight`, `turn_left`, `turn_right` (the person's own left and right) or
    /// `come_closer`.
    #[schema(example = "look_straight")]
    pub prompt: Option<String>,
    /// Frames that count so far.
    pub taken: usize,
    /// Frames that make a face.
    pub of: usize,
    /// The last frame has to arrive before.
    pub expires_at: String,
}

impl From<&CaptureSession> for CaptureSessionBody {
    fn from(session: &CaptureSession) -> CaptureSessionBody {
        CaptureSessionBody {
            id: session.id.to_string(),
            person: session.person.to_string(),
            prompt: session.prompt().map(|prompt| prompt.word().to_owned()),
            taken: session.shots.len(),
            of: session.prompts.len(),
            expires_at: rfc3339(session.expires_at),
        }
    }
}

/// What a frame led to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FrameBody {
    /// `next`: one more is needed. `enrolled`: the face can be recognised from now on.
    #[schema(example = "next")]
    pub status: String,
    /// The session.
    pub session: String,
    /// What the next frame has to show; only when `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Frames that count so far.
    pub taken: usize,
    /// Frames that make a face.
    pub of: usize,
    /// The reference; only when `enrolled`. The images are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The pack that made it; only when `enrolled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "drawn-demo@1.0.0")]
    pub pack: Option<String>,
}

impl FrameBody {
    /// As callers see it.
    pub(crate) fn of(session: CaptureSessionId, frame: &Frame) -> FrameBody {
        let none = FrameBody {
            status: "next".to_owned(),
            session: session.to_string(),
            prompt: None,
            taken: FRAMES,
            of: FRAMES,
            reference: None,
            pack: None,
        };
        match frame {
            Frame::Next { prompt, taken, .. } => {
                FrameBody { prompt: Some(prompt.word().to_owned()), taken: *taken, ..none }
            }
            Frame::Enrolled(enrolled) => FrameBody {
                status: "enrolled".to_owned(),
                reference: Some(enrolled.reference.to_string()),
                pack: Some(enrolled.pack.clone()),
                ..none
            },
        }
    }
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
    /// Since when nothing new is paid with it; only when it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<String>,
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
            removed_at: instrument.removed_at.map(rfc3339),
        }
    }
}

/// A person's means to pay.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InstrumentListBody {
    /// The instruments.
    pub items: Vec<InstrumentBody>,
}
