//! How the payer of a payment was known, where it was not by the face.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_way")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment: Uuid,
    pub way: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
