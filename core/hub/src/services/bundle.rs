//! Whom a terminal may recognise while it has no network: the people of its service's gallery who agree to be looked for, for
//! one terminal, that asked for it under its own signature, and for a time.
//!
//! Nothing of it is kept but the record that it was made, which is in the audit log. What leaves the hub is sealed by who asks
//! for it. Absent: sealing, and what a terminal does with it.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tebura_face::{BudgetError, MatchPolicy, Scope, Template};
use tebura_ledger::{Shard, Timestamp};

use super::ask::ServiceError;
use super::offline::SignerRefusal;
use crate::budgets::Searcher;
use crate::galleries::pack_name;
use crate::hub::Hub;
use crate::ids::{GalleryId, PartyId, PersonId};
use crate::instant::{parse_rfc3339, rfc3339};
use crate::people::masked;
use crate::perform::KeyRequest;
use crate::ports::{Caller, CommitError, Committed, ReadError, Unit, Write};
use crate::rail::{KvWrite, PluginId};
use crate::recognise::Among;
use crate::statements::jws::JwsError;
use crate::statements::{MAX_BYTES, SKEW_MS, SignedStatement};

/// How long a bundle counts unless the operator says otherwise: as long as a shelter has to stand alone (SHEL-4).
pub const BUNDLE_LIFE_MS: i64 = 72 * 3_600_000;
/// People in one bundle: a district's, and a file that a terminal holds in memory.
pub const MOST_PEOPLE: usize = 20_000;
/// How long a terminal's request may be on its way to the operator.
const REQUEST_LIFE_MS: i64 = 24 * 3_600_000;
/// Where bundles are on record; no plugin's name begins so.
const RECORDS: &str = "#offline-bundles";
/// The way of who was recognised by a bundle.
pub(super) const FACE: &str = "face";

/// What a terminal signs to ask for a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleAsk {
    pub service: String,
    /// The party whose key signs.
    pub device: String,
    /// The public X25519 key that the bundle is sealed to, base64url without padding.
    pub recipient: String,
    /// When it was asked, RFC 3339, by the terminal's clock.
    pub at: String,
}

/// Somebody whom a terminal may recognise. No word about protection is in it.
#[derive(Clone)]
pub struct BundledPerson {
    pub person: PersonId,
    /// See [`masked`]: enough to notice that somebody else was meant.
    pub masked_name: String,
    pub templates: Vec<Template>,
}

/// What a terminal may know for a time. Not to be written anywhere in clear.
#[derive(Clone)]
pub struct OfflineBundle {
    /// 32 hexadecimal digits.
    pub id: String,
    pub service: String,
    pub device: PartyId,
    pub recipient: [u8; 32],
    /// `name@version`.
    pub pack: String,
    pub dims: usize,
    /// Of a sandbox merchant: drawn faces count, and liveness only where the pack claims it.
    pub sandbox: bool,
    /// From the accepted rate and the gallery's size; the lead is twice the pack's, since no PIN stands beside the face.
    pub policy: MatchPolicy,
    pub people: Vec<BundledPerson>,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
}

impl fmt::Debug for OfflineBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineBundle")
            .field("id", &self.id)
            .field("people", &self.people.len())
            .finish_non_exhaustive()
    }
}

/// Why no bundle was made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BundleError {
    #[error("the request is not one ({reason}); make it with `tebura offline request`")]
    Malformed { reason: String },
    #[error(transparent)]
    Service(Box<ServiceError>),
    #[error("the terminal {0} is not one of the service's merchant; register it as a party of that merchant")]
    DeviceNotFound(String),
    #[error("the request's signature is not one: {0}")]
    Signature(JwsError),
    #[error("the terminal's key was revoked; register a new one for a terminal that is in your hands")]
    TerminalRevoked,
    #[error("the request is signed with a key that does not count for this terminal now; register the terminal's key")]
    KeyUnknown,
    #[error("the request's signature does not fit; hand it over unchanged")]
    SignatureWrong,
    #[error("the terminal asked at {}, which is not within the last day; make a new request", rfc3339(*at))]
    NotNow { at: Timestamp },
    #[error("this pack recognises drawings only, and the service's merchant is no sandbox; use a pack for people")]
    PackForDrawings,
    #[error("the service has no gallery; have the operator configure one, or keep the register by card and by hand")]
    NoGallery,
    #[error(transparent)]
    Budget(#[from] BudgetError),
    #[error(
        "nobody in the service's gallery is enrolled and agrees to be looked for; keep the register by card and by hand"
    )]
    Nobody,
    #[error(
        "the gallery has {people} people and a bundle takes {MOST_PEOPLE}; give each district a service of its own"
    )]
    TooMany { people: usize },
    #[error("this bundle is over since {}; make a new request", rfc3339(*at))]
    Over { at: Timestamp },
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<SignerRefusal> for BundleError {
    fn from(refusal: SignerRefusal) -> Self {
        match refusal {
            SignerRefusal::Signature(error) => BundleError::Signature(error),
            SignerRefusal::KeyRevoked => BundleError::TerminalRevoked,
            SignerRefusal::KeyUnknown => BundleError::KeyUnknown,
            SignerRefusal::SignatureWrong => BundleError::SignatureWrong,
            SignerRefusal::Read(error) => BundleError::Read(error),
        }
    }
}

impl From<ServiceError> for BundleError {
    fn from(error: ServiceError) -> Self {
        BundleError::Service(Box::new(error))
    }
}

/// That a bundle was made.
#[derive(Serialize, Deserialize)]
struct Record {
    service: String,
    device: String,
    recipient: String,
    people: usize,
    made_at: i64,
    expires_at: i64,
}

impl Hub {
    /// How long bundles for terminals count from now on.
    pub fn set_bundle_life(&self, life_ms: i64) {
        self.bundle_life_ms.store(life_ms, std::sync::atomic::Ordering::Relaxed);
    }

    /// Puts together whom a terminal may recognise without a network. A repeat with the same key gives the same bundle, with
    /// the people of now.
    pub async fn make_offline_bundle(
        &self,
        caller: &Caller,
        service: &str,
        key: KeyRequest,
        signed: &SignedStatement,
    ) -> Result<OfflineBundle, BundleError> {
        let (at, device, recipient) = read(service, signed)?;
        let instance = self.visible_service(caller, service)?;
        let party = self.store.party(device).await?;
        party
            .filter(|party| party.merchant == Some(instance.config.merchant))
            .ok_or_else(|| BundleError::DeviceNotFound(device.to_string()))?;
        let signer = self.signer(device, at, signed).await?;
        let now = self.now();
        if at > now.plus_ms(SKEW_MS) || at < now.plus_ms(-REQUEST_LIFE_MS) {
            return Err(BundleError::NotNow { at });
        }
        let sandbox = self.merchant(instance.config.merchant).await?.is_some_and(|merchant| merchant.sandbox);
        let pack = self.pack();
        if pack.scope == Scope::DrawnFacesOnly && !sandbox {
            return Err(BundleError::PackForDrawings);
        }
        let gallery = instance.config.gallery.ok_or(BundleError::NoGallery)?;
        let rule = match self.search_rule(self.budget_of(Searcher::Service(service)), gallery) {
            Err(BudgetError::EmptyGallery) => return Err(BundleError::Nobody),
            other => other?,
        };
        let threshold = rule.policy().threshold().value();
        let policy = MatchPolicy::new(threshold, 2.0 * rule.policy().margin());
        let policy = policy.map_err(|_| BudgetError::Curve { threshold })?;
        let people = self.bundled(gallery, &instance.config.purposes).await?;
        let life = self.bundle_life_ms.load(std::sync::atomic::Ordering::Relaxed);
        let expires_at = signer.valid_until.map_or(now.plus_ms(life), |until| until.min(now.plus_ms(life)));
        let record = Record {
            service: service.to_owned(),
            device: device.to_string(),
            recipient: URL_SAFE_NO_PAD.encode(recipient),
            people: people.len(),
            made_at: now.millis(),
            expires_at: expires_at.millis(),
        };
        let (id, record) = self.put_on_record(key, record).await?;
        let (made_at, expires_at) = (Timestamp::from_millis(record.made_at), Timestamp::from_millis(record.expires_at));
        if expires_at <= now {
            return Err(BundleError::Over { at: expires_at });
        }
        Ok(OfflineBundle {
            id,
            service: service.to_owned(),
            device,
            recipient,
            pack: pack_name(pack),
            dims: pack.template_dims,
            sandbox,
            policy,
            people,
            made_at,
            expires_at,
        })
    }

    /// The people of a gallery who can be recognised and agree to it, in the order of their ids.
    async fn bundled(&self, gallery: GalleryId, purposes: &[String]) -> Result<Vec<BundledPerson>, BundleError> {
        let pack = pack_name(self.pack());
        let members = self.store.gallery_members().await?.into_iter();
        let members: BTreeSet<PersonId> = members.filter(|(of, _)| *of == gallery).map(|(_, person)| person).collect();
        if members.len() > MOST_PEOPLE {
            return Err(BundleError::TooMany { people: members.len() });
        }
        let mut people = Vec::new();
        for person in members {
            if !self.agrees_to_be_found(person, Among::Gallery(gallery, None), purposes).await? {
                continue;
            }
            let references = self.store.face_references_of(person).await?.rows;
            let templates: Vec<Template> =
                references.into_iter().filter(|row| row.pack == pack).map(|row| row.template).collect();
            let Some(row) = self.store.person(person).await?.filter(|_| !templates.is_empty()) else { continue };
            people.push(BundledPerson { person, masked_name: masked(&row.name), templates });
        }
        if people.is_empty() { Err(BundleError::Nobody) } else { Ok(people) }
    }

    async fn put_on_record(&self, key: KeyRequest, record: Record) -> Result<(String, Record), BundleError> {
        if let Some(made) = self.made_before::<BundleError>(&key).await? {
            return self.on_record(made).await;
        }
        let shard = self.key_shard(&key);
        let id = self.ids.next(Shard::new(0)).as_simple().to_string();
        let value = serde_json::to_vec(&record).map_err(|error| ReadError { reason: error.to_string() })?;
        let write = KvWrite { key: id.clone(), value: Some(value) };
        let writes = vec![Write::Kv { plugin: PluginId(RECORDS.to_owned()), write }];
        let unit = Unit { key: Some(key.claim(&id)), writes, ..Unit::default() };
        match self.store.commit(shard, self.now(), unit).await? {
            Committed::Done(_) => Ok((id, record)),
            Committed::Replayed { target } => self.on_record(target).await,
        }
    }

    async fn on_record(&self, id: String) -> Result<(String, Record), BundleError> {
        let record = self.bundle_record(&id).await?.ok_or(CommitError::KeyReused)?;
        Ok((id, record))
    }

    async fn bundle_record(&self, id: &str) -> Result<Option<Record>, ReadError> {
        let value = self.store.kv(&PluginId(RECORDS.to_owned()), id).await?;
        value
            .map(|value| serde_json::from_slice(&value))
            .transpose()
            .map_err(|error| ReadError { reason: error.to_string() })
    }

    /// Why an entry may not say that a bundle recognised somebody; `None`: it may.
    pub(super) async fn bundle_refuses(
        &self,
        bundle: Option<&str>,
        service: &str,
        device: PartyId,
        at: Timestamp,
    ) -> Result<Option<&'static str>, ReadError> {
        let record = match bundle {
            Some(id) => self.bundle_record(id).await?,
            None => None,
        };
        let own = record.filter(|record| record.service == service && record.device == device.to_string());
        Ok(match own {
            None => Some("bundle.unknown"),
            Some(record) if at.plus_ms(SKEW_MS).millis() < record.made_at => Some("bundle.not_yet"),
            Some(record) if at.millis() >= record.expires_at => Some("bundle.expired"),
            Some(_) => None,
        })
    }
}

fn read(service: &str, signed: &SignedStatement) -> Result<(Timestamp, PartyId, [u8; 32]), BundleError> {
    let malformed = |reason: String| BundleError::Malformed { reason };
    if signed.body.len() > MAX_BYTES {
        return Err(malformed(format!("it has more than {MAX_BYTES} bytes")));
    }
    let ask: BundleAsk = serde_json::from_slice(&signed.body).map_err(|error| malformed(error.to_string()))?;
    if ask.service != service {
        return Err(malformed("it is for another service".to_owned()));
    }
    let at = parse_rfc3339(&ask.at).ok_or_else(|| malformed("`at` is no time".to_owned()))?;
    let device = ask.device.parse().map_err(|_| malformed("`device` is no party's id".to_owned()))?;
    let recipient = URL_SAFE_NO_PAD.decode(&ask.recipient).ok().and_then(|bytes| bytes.try_into().ok());
    let recipient = recipient.ok_or_else(|| malformed("`recipient` is no X25519 key".to_owned()))?;
    Ok((at, device, recipient))
}
