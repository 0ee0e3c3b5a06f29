//! Which contract decides about a hold.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contract_hold")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hold: Uuid,
    pub contract: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
