//! Parties and their keys: writes within a batch, and reads.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use tebura_hub::ids::{PartyId, PartyKeyId};
use tebura_hub::parties::{Party, PartyKey, PartyWrite};
use tebura_ledger::{Timestamp, Uuid};

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::party_key_end::{REPLACED, REVOKED};
use crate::entity::{party, party_key, party_key_end};
use crate::log::Logged;
use crate::read::Unread;
use crate::records::put;

/// Writes one row. Returns what the log says of it.
pub(crate) async fn write(tx: &Transaction<'_>, write: &PartyWrite) -> Result<Logged, Failure> {
    let ends = |key: PartyKeyId, reason, at| party_key_end::Model::of(key, reason, at);
    let end_key = [party_key_end::Column::PartyKey, party_key_end::Column::Reason];
    match write {
        PartyWrite::Party(row) => put(tx, party::Model::of(row), &[party::Column::Id]).await,
        PartyWrite::Key(row) => put(tx, party_key::Model::of(row), &[party_key::Column::Id]).await,
        PartyWrite::Replaced { key, at } => put(tx, ends(*key, REPLACED, *at), &end_key).await,
        PartyWrite::Revoked { key, at } => put(tx, ends(*key, REVOKED, *at), &end_key).await,
    }
}

pub(crate) async fn party(reader: &DatabaseConnection, id: PartyId) -> Result<Option<Party>, Unread> {
    let row = party::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(party::Model::domain))
}

pub(crate) async fn key(reader: &DatabaseConnection, id: PartyKeyId) -> Result<Option<PartyKey>, Unread> {
    let row = party_key::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(as_ended(reader, row.into_iter().collect()).await?.pop())
}

pub(crate) async fn keys(reader: &DatabaseConnection, party: PartyId) -> Result<Vec<PartyKey>, Unread> {
    let of = party_key::Column::Party.eq(party.uuid());
    let rows = party_key::Entity::find().filter(of).order_by_asc(party_key::Column::Id).all(reader).await?;
    as_ended(reader, rows).await
}

async fn as_ended(reader: &DatabaseConnection, rows: Vec<party_key::Model>) -> Result<Vec<PartyKey>, Unread> {
    let of = party_key_end::Column::PartyKey.is_in(rows.iter().map(|row| row.id));
    let ends = party_key_end::Entity::find().filter(of).all(reader).await?;
    let ends: BTreeMap<(Uuid, String), Timestamp> =
        ends.into_iter().map(|end| ((end.party_key, end.reason), Timestamp::from_millis(end.at_ms))).collect();
    let key = |row: party_key::Model| {
        let end = |reason: &str| ends.get(&(row.id, reason.to_owned())).copied();
        let (replaced, revoked) = (end(REPLACED), end(REVOKED));
        Ok(row.domain()?.ended(replaced, revoked))
    };
    rows.into_iter().map(key).collect()
}
