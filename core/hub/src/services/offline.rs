//! What a device asked for while it had no network: a log that it signed, each entry linked to the one before it.
//!
//! The device's first entry of a service has the number 1. An entry takes effect once, whoever sends it however often; a log
//! that forks, or leaves one out, goes no further. Every entry that was taken is remembered as the key of its request, so
//! that nothing else is stored. Who was recognised by face was so by a bundle (`bundle`) that the hub made for the device.
//! Absent: money: who agrees has to be asked.

use std::collections::BTreeMap;

use ed25519_dalek::VerifyingKey;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tebura_ledger::Timestamp;

use super::admit::Who;
use super::ask::{AskService, ServiceError};
use super::bundle::FACE;
use super::look::ServiceAnswer;
use crate::digest;
use crate::hub::Hub;
use crate::ids::{PartyId, PartyKeyId, PersonId};
use crate::instant::{parse_rfc3339, rfc3339};
use crate::parties::PartyKey;
use crate::perform::KeyRequest;
use crate::ports::{Caller, ClaimedKey, CommitError, ReadError, Unit};
use crate::shards::key_home;
use crate::statements::jws::{Detached, JwsError};
use crate::statements::{MAX_BYTES, SKEW_MS, SignedStatement};

/// Entries in one request.
pub const MAX_ENTRIES: usize = 200;
/// What comes before the first entry.
const NOTHING_BEFORE: [u8; 32] = [0; 32];
/// How a refused entry is remembered; the code follows.
const REFUSED: &str = "refused:";

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineEntry {
    pub service: String,
    /// The party whose key signs.
    pub device: String,
    /// From 1, without a gap.
    pub number: u64,
    /// [`link_after`] the entry before.
    pub before: String,
    /// When it happened, RFC 3339, by the device's clock.
    pub at: String,
    pub action: String,
    #[serde(default)]
    pub input: Value,
    pub person: Option<String>,
    /// How the person was known: `card`, `qr`, `staff`; `face` by a bundle.
    pub by: Option<String>,
    /// The bundle by which the person was recognised.
    pub bundle: Option<String>,
    /// Claims that staff vouch for.
    #[serde(default)]
    pub attested: BTreeMap<String, String>,
}

/// What became of an entry.
#[derive(Clone, Debug)]
pub struct Taken {
    pub number: u64,
    pub outcome: TakenOutcome,
    /// It was taken before; nothing happened again.
    pub replayed: bool,
}

/// See [`Taken`].
#[derive(Clone, Debug)]
pub enum TakenOutcome {
    Asked(Box<ServiceAnswer>),
    /// The service cannot be asked this; the log goes on. The code says why.
    Refused(String),
}

/// Why an entry was not taken, and none after it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OfflineError {
    #[error("send 1 to {MAX_ENTRIES} entries at a time, the oldest first")]
    Count,
    #[error("entry {place} of the request is not one ({reason}); send the lines of the device's log unchanged")]
    Malformed { place: usize, reason: String },
    #[error("entry {place} of the request: {error}")]
    Signature { place: usize, error: JwsError },
    #[error("entry {number} is signed with a key that was revoked; enter what the device took again at the counter")]
    KeyRevoked { number: u64 },
    #[error(
        "entry {number} is signed with a key that does not count for this device and time; register the device's key"
    )]
    KeyUnknown { number: u64 },
    #[error("the signature of entry {number} does not fit; send the lines of the device's log unchanged")]
    SignatureWrong { number: u64 },
    #[error("the device {0} is not one of the service's merchant; register it as a party of that merchant")]
    DeviceNotFound(String),
    #[error("entry {number} happened at {}, which is not yet; set the device's clock", rfc3339(*at))]
    NotYet { number: u64, at: Timestamp },
    #[error("entry {number} comes after one that was never taken; send from entry {} on", number - 1)]
    Gap { number: u64 },
    #[error(
        "entry {number} is not the one that follows what was taken before it: two logs were kept with this device's key; stop the device, and have people compare both"
    )]
    Forked { number: u64 },
    #[error("entry {number} was not taken ({error}); send again from it on")]
    Service { number: u64, error: Box<ServiceError> },
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why a device's signature does not count.
#[derive(Debug)]
pub(super) enum SignerRefusal {
    Signature(JwsError),
    KeyRevoked,
    KeyUnknown,
    SignatureWrong,
    Read(ReadError),
}

impl From<ReadError> for SignerRefusal {
    fn from(error: ReadError) -> Self {
        SignerRefusal::Read(error)
    }
}

impl SignerRefusal {
    fn of_entry(self, place: usize, number: u64) -> OfflineError {
        match self {
            SignerRefusal::Signature(error) => OfflineError::Signature { place, error },
            SignerRefusal::KeyRevoked => OfflineError::KeyRevoked { number },
            SignerRefusal::KeyUnknown => OfflineError::KeyUnknown { number },
            SignerRefusal::SignatureWrong => OfflineError::SignatureWrong { number },
            SignerRefusal::Read(error) => OfflineError::Read(error),
        }
    }
}

/// What the next entry names of this one, and of none: as it is written.
pub fn link_after(entry: Option<&SignedStatement>) -> String {
    digest::hex(&entry.map_or(NOTHING_BEFORE, link))
}

fn link(entry: &SignedStatement) -> [u8; 32] {
    let hash = Sha256::new().chain_update(b"tebura offline 1 ").chain_update((entry.body.len() as u64).to_be_bytes());
    hash.chain_update(&entry.body).chain_update(entry.signature.as_bytes()).finalize().into()
}

impl Hub {
    /// Takes a stretch of a device's log. Returns what became of each entry, as far as the log holds; the error, if any, says
    /// why it goes no further.
    pub async fn take_offline(
        &self,
        caller: &Caller,
        service: &str,
        entries: Vec<SignedStatement>,
    ) -> (Vec<Taken>, Option<OfflineError>) {
        let mut taken = Vec::new();
        if !(1..=MAX_ENTRIES).contains(&entries.len()) {
            return (taken, Some(OfflineError::Count));
        }
        for (place, signed) in (1..).zip(entries) {
            match self.take_one(caller, service, place, &signed).await {
                Ok(one) => taken.push(one),
                Err(error) => return (taken, Some(error)),
            }
        }
        (taken, None)
    }

    async fn take_one(
        &self,
        caller: &Caller,
        service: &str,
        place: usize,
        signed: &SignedStatement,
    ) -> Result<Taken, OfflineError> {
        let (entry, at, device) = read(place, service, signed)?;
        let number = entry.number;
        let visible = |error| OfflineError::Service { number, error: Box::new(error) };
        let merchant = self.visible_service(caller, service).map_err(visible)?.config.merchant;
        let party = self.store.party(device).await?.filter(|party| party.merchant == Some(merchant));
        party.ok_or_else(|| OfflineError::DeviceNotFound(entry.device.clone()))?;
        self.signer(device, at, signed).await.map_err(|refusal| refusal.of_entry(place, number))?;
        if at > self.now().plus_ms(SKEW_MS) {
            return Err(OfflineError::NotYet { number, at });
        }
        let scope = format!("offline {device} {service}");
        let before = match number {
            1 => NOTHING_BEFORE,
            _ => {
                let before = self.store.claimed_key(&scope, &(number - 1).to_string()).await?;
                before.ok_or(OfflineError::Gap { number })?.fingerprint
            }
        };
        if entry.before != digest::hex(&before) {
            return Err(OfflineError::Forked { number });
        }
        let key = KeyRequest { scope, key: number.to_string(), fingerprint: link(signed) };
        if let Some(claimed) = self.store.claimed_key(&key.scope, &key.key).await? {
            return self.taken_before(number, &key, claimed).await;
        }
        if entry.by.as_deref() == Some(FACE)
            && let Some(code) = self.bundle_refuses(entry.bundle.as_deref(), service, device, at).await?
        {
            return self.remember_refusal(number, key, code).await;
        }
        let asked = match ask(caller, service, entry, at) {
            Ok(ask) => self.ask_service(key.clone(), ask).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(answer) => {
                let replayed = answer.replayed;
                Ok(Taken { number, outcome: TakenOutcome::Asked(Box::new(answer)), replayed })
            }
            Err(error) => match error.refuses() {
                None => Err(OfflineError::Service { number, error: Box::new(error) }),
                Some(code) => self.remember_refusal(number, key, code).await,
            },
        }
    }

    /// The key of a device that signed something said to be from `at`.
    pub(super) async fn signer(
        &self,
        device: PartyId,
        at: Timestamp,
        signed: &SignedStatement,
    ) -> Result<PartyKey, SignerRefusal> {
        let detached = Detached::read(&signed.signature).map_err(SignerRefusal::Signature)?;
        let named = detached.key_id().ok_or(SignerRefusal::Signature(JwsError::KeyIdMissing))?;
        let id: Option<PartyKeyId> = named.parse().ok();
        let key = match id {
            Some(id) => self.store.party_key(id).await?,
            None => None,
        };
        let key = key.filter(|key| key.party == device).ok_or(SignerRefusal::KeyUnknown)?;
        // A stolen device may say any time: what a revoked key signed is not taken any more, whenever it claims to be from.
        if key.revoked_at.is_some() {
            return Err(SignerRefusal::KeyRevoked);
        }
        if key.valid_from > at.plus_ms(SKEW_MS) || key.valid_until.is_some_and(|until| at >= until) {
            return Err(SignerRefusal::KeyUnknown);
        }
        let public = VerifyingKey::from_bytes(&key.public_key);
        let fits = public.is_ok_and(|public| detached.is_by(&public, &signed.body));
        if fits { Ok(key) } else { Err(SignerRefusal::SignatureWrong) }
    }

    async fn taken_before(&self, number: u64, key: &KeyRequest, claimed: ClaimedKey) -> Result<Taken, OfflineError> {
        if !key.matches(&claimed) {
            return Err(OfflineError::Forked { number });
        }
        let outcome = match claimed.target.strip_prefix(REFUSED) {
            Some(code) => TakenOutcome::Refused(code.to_owned()),
            None => {
                let again = self.repeat_request(&claimed.target).await;
                let again = again.map_err(|error| OfflineError::Service { number, error: Box::new(error) })?;
                TakenOutcome::Asked(Box::new(again))
            }
        };
        Ok(Taken { number, outcome, replayed: true })
    }

    /// A refused entry is one that was taken: the log goes on behind it.
    async fn remember_refusal(&self, number: u64, key: KeyRequest, code: &str) -> Result<Taken, OfflineError> {
        let shard = key_home(&key.scope, &key.key, self.store.shards());
        let unit = Unit { key: Some(key.claim(format!("{REFUSED}{code}"))), ..Unit::default() };
        self.store.commit(shard, self.now(), unit).await?;
        Ok(Taken { number, outcome: TakenOutcome::Refused(code.to_owned()), replayed: false })
    }
}

fn read(
    place: usize,
    service: &str,
    signed: &SignedStatement,
) -> Result<(OfflineEntry, Timestamp, PartyId), OfflineError> {
    let malformed = |reason: String| OfflineError::Malformed { place, reason };
    if signed.body.len() > MAX_BYTES {
        return Err(malformed(format!("it has more than {MAX_BYTES} bytes")));
    }
    let entry: OfflineEntry = serde_json::from_slice(&signed.body).map_err(|error| malformed(error.to_string()))?;
    if entry.service != service {
        return Err(malformed("it is for another service".to_owned()));
    }
    if entry.number == 0 {
        return Err(malformed("numbers begin at 1".to_owned()));
    }
    let at = parse_rfc3339(&entry.at).ok_or_else(|| malformed("`at` is no time".to_owned()))?;
    let device = entry.device.parse().map_err(|_| malformed("`device` is no party's id".to_owned()))?;
    Ok((entry, at, device))
}

fn ask(caller: &Caller, service: &str, entry: OfflineEntry, at: Timestamp) -> Result<AskService, ServiceError> {
    let OfflineEntry { action, input, person, by, attested, .. } = entry;
    let who = match person {
        None => Who::Nobody { by },
        Some(person) => {
            let unknown = ServiceError::WayUnknown(person.clone());
            let person: PersonId = person.parse().map_err(|_| unknown)?;
            match by.as_deref() {
                Some(FACE) => Who::SeenOffline(person),
                Some(_) | None => Who::Person { person, by: by.unwrap_or_default() },
            }
        }
    };
    Ok(AskService {
        caller: caller.clone(),
        service: service.to_owned(),
        action,
        input: if input.is_null() { Value::Object(serde_json::Map::new()) } else { input },
        who,
        instrument: None,
        attested: attested.into_iter().collect(),
        consent: None,
        happened_at: Some(at),
    })
}
