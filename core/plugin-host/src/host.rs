//! The plugin host: one engine, a few threads, the installed plugins, and the switch that turns each of them off.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use tebura_hub::rail::{ComponentDigest, PluginId};
use tebura_ledger::Timestamp;
use wasmtime::Engine;

use crate::bindings::Bindings;
use crate::dispatch::{Dispatch, Door, Replaced};
use crate::engine::{self, EngineError, Metering, Slots};
use crate::install::{InstallError, Installer, Package, Report, Verified, verify};
use crate::keyring::{KeyId, Keyring, KeyringError};
use crate::lock::LockFile;
use crate::manifest::Manifest;
use crate::plugin::Plugin;
use crate::pool::Pool;
use crate::probe::Prober;
use crate::rail::InstalledRail;
use crate::trust::Trust;

/// How a host runs guests.
#[derive(Clone, Copy, Debug)]
pub struct HostOptions {
    /// Guests that run at the same time.
    pub threads: NonZeroUsize,
    /// Calls that wait for a thread, beyond which the answer is "busy".
    pub queued: usize,
    /// Calls of one plugin that run or wait: what a hostile plugin can take from the others.
    pub per_plugin: usize,
    pub metering: Metering,
    pub slots: Slots,
}

impl Default for HostOptions {
    /// A thread a core, at most 16, and a queue that is empty again within a few deadlines.
    fn default() -> Self {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = cores.min(NonZeroUsize::new(16).unwrap_or(NonZeroUsize::MIN));
        Self { threads, queued: 128, per_plugin: 64, metering: Metering::Fuel, slots: Slots::Pooled }
    }
}

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the sandbox threads cannot start: {0}; raise the limit of threads")]
    Threads(std::io::Error),
}

/// Installed plugins and what they run on.
pub struct PluginHost {
    engine: Engine,
    options: HostOptions,
    pool: Arc<Pool>,
    trust: Arc<Trust>,
    lock: RwLock<Option<LockFile>>,
    prober: Option<Prober>,
    plugins: RwLock<BTreeMap<PluginId, Plugin>>,
    replaced: Arc<Replaced>,
    notes: Vec<String>,
}

impl PluginHost {
    /// Starts the engine and the threads. Without a lock file signatures alone carry a plugin.
    ///
    /// # Errors
    /// [`HostError`] when the machine cannot run a sandbox.
    pub fn new(trust: Trust, lock: Option<LockFile>, options: HostOptions) -> Result<Self, HostError> {
        let instances = u32::try_from(options.threads.get() * 2 + 8).unwrap_or(u32::MAX);
        let (engine, mut notes) = engine::start(options.metering, options.slots, instances)?;
        let pool = Pool::start(options.threads.get(), options.queued).map_err(HostError::Threads)?;
        notes.push(format!("sandbox threads: {}, queue {}", options.threads, options.queued));
        if trust.accepts_demo_keys() {
            notes.push("demonstration keys count: anybody can sign a plugin for this hub".to_owned());
        }
        if lock.is_none() {
            notes.push("plugins.lock: none, so a signature alone carries a plugin".to_owned());
        }
        Ok(Self {
            engine,
            options,
            pool: Arc::new(pool),
            trust: Arc::new(trust),
            lock: RwLock::new(lock),
            prober: None,
            plugins: RwLock::default(),
            replaced: Arc::default(),
            notes,
        })
    }

    /// Has another process compile each component before this one does.
    #[must_use]
    pub fn with_prober(mut self, prober: Prober) -> Self {
        self.prober = Some(prober);
        self
    }

    /// What an operator should read once, at the start.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Verifies, gates, compiles and tries out a plugin. Takes some 100 ms of CPU: not for a request's thread.
    ///
    /// # Errors
    /// [`InstallError`] in the order of the checks.
    pub fn install(
        &self,
        package: &Package,
        bindings: Bindings,
        now: Timestamp,
    ) -> Result<(Plugin, Report), InstallError> {
        let (plugin, report) = self.prepare(package, bindings, now)?;
        let mut plugins = self.plugins.write().unwrap_or_else(PoisonError::into_inner);
        if plugins.contains_key(&report.plugin) {
            return Err(InstallError::Twice { plugin: report.plugin.0 });
        }
        plugins.insert(report.plugin.clone(), plugin.clone());
        Ok((plugin, report))
    }

    /// As [`PluginHost::install`], in place of the version that is installed. What that one began it also ends, for as long
    /// as its key is trusted; only a newer version that lists it under `reads_state` takes its operations over.
    ///
    /// # Errors
    /// [`InstallError`]; the old version stays then.
    pub fn upgrade(
        &self,
        package: &Package,
        bindings: Bindings,
        now: Timestamp,
    ) -> Result<(Plugin, Report), InstallError> {
        let (plugin, report) = self.prepare(package, bindings, now)?;
        let mut plugins = self.plugins.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = plugins.get(&report.plugin) {
            let (installed, new) = (old.manifest().world, plugin.manifest().world);
            if !new.replaces(installed) {
                return Err(InstallError::OtherWorld { plugin: report.plugin.0, installed, new });
            }
        }
        if let Some(old) = plugins.insert(report.plugin.clone(), plugin.clone()) {
            let version = old.manifest().version.clone();
            let mut replaced = self.replaced.write().unwrap_or_else(PoisonError::into_inner);
            if version != report.version {
                replaced.insert((report.plugin.clone(), version), Arc::clone(old.installed()));
            }
        }
        Ok((plugin, report))
    }

    fn prepare(&self, package: &Package, bindings: Bindings, now: Timestamp) -> Result<(Plugin, Report), InstallError> {
        let lock = self.lock.read().unwrap_or_else(PoisonError::into_inner).clone();
        let installer = Installer {
            engine: &self.engine,
            metered: self.options.metering == Metering::Fuel,
            trust: &self.trust,
            lock: lock.as_ref(),
            prober: self.prober.as_ref(),
            now,
        };
        let (installed, report) = installer.install(package, bindings)?;
        let dispatch = Dispatch {
            installed,
            replaced: Arc::clone(&self.replaced),
            pool: Arc::clone(&self.pool),
            trust: Arc::clone(&self.trust),
            per_plugin: self.options.per_plugin,
            door: Door::Hub,
        };
        Ok((Plugin::new(dispatch), report))
    }

    /// Checks manifest, signatures and contents, and neither approvals nor installs.
    ///
    /// # Errors
    /// [`InstallError`]: `Manifest`, `Signature` or `Gate`.
    pub fn check(&self, package: &Package, now: Timestamp) -> Result<Verified, InstallError> {
        verify(package, &self.trust, None, now)
    }

    /// As [`PluginHost::check`], as if one more key were trusted.
    ///
    /// # Errors
    /// As [`PluginHost::check`], with the key's name taken by another one as a `Signature` that does not fit.
    pub fn check_with(&self, package: &Package, more: Keyring, now: Timestamp) -> Result<Verified, InstallError> {
        verify(package, &self.trust.with_keys(more), None, now)
    }

    /// Whether a key is trusted, or was.
    pub fn knows_key(&self, key: &KeyId) -> bool {
        self.trust.knows(key)
    }

    /// Takes up an approval of the operator's, where this host goes by a lock file.
    pub fn approve(&self, manifest: &Manifest, component: ComponentDigest) {
        let mut lock = self.lock.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = lock.as_mut() {
            lock.approve(manifest, component);
        }
    }

    /// Trusts more keys, from now on.
    ///
    /// # Errors
    /// [`KeyringError::Twice`] when a key of that name is there and is another one.
    pub fn trust_keys(&self, keyring: Keyring) -> Result<(), KeyringError> {
        self.trust.add_keys(keyring)
    }

    /// An installed plugin.
    pub fn plugin(&self, plugin: &PluginId) -> Option<Plugin> {
        self.plugins.read().unwrap_or_else(PoisonError::into_inner).get(plugin).cloned()
    }

    /// What a plugin runs.
    pub fn component(&self, plugin: &PluginId) -> Option<ComponentDigest> {
        self.rail(plugin).map(|rail| rail.installed().grant.component)
    }

    /// All installed plugins, by id.
    pub fn plugins(&self) -> Vec<Plugin> {
        self.plugins.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// An installed rail.
    pub fn rail(&self, plugin: &PluginId) -> Option<Arc<InstalledRail>> {
        self.plugin(plugin)?.rail().cloned()
    }

    /// All installed rails, by id.
    pub fn rails(&self) -> Vec<Arc<InstalledRail>> {
        self.plugins().iter().filter_map(Plugin::rail).cloned().collect()
    }

    /// Withdraws a key: what it signed does not run again. Whether the keyring has it.
    pub fn revoke_key(&self, key: &KeyId, reason: &str) -> bool {
        self.trust.revoke_key(key, reason)
    }

    /// Withdraws a component for good, whichever plugin runs it.
    pub fn withdraw(&self, component: ComponentDigest, reason: &str) {
        self.trust.withdraw(component, reason);
    }

    /// Takes a newer keyring, from the next call on. What was revoked stays so until the hub starts again.
    pub fn replace_keyring(&self, keyring: Keyring) {
        self.trust.replace_keyring(keyring);
    }

    /// Switches a plugin off, from the next call on.
    pub fn disable(&self, plugin: &PluginId, reason: &str) {
        self.trust.disable(plugin, reason);
    }

    /// Why a plugin is switched off; `None`: it is not.
    pub fn disabled(&self, plugin: &PluginId) -> Option<String> {
        self.trust.disabled(plugin)
    }

    /// Switches a plugin on again; whether it was off.
    pub fn enable(&self, plugin: &PluginId) -> bool {
        self.trust.enable(plugin)
    }
}
