//! What was asked of services, for their figures: no person, no content.

use sea_orm::entity::prelude::*;
use tebura_hub::services::CountedAsk;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_count")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub service: String,
    pub terminal: String,
    pub refused_code: Option<String>,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(row: &CountedAsk) -> Self {
        Self {
            id: row.id,
            service: row.service.clone(),
            terminal: row.terminal.clone(),
            refused_code: row.code.clone(),
            at_ms: row.at.millis(),
        }
    }
}
