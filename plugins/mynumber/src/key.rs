//! The two kinds of keys and signatures that cards have: RSA of 2048 bits and more with SHA-256, and P-384 with SHA-384.

use p384::ecdsa;
use rsa::pkcs1v15;
use rsa::signature::Verifier as _;
use sha2::{Digest as _, Sha256, Sha384};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Any, Decode as _, SliceReader};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::refusal::Refusal;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");

/// Fewest bits of an RSA key.
const RSA_BITS: usize = 2_048;

/// A card's or a root's public key.
pub(crate) enum Key {
    Rsa(rsa::RsaPublicKey),
    P384(ecdsa::VerifyingKey),
}

/// A hash function that goes with one of the keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// The one of an algorithm identifier.
    pub(crate) fn of(algorithm: &AlgorithmIdentifierOwned) -> Result<Hash, Refusal> {
        match algorithm.oid {
            SHA_256 if plain(algorithm) => Ok(Hash::Sha256),
            SHA_384 if plain(algorithm) => Ok(Hash::Sha384),
            _ => Err(Refusal::AlgorithmRefused),
        }
    }

    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha256 => Sha256::digest(bytes).to_vec(),
            Hash::Sha384 => Sha384::digest(bytes).to_vec(),
        }
    }
}

impl Key {
    /// The key of a certificate.
    pub(crate) fn of(info: &SubjectPublicKeyInfoOwned) -> Result<Key, Refusal> {
        let bits = info.subject_public_key.as_bytes().ok_or(Refusal::KeyRefused)?;
        match info.algorithm.oid {
            RSA_ENCRYPTION if plain(&info.algorithm) => rsa_key(bits),
            EC_PUBLIC_KEY => {
                let curve = info.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
                if curve != Some(P_384) {
                    return Err(Refusal::KeyRefused);
                }
                ecdsa::VerifyingKey::from_sec1_bytes(bits).map(Key::P384).map_err(|_| Refusal::KeyRefused)
            }
            _ => Err(Refusal::KeyRefused),
        }
    }

    /// The hash that its signatures are made with.
    pub(crate) fn hash(&self) -> Hash {
        match self {
            Key::Rsa(_) => Hash::Sha256,
            Key::P384(_) => Hash::Sha384,
        }
    }

    /// Whether a signature's algorithm is this key's.
    pub(crate) fn takes(&self, algorithm: &AlgorithmIdentifierOwned) -> Result<(), Refusal> {
        let fits = match self {
            // A CMS may name the key's algorithm alone; the hash is named beside it.
            Key::Rsa(_) => [RSA_ENCRYPTION, SHA256_WITH_RSA].contains(&algorithm.oid) && plain(algorithm),
            Key::P384(_) => algorithm.oid == ECDSA_WITH_SHA384 && algorithm.parameters.is_none(),
        };
        if fits { Ok(()) } else { Err(Refusal::AlgorithmRefused) }
    }

    /// Whether a certificate's algorithm is this key's: there the hash is a part of it.
    pub(crate) fn issues_with(&self, algorithm: &AlgorithmIdentifierOwned) -> Result<(), Refusal> {
        match self {
            Key::Rsa(_) if algorithm.oid != SHA256_WITH_RSA => Err(Refusal::AlgorithmRefused),
            Key::Rsa(_) | Key::P384(_) => self.takes(algorithm),
        }
    }

    /// Whether this key signed these bytes.
    pub(crate) fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            Key::Rsa(key) => {
                let key = pkcs1v15::VerifyingKey::<Sha256>::new(key.clone());
                pkcs1v15::Signature::try_from(signature).is_ok_and(|signature| key.verify(bytes, &signature).is_ok())
            }
            Key::P384(key) => {
                ecdsa::Signature::from_der(signature).is_ok_and(|signature| key.verify(bytes, &signature).is_ok())
            }
        }
    }
}

fn rsa_key(bits: &[u8]) -> Result<Key, Refusal> {
    let any = Any::from_der(bits).map_err(|_| Refusal::KeyRefused)?;
    let mut reader = SliceReader::new(any.value()).map_err(|_| Refusal::KeyRefused)?;
    let mut number = || UintRef::decode(&mut reader).map_err(|_| Refusal::KeyRefused);
    let (modulus, exponent) = (number()?, number()?);
    let bits =
        modulus.as_bytes().first().map_or(0, |first| modulus.as_bytes().len() * 8 - first.leading_zeros() as usize);
    if bits < RSA_BITS {
        return Err(Refusal::KeyTooWeak);
    }
    let number = |number: UintRef<'_>| rsa::BoxedUint::from_be_slice_vartime(number.as_bytes());
    rsa::RsaPublicKey::new(number(modulus), number(exponent)).map(Key::Rsa).map_err(|_| Refusal::KeyRefused)
}

/// Parameters that are absent or NULL.
fn plain(algorithm: &AlgorithmIdentifierOwned) -> bool {
    algorithm.parameters.as_ref().is_none_or(Any::is_null)
}
