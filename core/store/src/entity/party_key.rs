//! Public keys of parties, as they were registered.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{PartyId, PartyKeyId};
use tebura_hub::parties::PartyKey;
use tebura_ledger::Timestamp;

use super::{Damaged, time};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "party_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub party: Uuid,
    pub public_key: Vec<u8>,
    pub valid_from_ms: i64,
    pub valid_until_ms: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(key: &PartyKey) -> Self {
        Self {
            id: key.id.uuid(),
            party: key.party.uuid(),
            public_key: key.public_key.to_vec(),
            valid_from_ms: key.valid_from.millis(),
            valid_until_ms: key.valid_until.map(Timestamp::millis),
        }
    }

    /// The key without its end.
    pub(crate) fn domain(self) -> Result<PartyKey, Damaged> {
        let public_key = self.public_key.try_into();
        Ok(PartyKey {
            id: PartyKeyId::from_uuid(self.id),
            party: PartyId::from_uuid(self.party),
            public_key: public_key.map_err(|_| Damaged::new("party_key", "public_key"))?,
            valid_from: time(self.valid_from_ms),
            valid_until: self.valid_until_ms.map(time),
            revoked_at: None,
        })
    }
}
