//! Signed statements: how a party commands, attests, consents and agrees, with a key that only it has.
//!
//! A statement is the JSON body of a request; its signature travels beside it as a detached JWS over the body's exact
//! bytes. Who forwards it is no matter: the hub believes the key, not the caller. Absent: what a statement does to its
//! contract, and remembering nonces; both are the contract's.

mod body;
pub mod jws;

use std::collections::BTreeMap;

use ed25519_dalek::VerifyingKey;
use tebura_contract::{DocumentHash, Event};
use tebura_ledger::Timestamp;

use self::jws::{Detached, JwsError};
use crate::hub::Hub;
use crate::ids::{ContractId, PartyKeyId};
use crate::instant::rfc3339;
use crate::parties::{KeyState, PartyKey};
use crate::ports::ReadError;

/// Largest statement, in bytes: names, a nonce and at most 32 numbers.
pub const MAX_BYTES: usize = 8 * 1_024;
/// How long a statement can count: a day, as far as a device may be without a connection.
pub const MAX_LIFE_MS: i64 = 24 * 60 * 60 * 1_000;
/// How far a signer's clock may be ahead of the hub's.
pub const SKEW_MS: i64 = 60 * 1_000;

/// A statement as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    /// The exact bytes that were signed.
    pub body: Vec<u8>,
    /// `header..signature`.
    pub signature: String,
}

/// What a statement says, once its signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub contract: ContractId,
    /// The party's name in the contract's document. Whether the key is that party's is for the contract to check.
    pub by: String,
    pub said: Said,
    /// 16 to 64 visible characters; the same nonce of the same party counts once.
    pub nonce: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A command.
    Act(String),
    /// Something that is so, with its numbers.
    Attest { attest: String, fields: BTreeMap<String, i64> },
    /// The answer to a question that the contract asked; `statement` is the nonce of what is asked about.
    Consent { statement: String, granted: bool },
    /// The whole document, before it begins.
    Agree(DocumentHash),
}

impl Statement {
    /// Reads a statement's text. Believes nothing: for who is about to sign it.
    ///
    /// # Errors
    /// [`StatementError::TooLarge`], [`StatementError::Malformed`].
    pub fn read(text: &[u8]) -> Result<Statement, StatementError> {
        body::read(text)
    }

    /// What the contract is told; nothing for an agreement, which comes before there is anything to tell.
    pub fn event(&self) -> Option<Event> {
        let (id, by) = (self.nonce.clone(), self.by.clone());
        match &self.said {
            Said::Act(act) => Some(Event::Act { id, by, act: act.clone() }),
            Said::Attest { attest, fields } => {
                Some(Event::Attest { id, by, attest: attest.clone(), fields: fields.clone() })
            }
            Said::Consent { statement, granted } => {
                Some(Event::Consent { id, by, statement: statement.clone(), granted: *granted })
            }
            Said::Agree(_) => None,
        }
    }
}

/// Why a statement does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("a statement has at most {MAX_BYTES} bytes: say less")]
    TooLarge,
    #[error(transparent)]
    Signature(#[from] JwsError),
    #[error("no key is registered under the signature's kid: register the key first, and name the id that it got")]
    KeyUnknown,
    #[error("the key {key} was revoked: sign with another key of the party")]
    KeyRevoked { key: PartyKeyId },
    #[error("the key {key} counts from {} on: sign with the key before it, or wait", rfc3339(*from))]
    KeyNotYetValid { key: PartyKeyId, from: Timestamp },
    #[error("the key {key} counted until {}: sign with the key that replaced it", rfc3339(*until))]
    KeyExpired { key: PartyKeyId, until: Timestamp },
    #[error("the signature does not fit the body and the key {key}: send the bytes that were signed, unchanged")]
    SignatureWrong { key: PartyKeyId },
    #[error("this is not a statement ({reason}): correct it and sign again")]
    Malformed { reason: String },
    #[error("a statement counts for more than nothing and at most 24 hours: set expires_at accordingly and sign again")]
    LifeInvalid,
    #[error("the statement was issued at {}, which is not yet: set the signer's clock and sign again", rfc3339(*issued_at))]
    NotYetValid { issued_at: Timestamp },
    #[error("the statement counted until {}: sign a new one", rfc3339(*expires_at))]
    Expired { expires_at: Timestamp },
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl StatementError {
    /// Stable, dotted, lower-case.
    pub fn code(&self) -> &'static str {
        match self {
            StatementError::TooLarge => "statement.too_large",
            StatementError::Signature(error) => error.code(),
            StatementError::KeyUnknown => "statement.key_unknown",
            StatementError::KeyRevoked { .. } => "statement.key_revoked",
            StatementError::KeyNotYetValid { .. } => "statement.key_not_yet_valid",
            StatementError::KeyExpired { .. } => "statement.key_expired",
            StatementError::SignatureWrong { .. } => "statement.signature_wrong",
            StatementError::Malformed { .. } => "statement.malformed",
            StatementError::LifeInvalid => "statement.life_invalid",
            StatementError::NotYetValid { .. } => "statement.not_yet_valid",
            StatementError::Expired { .. } => "statement.expired",
            StatementError::Read(_) => "store.unavailable",
        }
    }
}

impl Hub {
    /// Verifies a statement: the key counts now, signed these bytes, and the statement is in its time. Says nothing about
    /// the contract, nor whether the statement came before.
    pub async fn verify_statement(&self, signed: &SignedStatement) -> Result<(Statement, PartyKey), StatementError> {
        if signed.body.len() > MAX_BYTES {
            return Err(StatementError::TooLarge);
        }
        let detached = Detached::read(&signed.signature)?;
        let named = detached.key_id().ok_or(JwsError::KeyIdMissing)?;
        let id: PartyKeyId = named.parse().map_err(|_| StatementError::KeyUnknown)?;
        let key = self.store.party_key(id).await?.ok_or(StatementError::KeyUnknown)?;
        let now = self.now();
        counts(&key, now)?;
        // A stored key that is none verifies nothing.
        let public = VerifyingKey::from_bytes(&key.public_key);
        if !public.is_ok_and(|public| detached.is_by(&public, &signed.body)) {
            return Err(StatementError::SignatureWrong { key: id });
        }
        let statement = body::read(&signed.body)?;
        in_time(&statement, now)?;
        Ok((statement, key))
    }
}

fn counts(key: &PartyKey, now: Timestamp) -> Result<(), StatementError> {
    let id = key.id;
    match key.state(now) {
        KeyState::Counts => Ok(()),
        KeyState::Revoked => Err(StatementError::KeyRevoked { key: id }),
        KeyState::NotYet => Err(StatementError::KeyNotYetValid { key: id, from: key.valid_from }),
        KeyState::Over { until } => Err(StatementError::KeyExpired { key: id, until }),
    }
}

fn in_time(statement: &Statement, now: Timestamp) -> Result<(), StatementError> {
    let Statement { issued_at, expires_at, .. } = *statement;
    if !(1..=MAX_LIFE_MS).contains(&(expires_at.millis() - issued_at.millis())) {
        Err(StatementError::LifeInvalid)
    } else if issued_at > now.plus_ms(SKEW_MS) {
        Err(StatementError::NotYetValid { issued_at })
    } else if expires_at <= now {
        Err(StatementError::Expired { expires_at })
    } else {
        Ok(())
    }
}
