//! Reads of people. A person whose key is gone was erased and is not found.

use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use tebura_hub::ids::{CaptureSessionId, InstrumentId, PersonId, ReferenceId};
use tebura_hub::people::{CaptureSession, EnrolledTemplate, Instrument, Person};
use tebura_hub::ports::PinRecord;
use tebura_ledger::Timestamp;

use super::Unread;
use crate::entity::{capture_session, face_reference, instrument, instrument_end, person};
use crate::sealed::open_person;
use crate::vault::Vault;

pub(super) async fn person(reader: &DatabaseConnection, vault: &Vault, id: PersonId) -> Result<Option<Person>, Unread> {
    let Some(row) = person::Entity::find_by_id(id.uuid()).one(reader).await? else {
        return Ok(None);
    };
    let key = vault.key_of(reader, id).await?;
    Ok(key.map(|key| open_person(&key, row)).transpose()?)
}

pub(super) async fn pin(reader: &DatabaseConnection, id: PersonId) -> Result<Option<PinRecord>, Unread> {
    let row = person::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(person::Model::pin).transpose()?)
}

pub(super) async fn instruments(reader: &DatabaseConnection, person: PersonId) -> Result<Vec<Instrument>, Unread> {
    let rows = instrument::Entity::find()
        .find_also_related(instrument_end::Entity)
        .filter(instrument::Column::Person.eq(person.uuid()))
        .order_by_asc(instrument::Column::Id)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(|(row, end)| row.domain(end.as_ref())).collect::<Result<_, _>>()?)
}

pub(super) async fn instrument(reader: &DatabaseConnection, id: InstrumentId) -> Result<Option<Instrument>, Unread> {
    let found = instrument::Entity::find_by_id(id.uuid()).find_also_related(instrument_end::Entity).one(reader).await?;
    Ok(found.map(|(row, end)| row.domain(end.as_ref())).transpose()?)
}

pub(super) async fn capture_session(
    reader: &DatabaseConnection,
    vault: &Vault,
    id: CaptureSessionId,
) -> Result<Option<CaptureSession>, Unread> {
    let Some(row) = capture_session::Entity::find_by_id(id.uuid()).one(reader).await? else { return Ok(None) };
    let key = vault.key_of(reader, PersonId::from_uuid(row.person)).await?;
    Ok(key.map(|key| row.domain(&key)).transpose()?)
}

pub(super) async fn references_of(
    reader: &DatabaseConnection,
    person: PersonId,
) -> Result<Vec<EnrolledTemplate>, Unread> {
    let rows = face_reference::Entity::find()
        .filter(face_reference::Column::Person.eq(person.uuid()))
        .order_by_asc(face_reference::Column::Id)
        .all(reader)
        .await?;
    let template = |row: face_reference::Model| EnrolledTemplate {
        id: ReferenceId::from_uuid(row.id),
        pack: row.pack,
        created_at: Timestamp::from_millis(row.created_at_ms),
    };
    Ok(rows.into_iter().map(template).collect())
}
