//! How often the own keys of a service were written.

use sea_orm::entity::prelude::*;

use super::Hot;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: String,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(service, revision);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Service];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}
