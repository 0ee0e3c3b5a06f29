//! Reads of rails' statements, and of what a rail was asked in a time.

use std::collections::BTreeMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tebura_hub::reconcile::{Compared, Finding, Own, StatementHead, StatementId};
use tebura_ledger::{OperationId, RailId, Timestamp, Uuid};

use super::Unread;
use crate::entity::{Damaged, hold, operation, rail_finding, rail_statement};

/// Rows read at a time.
const PAGE: u64 = 500;
/// An id and the time of its operation come from the same clock moments apart; another process's clock may differ.
const ID_SLACK_MS: i64 = 3_600_000;

pub(super) async fn asked_of(
    reader: &DatabaseConnection,
    shards: u16,
    rail: &RailId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Own>, Unread> {
    let mut asked = Vec::new();
    let end = first_id(until.plus_ms(ID_SLACK_MS));
    for shard in (0..shards).filter_map(|shard| i16::try_from(shard).ok()) {
        let mut next = first_id(from.plus_ms(-ID_SLACK_MS));
        loop {
            // A range of the key: no index of its own burdens the way of a payment.
            let page = operation::Entity::find()
                .filter(operation::Column::Shard.eq(shard))
                .filter(operation::Column::Id.gte(next))
                .filter(operation::Column::Id.lt(end))
                .order_by_asc(operation::Column::Id)
                .limit(PAGE)
                .all(reader)
                .await?;
            let Some(last) = page.last().map(|row| row.id) else { break };
            let is_full = page.len() as u64 == PAGE;
            let in_time = |row: &operation::Model| (from.millis()..until.millis()).contains(&row.created_at_ms);
            asked.extend(on_rail(reader, shard, rail, page.into_iter().filter(in_time).collect()).await?);
            if !is_full {
                break;
            }
            next = Uuid::from_u128(last.as_u128().saturating_add(1));
        }
    }
    Ok(asked)
}

/// Those operations of a shard whose hold is on the rail.
async fn on_rail(
    reader: &DatabaseConnection,
    shard: i16,
    rail: &RailId,
    rows: Vec<operation::Model>,
) -> Result<Vec<Own>, Unread> {
    let holds: Vec<Uuid> = rows.iter().filter_map(|row| row.hold).collect();
    let of_rail: Vec<(Uuid, Option<String>)> = hold::Entity::find()
        .select_only()
        .columns([hold::Column::Id, hold::Column::Reference])
        .filter(hold::Column::Shard.eq(shard))
        .filter(hold::Column::Id.is_in(holds))
        .filter(hold::Column::Rail.eq(rail.as_str()))
        .into_tuple()
        .all(reader)
        .await?;
    let references: BTreeMap<Uuid, Option<String>> = of_rail.into_iter().collect();
    let own = |row: &operation::Model| {
        let hold = references.get(&row.hold?)?.clone();
        Some(row.domain().map(|operation| Own { operation, hold }))
    };
    Ok(rows.iter().filter_map(own).collect::<Result<_, Damaged>>()?)
}

/// The least UUIDv7 of a time.
fn first_id(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::try_from(at.millis()).unwrap_or(0) << 80)
}

pub(super) async fn statement(
    reader: &DatabaseConnection,
    rail: &RailId,
    id: &StatementId,
) -> Result<Option<StatementHead>, Unread> {
    let key = (rail.to_string(), id.to_string());
    let row = rail_statement::Entity::find_by_id(key).one(reader).await?;
    Ok(row.map(rail_statement::Model::domain).transpose()?)
}

pub(super) async fn statements(reader: &DatabaseConnection, rail: &RailId) -> Result<Vec<StatementHead>, Unread> {
    let rows = rail_statement::Entity::find()
        .filter(rail_statement::Column::Rail.eq(rail.as_str()))
        .order_by_asc(rail_statement::Column::FromMs)
        .order_by_asc(rail_statement::Column::Id)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(rail_statement::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn findings(
    reader: &DatabaseConnection,
    rail: &RailId,
    id: &StatementId,
    of: Option<Compared>,
    after: u32,
    limit: u16,
) -> Result<Vec<Finding>, Unread> {
    let mut rows = rail_finding::Entity::find()
        .filter(rail_finding::Column::Rail.eq(rail.as_str()))
        .filter(rail_finding::Column::Statement.eq(id.as_str()))
        .filter(rail_finding::Column::Number.gt(i64::from(after)));
    if let Some(of) = of {
        rows = rows.filter(rail_finding::Column::Compared.eq(of.name()));
    }
    let rows = rows.order_by_asc(rail_finding::Column::Number).limit(u64::from(limit)).all(reader).await?;
    Ok(rows.into_iter().map(rail_finding::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn findings_of(reader: &DatabaseConnection, operation: OperationId) -> Result<Vec<Compared>, Unread> {
    let words: Vec<String> = rail_finding::Entity::find()
        .select_only()
        .column(rail_finding::Column::Compared)
        .filter(rail_finding::Column::Operation.eq(operation.uuid()))
        .into_tuple()
        .all(reader)
        .await?;
    let read = |name: String| Compared::from_name(&name).ok_or_else(|| Damaged::new("rail_finding", "compared"));
    Ok(words.into_iter().map(read).collect::<Result<_, _>>()?)
}

pub(super) async fn awaited(reader: &DatabaseConnection, rail: &RailId) -> Result<Vec<OperationId>, Unread> {
    // Written out, since a partial index is not found by a parameter.
    let ids: Vec<Uuid> = rail_finding::Entity::find()
        .select_only()
        .column(rail_finding::Column::Operation)
        .distinct()
        .filter(rail_finding::Column::Rail.eq(rail.as_str()))
        .filter(Expr::cust("compared = 'awaited'"))
        .filter(rail_finding::Column::Operation.is_not_null())
        .filter(Expr::cust(
            "NOT EXISTS (SELECT 1 FROM rail_finding AS other \
             WHERE other.operation = rail_finding.operation AND other.compared <> 'awaited')",
        ))
        .order_by_asc(rail_finding::Column::Operation)
        .into_tuple()
        .all(reader)
        .await?;
    Ok(ids.into_iter().map(OperationId::from_uuid).collect())
}
