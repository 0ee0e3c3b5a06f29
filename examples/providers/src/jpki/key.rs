//! Keys of roots and cards: RSA-2048 with SHA-256 and P-384 with SHA-384.

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding};
use serde::{Deserialize, Serialize};

use super::der::{bits, oid, sequence, tlv};

/// What keys are of: today's cards, and the next ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// RSA of 2048 bits with SHA-256.
    Rsa2048,
    /// P-384 with SHA-384.
    P384,
}

pub(super) enum Key {
    Rsa(RsaKeyPair),
    P384(EcdsaKeyPair),
}

impl Key {
    pub(super) fn new(algorithm: Algorithm) -> Key {
        match algorithm {
            Algorithm::Rsa2048 => Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("keys can be drawn")),
            Algorithm::P384 => {
                Key::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).expect("keys can be drawn"))
            }
        }
    }

    /// SubjectPublicKeyInfo.
    pub(super) fn info(&self) -> Vec<u8> {
        match self {
            Key::Rsa(key) => rsa_info(key.public_key().as_ref()),
            Key::P384(key) => {
                let algorithm = sequence(&[&oid("1.2.840.10045.2.1"), &oid("1.3.132.0.34")]);
                sequence(&[&algorithm, &bits(0, key.public_key().as_ref())])
            }
        }
    }

    /// The algorithm of its signatures.
    pub(super) fn signs_with(&self) -> Vec<u8> {
        match self {
            Key::Rsa(_) => sequence(&[&oid("1.2.840.113549.1.1.11"), &tlv(5, &[])]),
            Key::P384(_) => sequence(&[&oid("1.2.840.10045.4.3.3")]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let encoding: &'static dyn RsaEncoding = &RSA_PKCS1_SHA256;
                key.sign(encoding, &random, message, &mut signature).expect("an RSA key signs");
                signature
            }
            Key::P384(key) => key.sign(&random, message).expect("a P-384 key signs").as_ref().to_vec(),
        }
    }

    pub(super) fn hash(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Key::Rsa(_) => digest(&SHA256, message).as_ref().to_vec(),
            Key::P384(_) => digest(&SHA384, message).as_ref().to_vec(),
        }
    }

    pub(super) fn hash_name(&self) -> Vec<u8> {
        match self {
            Key::Rsa(_) => sequence(&[&oid("2.16.840.1.101.3.4.2.1"), &tlv(5, &[])]),
            Key::P384(_) => sequence(&[&oid("2.16.840.1.101.3.4.2.2")]),
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Key::Rsa(_) => Algorithm::Rsa2048,
            Key::P384(_) => Algorithm::P384,
        }
    }

    /// PKCS #8, to be kept with a sandbox's card.
    pub(super) fn pkcs8(&self) -> Option<Vec<u8>> {
        match self {
            Key::Rsa(key) => AsDer::<Pkcs8V1Der<'_>>::as_der(key).ok().map(|der| der.as_ref().to_vec()),
            Key::P384(key) => key.to_pkcs8v1().ok().map(|document| document.as_ref().to_vec()),
        }
    }

    /// What [`Key::pkcs8`] kept.
    pub(super) fn of_pkcs8(algorithm: Algorithm, bytes: &[u8]) -> Option<Key> {
        match algorithm {
            Algorithm::Rsa2048 => RsaKeyPair::from_pkcs8(bytes).ok().map(Key::Rsa),
            Algorithm::P384 => EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, bytes).ok().map(Key::P384),
        }
    }
}

pub(super) fn rsa_info(key: &[u8]) -> Vec<u8> {
    sequence(&[&sequence(&[&oid("1.2.840.113549.1.1.1"), &tlv(5, &[])]), &bits(0, key)])
}
