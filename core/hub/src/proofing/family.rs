//! What is known of somebody beside her own proofs: a child lives where its guardian is proven to live, as long as that proof
//! and the guardianship count; and a guardian has so many children here.
//!
//! What a child has proven itself comes first. Absent: children of parents who live apart; the newest proof counts.

use super::claims::ProvenClaim;
use crate::guardians::{GuardianLink, Guardianship};
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::ports::ReadError;

/// What a proof says of where somebody lives.
const MUNICIPALITY: &str = "municipality";
/// What services call it.
const RESIDENCE: &str = "residence";
/// How many children somebody is the guardian of.
const LINKED_CHILDREN: &str = "linked-children";

impl Hub {
    /// A person's claims, and a child's residence, which follows from a guardian's: it says from whose, and ends with the
    /// guardian's proof or with the guardianship.
    pub async fn claims_with_family(&self, person: PersonId) -> Result<Vec<ProvenClaim>, ReadError> {
        let mut claims = self.claims(person).await?;
        if claims.iter().any(|claim| [MUNICIPALITY, RESIDENCE].contains(&claim.name.as_str())) {
            return Ok(claims);
        }
        let mut newest: Option<ProvenClaim> = None;
        for link in self.child_links(person).await?.into_iter().filter(|link| link.ward == person) {
            for claim in self.claims(link.guardian).await? {
                let newer = newest.as_ref().is_none_or(|known| known.proven_at <= claim.proven_at);
                if [MUNICIPALITY, RESIDENCE].contains(&claim.name.as_str()) && newer {
                    let valid_until = claim.valid_until.min(link.until);
                    newest = Some(ProvenClaim { valid_until, derived_from: Some(link.guardian), ..claim });
                }
            }
        }
        claims.extend(newest);
        Ok(claims)
    }

    /// Names and values of what a service may be told as proven.
    pub(crate) async fn claims_for_services(&self, person: PersonId) -> Result<Vec<(String, String)>, ReadError> {
        let claims = self.claims_with_family(person).await?;
        let mut told: Vec<(String, String)> = claims.into_iter().map(|claim| (claim.name, claim.value)).collect();
        let lives = told.iter().find(|(name, _)| name == MUNICIPALITY).map(|(_, value)| value.clone());
        if let Some(lives) = lives.filter(|_| !told.iter().any(|(name, _)| name == RESIDENCE)) {
            told.push((RESIDENCE.to_owned(), lives));
        }
        let children = self.child_links(person).await?.iter().filter(|link| link.guardian == person).count();
        // Of somebody without links nothing is known: her children may be nobody's here yet.
        if children > 0 {
            told.push((LINKED_CHILDREN.to_owned(), children.to_string()));
        }
        Ok(told)
    }

    /// Links of guardian and child that count now.
    async fn child_links(&self, person: PersonId) -> Result<Vec<GuardianLink>, ReadError> {
        let now = self.now();
        let links = self.store.guardian_links(person).await?;
        Ok(links.into_iter().filter(|link| link.kind == Guardianship::Child && link.counts(now)).collect())
    }
}
