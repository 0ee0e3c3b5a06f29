//! Merchants.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::MerchantId;
use tebura_hub::sites::Merchant;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "merchant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub sandbox: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(merchant: &Merchant) -> Self {
        Self { id: merchant.id.uuid(), name: merchant.name.clone(), sandbox: merchant.sandbox }
    }

    pub(crate) fn domain(self) -> Merchant {
        Merchant { id: MerchantId::from_uuid(self.id), name: self.name, sandbox: self.sandbox }
    }
}
