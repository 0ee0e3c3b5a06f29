//! What an operator gives an installation: settings, keys and a view of the plugin's own data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ed25519_dalek::{SigningKey, VerifyingKey};
use tebura_hub::ports::Store;
use tebura_hub::rail::PluginId;
use zeroize::Zeroizing;

use crate::limits;
use crate::manifest::{KeyAlgorithm, Manifest};

/// Reads one of a plugin's values, from a sandbox thread. May block for a short time.
pub trait KvReader: Send + Sync {
    /// The committed value of `key`.
    ///
    /// # Errors
    /// [`KvUnavailable`] when the store did not answer in time.
    fn read(&self, plugin: &PluginId, key: &str) -> Result<Option<Vec<u8>>, KvUnavailable>;
}

/// The store did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store did not answer a plugin's read ({reason})")]
pub struct KvUnavailable {
    pub reason: String,
}

/// A plugin without data.
pub struct NoKv;

impl KvReader for NoKv {
    fn read(&self, _plugin: &PluginId, _key: &str) -> Result<Option<Vec<u8>>, KvUnavailable> {
        Ok(None)
    }
}

/// The hub's store, read on its own runtime while the sandbox thread waits.
pub struct StoreKv {
    store: Arc<dyn Store>,
    runtime: tokio::runtime::Handle,
}

impl StoreKv {
    /// `runtime` drives the store's reads and its timer.
    pub fn new(store: Arc<dyn Store>, runtime: tokio::runtime::Handle) -> Self {
        Self { store, runtime }
    }
}

impl KvReader for StoreKv {
    fn read(&self, plugin: &PluginId, key: &str) -> Result<Option<Vec<u8>>, KvUnavailable> {
        let read = async { tokio::time::timeout(limits::KV_READ_TIMEOUT, self.store.kv(plugin, key)).await };
        match self.runtime.block_on(read) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(KvUnavailable { reason: error.reason }),
            Err(_) => Err(KvUnavailable { reason: format!("not within {:?}", limits::KV_READ_TIMEOUT) }),
        }
    }
}

/// A key behind a name. Never shown.
#[derive(Clone)]
pub enum BoundKey {
    /// For `mac` and `verify`.
    HmacSha256(Zeroizing<Vec<u8>>),
    /// For `sign` and `verify`.
    Ed25519(SigningKey),
    /// For `verify` only.
    Ed25519Public(VerifyingKey),
}

impl fmt::Debug for BoundKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BoundKey::HmacSha256(_) => "hmac-sha256 key",
            BoundKey::Ed25519(_) => "ed25519 key",
            BoundKey::Ed25519Public(_) => "ed25519 public key",
        })
    }
}

impl BoundKey {
    fn algorithm(&self) -> KeyAlgorithm {
        match self {
            BoundKey::HmacSha256(_) => KeyAlgorithm::HmacSha256,
            BoundKey::Ed25519(_) | BoundKey::Ed25519Public(_) => KeyAlgorithm::Ed25519,
        }
    }
}

/// What an operator binds to the names in a manifest.
#[derive(Clone)]
pub struct Bindings {
    /// Values of `config.get`.
    pub settings: BTreeMap<String, String>,
    pub keys: BTreeMap<String, BoundKey>,
    pub kv: Arc<dyn KvReader>,
}

impl Default for Bindings {
    fn default() -> Self {
        Self { settings: BTreeMap::new(), keys: BTreeMap::new(), kv: Arc::new(NoKv) }
    }
}

/// Why bindings do not fit a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    #[error("the setting `{name}` is not one that {plugin} reads; remove it, or correct its name")]
    Setting { plugin: String, name: String },
    #[error("the key `{name}` is not one that {plugin} uses; remove it, or correct its name")]
    Key { plugin: String, name: String },
    #[error("the key `{name}` of {plugin} has another algorithm than its manifest says; bind a key of that algorithm")]
    Algorithm { plugin: String, name: String },
}

impl Bindings {
    /// Refuses what the manifest does not ask for: a mistyped name would otherwise look like a missing value.
    pub(crate) fn check(&self, manifest: &Manifest) -> Result<(), BindingError> {
        let plugin = || manifest.id.0.clone();
        if let Some(name) = self.settings.keys().find(|name| !manifest.settings.contains(name)) {
            return Err(BindingError::Setting { plugin: plugin(), name: name.clone() });
        }
        for (name, key) in &self.keys {
            let grant = manifest.keys.get(name);
            let grant = grant.ok_or_else(|| BindingError::Key { plugin: plugin(), name: name.clone() })?;
            if grant.algorithm != key.algorithm() {
                return Err(BindingError::Algorithm { plugin: plugin(), name: name.clone() });
            }
        }
        Ok(())
    }
}
