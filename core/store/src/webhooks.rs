//! Writes of webhooks' rows, within a batch.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value};
use tebura_hub::ids::WebhookEndpointId;
use tebura_hub::ports::Write;
use tebura_hub::webhooks::{WebhookDelivery, WebhookWrite};

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{Damaged, shard_column, webhook_delivery, webhook_endpoint, webhook_progress, webhook_signing};
use crate::log::Logged;
use crate::records::{put, put_unlogged};
use crate::rows::Texts;
use crate::vault::Vault;

/// The revisions of the positions that some writes want to move.
pub(crate) async fn revisions(
    tx: &Transaction<'_>,
    writes: impl Iterator<Item = &Write>,
) -> Result<BTreeMap<WebhookEndpointId, u32>, Failure> {
    let mut endpoints = BTreeSet::new();
    for write in writes {
        if let Write::Webhook(WebhookWrite::Progress { progress, .. }) = write {
            endpoints.insert(progress.endpoint);
        }
    }
    if endpoints.is_empty() {
        return Ok(BTreeMap::new());
    }
    let keys = endpoints.iter().map(|endpoint: &WebhookEndpointId| vec![Value::from(endpoint.uuid())]).collect();
    let mut revisions = BTreeMap::new();
    for row in tx.select(&Texts::<webhook_progress::Entity>::of(tx.engine()), keys).await? {
        let revision = u32::try_from(row.revision).map_err(|_| Damaged::new("webhook_progress", "revision"))?;
        revisions.insert(WebhookEndpointId::from_uuid(row.endpoint), revision);
    }
    Ok(revisions)
}

/// Writes one row; that a position is moved from where it was read was decided before. Returns what the log says of
/// it: who gets events is in the log, how far they got is not.
pub(crate) async fn write(
    tx: &Transaction<'_>,
    vault: &Vault,
    write: &WebhookWrite,
) -> Result<Option<Logged>, Failure> {
    match write {
        WebhookWrite::Endpoint(endpoint) => {
            let row = webhook_endpoint::Model::of(vault, endpoint)?;
            return put(tx, row, &[webhook_endpoint::Column::Id]).await.map(Some);
        }
        WebhookWrite::Signing { endpoint, keys } => {
            let row = webhook_signing::Model::of(vault, *endpoint, keys)?;
            return put(tx, row, &[webhook_signing::Column::Endpoint]).await.map(Some);
        }
        WebhookWrite::SigningRemoved(id) => {
            let of = webhook_signing::Column::Endpoint.eq(id.uuid());
            tx.run(&webhook_signing::Entity::delete_many().filter(of)).await?;
            return Ok(Some(Logged::of("webhook_signing", [Value::from(id.uuid())], None)));
        }
        WebhookWrite::Removed(id) => return remove(tx, *id).await.map(Some),
        WebhookWrite::Progress { progress, expected } => {
            let row = webhook_progress::Model::after(progress, *expected);
            put_unlogged(tx, row, &[webhook_progress::Column::Endpoint]).await?;
        }
        WebhookWrite::Waits(row) => wait(tx, row).await?,
        WebhookWrite::Taken { endpoint, shard, seq, since } => {
            let delete = webhook_delivery::Entity::delete_many()
                .filter(webhook_delivery::Column::Endpoint.eq(endpoint.uuid()))
                .filter(webhook_delivery::Column::Shard.eq(shard_column(*shard)))
                .filter(webhook_delivery::Column::Seq.eq(i64::try_from(*seq).unwrap_or(i64::MAX)))
                .filter(webhook_delivery::Column::SinceMs.eq(since.millis()));
            tx.run(&delete).await?;
        }
    }
    Ok(None)
}

async fn wait(tx: &Transaction<'_>, row: &WebhookDelivery) -> Result<(), Failure> {
    use webhook_delivery::Column;
    let key = vec![vec![Value::from(row.endpoint.uuid())]];
    if tx.select(&Texts::<webhook_endpoint::Entity>::of(tx.engine()), key).await?.is_empty() {
        return Ok(());
    }
    put_unlogged(tx, webhook_delivery::Model::of(row), &[Column::Endpoint, Column::Shard, Column::Seq]).await
}

async fn remove(tx: &Transaction<'_>, id: WebhookEndpointId) -> Result<Logged, Failure> {
    let id = id.uuid();
    tx.run(&webhook_endpoint::Entity::delete_many().filter(webhook_endpoint::Column::Id.eq(id))).await?;
    tx.run(&webhook_progress::Entity::delete_many().filter(webhook_progress::Column::Endpoint.eq(id))).await?;
    tx.run(&webhook_delivery::Entity::delete_many().filter(webhook_delivery::Column::Endpoint.eq(id))).await?;
    Ok(Logged::of("webhook_endpoint", [Value::from(id)], None))
}
