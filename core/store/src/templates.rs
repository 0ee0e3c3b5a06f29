//! Enrolled templates: each stands in a space, turned by the space's secret rotation, and is sealed with its person's key.
//!
//! A new space is begun at any time; what stands in an older one is moved bit by bit, and an empty older one is forgotten
//! with its secret. Absent: who moves them, and the galleries.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Value,
};
use tebura_face::Rotation;
use tebura_hub::ids::{PersonId, ReferenceId};
use tebura_hub::people::FaceReference;
use tebura_hub::ports::References;
use tebura_hub::template_spaces::{TemplateSpace, TemplateWrite};
use tebura_ledger::{Timestamp, Uuid};
use zeroize::Zeroizing;

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{Damaged, face_reference, person_key, template_space};
use crate::log::Logged;
use crate::read::Unread;
use crate::records::{put, unknown_person};
use crate::rows::Texts;
use crate::sealed::{Opened, open_reference, seal_reference};
use crate::vault::{KEY_LEN, SecretRow, Vault, VaultError, WrappedKey};

/// Templates without a space: written before there were any.
const NO_SPACE: i64 = 0;

/// What a process remembers of the spaces. A space that was committed never changes, but for its end.
#[derive(Default)]
pub(crate) struct Spaces {
    /// The newest that was seen; a batch looks whether there is a newer one.
    newest: AtomicI64,
    rotations: RwLock<BTreeMap<(i64, usize), Arc<Rotation>>>,
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

impl Vault {
    /// The rotation of a space for templates of `dims` numbers.
    fn rotation(&self, space: &template_space::Model, dims: usize) -> Result<Rotation, VaultError> {
        let stored = WrappedKey { kek: space.kek.clone(), wrapped: space.wrapped.clone() };
        let secret = self.unwrap_for(SecretRow::TemplateSpace(space.number), &stored)?;
        let mut random = Zeroizing::new(vec![0; Rotation::random_bytes(dims)]);
        let info = [b"tebura template rotation".as_slice(), &(dims as u64).to_be_bytes()];
        Prk::new_less_safe(HKDF_SHA256, &*secret)
            .expand(&info, Bytes(random.len()))
            .and_then(|key| key.fill(&mut random))
            .map_err(|_| VaultError::Cipher)?;
        Rotation::drawn(dims, &random).ok_or(VaultError::Cipher)
    }

    fn new_space(&self, number: i64, since: Timestamp) -> Result<template_space::Model, VaultError> {
        let mut secret = Zeroizing::new([0; KEY_LEN]);
        aws_lc_rs::rand::fill(&mut *secret).map_err(|_| VaultError::Cipher)?;
        let WrappedKey { kek, wrapped } = self.wrap_for(SecretRow::TemplateSpace(number), &secret)?;
        Ok(template_space::Model { number, kek, wrapped, since_ms: since.millis(), until_ms: None })
    }

    /// The rotation that a stored template was turned by; `None`: by none.
    async fn rotation_of(
        &self,
        reader: &DatabaseConnection,
        row: &face_reference::Model,
    ) -> Result<Option<Arc<Rotation>>, Unread> {
        if row.space == NO_SPACE {
            return Ok(None);
        }
        let key = (row.space, crate::sealed::dims(row));
        let known = self.spaces.rotations.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let space = template_space::Entity::find_by_id(row.space).one(reader).await?;
        let space = space.ok_or_else(|| Damaged::new("template_space", "a space that templates stand in is gone"))?;
        let rotation = Arc::new(self.rotation(&space, key.1).map_err(Failure::from)?);
        let mut rotations = self.spaces.rotations.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(Arc::clone(rotations.entry(key).or_insert(rotation))))
    }

    /// The space that is written into, locked against the next one until the batch is over. The first one is made here.
    async fn newest_space(&self, tx: &Transaction<'_>, now: Timestamp) -> Result<template_space::Model, Failure> {
        let texts = Texts::<template_space::Entity>::of(tx.engine());
        let row = async |number: i64| -> Result<Option<template_space::Model>, Failure> {
            Ok(tx.select(&texts, vec![vec![Value::from(number)]]).await?.pop())
        };
        let mut number = Ord::max(self.spaces.newest.load(Ordering::Relaxed), 1);
        let mut newest = row(number).await?;
        // What was remembered may have been undone with its batch.
        while newest.is_none() && number > 1 {
            number -= 1;
            newest = row(number).await?;
        }
        while newest.as_ref().is_none_or(|space| space.until_ms.is_some()) {
            match row(number + 1).await? {
                Some(next) => (number, newest) = (number + 1, Some(next)),
                None => break,
            }
        }
        let Some(space) = newest else {
            let first = self.new_space(1, now)?;
            insert(tx, &first).await?;
            return Ok(first);
        };
        let lock = template_space::Entity::update_many()
            .col_expr(template_space::Column::SinceMs, Expr::value(space.since_ms))
            .filter(template_space::Column::Number.eq(space.number))
            .filter(template_space::Column::UntilMs.is_null());
        if tx.run(&lock).await? == 0 {
            return Err(Failure::Conflict { reason: "a new template space was begun meanwhile".to_owned() });
        }
        self.spaces.newest.store(space.number, Ordering::Relaxed);
        Ok(space)
    }
}

async fn insert(tx: &Transaction<'_>, space: &template_space::Model) -> Result<(), Failure> {
    let keep = OnConflict::column(template_space::Column::Number).do_nothing().to_owned();
    let row = space.clone().into_active_model().reset_all();
    match tx.run(&template_space::Entity::insert(row).on_conflict(keep)).await? {
        0 => Err(Failure::Conflict { reason: "a template space was begun meanwhile".to_owned() }),
        _ => Ok(()),
    }
}

/// Writes a template into the newest space.
pub(crate) async fn enrol(tx: &Transaction<'_>, vault: &Vault, reference: &FaceReference) -> Result<Logged, Failure> {
    let key = vault.key_in(tx, reference.person).await?.ok_or_else(unknown_person)?;
    let space = vault.newest_space(tx, reference.created_at).await?;
    let rotation = vault.rotation(&space, reference.template.dims())?;
    put(tx, seal_reference(&key, reference, space.number, &rotation)?, &[face_reference::Column::Id]).await
}

/// Changes spaces. Returns what the log says of it: of a template that was moved; the spaces themselves are not in it.
pub(crate) async fn write(
    tx: &Transaction<'_>,
    vault: &Vault,
    write: &TemplateWrite,
) -> Result<Option<Logged>, Failure> {
    match write {
        TemplateWrite::Begin { number, at } => {
            let number = i64::from(*number);
            let end = template_space::Entity::update_many()
                .col_expr(template_space::Column::UntilMs, Expr::value(at.millis()))
                .filter(template_space::Column::Number.lt(number))
                .filter(template_space::Column::UntilMs.is_null());
            tx.run(&end).await?;
            insert(tx, &vault.new_space(number, *at)?).await?;
            Ok(None)
        }
        TemplateWrite::Move(reference) => move_over(tx, vault, *reference).await,
        TemplateWrite::ForgetEmpty => {
            let own = Expr::col((face_reference::Entity, face_reference::Column::Space));
            let stands = Query::select()
                .column(face_reference::Column::Id)
                .from(face_reference::Entity)
                .and_where(own.equals((template_space::Entity, template_space::Column::Number)))
                .to_owned();
            let delete = template_space::Entity::delete_many()
                .filter(template_space::Column::UntilMs.is_not_null())
                .filter(Expr::exists(stands).not());
            tx.run(&delete).await?;
            Ok(None)
        }
    }
}

/// Moves a template into the newest space; one that is gone, or there already, stays as it is.
async fn move_over(tx: &Transaction<'_>, vault: &Vault, id: ReferenceId) -> Result<Option<Logged>, Failure> {
    let texts = Texts::<face_reference::Entity>::of(tx.engine());
    let Some(row) = tx.select(&texts, vec![vec![Value::from(id.uuid())]]).await?.pop() else { return Ok(None) };
    let Some(key) = vault.key_in(tx, PersonId::from_uuid(row.person)).await? else { return Ok(None) };
    let newest = vault.newest_space(tx, Timestamp::from_millis(row.created_at_ms)).await?;
    if row.space == newest.number {
        return Ok(None);
    }
    let dims = crate::sealed::dims(&row);
    let from = match row.space {
        NO_SPACE => None,
        number => {
            let spaces = Texts::<template_space::Entity>::of(tx.engine());
            let gone = || Damaged::new("template_space", "a space that templates stand in is gone");
            let space = tx.select(&spaces, vec![vec![Value::from(number)]]).await?.pop().ok_or_else(gone)?;
            Some(vault.rotation(&space, dims)?)
        }
    };
    let reference = open_reference(&key, &row, from.as_ref())?;
    let rotation = vault.rotation(&newest, dims)?;
    let moved = seal_reference(&key, &reference, newest.number, &rotation)?;
    put(tx, moved, &[face_reference::Column::Id]).await.map(Some)
}

/// A page of templates by id. A row that does not open is named and passed over.
pub(crate) async fn page(
    reader: &DatabaseConnection,
    vault: &Vault,
    after: Option<ReferenceId>,
    limit: u16,
) -> Result<References, Unread> {
    let mut query = face_reference::Entity::find().order_by_asc(face_reference::Column::Id).limit(u64::from(limit));
    if let Some(after) = after {
        query = query.filter(face_reference::Column::Id.gt(after.uuid()));
    }
    let rows = query.all(reader).await?;
    let last = rows.last().map(|row| ReferenceId::from_uuid(row.id)).filter(|_| rows.len() == usize::from(limit));
    Ok(References { last, ..opened(reader, vault, rows).await? })
}

/// One template, or a person's.
pub(crate) async fn some(
    reader: &DatabaseConnection,
    vault: &Vault,
    column: face_reference::Column,
    is: Uuid,
) -> Result<References, Unread> {
    let query = face_reference::Entity::find().filter(column.eq(is)).order_by_asc(face_reference::Column::Id);
    opened(reader, vault, query.all(reader).await?).await
}

async fn opened(
    reader: &DatabaseConnection,
    vault: &Vault,
    rows: Vec<face_reference::Model>,
) -> Result<References, Unread> {
    let people: Vec<Uuid> = rows.iter().map(|row| row.person).collect();
    let keys = person_key::Entity::find().filter(person_key::Column::Person.is_in(people)).all(reader).await?;
    let keys: BTreeMap<Uuid, person_key::Model> = keys.into_iter().map(|key| (key.person, key)).collect();
    let mut page = References::default();
    for row in rows {
        let Some(key) = keys.get(&row.person) else { continue };
        let rotation = vault.rotation_of(reader, &row).await?;
        let opened = vault.open_row(key.clone()).map_err(Opened::from);
        match opened.and_then(|key| open_reference(&key, &row, rotation.as_deref())) {
            Ok(reference) => page.rows.push(reference),
            Err(Opened::Damaged) => page.damaged.push(ReferenceId::from_uuid(row.id)),
            Err(Opened::Failed(failure)) => return Err(failure.into()),
        }
    }
    Ok(page)
}

/// The spaces, oldest first, each with how many templates stand in it; 0 first when some stand in none.
pub(crate) async fn spaces(reader: &DatabaseConnection) -> Result<Vec<TemplateSpace>, Unread> {
    let count = async |number: i64| {
        face_reference::Entity::find().filter(face_reference::Column::Space.eq(number)).count(reader).await
    };
    let mut spaces = Vec::new();
    let without = count(NO_SPACE).await?;
    if without > 0 {
        let long_ago = Timestamp::from_millis(0);
        spaces.push(TemplateSpace { number: 0, since: long_ago, until: Some(long_ago), templates: without });
    }
    for row in template_space::Entity::find().order_by_asc(template_space::Column::Number).all(reader).await? {
        spaces.push(TemplateSpace {
            number: u32::try_from(row.number).map_err(|_| Damaged::new("template_space", "number"))?,
            since: Timestamp::from_millis(row.since_ms),
            until: row.until_ms.map(Timestamp::from_millis),
            templates: count(row.number).await?,
        });
    }
    Ok(spaces)
}

/// Templates that stand in no space, or in an older one than the newest.
pub(crate) async fn left_behind(reader: &DatabaseConnection, limit: u16) -> Result<Vec<ReferenceId>, Unread> {
    let newest = Query::select().expr(template_space::Column::Number.max()).from(template_space::Entity).to_owned();
    let ids: Vec<Uuid> = face_reference::Entity::find()
        .select_only()
        .column(face_reference::Column::Id)
        .filter(face_reference::Column::Space.into_expr().lt(SimpleExpr::SubQuery(None, Box::new(newest.into()))))
        .order_by_asc(face_reference::Column::Space)
        .order_by_asc(face_reference::Column::Id)
        .limit(u64::from(limit))
        .into_tuple()
        .all(reader)
        .await?;
    Ok(ids.into_iter().map(ReferenceId::from_uuid).collect())
}
