//! People. The name is sealed with the person's key; PIN tries are counted here.

use sea_orm::entity::prelude::*;
use tebura_hub::ports::PinRecord;

use super::{Damaged, Hot, count, time};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sealed_name: Vec<u8>,
    pub pin_hash: Option<String>,
    pub pin_failed: i64,
    pub pin_locked_until_ms: Option<i64>,
    pub created_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, sealed_name, pin_hash, pin_failed, pin_locked_until_ms, created_at_ms);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn pin(self) -> Result<PinRecord, Damaged> {
        Ok(PinRecord {
            hash: self.pin_hash,
            failed: count("person", self.pin_failed)?,
            locked_until: self.pin_locked_until_ms.map(time),
        })
    }
}
