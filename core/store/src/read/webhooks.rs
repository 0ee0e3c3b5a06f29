//! Reads of webhooks' rows, and of the log by place.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tebura_hub::ids::{MerchantId, WebhookEndpointId};
use tebura_hub::ports::StoredEvent;
use tebura_hub::webhooks::{WebhookDelivery, WebhookEndpoint, WebhookProgress};
use tebura_ledger::{Shard, Timestamp, Uuid};

use super::Unread;
use crate::entity::{
    event, shard_column, shard_head, shard_of, webhook_delivery, webhook_endpoint, webhook_progress, webhook_signing,
};
use crate::vault::Vault;

pub(super) async fn endpoint(
    reader: &DatabaseConnection,
    vault: &Vault,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, Unread> {
    let row = webhook_endpoint::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(with_signing(reader, vault, row.into_iter().collect()).await?.pop())
}

pub(super) async fn endpoints(
    reader: &DatabaseConnection,
    vault: &Vault,
    merchant: Option<MerchantId>,
) -> Result<Vec<WebhookEndpoint>, Unread> {
    let mut rows = webhook_endpoint::Entity::find().order_by_asc(webhook_endpoint::Column::Id);
    if let Some(merchant) = merchant {
        rows = rows.filter(webhook_endpoint::Column::Merchant.eq(merchant.uuid()));
    }
    with_signing(reader, vault, rows.all(reader).await?).await
}

async fn with_signing(
    reader: &DatabaseConnection,
    vault: &Vault,
    rows: Vec<webhook_endpoint::Model>,
) -> Result<Vec<WebhookEndpoint>, Unread> {
    let of = webhook_signing::Column::Endpoint.is_in(rows.iter().map(|row| row.id));
    let mut signing = BTreeMap::new();
    for row in webhook_signing::Entity::find().filter(of).all(reader).await? {
        signing.insert(row.endpoint, row.domain(vault)?);
    }
    let endpoint = |row: webhook_endpoint::Model| {
        let signing = signing.remove(&row.id);
        Ok(WebhookEndpoint { signing, ..row.domain(vault)? })
    };
    rows.into_iter().map(endpoint).collect()
}

pub(super) async fn progress(
    reader: &DatabaseConnection,
    id: WebhookEndpointId,
) -> Result<Option<WebhookProgress>, Unread> {
    let row = webhook_progress::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(webhook_progress::Model::domain).transpose()?)
}

pub(super) async fn deliveries(
    reader: &DatabaseConnection,
    id: WebhookEndpointId,
    dead: bool,
    limit: u16,
) -> Result<Vec<WebhookDelivery>, Unread> {
    use webhook_delivery::Column;
    let state = if dead { Column::DeadAtMs.is_not_null() } else { Column::DeadAtMs.is_null() };
    let rows = webhook_delivery::Entity::find()
        .filter(Column::Endpoint.eq(id.uuid()))
        .filter(state)
        .order_by_asc(Column::Shard)
        .order_by_asc(Column::Seq)
        .limit(u64::from(limit))
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(webhook_delivery::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn due(reader: &DatabaseConnection, now: Timestamp) -> Result<Vec<WebhookEndpointId>, Unread> {
    use webhook_delivery::Column;
    let ids: Vec<Uuid> = webhook_delivery::Entity::find()
        .select_only()
        .column(Column::Endpoint)
        .distinct()
        .filter(Column::DeadAtMs.is_null())
        .filter(Column::DueAtMs.lte(now.millis()))
        .order_by_asc(Column::Endpoint)
        .into_tuple()
        .all(reader)
        .await?;
    Ok(ids.into_iter().map(WebhookEndpointId::from_uuid).collect())
}

pub(super) async fn event(reader: &DatabaseConnection, shard: Shard, seq: u64) -> Result<Option<StoredEvent>, Unread> {
    let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
    let row = event::Entity::find_by_id((shard_column(shard), seq)).one(reader).await?;
    // Between events the log has digests of other records.
    Ok(row.filter(|row| row.record.is_none()).map(|row| row.domain()).transpose()?)
}

pub(super) async fn heads(reader: &DatabaseConnection) -> Result<Vec<(Shard, u64)>, Unread> {
    let rows = shard_head::Entity::find().order_by_asc(shard_head::Column::Shard).all(reader).await?;
    let head =
        |row: shard_head::Model| Ok((shard_of("shard_head", row.shard)?, u64::try_from(row.seq).unwrap_or_default()));
    rows.into_iter().map(head).collect()
}
