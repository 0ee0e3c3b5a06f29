//! Events, numbered within their shard.

use sea_orm::entity::prelude::*;
use tebura_hub::ports::StoredEvent;
use tebura_ledger::{AccountId, Event, EventKind, HoldId, Money, OperationId, Shard, Status};

use super::{Damaged, Hot, count, currency, id, minor, shard_column, shard_of, time, word};

const TABLE: &str = "event";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub kind: String,
    pub hold: Option<Uuid>,
    pub operation: Option<Uuid>,
    pub payer: Option<Uuid>,
    pub payee: Option<Uuid>,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub hold_version: Option<i64>,
    pub status: Option<String>,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Seq];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(shard: Shard, seq: i64, event: &Event) -> Self {
        Self {
            shard: shard_column(shard),
            seq,
            kind: event.kind.name().to_owned(),
            hold: event.hold.map(HoldId::uuid),
            operation: event.operation.map(OperationId::uuid),
            payer: event.payer.map(AccountId::uuid),
            payee: event.payee.map(AccountId::uuid),
            amount: minor(event.amount),
            currency: event.amount.map(|amount| amount.currency().code().to_owned()),
            hold_version: event.hold_version.map(i64::from),
            status: event.status.map(|status| status.name().to_owned()),
            at_ms: event.at.millis(),
        }
    }

    pub(crate) fn domain(&self) -> Result<StoredEvent, Damaged> {
        let amount = match (self.amount, &self.currency) {
            (Some(amount), Some(code)) => Some(Money::new(amount, currency(TABLE, code)?)),
            (None, None) => None,
            (Some(_) | None, Some(_) | None) => return Err(Damaged::new(TABLE, "amount")),
        };
        let status = |text: &String| word(TABLE, "status", Status::from_name(text));
        let event = Event {
            kind: word(TABLE, "kind", EventKind::from_name(&self.kind))?,
            hold: id(self.hold, HoldId::from_uuid),
            operation: id(self.operation, OperationId::from_uuid),
            payer: id(self.payer, AccountId::from_uuid),
            payee: id(self.payee, AccountId::from_uuid),
            amount,
            hold_version: self.hold_version.map(|version| count(TABLE, version)).transpose()?,
            status: self.status.as_ref().map(status).transpose()?,
            at: time(self.at_ms),
        };
        let seq = u64::try_from(self.seq).map_err(|_| Damaged::new(TABLE, "seq"))?;
        Ok(StoredEvent { shard: shard_of(TABLE, self.shard)?, seq, event })
    }
}
