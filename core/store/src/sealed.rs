//! People's names and templates between the vault and their rows.

use sea_orm::{ActiveValue, ConnectionTrait, EntityTrait, Value};
use tebura_face::Template;
use tebura_hub::ids::{PersonId, ReferenceId};
use tebura_hub::people::{FaceReference, Person};
use tebura_ledger::Timestamp;
use zeroize::Zeroizing;

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{Damaged, face_reference, person, person_key};
use crate::rows::Texts;
use crate::vault::{PersonKey, Sealed, Vault, VaultError, WrappedKey};

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

    /// Everybody's key.
    pub(crate) async fn all_keys(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<std::collections::BTreeMap<PersonId, PersonKey>, Failure> {
        let rows = person_key::Entity::find().all(connection).await?;
        let open = |row: person_key::Model| {
            let person = PersonId::from_uuid(row.person);
            Ok((person, self.open_row(row)?))
        };
        rows.into_iter().map(open).collect::<Result<_, VaultError>>().map_err(Failure::from)
    }

    fn open_row(&self, row: person_key::Model) -> Result<PersonKey, VaultError> {
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

/// An enrolled template as it is stored.
pub(crate) fn seal_reference(key: &PersonKey, reference: &FaceReference) -> Result<face_reference::Model, VaultError> {
    let clear: Zeroizing<Vec<u8>> = reference.template.to_bytes();
    Ok(face_reference::Model {
        id: reference.id.uuid(),
        person: reference.person.uuid(),
        pack: reference.pack.clone(),
        sealed_template: key.seal(Sealed::Template, reference.id.uuid(), &clear)?,
        created_at_ms: reference.created_at.millis(),
    })
}

/// An enrolled template as it was before it was stored.
pub(crate) fn open_reference(key: &PersonKey, row: face_reference::Model) -> Result<FaceReference, Failure> {
    let clear = key.open(Sealed::Template, row.id, &row.sealed_template)?;
    let template = Template::from_bytes(&clear).map_err(|_| Damaged::new("face_reference", "sealed_template"))?;
    Ok(FaceReference {
        id: ReferenceId::from_uuid(row.id),
        person: PersonId::from_uuid(row.person),
        pack: row.pack,
        template,
        created_at: Timestamp::from_millis(row.created_at_ms),
    })
}
