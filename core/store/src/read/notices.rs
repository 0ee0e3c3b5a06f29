//! Reads of the inbox, and of what far ends call operations by.

use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tebura_hub::notices::{Notice, NoticeKey};
use tebura_ledger::{OperationId, RailId, Timestamp};

use super::Unread;
use crate::entity::{rail_name, rail_notice};

pub(super) async fn notice(reader: &DatabaseConnection, key: &NoticeKey) -> Result<Option<Notice>, Unread> {
    let id = (key.rail.to_string(), key.digest.to_vec());
    let row = rail_notice::Entity::find_by_id(id).one(reader).await?;
    Ok(row.map(rail_notice::Model::domain).transpose()?)
}

pub(super) async fn due_notices(
    reader: &DatabaseConnection,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<Notice>, Unread> {
    let rows = rail_notice::Entity::find()
        .filter(rail_notice::Column::DueAtMs.lte(now.millis()))
        .order_by_asc(rail_notice::Column::DueAtMs)
        .order_by_asc(rail_notice::Column::Rail)
        .order_by_asc(rail_notice::Column::Digest)
        .limit(u64::from(limit))
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(rail_notice::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn operations_named(
    reader: &DatabaseConnection,
    rail: &RailId,
    reference: &str,
) -> Result<Vec<OperationId>, Unread> {
    let rows = rail_name::Entity::find()
        .filter(rail_name::Column::Rail.eq(rail.as_str()))
        .filter(rail_name::Column::Reference.eq(reference))
        .order_by_asc(rail_name::Column::Operation)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(|row| OperationId::from_uuid(row.operation)).collect())
}
