//! Requests to services: writes within a batch, and reads. What was asked and answered is sealed with the person's key; the
//! request of a person who was erased is not found.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};
use tebura_hub::ids::{MerchantId, PersonId, ServiceRequestId};
use tebura_hub::ports::{Page, Write};
use tebura_hub::services::{ServiceCounts, ServiceRequest, ServiceSet, ServiceWrite};
use tebura_ledger::{HoldId, Timestamp, Uuid};

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{Damaged, service_body, service_count, service_hold, service_keys, service_request, service_set};
use crate::log::Logged;
use crate::read::Unread;
use crate::records::{put, put_unlogged, unknown_person};
use crate::rows::Texts;
use crate::vault::{Sealed, Vault};

const TABLE: &str = "service_request";

/// Revisions of the rows that some writes want to move on.
#[derive(Default)]
pub(crate) struct Revisions {
    requests: BTreeMap<ServiceRequestId, u32>,
    keys: BTreeMap<String, u32>,
    /// Of versions of what is configured, those that are there.
    sets: BTreeSet<u32>,
}

impl Revisions {
    /// Reads those that the writes name.
    pub(crate) async fn read(tx: &Transaction<'_>, writes: impl Iterator<Item = &Write>) -> Result<Self, Failure> {
        let (mut requests, mut services, mut versions) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for write in writes {
            if let Write::Service(write) = write {
                match write {
                    ServiceWrite::Request { request, .. } => drop(requests.insert(request.id)),
                    ServiceWrite::Keys { service, .. } => drop(services.insert(service.clone())),
                    ServiceWrite::Forget { request, .. } => drop(requests.insert(*request)),
                    ServiceWrite::Count(_) | ServiceWrite::CountRefused { .. } => {}
                    ServiceWrite::Set(set) => versions.extend([set.version.saturating_sub(1), set.version]),
                }
            }
        }
        let mut revisions = Revisions::default();
        if !versions.is_empty() {
            let keys = versions.into_iter().map(|version: u32| vec![Value::from(i64::from(version))]).collect();
            for row in tx.select(&Texts::<service_set::Entity>::of(tx.engine()), keys).await? {
                revisions.sets.insert(revision(row.version)?);
            }
        }
        if requests.is_empty() && services.is_empty() {
            return Ok(revisions);
        }
        let ids = requests.iter().map(|id: &ServiceRequestId| vec![Value::from(id.uuid())]).collect();
        for row in tx.select(&Texts::<service_request::Entity>::of(tx.engine()), ids).await? {
            revisions.requests.insert(ServiceRequestId::from_uuid(row.id), revision(row.revision)?);
        }
        let names = services.into_iter().map(|service| vec![Value::from(service)]).collect();
        for row in tx.select(&Texts::<service_keys::Entity>::of(tx.engine()), names).await? {
            let count = revision(row.revision)?;
            revisions.keys.insert(row.service, count);
        }
        Ok(revisions)
    }

    /// Whether a write meets another row than its writer read.
    pub(crate) fn is_stale(&self, write: &ServiceWrite) -> bool {
        match write {
            ServiceWrite::Request { request, expected } => {
                self.requests.get(&request.id).copied().unwrap_or(0) != *expected
            }
            ServiceWrite::Keys { service, expected } => self.keys.get(service).copied().unwrap_or(0) != *expected,
            ServiceWrite::Count(_) | ServiceWrite::CountRefused { .. } => false,
            ServiceWrite::Set(set) => {
                let follows = set.version == 1 || self.sets.contains(&(set.version.saturating_sub(1)));
                !follows || self.sets.contains(&set.version)
            }
            ServiceWrite::Forget { request, expected } => self.requests.get(request).copied().unwrap_or(0) != *expected,
        }
    }

    /// A write of the batch was accepted.
    pub(crate) fn accept(&mut self, write: &ServiceWrite) {
        match write {
            ServiceWrite::Request { request, .. } => drop(self.requests.insert(request.id, request.revision)),
            ServiceWrite::Keys { service, expected } => drop(self.keys.insert(service.clone(), expected + 1)),
            ServiceWrite::Count(_) | ServiceWrite::CountRefused { .. } => {}
            ServiceWrite::Set(set) => drop(self.sets.insert(set.version)),
            ServiceWrite::Forget { request, .. } => drop(self.requests.remove(request)),
        }
    }
}

/// Writes a row; that it is moved on from where it was read was decided before. Returns what the log says of it: requests
/// are in the log, the count of writes to keys is not, since each of these writes is.
pub(crate) async fn write(
    tx: &Transaction<'_>,
    vault: &Vault,
    write: &ServiceWrite,
) -> Result<Option<Logged>, Failure> {
    match write {
        ServiceWrite::Keys { service, expected } => {
            let row = service_keys::Model { service: service.clone(), revision: i64::from(*expected) + 1 };
            put_unlogged(tx, row, &[service_keys::Column::Service]).await?;
            Ok(None)
        }
        ServiceWrite::Count(row) => {
            put_unlogged(tx, service_count::Model::of(row), &[service_count::Column::Id]).await?;
            Ok(None)
        }
        ServiceWrite::CountRefused { id, code } => {
            let code = Expr::value(code.clone());
            let of = service_count::Entity::update_many().col_expr(service_count::Column::RefusedCode, code);
            tx.run(&of.filter(service_count::Column::Id.eq(*id))).await?;
            Ok(None)
        }
        ServiceWrite::Set(set) => {
            put(tx, service_set::Model::of(set)?, &[service_set::Column::Version]).await.map(Some)
        }
        ServiceWrite::Forget { request, .. } => {
            let of = service_hold::Column::Request.eq(request.uuid());
            tx.run(&service_hold::Entity::delete_many().filter(of)).await?;
            let own = service_request::Column::Id.eq(request.uuid());
            tx.run(&service_request::Entity::delete_many().filter(own)).await?;
            Ok(Some(Logged::of(TABLE, [Value::from(request.uuid())], None)))
        }
        ServiceWrite::Request { request, .. } => {
            for own in &request.progress.holds {
                let of = service_hold::Model { hold: own.hold.uuid(), request: request.id.uuid() };
                put_unlogged(tx, of, &[service_hold::Column::Hold]).await?;
            }
            let row = sealed(tx, vault, request).await?;
            put(tx, row, &[service_request::Column::Id]).await.map(Some)
        }
    }
}

async fn sealed(tx: &Transaction<'_>, vault: &Vault, row: &ServiceRequest) -> Result<service_request::Model, Failure> {
    let body = service_body::Body::of(&row.asked, &row.progress);
    let clear = serde_json::to_vec(&body).map_err(|_| Damaged::new(TABLE, "body"))?;
    let body = match row.asked.person {
        None => clear,
        Some(person) => {
            let key = vault.key_in(tx, person).await?.ok_or_else(unknown_person)?;
            key.seal(Sealed::Request, row.id.uuid(), &clear)?
        }
    };
    Ok(service_request::Model {
        id: row.id.uuid(),
        service: row.service.clone(),
        merchant: row.merchant.uuid(),
        person: row.asked.person.map(PersonId::uuid),
        body,
        due_at_ms: row.due_at.map(Timestamp::millis),
        revision: i64::from(row.revision),
    })
}

pub(crate) async fn one(
    reader: &DatabaseConnection,
    vault: &Vault,
    id: ServiceRequestId,
) -> Result<Option<ServiceRequest>, Unread> {
    let Some(row) = service_request::Entity::find_by_id(id.uuid()).one(reader).await? else { return Ok(None) };
    opened(reader, vault, row).await
}

/// Of a person, newest first. There is no index: people ask for it, not tills.
pub(crate) async fn of(
    reader: &DatabaseConnection,
    vault: &Vault,
    person: PersonId,
    limit: u16,
) -> Result<Vec<ServiceRequest>, Unread> {
    let rows = service_request::Entity::find()
        .filter(service_request::Column::Person.eq(person.uuid()))
        .order_by_desc(service_request::Column::Id)
        .limit(u64::from(limit))
        .all(reader)
        .await?;
    let mut requests = Vec::with_capacity(rows.len());
    for row in rows {
        requests.extend(opened(reader, vault, row).await?);
    }
    Ok(requests)
}

async fn opened(
    reader: &DatabaseConnection,
    vault: &Vault,
    row: service_request::Model,
) -> Result<Option<ServiceRequest>, Unread> {
    let person = row.person.map(PersonId::from_uuid);
    let clear = match person {
        None => row.body,
        Some(person) => {
            let Some(key) = vault.key_of(reader, person).await? else { return Ok(None) };
            key.open(Sealed::Request, row.id, &row.body).map_err(Failure::from)?.to_vec()
        }
    };
    let body: service_body::Body = serde_json::from_slice(&clear).map_err(|_| Damaged::new(TABLE, "body"))?;
    let (asked, progress) = body.parts(person)?;
    Ok(Some(ServiceRequest {
        id: ServiceRequestId::from_uuid(row.id),
        service: row.service,
        merchant: MerchantId::from_uuid(row.merchant),
        asked,
        progress,
        due_at: row.due_at_ms.map(Timestamp::from_millis),
        revision: revision(row.revision)?,
    }))
}

pub(crate) async fn due(
    reader: &DatabaseConnection,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<ServiceRequestId>, Unread> {
    let ids: Vec<Uuid> = service_request::Entity::find()
        .select_only()
        .column(service_request::Column::Id)
        .filter(service_request::Column::DueAtMs.lte(now.millis()))
        .order_by_asc(service_request::Column::DueAtMs)
        .order_by_asc(service_request::Column::Id)
        .limit(u64::from(limit))
        .into_tuple()
        .all(reader)
        .await?;
    Ok(ids.into_iter().map(ServiceRequestId::from_uuid).collect())
}

pub(crate) async fn of_service(
    reader: &DatabaseConnection,
    service: &str,
    page: Page<ServiceRequestId>,
) -> Result<Vec<ServiceRequestId>, Unread> {
    let after = page.after.map(|after| service_request::Column::Id.gt(after.uuid()));
    let select = service_request::Entity::find()
        .select_only()
        .column(service_request::Column::Id)
        .filter(service_request::Column::Service.eq(service));
    let ids: Vec<Uuid> = after
        .into_iter()
        .fold(select, QueryFilter::filter)
        .order_by_asc(service_request::Column::Id)
        .limit(u64::from(page.limit))
        .into_tuple()
        .all(reader)
        .await?;
    Ok(ids.into_iter().map(ServiceRequestId::from_uuid).collect())
}

pub(crate) async fn set_version(reader: &DatabaseConnection) -> Result<u32, Unread> {
    let newest = service_set::Entity::find()
        .select_only()
        .column(service_set::Column::Version)
        .order_by_desc(service_set::Column::Version);
    let version: Option<i64> = newest.into_tuple().one(reader).await?;
    Ok(version.map_or(Ok(0), revision)?)
}

pub(crate) async fn set(reader: &DatabaseConnection, version: u32) -> Result<Option<ServiceSet>, Unread> {
    let row = service_set::Entity::find_by_id(i64::from(version)).one(reader).await?;
    Ok(row.map(service_set::Model::domain).transpose()?)
}

pub(crate) async fn sets(reader: &DatabaseConnection, limit: u16) -> Result<Vec<ServiceSet>, Unread> {
    let newest = service_set::Entity::find().order_by_desc(service_set::Column::Version);
    let rows = newest.limit(u64::from(limit)).all(reader).await?;
    Ok(rows.into_iter().map(service_set::Model::domain).collect::<Result<_, _>>()?)
}

pub(crate) async fn keys_revision(reader: &DatabaseConnection, service: &str) -> Result<u32, Unread> {
    let row = service_keys::Entity::find_by_id(service.to_owned()).one(reader).await?;
    Ok(row.map_or(Ok(0), |row| revision(row.revision))?)
}

pub(crate) async fn of_hold(reader: &DatabaseConnection, hold: HoldId) -> Result<Option<ServiceRequestId>, Unread> {
    let row = service_hold::Entity::find_by_id(hold.uuid()).one(reader).await?;
    Ok(row.map(|row| ServiceRequestId::from_uuid(row.request)))
}

fn revision(column: i64) -> Result<u32, Damaged> {
    u32::try_from(column).map_err(|_| Damaged::new(TABLE, "revision"))
}

/// How often each terminal asked, by what came of it.
pub(crate) async fn counts(
    reader: &DatabaseConnection,
    service: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<ServiceCounts, Unread> {
    let rows: Vec<(String, Option<String>, i64)> = service_count::Entity::find()
        .select_only()
        .column(service_count::Column::Terminal)
        .column(service_count::Column::RefusedCode)
        .column_as(service_count::Column::Id.count(), "asked")
        .filter(service_count::Column::Service.eq(service))
        .filter(service_count::Column::AtMs.gte(from.millis()))
        .filter(service_count::Column::AtMs.lt(until.millis()))
        .group_by(service_count::Column::Terminal)
        .group_by(service_count::Column::RefusedCode)
        .into_tuple()
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(|(terminal, code, count)| ((terminal, code), count.unsigned_abs())).collect())
}
