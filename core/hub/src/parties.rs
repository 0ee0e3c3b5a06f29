//! Who signs: parties and their public keys, registered, replaced and revoked. A private key never comes here.
//!
//! What a key's life ends with is written beside the key, not into it, so that a replacement and a revocation at the same
//! time cannot undo each other.

mod keys;
mod memory;

use ed25519_dalek::VerifyingKey;
use tebura_ledger::Timestamp;

use crate::ids::{MerchantId, PartyId, PartyKeyId};
use crate::ports::Caller;

pub use keys::{MAX_KEYS, MAX_OVERLAP_MS, NewPartyKey, PartyError, Replaces};
pub(crate) use memory::PartyTables;

/// Somebody who signs statements: a person's wallet, a shop, a meter, a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub id: PartyId,
    /// For whoever manages it; contracts name parties by their own words.
    pub label: String,
    /// Whose API key may manage it; `None`: only the operator's.
    pub merchant: Option<MerchantId>,
    pub created_at: Timestamp,
}

impl Party {
    /// Whether a caller may see this party and manage its keys.
    pub fn is_managed_by(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Operator => true,
            Caller::Merchant(merchant) => self.merchant == Some(*merchant),
        }
    }
}

/// A public key of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyKey {
    pub id: PartyKeyId,
    pub party: PartyId,
    /// Ed25519.
    pub public_key: [u8; 32],
    pub valid_from: Timestamp,
    /// Given at the registration, or earlier because another key has replaced it.
    pub valid_until: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// Whether a key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    NotYet,
    Counts,
    Over { until: Timestamp },
    Revoked,
}

impl PartyKey {
    /// Whether it counts at a moment. A revoked key counts at none, whenever a statement was signed.
    pub fn state(&self, now: Timestamp) -> KeyState {
        match self.valid_until {
            _ if self.revoked_at.is_some() => KeyState::Revoked,
            Some(until) if until <= now => KeyState::Over { until },
            _ if now < self.valid_from => KeyState::NotYet,
            _ => KeyState::Counts,
        }
    }

    /// The key as its end has made it.
    #[must_use]
    pub fn ended(mut self, replaced_at: Option<Timestamp>, revoked_at: Option<Timestamp>) -> PartyKey {
        self.valid_until = self.valid_until.into_iter().chain(replaced_at).min();
        self.revoked_at = revoked_at;
        self
    }
}

/// A public key that can be verified with: a point of the curve in its one canonical form, and not one of the eight of
/// small order, which verify signatures that nobody made.
pub fn checked_public_key(bytes: [u8; 32]) -> Option<VerifyingKey> {
    let is_canonical = |key: &VerifyingKey| key.to_edwards().compress().to_bytes() == bytes;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak() && is_canonical(key))
}

/// A row of a unit; see [`crate::ports::Write`].
#[derive(Clone, Debug)]
pub enum PartyWrite {
    Party(Party),
    /// A new key; its end is written by itself.
    Key(PartyKey),
    /// Another key takes its place from then on.
    Replaced {
        key: PartyKeyId,
        at: Timestamp,
    },
    Revoked {
        key: PartyKeyId,
        at: Timestamp,
    },
}
