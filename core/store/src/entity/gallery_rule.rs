//! Rules of galleries.

use sea_orm::entity::prelude::*;
use tebura_hub::gallery_rules::{GalleryRule, NightHour};
use tebura_hub::ids::GalleryId;

use super::{Damaged, word};

const TABLE: &str = "gallery_rule";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gallery_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub gallery: Uuid,
    pub kind: String,
    pub first: String,
    pub second: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(gallery: GalleryId, rule: &GalleryRule) -> Self {
        let (kind, first, second) = match rule {
            GalleryRule::Day(night) => ("day", night.hour(), Some(night.offset())),
            GalleryRule::Claim { name, value } => ("claim", name.clone(), Some(value.clone())),
            GalleryRule::FamilyOf(of) => ("family", of.to_string(), None),
        };
        Self { gallery: gallery.uuid(), kind: kind.to_owned(), first, second }
    }

    pub(crate) fn domain(self) -> Result<(GalleryId, GalleryRule), Damaged> {
        let rule = match (self.kind.as_str(), self.second) {
            ("day", Some(offset)) => NightHour::parse(&self.first, &offset).ok().map(GalleryRule::Day),
            ("claim", Some(value)) => Some(GalleryRule::Claim { name: self.first, value }),
            ("family", None) => self.first.parse().ok().map(GalleryRule::FamilyOf),
            (_, Some(_) | None) => None,
        };
        Ok((GalleryId::from_uuid(self.gallery), word(TABLE, "rule", rule)?))
    }
}
