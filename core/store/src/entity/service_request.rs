//! Requests to services. What was asked and where it stands is sealed in `body`.

use sea_orm::entity::prelude::*;

use super::Hot;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub service: String,
    pub merchant: Uuid,
    pub person: Option<Uuid>,
    pub body: Vec<u8>,
    pub due_at_ms: Option<i64>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(id, service, merchant, person, body, due_at_ms, revision);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}
