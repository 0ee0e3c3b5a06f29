//! Asks, and answers.

use tebura_ledger::Timestamp;

use super::{DAY_MS, RightsKind, RightsRequest, RightsState};
use crate::hub::Hub;
use crate::ids::{PersonId, RightsRequestId};
use crate::individual_number;
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};
use crate::privacy::PrivacyWrite;
use crate::set_up::Made;

/// Characters of a note or of a reason.
const MAX_NOTE: usize = 500;

/// A request to record.
#[derive(Clone, Debug)]
pub struct NewRightsRequest {
    pub person: PersonId,
    pub kind: RightsKind,
    pub note: Option<String>,
}

/// Why a request was not recorded or answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RightsError {
    #[error("a note has 1 to {MAX_NOTE} characters, without control characters other than new lines")]
    NoteInvalid,
    #[error("the note holds what reads as an Individual Number (個人番号); it is never taken here, leave it out")]
    IndividualNumber,
    #[error("there is no person {0}; check the id")]
    PersonNotFound(PersonId),
    #[error("there is no request {0}; check the id")]
    NotFound(RightsRequestId),
    #[error("the request was answered before; it is {0}")]
    Answered(&'static str),
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Records what a person asks for. Somebody has to answer it before its deadline.
    pub async fn ask_about_data(
        &self,
        key: KeyRequest,
        new: NewRightsRequest,
    ) -> Result<Made<RightsRequest>, RightsError> {
        let NewRightsRequest { person, kind, note } = new;
        let note = note.map(checked).transpose()?;
        self.store.person(person).await?.ok_or(RightsError::PersonNotFound(person))?;
        let row = self.new_request(person, kind, note);
        let write = PrivacyWrite::Request { request: row.clone(), expected: 0 };
        let unit = Unit { key: Some(key.claim(row.id)), writes: vec![Write::Privacy(write)], ..Unit::default() };
        match self.store.commit(person.shard(), self.now(), unit).await {
            Ok(Committed::Done(_)) => Ok(Made { row, replayed: false }),
            Ok(Committed::Replayed { target }) => {
                let id = target.parse().map_err(|_| RightsError::KeyReused)?;
                let row = self.store.rights_request(id).await?.ok_or(RightsError::NotFound(id))?;
                Ok(Made { row, replayed: true })
            }
            Err(CommitError::KeyReused) => Err(RightsError::KeyReused),
            Err(error) => Err(error.into()),
        }
    }

    /// Says how a request ended. `reason`: why it was not granted; what was granted was done before.
    pub async fn answer_about_data(
        &self,
        id: RightsRequestId,
        reason: Option<String>,
    ) -> Result<RightsRequest, RightsError> {
        let reason = reason.map(checked).transpose()?;
        let row = self.store.rights_request(id).await?.ok_or(RightsError::NotFound(id))?;
        if !row.is_open() {
            return Err(RightsError::Answered(row.state.name()));
        }
        let (at, expected) = (self.now(), row.revision);
        let state = match reason {
            None => RightsState::Done { at },
            Some(reason) => RightsState::Refused { at, reason },
        };
        let row = RightsRequest { state, revision: expected + 1, ..row };
        let write = PrivacyWrite::Request { request: row.clone(), expected };
        let unit = Unit { writes: vec![Write::Privacy(write)], ..Unit::default() };
        match self.store.commit(row.person.shard(), at, unit).await {
            Ok(_) => Ok(row),
            Err(CommitError::Stale) => Err(RightsError::Answered("answered")),
            Err(error) => Err(error.into()),
        }
    }

    /// An open request, with the deadline that the operator promises.
    pub(super) fn new_request(&self, person: PersonId, kind: RightsKind, note: Option<String>) -> RightsRequest {
        let now: Timestamp = self.now();
        let days = self.sweeper.retention().answer_days;
        RightsRequest {
            id: RightsRequestId::from_uuid(self.ids.next(person.shard())),
            person,
            kind,
            note,
            created_at: now,
            due_at: now.plus_ms(i64::from(days) * DAY_MS),
            state: RightsState::Open,
            revision: 1,
        }
    }
}

fn checked(text: String) -> Result<String, RightsError> {
    let text = text.trim();
    if individual_number::is_in(text) {
        return Err(RightsError::IndividualNumber);
    }
    let fits = (1..=MAX_NOTE).contains(&text.chars().count());
    let clean = !text.chars().any(|character| character.is_control() && character != '\n');
    (fits && clean).then(|| text.to_owned()).ok_or(RightsError::NoteInvalid)
}
