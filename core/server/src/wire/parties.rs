//! Parties and their keys.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tebura_hub::ids::{PartyId, PartyKeyId};
use tebura_hub::parties::{KeyState, NewPartyKey, Party, PartyKey, Replaces};
use tebura_ledger::Timestamp;
use utoipa::ToSchema;

use super::time::{parse_rfc3339, rfc3339};
use crate::extract::parse_id;
use crate::problem::Problem;

/// How long a replaced key counts when nothing is said: a day, as long as its last statements can.
const OVERLAP_SECONDS: u32 = 86_400;

/// Somebody who will sign statements.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePartyBody {
    /// For whoever manages it, 1 to 100 characters; not a person's name.
    #[schema(example = "メーター 17")]
    pub label: String,
    /// Whose key may manage it. A merchant's key means its own; left out by the operator: only the operator.
    pub merchant: Option<String>,
}

/// A party and its keys.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PartyBody {
    /// `pty_…`
    pub id: String,
    /// For whoever manages it.
    pub label: String,
    /// Whose key may manage it; missing: only the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// When it was registered.
    pub created_at: String,
    /// Every key it has or had, oldest first.
    pub keys: Vec<PartyKeyBody>,
}

impl PartyBody {
    /// From the rows.
    pub fn new(party: &Party, keys: &[PartyKey], now: Timestamp) -> PartyBody {
        PartyBody {
            id: party.id.to_string(),
            label: party.label.clone(),
            merchant: party.merchant.map(|merchant| merchant.to_string()),
            created_at: rfc3339(party.created_at),
            keys: keys.iter().map(|key| PartyKeyBody::new(key, now)).collect(),
        }
    }
}

/// A key to register. These very bytes are signed with it, without a `kid`: nobody registers a key that somebody else has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterKeyBody {
    /// The party of the path again, so that the signature says whose key it is.
    #[schema(example = "pty_01920000000070008000000000000001")]
    pub party: String,
    /// The 32 bytes of an Ed25519 public key in base64url without padding: 43 characters.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub public_key: String,
    /// From when it counts; now when it is left out.
    pub valid_from: Option<String>,
    /// Until when it counts; until it is replaced or revoked when it is left out.
    pub valid_until: Option<String>,
    /// The key whose place it takes, `pk_…`.
    pub replaces: Option<String>,
    /// How long the replaced key counts after this one does: a day when it is left out, at most a week.
    #[schema(minimum = 0, maximum = 604_800)]
    pub overlap_seconds: Option<u32>,
}

impl RegisterKeyBody {
    /// The key for the party of the path.
    ///
    /// # Errors
    /// 422 for another party, and for values that cannot be read.
    pub fn read(&self, party: PartyId) -> Result<NewPartyKey, Problem> {
        let invalid = |code: &'static str, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        if self.party != party.to_string() {
            let detail = "The signed body names another party than the path: sign a body with this party's id.";
            return Err(invalid("party.other_in_body", detail));
        }
        let public_key = URL_SAFE_NO_PAD.decode(&self.public_key).ok().and_then(|bytes| bytes.try_into().ok());
        let public_key = public_key.ok_or_else(|| {
            let detail = "public_key is 32 bytes in base64url without padding; `tebura statement keygen` prints it so.";
            invalid("party.public_key_invalid", detail)
        })?;
        let moment = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => parse_rfc3339(text)
                .map(Some)
                .ok_or_else(|| invalid("time.malformed", "Write times like 2026-11-22T07:20:00.000Z, in UTC.")),
        };
        let (valid_from, valid_until) = (moment(&self.valid_from)?, moment(&self.valid_until)?);
        let replaces = match (&self.replaces, self.overlap_seconds) {
            (None, Some(_)) => {
                return Err(invalid(
                    "party.overlap_invalid",
                    "overlap_seconds belongs to `replaces`: name the old key.",
                ));
            }
            (None, None) => None,
            (Some(key), overlap) => {
                let overlap_ms = i64::from(overlap.unwrap_or(OVERLAP_SECONDS)) * 1_000;
                Some(Replaces { key: parse_id::<PartyKeyId>(key)?, overlap_ms })
            }
        };
        Ok(NewPartyKey { party, public_key, valid_from, valid_until, replaces })
    }
}

/// A public key of a party.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PartyKeyBody {
    /// `pk_…`: what a signature calls `kid`.
    pub id: String,
    /// Whose it is.
    pub party: String,
    /// Ed25519, base64url without padding.
    pub public_key: String,
    /// From when it counts.
    pub valid_from: String,
    /// Until when it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// Since when it counts no more, whatever `valid_until` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// `not_yet`, `counts`, `over` or `revoked`.
    #[schema(example = "counts")]
    pub state: String,
}

impl PartyKeyBody {
    /// From the row.
    pub fn new(key: &PartyKey, now: Timestamp) -> PartyKeyBody {
        let state = match key.state(now) {
            KeyState::NotYet => "not_yet",
            KeyState::Counts => "counts",
            KeyState::Over { .. } => "over",
            KeyState::Revoked => "revoked",
        };
        PartyKeyBody {
            id: key.id.to_string(),
            party: key.party.to_string(),
            public_key: URL_SAFE_NO_PAD.encode(key.public_key),
            valid_from: rfc3339(key.valid_from),
            valid_until: key.valid_until.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
            state: state.to_owned(),
        }
    }
}
