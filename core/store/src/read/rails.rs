//! Reads of exchanges, plugin data and payments.

use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef,
};
use tebura_hub::exchange::Exchange;
use tebura_hub::ids::{PaymentId, PersonId, TillId};
use tebura_hub::payment::{Counted, Decided, Payment};
use tebura_hub::rail::PluginId;
use tebura_ledger::{OperationId, Timestamp};

use super::Unread;
use crate::entity::{exchange, payment, payment_worn, plugin_value, shard_column};

pub(super) async fn exchange(reader: &DatabaseConnection, operation: OperationId) -> Result<Option<Exchange>, Unread> {
    let id = (shard_column(operation.shard()), operation.uuid());
    let row = exchange::Entity::find_by_id(id).one(reader).await?;
    Ok(row.map(exchange::Model::domain).transpose()?)
}

pub(super) async fn due_exchanges(
    reader: &DatabaseConnection,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<Exchange>, Unread> {
    let rows = exchange::Entity::find()
        .filter(exchange::Column::DueAtMs.lte(now.millis()))
        .order_by_asc(exchange::Column::DueAtMs)
        .order_by_asc(exchange::Column::Operation)
        .limit(u64::from(limit))
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(exchange::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn kv(reader: &DatabaseConnection, plugin: &PluginId, key: &str) -> Result<Option<Vec<u8>>, Unread> {
    let row = plugin_value::Entity::find_by_id((plugin.0.clone(), key.to_owned())).one(reader).await?;
    Ok(row.map(|row| row.value))
}

pub(super) async fn payment(reader: &DatabaseConnection, id: PaymentId) -> Result<Option<Payment>, Unread> {
    let row = payment::Entity::find_by_id((shard_column(id.shard()), id.uuid())).one(reader).await?;
    Ok(row.map(payment::Model::domain).transpose()?)
}

pub(super) async fn decisions(
    reader: &DatabaseConnection,
    till: TillId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Counted, Unread> {
    let worn: RelationDef = payment::Entity::belongs_to(payment_worn::Entity)
        .from(payment::Column::Id)
        .to(payment_worn::Column::Payment)
        .into();
    let rows: Vec<(Option<String>, Option<String>, i64)> = payment::Entity::find()
        .select_only()
        .column(payment::Column::RefusedCode)
        .column(payment_worn::Column::Worn)
        .column_as(payment::Column::Id.count(), "payments")
        .join(JoinType::LeftJoin, worn)
        .filter(payment::Column::Till.eq(till.uuid()))
        .filter(payment::Column::CreatedAtMs.gte(from.millis()))
        .filter(payment::Column::CreatedAtMs.lt(until.millis()))
        .group_by(payment::Column::RefusedCode)
        .group_by(payment_worn::Column::Worn)
        .into_tuple()
        .all(reader)
        .await?;
    let counted = rows.into_iter().map(|(code, worn, count)| {
        Ok((Decided { code, worn: payment_worn::read(worn.as_deref())? }, count.unsigned_abs()))
    });
    counted.collect()
}

/// Newest first. There is no index: people ask for it, not tills.
pub(super) async fn payments_of(
    reader: &DatabaseConnection,
    person: PersonId,
    limit: u16,
) -> Result<Vec<Payment>, Unread> {
    let rows = payment::Entity::find()
        .filter(payment::Column::Person.eq(person.uuid()))
        .order_by_desc(payment::Column::Id)
        .limit(u64::from(limit))
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(payment::Model::domain).collect::<Result<_, _>>()?)
}
