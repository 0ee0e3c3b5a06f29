//! Merchants' accounts, one a rail.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::MerchantId;
use tebura_hub::sites::Payee;
use tebura_ledger::AccountId;

use super::{Damaged, rail};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payee")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub merchant: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rail: String,
    pub account: Uuid,
    pub token: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(payee: &Payee) -> Self {
        Self {
            merchant: payee.merchant.uuid(),
            rail: payee.rail.as_str().to_owned(),
            account: payee.account.uuid(),
            token: payee.token.clone(),
        }
    }

    pub(crate) fn domain(self) -> Result<Payee, Damaged> {
        Ok(Payee {
            merchant: MerchantId::from_uuid(self.merchant),
            rail: rail("payee", &self.rail)?,
            account: AccountId::from_uuid(self.account),
            token: self.token,
        })
    }
}
