//! Contracts that run.

use sea_orm::entity::prelude::*;
use tebura_hub::contracts::RunningContract;
use tebura_hub::ids::{ContractId, MerchantId};
use tebura_ledger::Timestamp;

use super::{Damaged, Hot, count, json_text, time};

const TABLE: &str = "contract";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contract")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub merchant: Uuid,
    pub terms: String,
    pub progress: String,
    pub due_at_ms: Option<i64>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, merchant, terms, progress, due_at_ms, revision);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(contract: &RunningContract) -> Result<Self, Damaged> {
        Ok(Self {
            id: contract.id.uuid(),
            merchant: contract.merchant.uuid(),
            terms: json_text(TABLE, "terms", &contract.terms)?,
            progress: json_text(TABLE, "progress", &contract.progress)?,
            due_at_ms: contract.due_at.map(Timestamp::millis),
            revision: i64::from(contract.revision),
        })
    }

    pub(crate) fn domain(self) -> Result<RunningContract, Damaged> {
        let damaged = |column| move |_| Damaged::new(TABLE, column);
        Ok(RunningContract {
            id: ContractId::from_uuid(self.id),
            merchant: MerchantId::from_uuid(self.merchant),
            terms: serde_json::from_str(&self.terms).map_err(damaged("terms"))?,
            progress: serde_json::from_str(&self.progress).map_err(damaged("progress"))?,
            due_at: self.due_at_ms.map(time),
            revision: count(TABLE, self.revision)?,
        })
    }
}
