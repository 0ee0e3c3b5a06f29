//! A device's log as JSON: what it signed without a network, and what became of it.

use serde::{Deserialize, Serialize};
use tebura_hub::services::{Taken, TakenOutcome};
use tebura_hub::statements::SignedStatement;
use utoipa::ToSchema;

use super::services::ServiceRequestBody;
use crate::problem::ProblemBody;

/// A stretch of a device's log.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfflineEntriesBody {
    /// 1 to 200, the oldest first.
    pub entries: Vec<SignedEntryBody>,
}

/// A line of a device's log, unchanged.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedEntryBody {
    /// The text that was signed: JSON with `service`, `device`, `number`, `before`, `at`, `action`, `input`, and for a person
    /// `person`, `by`, `attested`.
    pub body: String,
    /// Detached JWS with Ed25519: `header..signature`.
    pub signature: String,
}

impl From<SignedEntryBody> for SignedStatement {
    fn from(entry: SignedEntryBody) -> SignedStatement {
        SignedStatement { body: entry.body.into_bytes(), signature: entry.signature }
    }
}

/// What a terminal asks for before it goes where there is no network.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfflineBundleRequestBody {
    /// Signed by the terminal: JSON with `service`, `device`, `recipient` (an X25519 key, base64url) and `at`.
    pub request: SignedEntryBody,
}

/// Faces for one terminal: readable by that terminal only, and signed by the hub.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfflineBundleBody {
    /// JSON, as it was signed: for whom, of which pack, how near a face has to be, until when.
    pub header: String,
    /// The HPKE encapsulated key (RFC 9180: X25519, HKDF-SHA256, ChaCha20-Poly1305), base64url.
    pub encapsulated: String,
    /// Whom the terminal may recognise, sealed; base64url.
    pub sealed: String,
    /// Detached JWS with Ed25519 by the key of the audit log over the digests of both.
    pub signature: String,
}

/// What became of a stretch.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TakenBody {
    /// One for each entry, as far as the log holds.
    pub taken: Vec<TakenEntryBody>,
    /// Why it goes no further; left out when all was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<ProblemBody>,
}

/// What became of an entry.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TakenEntryBody {
    /// Its number.
    pub number: u64,
    /// It was taken before; nothing happened again.
    pub replayed: bool,
    /// What the service was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<ServiceRequestBody>,
    /// The code of why the service cannot be asked this. The log goes on behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl From<&Taken> for TakenEntryBody {
    fn from(taken: &Taken) -> TakenEntryBody {
        let (request, refused) = match &taken.outcome {
            TakenOutcome::Asked(answer) => (Some(ServiceRequestBody::from(&**answer)), None),
            TakenOutcome::Refused(code) => (None, Some(code.clone())),
        };
        TakenEntryBody { number: taken.number, replayed: taken.replayed, request, refused }
    }
}
