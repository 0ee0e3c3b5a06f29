//! Where a pack's files come from: a folder, or bytes that are compiled into the program.

use std::borrow::Cow;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::error::PackError;

/// The most bytes of one file: twice the largest published face model (ResNet-100, 260 MB).
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// Files by plain name, and pictures by relative path.
#[derive(Clone)]
pub(crate) enum PackFiles {
    Folder(PathBuf),
    Embedded(&'static [(&'static str, &'static [u8])]),
}

impl PackFiles {
    /// Reads a file whose name pack.toml gives.
    pub(crate) fn read(&self, name: &str) -> Result<Cow<'static, [u8]>, PackError> {
        let missing = || PackError::Missing { file: name.to_owned() };
        match self {
            Self::Embedded(files) => {
                files.iter().find(|(file, _)| *file == name).map(|(_, bytes)| Cow::Borrowed(*bytes)).ok_or_else(missing)
            }
            Self::Folder(folder) => {
                let path = folder.join(name);
                let refused = |error: std::io::Error| {
                    if error.kind() == std::io::ErrorKind::NotFound {
                        missing()
                    } else {
                        PackError::Read { file: name.to_owned(), reason: error.to_string() }
                    }
                };
                let bytes = std::fs::metadata(&path).map_err(refused)?.len();
                if bytes > MOST_BYTES {
                    return Err(PackError::TooLarge { file: name.to_owned(), bytes, limit: MOST_BYTES });
                }
                std::fs::read(&path).map(Cow::Owned).map_err(refused)
            }
        }
    }

    /// Reads a model and compares its digest before anything parses it.
    pub(crate) fn read_checked(&self, name: &str, sha256: &str) -> Result<Cow<'static, [u8]>, PackError> {
        let bytes = self.read(name)?;
        let found = sha256_hex(&bytes);
        if found == sha256 {
            Ok(bytes)
        } else {
            Err(PackError::Digest { file: name.to_owned(), expected: sha256.to_owned(), found })
        }
    }
}

/// Returns the SHA-256 of bytes as 64 lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
