//! Attempts to prove something: writes within a batch, and reads. Whoever was erased has proven nothing.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Value,
};
use tebura_hub::ids::{PersonId, ProofingId};
use tebura_hub::ports::Write;
use tebura_hub::proofing::{LinkDigest, Proofing};
use tebura_ledger::{Timestamp, Uuid};

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{Damaged, proof_link, proofing};
use crate::log::Logged;
use crate::read::Unread;
use crate::records::put;
use crate::rows::Texts;
use crate::vault::Vault;

/// What some writes about proofings expect: revisions, and whose cards the links stand for.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) revisions: BTreeMap<ProofingId, u32>,
    pub(crate) links: BTreeMap<LinkDigest, PersonId>,
}

/// The rows as they are before the batch.
pub(crate) async fn known(tx: &Transaction<'_>, writes: impl Iterator<Item = &Write>) -> Result<Known, Failure> {
    let (mut ids, mut links) = (BTreeSet::new(), BTreeSet::new());
    for write in writes {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the other writes are about something else")]
        match write {
            Write::Proofing { proofing, .. } => drop(ids.insert(proofing.id)),
            Write::ProofLink { link, .. } => drop(links.insert(*link)),
            _ => {}
        }
    }
    let mut known = Known::default();
    let keys = ids.iter().map(|id: &ProofingId| vec![Value::from(id.uuid())]).collect();
    for row in tx.select(&Texts::<proofing::Entity>::of(tx.engine()), keys).await? {
        let revision = u32::try_from(row.revision).map_err(|_| Damaged::new("proofing", "revision"))?;
        known.revisions.insert(ProofingId::from_uuid(row.id), revision);
    }
    let keys = links.iter().map(|link: &LinkDigest| vec![Value::from(link.to_vec())]).collect();
    for row in tx.select(&Texts::<proof_link::Entity>::of(tx.engine()), keys).await? {
        let link = row.link.as_slice().try_into().map_err(|_| Damaged::new("proof_link", "link"))?;
        known.links.insert(link, PersonId::from_uuid(row.person));
    }
    Ok(known)
}

/// Writes a session; that it is moved on from where it was read was decided before. Returns what the log says of it.
pub(crate) async fn write(tx: &Transaction<'_>, vault: &Vault, row: &Proofing) -> Result<Logged, Failure> {
    let missing = || Failure::Broken { reason: "the person is not known".to_owned() };
    let key = vault.key_in(tx, row.person).await?.ok_or_else(missing)?;
    put(tx, proofing::Model::of(&key, row)?, &[proofing::Column::Id]).await
}

/// Writes whose card a link stands for. What another shard's batch wrote meanwhile is decided about again.
pub(crate) async fn link(tx: &Transaction<'_>, link: &LinkDigest, person: PersonId) -> Result<Logged, Failure> {
    let row = proof_link::Model { link: link.to_vec(), person: person.uuid() };
    let logged = Logged::row(&row, &[proof_link::Column::Link]);
    let keep = OnConflict::column(proof_link::Column::Link).do_nothing().to_owned();
    let insert = proof_link::Entity::insert(row.into_active_model().reset_all()).on_conflict(keep);
    match tx.run(&insert).await? {
        0 => Err(Failure::Conflict { reason: "a card's link was written meanwhile".to_owned() }),
        _ => Ok(logged),
    }
}

pub(crate) async fn one(
    reader: &DatabaseConnection,
    vault: &Vault,
    id: ProofingId,
) -> Result<Option<Proofing>, Unread> {
    let Some(row) = proofing::Entity::find_by_id(id.uuid()).one(reader).await? else { return Ok(None) };
    let key = vault.key_of(reader, PersonId::from_uuid(row.person)).await?;
    Ok(key.map(|key| row.domain(&key)).transpose()?)
}

pub(crate) async fn of(reader: &DatabaseConnection, vault: &Vault, person: PersonId) -> Result<Vec<Proofing>, Unread> {
    let Some(key) = vault.key_of(reader, person).await? else { return Ok(Vec::new()) };
    let rows = proofing::Entity::find()
        .filter(proofing::Column::Person.eq(person.uuid()))
        .order_by_asc(proofing::Column::Id)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(|row| row.domain(&key)).collect::<Result<_, _>>()?)
}

pub(crate) async fn due(reader: &DatabaseConnection, now: Timestamp, limit: u16) -> Result<Vec<ProofingId>, Unread> {
    let ids: Vec<Uuid> = proofing::Entity::find()
        .select_only()
        .column(proofing::Column::Id)
        .filter(proofing::Column::DueAtMs.lte(now.millis()))
        .order_by_asc(proofing::Column::DueAtMs)
        .order_by_asc(proofing::Column::Id)
        .limit(u64::from(limit))
        .into_tuple()
        .all(reader)
        .await?;
    Ok(ids.into_iter().map(ProofingId::from_uuid).collect())
}

pub(crate) async fn linked(reader: &DatabaseConnection, link: &LinkDigest) -> Result<Option<PersonId>, Unread> {
    let row = proof_link::Entity::find_by_id(link.to_vec()).one(reader).await?;
    Ok(row.map(|row| PersonId::from_uuid(row.person)))
}
