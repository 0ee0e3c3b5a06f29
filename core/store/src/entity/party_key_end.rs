//! What ended keys of parties, or will.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::PartyKeyId;
use tebura_ledger::Timestamp;

/// Another key takes its place.
pub(crate) const REPLACED: &str = "replaced";
/// It counts no more.
pub(crate) const REVOKED: &str = "revoked";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "party_key_end")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub party_key: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: String,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(key: PartyKeyId, reason: &str, at: Timestamp) -> Self {
        Self { party_key: key.uuid(), reason: reason.to_owned(), at_ms: at.millis() }
    }
}
