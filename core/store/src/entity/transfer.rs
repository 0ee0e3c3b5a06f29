//! Transfers: written once, never changed.

use sea_orm::entity::prelude::*;
use tebura_ledger::{AccountId, HoldId, Money, OperationId, Transfer, TransferId};

use super::{Damaged, Hot, currency, shard_column, time};
use crate::read::books::Posting;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub operation: Uuid,
    pub hold: Option<Uuid>,
    pub debit: Uuid,
    pub credit: Uuid,
    pub amount: i64,
    pub currency: String,
    pub kind: String,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(shard, id, operation, hold, debit, credit, amount, currency, kind, at_ms);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(transfer: &Transfer) -> Self {
        Self {
            shard: shard_column(transfer.id().shard()),
            id: transfer.id().uuid(),
            operation: transfer.operation().uuid(),
            hold: transfer.hold().map(HoldId::uuid),
            debit: transfer.debit().uuid(),
            credit: transfer.credit().uuid(),
            amount: transfer.amount().minor(),
            currency: transfer.amount().currency().code().to_owned(),
            kind: transfer.kind().name().to_owned(),
            at_ms: transfer.at().millis(),
        }
    }

    pub(crate) fn posting(self) -> Result<Posting, Damaged> {
        Ok(Posting {
            id: TransferId::from_uuid(self.id),
            operation: OperationId::from_uuid(self.operation),
            debit: AccountId::from_uuid(self.debit),
            credit: AccountId::from_uuid(self.credit),
            amount: Money::new(self.amount, currency("transfer", &self.currency)?),
            kind: self.kind,
            at: time(self.at_ms),
        })
    }
}
