//! Keys that an operator binds to the names under `[keys]` of a manifest. They stay in the hub: a plugin uses them by name.
//!
//! An `hmac-sha256` secret is the text as the provider gives it, or bytes after `base64:` or `hex:`. An `ed25519` key is
//! PEM: the private half to sign with, or the public half alone to verify with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use tebura_plugin_host::{BoundKey, KeyAlgorithm};
use zeroize::Zeroizing;

use crate::hex;

/// Fewest bytes of a secret: what is shorter can be guessed.
const SECRET_BYTES: usize = 16;

/// Why a text is no such key. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginKeyError {
    /// Base64 or hexadecimal digits that are none.
    #[error("what follows `base64:` or `hex:` cannot be read; copy the secret again")]
    Encoding,
    /// Nearly empty.
    #[error("the secret has fewer than {SECRET_BYTES} bytes; copy all of it, or ask the provider for a longer one")]
    Short,
    /// Not a key in PEM.
    #[error("it is not an ed25519 key in PEM; make one with `tebura plugin keygen`, or copy it again")]
    Pem,
}

/// Reads a key of the manifest's algorithm.
///
/// # Errors
/// [`PluginKeyError`] in the order of its variants.
pub fn bound_key(algorithm: KeyAlgorithm, text: &str) -> Result<BoundKey, PluginKeyError> {
    let text = text.trim_end();
    match algorithm {
        KeyAlgorithm::HmacSha256 => {
            let secret = Zeroizing::new(secret(text)?);
            if secret.len() < SECRET_BYTES { Err(PluginKeyError::Short) } else { Ok(BoundKey::HmacSha256(secret)) }
        }
        KeyAlgorithm::Ed25519 => SigningKey::from_pkcs8_pem(text)
            .map(BoundKey::Ed25519)
            .or_else(|_| VerifyingKey::from_public_key_pem(text).map(BoundKey::Ed25519Public))
            .map_err(|_| PluginKeyError::Pem),
    }
}

fn secret(text: &str) -> Result<Vec<u8>, PluginKeyError> {
    if let Some(text) = text.strip_prefix("base64:") {
        return STANDARD.decode(text).map_err(|_| PluginKeyError::Encoding);
    }
    let Some(digits) = text.strip_prefix("hex:") else { return Ok(text.as_bytes().to_vec()) };
    hex::decode(digits).ok_or(PluginKeyError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_text_or_encoded_bytes() {
        let secret = |text| match bound_key(KeyAlgorithm::HmacSha256, text) {
            Ok(BoundKey::HmacSha256(secret)) => Ok(secret.to_vec()),
            Ok(_) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        assert_eq!(secret("whsec_0123456789abcdef\n"), Ok(b"whsec_0123456789abcdef".to_vec()));
        assert_eq!(secret("base64:AAECAwQFBgcICQoLDA0ODw=="), Ok((0..16).collect()));
        assert_eq!(secret("hex:000102030405060708090a0b0c0d0e0f"), Ok((0..16).collect()));
        for wrong in ["hex:0", "hex:zz", "base64:#"] {
            assert_eq!(secret(wrong), Err(PluginKeyError::Encoding), "{wrong}");
        }
        assert_eq!(secret("short"), Err(PluginKeyError::Short));
    }

    #[test]
    fn a_signing_key_is_either_half_in_pem() {
        use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
        use ed25519_dalek::pkcs8::{EncodePrivateKey, EncodePublicKey};
        let key = SigningKey::from_bytes(&[7; 32]);
        let private = key.to_pkcs8_pem(LineEnding::LF).unwrap();
        let public = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        assert!(matches!(bound_key(KeyAlgorithm::Ed25519, &private), Ok(BoundKey::Ed25519(_))));
        assert!(matches!(bound_key(KeyAlgorithm::Ed25519, &public), Ok(BoundKey::Ed25519Public(_))));
        assert_eq!(bound_key(KeyAlgorithm::Ed25519, "no key").err(), Some(PluginKeyError::Pem));
    }
}
