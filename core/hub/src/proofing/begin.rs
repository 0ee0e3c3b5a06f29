//! Begins a session: a fresh nonce, the plugin's first step, one transaction.

use std::collections::BTreeSet;

use tebura_ledger::Timestamp;

use super::accept::accept;
use super::prover::ProverDescriptor;
use super::record::{Proofing, ProofingStage, ProofingStatus};
use crate::exchange::Stage;
use crate::hub::Hub;
use crate::ids::{PersonId, ProofingId};
use crate::individual_number;
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};
use crate::rail::{KvWrite, PluginId, RailError};
use crate::set_up::Made;

/// Characters of a purpose.
const MAX_PURPOSE: usize = 64;
/// How long a caller is kept while a far end is asked; the worker goes on after it.
const PATIENCE_MS: i64 = 10_000;

/// A session to begin.
#[derive(Clone, Debug)]
pub struct NewProofing {
    pub person: PersonId,
    pub plugin: PluginId,
    /// Why: a word of the operator's, such as `enrolment`. It becomes a part of what is signed.
    pub purpose: String,
    /// What the person agreed to have stored and to be asked about.
    pub claims: Vec<String>,
    /// `ja` or `en`.
    pub locale: String,
}

/// Why nothing was proven yet. A refusal of evidence is none: it is how a session ends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofingError {
    #[error("the request holds what reads as an Individual Number (個人番号); it is never taken here, leave it out")]
    IndividualNumber,
    #[error("there is no person {0}; register the person first")]
    PersonNotFound(PersonId),
    #[error("no identity plugin {0} is installed; `tebura plugin list` names those that are")]
    PluginNotFound(String),
    #[error(
        "a purpose is 1 to {MAX_PURPOSE} lower-case letters, digits, dots, hyphens and underscores, such as `enrolment`"
    )]
    PurposeInvalid,
    #[error("the locale is `ja` or `en`")]
    LocaleInvalid,
    #[error("name each claim once, and at least one that the person agreed to")]
    ClaimsInvalid,
    #[error("the plugin does not offer the claim {claim:?}; it offers: {offered}")]
    ClaimNotOffered { claim: String, offered: String },
    #[error("there is no proofing {0}; begin one first")]
    NotFound(ProofingId),
    #[error("evidence has a kind and 1 to 16 named parts of together at most {} KiB", super::MAX_EVIDENCE_BYTES / 1024)]
    EvidenceInvalid,
    #[error("evidence was given already and counts once; the proofing is {}", .0.name())]
    EvidenceGiven(ProofingStatus),
    #[error("the proofing is {}: there is no proof to take back", .0.name())]
    NothingProven(ProofingStatus),
    #[error("the challenge is over since {}; begin a new proofing", tebura_ledger::instant::rfc3339(*.0))]
    Expired(Timestamp),
    #[error("the identity plugin cannot begin ({code}): {message}")]
    Plugin { code: String, message: String },
    #[error("the hub is busy; repeat with the same key in {retry_after_ms} ms")]
    Busy { retry_after_ms: u32 },
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Begins a session, and returns it with what the person's device has to do.
    pub async fn begin_proofing(&self, key: KeyRequest, new: NewProofing) -> Result<Made<Proofing>, ProofingError> {
        let NewProofing { person, plugin, purpose, claims, locale } = new;
        let texts = claims.iter().chain([&purpose, &plugin.0]);
        if texts.into_iter().any(|text| individual_number::is_in(text)) {
            return Err(ProofingError::IndividualNumber);
        }
        self.store.person(person).await?.ok_or(ProofingError::PersonNotFound(person))?;
        let prover = self.prover(&plugin).ok_or_else(|| ProofingError::PluginNotFound(plugin.0.clone()))?;
        check(prover.descriptor(), &purpose, &claims, &locale)?;
        if let Some(made) = self.made_before::<ProofingError>(&key).await? {
            return self.proofing_before(&made).await;
        }
        let now = self.now();
        let mut row = Proofing {
            id: ProofingId::from_uuid(self.ids.next(person.shard())),
            person,
            plugin,
            digest: prover.descriptor().digest,
            purpose,
            claims,
            locale,
            nonce: self.ids.secret(),
            created_at: now,
            expires_at: now.plus_ms(prover.descriptor().session_ms),
            stage: ProofingStage::Talking(Stage::Waiting),
            state: Vec::new(),
            ordinal: 0,
            left: false,
            due_at: None,
            revision: 0,
        };
        let step = prover.begin(&row.session(now)).await.map_err(not_begun)?;
        let kv = accept(&mut row, None, step, now);
        row.revision = 1;
        let mut writes = kv_writes(&row.plugin, kv);
        writes.push(Write::Proofing { proofing: row.clone(), expected: 0 });
        let unit = Unit { key: Some(key.claim(row.id)), writes, ..Unit::default() };
        match self.store.commit(person.shard(), now, unit).await? {
            Committed::Done(_) => {
                let row = self.drive_proofing(row, self.now().plus_ms(PATIENCE_MS)).await?;
                Ok(Made { row, replayed: false })
            }
            Committed::Replayed { target } => self.proofing_before(&target).await,
        }
    }

    /// A session as it stands.
    pub async fn proofing(&self, id: ProofingId) -> Result<Proofing, ProofingError> {
        self.store.proofing(id).await?.ok_or(ProofingError::NotFound(id))
    }

    pub(super) async fn proofing_before(&self, target: &str) -> Result<Made<Proofing>, ProofingError> {
        let id = target.parse().map_err(|_| CommitError::KeyReused)?;
        Ok(Made { row: self.proofing(id).await?, replayed: true })
    }

    pub(super) fn proofing_patience(&self) -> Timestamp {
        self.now().plus_ms(PATIENCE_MS)
    }
}

pub(super) fn kv_writes(plugin: &PluginId, writes: Vec<KvWrite>) -> Vec<Write> {
    writes.into_iter().map(|write| Write::Kv { plugin: plugin.clone(), write }).collect()
}

fn check(offer: &ProverDescriptor, purpose: &str, claims: &[String], locale: &str) -> Result<(), ProofingError> {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if !(1..=MAX_PURPOSE).contains(&purpose.len()) || !purpose.bytes().all(word) {
        return Err(ProofingError::PurposeInvalid);
    }
    if !["ja", "en"].contains(&locale) {
        return Err(ProofingError::LocaleInvalid);
    }
    let distinct: BTreeSet<&String> = claims.iter().collect();
    if claims.is_empty() || distinct.len() != claims.len() {
        return Err(ProofingError::ClaimsInvalid);
    }
    match claims.iter().find(|claim| !offer.claims.contains(claim)) {
        Some(claim) => Err(ProofingError::ClaimNotOffered { claim: claim.clone(), offered: offer.claims.join(", ") }),
        None => Ok(()),
    }
}

pub(super) fn not_begun(error: RailError) -> ProofingError {
    match error {
        RailError::Busy { retry_after_ms } => ProofingError::Busy { retry_after_ms },
        RailError::Fault(_) | RailError::Trapped { .. } | RailError::Revoked { .. } | RailError::Stopped { .. } => {
            let fault = crate::machine::fault_of(&error);
            ProofingError::Plugin { code: fault.code, message: individual_number::hidden(&fault.message).into_owned() }
        }
    }
}
