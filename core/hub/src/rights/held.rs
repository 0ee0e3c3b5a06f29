//! Everything that is held about a person, for herself. Templates are told of, never given out.

use tebura_ledger::Account;

use super::RightsRequest;
use crate::consent::ConsentEvent;
use crate::hub::Hub;
use crate::ids::{GalleryId, PersonId};
use crate::payment::Payment;
use crate::people::{EnrolledTemplate, Instrument, Person};
use crate::ports::ReadError;
use crate::proofing::{Proofing, ProvenClaim};
use crate::services::ServiceRequest;
use crate::sites::Gallery;

/// Newest payments and requests of an export; who needs more asks the operator.
const MAX_ROWS: u16 = 5_000;

/// Everything about one person.
pub struct Held {
    pub person: Person,
    /// Each with the balance of its account.
    pub instruments: Vec<(Instrument, Option<Account>)>,
    /// When, and with which pack; never what it looks like.
    pub templates: Vec<EnrolledTemplate>,
    pub galleries: Vec<(GalleryId, Option<Gallery>)>,
    pub proofings: Vec<Proofing>,
    pub claims: Vec<ProvenClaim>,
    pub consents: Vec<ConsentEvent>,
    pub payments: Vec<Payment>,
    pub service_requests: Vec<ServiceRequest>,
    pub requests: Vec<RightsRequest>,
}

impl Hub {
    /// Reads everything that is held about a person; `None`: nothing is.
    pub async fn held_about(&self, person: PersonId) -> Result<Option<Held>, ReadError> {
        let Some(row) = self.store.person(person).await? else { return Ok(None) };
        let mut instruments = Vec::new();
        for instrument in self.store.instruments(person).await? {
            let account = self.store.account(instrument.account).await?;
            instruments.push((instrument, account));
        }
        let mut galleries = Vec::new();
        for (gallery, member) in self.store.gallery_members().await? {
            if member == person {
                galleries.push((gallery, self.store.gallery(gallery).await?));
            }
        }
        let references = self.store.references_of(person).await?;
        Ok(Some(Held {
            person: row,
            instruments,
            templates: references,
            galleries,
            proofings: self.store.proofings_of(person).await?,
            claims: self.claims(person).await?,
            consents: self.store.consents_of(person).await?,
            payments: self.store.payments_of(person, MAX_ROWS).await?,
            service_requests: self.store.service_requests_of(person, MAX_ROWS).await?,
            requests: self.store.rights_requests_of(person).await?,
        }))
    }
}
