//! The operator's key in a file that only its owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::RandomizedNonceKey;
use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::hex;
use crate::vault::{KEY_LEN, Kek, VaultError, cipher, open, seal};

/// A [`Kek`] kept as 32 bytes in a file with mode 0600.
///
/// Whoever copies the file with the database can open everything: keep it on another disk or in another backup.
pub struct FileKek {
    id: String,
    key: RandomizedNonceKey,
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileKekError {
    /// The file cannot be read or made.
    #[error("the key file {path} cannot be used ({source}): check the folder and its owner")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read it.
    #[error("the key file {path} may be read by others: run `chmod 600 {path}` and consider the key known")]
    Readable {
        /// The file.
        path: PathBuf,
    },
    /// Not 32 bytes.
    #[error("the key file {path} does not hold a key of 32 bytes: restore it from a backup")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The cipher or the random source refused to work.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl FileKek {
    /// Reads the key, or makes a random one when there is no file.
    ///
    /// # Errors
    /// [`FileKekError`].
    pub fn open_or_create(path: &Path) -> Result<Self, FileKekError> {
        let io = |source| FileKekError::Io { path: path.to_owned(), source };
        if !path.try_exists().map_err(io)? {
            create(path).map_err(io)?;
        }
        if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
            return Err(FileKekError::Readable { path: path.to_owned() });
        }
        let bytes = Zeroizing::new(fs::read(path).map_err(io)?);
        let key: Zeroizing<[u8; KEY_LEN]> = match bytes.as_slice().try_into() {
            Ok(key) => Zeroizing::new(key),
            Err(_) => return Err(FileKekError::Malformed { path: path.to_owned() }),
        };
        Ok(Self { id: name(&key), key: cipher(&key)? })
    }
}

impl Kek for FileKek {
    fn id(&self) -> &str {
        &self.id
    }

    fn wrap(&self, key: &[u8; KEY_LEN], context: &[u8]) -> Result<Vec<u8>, VaultError> {
        seal(&self.key, context, key)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; KEY_LEN]>, VaultError> {
        let bytes = open(&self.key, context, wrapped)?;
        bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| VaultError::DoesNotOpen)
    }
}

/// A name that tells keys apart and does not help to guess one.
fn name(key: &[u8; KEY_LEN]) -> String {
    let named = Zeroizing::new([b"tebura key-encryption key\0".as_slice(), key].concat());
    let mut text = "file:".to_owned();
    hex::push(&mut text, &digest(&SHA256, &named).as_ref()[..8]);
    text
}

/// Writes a new key beside the path and links it there: a crash leaves no half key, and no key is ever overwritten.
fn create(path: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    aws_lc_rs::rand::fill(&mut *key).map_err(|_| io::Error::other("no randomness"))?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&*key)?;
    file.sync_all()?;
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    fs::remove_file(&draft)?;
    linked?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        let made = FileKek::open_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(FileKek::open_or_create(&path).unwrap().id(), made.id());
        let wrapped = made.wrap(&[7; KEY_LEN], b"context").unwrap();
        let again = FileKek::open_or_create(&path).unwrap();
        assert_eq!(*again.unwrap(&wrapped, b"context").unwrap(), [7; KEY_LEN]);
        assert_eq!(again.unwrap(&wrapped, b"other").unwrap_err(), VaultError::DoesNotOpen);
        let other = FileKek::open_or_create(&folder.path().join("other")).unwrap();
        assert_ne!(other.id(), made.id());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        FileKek::open_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(FileKek::open_or_create(&path), Err(FileKekError::Readable { .. })));
    }

    #[test]
    fn a_file_without_a_whole_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        FileKek::open_or_create(&path).unwrap();
        fs::write(&path, [1; KEY_LEN - 1]).unwrap();
        assert!(matches!(FileKek::open_or_create(&path), Err(FileKekError::Malformed { .. })));
    }
}
