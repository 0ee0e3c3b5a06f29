//! What people ask about their own data. Words are sealed with the person's key, and unreadable once it is gone.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tebura_hub::ids::{PersonId, RightsRequestId};
use tebura_hub::rights::{RightsKind, RightsRequest, RightsState};
use tebura_ledger::Timestamp;
use zeroize::Zeroizing;

use super::{Damaged, Hot, count, time, word};
use crate::engine::Failure;
use crate::vault::{PersonKey, Sealed};

const TABLE: &str = "rights_request";
const OPEN: &str = "open";
const DONE: &str = "done";
const REFUSED: &str = "refused";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rights_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person: Uuid,
    pub kind: String,
    pub sealed_words: Option<Vec<u8>>,
    pub created_at_ms: i64,
    pub due_at_ms: i64,
    pub state: String,
    pub ended_at_ms: Option<i64>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, person, kind, sealed_words, created_at_ms, due_at_ms, state, ended_at_ms, revision,);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

/// What is sealed. Names are never reused, since rows outlive the program that wrote them.
#[derive(Default, Serialize, Deserialize)]
struct Words {
    note: Option<String>,
    reason: Option<String>,
}

impl Model {
    /// `key`: `None` once the person was erased; her words are not written then.
    pub(crate) fn of(key: Option<&PersonKey>, row: &RightsRequest) -> Result<Self, Failure> {
        let (ended_at, reason) = match &row.state {
            RightsState::Open => (None, None),
            RightsState::Done { at } => (Some(*at), None),
            RightsState::Refused { at, reason } => (Some(*at), Some(reason.clone())),
        };
        let words = Words { note: row.note.clone(), reason };
        let sealed_words = match key {
            Some(key) if words.note.is_some() || words.reason.is_some() => {
                let clear = serde_json::to_vec(&words).map_err(|_| Damaged::new(TABLE, "sealed_words"))?;
                Some(key.seal(Sealed::Rights, row.id.uuid(), &Zeroizing::new(clear))?)
            }
            Some(_) | None => None,
        };
        Ok(Self {
            id: row.id.uuid(),
            person: row.person.uuid(),
            kind: row.kind.name().to_owned(),
            sealed_words,
            created_at_ms: row.created_at.millis(),
            due_at_ms: row.due_at.millis(),
            state: row.state.name().to_owned(),
            ended_at_ms: ended_at.map(Timestamp::millis),
            revision: i64::from(row.revision),
        })
    }

    pub(crate) fn domain(self, key: Option<&PersonKey>) -> Result<RightsRequest, Failure> {
        let words: Words = match (key, &self.sealed_words) {
            (Some(key), Some(sealed)) => {
                let clear = key.open(Sealed::Rights, self.id, sealed)?;
                serde_json::from_slice(&clear).map_err(|_| Damaged::new(TABLE, "sealed_words"))?
            }
            (_, _) => Words::default(),
        };
        let kind = RightsKind::ALL.into_iter().find(|kind| kind.name() == self.kind);
        let state = match (self.state.as_str(), self.ended_at_ms.map(time)) {
            (OPEN, None) => Some(RightsState::Open),
            (DONE, Some(at)) => Some(RightsState::Done { at }),
            (REFUSED, Some(at)) => Some(RightsState::Refused { at, reason: words.reason.unwrap_or_default() }),
            (_, _) => None,
        };
        Ok(RightsRequest {
            id: RightsRequestId::from_uuid(self.id),
            person: PersonId::from_uuid(self.person),
            kind: word(TABLE, "kind", kind)?,
            note: words.note,
            created_at: time(self.created_at_ms),
            due_at: time(self.due_at_ms),
            state: word(TABLE, "state", state)?,
            revision: count(TABLE, self.revision)?,
        })
    }
}
