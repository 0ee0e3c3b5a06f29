//! Guardians, rules and terms of galleries, ways of payments and tries of PINs: writes within a batch, and reads; and what the
//! log says of faces and members, for hubs that follow it.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ActiveModelBehavior, ActiveValue, ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Value,
};
use tebura_hub::gallery_rules::GalleryRule;
use tebura_hub::guardians::GuardianLink;
use tebura_hub::ids::{GalleryId, GuardianLinkId, PaymentId, PersonId, ReferenceId};
use tebura_hub::ports::Write;
use tebura_hub::recognition::{FaceChange, FaceChanges, Membership, RecognitionWrite};
use tebura_ledger::{Shard, Timestamp, Uuid};

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{
    Damaged, event, gallery_member, gallery_rule, gallery_term, guardian_link, payment_way, payment_worn, person,
    shard_column, shard_head, shard_of,
};
use crate::log::{Logged, digest};
use crate::read::Unread;
use crate::records::{put, put_unlogged, unknown_person};
use crate::rows::Texts;

/// Entries of one shard's log read at once.
const PAGE: u64 = 5_000;

/// How often each PIN that a batch tries was tried before.
pub(crate) async fn tries(
    tx: &Transaction<'_>,
    writes: impl Iterator<Item = &Write>,
) -> Result<BTreeMap<PersonId, u32>, Failure> {
    let tried = writes.filter_map(|write| {
        if let Write::Recognition(RecognitionWrite::PinTry { person, .. }) = write { Some(person.uuid()) } else { None }
    });
    let people: BTreeSet<Uuid> = tried.collect();
    let keys = people.into_iter().map(|person| vec![Value::from(person)]).collect();
    let rows = tx.select(&Texts::<person::Entity>::of(tx.engine()), keys).await?;
    rows.into_iter().map(|row| Ok((PersonId::from_uuid(row.id), row.pin()?.failed))).collect()
}

/// Writes one row. Returns what the log says of it; nothing where nothing was changed.
pub(crate) async fn write(tx: &Transaction<'_>, write: &RecognitionWrite) -> Result<Option<Logged>, Failure> {
    match write {
        RecognitionWrite::Guardian(link) => {
            put(tx, guardian_link::Model::of(link), &[guardian_link::Column::Id]).await.map(Some)
        }
        RecognitionWrite::Rule { gallery, rule } => {
            put(tx, gallery_rule::Model::of(*gallery, rule), &[gallery_rule::Column::Gallery]).await.map(Some)
        }
        RecognitionWrite::Term { gallery, person, until } => term(tx, *gallery, *person, *until).await,
        RecognitionWrite::Expire { gallery, person, at } => expire(tx, *gallery, *person, *at).await,
        RecognitionWrite::Way { payment, way } => {
            let row = payment_way::Model { payment: payment.uuid(), way: way.clone() };
            put(tx, row, &[payment_way::Column::Payment]).await.map(Some)
        }
        RecognitionWrite::Worn { payment, worn } => {
            let row = payment_worn::Model { payment: payment.uuid(), worn: payment_worn::text(worn) };
            put(tx, row, &[payment_worn::Column::Payment]).await.map(Some)
        }
        RecognitionWrite::PinTry { person, failed, locked_until, .. } => {
            pin_tries(tx, *person, *failed, *locked_until).await.map(Some)
        }
    }
}

/// Sets how often a PIN was tried.
pub(crate) async fn pin_tries(
    tx: &Transaction<'_>,
    person: PersonId,
    failed: u32,
    locked_until: Option<Timestamp>,
) -> Result<Logged, Failure> {
    let locked_until = locked_until.map(Timestamp::millis);
    let row = person::ActiveModel {
        pin_failed: ActiveValue::Set(i64::from(failed)),
        pin_locked_until_ms: ActiveValue::Set(locked_until),
        ..person::ActiveModel::new()
    };
    let update = person::Entity::update_many().set(row).filter(person::Column::Id.eq(person.uuid()));
    if tx.run(&update).await? == 0 {
        return Err(unknown_person());
    }
    let tried = [Value::from(i64::from(failed)), Value::BigInt(locked_until)];
    Ok(Logged::of("pin_tries", [Value::from(person.uuid())], Some(digest(tried))))
}

async fn term(
    tx: &Transaction<'_>,
    gallery: GalleryId,
    person: PersonId,
    until: Option<Timestamp>,
) -> Result<Option<Logged>, Failure> {
    let key = [gallery_term::Column::Gallery, gallery_term::Column::Person];
    let Some(until) = until else { return end_term(tx, gallery, person, None).await.map(|_| None) };
    let row = gallery_term::Model { gallery: gallery.uuid(), person: person.uuid(), until_ms: until.millis() };
    // The log says when a member came and went; a term is an appointment for the second.
    put_unlogged(tx, row, &key).await.map(|()| None)
}

/// Forgets a member's term, and says whether there was one; `at`: only when it is over by then.
pub(crate) async fn end_term(
    tx: &Transaction<'_>,
    gallery: GalleryId,
    person: PersonId,
    at: Option<Timestamp>,
) -> Result<bool, Failure> {
    let mut over = Condition::all()
        .add(gallery_term::Column::Gallery.eq(gallery.uuid()))
        .add(gallery_term::Column::Person.eq(person.uuid()));
    if let Some(at) = at {
        over = over.add(gallery_term::Column::UntilMs.lte(at.millis()));
    }
    Ok(tx.run(&gallery_term::Entity::delete_many().filter(over)).await? > 0)
}

/// Takes a member out whose term is over.
async fn expire(
    tx: &Transaction<'_>,
    gallery: GalleryId,
    person: PersonId,
    at: Timestamp,
) -> Result<Option<Logged>, Failure> {
    if !end_term(tx, gallery, person, Some(at)).await? {
        return Ok(None);
    }
    let delete = gallery_member::Entity::delete_many()
        .filter(gallery_member::Column::Gallery.eq(gallery.uuid()))
        .filter(gallery_member::Column::Person.eq(person.uuid()));
    tx.run(&delete).await?;
    let key = [Value::from(gallery.uuid()), Value::from(person.uuid())];
    Ok(Some(Logged::of("gallery_member", key, None)))
}

pub(crate) async fn link(reader: &DatabaseConnection, id: GuardianLinkId) -> Result<Option<GuardianLink>, Unread> {
    let row = guardian_link::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(guardian_link::Model::domain).transpose()?)
}

pub(crate) async fn links(reader: &DatabaseConnection, person: PersonId) -> Result<Vec<GuardianLink>, Unread> {
    let of = Condition::any()
        .add(guardian_link::Column::Guardian.eq(person.uuid()))
        .add(guardian_link::Column::Ward.eq(person.uuid()));
    let rows = guardian_link::Entity::find().filter(of).order_by_asc(guardian_link::Column::Id).all(reader).await?;
    Ok(rows.into_iter().map(guardian_link::Model::domain).collect::<Result<_, _>>()?)
}

pub(crate) async fn rules(reader: &DatabaseConnection) -> Result<Vec<(GalleryId, GalleryRule)>, Unread> {
    let rows = gallery_rule::Entity::find().order_by_asc(gallery_rule::Column::Gallery).all(reader).await?;
    Ok(rows.into_iter().map(gallery_rule::Model::domain).collect::<Result<_, _>>()?)
}

pub(crate) async fn membership(
    reader: &DatabaseConnection,
    gallery: GalleryId,
    person: PersonId,
) -> Result<Option<Membership>, Unread> {
    let key = (gallery.uuid(), person.uuid());
    if gallery_member::Entity::find_by_id(key).one(reader).await?.is_none() {
        return Ok(None);
    }
    let term = gallery_term::Entity::find_by_id(key).one(reader).await?;
    Ok(Some(Membership { until: term.map(|term| Timestamp::from_millis(term.until_ms)) }))
}

pub(crate) async fn due_terms(
    reader: &DatabaseConnection,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<(GalleryId, PersonId)>, Unread> {
    let rows = gallery_term::Entity::find()
        .filter(gallery_term::Column::UntilMs.lte(now.millis()))
        .order_by_asc(gallery_term::Column::UntilMs)
        .order_by_asc(gallery_term::Column::Gallery)
        .order_by_asc(gallery_term::Column::Person)
        .limit(u64::from(limit))
        .all(reader)
        .await?;
    let ids = |row: gallery_term::Model| (GalleryId::from_uuid(row.gallery), PersonId::from_uuid(row.person));
    Ok(rows.into_iter().map(ids).collect())
}

pub(crate) async fn way(reader: &DatabaseConnection, id: PaymentId) -> Result<Option<String>, Unread> {
    Ok(payment_way::Entity::find_by_id(id.uuid()).one(reader).await?.map(|row| row.way))
}

/// What the logs say of members, templates and keys after a place in each.
pub(crate) async fn changes(
    reader: &DatabaseConnection,
    after: Option<&[(Shard, u64)]>,
) -> Result<FaceChanges, Unread> {
    let mut page = FaceChanges::default();
    for head in shard_head::Entity::find().order_by_asc(shard_head::Column::Shard).all(reader).await? {
        let (shard, last) = (shard_of("shard_head", head.shard)?, head.seq.unsigned_abs());
        let from = after.map(|after| after.iter().find(|(of, _)| *of == shard).map_or(0, |(_, place)| *place));
        let Some(from) = from.filter(|from| *from < last) else {
            page.heads.push((shard, last));
            continue;
        };
        let rows = event::Entity::find()
            .filter(event::Column::Shard.eq(shard_column(shard)))
            .filter(event::Column::Seq.gt(i64::try_from(from).unwrap_or(i64::MAX)))
            .filter(event::Column::Seq.lte(head.seq))
            .filter(event::Column::Record.is_in(["gallery_member", "face_reference", "person_key"]))
            .order_by_asc(event::Column::Seq)
            .limit(PAGE)
            .all(reader)
            .await?;
        // A page that is full ends where its last row is.
        let full = rows.len() as u64 == PAGE;
        let reached = rows.last().filter(|_| full).map_or(last, |row| row.seq.unsigned_abs());
        page.heads.push((shard, reached));
        page.more |= full;
        for row in &rows {
            page.changes.extend(change(row)?);
        }
    }
    Ok(page)
}

fn change(row: &event::Model) -> Result<Option<FaceChange>, Damaged> {
    let malformed = || Damaged::new("event", "record_id");
    let ids = row.record_id.as_deref().unwrap_or_default().split(' ').map(|part| part.parse::<Uuid>());
    let ids: Vec<Uuid> = ids.collect::<Result<_, _>>().map_err(|_| malformed())?;
    let present = row.digest.is_some();
    Ok(match (row.record.as_deref(), ids.as_slice()) {
        (Some("gallery_member"), [gallery, person]) => {
            Some(FaceChange::Member { gallery: GalleryId::from_uuid(*gallery), person: PersonId::from_uuid(*person) })
        }
        (Some("face_reference"), [id]) if present => Some(FaceChange::Enrolled(ReferenceId::from_uuid(*id))),
        (Some("face_reference"), [id]) => Some(FaceChange::Removed(ReferenceId::from_uuid(*id))),
        (Some("person_key"), [_]) if present => None,
        (Some("person_key"), [person]) => Some(FaceChange::Erased(PersonId::from_uuid(*person))),
        (Some(_) | None, _) => return Err(malformed()),
    })
}
