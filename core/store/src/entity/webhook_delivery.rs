//! Events that a webhook endpoint has not taken yet, or never did.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::WebhookEndpointId;
use tebura_hub::webhooks::WebhookDelivery;
use tebura_ledger::{HoldId, Timestamp};

use super::{Damaged, count, id, shard_column, shard_of, time};

const TABLE: &str = "webhook_delivery";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub hold: Option<Uuid>,
    pub attempts: i64,
    pub since_ms: i64,
    pub due_at_ms: i64,
    pub dead_at_ms: Option<i64>,
    pub last: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(row: &WebhookDelivery) -> Self {
        Self {
            endpoint: row.endpoint.uuid(),
            shard: shard_column(row.shard),
            seq: i64::try_from(row.seq).unwrap_or(i64::MAX),
            hold: row.hold.map(HoldId::uuid),
            attempts: i64::from(row.attempts),
            since_ms: row.since.millis(),
            due_at_ms: row.due_at.millis(),
            dead_at_ms: row.dead_at.map(Timestamp::millis),
            last: row.last.clone(),
        }
    }

    pub(crate) fn domain(self) -> Result<WebhookDelivery, Damaged> {
        Ok(WebhookDelivery {
            endpoint: WebhookEndpointId::from_uuid(self.endpoint),
            shard: shard_of(TABLE, self.shard)?,
            seq: u64::try_from(self.seq).map_err(|_| Damaged::new(TABLE, "seq"))?,
            hold: id(self.hold, HoldId::from_uuid),
            attempts: count(TABLE, self.attempts)?,
            since: time(self.since_ms),
            due_at: time(self.due_at_ms),
            dead_at: self.dead_at_ms.map(time),
            last: self.last,
        })
    }
}
