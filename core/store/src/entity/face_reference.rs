//! Enrolled templates, sealed with the person's key.

use sea_orm::entity::prelude::*;

use super::Hot;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "face_reference")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person: Uuid,
    pub pack: String,
    pub sealed_template: Vec<u8>,
    pub created_at_ms: i64,
    /// The template space that it stands in.
    pub space: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, person, pack, sealed_template, created_at_ms, space);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}
