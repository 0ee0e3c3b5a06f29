//! The last event number of each shard. Locking the row makes its holder the shard's one writer.

use sea_orm::entity::prelude::*;

use super::Hot;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shard_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    pub seq: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard];
    const CHANGES: &'static [Column] = &[Column::Seq];
    const GUARD: Option<Column> = Some(Column::Seq);
}
