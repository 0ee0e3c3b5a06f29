//! `tebura:host/crypto`: sums and signatures with keys that a guest only names. Draws no randomness.

use ed25519_dalek::{Signature, Signer as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tebura_hub::rail::Fault;

use crate::bindings::{Bindings, BoundKey};
use crate::manifest::{KeyUse, Manifest};

type HmacSha256 = Hmac<Sha256>;

pub(crate) fn sha256(data: &[u8]) -> Vec<u8> {
    Sha256::digest(data).to_vec()
}

pub(crate) fn mac(manifest: &Manifest, bindings: &Bindings, name: &str, data: &[u8]) -> Result<Vec<u8>, Fault> {
    match key(manifest, bindings, name, KeyUse::Mac)? {
        BoundKey::HmacSha256(secret) => Ok(hmac(secret, data)?.finalize().into_bytes().to_vec()),
        BoundKey::Ed25519(_) | BoundKey::Ed25519Public(_) => Err(use_not_listed(name)),
    }
}

pub(crate) fn sign(manifest: &Manifest, bindings: &Bindings, name: &str, data: &[u8]) -> Result<Vec<u8>, Fault> {
    match key(manifest, bindings, name, KeyUse::Sign)? {
        BoundKey::Ed25519(secret) => Ok(secret.sign(data).to_bytes().to_vec()),
        BoundKey::Ed25519Public(_) => Err(not_bound(name)),
        BoundKey::HmacSha256(_) => Err(use_not_listed(name)),
    }
}

pub(crate) fn verify(
    manifest: &Manifest,
    bindings: &Bindings,
    name: &str,
    data: &[u8],
    signature: &[u8],
) -> Result<(), Fault> {
    let wrong = |_| fault("crypto.bad_signature", "the code or signature does not fit the data".to_owned());
    let public = match key(manifest, bindings, name, KeyUse::Verify)? {
        BoundKey::HmacSha256(secret) => {
            return hmac(secret, data)?.verify_slice(signature).map_err(|_| wrong(()));
        }
        BoundKey::Ed25519(secret) => secret.verifying_key(),
        BoundKey::Ed25519Public(public) => *public,
    };
    let signature = Signature::from_slice(signature).map_err(|_| wrong(()))?;
    public.verify_strict(data, &signature).map_err(|_| wrong(()))
}

/// Certificate chains need a parser and anchors that this host does not have yet.
pub(crate) fn verify_chain() -> Result<Vec<u8>, Fault> {
    Err(fault("crypto.chain_unsupported", "this hub has no certificate anchors".to_owned()))
}

fn key<'b>(manifest: &Manifest, bindings: &'b Bindings, name: &str, wanted: KeyUse) -> Result<&'b BoundKey, Fault> {
    let listed = manifest.keys.get(name).is_some_and(|grant| grant.uses.contains(&wanted));
    if !listed {
        return Err(use_not_listed(name));
    }
    bindings.keys.get(name).ok_or_else(|| not_bound(name))
}

fn hmac(secret: &[u8], data: &[u8]) -> Result<HmacSha256, Fault> {
    let mut code = HmacSha256::new_from_slice(secret)
        .map_err(|_| fault("crypto.key_not_bound", "the bound key has an impossible length".to_owned()))?;
    code.update(data);
    Ok(code)
}

fn use_not_listed(name: &str) -> Fault {
    fault(
        "crypto.use_not_listed",
        format!("the manifest does not list this use of the key `{}`", name.escape_default()),
    )
}

fn not_bound(name: &str) -> Fault {
    fault("crypto.key_not_bound", format!("the operator has not bound the key `{}`", name.escape_default()))
}

fn fault(code: &str, message: String) -> Fault {
    Fault { code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ed25519_dalek::SigningKey;
    use zeroize::Zeroizing;

    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(
            br#"plugin = { id = "a.b.c", version = "0.1.0", world = "tebura:rail/rail-plugin@1.0.0" }
rail = { commands = ["hold"] }
money = { currencies = ["JPY"], max_per_operation = 1 }
[keys]
partner = { algorithm = "hmac-sha256", use = ["mac", "verify"] }
inbox = { algorithm = "hmac-sha256", use = ["verify"] }
ours = { algorithm = "ed25519", use = ["sign", "verify"] }
theirs = { algorithm = "ed25519", use = ["sign", "verify"] }
unbound = { algorithm = "ed25519", use = ["sign"] }"#,
        )
        .unwrap()
    }

    fn bindings() -> Bindings {
        let ours = SigningKey::from_bytes(&[1; 32]);
        let keys = BTreeMap::from([
            ("partner".to_owned(), BoundKey::HmacSha256(Zeroizing::new(b"Jefe".to_vec()))),
            ("inbox".to_owned(), BoundKey::HmacSha256(Zeroizing::new(b"Jefe".to_vec()))),
            ("theirs".to_owned(), BoundKey::Ed25519Public(ours.verifying_key())),
            ("ours".to_owned(), BoundKey::Ed25519(ours)),
        ]);
        Bindings { keys, ..Bindings::default() }
    }

    fn code<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
        result.unwrap_err().code
    }

    #[test]
    fn a_mac_is_rfc_4231_test_case_2() {
        let data = b"what do ya want for nothing?";
        let mac = mac(&manifest(), &bindings(), "partner", data).unwrap();
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(verify(&manifest(), &bindings(), "inbox", data, &mac), Ok(()));
        assert_eq!(code(verify(&manifest(), &bindings(), "inbox", b"else", &mac)), "crypto.bad_signature");
        assert_eq!(code(verify(&manifest(), &bindings(), "inbox", data, &mac[..16])), "crypto.bad_signature");
    }

    #[test]
    fn a_signature_is_made_with_one_half_and_checked_with_the_other() {
        let signature = sign(&manifest(), &bindings(), "ours", b"data").unwrap();
        assert_eq!(verify(&manifest(), &bindings(), "theirs", b"data", &signature), Ok(()));
        assert_eq!(verify(&manifest(), &bindings(), "ours", b"data", &signature), Ok(()));
        assert_eq!(code(verify(&manifest(), &bindings(), "theirs", b"date", &signature)), "crypto.bad_signature");
    }

    #[test]
    fn what_is_not_listed_or_bound_is_a_fault() {
        assert_eq!(code(mac(&manifest(), &bindings(), "inbox", b"")), "crypto.use_not_listed");
        assert_eq!(code(mac(&manifest(), &bindings(), "nothing", b"")), "crypto.use_not_listed");
        assert_eq!(code(sign(&manifest(), &bindings(), "unbound", b"")), "crypto.key_not_bound");
        assert_eq!(code(sign(&manifest(), &bindings(), "theirs", b"")), "crypto.key_not_bound");
        assert_eq!(code(verify_chain()), "crypto.chain_unsupported");
        assert!(!format!("{:?}", bindings().keys).contains("Jefe"));
    }
}
