//! Tickets that open the enrolment page, and the pages that they opened.

use sea_orm::entity::prelude::*;
use tebura_hub::enroll::{Enrolment, ProofRule};
use tebura_hub::ids::{EnrolmentId, GalleryId, PersonId};
use tebura_ledger::Timestamp;

use super::{Damaged, Hot, count, id, time, word};

const TABLE: &str = "enrolment";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrolment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub issuer: String,
    pub person: Option<Uuid>,
    pub galleries: String,
    pub proof: String,
    pub created_at_ms: i64,
    pub opened_at_ms: Option<i64>,
    pub ends_at_ms: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, issuer, person, galleries, proof, created_at_ms, opened_at_ms, ends_at_ms, revision,);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(row: &Enrolment) -> Self {
        let galleries: Vec<String> = row.galleries.iter().map(ToString::to_string).collect();
        Self {
            id: row.id.uuid(),
            issuer: row.issuer.clone(),
            person: row.person.map(PersonId::uuid),
            galleries: galleries.join(" "),
            proof: row.proof.name().to_owned(),
            created_at_ms: row.created_at.millis(),
            opened_at_ms: row.opened_at.map(Timestamp::millis),
            ends_at_ms: row.ends_at.millis(),
            revision: i64::from(row.revision),
        }
    }

    pub(crate) fn domain(self) -> Result<Enrolment, Damaged> {
        let galleries: Option<Vec<GalleryId>> =
            self.galleries.split_whitespace().map(|gallery| gallery.parse().ok()).collect();
        let proof = ProofRule::ALL.into_iter().find(|rule| rule.name() == self.proof);
        Ok(Enrolment {
            id: EnrolmentId::from_uuid(self.id),
            issuer: self.issuer,
            person: id(self.person, PersonId::from_uuid),
            galleries: word(TABLE, "galleries", galleries)?,
            proof: word(TABLE, "proof", proof)?,
            created_at: time(self.created_at_ms),
            opened_at: self.opened_at_ms.map(time),
            ends_at: time(self.ends_at_ms),
            revision: count(TABLE, self.revision)?,
        })
    }
}
