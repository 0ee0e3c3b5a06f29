//! Bundles of faces for a terminal without a network: how they are sealed for one terminal, signed by the hub, and opened.
//!
//! The header is plain and says nothing about anybody. Everything about people is sealed by HPKE (RFC 9180, base mode) to the key
//! that the terminal made for this bundle, with the header as `info`. Templates are turned by a rotation that both sides derive
//! from the same exchange (RFC 9180 §5.3) and that is written nowhere: they fit nothing else, another bundle neither. The hub
//! signs header and sealed part with the key of its audit log. Absent: who is in a bundle (`tebura_hub::services`).

pub mod key;
mod open;
mod people;
mod seal;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use open::{Found, OpenBundle, Terminal, open};
pub use seal::{Sealed, seal};

use crate::hex;

type Aead = ChaCha20Poly1305;
type Kdf = HkdfSha256;
type Kem = X25519HkdfSha256;

/// The one form that is known.
const VERSION: u32 = 1;
/// What the rotation is derived for.
const ROTATION: &[u8] = b"tebura offline bundle 1 rotation";

/// What everybody may read of a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleHeader {
    /// 1.
    pub version: u32,
    /// 32 hexadecimal digits; entries that go by it name it.
    pub id: String,
    /// The service whose register is kept.
    pub service: String,
    /// The terminal, a party.
    pub device: String,
    /// The public X25519 key that it is sealed to, base64url.
    pub recipient: String,
    /// `name@version` of the pack that made the templates.
    pub pack: String,
    /// Numbers of a template.
    pub dims: usize,
    /// Drawn faces count, and liveness only where the pack claims it.
    pub sandbox: bool,
    /// How many people can be recognised.
    pub people: usize,
    /// The least similarity, from the accepted rate and the gallery's size.
    pub threshold: f32,
    /// The least lead over anybody else.
    pub margin: f32,
    /// RFC 3339.
    pub made_at: String,
    /// RFC 3339; from then on it recognises nobody.
    pub expires_at: String,
}

/// Why a bundle recognises nobody, in the order in which it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleRefusal {
    /// Another file, or a form that this program does not know.
    #[error("bundle.malformed")]
    Malformed,
    /// The signature is not the hub's, or what is sealed does not open.
    #[error("bundle.altered")]
    Altered,
    /// Sealed to another key.
    #[error("bundle.other_terminal")]
    OtherTerminal,
    /// The terminal's clock is before the bundle.
    #[error("bundle.not_yet")]
    NotYet,
    /// Its time is over.
    #[error("bundle.expired")]
    Expired,
    /// Another pack made the templates.
    #[error("bundle.other_pack")]
    OtherPack,
}

impl BundleRefusal {
    /// Stable, dotted, lower-case.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "bundle.malformed",
            Self::Altered => "bundle.altered",
            Self::OtherTerminal => "bundle.other_terminal",
            Self::NotYet => "bundle.not_yet",
            Self::Expired => "bundle.expired",
            Self::OtherPack => "bundle.other_pack",
        }
    }
}

/// What the hub signs: the header as it is written and the sealed part, by their digests.
fn signed_text(header: &str, encapsulated: &[u8], sealed: &[u8]) -> String {
    let header = hex::encode(&Sha256::digest(header.as_bytes()));
    // The first part has always the same length.
    let sealed = hex::encode(&Sha256::new().chain_update(encapsulated).chain_update(sealed).finalize());
    format!("tebura offline bundle {VERSION}\n{header}\n{sealed}")
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Random bytes of a rotation, wiped when dropped.
fn space_for_rotation(dims: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(vec![0; tebura_face::Rotation::random_bytes(dims)])
}

#[cfg(test)]
mod tests;
