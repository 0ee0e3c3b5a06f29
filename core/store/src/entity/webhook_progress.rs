//! How far each webhook endpoint has got.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::WebhookEndpointId;
use tebura_hub::webhooks::WebhookProgress;
use tebura_ledger::{Shard, Timestamp};

use super::{Damaged, Hot, count, time, word};

const TABLE: &str = "webhook_progress";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_progress")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint: Uuid,
    /// `0-12 3-4`: shard and sequence.
    pub positions: String,
    pub leased_until_ms: i64,
    pub taken_at_ms: Option<i64>,
    pub failed_at_ms: Option<i64>,
    pub failure: Option<String>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(endpoint, positions, leased_until_ms, taken_at_ms, failed_at_ms, failure, revision);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Endpoint];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    /// As the write after `expected` makes it.
    pub(crate) fn after(progress: &WebhookProgress, expected: u32) -> Self {
        let positions = progress.positions.iter().map(|(shard, seq)| format!("{}-{seq}", shard.number()));
        Self {
            endpoint: progress.endpoint.uuid(),
            positions: positions.collect::<Vec<_>>().join(" "),
            leased_until_ms: progress.leased_until.millis(),
            taken_at_ms: progress.taken_at.map(Timestamp::millis),
            failed_at_ms: progress.failed.as_ref().map(|(at, _)| at.millis()),
            failure: progress.failed.as_ref().map(|(_, reason)| reason.clone()),
            revision: i64::from(expected) + 1,
        }
    }

    pub(crate) fn domain(self) -> Result<WebhookProgress, Damaged> {
        let position = |text: &str| {
            let (shard, seq) = text.split_once('-')?;
            Some((Shard::new(shard.parse().ok()?), seq.parse().ok()?))
        };
        let positions = self.positions.split_whitespace().map(position).collect();
        Ok(WebhookProgress {
            endpoint: WebhookEndpointId::from_uuid(self.endpoint),
            positions: word(TABLE, "positions", positions)?,
            leased_until: time(self.leased_until_ms),
            taken_at: self.taken_at_ms.map(time),
            failed: self.failed_at_ms.map(time).zip(self.failure),
            revision: count(TABLE, self.revision)?,
        })
    }
}
