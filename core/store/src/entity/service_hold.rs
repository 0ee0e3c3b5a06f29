//! Which request to a service placed a hold.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_hold")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hold: Uuid,
    pub request: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
