//! Encryption at rest of what identifies a person: one key a person, wrapped by the operator's key.
//!
//! AES-256-GCM-SIV with a random nonce. The associated data names the row, so that a value moved to another row does
//! not open. Erasing a person is deleting the wrapped key. Absent: where the rows are.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use tebura_hub::ids::PersonId;
use tebura_ledger::Uuid;
use zeroize::Zeroizing;

use crate::templates::Spaces;

/// First byte of all associated data; a change of format changes it.
const FORMAT: u8 = 1;
/// Bytes of a key of AES-256.
pub(crate) const KEY_LEN: usize = 32;
/// Bytes that the cipher adds behind the text.
pub(crate) const TAG_LEN: usize = 16;

/// Why something sealed stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The key was wrapped by another key-encryption key.
    #[error("the record was sealed under another operator key: start the hub with the key that it was made with")]
    OtherKek,
    /// The bytes were changed, belong to another row, or the key is another.
    #[error("the record does not open: it was changed or belongs to another row, restore it from a backup")]
    DoesNotOpen,
    /// The cipher or the random source refused to work.
    #[error("the cipher refused to work: restart the hub and look at the machine's random source")]
    Cipher,
}

/// A key that wraps keys, kept outside the database: a file, a security module, a cloud service.
pub trait Kek: Send + Sync {
    /// Names the key; stored beside what it wrapped. Says nothing about the key itself.
    fn id(&self) -> &str;

    /// Wraps a 32-byte key; `context` has to be the same when it is unwrapped.
    ///
    /// # Errors
    /// [`VaultError::Cipher`].
    fn wrap(&self, key: &[u8; KEY_LEN], context: &[u8]) -> Result<Vec<u8>, VaultError>;

    /// Gives back what [`Kek::wrap`] was given.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`].
    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; KEY_LEN]>, VaultError>;
}

/// The row of a secret that belongs to no person; part of the associated data.
#[derive(Clone, Copy)]
pub(crate) enum SecretRow {
    Webhook(Uuid),
    WebhookSigning(Uuid),
    TemplateSpace(i64),
}

/// What is sealed; part of the associated data.
#[derive(Clone, Copy)]
pub(crate) enum Sealed {
    Name,
    /// In a template space.
    Template(i64),
    Proofing,
    Request,
    Shots,
    Rights,
}

/// Makes and opens people's keys.
#[derive(Clone)]
pub(crate) struct Vault {
    kek: Arc<dyn Kek>,
    pub(crate) spaces: Arc<Spaces>,
}

/// A person's wrapped key as it is stored.
pub(crate) struct WrappedKey {
    pub(crate) kek: String,
    pub(crate) wrapped: Vec<u8>,
}

/// A person's open key.
pub(crate) struct PersonKey {
    person: PersonId,
    key: RandomizedNonceKey,
}

impl Vault {
    pub(crate) fn new(kek: Arc<dyn Kek>) -> Self {
        Self { kek, spaces: Arc::default() }
    }

    /// A fresh key for a person.
    pub(crate) fn new_key(&self, person: PersonId) -> Result<(PersonKey, WrappedKey), VaultError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        aws_lc_rs::rand::fill(&mut *bytes).map_err(|_| VaultError::Cipher)?;
        let wrapped = self.kek.wrap(&bytes, &self.key_context(person))?;
        let key = PersonKey { person, key: cipher(&bytes)? };
        Ok((key, WrappedKey { kek: self.kek.id().to_owned(), wrapped }))
    }

    /// The key of a person.
    pub(crate) fn open_key(&self, person: PersonId, stored: &WrappedKey) -> Result<PersonKey, VaultError> {
        if stored.kek != self.kek.id() {
            return Err(VaultError::OtherKek);
        }
        let bytes = self.kek.unwrap(&stored.wrapped, &self.key_context(person))?;
        Ok(PersonKey { person, key: cipher(&bytes)? })
    }

    /// A secret of 32 bytes that belongs to a row and to no person.
    pub(crate) fn wrap_for(&self, row: SecretRow, secret: &[u8; KEY_LEN]) -> Result<WrappedKey, VaultError> {
        let wrapped = self.kek.wrap(secret, &self.row_context(row))?;
        Ok(WrappedKey { kek: self.kek.id().to_owned(), wrapped })
    }

    /// What [`Vault::wrap_for`] was given for the same row.
    pub(crate) fn unwrap_for(
        &self,
        row: SecretRow,
        stored: &WrappedKey,
    ) -> Result<Zeroizing<[u8; KEY_LEN]>, VaultError> {
        if stored.kek != self.kek.id() {
            return Err(VaultError::OtherKek);
        }
        self.kek.unwrap(&stored.wrapped, &self.row_context(row))
    }

    /// Never equal to a person's: the mark comes where a person's id begins, and makes it longer.
    fn row_context(&self, row: SecretRow) -> Vec<u8> {
        let (mark, id): (&[u8], Uuid) = match row {
            SecretRow::Webhook(id) => (b"row secret", id),
            SecretRow::WebhookSigning(id) => (b"webhook signing", id),
            SecretRow::TemplateSpace(number) => (b"template space", Uuid::from_u128(u128::from(number.unsigned_abs()))),
        };
        let mut context = vec![FORMAT];
        context.extend_from_slice(mark);
        context.extend_from_slice(id.as_bytes());
        context.extend_from_slice(self.kek.id().as_bytes());
        context
    }

    fn key_context(&self, person: PersonId) -> Vec<u8> {
        let mut context = vec![FORMAT];
        context.extend_from_slice(person.uuid().as_bytes());
        context.extend_from_slice(self.kek.id().as_bytes());
        context
    }
}

impl PersonKey {
    /// Seals `clear` for the row `row`.
    pub(crate) fn seal(&self, what: Sealed, row: Uuid, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        seal(&self.key, &self.context(what, row), clear)
    }

    /// Opens what [`PersonKey::seal`] made for the same row.
    pub(crate) fn open(&self, what: Sealed, row: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        open(&self.key, &self.context(what, row), sealed)
    }

    fn context(&self, what: Sealed, row: Uuid) -> Vec<u8> {
        let (what, space) = match what {
            Sealed::Name => (1, 0),
            Sealed::Template(space) => (2, space),
            Sealed::Proofing => (3, 0),
            Sealed::Request => (4, 0),
            Sealed::Shots => (5, 0),
            Sealed::Rights => (6, 0),
        };
        let mut context = vec![FORMAT, what];
        context.extend_from_slice(self.person.uuid().as_bytes());
        context.extend_from_slice(row.as_bytes());
        if space != 0 {
            context.extend_from_slice(&space.to_be_bytes());
        }
        context
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonKey").field("person", &self.person).finish_non_exhaustive()
    }
}

pub(crate) fn cipher(key: &[u8; KEY_LEN]) -> Result<RandomizedNonceKey, VaultError> {
    RandomizedNonceKey::new(&AES_256_GCM_SIV, key).map_err(|_| VaultError::Cipher)
}

/// Nonce, ciphertext, tag.
pub(crate) fn seal(key: &RandomizedNonceKey, context: &[u8], clear: &[u8]) -> Result<Vec<u8>, VaultError> {
    // All room is reserved first: a buffer that grew would leave clear text behind.
    let mut sealed = Vec::with_capacity(NONCE_LEN + clear.len() + TAG_LEN);
    sealed.extend_from_slice(&[0; NONCE_LEN]);
    sealed.extend_from_slice(clear);
    let (nonce, tag) =
        key.seal_in_place_separate_tag(Aad::from(context), &mut sealed[NONCE_LEN..]).map_err(|_| VaultError::Cipher)?;
    sealed[..NONCE_LEN].copy_from_slice(nonce.as_ref());
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

pub(crate) fn open(key: &RandomizedNonceKey, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(VaultError::DoesNotOpen)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::DoesNotOpen)?;
    let mut buffer = Zeroizing::new(text.to_vec());
    let clear_len =
        key.open_in_place(nonce, Aad::from(context), &mut buffer).map_err(|_| VaultError::DoesNotOpen)?.len();
    buffer.truncate(clear_len);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileKek;

    fn vault(folder: &tempfile::TempDir, name: &str) -> Vault {
        Vault::new(Arc::new(FileKek::open_or_create(&folder.path().join(name)).unwrap()))
    }

    fn person(last: u8) -> PersonId {
        PersonId::from_uuid(Uuid::from_u128(u128::from(last)))
    }

    #[test]
    fn boj_33_pia_7_only_the_same_row_of_the_same_person_opens() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(&folder, "kek");
        let (hanako, wrapped) = vault.new_key(person(1)).unwrap();
        let (taro, _) = vault.new_key(person(2)).unwrap();
        let row = Uuid::from_u128(7);
        let what = Sealed::Template(1);
        let sealed = hanako.seal(what, row, b"a template").unwrap();

        let again = vault.open_key(person(1), &wrapped).unwrap();
        assert_eq!(again.open(what, row, &sealed).unwrap().as_slice(), b"a template");
        let closed = Err(VaultError::DoesNotOpen);
        assert_eq!(taro.open(what, row, &sealed), closed);
        assert_eq!(hanako.open(Sealed::Name, row, &sealed), closed);
        assert_eq!(hanako.open(Sealed::Template(2), row, &sealed), closed, "in another space");
        assert_eq!(hanako.open(what, Uuid::from_u128(8), &sealed), closed);
        assert_eq!(vault.open_key(person(2), &wrapped).unwrap_err(), VaultError::DoesNotOpen);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(hanako.open(what, row, &changed), closed, "byte {index}");
            assert_eq!(hanako.open(what, row, &sealed[..index]), closed, "cut at {index}");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let folder = tempfile::tempdir().unwrap();
        let (key, _) = vault(&folder, "kek").new_key(person(1)).unwrap();
        let row = Uuid::from_u128(7);
        let sealed = |_| key.seal(Sealed::Name, row, "山田 花子".as_bytes()).unwrap();
        let all: std::collections::BTreeSet<Vec<u8>> = (0..100).map(sealed).collect();
        assert_eq!(all.len(), 100);
    }

    #[test]
    fn another_operator_key_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (_, wrapped) = vault(&folder, "kek").new_key(person(1)).unwrap();
        let other = vault(&folder, "other");
        assert_eq!(other.open_key(person(1), &wrapped).unwrap_err(), VaultError::OtherKek);
        let renamed = WrappedKey { kek: other.kek.id().to_owned(), ..wrapped };
        assert_eq!(other.open_key(person(1), &renamed).unwrap_err(), VaultError::DoesNotOpen);
    }
}
