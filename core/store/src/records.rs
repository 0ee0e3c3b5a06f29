//! Writes that payments do not wait for: people, merchants, tills, galleries, keys. One statement a row, by entity.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Value};
use tebura_hub::ids::{GalleryId, PersonId};
use tebura_hub::people::{CaptureSession, Person};
use tebura_hub::ports::Write;
use tebura_hub::rail::{KvWrite, PluginId};

use crate::contracts;
use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{
    api_key, audit_head, capture_session, gallery, gallery_member, instrument, instrument_end, merchant, payee, person,
    plugin_value, till,
};
use crate::log::Logged;
use crate::parties;
use crate::privacy;
use crate::proofings;
use crate::sealed::seal_name;
use crate::vault::Vault;
use crate::{notices, recognition, services, statements, templates, webhooks};

/// Writes one record; the last writer of a row wins, unless the row says what it expects. Returns what the log says of
/// it; nothing for what the batch writes itself.
pub(crate) async fn write(tx: &Transaction<'_>, vault: &Vault, write: &Write) -> Result<Vec<Logged>, Failure> {
    let at_most_one = |logged: Option<Logged>| logged.into_iter().collect();
    match write {
        Write::Exchange { .. } | Write::Payment(_) | Write::Event(_) => return Ok(Vec::new()),
        Write::Kv { plugin, write } => plugin_data(tx, plugin, write).await,
        Write::Person(person) => put_person(tx, vault, person).await,
        Write::Instrument(row) => {
            let mut logged = vec![put(tx, instrument::Model::of(row), &[instrument::Column::Id]).await?];
            if let Some(end) = instrument_end::Model::of(row) {
                logged.push(put(tx, end, &[instrument_end::Column::Instrument]).await?);
            }
            return Ok(logged);
        }
        Write::CaptureSession { session, .. } => capture(tx, vault, session).await,
        Write::FaceReference(reference) => templates::enrol(tx, vault, reference).await,
        Write::Template(row) => return templates::write(tx, vault, row).await.map(at_most_one),
        Write::Merchant(row) => put(tx, merchant::Model::of(row), &[merchant::Column::Id]).await,
        Write::Payee(row) => put(tx, payee::Model::of(row), &[payee::Column::Merchant, payee::Column::Rail]).await,
        Write::Till(row) => put(tx, till::Model::of(row), &[till::Column::Id]).await,
        Write::Gallery(row) => put(tx, gallery::Model::of(row), &[gallery::Column::Id]).await,
        Write::GalleryMember { gallery, person, present } => {
            let row = gallery_member::Model { gallery: gallery.uuid(), person: person.uuid() };
            member(tx, row, *present).await
        }
        Write::Webhook(row) => return webhooks::write(tx, vault, row).await.map(at_most_one),
        Write::Notice(row) => return notices::write(tx, row).await.map(|()| Vec::new()),
        Write::Party(row) => parties::write(tx, row).await,
        Write::Privacy(row) => return privacy::write(tx, vault, row).await,
        Write::Contract { contract, .. } => contracts::write(tx, contract).await,
        Write::ContractEntry(entry) => contracts::append(tx, entry).await,
        Write::Proofing { proofing, .. } => proofings::write(tx, vault, proofing).await,
        Write::ProofLink { link, person } => proofings::link(tx, link, *person).await,
        Write::Service(row) => return services::write(tx, vault, row).await.map(at_most_one),
        Write::Statement { head, findings } => statements::write(tx, head, findings).await,
        Write::ApiKey(row) => put(tx, api_key::Model::of(row), &[api_key::Column::Id]).await,
        Write::AuditHead(signed) => {
            let key = [audit_head::Column::Shard, audit_head::Column::Seq];
            let keep = OnConflict::columns(key).do_nothing().to_owned();
            let row = audit_head::Model::of(signed).into_active_model().reset_all();
            tx.run(&audit_head::Entity::insert(row).on_conflict(keep)).await?;
            return Ok(Vec::new());
        }
        Write::PinTries { person, failed, locked_until } => {
            recognition::pin_tries(tx, *person, *failed, *locked_until).await
        }
        Write::Recognition(row) => return recognition::write(tx, row).await.map(at_most_one),
    }
    .map(|logged| vec![logged])
}

/// Inserts a row or replaces the one with the same key.
pub(crate) async fn put<M, E>(tx: &Transaction<'_>, row: M, key: &[E::Column]) -> Result<Logged, Failure>
where
    M: sea_orm::ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
    E: EntityTrait<Model = M>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let logged = Logged::row(&row, key);
    put_unlogged(tx, row, key).await?;
    Ok(logged)
}

/// The same for a row of which the log says nothing.
pub(crate) async fn put_unlogged<M, E>(tx: &Transaction<'_>, row: M, key: &[E::Column]) -> Result<(), Failure>
where
    M: sea_orm::ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
    E: EntityTrait<Model = M>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    use sea_orm::{IdenStatic, Iterable};
    let is_key = |column: &E::Column| key.iter().any(|key| key.as_str() == column.as_str());
    let others: Vec<E::Column> = E::Column::iter().filter(|column| !is_key(column)).collect();
    let replace = OnConflict::columns(key.iter().copied()).update_columns(others).to_owned();
    tx.run(&E::insert(row.into_active_model().reset_all()).on_conflict(replace)).await.map(drop)
}

async fn put_person(tx: &Transaction<'_>, vault: &Vault, person: &Person) -> Result<Logged, Failure> {
    let key = vault.key_for(tx, person.id).await?;
    let row = person::Model {
        id: person.id.uuid(),
        sealed_name: seal_name(&key, person)?,
        pin_hash: person.pin_hash.clone(),
        pin_failed: 0,
        pin_locked_until_ms: None,
        created_at_ms: person.created_at.millis(),
    };
    // PIN tries are not the writer's to reset.
    let replaced = [person::Column::SealedName, person::Column::PinHash, person::Column::CreatedAtMs];
    let replace = OnConflict::column(person::Column::Id).update_columns(replaced).to_owned();
    let logged = Logged::row(&row, &[person::Column::Id]);
    tx.run(&person::Entity::insert(row.into_active_model().reset_all()).on_conflict(replace)).await?;
    Ok(logged)
}

async fn capture(tx: &Transaction<'_>, vault: &Vault, session: &CaptureSession) -> Result<Logged, Failure> {
    let key = vault.key_in(tx, session.person).await?.ok_or_else(unknown_person)?;
    put(tx, capture_session::Model::of(&key, session)?, &[capture_session::Column::Id]).await
}

async fn member(tx: &Transaction<'_>, row: gallery_member::Model, present: bool) -> Result<Logged, Failure> {
    let key = [gallery_member::Column::Gallery, gallery_member::Column::Person];
    let logged = Logged::row(&row, &key);
    if !present {
        let delete = gallery_member::Entity::delete_many()
            .filter(gallery_member::Column::Gallery.eq(row.gallery))
            .filter(gallery_member::Column::Person.eq(row.person));
        tx.run(&delete).await?;
        let (gallery, person) = (GalleryId::from_uuid(row.gallery), PersonId::from_uuid(row.person));
        recognition::end_term(tx, gallery, person, None).await?;
        return Ok(Logged { digest: None, ..logged });
    }
    let keep = OnConflict::columns(key).do_nothing().to_owned();
    let row = row.into_active_model().reset_all();
    tx.run(&gallery_member::Entity::insert(row).on_conflict(keep)).await?;
    Ok(logged)
}

async fn plugin_data(tx: &Transaction<'_>, plugin: &PluginId, write: &KvWrite) -> Result<Logged, Failure> {
    match &write.value {
        Some(value) => {
            let row = plugin_value::Model { plugin: plugin.0.clone(), key: write.key.clone(), value: value.clone() };
            put(tx, row, &[plugin_value::Column::Plugin, plugin_value::Column::Key]).await
        }
        None => {
            let delete = plugin_value::Entity::delete_many()
                .filter(plugin_value::Column::Plugin.eq(plugin.0.as_str()))
                .filter(plugin_value::Column::Key.eq(write.key.as_str()));
            tx.run(&delete).await?;
            Ok(Logged::of("plugin_value", [Value::from(plugin.0.as_str()), Value::from(write.key.as_str())], None))
        }
    }
}

pub(crate) fn unknown_person() -> Failure {
    Failure::Broken { reason: "the person is not known".to_owned() }
}
