//! The wrapped key of each person. Without the row nothing of the person can be opened.

use sea_orm::entity::prelude::*;

use super::Hot;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub person: Uuid,
    pub kek: String,
    pub wrapped: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(person, kek, wrapped);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Person];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}
