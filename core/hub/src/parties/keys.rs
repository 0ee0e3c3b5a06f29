//! Registers parties and their keys, replaces and revokes keys.

use tebura_ledger::Timestamp;

use super::{KeyState, Party, PartyKey, PartyWrite, checked_public_key};
use crate::hub::Hub;
use crate::ids::{MerchantId, PartyId, PartyKeyId};
use crate::perform::KeyRequest;
use crate::ports::{Caller, CommitError, Committed, ReadError, Unit, Write};
use crate::set_up::{MAX_NAME, Made, checked_name};
use crate::statements::SignedStatement;
use crate::statements::jws::{Detached, JwsError};

/// Keys of one party, ended ones included: a new one each week for four years.
pub const MAX_KEYS: usize = 200;
/// Longest time that a replaced key goes on counting: a week.
pub const MAX_OVERLAP_MS: i64 = 7 * 86_400_000;

/// A key to register.
#[derive(Clone, Debug)]
pub struct NewPartyKey {
    pub party: PartyId,
    pub public_key: [u8; 32],
    /// From now on when left out; a time that has passed is now.
    pub valid_from: Option<Timestamp>,
    /// Until it is replaced or revoked when left out.
    pub valid_until: Option<Timestamp>,
    pub replaces: Option<Replaces>,
}

/// The key whose place a new one takes.
#[derive(Clone, Copy, Debug)]
pub struct Replaces {
    pub key: PartyKeyId,
    /// How long both count, from the moment when the new one does.
    pub overlap_ms: i64,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartyError {
    #[error("a label has 1 to {MAX_NAME} characters and no control characters")]
    LabelInvalid,
    #[error("there is no merchant {0}; create it first")]
    MerchantNotFound(MerchantId),
    #[error("there is no party {0} that this key may manage; register it first")]
    PartyNotFound(PartyId),
    #[error("the party has no key {0}; GET /v1/parties/{{id}} lists its keys")]
    KeyNotFound(PartyKeyId),
    #[error("this is not an Ed25519 public key that can be trusted; make one with `tebura statement keygen`")]
    PublicKeyInvalid,
    #[error("a key has to count for some time after now; set valid_until later")]
    ValidityInvalid,
    #[error("a replaced key counts for at most {} hours more; ask for less", MAX_OVERLAP_MS / 3_600_000)]
    OverlapInvalid,
    #[error("the key {0} has ended already and cannot be replaced; leave `replaces` out")]
    ReplacedEnded(PartyKeyId),
    #[error("this public key is or was a key of the party, as {0}; make a new one")]
    KeyKnown(PartyKeyId),
    #[error("a party has at most {MAX_KEYS} keys, ended ones included; register a new party")]
    TooManyKeys,
    #[error(transparent)]
    Proof(#[from] JwsError),
    #[error("the body is not signed with the key that it registers; sign its exact bytes with the private half of it")]
    ProofWrong,
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Somebody who will sign; without a key yet.
    pub async fn register_party(
        &self,
        key: KeyRequest,
        label: &str,
        merchant: Option<MerchantId>,
    ) -> Result<Made<Party>, PartyError> {
        let label = checked_name(label).map_err(|_| PartyError::LabelInvalid)?;
        if let Some(merchant) = merchant {
            self.store.merchant(merchant).await?.ok_or(PartyError::MerchantNotFound(merchant))?;
        }
        let shard = self.key_shard(&key);
        let id = PartyId::from_uuid(self.ids.next(shard));
        let row = Party { id, label, merchant, created_at: self.now() };
        let unit = Unit { key: Some(key.claim(id)), ..unit([PartyWrite::Party(row.clone())]) };
        match self.store.commit(shard, self.now(), unit).await? {
            Committed::Done(_) => Ok(Made { row, replayed: false }),
            Committed::Replayed { target } => {
                let id = target.parse().map_err(|_| CommitError::KeyReused)?;
                let row = self.store.party(id).await?.ok_or(PartyError::PartyNotFound(id))?;
                Ok(Made { row, replayed: true })
            }
        }
    }

    /// A party that the caller may manage.
    pub async fn party(&self, caller: &Caller, id: PartyId) -> Result<Party, PartyError> {
        let party = self.store.party(id).await?;
        party.filter(|party| party.is_managed_by(caller)).ok_or(PartyError::PartyNotFound(id))
    }

    /// One more key of a party. `proof` is the request that asks for it, signed with the key itself and without a `kid`:
    /// nobody registers a key that somebody else has.
    pub async fn register_party_key(
        &self,
        caller: &Caller,
        key: KeyRequest,
        new: NewPartyKey,
        proof: &SignedStatement,
    ) -> Result<Made<PartyKey>, PartyError> {
        let NewPartyKey { party, public_key, valid_from, valid_until, replaces } = new;
        self.party(caller, party).await?;
        let public = checked_public_key(public_key).ok_or(PartyError::PublicKeyInvalid)?;
        let detached = Detached::read(&proof.signature)?;
        if detached.key_id().is_some() {
            return Err(JwsError::KeyIdRefused.into());
        }
        if !detached.is_by(&public, &proof.body) {
            return Err(PartyError::ProofWrong);
        }
        let shard = self.key_shard(&key);
        if let Some(made) = self.made_before::<PartyError>(&key).await? {
            return self.key_before(&made).await;
        }
        let now = self.now();
        let valid_from = valid_from.unwrap_or(now).max(now);
        if valid_until.is_some_and(|until| until <= valid_from) {
            return Err(PartyError::ValidityInvalid);
        }
        let known = self.store.party_keys(party).await?;
        if let Some(same) = known.iter().find(|known| known.public_key == public_key) {
            return Err(PartyError::KeyKnown(same.id));
        }
        if known.len() >= MAX_KEYS {
            return Err(PartyError::TooManyKeys);
        }
        let id = PartyKeyId::from_uuid(self.ids.next(shard));
        let row = PartyKey { id, party, public_key, valid_from, valid_until, revoked_at: None };
        let mut writes = vec![PartyWrite::Key(row.clone())];
        if let Some(replaces) = replaces {
            writes.push(replacement(&known, replaces, valid_from, now)?);
        }
        let unit = Unit { key: Some(key.claim(id)), ..unit(writes) };
        match self.store.commit(shard, now, unit).await? {
            Committed::Done(_) => Ok(Made { row, replayed: false }),
            Committed::Replayed { target } => self.key_before(&target).await,
        }
    }

    async fn key_before(&self, target: &str) -> Result<Made<PartyKey>, PartyError> {
        let id = target.parse().map_err(|_| CommitError::KeyReused)?;
        let row = self.store.party_key(id).await?.ok_or(PartyError::KeyNotFound(id))?;
        Ok(Made { row, replayed: true })
    }

    /// Ends a key at once, in every process: no key is remembered between statements. Doing it twice is doing it once.
    pub async fn revoke_party_key(
        &self,
        caller: &Caller,
        party: PartyId,
        key: PartyKeyId,
    ) -> Result<PartyKey, PartyError> {
        self.party(caller, party).await?;
        let row = self.store.party_key(key).await?.filter(|row| row.party == party);
        let row = row.ok_or(PartyError::KeyNotFound(key))?;
        if row.revoked_at.is_some() {
            return Ok(row);
        }
        let now = self.now();
        self.store.commit(key.shard(), now, unit([PartyWrite::Revoked { key, at: now }])).await?;
        Ok(PartyKey { revoked_at: Some(now), ..row })
    }
}

fn replacement(
    known: &[PartyKey],
    Replaces { key, overlap_ms }: Replaces,
    from: Timestamp,
    now: Timestamp,
) -> Result<PartyWrite, PartyError> {
    if !(0..=MAX_OVERLAP_MS).contains(&overlap_ms) {
        return Err(PartyError::OverlapInvalid);
    }
    let old = known.iter().find(|known| known.id == key).ok_or(PartyError::KeyNotFound(key))?;
    match old.state(now) {
        KeyState::Counts | KeyState::NotYet => Ok(PartyWrite::Replaced { key, at: from.plus_ms(overlap_ms) }),
        KeyState::Over { .. } | KeyState::Revoked => Err(PartyError::ReplacedEnded(key)),
    }
}

fn unit(writes: impl IntoIterator<Item = PartyWrite>) -> Unit {
    Unit { writes: writes.into_iter().map(Write::Party).collect(), ..Unit::default() }
}
