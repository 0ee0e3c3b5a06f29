//! A person's claims: of every name the newest that still counts, with what it rests on.

use std::collections::BTreeMap;
use std::fmt;

use tebura_ledger::Timestamp;

use super::record::{Proofing, ProofingStage};
use crate::hub::Hub;
use crate::ids::{PersonId, ProofingId};
use crate::ports::ReadError;
use crate::rail::PluginId;

/// One thing that a person has proven.
#[derive(Clone, PartialEq, Eq)]
pub struct ProvenClaim {
    pub name: String,
    pub value: String,
    /// Who vouches: the plugin.
    pub source: PluginId,
    pub proofing: ProofingId,
    pub ial: u8,
    pub aal: u8,
    pub grades: Vec<(String, String)>,
    pub evidence_digest: [u8; 32],
    pub proven_at: Timestamp,
    pub valid_until: Timestamp,
    /// Whose proof it is, where it follows from somebody else's.
    pub derived_from: Option<PersonId>,
}

impl fmt::Debug for ProvenClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvenClaim").field("name", &self.name).field("source", &self.source).finish_non_exhaustive()
    }
}

impl Hub {
    /// What a person has proven and what still counts, by name.
    pub async fn claims(&self, person: PersonId) -> Result<Vec<ProvenClaim>, ReadError> {
        Ok(newest(self.store.proofings_of(person).await?, self.now()))
    }
}

fn newest(sessions: Vec<Proofing>, now: Timestamp) -> Vec<ProvenClaim> {
    let mut by_name: BTreeMap<String, ProvenClaim> = BTreeMap::new();
    for Proofing { id, plugin, stage, .. } in sessions {
        let ProofingStage::Proven(proof) = stage else { continue };
        if proof.valid_until <= now {
            continue;
        }
        for (name, value) in proof.claims {
            let claim = ProvenClaim {
                name: name.clone(),
                value,
                source: plugin.clone(),
                proofing: id,
                ial: proof.ial,
                aal: proof.aal,
                grades: proof.grades.clone(),
                evidence_digest: proof.evidence_digest,
                proven_at: proof.at,
                valid_until: proof.valid_until,
                derived_from: None,
            };
            let older = by_name.get(&name).is_none_or(|known| known.proven_at <= claim.proven_at);
            if older {
                by_name.insert(name, claim);
            }
        }
    }
    by_name.into_values().collect()
}
