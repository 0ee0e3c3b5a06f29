//! What people said about purposes.

use sea_orm::entity::prelude::*;
use tebura_hub::consent::{ConsentActor, ConsentEvent, ConsentState};
use tebura_hub::ids::{ConsentId, PersonId};

use super::{Damaged, id, time, word};

const TABLE: &str = "consent";
const PERSON: &str = "person";
const STAFF: &str = "staff";
const GUARDIAN: &str = "guardian";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person: Uuid,
    pub purpose: String,
    pub version: String,
    pub notice_sha256: Vec<u8>,
    pub language: String,
    pub state: String,
    pub actor: String,
    pub guardian: Option<Uuid>,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(row: &ConsentEvent) -> Self {
        let (actor, guardian) = match row.actor {
            ConsentActor::Person => (PERSON, None),
            ConsentActor::Staff => (STAFF, None),
            ConsentActor::Guardian(guardian) => (GUARDIAN, Some(guardian.uuid())),
        };
        Self {
            id: row.id.uuid(),
            person: row.person.uuid(),
            purpose: row.purpose.clone(),
            version: row.version.clone(),
            notice_sha256: row.notice_sha256.to_vec(),
            language: row.language.clone(),
            state: row.state.name().to_owned(),
            actor: actor.to_owned(),
            guardian,
            at_ms: row.at.millis(),
        }
    }

    pub(crate) fn domain(self) -> Result<ConsentEvent, Damaged> {
        let actor = match (self.actor.as_str(), id(self.guardian, PersonId::from_uuid)) {
            (PERSON, None) => Some(ConsentActor::Person),
            (STAFF, None) => Some(ConsentActor::Staff),
            (GUARDIAN, Some(guardian)) => Some(ConsentActor::Guardian(guardian)),
            (_, _) => None,
        };
        let state = ConsentState::ALL.into_iter().find(|state| state.name() == self.state);
        Ok(ConsentEvent {
            id: ConsentId::from_uuid(self.id),
            person: PersonId::from_uuid(self.person),
            purpose: self.purpose,
            version: self.version,
            notice_sha256: self.notice_sha256.try_into().map_err(|_| Damaged::new(TABLE, "notice_sha256"))?,
            language: self.language,
            state: word(TABLE, "state", state)?,
            actor: word(TABLE, "actor", actor)?,
            at: time(self.at_ms),
        })
    }
}
