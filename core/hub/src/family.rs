//! A family on one page: a guardian registers her children and acts for whom she answers for.
//!
//! Absent: links to people who are registered already, and proxies of elders; those are made at a desk (`guardians`).

use crate::guardians::{Basis, GuardianError, GuardianLink, Guardianship, MAX_MS, MAX_WARDS, majority_of};
use crate::hub::Hub;
use crate::ids::{GuardianLinkId, PersonId};
use crate::individual_number;
use crate::people::Person;
use crate::perform::KeyRequest;
use crate::ports::{Committed, ReadError, Unit, Write};
use crate::recognition::RecognitionWrite;
use crate::set_up::{Made, checked_name};

/// A child to register.
#[derive(Clone, Debug)]
pub struct NewChild {
    pub guardian: PersonId,
    pub name: String,
    /// As the guardian declares it: `2016-04-01`. Not kept.
    pub born_on: String,
}

impl Hub {
    /// Registers a child together with the link to her guardian, who is proven to be of age. The link lasts until the
    /// child is of age, or ten years.
    pub async fn register_child(&self, key: KeyRequest, new: NewChild) -> Result<Made<GuardianLink>, GuardianError> {
        if let Some(link) = self.made_before::<GuardianError>(&key).await? {
            return Ok(Made { row: self.earlier_link(Some(link)).await?, replayed: true });
        }
        let NewChild { guardian, name, born_on } = new;
        if individual_number::is_in(&name) {
            return Err(GuardianError::IndividualNumber);
        }
        let name = checked_name(&name).map_err(|_| GuardianError::NameInvalid)?;
        self.store.person(guardian).await?.ok_or(GuardianError::PersonNotFound(guardian))?;
        let proof = self.proof_of_age(guardian).await?;
        let now = self.now();
        let majority = majority_of(&born_on, now)?;
        if self.wards_of(guardian).await?.len() >= MAX_WARDS {
            return Err(GuardianError::TooManyWards);
        }
        let shard = self.key_shard(&key);
        let child = Person { id: PersonId::from_uuid(self.ids.next(shard)), name, pin_hash: None, created_at: now };
        let link = GuardianLink {
            id: GuardianLinkId::from_uuid(self.ids.next(shard)),
            guardian,
            ward: child.id,
            kind: Guardianship::Child,
            basis: Basis::Proof(proof),
            until: majority.min(now.plus_ms(MAX_MS)),
            created_at: now,
            ended: None,
        };
        let writes = vec![Write::Person(child), Write::Recognition(RecognitionWrite::Guardian(link.clone()))];
        let unit = Unit { key: Some(key.claim(link.id)), writes, ..Unit::default() };
        match self.store.commit(shard, now, unit).await? {
            Committed::Done(_) => {}
            Committed::Replayed { target } => {
                return Ok(Made { row: self.earlier_link(Some(target)).await?, replayed: true });
            }
        }
        self.follow_family(guardian, link.ward).await?;
        Ok(Made { row: link, replayed: false })
    }

    /// The link by which somebody acts for another now; else the code of the refusal.
    pub async fn acting(
        &self,
        guardian: PersonId,
        ward: PersonId,
    ) -> Result<Result<GuardianLink, &'static str>, ReadError> {
        if let Err(code) = self.answers_for(guardian, ward).await? {
            return Ok(Err(code));
        }
        let now = self.now();
        let links = self.store.guardian_links(ward).await?;
        let link = links.into_iter().find(|link| link.guardian == guardian && link.ward == ward && link.counts(now));
        Ok(link.ok_or("guardian.no_longer"))
    }
}
