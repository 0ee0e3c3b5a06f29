//! People's own say: writes within a batch, and reads. Erasing somebody is deleting her key; the rows go with it.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::IntoCondition;
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, ExprTrait as _, Iterable, ModelTrait, PrimaryKeyToColumn,
    QueryFilter, QueryOrder, QuerySelect, Value,
};
use tebura_hub::consent::ConsentEvent;
use tebura_hub::enroll::Enrolment;
use tebura_hub::ids::{CaptureSessionId, EnrolmentId, PersonId, ReferenceId, RightsRequestId};
use tebura_hub::ports::Write;
use tebura_hub::privacy::{Kept, Outlived, PrivacyWrite};
use tebura_hub::rights::RightsRequest;
use tebura_ledger::{Timestamp, Uuid};

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{
    Damaged, capture_session, consent, enrolment, face_reference, gallery_member, gallery_term, guardian_link,
    instrument, person, person_key, proof_link, proofing, rights_request, service_request,
};
use crate::log::Logged;
use crate::read::Unread;
use crate::records::put;
use crate::rows::Texts;
use crate::sqlite_row::Bindable;
use crate::vault::Vault;

/// Revisions of the rows that some writes name.
#[derive(Default)]
pub(crate) struct Known {
    enrolments: BTreeMap<EnrolmentId, u32>,
    requests: BTreeMap<RightsRequestId, u32>,
}

impl Known {
    pub(crate) fn is_stale(&self, write: &PrivacyWrite) -> bool {
        match write {
            PrivacyWrite::Enrolment { enrolment, expected } => {
                self.enrolments.get(&enrolment.id).copied().unwrap_or(0) != *expected
            }
            PrivacyWrite::Request { request, expected } => {
                self.requests.get(&request.id).copied().unwrap_or(0) != *expected
            }
            PrivacyWrite::Consent(_) | PrivacyWrite::Forget(_) | PrivacyWrite::Erase(_) => false,
        }
    }

    /// A write of the batch was accepted.
    pub(crate) fn accept(&mut self, write: &PrivacyWrite) {
        match write {
            PrivacyWrite::Enrolment { enrolment, .. } => {
                self.enrolments.insert(enrolment.id, enrolment.revision);
            }
            PrivacyWrite::Request { request, .. } => {
                self.requests.insert(request.id, request.revision);
            }
            PrivacyWrite::Consent(_) | PrivacyWrite::Forget(_) | PrivacyWrite::Erase(_) => {}
        }
    }
}

/// The rows as they are before the batch.
pub(crate) async fn known(tx: &Transaction<'_>, writes: impl Iterator<Item = &Write>) -> Result<Known, Failure> {
    let (mut enrolments, mut requests) = (BTreeSet::new(), BTreeSet::new());
    for write in writes {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the other writes are about something else")]
        match write {
            Write::Privacy(PrivacyWrite::Enrolment { enrolment, .. }) => drop(enrolments.insert(enrolment.id.uuid())),
            Write::Privacy(PrivacyWrite::Request { request, .. }) => drop(requests.insert(request.id.uuid())),
            _ => {}
        }
    }
    let keys = |ids: BTreeSet<Uuid>| ids.into_iter().map(|id| vec![Value::from(id)]).collect();
    let mut known = Known::default();
    for row in tx.select(&Texts::<enrolment::Entity>::of(tx.engine()), keys(enrolments)).await? {
        let row = row.domain()?;
        known.enrolments.insert(row.id, row.revision);
    }
    for row in tx.select(&Texts::<rights_request::Entity>::of(tx.engine()), keys(requests)).await? {
        let revision = u32::try_from(row.revision).map_err(|_| Damaged::new("rights_request", "revision"))?;
        known.requests.insert(RightsRequestId::from_uuid(row.id), revision);
    }
    Ok(known)
}

/// Writes or deletes a row; that it is moved on from where it was read was decided before. Returns what the log says of it.
pub(crate) async fn write(tx: &Transaction<'_>, vault: &Vault, write: &PrivacyWrite) -> Result<Vec<Logged>, Failure> {
    match write {
        PrivacyWrite::Erase(person) => return erase(tx, *person).await,
        PrivacyWrite::Consent(row) => put(tx, consent::Model::of(row), &[consent::Column::Id]).await,
        PrivacyWrite::Enrolment { enrolment: row, .. } => {
            put(tx, enrolment::Model::of(row), &[enrolment::Column::Id]).await
        }
        PrivacyWrite::Request { request: row, .. } => {
            let key = vault.key_in(tx, row.person).await?;
            put(tx, rights_request::Model::of(key.as_ref(), row)?, &[rights_request::Column::Id]).await
        }
        PrivacyWrite::Forget(Outlived::CaptureSession(id)) => {
            let delete = capture_session::Entity::delete_many().filter(capture_session::Column::Id.eq(id.uuid()));
            tx.run(&delete).await?;
            Ok(Logged::of("capture_session", [Value::from(id.uuid())], None))
        }
        PrivacyWrite::Forget(Outlived::Enrolment(id)) => {
            let delete = enrolment::Entity::delete_many().filter(enrolment::Column::Id.eq(id.uuid()));
            tx.run(&delete).await?;
            Ok(Logged::of("enrolment", [Value::from(id.uuid())], None))
        }
        PrivacyWrite::Forget(Outlived::Template { reference, .. }) => {
            let delete = face_reference::Entity::delete_many().filter(face_reference::Column::Id.eq(reference.uuid()));
            tx.run(&delete).await?;
            Ok(Logged::of("face_reference", [Value::from(reference.uuid())], None))
        }
    }
    .map(|logged| vec![logged])
}

/// The key first: whatever else should stay cannot be opened. The log has every row that went or changed.
async fn erase(tx: &Transaction<'_>, person: PersonId) -> Result<Vec<Logged>, Failure> {
    let id = person.uuid();
    tx.run(&person_key::Entity::delete_many().filter(person_key::Column::Person.eq(id))).await?;
    tx.run(&person::Entity::delete_many().filter(person::Column::Id.eq(id))).await?;
    tx.run(&gallery_term::Entity::delete_many().filter(gallery_term::Column::Person.eq(id))).await?;
    let answers = guardian_link::Column::Guardian.eq(id).or(guardian_link::Column::Ward.eq(id));
    // Every process reads in the log that she is to be found nowhere any more.
    let mut logged = vec![Logged::of("person_key", [Value::from(id)], None)];
    logged.extend(gone::<face_reference::Entity>(tx, face_reference::Column::Person.eq(id)).await?);
    logged.extend(gone::<capture_session::Entity>(tx, capture_session::Column::Person.eq(id)).await?);
    logged.extend(gone::<gallery_member::Entity>(tx, gallery_member::Column::Person.eq(id)).await?);
    logged.extend(gone::<guardian_link::Entity>(tx, answers).await?);
    logged.extend(gone::<proofing::Entity>(tx, proofing::Column::Person.eq(id)).await?);
    logged.extend(gone::<proof_link::Entity>(tx, proof_link::Column::Person.eq(id)).await?);
    logged.extend(gone::<service_request::Entity>(tx, service_request::Column::Person.eq(id)).await?);
    for row in tx.find(instrument::Entity::find().filter(instrument::Column::Person.eq(id))).await? {
        let nameless = instrument::Model { label: String::new(), ..row };
        logged.push(put(tx, nameless, &[instrument::Column::Id]).await?);
    }
    for row in tx.find(rights_request::Entity::find().filter(rights_request::Column::Person.eq(id))).await? {
        let wordless = rights_request::Model { sealed_words: None, ..row };
        logged.push(put(tx, wordless, &[rights_request::Column::Id]).await?);
    }
    Ok(logged)
}

/// Deletes rows, and says of each that it is gone.
async fn gone<E>(tx: &Transaction<'_>, which: impl IntoCondition + Clone) -> Result<Vec<Logged>, Failure>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + Bindable,
{
    let key: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
    let rows = tx.find(E::find().filter(which.clone())).await?;
    tx.run(&E::delete_many().filter(which)).await?;
    Ok(rows.iter().map(|row| Logged { digest: None, ..Logged::row(row, &key) }).collect())
}

pub(crate) async fn consents_of(reader: &DatabaseConnection, person: PersonId) -> Result<Vec<ConsentEvent>, Unread> {
    let rows = consent::Entity::find()
        .filter(consent::Column::Person.eq(person.uuid()))
        .order_by_asc(consent::Column::AtMs)
        .order_by_asc(consent::Column::Id)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(consent::Model::domain).collect::<Result<_, _>>()?)
}

pub(crate) async fn enrolment(reader: &DatabaseConnection, id: EnrolmentId) -> Result<Option<Enrolment>, Unread> {
    let row = enrolment::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(enrolment::Model::domain).transpose()?)
}

pub(crate) async fn request(
    reader: &DatabaseConnection,
    vault: &Vault,
    id: RightsRequestId,
) -> Result<Option<RightsRequest>, Unread> {
    let row = rights_request::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(opened(reader, vault, row.into_iter().collect()).await?.pop())
}

pub(crate) async fn requests_of(
    reader: &DatabaseConnection,
    vault: &Vault,
    person: PersonId,
) -> Result<Vec<RightsRequest>, Unread> {
    let rows = rights_request::Entity::find()
        .filter(rights_request::Column::Person.eq(person.uuid()))
        .order_by_asc(rights_request::Column::Id)
        .all(reader)
        .await?;
    opened(reader, vault, rows).await
}

pub(crate) async fn open_requests(
    reader: &DatabaseConnection,
    vault: &Vault,
    limit: u16,
) -> Result<Vec<RightsRequest>, Unread> {
    let rows = rights_request::Entity::find()
        .filter(rights_request::Column::State.eq("open"))
        .order_by_asc(rights_request::Column::DueAtMs)
        .order_by_asc(rights_request::Column::Id)
        .limit(u64::from(limit))
        .all(reader)
        .await?;
    opened(reader, vault, rows).await
}

async fn opened(
    reader: &DatabaseConnection,
    vault: &Vault,
    rows: Vec<rights_request::Model>,
) -> Result<Vec<RightsRequest>, Unread> {
    let mut requests = Vec::with_capacity(rows.len());
    for row in rows {
        let key = vault.key_of(reader, PersonId::from_uuid(row.person)).await?;
        requests.push(row.domain(key.as_ref())?);
    }
    Ok(requests)
}

pub(crate) async fn outlived(
    reader: &DatabaseConnection,
    kept: Kept,
    before: Timestamp,
    limit: u16,
) -> Result<Vec<Outlived>, Unread> {
    let (before, limit) = (before.millis(), u64::from(limit));
    Ok(match kept {
        Kept::CaptureSession => {
            let ids: Vec<Uuid> = capture_session::Entity::find()
                .select_only()
                .column(capture_session::Column::Id)
                .filter(capture_session::Column::ExpiresAtMs.lt(before))
                .order_by_asc(capture_session::Column::ExpiresAtMs)
                .order_by_asc(capture_session::Column::Id)
                .limit(limit)
                .into_tuple()
                .all(reader)
                .await?;
            ids.into_iter().map(|id| Outlived::CaptureSession(CaptureSessionId::from_uuid(id))).collect()
        }
        Kept::Enrolment => {
            let ids: Vec<Uuid> = enrolment::Entity::find()
                .select_only()
                .column(enrolment::Column::Id)
                .filter(enrolment::Column::EndsAtMs.lt(before))
                .order_by_asc(enrolment::Column::EndsAtMs)
                .order_by_asc(enrolment::Column::Id)
                .limit(limit)
                .into_tuple()
                .all(reader)
                .await?;
            ids.into_iter().map(|id| Outlived::Enrolment(EnrolmentId::from_uuid(id))).collect()
        }
        Kept::Template => {
            let rows: Vec<(Uuid, Uuid)> = face_reference::Entity::find()
                .select_only()
                .column(face_reference::Column::Person)
                .column(face_reference::Column::Id)
                .filter(face_reference::Column::CreatedAtMs.lt(before))
                .order_by_asc(face_reference::Column::CreatedAtMs)
                .order_by_asc(face_reference::Column::Id)
                .limit(limit)
                .into_tuple()
                .all(reader)
                .await?;
            let template = |(person, reference)| Outlived::Template {
                person: PersonId::from_uuid(person),
                reference: ReferenceId::from_uuid(reference),
            };
            rows.into_iter().map(template).collect()
        }
    })
}
