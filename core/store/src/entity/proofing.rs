//! Attempts of people to prove who they are. What is in `sealed` is in `proofing_body.rs`.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{PersonId, ProofingId};
use tebura_hub::proofing::Proofing;
use tebura_hub::rail::PluginId;
use tebura_ledger::Timestamp;
use zeroize::Zeroizing;

use super::proofing_body::Body;
use super::{Damaged, Hot, count, time};
use crate::engine::Failure;
use crate::vault::{PersonKey, Sealed};

const TABLE: &str = "proofing";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proofing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person: Uuid,
    pub plugin: String,
    pub status: String,
    pub sealed: Vec<u8>,
    pub due_at_ms: Option<i64>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, person, plugin, status, sealed, due_at_ms, revision);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(key: &PersonKey, row: &Proofing) -> Result<Self, Failure> {
        let clear = serde_json::to_vec(&Body::of(row)).map_err(|_| Damaged::new(TABLE, "sealed"))?;
        Ok(Self {
            id: row.id.uuid(),
            person: row.person.uuid(),
            plugin: row.plugin.0.clone(),
            status: row.status().name().to_owned(),
            sealed: key.seal(Sealed::Proofing, row.id.uuid(), &Zeroizing::new(clear))?,
            due_at_ms: row.due_at.map(Timestamp::millis),
            revision: i64::from(row.revision),
        })
    }

    pub(crate) fn domain(self, key: &PersonKey) -> Result<Proofing, Failure> {
        let clear = key.open(Sealed::Proofing, self.id, &self.sealed)?;
        let body: Body = serde_json::from_slice(&clear).map_err(|_| Damaged::new(TABLE, "sealed"))?;
        let mut row =
            body.domain(ProofingId::from_uuid(self.id), PersonId::from_uuid(self.person), PluginId(self.plugin))?;
        row.due_at = self.due_at_ms.map(time);
        row.revision = count(TABLE, self.revision)?;
        Ok(row)
    }
}
