//! The one way to a guest, for every world: which version, who trusts it, whether it may run now, on which thread, and
//! what its state is kept in. A world's adapter adds what is asked and what is answered.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use tebura_hub::rail::{Next, PluginId, RailError, RailOutcome, Step};
use tebura_ledger::Timestamp;
use tokio::sync::oneshot;

use crate::breaker::is_failure;
use crate::call::{self, CallStats, Guest};
use crate::envelope;
use crate::install::{Gauge, Installed};
use crate::pool::Pool;
use crate::trust::Trust;

/// How long a caller waits who finds the sandbox busy: about the time in which a full queue empties.
const RETRY_AFTER_MS: u32 = 200;

/// Versions that were replaced, by plugin and version: an operation that one of them began ends with it, unless the
/// newer one says that it reads its state.
pub(crate) type Replaced = RwLock<BTreeMap<(PluginId, String), Arc<Installed>>>;

/// A step, or why there is none, and what it cost.
#[derive(Clone, Debug)]
pub struct Answer<O = RailOutcome> {
    pub result: Result<Step<O>, RailError>,
    pub stats: CallStats,
}

/// What a guest's step is told by.
pub(crate) type Asked<O> = wasmtime::Result<Result<Step<O>, RailError>>;

/// An installed plugin and what it runs on.
pub(crate) struct Dispatch {
    pub(crate) installed: Arc<Installed>,
    pub(crate) replaced: Arc<Replaced>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) trust: Arc<Trust>,
    /// Calls that run or wait at the same time.
    pub(crate) per_plugin: usize,
    pub(crate) door: Door,
}

/// Who causes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The hub.
    Hub,
    /// Anybody: what they cause is counted apart.
    Outside,
}

/// One in so many of a plugin's places is for calls from outside.
const OUTSIDE: usize = 4;

impl Door {
    fn gauge(self, installed: &Installed) -> &Gauge {
        match self {
            Door::Hub => &installed.calls,
            Door::Outside => &installed.outside,
        }
    }
}

impl Dispatch {
    /// The same plugin, for calls that anybody outside causes.
    pub(crate) fn for_outside(&self) -> Self {
        Self {
            installed: Arc::clone(&self.installed),
            replaced: Arc::clone(&self.replaced),
            pool: Arc::clone(&self.pool),
            trust: Arc::clone(&self.trust),
            per_plugin: self.per_plugin.div_ceil(OUTSIDE),
            door: Door::Outside,
        }
    }

    /// Asks on the calling thread, which must not be one of an async runtime.
    pub(crate) fn here<O>(&self, now: Timestamp, ask: impl FnOnce(&mut Guest<'_>) -> Asked<O>) -> Answer<O> {
        run(&self.installed, &self.trust, self.door, now, ask)
    }

    /// The version that resumes what a call kept, and its state: the one that wrote it, or this one where it says that it
    /// reads it.
    pub(crate) fn writer_of<'s>(&self, kept: &'s [u8]) -> Result<(Arc<Installed>, &'s [u8]), RailError> {
        let (version, state) = envelope::open(kept);
        let manifest = &self.installed.manifest;
        let reads =
            |version: &str| version == manifest.version || manifest.reads_state.iter().any(|own| own == version);
        let Some(version) = version.filter(|version| !reads(version)) else {
            return Ok((Arc::clone(&self.installed), state));
        };
        let replaced = self.replaced.read().unwrap_or_else(PoisonError::into_inner);
        let missing = || RailError::Trapped {
            code: "plugin.state_of_other_version",
            message: format!(
                "the operation was begun by {} {version}, which is not installed, and {} does not list it under reads_state",
                manifest.id.0, manifest.version
            ),
        };
        let writer = replaced.get(&(manifest.id.clone(), version.to_owned())).cloned().ok_or_else(missing)?;
        Ok((writer, state))
    }

    /// Asks a version on a thread of the sandbox. `what` is for the log.
    pub(crate) async fn ask<O: Send + 'static>(
        &self,
        installed: Arc<Installed>,
        what: &str,
        now: Timestamp,
        ask: impl FnOnce(&mut Guest<'_>) -> Asked<O> + Send + 'static,
    ) -> Result<Step<O>, RailError> {
        let busy = || RailError::Busy { retry_after_ms: RETRY_AFTER_MS };
        let slot = InFlight::take(&installed, self.door, self.per_plugin).ok_or_else(busy)?;
        let version = installed.manifest.version.clone();
        let (trust, door) = (Arc::clone(&self.trust), self.door);
        let (answered, answer) = oneshot::channel();
        // The job outlives the caller, who may stop waiting.
        self.pool
            .submit(&self.installed.manifest.id, move || {
                let answer = run(&installed, &trust, door, now, ask);
                drop(slot);
                // A caller that has gone away has no use for the answer: nothing was decided by it.
                let _ = answered.send(answer);
            })
            .map_err(|_| busy())?;
        let gone = || RailError::Trapped {
            code: "plugin.host",
            message: "the sandbox thread failed; see the log of the hub".to_owned(),
        };
        let answer = answer.await.map_err(|_| gone())?;
        let stats = answer.stats;
        tracing::debug!(
            plugin = self.installed.manifest.id.0,
            what,
            fuel = stats.fuel,
            memory_bytes = stats.memory_bytes,
            instantiate_us = stats.instantiate_us,
            call_us = stats.call_us,
            ok = answer.result.is_ok(),
            "plugin call"
        );
        if let Err(RailError::Trapped { code, message }) = &answer.result {
            tracing::warn!(plugin = self.installed.manifest.id.0, code, "{message}");
        }
        let mut step = answer.result?;
        // What is over keeps nothing, unless its world goes on from it.
        if !matches!(step.next, Next::Done(_)) || !step.state.is_empty() {
            step.state = envelope::seal(&version, &step.state);
        }
        Ok(step)
    }
}

/// Trust is asked last, right before the guest runs: what was withdrawn while the call waited counts.
fn run<O>(
    installed: &Arc<Installed>,
    trust: &Trust,
    door: Door,
    now: Timestamp,
    ask: impl FnOnce(&mut Guest<'_>) -> Asked<O>,
) -> Answer<O> {
    let unrun = |error| Answer { result: Err(error), stats: CallStats::default() };
    if let Err(reason) = trust.permit(&installed.grant, now) {
        return unrun(RailError::Revoked { reason });
    }
    let breaker = || door.gauge(installed).breaker.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(retry_after_ms) = breaker().permit(now) {
        return unrun(RailError::Busy { retry_after_ms });
    }
    let (result, stats) = call::run(installed, ask);
    if breaker().record(now, result.as_ref().is_err_and(is_failure)) {
        tracing::error!(plugin = installed.manifest.id.0, "the plugin failed again and again and is paused");
    }
    Answer { result, stats }
}

/// One of a plugin's places, given back when dropped.
struct InFlight(Arc<Installed>, Door);

impl InFlight {
    fn take(installed: &Arc<Installed>, door: Door, limit: usize) -> Option<Self> {
        let in_flight = &door.gauge(installed).in_flight;
        if in_flight.fetch_add(1, Ordering::Relaxed) >= limit {
            in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(Arc::clone(installed), door))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.1.gauge(&self.0).in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
