//! Private keys in files: PKCS #8 in PEM, readable by their owner only, never overwritten.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use zeroize::Zeroizing;

/// Why a key file is not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file itself.
    #[error("{path} cannot be used ({source}); check the path and who may use it")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file has another shape.
    #[error("{path} is not an ed25519 key in PEM; give the file that was made as one, or restore it")]
    Key {
        /// Which one.
        path: PathBuf,
    },
}

/// Writes a new key.
///
/// # Errors
/// [`KeyFileError`]; also when there is a file already.
pub fn create(path: &Path, secret: [u8; 32]) -> Result<SigningKey, KeyFileError> {
    let key = SigningKey::from_bytes(&Zeroizing::new(secret));
    // Without the public half: OpenSSL reads no version 2.
    let pem = KeypairBytes { secret_key: key.to_bytes(), public_key: None }.to_pkcs8_pem(LineEnding::LF);
    let pem = pem.map_err(|_| KeyFileError::Key { path: path.to_owned() })?;
    let mut open = OpenOptions::new();
    open.write(true).create_new(true).mode(0o600);
    let written = open.open(path).and_then(|mut file| file.write_all(pem.as_bytes()));
    written.map_err(|source| KeyFileError::File { path: path.to_owned(), source })?;
    Ok(key)
}

/// Reads a key; nothing when there is no file.
///
/// # Errors
/// [`KeyFileError`].
pub fn read(path: &Path) -> Result<Option<SigningKey>, KeyFileError> {
    let pem = match std::fs::read_to_string(path) {
        Ok(pem) => Zeroizing::new(pem),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(KeyFileError::File { path: path.to_owned(), source }),
    };
    let key = SigningKey::from_pkcs8_pem(&pem).map_err(|_| KeyFileError::Key { path: path.to_owned() })?;
    Ok(Some(key))
}
