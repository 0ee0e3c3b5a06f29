//! Hands evidence to the plugin: once, while the challenge stands. It is not stored, not logged and not given again.

use super::accept::accept;
use super::begin::{ProofingError, not_begun};
use super::prover::{Evidence, ProofEvent};
use super::record::{Proofing, ProofingStage};
use crate::hub::Hub;
use crate::ids::ProofingId;
use crate::individual_number;
use crate::machine;
use crate::perform::KeyRequest;
use crate::ports::CommitError;
use crate::rail::RailError;
use crate::set_up::Made;

/// Bytes of all parts: a signed message with its certificate has some four thousand.
pub const MAX_EVIDENCE_BYTES: usize = 64 * 1024;
/// Parts of a piece of evidence.
const MAX_PARTS: usize = 16;
/// Characters of a name.
const MAX_NAME: usize = 64;

impl Hub {
    /// Gives the evidence that a challenge asks for. The session says what it proved, or that a far end is still asked.
    pub async fn give_evidence(
        &self,
        key: KeyRequest,
        id: ProofingId,
        evidence: Evidence,
    ) -> Result<Made<Proofing>, ProofingError> {
        check(&evidence)?;
        let mut row = self.proofing(id).await?;
        if let Some(made) = self.made_before::<ProofingError>(&key).await? {
            return self.proofing_before(&made).await;
        }
        let ProofingStage::Challenged(challenge) = &row.stage else {
            let expired = matches!(row.stage, ProofingStage::Expired);
            let at = row.expires_at;
            return Err(if expired { ProofingError::Expired(at) } else { ProofingError::EvidenceGiven(row.status()) });
        };
        let now = self.now();
        if now >= challenge.expires {
            return Err(ProofingError::Expired(challenge.expires));
        }
        let prover = self.prover(&row.plugin).ok_or_else(|| ProofingError::PluginNotFound(row.plugin.0.clone()))?;
        let (session, event) = (row.session(now), ProofEvent::Evidence(evidence));
        let mut step = prover.resume(&session, &row.state, &event).await;
        if matches!(step, Err(RailError::Trapped { .. })) {
            step = prover.resume(&session, &row.state, &event).await;
        }
        let (before, digest) = (row.revision, prover.descriptor().digest);
        row.digest = digest;
        let kv = match step {
            Ok(step) => accept(&mut row, Some(&event), step, now),
            // Nothing was decided: the same evidence can be given again.
            Err(error @ RailError::Busy { .. }) => return Err(not_begun(error)),
            Err(error) => {
                let fault = machine::fault_of(&error);
                row.undecided(&fault.code, individual_number::hidden(&fault.message).into_owned());
                Vec::new()
            }
        };
        drop(event);
        match self.put_proofing(&mut row, before, kv, Some(key)).await {
            Ok(Some(target)) => return self.proofing_before(&target).await,
            Ok(None) => {}
            Err(CommitError::Stale) => {
                let stands = self.proofing(id).await?;
                // Another session took the card's link meanwhile: whose it is now is looked at again.
                let again = stands.revision == before;
                return Err(if again {
                    ProofingError::Busy { retry_after_ms: 200 }
                } else {
                    ProofingError::EvidenceGiven(stands.status())
                });
            }
            Err(error) => return Err(error.into()),
        }
        let row = self.drive_proofing(row, self.proofing_patience()).await?;
        Ok(Made { row, replayed: false })
    }
}

fn check(evidence: &Evidence) -> Result<(), ProofingError> {
    let Evidence { kind, parts } = evidence;
    let name = |text: &str| (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let bytes: usize = parts.iter().map(|(_, bytes)| bytes.len()).sum();
    let fits = (1..=MAX_PARTS).contains(&parts.len()) && bytes <= MAX_EVIDENCE_BYTES;
    if !fits || !name(kind) || !parts.iter().all(|(part, _)| name(part)) {
        return Err(ProofingError::EvidenceInvalid);
    }
    let is_number = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(individual_number::is_in);
    if parts.iter().any(|(part, bytes)| individual_number::is_in(part) || is_number(bytes)) {
        return Err(ProofingError::IndividualNumber);
    }
    Ok(())
}
