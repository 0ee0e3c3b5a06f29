//! One call of one guest: a fresh store, its limits, the imports' state, and what is left to say when it fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tebura_hub::rail::{PluginId, RailError};
use wasmtime::component::Instance;
use wasmtime::{Store, Trap};

use crate::api::since_v1_0::Exports;
use crate::bindings::Bindings;
use crate::budget::Budget;
use crate::contract;
use crate::install::Installed;
use crate::limits;
use crate::manifest::Manifest;
use crate::service::own_keys;

/// What a call cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallStats {
    /// The same for the same call on every machine; `None` where metering is off.
    pub fuel: Option<u64>,
    /// Memories and tables, at the end.
    pub memory_bytes: usize,
    pub instantiate_us: u64,
    /// Conversion of the arguments and of the result included.
    pub call_us: u64,
}

/// A guest that runs, for its world's module to ask.
pub(crate) struct Guest<'g> {
    installed: &'g Installed,
    pub(crate) store: &'g mut Store<Call>,
    pub(crate) instance: Instance,
}

impl<'g> Guest<'g> {
    pub(crate) fn exports(&self) -> &'g Exports {
        &self.installed.exports
    }

    pub(crate) fn manifest(&self) -> &'g Manifest {
        &self.installed.manifest
    }
}

/// The state behind a guest's imports.
pub(crate) struct Call {
    installed: Arc<Installed>,
    /// Whose keys the guest reads.
    keys: PluginId,
    budget: Budget,
    log_lines: u32,
    kv_reads: u32,
    crypto_calls: u32,
}

/// Why an import stopped its guest.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("it read more than {} keys in one call", limits::KV_READS)]
    TooManyReads,
    #[error("it read a key that is not 1 to {} visible ASCII characters", limits::KV_KEY_CHARS)]
    BadKey,
    #[error("{0}")]
    Kv(crate::bindings::KvUnavailable),
    #[error("it used the crypto import more than {} times in one call", limits::CRYPTO_CALLS)]
    TooMuchCrypto,
}

impl Stop {
    fn code(&self) -> &'static str {
        match self {
            Stop::TooManyReads | Stop::TooMuchCrypto => "plugin.too_many_host_calls",
            Stop::BadKey => "plugin.answer_malformed",
            Stop::Kv(_) => "plugin.store_unavailable",
        }
    }
}

impl Call {
    pub(crate) fn plugin(&self) -> &str {
        &self.installed.manifest.id.0
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.installed.manifest
    }

    pub(crate) fn bindings(&self) -> &Bindings {
        &self.installed.bindings
    }

    /// The guest is asked in the name of an instance that has keys of its own.
    pub(crate) fn read_keys_of(&mut self, keys: PluginId) {
        self.keys = keys;
    }

    /// Whether one more line may be logged.
    pub(crate) fn count_log_line(&mut self) -> bool {
        self.log_lines = self.log_lines.saturating_add(1);
        self.log_lines <= limits::LOG_LINES
    }

    pub(crate) fn count_crypto(&mut self) -> wasmtime::Result<()> {
        self.crypto_calls += 1;
        if self.crypto_calls > limits::CRYPTO_CALLS { Err(Stop::TooMuchCrypto.into()) } else { Ok(()) }
    }

    pub(crate) fn read_kv(&mut self, key: &str) -> wasmtime::Result<Option<Vec<u8>>> {
        self.kv_reads += 1;
        if self.kv_reads > limits::KV_READS {
            return Err(Stop::TooManyReads.into());
        }
        contract::check_key(key).map_err(|_| Stop::BadKey)?;
        Ok(self.bindings().kv.read(&self.keys, key).map_err(Stop::Kv)?)
    }
}

/// Asks a fresh instance something on the calling thread, and drops the instance whatever happens. Every call of every
/// world goes through here.
pub(crate) fn run<T>(
    installed: &Arc<Installed>,
    ask: impl FnOnce(&mut Guest<'_>) -> wasmtime::Result<Result<T, RailError>>,
) -> (Result<T, RailError>, CallStats) {
    let mut stats = CallStats::default();
    let mut store = match store(installed) {
        Ok(store) => store,
        Err(error) => return (Err(host_failure(&error)), stats),
    };
    let result = call(installed, &mut store, ask, &mut stats);
    stats.fuel = store.get_fuel().ok().map(|left| installed.manifest.limits.fuel.saturating_sub(left));
    stats.memory_bytes = store.data().budget.used_bytes();
    let result = match result {
        Ok(answer) => answer,
        Err(error) => Err(failure(&error, &store.data().budget)),
    };
    (result, stats)
}

/// Only instantiates, to see that it can be done.
pub(crate) fn try_out(installed: &Arc<Installed>) -> (Result<(), RailError>, CallStats) {
    let mut stats = CallStats::default();
    let mut store = match store(installed) {
        Ok(store) => store,
        Err(error) => return (Err(host_failure(&error)), stats),
    };
    let started = now();
    let result = installed.pre.instantiate(&mut store);
    stats.instantiate_us = micros(started);
    stats.memory_bytes = store.data().budget.used_bytes();
    (result.map(|_| ()).map_err(|error| failure(&error, &store.data().budget)), stats)
}

fn store(installed: &Arc<Installed>) -> wasmtime::Result<Store<Call>> {
    let call_limits = installed.manifest.limits;
    let engine = installed.pre.engine();
    let mut store = Store::new(
        engine,
        Call {
            installed: Arc::clone(installed),
            keys: own_keys(installed),
            budget: Budget::new(call_limits.memory_bytes),
            log_lines: 0,
            kv_reads: 0,
            crypto_calls: 0,
        },
    );
    store.limiter(|call| &mut call.budget);
    if installed.metered {
        store.set_fuel(call_limits.fuel)?;
    }
    store.set_epoch_deadline(ticks(call_limits.deadline));
    store.set_hostcall_fuel(limits::HOSTCALL_FUEL);
    // No released interface has a resource, so a guest needs no handle at all.
    store.set_max_component_handles(64);
    Ok(store)
}

/// At least one whole tick, whenever in a tick the call begins.
fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_millis().div_ceil(limits::EPOCH_TICK.as_millis()) + 1;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

fn call<T>(
    installed: &Installed,
    store: &mut Store<Call>,
    ask: impl FnOnce(&mut Guest<'_>) -> wasmtime::Result<Result<T, RailError>>,
    stats: &mut CallStats,
) -> wasmtime::Result<Result<T, RailError>> {
    let started = now();
    let instance = installed.pre.instantiate(&mut *store);
    stats.instantiate_us = micros(started);
    let instance = instance?;
    let started = now();
    let answer = ask(&mut Guest { installed, store, instance });
    stats.call_us = micros(started);
    answer
}

fn failure(error: &wasmtime::Error, budget: &Budget) -> RailError {
    let trapped = |code, message: String| RailError::Trapped { code, message };
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return trapped(stop.code(), stop.to_string());
    }
    if budget.refused() {
        return trapped("plugin.out_of_memory", "it asked for more memory than limits.memory allows".to_owned());
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => trapped("plugin.out_of_fuel", "it did not finish within limits.fuel".to_owned()),
        Some(Trap::Interrupt) => trapped("plugin.deadline", "it did not finish within limits.deadline".to_owned()),
        Some(Trap::StackOverflow) => trapped("plugin.out_of_stack", "it called itself too deeply".to_owned()),
        Some(trap) => trapped("plugin.trapped", format!("it ended with a {trap}")),
        // What is left is an answer that cannot be read: too large, not UTF-8, a bad pointer or discriminant.
        None => {
            let reason = contract::printable(error.root_cause(), limits::MESSAGE_CHARS);
            trapped("plugin.answer_unreadable", format!("its answer cannot be read: {reason}"))
        }
    }
}

fn host_failure(error: &wasmtime::Error) -> RailError {
    let reason = contract::printable(error.root_cause(), limits::MESSAGE_CHARS);
    RailError::Trapped { code: "plugin.host", message: format!("the sandbox could not be set up: {reason}") }
}

#[expect(clippy::disallowed_methods, reason = "only durations are measured, and nothing is decided by them")]
fn now() -> Instant {
    Instant::now()
}

fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}
