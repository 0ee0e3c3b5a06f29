//! Pass codes: what a person's telephone or a ticket shows where a face is not shown. Signed by the hub, with an end.
//!
//! A person's own code lasts minutes and counts once. A ticket is issued by a merchant, lasts until it runs out, and says who
//! somebody is to that merchant only: it never pays. Every hub of an operator makes and takes the same codes, and nothing is
//! stored until one is used. Absent: how a code is drawn.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier};
use sha2::{Digest, Sha256};
use tebura_ledger::Timestamp;

use crate::hub::Hub;
use crate::ids::{MerchantId, PersonId};
use crate::perform::KeyRequest;
use crate::ports::{CommitError, KeyClaim, ReadError, Unit};

/// What a code starts with: the format and its version.
const PREFIX: &str = "TBP1.";
/// What is signed begins with this, so that no other signature of the key can be taken for one of a code.
const CONTEXT: &[u8] = b"tebura pass 1 ";
/// Longest that a person's own code lasts: from the telephone to the till.
pub const MAX_OWN_MS: i64 = 10 * 60_000;
/// Longest that a ticket lasts: a season.
pub const MAX_TICKET_MS: i64 = 400 * 86_400_000;
const OWN: u8 = 1;
const TICKET: u8 = 2;
const SIGNATURE: usize = 64;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassKind {
    /// The person shows it herself, once.
    Own,
    /// Says who somebody is to the merchant that issued it.
    Ticket(MerchantId),
}

/// A code as it was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    pub person: PersonId,
    pub kind: PassKind,
    pub until: Timestamp,
    nonce: [u8; 16],
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").field("kind", &self.kind).field("until", &self.until).finish_non_exhaustive()
    }
}

/// A code that was issued. Whoever has the text is taken for the person.
#[derive(Clone)]
pub struct IssuedPass {
    pub code: String,
    pub until: Timestamp,
}

impl fmt::Debug for IssuedPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedPass").field("until", &self.until).finish_non_exhaustive()
    }
}

/// Why there is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    #[error("this hub has no key to sign codes with; start it with the operator's key")]
    NoKey,
    #[error("there is no person {0}; register the person first")]
    PersonNotFound(PersonId),
    #[error("a code ends after now: a person's own within ten minutes, a ticket within 400 days; choose another end")]
    UntilInvalid,
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Pass {
    fn signed(&self) -> Vec<u8> {
        let mut bytes = vec![OWN];
        bytes.extend_from_slice(self.person.uuid().as_bytes());
        bytes.extend_from_slice(&self.until.millis().to_be_bytes());
        bytes.extend_from_slice(&self.nonce);
        if let PassKind::Ticket(merchant) = self.kind {
            bytes[0] = TICKET;
            bytes.extend_from_slice(merchant.uuid().as_bytes());
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Pass> {
        let id = |range: std::ops::Range<usize>| uuid::Uuid::from_slice(bytes.get(range)?).ok();
        let kind = match (bytes.first()?, bytes.len()) {
            (&OWN, 41) => PassKind::Own,
            (&TICKET, 57) => PassKind::Ticket(MerchantId::from_uuid(id(41..57)?)),
            _ => return None,
        };
        let until = i64::from_be_bytes(bytes.get(17..25)?.try_into().ok()?);
        let nonce = bytes.get(25..41)?.try_into().ok()?;
        Some(Pass { person: PersonId::from_uuid(id(1..17)?), kind, until: Timestamp::from_millis(until), nonce })
    }
}

impl Hub {
    /// Gives the key that codes are signed with: the same for every hub of an operator. Once.
    pub fn set_pass_key(&self, seed: [u8; 32]) {
        let _ = self.pass_key.set(SigningKey::from_bytes(&seed));
    }

    /// Issues a code.
    ///
    /// # Errors
    /// [`PassError`].
    pub async fn issue_pass(
        &self,
        person: PersonId,
        kind: PassKind,
        until: Timestamp,
    ) -> Result<IssuedPass, PassError> {
        let key = self.pass_key.get().ok_or(PassError::NoKey)?;
        self.store.person(person).await?.ok_or(PassError::PersonNotFound(person))?;
        let longest = match kind {
            PassKind::Own => MAX_OWN_MS,
            PassKind::Ticket(_) => MAX_TICKET_MS,
        };
        let now = self.now();
        if until <= now || until > now.plus_ms(longest) {
            return Err(PassError::UntilInvalid);
        }
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&self.ids.secret()[..16]);
        let mut bytes = Pass { person, kind, until, nonce }.signed();
        let signature = key.sign(&[CONTEXT, &bytes].concat());
        bytes.extend_from_slice(&signature.to_bytes());
        Ok(IssuedPass { code: format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)), until })
    }

    /// Whose code that is, shown to a merchant; else the code of the refusal. Uses nothing up.
    pub(crate) async fn read_pass(
        &self,
        code: &str,
        merchant: MerchantId,
    ) -> Result<Result<Pass, &'static str>, ReadError> {
        let Some(key) = self.pass_key.get() else { return Ok(Err("pass.no_key")) };
        let bytes = code.trim().strip_prefix(PREFIX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let Some(bytes) = bytes else { return Ok(Err("pass.unreadable")) };
        let Some((signed, signature)) = bytes.split_last_chunk::<SIGNATURE>() else {
            return Ok(Err("pass.unreadable"));
        };
        let genuine =
            key.verifying_key().verify(&[CONTEXT, signed].concat(), &Signature::from_bytes(signature)).is_ok();
        let Some(pass) = Pass::read(signed).filter(|_| genuine) else { return Ok(Err("pass.not_of_this_hub")) };
        if self.now() >= pass.until {
            return Ok(Err("pass.expired"));
        }
        if let PassKind::Ticket(issuer) = pass.kind
            && issuer != merchant
        {
            return Ok(Err("pass.other_merchant"));
        }
        if self.store.person(pass.person).await?.is_none() {
            return Ok(Err("pass.person_gone"));
        }
        Ok(Ok(pass))
    }

    /// Uses a person's own code up, for one request: its repeat may use it again, nobody else may.
    pub(crate) async fn use_pass(
        &self,
        pass: &Pass,
        request: &KeyRequest,
    ) -> Result<Result<(), &'static str>, CommitError> {
        if pass.kind != PassKind::Own {
            return Ok(Ok(()));
        }
        let fingerprint = Sha256::new()
            .chain_update((request.scope.len() as u64).to_be_bytes())
            .chain_update(&request.scope)
            .chain_update(&request.key)
            .chain_update(request.fingerprint);
        let once = KeyRequest {
            scope: "pass".to_owned(),
            key: uuid::Uuid::from_bytes(pass.nonce).as_simple().to_string(),
            fingerprint: fingerprint.finalize().into(),
        };
        let shard = self.key_shard(&once);
        let claim: KeyClaim = once.claim(pass.person);
        match self.store.commit(shard, self.now(), Unit { key: Some(claim), ..Unit::default() }).await {
            Ok(_) => Ok(Ok(())),
            Err(CommitError::KeyReused) => Ok(Err("pass.used")),
            Err(error) => Err(error),
        }
    }
}
