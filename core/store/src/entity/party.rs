//! Parties.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{MerchantId, PartyId};
use tebura_hub::parties::Party;

use super::{id, time};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "party")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub label: String,
    pub merchant: Option<Uuid>,
    pub created_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(party: &Party) -> Self {
        Self {
            id: party.id.uuid(),
            label: party.label.clone(),
            merchant: party.merchant.map(MerchantId::uuid),
            created_at_ms: party.created_at.millis(),
        }
    }

    pub(crate) fn domain(self) -> Party {
        Party {
            id: PartyId::from_uuid(self.id),
            label: self.label,
            merchant: id(self.merchant, MerchantId::from_uuid),
            created_at: time(self.created_at_ms),
        }
    }
}
