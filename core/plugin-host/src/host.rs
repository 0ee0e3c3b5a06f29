//! The plugin host: one engine, a few threads, the installed plugins, and the switch that turns each of them off.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use tebura_hub::rail::PluginId;
use tebura_ledger::Timestamp;
use wasmtime::Engine;

use crate::bindings::Bindings;
use crate::engine::{self, EngineError, Metering, Slots};
use crate::install::{InstallError, Installer, Package, Report};
use crate::keyring::{KeyId, Keyring};
use crate::lock::LockFile;
use crate::pool::Pool;
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
    lock: Option<LockFile>,
    rails: RwLock<BTreeMap<PluginId, Arc<InstalledRail>>>,
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
            lock,
            rails: RwLock::default(),
            notes,
        })
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
    ) -> Result<(Arc<InstalledRail>, Report), InstallError> {
        let installer = Installer {
            engine: &self.engine,
            metered: self.options.metering == Metering::Fuel,
            trust: &self.trust,
            lock: self.lock.as_ref(),
            now,
        };
        let (installed, report) = installer.install(package, bindings)?;
        let mut rails = self.rails.write().unwrap_or_else(PoisonError::into_inner);
        if rails.contains_key(&report.plugin) {
            return Err(InstallError::Twice { plugin: report.plugin.0 });
        }
        let (pool, trust) = (Arc::clone(&self.pool), Arc::clone(&self.trust));
        let rail = Arc::new(InstalledRail::new(installed, pool, trust, self.options.per_plugin));
        rails.insert(report.plugin.clone(), Arc::clone(&rail));
        Ok((rail, report))
    }

    /// An installed plugin.
    pub fn rail(&self, plugin: &PluginId) -> Option<Arc<InstalledRail>> {
        self.rails.read().unwrap_or_else(PoisonError::into_inner).get(plugin).cloned()
    }

    /// All installed plugins, by id.
    pub fn rails(&self) -> Vec<Arc<InstalledRail>> {
        self.rails.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Withdraws a key: what it signed does not run again. Whether the keyring has it.
    pub fn revoke_key(&self, key: &KeyId, reason: &str) -> bool {
        self.trust.revoke_key(key, reason)
    }

    /// Takes a newer keyring, from the next call on. What was revoked stays so until the hub starts again.
    pub fn replace_keyring(&self, keyring: Keyring) {
        self.trust.replace_keyring(keyring);
    }

    /// Switches a plugin off, from the next call on.
    pub fn disable(&self, plugin: &PluginId, reason: &str) {
        self.trust.disable(plugin, reason);
    }

    /// Switches a plugin on again; whether it was off.
    pub fn enable(&self, plugin: &PluginId) -> bool {
        self.trust.enable(plugin)
    }
}
