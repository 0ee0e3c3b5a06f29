//! Galleries.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::GalleryId;
use tebura_hub::sites::Gallery;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gallery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(gallery: &Gallery) -> Self {
        Self { id: gallery.id.uuid(), name: gallery.name.clone() }
    }

    pub(crate) fn domain(self) -> Gallery {
        Gallery { id: GalleryId::from_uuid(self.id), name: self.name }
    }
}
