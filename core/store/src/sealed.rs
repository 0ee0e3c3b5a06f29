//! People's names and templates between the vault and their rows.

use aws_lc_rs::aead::NONCE_LEN;
use sea_orm::{ActiveValue, ConnectionTrait, EntityTrait, Value};
use tebura_face::{Rotation, Template};
use tebura_hub::ids::{PersonId, ReferenceId};
use tebura_hub::people::{FaceReference, Person};
use tebura_ledger::Timestamp;
use zeroize::Zeroizing;

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{Damaged, face_reference, person, person_key};
use crate::rows::Texts;
use crate::vault::{PersonKey, Sealed, TAG_LEN, Vault, VaultError, WrappedKey};

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::Broken { reason: error.to_string() }
    }
}

impl Vault {
    /// The key of a person, made when there is none.
    pub(crate) async fn key_for(&self, tx: &Transaction<'_>, person: PersonId) -> Result<PersonKey, Failure> {
        if let Some(key) = self.key_in(tx, person).await? {
            return Ok(key);
        }
        let (key, WrappedKey { kek, wrapped }) = self.new_key(person)?;
        let row = person_key::ActiveModel {
            person: ActiveValue::Set(person.uuid()),
            kek: ActiveValue::Set(kek),
            wrapped: ActiveValue::Set(wrapped),
        };
        tx.run(&person_key::Entity::insert(row)).await?;
        Ok(key)
    }

    /// The key of a person as a batch sees it.
    pub(crate) async fn key_in(&self, tx: &Transaction<'_>, person: PersonId) -> Result<Option<PersonKey>, Failure> {
        let texts = Texts::<person_key::Entity>::of(tx.engine());
        let rows = tx.select(&texts, vec![vec![Value::from(person.uuid())]]).await?;
        rows.into_iter().next().map(|row| self.open_row(row)).transpose().map_err(Failure::from)
    }

    /// The key of a person; `None`: there is none, or the person was erased.
    pub(crate) async fn key_of(
        &self,
        connection: &impl ConnectionTrait,
        person: PersonId,
    ) -> Result<Option<PersonKey>, Failure> {
        let row = person_key::Entity::find_by_id(person.uuid()).one(connection).await?;
        row.map(|row| self.open_row(row)).transpose().map_err(Failure::from)
    }

    pub(crate) fn open_row(&self, row: person_key::Model) -> Result<PersonKey, VaultError> {
        let stored = WrappedKey { kek: row.kek, wrapped: row.wrapped };
        self.open_key(PersonId::from_uuid(row.person), &stored)
    }
}

/// A person's name as it is stored.
pub(crate) fn seal_name(key: &PersonKey, person: &Person) -> Result<Vec<u8>, VaultError> {
    key.seal(Sealed::Name, person.id.uuid(), person.name.as_bytes())
}

/// A person as it was before it was stored.
pub(crate) fn open_person(key: &PersonKey, row: person::Model) -> Result<Person, Failure> {
    let name = key.open(Sealed::Name, row.id, &row.sealed_name)?;
    let name = String::from_utf8(name.to_vec()).map_err(|_| Damaged::new("person", "sealed_name"))?;
    Ok(Person {
        id: PersonId::from_uuid(row.id),
        name,
        pin_hash: row.pin_hash,
        created_at: Timestamp::from_millis(row.created_at_ms),
    })
}

/// Why a template was not opened.
pub(crate) enum Opened {
    /// The row is not what was written.
    Damaged,
    /// Nothing is wrong with the row.
    Failed(Failure),
}

impl From<VaultError> for Opened {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::DoesNotOpen => Self::Damaged,
            VaultError::OtherKek | VaultError::Cipher => Self::Failed(error.into()),
        }
    }
}

impl From<Opened> for Failure {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Damaged => Damaged::new("face_reference", "sealed_template").into(),
            Opened::Failed(failure) => failure,
        }
    }
}

/// Numbers of the template in a row.
pub(crate) fn dims(row: &face_reference::Model) -> usize {
    row.sealed_template.len().saturating_sub(NONCE_LEN + TAG_LEN) / size_of::<f32>()
}

/// An enrolled template as it is stored in a space, turned by the space's rotation.
pub(crate) fn seal_reference(
    key: &PersonKey,
    reference: &FaceReference,
    space: i64,
    rotation: &Rotation,
) -> Result<face_reference::Model, VaultError> {
    let turned = reference.template.turned(rotation).ok_or(VaultError::Cipher)?;
    let clear: Zeroizing<Vec<u8>> = turned.to_bytes();
    Ok(face_reference::Model {
        id: reference.id.uuid(),
        person: reference.person.uuid(),
        pack: reference.pack.clone(),
        sealed_template: key.seal(Sealed::Template(space), reference.id.uuid(), &clear)?,
        created_at_ms: reference.created_at.millis(),
        space,
    })
}

/// An enrolled template as it was before it was stored; `rotation` is its space's.
pub(crate) fn open_reference(
    key: &PersonKey,
    row: &face_reference::Model,
    rotation: Option<&Rotation>,
) -> Result<FaceReference, Opened> {
    let clear = key.open(Sealed::Template(row.space), row.id, &row.sealed_template)?;
    let stored = Template::from_bytes(&clear).map_err(|_| Opened::Damaged)?;
    let template = match rotation {
        Some(rotation) => stored.turned_back(rotation).ok_or(Opened::Damaged)?,
        None => stored,
    };
    Ok(FaceReference {
        id: ReferenceId::from_uuid(row.id),
        person: PersonId::from_uuid(row.person),
        pack: row.pack.clone(),
        template,
        created_at: Timestamp::from_millis(row.created_at_ms),
    })
}
