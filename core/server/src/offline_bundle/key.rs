//! The key that a terminal makes for one bundle: X25519 in PKCS #8 and PEM (RFC 8410), readable by its owner only. Whoever deletes
//! it makes the bundle worthless.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ed25519_dalek::pkcs8::spki::AlgorithmIdentifierRef;
use ed25519_dalek::pkcs8::spki::der::SecretDocument;
use ed25519_dalek::pkcs8::spki::der::asn1::OctetStringRef;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use hpke::{Deserializable, Kem as _, Serializable};
use zeroize::Zeroizing;

use super::Kem;
use crate::key_file::KeyFileError;

/// id-X25519.
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
/// An octet string of 32 bytes, as RFC 8410 §7 has the key inside.
const INNER: [u8; 2] = [0x04, 32];
const LABEL: &str = "PRIVATE KEY";

/// A terminal's private key for one bundle.
pub struct BundleKey(<Kem as hpke::Kem>::PrivateKey);

impl BundleKey {
    /// A new key in a file that must not be there yet.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn create(path: &Path) -> Result<BundleKey, KeyFileError> {
        let (private, _) = Kem::gen_keypair();
        let bytes = Zeroizing::new(private.to_bytes().to_vec());
        let pem = pem_of(&bytes).ok_or_else(|| KeyFileError::Key { path: path.to_owned() })?;
        let mut open = OpenOptions::new();
        open.write(true).create_new(true).mode(0o600);
        let written = open.open(path).and_then(|mut file| file.write_all(pem.as_bytes()));
        written.map_err(|source| KeyFileError::File { path: path.to_owned(), source })?;
        Ok(BundleKey(private))
    }

    /// The key of a file.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read(path: &Path) -> Result<BundleKey, KeyFileError> {
        let pem = std::fs::read_to_string(path);
        let pem = Zeroizing::new(pem.map_err(|source| KeyFileError::File { path: path.to_owned(), source })?);
        key_of(&pem).map(BundleKey).ok_or_else(|| KeyFileError::Key { path: path.to_owned() })
    }

    /// What is sealed to.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        Kem::sk_to_pk(&self.0).write_exact(&mut public);
        public
    }

    pub(super) fn private(&self) -> &<Kem as hpke::Kem>::PrivateKey {
        &self.0
    }
}

fn pem_of(private: &[u8]) -> Option<Zeroizing<String>> {
    let inner = Zeroizing::new([&INNER, private].concat());
    let algorithm = AlgorithmIdentifierRef { oid: X25519, parameters: None };
    let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&inner).ok()?);
    SecretDocument::encode_msg(&info).ok()?.to_pem(LABEL, LineEnding::LF).ok()
}

fn key_of(pem: &str) -> Option<<Kem as hpke::Kem>::PrivateKey> {
    let (label, document) = SecretDocument::from_pem(pem).ok()?;
    let info: PrivateKeyInfoRef<'_> = document.decode_msg().ok()?;
    if label != LABEL || info.algorithm.oid != X25519 {
        return None;
    }
    let private = info.private_key.as_bytes().strip_prefix(&INNER)?;
    <Kem as hpke::Kem>::PrivateKey::from_bytes(private).ok()
}
