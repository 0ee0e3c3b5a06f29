//! Claimed idempotency keys.

use sea_orm::entity::prelude::*;
use tebura_hub::ports::{ClaimedKey, KeyClaim};
use tebura_ledger::{Shard, Timestamp};

use super::{Damaged, Hot, shard_column};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub fingerprint: Vec<u8>,
    pub target: String,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(shard, scope, key, fingerprint, target, at_ms);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Scope, Column::Key];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(shard: Shard, claim: &KeyClaim, now: Timestamp) -> Self {
        Self {
            shard: shard_column(shard),
            scope: claim.scope.clone(),
            key: claim.key.clone(),
            fingerprint: claim.fingerprint.to_vec(),
            target: claim.target.clone(),
            at_ms: now.millis(),
        }
    }

    pub(crate) fn domain(self) -> Result<ClaimedKey, Damaged> {
        let fingerprint = self.fingerprint.try_into();
        let fingerprint = fingerprint.map_err(|_| Damaged::new("idempotency_key", "fingerprint"))?;
        Ok(ClaimedKey { fingerprint, target: self.target })
    }
}
