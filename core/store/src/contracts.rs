//! Contracts that run: writes within a batch, and reads.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};
use tebura_hub::contracts::{ContractEntry, RunningContract};
use tebura_hub::ids::ContractId;
use tebura_hub::ports::{Caller, Page, Write};
use tebura_ledger::{HoldId, Timestamp, Uuid};

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{Damaged, contract, contract_entry, contract_hold};
use crate::log::Logged;
use crate::read::Unread;
use crate::records::{put, put_unlogged};
use crate::rows::Texts;

/// The revisions of the contracts that some writes want to move on.
pub(crate) async fn revisions(
    tx: &Transaction<'_>,
    writes: impl Iterator<Item = &Write>,
) -> Result<BTreeMap<ContractId, u32>, Failure> {
    let mut ids = BTreeSet::new();
    for write in writes {
        if let Write::Contract { contract, .. } = write {
            ids.insert(contract.id);
        }
    }
    let keys = ids.iter().map(|id: &ContractId| vec![Value::from(id.uuid())]).collect();
    let mut revisions = BTreeMap::new();
    for row in tx.select(&Texts::<contract::Entity>::of(tx.engine()), keys).await? {
        let revision = u32::try_from(row.revision).map_err(|_| Damaged::new("contract", "revision"))?;
        revisions.insert(ContractId::from_uuid(row.id), revision);
    }
    Ok(revisions)
}

/// Writes a contract and which holds it decides about; that it is moved on from where it was read was decided before.
/// Returns what the log says of it.
pub(crate) async fn write(tx: &Transaction<'_>, row: &RunningContract) -> Result<Logged, Failure> {
    for hold in row.progress.holds.values() {
        let of = contract_hold::Model { hold: hold.0.uuid(), contract: row.id.uuid() };
        put_unlogged(tx, of, &[contract_hold::Column::Hold]).await?;
    }
    put(tx, contract::Model::of(row)?, &[contract::Column::Id]).await
}

/// Appends what happened.
pub(crate) async fn append(tx: &Transaction<'_>, entry: &ContractEntry) -> Result<Logged, Failure> {
    let key = [contract_entry::Column::Contract, contract_entry::Column::Number];
    put(tx, contract_entry::Model::of(entry)?, &key).await
}

pub(crate) async fn one(reader: &DatabaseConnection, id: ContractId) -> Result<Option<RunningContract>, Unread> {
    let row = contract::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(contract::Model::domain).transpose()?)
}

pub(crate) async fn entries(reader: &DatabaseConnection, id: ContractId) -> Result<Vec<ContractEntry>, Unread> {
    let rows = contract_entry::Entity::find()
        .filter(contract_entry::Column::Contract.eq(id.uuid()))
        .order_by_asc(contract_entry::Column::Number)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(contract_entry::Model::domain).collect::<Result<_, _>>()?)
}

pub(crate) async fn page(
    reader: &DatabaseConnection,
    caller: &Caller,
    page: Page<ContractId>,
) -> Result<Vec<RunningContract>, Unread> {
    let mut rows = contract::Entity::find().order_by_asc(contract::Column::Id).limit(u64::from(page.limit));
    if let Caller::Merchant(merchant) = caller {
        rows = rows.filter(contract::Column::Merchant.eq(merchant.uuid()));
    }
    if let Some(after) = page.after {
        rows = rows.filter(contract::Column::Id.gt(after.uuid()));
    }
    Ok(rows.all(reader).await?.into_iter().map(contract::Model::domain).collect::<Result<_, _>>()?)
}

pub(crate) async fn due(reader: &DatabaseConnection, now: Timestamp, limit: u16) -> Result<Vec<ContractId>, Unread> {
    let ids: Vec<Uuid> = contract::Entity::find()
        .select_only()
        .column(contract::Column::Id)
        .filter(contract::Column::DueAtMs.lte(now.millis()))
        .order_by_asc(contract::Column::DueAtMs)
        .order_by_asc(contract::Column::Id)
        .limit(u64::from(limit))
        .into_tuple()
        .all(reader)
        .await?;
    Ok(ids.into_iter().map(ContractId::from_uuid).collect())
}

pub(crate) async fn of_hold(reader: &DatabaseConnection, hold: HoldId) -> Result<Option<ContractId>, Unread> {
    let row = contract_hold::Entity::find_by_id(hold.uuid()).one(reader).await?;
    Ok(row.map(|row| ContractId::from_uuid(row.contract)))
}
