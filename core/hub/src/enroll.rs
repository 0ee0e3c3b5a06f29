//! Enrolment by ticket: staff hand one out, it opens the page once, and what is done there is done for one person.
//!
//! Each step is a verb of its own, in the order that the person likes; what is still missing follows from the records.
//! Absent: the ticket's secret, which is the server's, and the page.

use tebura_ledger::Timestamp;

use crate::consent::NARROW;
use crate::hub::Hub;
use crate::ids::{EnrolmentId, GalleryId, PersonId};
use crate::individual_number;
use crate::people::Person;
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};
use crate::privacy::PrivacyWrite;
use crate::set_up::{Made, SetUpError, checked_name};

/// How long a ticket waits to be opened: it is read off a screen or a slip at once.
pub const TICKET_MS: i64 = 15 * 60_000;
/// How long the page works after that: time to read, to fetch a card, and to start again once.
pub const PAGE_MS: i64 = 45 * 60_000;
/// Galleries that one ticket may admit to.
const MAX_GALLERIES: usize = 16;

/// Whether the person has to prove who she is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofRule {
    /// Staff have looked at a document.
    Skipped,
    /// The person may; she may go on without.
    Offered,
    /// No face is enrolled before it.
    Required,
}

impl ProofRule {
    /// Every rule.
    pub const ALL: [ProofRule; 3] = [ProofRule::Skipped, ProofRule::Offered, ProofRule::Required];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            ProofRule::Skipped => "skipped",
            ProofRule::Offered => "offered",
            ProofRule::Required => "required",
        }
    }
}

/// A ticket and the page that it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    pub id: EnrolmentId,
    /// The id of the key that issued it.
    pub issuer: String,
    /// Whose it is: given with the ticket for somebody who is registered, else as soon as she has written her name.
    pub person: Option<PersonId>,
    /// Where the person is admitted once her face is enrolled.
    pub galleries: Vec<GalleryId>,
    pub proof: ProofRule,
    pub created_at: Timestamp,
    pub opened_at: Option<Timestamp>,
    /// Of the ticket, until it is opened; then of the page.
    pub ends_at: Timestamp,
    /// Counts up with every write; a writer names the one it read.
    pub revision: u32,
}

/// A ticket to issue.
#[derive(Clone, Debug)]
pub struct NewEnrolment {
    pub person: Option<PersonId>,
    pub galleries: Vec<GalleryId>,
    pub proof: ProofRule,
}

/// Why an enrolment does not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    #[error("a ticket admits to at most {MAX_GALLERIES} galleries, each named once")]
    GalleriesInvalid,
    #[error("there is no gallery {0}; create it first")]
    GalleryNotFound(GalleryId),
    #[error("there is no person {0}; leave the person out to register a new one")]
    PersonNotFound(PersonId),
    #[error("there is no such ticket; ask for a new one at the desk")]
    NotFound,
    #[error("the ticket was opened before; it opens one page once, ask for a new one at the desk")]
    TicketUsed,
    #[error("the ticket or the page is over; ask for a new ticket at the desk")]
    Over,
    #[error("write the name first")]
    NoPersonYet,
    #[error("the name holds what reads as an Individual Number (個人番号); it is never taken here, leave it out")]
    IndividualNumber,
    #[error("a name has 1 to 100 characters and no control characters")]
    NameInvalid,
    #[error("somebody went on with this page elsewhere; load it again")]
    Stale,
    #[error("prove who you are first: the place where you got the ticket asks for it")]
    ProofNeeded,
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error(transparent)]
    Commit(CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<CommitError> for EnrolmentError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::KeyReused => EnrolmentError::KeyReused,
            CommitError::Stale => EnrolmentError::Stale,
            CommitError::Refused(_)
            | CommitError::Busy { .. }
            | CommitError::Rejected { .. }
            | CommitError::Unavailable { .. } => EnrolmentError::Commit(error),
        }
    }
}

impl Hub {
    /// Issues a ticket.
    pub async fn issue_enrolment(&self, key: KeyRequest, new: NewEnrolment) -> Result<Made<Enrolment>, EnrolmentError> {
        let NewEnrolment { person, galleries, proof } = new;
        let distinct: std::collections::BTreeSet<_> = galleries.iter().collect();
        if galleries.len() > MAX_GALLERIES || distinct.len() != galleries.len() {
            return Err(EnrolmentError::GalleriesInvalid);
        }
        for gallery in &galleries {
            self.store.gallery(*gallery).await?.ok_or(EnrolmentError::GalleryNotFound(*gallery))?;
        }
        if let Some(person) = person {
            self.store.person(person).await?.ok_or(EnrolmentError::PersonNotFound(person))?;
        }
        let (now, shard) = (self.now(), self.key_shard(&key));
        let row = Enrolment {
            id: EnrolmentId::from_uuid(self.ids.next(shard)),
            issuer: key.scope.clone(),
            person,
            galleries,
            proof,
            created_at: now,
            opened_at: None,
            ends_at: now.plus_ms(TICKET_MS),
            revision: 1,
        };
        let write = PrivacyWrite::Enrolment { enrolment: row.clone(), expected: 0 };
        let unit = Unit { key: Some(key.claim(row.id)), writes: vec![Write::Privacy(write)], ..Unit::default() };
        match self.store.commit(shard, now, unit).await? {
            Committed::Done(_) => Ok(Made { row, replayed: false }),
            Committed::Replayed { target } => {
                let id = target.parse().map_err(|_| EnrolmentError::KeyReused)?;
                let row = self.store.enrolment(id).await?.ok_or(EnrolmentError::NotFound)?;
                Ok(Made { row, replayed: true })
            }
        }
    }

    /// Opens a ticket: once, in time.
    pub async fn open_enrolment(&self, id: EnrolmentId) -> Result<Enrolment, EnrolmentError> {
        let row = self.store.enrolment(id).await?.ok_or(EnrolmentError::NotFound)?;
        if row.opened_at.is_some() {
            return Err(EnrolmentError::TicketUsed);
        }
        let now = self.now();
        if now >= row.ends_at {
            return Err(EnrolmentError::Over);
        }
        let opened = Enrolment { opened_at: Some(now), ends_at: now.plus_ms(PAGE_MS), ..row };
        match self.put_enrolment(opened).await {
            Err(EnrolmentError::Stale) => Err(EnrolmentError::TicketUsed),
            result => result,
        }
    }

    /// An enrolment whose page is open.
    pub async fn open_page(&self, id: EnrolmentId) -> Result<Enrolment, EnrolmentError> {
        let row = self.store.enrolment(id).await?.ok_or(EnrolmentError::NotFound)?;
        if row.opened_at.is_none() || self.now() >= row.ends_at {
            return Err(EnrolmentError::Over);
        }
        Ok(row)
    }

    /// Writes the person's name: registers her, or corrects what is held of her.
    pub async fn write_details(
        &self,
        key: KeyRequest,
        id: EnrolmentId,
        name: &str,
    ) -> Result<Made<Person>, EnrolmentError> {
        if individual_number::is_in(name) {
            return Err(EnrolmentError::IndividualNumber);
        }
        let name = checked_name(name).map_err(|_: SetUpError| EnrolmentError::NameInvalid)?;
        let row = self.open_page(id).await?;
        let (now, expected) = (self.now(), row.revision);
        let known = match row.person {
            Some(person) => self.store.person(person).await?,
            None => None,
        };
        let (person, mut writes) = match known {
            Some(known) => (Person { name, ..known }, Vec::new()),
            None => {
                let person = PersonId::from_uuid(self.ids.next(row.id.shard()));
                let owned = Enrolment { person: Some(person), revision: expected + 1, ..row };
                let owned = PrivacyWrite::Enrolment { enrolment: owned, expected };
                (Person { id: person, name, pin_hash: None, created_at: now }, vec![Write::Privacy(owned)])
            }
        };
        writes.insert(0, Write::Person(person.clone()));
        let unit = Unit { key: Some(key.claim(person.id)), writes, ..Unit::default() };
        match self.store.commit(id.shard(), now, unit).await? {
            Committed::Done(_) => Ok(Made { row: person, replayed: false }),
            Committed::Replayed { target } => {
                let person = target.parse().map_err(|_| EnrolmentError::KeyReused)?;
                let row = self.store.person(person).await?.ok_or(EnrolmentError::NoPersonYet)?;
                Ok(Made { row, replayed: true })
            }
        }
    }

    /// Whether the ticket's place is content with what the person has proven.
    pub async fn proof_suffices(&self, row: &Enrolment) -> Result<bool, EnrolmentError> {
        match (row.proof, row.person) {
            (ProofRule::Skipped | ProofRule::Offered, _) => Ok(true),
            (ProofRule::Required, None) => Ok(false),
            (ProofRule::Required, Some(person)) => {
                let claims = self.claims(person).await?;
                Ok(!claims.is_empty())
            }
        }
    }

    /// Admits an enrolled person, or her ward, where the ticket says, if she agreed to be looked for there.
    pub async fn admit_enrolled(&self, row: &Enrolment, person: PersonId) -> Result<bool, EnrolmentError> {
        if !self.agreed(person, &[NARROW]).await? {
            return Ok(false);
        }
        for gallery in &row.galleries {
            self.set_gallery_member(*gallery, person, true).await.map_err(not_admitted)?;
        }
        Ok(!row.galleries.is_empty())
    }

    /// Closes the page. What was done stays done.
    pub async fn finish_enrolment(&self, id: EnrolmentId) -> Result<Enrolment, EnrolmentError> {
        let row = self.open_page(id).await?;
        self.put_enrolment(Enrolment { ends_at: self.now(), ..row }).await
    }

    async fn put_enrolment(&self, row: Enrolment) -> Result<Enrolment, EnrolmentError> {
        let expected = row.revision;
        let row = Enrolment { revision: expected + 1, ..row };
        let write = PrivacyWrite::Enrolment { enrolment: row.clone(), expected };
        let unit = Unit { writes: vec![Write::Privacy(write)], ..Unit::default() };
        self.store.commit(row.id.shard(), self.now(), unit).await?;
        Ok(row)
    }
}

fn not_admitted(error: SetUpError) -> EnrolmentError {
    if let SetUpError::Read(error) = error {
        return EnrolmentError::Read(error);
    }
    if let SetUpError::Commit(error) = error {
        return EnrolmentError::Commit(error);
    }
    // The gallery was there when the ticket was issued.
    EnrolmentError::Commit(CommitError::Rejected { reason: error.to_string() })
}
