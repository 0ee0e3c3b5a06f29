//! Who vouches for a plugin, asked at installation and again before each call. Reads no file and no clock.

use std::collections::BTreeMap;
use std::sync::RwLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use tebura_hub::rail::{ComponentDigest, PluginId};
use tebura_ledger::Timestamp;

use crate::keyring::{Claim, DemoKeys, KeyId, KeyRefusal, Keyring, KeyringError, Role};
use crate::limits;
use crate::manifest::Manifest;
use crate::statement::signed_bytes;
use crate::world::World;

/// How many people have to vouch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vouching {
    /// A publisher.
    Publisher,
    /// A publisher, and a reviewer with another key.
    PublisherAndReviewer,
}

/// Why signatures do not carry a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the plugin is not signed; run `tebura plugin sign`, or get the plugin.sig that belongs to it")]
    Unsigned,
    #[error("plugin.sig cannot be read: {reason}; sign again")]
    Malformed { reason: String },
    #[error("plugin.sig has two signatures of key {key}; keep one")]
    Twice { key: KeyId },
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    #[error(
        "the signature of key {key} does not fit this manifest and component: one of the three was changed; get all three again from the publisher"
    )]
    Wrong { key: KeyId },
    #[error("no {role} has signed; ask for the signature of a key with that role")]
    Missing { role: Role },
    #[error("this component was withdrawn ({reason}); install a version that was built anew")]
    Withdrawn { reason: String },
}

/// `plugin.sig`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureFile {
    signatures: Vec<SignatureEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureEntry {
    key: String,
    algorithm: String,
    signature: String,
}

/// Signs a manifest together with its component; the result is one entry's worth of `plugin.sig`.
///
/// `existing` is the present `plugin.sig`, if other signatures are to be kept.
///
/// # Errors
/// [`SignatureError::Malformed`] when `existing` cannot be read.
pub fn sign(
    manifest: &Manifest,
    component: ComponentDigest,
    key: (&KeyId, &SigningKey),
    existing: Option<&[u8]>,
) -> Result<Vec<u8>, SignatureError> {
    let (id, signing_key) = key;
    let mut file = match existing {
        Some(bytes) => read(bytes)?,
        None => SignatureFile { signatures: Vec::new() },
    };
    let signature = signing_key.sign(&signed_bytes(manifest, component));
    file.signatures.retain(|entry| entry.key != id.0);
    file.signatures.push(SignatureEntry {
        key: id.0.clone(),
        algorithm: "ed25519".to_owned(),
        signature: STANDARD.encode(signature.to_bytes()),
    });
    let mut text =
        serde_json::to_vec_pretty(&file).map_err(|error| SignatureError::Malformed { reason: error.to_string() })?;
    text.push(b'\n');
    Ok(text)
}

fn read(bytes: &[u8]) -> Result<SignatureFile, SignatureError> {
    if bytes.len() > limits::SIGNATURE_BYTES {
        let reason = format!("it has {} bytes, more than {}", bytes.len(), limits::SIGNATURE_BYTES);
        return Err(SignatureError::Malformed { reason });
    }
    serde_json::from_slice(bytes).map_err(|error| SignatureError::Malformed { reason: error.to_string() })
}

/// Keys, and what was withdrawn. Shared by all installed plugins, so a change counts from the next call on.
pub struct Trust {
    demo: DemoKeys,
    vouching: Vouching,
    keyring: RwLock<Keyring>,
    /// Switched off by the operator, with the reason.
    disabled: RwLock<BTreeMap<PluginId, String>>,
    /// Components that never run again, under whatever name, with the reason.
    withdrawn: RwLock<BTreeMap<ComponentDigest, String>>,
}

/// What was verified at installation and has to stay true.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(crate) plugin: PluginId,
    pub(crate) world: World,
    pub(crate) component: ComponentDigest,
    pub(crate) keys: Vec<KeyId>,
}

impl Trust {
    /// Starts from a keyring.
    pub fn new(keyring: Keyring, demo: DemoKeys, vouching: Vouching) -> Self {
        let (disabled, withdrawn) = (RwLock::default(), RwLock::default());
        Self { demo, vouching, keyring: RwLock::new(keyring), disabled, withdrawn }
    }

    /// Whether keys count whose private half is public.
    pub(crate) fn accepts_demo_keys(&self) -> bool {
        self.demo == DemoKeys::Allow
    }

    /// Checks every signature of `plugin.sig`; one that does not hold refuses the plugin.
    ///
    /// # Errors
    /// [`SignatureError`] in the order of its variants.
    pub fn verify(
        &self,
        manifest: &Manifest,
        component: ComponentDigest,
        signatures: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Grant, SignatureError> {
        let file = read(signatures.ok_or(SignatureError::Unsigned)?)?;
        if file.signatures.is_empty() {
            return Err(SignatureError::Unsigned);
        }
        let signed = signed_bytes(manifest, component);
        let claim = Claim { plugin: &manifest.id, world: manifest.world.name(), now, demo: self.demo };
        let keyring = self.keyring.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut keys = Vec::new();
        let mut roles = Vec::new();
        for entry in &file.signatures {
            let id = KeyId(entry.key.clone());
            if keys.contains(&id) {
                return Err(SignatureError::Twice { key: id });
            }
            let signature = entry.decode()?;
            let key = keyring.check(&id, &claim)?;
            key.public.verify_strict(&signed, &signature).map_err(|_| SignatureError::Wrong { key: id.clone() })?;
            roles.push(key.role);
            keys.push(id);
        }
        let wanted: &[Role] = match self.vouching {
            Vouching::Publisher => &[Role::Publisher],
            Vouching::PublisherAndReviewer => &[Role::Publisher, Role::Reviewer],
        };
        if let Some(role) = wanted.iter().find(|role| !roles.contains(role)) {
            return Err(SignatureError::Missing { role: *role });
        }
        if let Some(reason) = self.withdrawn(component) {
            return Err(SignatureError::Withdrawn { reason });
        }
        Ok(Grant { plugin: manifest.id.clone(), world: manifest.world, component, keys })
    }

    /// Asks before a call whether what was verified still holds.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn permit(&self, grant: &Grant, now: Timestamp) -> Result<(), String> {
        let disabled = self.disabled.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(reason) = disabled.get(&grant.plugin) {
            return Err(format!("it was switched off by the operator: {reason}"));
        }
        if let Some(reason) = self.withdrawn(grant.component) {
            return Err(SignatureError::Withdrawn { reason }.to_string());
        }
        let keyring = self.keyring.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let claim = Claim { plugin: &grant.plugin, world: grant.world.name(), now, demo: self.demo };
        grant
            .keys
            .iter()
            .try_for_each(|key| keyring.check(key, &claim).map(|_| ()))
            .map_err(|refusal| refusal.to_string())
    }

    /// Withdraws a key from now on; whether the keyring has it.
    pub fn revoke_key(&self, key: &KeyId, reason: &str) -> bool {
        self.keyring.write().unwrap_or_else(std::sync::PoisonError::into_inner).revoke(key, reason)
    }

    /// Withdraws a component for good: nothing that has these bytes runs again.
    pub fn withdraw(&self, component: ComponentDigest, reason: &str) {
        let mut withdrawn = self.withdrawn.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        withdrawn.entry(component).or_insert_with(|| reason.to_owned());
    }

    fn withdrawn(&self, component: ComponentDigest) -> Option<String> {
        self.withdrawn.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&component).cloned()
    }

    /// Adds the keys of another keyring.
    ///
    /// # Errors
    /// [`KeyringError::Twice`] when a key of that name is there and is another one; nothing is added then.
    pub fn add_keys(&self, more: Keyring) -> Result<(), KeyringError> {
        self.keyring.write().unwrap_or_else(std::sync::PoisonError::into_inner).add(more)
    }

    /// These keys and more, as a trust of their own. A key that is there already stays as it is.
    pub(crate) fn with_keys(&self, more: Keyring) -> Self {
        let mut keyring = self.keyring.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        // A name that is taken by another key keeps that one: the signature does not fit it then.
        let _ = keyring.add(more);
        let trust = Self::new(keyring, self.demo, self.vouching);
        let withdrawn = self.withdrawn.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        trust.withdrawn.write().unwrap_or_else(std::sync::PoisonError::into_inner).clone_from(&withdrawn);
        drop(withdrawn);
        trust
    }

    /// Whether a key is in the keyring.
    pub(crate) fn knows(&self, key: &KeyId) -> bool {
        self.keyring.read().unwrap_or_else(std::sync::PoisonError::into_inner).has(key)
    }

    /// Takes a newer keyring. What was revoked stays revoked until the hub starts again.
    pub fn replace_keyring(&self, mut keyring: Keyring) {
        let mut current = self.keyring.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        keyring.keep_revocations(&current);
        *current = keyring;
    }

    /// Switches a plugin off from now on.
    pub fn disable(&self, plugin: &PluginId, reason: &str) {
        let mut disabled = self.disabled.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        disabled.insert(plugin.clone(), reason.to_owned());
    }

    /// Why a plugin is switched off; `None`: it is not.
    pub fn disabled(&self, plugin: &PluginId) -> Option<String> {
        self.disabled.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(plugin).cloned()
    }

    /// Switches a plugin on again; whether it was off.
    pub fn enable(&self, plugin: &PluginId) -> bool {
        self.disabled.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(plugin).is_some()
    }
}

impl SignatureEntry {
    fn decode(&self) -> Result<Signature, SignatureError> {
        let refuse = |reason: &str| SignatureError::Malformed { reason: reason.to_owned() };
        if self.algorithm != "ed25519" {
            return Err(refuse("an algorithm other than ed25519"));
        }
        let bytes = STANDARD.decode(&self.signature).map_err(|_| refuse("a signature that is not base64"))?;
        Signature::from_slice(&bytes).map_err(|_| refuse("a signature that is not 64 bytes"))
    }
}

#[cfg(test)]
mod tests;
