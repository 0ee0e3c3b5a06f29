//! The last entry of each shard's log: its number and its link. Locking the row makes its holder the shard's one writer.

use sea_orm::entity::prelude::*;
use tebura_hub::audit::Link;
use tebura_ledger::Shard;

use super::{Hot, shard_column};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shard_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    pub seq: i64,
    pub link: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(shard, seq, link);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard];
    const CHANGES: &'static [Column] = &[Column::Seq, Column::Link];
    const GUARD: Option<Column> = Some(Column::Seq);
}

impl Model {
    /// The head of a shard whose log is empty.
    pub(crate) fn first(shard: u8) -> Self {
        let shard = Shard::new(shard);
        Self { shard: shard_column(shard), seq: 0, link: Link::genesis(shard).0.to_vec() }
    }
}
