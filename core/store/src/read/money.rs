//! Reads of accounts, holds, operations, events and claimed keys.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use tebura_hub::ports::{Caller, ClaimedKey, Page, ReadError, StoredEvent};
use tebura_hub::shards::{merge_events, sum_account};
use tebura_ledger::{Account, AccountId, Hold, HoldId, Operation, OperationId, Shard, Timestamp, Uuid};

use super::{Unread, sites};
use crate::entity::{account, event, hold, idempotency_key, operation, shard_column, shard_head, shard_of};

pub(super) async fn claimed_key(
    reader: &DatabaseConnection,
    shard: Shard,
    scope: &str,
    key: &str,
) -> Result<Option<ClaimedKey>, Unread> {
    let id = (shard_column(shard), scope.to_owned(), key.to_owned());
    let row = idempotency_key::Entity::find_by_id(id).one(reader).await?;
    Ok(row.map(idempotency_key::Model::domain).transpose()?)
}

pub(super) async fn account(reader: &DatabaseConnection, id: AccountId) -> Result<Option<Account>, ReadError> {
    let rows = account::Entity::find().filter(account::Column::Id.eq(id.uuid())).all(reader).await;
    over_shards(&rows.map_err(Unread::from)?)
}

/// One account's rows of all shards as the account that they make; none when the row at home is missing.
pub(super) fn over_shards(rows: &[account::Model]) -> Result<Option<Account>, ReadError> {
    let is_home = |row: &account::Model| row.shard == shard_column(AccountId::from_uuid(row.id).shard());
    let domain = |row: &account::Model| row.domain().map_err(Unread::from);
    let Some(home) = rows.iter().find(|row| is_home(row)) else {
        return Ok(None);
    };
    let elsewhere: Result<Vec<Account>, _> = rows.iter().filter(|row| !is_home(row)).map(domain).collect();
    sum_account(&domain(home)?, &elsewhere?).map(Some)
}

pub(super) async fn hold(reader: &DatabaseConnection, id: HoldId) -> Result<Option<Hold>, Unread> {
    let row = hold::Entity::find_by_id((shard_column(id.shard()), id.uuid())).one(reader).await?;
    Ok(row.map(|row| row.domain()).transpose()?)
}

pub(super) async fn operation(reader: &DatabaseConnection, id: OperationId) -> Result<Option<Operation>, Unread> {
    let row = operation::Entity::find_by_id((shard_column(id.shard()), id.uuid())).one(reader).await?;
    Ok(row.map(|row| row.domain()).transpose()?)
}

pub(super) async fn operations_of(reader: &DatabaseConnection, hold: HoldId) -> Result<Vec<Operation>, Unread> {
    let rows = operation::Entity::find()
        .filter(operation::Column::Hold.eq(hold.uuid()))
        .order_by_asc(operation::Column::Id)
        .all(reader)
        .await?;
    Ok(rows.iter().map(operation::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn exceptions(reader: &DatabaseConnection, page: Page<OperationId>) -> Result<Vec<Operation>, Unread> {
    let after = page.after.map(|after| operation::Column::Id.gt(after.uuid()));
    // Written out, since a partial index is not found by a parameter.
    let select = operation::Entity::find().filter(Expr::cust("kind = 'exception'"));
    let rows = after
        .into_iter()
        .fold(select, Select::filter)
        .order_by_asc(operation::Column::Id)
        .limit(u64::from(page.limit))
        .all(reader)
        .await?;
    Ok(rows.iter().map(operation::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn holds(
    reader: &DatabaseConnection,
    shards: u16,
    caller: &Caller,
    page: Page<HoldId>,
) -> Result<Vec<Hold>, Unread> {
    let next = |select: Select<hold::Entity>| {
        let after = page.after.map(|after| hold::Column::Id.gt(after.uuid()));
        let select = after.into_iter().fold(select, Select::filter);
        select.order_by_asc(hold::Column::Id).limit(u64::from(page.limit)).all(reader)
    };
    let mut rows = Vec::new();
    match caller {
        // The key starts with the shard: one range a shard, merged here.
        Caller::Operator => {
            for shard in (0..shards).filter_map(|shard| i16::try_from(shard).ok()) {
                rows.extend(next(hold::Entity::find().filter(hold::Column::Shard.eq(shard))).await?);
            }
        }
        // One range of the index an account: a merchant has a handful.
        Caller::Merchant(merchant) => {
            for account in accounts_of(reader, *merchant).await? {
                rows.extend(next(hold::Entity::find().filter(hold::Column::Payee.eq(account))).await?);
            }
        }
    }
    rows.sort_by_key(|row| row.id);
    rows.truncate(usize::from(page.limit));
    Ok(rows.iter().map(hold::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn events(
    reader: &DatabaseConnection,
    caller: &Caller,
    after: &[(Shard, u64)],
    limit: u16,
) -> Result<Vec<StoredEvent>, Unread> {
    let seen = match caller {
        Caller::Operator => None,
        Caller::Merchant(merchant) => Some(accounts_of(reader, *merchant).await?),
    };
    let positions: BTreeMap<i16, i64> =
        after.iter().map(|(shard, seq)| (shard_column(*shard), i64::try_from(*seq).unwrap_or(i64::MAX))).collect();
    let mut shards = Vec::new();
    for head in shard_head::Entity::find().order_by_asc(shard_head::Column::Shard).all(reader).await? {
        let position = positions.get(&head.shard).copied().unwrap_or(0);
        shard_of("shard_head", head.shard)?;
        if head.seq <= position {
            continue;
        }
        let next = |select: Select<event::Entity>| {
            let select = select.filter(event::Column::Shard.eq(head.shard)).filter(event::Column::Seq.gt(position));
            select.order_by_asc(event::Column::Seq).limit(u64::from(limit)).all(reader)
        };
        let mut rows = Vec::new();
        match &seen {
            None => rows = next(event::Entity::find().filter(event::Column::Record.is_null())).await?,
            Some(accounts) => {
                for account in accounts {
                    rows.extend(next(event::Entity::find().filter(event::Column::Payee.eq(*account))).await?);
                }
                rows.sort_by_key(|row| row.seq);
                rows.truncate(usize::from(limit));
            }
        }
        shards.push(rows.iter().map(event::Model::domain).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(merge_events(shards, usize::from(limit)))
}

pub(super) async fn due_holds(reader: &DatabaseConnection, now: Timestamp, limit: u16) -> Result<Vec<Hold>, Unread> {
    let rows = hold::Entity::find()
        .filter(hold::Column::DueAtMs.lte(now.millis()))
        .order_by_asc(hold::Column::ExpiresAtMs)
        .order_by_asc(hold::Column::Id)
        .limit(u64::from(limit))
        .all(reader)
        .await?;
    Ok(rows.iter().map(hold::Model::domain).collect::<Result<_, _>>()?)
}

async fn accounts_of(reader: &DatabaseConnection, merchant: tebura_hub::ids::MerchantId) -> Result<Vec<Uuid>, Unread> {
    let payees = sites::payees(reader, merchant).await?;
    let accounts: BTreeSet<Uuid> = payees.into_iter().map(|payee| payee.account.uuid()).collect();
    Ok(accounts.into_iter().collect())
}
