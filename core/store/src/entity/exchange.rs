//! Where each operation stands at its rail. `due_at_ms` is null once nothing is left to do.

use sea_orm::entity::prelude::*;
use tebura_hub::exchange::Exchange;
use tebura_ledger::{HoldId, OperationId};

use super::exchange_body::Body;
use super::{Damaged, Hot, count, rail, shard_column};

pub(super) const TABLE: &str = "exchange";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: Uuid,
    pub hold: Uuid,
    pub rail: String,
    pub stage: String,
    pub body: Vec<u8>,
    pub due_at_ms: Option<i64>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(shard, operation, hold, rail, stage, body, due_at_ms, revision);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Operation];
    const CHANGES: &'static [Column] = &[Column::Stage, Column::Body, Column::DueAtMs, Column::Revision];
    const GUARD: Option<Column> = Some(Column::Revision);
}

impl Model {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        // Strings, numbers and bytes in hexadecimal: nothing that JSON cannot say.
        let body = serde_json::to_vec(&Body::of(exchange)).unwrap_or_default();
        Self {
            shard: shard_column(exchange.operation.shard()),
            operation: exchange.operation.uuid(),
            hold: exchange.hold.uuid(),
            rail: exchange.rail.as_str().to_owned(),
            stage: exchange.stage.name().to_owned(),
            body,
            due_at_ms: exchange.stage.is_open().then(|| exchange.due_at.millis()),
            revision: i64::from(exchange.revision),
        }
    }

    pub(crate) fn domain(self) -> Result<Exchange, Damaged> {
        let body: Body = serde_json::from_slice(&self.body).map_err(|_| Damaged::new(TABLE, "body"))?;
        let body = body.parts()?;
        Ok(Exchange {
            operation: OperationId::from_uuid(self.operation),
            hold: HoldId::from_uuid(self.hold),
            rail: rail(TABLE, &self.rail)?,
            digest: body.digest,
            command: body.command,
            purpose: body.purpose,
            stage: body.stage,
            state: body.state,
            ordinal: body.ordinal,
            due_at: body.due_at,
            last_sent_at: body.last_sent_at,
            revision: count(TABLE, self.revision)?,
        })
    }
}
