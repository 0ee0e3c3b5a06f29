//! What an operator would bind: settings and keys, and an ed25519 signature where the native host has none.

use base64::Engine as _;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest, Sha256};
use tebura_plugin::{Fault, NativeHost, crypto};
use tebura_plugin_cbdc::Cbdc;

/// A lock that is there.
pub(crate) const LOCK: &str = "op_7";

pub(crate) fn bind(lock: &str) {
    NativeHost::with(|host| {
        *host = NativeHost::default();
        host.config.insert("service".to_owned(), "tebura-test".to_owned());
        host.config.insert("lock".to_owned(), lock.to_owned());
        for key in ["service", "arbiter", "preimage"] {
            host.keys.insert(key.to_owned(), key.as_bytes().to_vec());
        }
    });
}

pub(crate) fn rail() -> Cbdc {
    Cbdc::signing_with(sign)
}

/// A key for each name; its bytes follow from the name.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(name).into())
}

pub(crate) fn sign(name: &str, data: &[u8]) -> Result<Vec<u8>, Fault> {
    if NativeHost::with(|host| host.keys.contains_key(name)) {
        Ok(key(name).sign(data).to_bytes().to_vec())
    } else {
        Err(Fault::new("crypto.key_not_bound", "not bound"))
    }
}

pub(crate) fn preimage(lock: &str) -> Vec<u8> {
    crypto::mac("preimage", format!("cbdc preimage v1\n{lock}").as_bytes()).expect("the key is bound")
}

pub(crate) fn arbitrated(word: &str, amount: u64, request: &str) -> String {
    let text = format!("cbdc lock v1\n{word}\n{LOCK}\n{amount}\n{request}");
    base64::engine::general_purpose::STANDARD.encode(key("arbiter").sign(text.as_bytes()).to_bytes())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
