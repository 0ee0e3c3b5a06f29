//! What happened to contracts.

use sea_orm::entity::prelude::*;
use tebura_hub::contracts::ContractEntry;
use tebura_hub::ids::ContractId;

use super::{Damaged, count, json_text, time};

const TABLE: &str = "contract_entry";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contract_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub contract: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub at_ms: i64,
    pub happened: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(entry: &ContractEntry) -> Result<Self, Damaged> {
        Ok(Self {
            contract: entry.contract.uuid(),
            number: i64::from(entry.number),
            at_ms: entry.at.millis(),
            happened: json_text(TABLE, "happened", &entry.happened)?,
        })
    }

    pub(crate) fn domain(self) -> Result<ContractEntry, Damaged> {
        Ok(ContractEntry {
            contract: ContractId::from_uuid(self.contract),
            number: count(TABLE, self.number)?,
            at: time(self.at_ms),
            happened: serde_json::from_str(&self.happened).map_err(|_| Damaged::new(TABLE, "happened"))?,
        })
    }
}
