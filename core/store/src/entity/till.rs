//! Tills.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{GalleryId, MerchantId, TillId};
use tebura_hub::sites::Till;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "till")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub merchant: Uuid,
    pub name: String,
    pub gallery: Uuid,
    pub pin_above: i64,
    pub max_amount: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(till: &Till) -> Self {
        Self {
            id: till.id.uuid(),
            merchant: till.merchant.uuid(),
            name: till.name.clone(),
            gallery: till.gallery.uuid(),
            pin_above: till.pin_above,
            max_amount: till.max_amount,
        }
    }

    pub(crate) fn domain(self) -> Till {
        Till {
            id: TillId::from_uuid(self.id),
            merchant: MerchantId::from_uuid(self.merchant),
            name: self.name,
            gallery: GalleryId::from_uuid(self.gallery),
            pin_above: self.pin_above,
            max_amount: self.max_amount,
        }
    }
}
