//! What a person agreed to: one purpose at a time, in a list that only grows. What counts is the last word about the
//! purpose, said about the text that is shown now.
//!
//! Absent: the texts themselves, and receipts; both are the server's.

use std::collections::BTreeMap;

use tebura_ledger::Timestamp;

use crate::hub::Hub;
use crate::ids::{ConsentId, PersonId};
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};
use crate::privacy::{Outlived, PrivacyWrite};
use crate::set_up::Made;

/// Recognising the person by her face: without it nobody is enrolled or matched.
pub const AUTHENTICATE: &str = "authenticate";
/// Finding the means to pay of who was recognised.
pub const PAYMENT: &str = "payment_instrument";
/// Searching among those only who can be at a place.
pub const NARROW: &str = "narrow_gallery";
/// Answering the person's questions about what was done.
pub const ENQUIRIES: &str = "enquiries";

/// The purposes that every hub declares.
pub const OWN_PURPOSES: [&str; 4] = [AUTHENTICATE, PAYMENT, NARROW, ENQUIRIES];

/// A purpose that is declared to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    pub id: String,
    /// Of its text: a consent counts for the version that it was given for.
    pub version: String,
}

/// Everything that is declared, and the SHA-256 of the notice that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purposes {
    pub list: Vec<Purpose>,
    pub notice_sha256: [u8; 32],
}

impl Default for Purposes {
    fn default() -> Self {
        let list = OWN_PURPOSES.map(|id| Purpose { id: id.to_owned(), version: "1".to_owned() });
        Purposes { list: list.into(), notice_sha256: [0; 32] }
    }
}

impl Purposes {
    /// A declared purpose.
    pub fn find(&self, id: &str) -> Option<&Purpose> {
        self.list.iter().find(|purpose| purpose.id == id)
    }
}

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentState {
    Given,
    Refused,
    Withdrawn,
}

impl ConsentState {
    /// Every state.
    pub const ALL: [ConsentState; 3] = [ConsentState::Given, ConsentState::Refused, ConsentState::Withdrawn];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            ConsentState::Given => "given",
            ConsentState::Refused => "refused",
            ConsentState::Withdrawn => "withdrawn",
        }
    }
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentActor {
    /// The person, on a page of her own.
    Person,
    /// Staff, for a person who said or signed it at a desk.
    Staff,
    /// A guardian, for a person who cannot yet or any more.
    Guardian(PersonId),
}

/// One thing that was said about one purpose. Never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentEvent {
    pub id: ConsentId,
    pub person: PersonId,
    pub purpose: String,
    /// Of the purpose's text.
    pub version: String,
    pub notice_sha256: [u8; 32],
    /// In which it was shown: `ja` or `en`.
    pub language: String,
    pub state: ConsentState,
    pub actor: ConsentActor,
    pub at: Timestamp,
}

/// Something to record.
#[derive(Clone, Debug)]
pub struct NewConsent {
    pub person: PersonId,
    pub purpose: String,
    pub state: ConsentState,
    pub actor: ConsentActor,
    pub language: String,
}

/// Why nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    #[error("the purpose {0:?} is not declared here; GET /v1/purposes lists those that are")]
    PurposeUndeclared(String),
    #[error("the language is `ja` or `en`: the one in which the purpose was shown")]
    LanguageInvalid,
    #[error("there is no person {0}; register the person first")]
    PersonNotFound(PersonId),
    #[error("a guardian speaks for somebody else; {0} speaks for herself")]
    GuardianOfHerself(PersonId),
    #[error("this guardian does not speak for the person ({code}); link them first, or let the person speak")]
    GuardianRefused { code: &'static str },
    #[error("the person has not agreed to {0:?}, so there is nothing to withdraw")]
    NotGiven(String),
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Declares purposes in place of those that were declared before. What was agreed to under another version of a text
    /// counts no more.
    pub fn declare_purposes(&self, purposes: Purposes) {
        *self.purposes.write().unwrap_or_else(std::sync::PoisonError::into_inner) = std::sync::Arc::new(purposes);
    }

    /// What is declared.
    pub fn purposes(&self) -> std::sync::Arc<Purposes> {
        self.purposes.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Records what was said about one purpose. Who takes back, or refuses, to be recognised loses her template in the
    /// same transaction, and is found nowhere from then on.
    pub async fn record_consent(&self, key: KeyRequest, new: NewConsent) -> Result<Made<ConsentEvent>, ConsentError> {
        let NewConsent { person, purpose, state, actor, language } = new;
        let purposes = self.purposes();
        let declared = purposes.find(&purpose).ok_or_else(|| ConsentError::PurposeUndeclared(short(&purpose)))?.clone();
        if !["ja", "en"].contains(&language.as_str()) {
            return Err(ConsentError::LanguageInvalid);
        }
        self.store.person(person).await?.ok_or(ConsentError::PersonNotFound(person))?;
        if actor == ConsentActor::Guardian(person) {
            return Err(ConsentError::GuardianOfHerself(person));
        }
        let before = self.store.consents_of(person).await?;
        if let Some(claimed) = self.store.claimed_key(&key.scope, &key.key).await? {
            let said = key.matches(&claimed).then(|| said_before(before, &claimed.target)).flatten();
            return Ok(Made { row: said.ok_or(ConsentError::KeyReused)?, replayed: true });
        }
        if let ConsentActor::Guardian(guardian) = actor
            && let Err(code) = self.answers_for(guardian, person).await?
        {
            return Err(ConsentError::GuardianRefused { code });
        }
        if state == ConsentState::Withdrawn && last_word(&before, &purpose) != Some(ConsentState::Given) {
            return Err(ConsentError::NotGiven(purpose));
        }
        let now = self.now();
        let row = ConsentEvent {
            id: ConsentId::from_uuid(self.ids.next(person.shard())),
            person,
            purpose,
            version: declared.version,
            notice_sha256: purposes.notice_sha256,
            language,
            state,
            actor,
            at: now,
        };
        let mut writes = vec![Write::Privacy(PrivacyWrite::Consent(row.clone()))];
        let ends = row.purpose == AUTHENTICATE && state != ConsentState::Given;
        if ends {
            writes.extend(self.forget_templates(person).await?);
        }
        let unit = Unit { key: Some(key.claim(row.id)), writes, ..Unit::default() };
        match self.store.commit(person.shard(), now, unit).await {
            Ok(Committed::Done(_)) => {}
            Ok(Committed::Replayed { target }) => {
                let said = said_before(self.store.consents_of(person).await?, &target);
                return Ok(Made { row: said.ok_or(ConsentError::KeyReused)?, replayed: true });
            }
            Err(CommitError::KeyReused) => return Err(ConsentError::KeyReused),
            Err(error) => return Err(error.into()),
        }
        if ends {
            self.galleries.forget(person);
        }
        Ok(Made { row, replayed: false })
    }

    /// Whether a person has agreed to all of these, in the words that are shown now. A purpose that is not declared is
    /// agreed to by nobody.
    pub async fn agreed(&self, person: PersonId, purposes: &[&str]) -> Result<bool, ReadError> {
        let said = self.store.consents_of(person).await?;
        let declared = self.purposes();
        Ok(purposes.iter().all(|id| declared.find(id).is_some_and(|purpose| stands(&said, purpose))))
    }

    /// The last word about each declared purpose, in the order in which they are declared; with whether it counts.
    pub async fn consents(&self, person: PersonId) -> Result<Vec<(Purpose, Option<ConsentEvent>, bool)>, ReadError> {
        let said = self.store.consents_of(person).await?;
        let last: BTreeMap<&str, &ConsentEvent> = said.iter().map(|row| (row.purpose.as_str(), row)).collect();
        let declared = self.purposes();
        let of = |purpose: &Purpose| {
            let said_last = last.get(purpose.id.as_str()).map(|row| (*row).clone());
            (purpose.clone(), said_last, stands(&said, purpose))
        };
        Ok(declared.list.iter().map(of).collect())
    }

    /// The writes that delete everything that a person could be recognised by.
    pub(crate) async fn forget_templates(&self, person: PersonId) -> Result<Vec<Write>, ReadError> {
        let references = self.store.references_of(person).await?;
        let forget = references.iter().map(|row| Outlived::Template { person, reference: row.id });
        Ok(forget.map(|row| Write::Privacy(PrivacyWrite::Forget(row))).collect())
    }
}

fn stands(said: &[ConsentEvent], purpose: &Purpose) -> bool {
    let last = said.iter().rfind(|row| row.purpose == purpose.id);
    last.is_some_and(|row| row.state == ConsentState::Given && row.version == purpose.version)
}

fn last_word(said: &[ConsentEvent], purpose: &str) -> Option<ConsentState> {
    said.iter().rfind(|row| row.purpose == purpose).map(|row| row.state)
}

fn said_before(said: Vec<ConsentEvent>, target: &str) -> Option<ConsentEvent> {
    let id: ConsentId = target.parse().ok()?;
    said.into_iter().find(|row| row.id == id)
}

/// At most as much of a caller's word as a message needs.
fn short(word: &str) -> String {
    word.chars().take(64).collect()
}
