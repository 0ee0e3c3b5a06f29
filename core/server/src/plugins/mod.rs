//! Plugins that come and go while the hub runs: check, approve, install, switch off, revoke.
//!
//! Nothing runs that the operator did not approve, and what was approved is what was shown: an approval is the digest of
//! package, key, address and settings together. Files lie in `plugins/` of the data folder; the [`journal`](Decision) is
//! what they are compared with at the next start. One process: hubs that share a database install each for itself.

#![expect(
    missing_docs,
    reason = "types and verbs are documented; a field or an error variant whose name and text say it all is not"
)]

mod binding;
mod journal;
mod open;
mod recorded;
mod switch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest, Sha256};
use tebura_egress::EgressError;
use tebura_hub::Hub;
use tebura_hub::ports::Store;
use tebura_hub::rail::{ComponentDigest, PluginId};
use tebura_hub::services::ServiceInstance;
use tebura_ledger::{RailId, Timestamp};
use tebura_plugin_host::{
    Bindings, InstallError, KeyId, Keyring, KeyringError, LockError, LockFile, Manifest, Package, PackageError,
    StoreKv, component_digest, manifest_digest,
};

use crate::hex;
use crate::start::rails::{RailsError, RailsStarted, bindings_of, keys_of};

pub use binding::{EndpointGrant, GrantError, Grants};
use journal::Journal;
pub use journal::{Decision, JournalError};
pub use open::OpenWork;
pub use recorded::{Recorded, recorded};

/// What an operator asks the hub to install.
#[derive(Clone, Debug)]
pub struct Request {
    /// The plugin's files.
    pub package: Package,
    /// The publisher's key, as a keyring of one, where the hub is to trust it for this plugin.
    pub publisher: Option<String>,
    /// Settings, keys and addresses.
    pub grants: Grants,
    /// An older version than the one that was approved is wanted.
    pub step_back: bool,
}

/// What a request amounts to, before anything is done.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The plugin.
    pub plugin: PluginId,
    /// Its version.
    pub version: String,
    /// The version that is replaced.
    pub replaces: Option<String>,
    /// What it asks for beyond what was approved before, as lines of `plugins.lock`.
    pub more: Vec<String>,
    /// A key that the hub would trust from then on: its name and fingerprint.
    pub new_key: Option<(String, String)>,
    /// What the operator says yes to.
    pub approval: String,
}

/// A plugin that was installed while the hub ran, or by the configuration.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: String,
    /// Set while it is switched off.
    pub disabled: Option<String>,
    /// Whether it came with the configuration.
    pub configured: bool,
}

/// Why nothing was installed or switched. The order is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum PluginsError {
    /// The keyring of the request.
    #[error("the publisher's key cannot be read: {0}")]
    Publisher(KeyringError),
    /// More than one key, or not this plugin's.
    #[error(
        "the publisher's key is to be trusted for {plugin} and nothing else, and the request names {found}; sign again with `tebura plugin sign`"
    )]
    PublisherScope { plugin: String, found: String },
    /// Manifest, signatures or contents.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// An older version, or another file than was approved.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The same version again, with other bytes.
    #[error("{plugin} {version} is approved with other bytes; raise the version in plugin.toml, build and sign again")]
    SameVersion { plugin: String, version: String },
    /// Addresses, settings.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// An approval of something else.
    #[error("this is not what was approved; look at what the plugin asks for now, and approve that")]
    NotApproved,
    /// Came with the configuration file.
    #[error("{plugin} is installed by the hub's configuration; change it there and start the hub again")]
    Configured { plugin: String },
    /// No such plugin.
    #[error("no plugin {plugin} is installed; `tebura plugin list` names those that are")]
    NotInstalled { plugin: String },
    /// No such rail.
    #[error("there is no rail {rail}; GET /v1/rails lists what is")]
    NoRail { rail: String },
    /// No such key.
    #[error("no key {key} is trusted here; `tebura plugin inspect` names a plugin's signers")]
    NoKey { key: String },
    /// Files of the data folder.
    #[error("{} cannot be written ({source}); check the data folder's permissions and space", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Files that are not the approved ones.
    #[error(
        "the files of {plugin} {version} in the data folder are not those that were approved; restore them from a backup"
    )]
    Changed { plugin: String, version: String },
    /// Files that are gone.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// Addresses that cannot be called.
    #[error(transparent)]
    Rails(#[from] RailsError),
    /// The sender.
    #[error(transparent)]
    Egress(#[from] EgressError),
}

/// Every configured service of a plugin goes on with its new version, where the settings fit that.
fn rebind(hub: &Hub, plugin: &PluginId, service: &Arc<tebura_plugin_host::InstalledService>) {
    for own in hub.services(&tebura_hub::ports::Caller::Operator) {
        if own.plugin().descriptor().plugin != *plugin {
            continue;
        }
        match ServiceInstance::new(own.config.clone(), Arc::clone(service) as _) {
            Ok(renewed) => hub.add_service(renewed),
            Err(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                let (service, problems) = (own.id(), problems.join("; "));
                tracing::error!(
                    service,
                    problems,
                    "the settings do not fit the new version; the service stays with the old one"
                );
            }
        }
    }
}

/// Installed plugins, and what changes them.
pub struct Plugins {
    rails: RailsStarted,
    data: PathBuf,
    store: Arc<dyn Store>,
    runtime: tokio::runtime::Handle,
    hub: OnceLock<Arc<Hub>>,
    /// One change at a time.
    state: Mutex<State>,
}

struct State {
    journal: Journal,
    lock: LockFile,
    grants: BTreeMap<String, Grants>,
    /// Rails that earlier starts stopped, with the reason: told to the hub once there is one.
    stopped: BTreeMap<String, String>,
}

impl Plugins {
    /// Reads the journal and installs again what it approved. Compiles: not for a request's thread.
    ///
    /// # Errors
    /// Files or entries that are not what was approved. A plugin whose key is no longer trusted is left out, and said.
    pub fn open(
        rails: RailsStarted,
        data: &Path,
        store: Arc<dyn Store>,
        runtime: tokio::runtime::Handle,
        now: Timestamp,
    ) -> Result<Arc<Plugins>, PluginsError> {
        let folder = data.join("plugins");
        std::fs::create_dir_all(&folder).map_err(|source| PluginsError::File { path: folder.clone(), source })?;
        let (journal, decisions) = Journal::open(&folder.join("journal.jsonl"))?;
        let (lock, grants, stopped, hub) = (LockFile::default(), BTreeMap::new(), BTreeMap::new(), OnceLock::new());
        let state = Mutex::new(State { journal, lock, grants, stopped });
        let plugins = Plugins { rails, data: data.to_owned(), store, runtime, hub, state };
        plugins.replay(decisions, now)?;
        let (count, head) = plugins.head();
        tracing::info!(count, head, "decisions about plugins");
        Ok(Arc::new(plugins))
    }

    /// Every rail that runs now.
    pub fn rails(&self) -> Vec<Arc<dyn tebura_hub::ports::Rail>> {
        self.rails.rails()
    }

    /// An installed plugin of the service world.
    pub fn service(&self, plugin: &PluginId) -> Option<Arc<dyn tebura_hub::ports::Service>> {
        self.rails.host.plugin(plugin)?.service().map(|service| Arc::clone(service) as _)
    }

    /// The ids of all plugins of the service world.
    pub fn services(&self) -> Vec<String> {
        let all = self.rails.host.plugins();
        all.iter().filter(|plugin| plugin.service().is_some()).map(|plugin| plugin.manifest().id.0.clone()).collect()
    }

    /// The sender of all plugins.
    pub fn egress(&self) -> Arc<tebura_egress::HttpEgress> {
        Arc::clone(&self.rails.egress)
    }

    /// What the start said of configured plugins.
    pub fn lines(&self) -> &[String] {
        &self.rails.lines
    }

    /// The hub that is told of new and of stopped rails. Once.
    pub fn attach(&self, hub: Arc<Hub>) {
        self.rails.host.plugins().iter().filter(|plugin| plugin.rail().is_none()).for_each(|plugin| tell(&hub, plugin));
        for (rail, reason) in &self.state().stopped {
            let Ok(name) = RailId::new(rail) else { continue };
            hub.stop_rail(&name, reason);
            tracing::warn!(rail, reason, "this rail takes no new holds");
        }
        let _ = self.hub.set(hub);
    }

    /// How many decisions there are, and the hash of the last: whoever keeps it elsewhere notices a rewritten journal.
    pub fn head(&self) -> (u64, String) {
        let state = self.state();
        let (count, head) = state.journal.head();
        (count, head.to_owned())
    }

    /// What a request would do. Changes nothing.
    ///
    /// # Errors
    /// [`PluginsError`] in the order of its variants.
    pub fn offer(&self, request: &Request, now: Timestamp) -> Result<Offer, PluginsError> {
        self.look(&mut self.state(), request, now).map(|(offer, _)| offer)
    }

    /// Installs what was approved, and tells the hub. Compiles: not for a request's thread.
    ///
    /// # Errors
    /// [`PluginsError`] in the order of its variants; what was installed before stays.
    pub fn install(&self, request: &Request, approval: &str, now: Timestamp) -> Result<Offer, PluginsError> {
        let mut state = self.state();
        let (offer, manifest) = self.look(&mut state, request, now)?;
        if approval != offer.approval {
            return Err(PluginsError::NotApproved);
        }
        let (component, text) = (component_digest(&request.package.component), manifest_digest(&manifest));
        if let (Some(keyring), Some(_)) = (&request.publisher, &offer.new_key) {
            state.journal.append(Decision::Trusted { keyring: keyring.clone() }, now)?;
            let keyring = Keyring::parse(keyring).map_err(PluginsError::Publisher)?;
            self.rails.host.trust_keys(keyring).map_err(PluginsError::Publisher)?;
        }
        self.rails.host.approve(&manifest, component);
        self.keep(&request.package, &self.package_folder(&hex::encode(&component.0), &hex::encode(&text)))?;
        self.enable_package(&request.package, &manifest, &request.grants, now)?;
        let approved = Decision::Approved {
            plugin: offer.plugin.0.clone(),
            version: offer.version.clone(),
            component: hex::encode(&component.0),
            manifest: hex::encode(&text),
            powers: tebura_plugin_host::capabilities(&manifest),
            grants: request.grants.clone(),
        };
        state.journal.append(approved, now)?;
        state.lock.approve(&manifest, component);
        state.grants.insert(offer.plugin.0.clone(), request.grants.clone());
        tracing::info!(plugin = offer.plugin.0, version = offer.version, "a plugin was installed");
        Ok(offer)
    }

    /// Every plugin.
    pub fn list(&self) -> Vec<Listed> {
        let state = self.state();
        let listed = |plugin: tebura_plugin_host::Plugin| {
            let manifest = plugin.manifest();
            Listed {
                plugin: manifest.id.0.clone(),
                version: manifest.version.clone(),
                digest: format!("{:?}", plugin.digest()),
                disabled: self.rails.host.disabled(&manifest.id),
                configured: !state.grants.contains_key(&manifest.id.0),
            }
        };
        self.rails.host.plugins().into_iter().map(listed).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, state: &mut State, request: &Request, now: Timestamp) -> Result<(Offer, Manifest), PluginsError> {
        let manifest = Manifest::parse(&request.package.manifest).map_err(InstallError::from)?;
        let new_key = self.new_key(request, &manifest, now)?;
        let id = &manifest.id;
        let own = state.lock.approved_version(&id.0).map(str::to_owned);
        if own.is_none() && self.rails.host.plugin(id).is_some() {
            return Err(PluginsError::Configured { plugin: id.0.clone() });
        }
        if !request.step_back {
            state.lock.rises(&manifest)?;
        }
        let more = state.lock.more(&manifest);
        let component = component_digest(&request.package.component);
        if own.as_ref() == Some(&manifest.version) && state.lock.check(&manifest, component).is_err() {
            return Err(PluginsError::SameVersion { plugin: id.0.clone(), version: manifest.version.clone() });
        }
        request.grants.plans(&manifest, &self.data)?;
        keys_of(&manifest, &request.grants.keys(&self.data)?)?;
        let approval = approval(&manifest, component.0, request);
        let offer =
            Offer { plugin: id.clone(), version: manifest.version.clone(), replaces: own, more, new_key, approval };
        Ok((offer, manifest))
    }

    /// Verifies the package, with the publisher's key of the request added where it is new. Adds it nowhere else.
    fn new_key(
        &self,
        request: &Request,
        manifest: &Manifest,
        now: Timestamp,
    ) -> Result<Option<(String, String)>, PluginsError> {
        let Some(text) = &request.publisher else {
            self.rails.host.check(&request.package, now)?;
            return Ok(None);
        };
        let keyring = Keyring::parse(text).map_err(PluginsError::Publisher)?;
        let keys: Vec<(String, String)> =
            keyring.fingerprints().map(|(id, fingerprint)| (id.0.clone(), fingerprint)).collect();
        let wrong = |found: String| PluginsError::PublisherScope { plugin: manifest.id.0.clone(), found };
        let [key] = keys.as_slice() else { return Err(wrong(format!("{} keys", keys.len()))) };
        keyring.only_publishes(&manifest.id).map_err(wrong)?;
        if self.rails.host.knows_key(&KeyId(key.0.clone())) {
            self.rails.host.check(&request.package, now)?;
            return Ok(None);
        }
        self.rails.host.check_with(&request.package, keyring, now)?;
        Ok(Some(key.clone()))
    }

    /// Runs a package in place of what ran under its id, with its addresses, and tells the hub.
    fn enable_package(
        &self,
        package: &Package,
        manifest: &Manifest,
        grants: &Grants,
        now: Timestamp,
    ) -> Result<(), PluginsError> {
        let bound = bindings_of(manifest, grants.plans(manifest, &self.data)?, &self.rails.regions)?;
        let kv = Arc::new(StoreKv::new(self.store.clone(), self.runtime.clone()));
        let keys = keys_of(manifest, &grants.keys(&self.data)?)?;
        let bindings = Bindings { settings: grants.settings.clone(), keys, kv };
        let (plugin, _) = self.rails.host.upgrade(package, bindings, now)?;
        self.rails.egress.rebind(&manifest.id, bound)?;
        if let Some(hub) = self.hub.get() {
            tell(hub, &plugin);
        }
        if let (Some(hub), Some(service)) = (self.hub.get(), plugin.service()) {
            rebind(hub, &manifest.id, service);
        }
        Ok(())
    }

    /// Of its own for each pair of digests: two versions may share a component and differ in what they ask for.
    fn package_folder(&self, component: &str, manifest: &str) -> PathBuf {
        let manifest = manifest.get(..16).unwrap_or(manifest);
        self.data.join("plugins").join(format!("{component}-{manifest}"))
    }

    /// Writes the package's files, whole or not at all.
    fn keep(&self, package: &Package, folder: &Path) -> Result<(), PluginsError> {
        let draft = folder.with_extension("new");
        let write = || {
            let _ = std::fs::remove_dir_all(&draft);
            std::fs::create_dir_all(&draft)?;
            std::fs::write(draft.join("plugin.toml"), &package.manifest)?;
            std::fs::write(draft.join("plugin.wasm"), &package.component)?;
            if let Some(signatures) = &package.signatures {
                std::fs::write(draft.join("plugin.sig"), signatures)?;
            }
            if folder.exists() {
                std::fs::remove_dir_all(folder)?;
            }
            std::fs::rename(&draft, folder)
        };
        write().map_err(|source| PluginsError::File { path: folder.to_owned(), source })
    }

    /// Takes up the decisions of earlier starts.
    fn replay(&self, decisions: Vec<Decision>, now: Timestamp) -> Result<(), PluginsError> {
        let mut approved: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for decision in decisions {
            match decision {
                Decision::Trusted { keyring } => {
                    let keyring = Keyring::parse(&keyring).map_err(PluginsError::Publisher)?;
                    self.rails.host.trust_keys(keyring).map_err(PluginsError::Publisher)?;
                }
                Decision::Approved { plugin, version, component, manifest, grants, .. } => {
                    let versions: &mut Vec<_> = approved.entry(plugin).or_default();
                    versions.retain(|(earlier, ..): &(String, String, String, Grants)| *earlier != version);
                    versions.push((version, component, manifest, grants));
                    // The one before is kept for the operations that it began.
                    if versions.len() > 2 {
                        versions.remove(0);
                    }
                }
                Decision::Disabled { plugin, reason } => self.rails.host.disable(&PluginId(plugin), &reason),
                Decision::Enabled { plugin } => drop(self.rails.host.enable(&PluginId(plugin))),
                Decision::Revoked { key, reason } => drop(self.rails.host.revoke_key(&KeyId(key), &reason)),
                Decision::RailStopped { rail, reason } => drop(self.state().stopped.insert(rail, reason)),
                Decision::RailResumed { rail } => drop(self.state().stopped.remove(&rail)),
                Decision::Withdrawn { component, reason } => {
                    let digest = hex::decode(&component).and_then(|bytes| bytes.try_into().ok());
                    let digest = digest.ok_or(JournalError::Digest { component })?;
                    self.rails.host.withdraw(ComponentDigest(digest), &reason);
                }
            }
        }
        let each = |(plugin, versions): (String, Vec<_>)| versions.into_iter().map(move |one| (plugin.clone(), one));
        for (plugin, (version, component, manifest_hex, grants)) in approved.into_iter().flat_map(each) {
            let package = Package::read(&self.package_folder(&component, &manifest_hex))?;
            let manifest = Manifest::parse(&package.manifest).map_err(InstallError::from)?;
            let digest = component_digest(&package.component);
            if hex::encode(&digest.0) != component || hex::encode(&manifest_digest(&manifest)) != manifest_hex {
                return Err(PluginsError::Changed { plugin, version });
            }
            self.rails.host.approve(&manifest, digest);
            match self.enable_package(&package, &manifest, &grants, now) {
                Ok(()) => {}
                Err(PluginsError::Install(InstallError::Signature(error))) => {
                    tracing::error!(plugin, version, %error, "an installed plugin is left out");
                }
                Err(error) => return Err(error),
            }
            let mut state = self.state();
            state.lock.approve(&manifest, digest);
            state.grants.insert(plugin, grants);
        }
        Ok(())
    }
}

/// Hands a plugin to the port of its world.
fn tell(hub: &Hub, plugin: &tebura_plugin_host::Plugin) {
    if let Some(rail) = plugin.rail() {
        hub.add_rail(Arc::clone(rail) as _);
    }
    if let Some(identity) = plugin.identity() {
        hub.add_prover(Arc::clone(identity) as _);
    }
}

/// What the operator says yes to: package, key, settings and addresses, as one digest.
fn approval(manifest: &Manifest, component: [u8; 32], request: &Request) -> String {
    let mut hash = Sha256::new();
    let grants = serde_json::to_vec(&request.grants).unwrap_or_default();
    let publisher = request.publisher.as_deref().unwrap_or_default().as_bytes();
    let domain: &[u8] = b"tebura plugin approval 1";
    for part in [domain, manifest_digest(manifest).as_slice(), &component, &grants, publisher] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize())
}
