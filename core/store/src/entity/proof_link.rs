//! Whose card a link stands for.

use sea_orm::entity::prelude::*;

use super::Hot;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proof_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub link: Vec<u8>,
    pub person: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(link, person);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Link];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}
