//! What the payer of a payment by face wore while she was looked at.

use sea_orm::entity::prelude::*;
use tebura_face::Worn;

use super::Damaged;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_worn")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment: Uuid,
    /// Words of [`Worn`], a blank between two.
    pub worn: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The column's text.
pub(crate) fn text(worn: &[Worn]) -> String {
    worn.iter().map(|worn| worn.word()).collect::<Vec<_>>().join(" ")
}

/// Reads the column; nothing where there is no row.
pub(crate) fn read(text: Option<&str>) -> Result<Vec<Worn>, Damaged> {
    let words = text.into_iter().flat_map(|text| text.split(' '));
    words.map(|word| Worn::from_word(word).ok_or_else(|| Damaged::new("payment_worn", "worn"))).collect()
}
