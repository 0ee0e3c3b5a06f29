//! The spaces in which templates are kept, each the secret of a rotation, wrapped by the operator's key.

use sea_orm::entity::prelude::*;

use super::Hot;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "template_space")]
pub struct Model {
    /// From 1. Templates of 0 were written before there were spaces, and stand as the model made them.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub kek: String,
    pub wrapped: Vec<u8>,
    pub since_ms: i64,
    /// When the next one began; nothing is written into this one any more.
    pub until_ms: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(number, kek, wrapped, since_ms, until_ms);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Number];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}
