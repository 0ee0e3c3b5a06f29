//! The hub's [`Rail`] port over an installed plugin: asks trust, takes a thread, waits for the step.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use tebura_hub::ports::Rail;
use tebura_hub::rail::{Next, PluginId, RailDescriptor, RailError, RailEvent, RailOperation, Step};
use tokio::sync::oneshot;

use crate::breaker::is_failure;
use crate::call::{self, CallStats, Input};
use crate::envelope;
use crate::install::Installed;
use crate::manifest::Manifest;
use crate::pool::Pool;
use crate::trust::Trust;

/// How long a caller waits who finds the sandbox busy: about the time in which a full queue empties.
const RETRY_AFTER_MS: u32 = 200;

/// Versions that were replaced, by plugin and version: an operation that one of them began ends with it, unless the
/// newer one says that it reads its state.
pub(crate) type Replaced = RwLock<BTreeMap<(PluginId, String), Arc<Installed>>>;

/// An installed plugin.
pub struct InstalledRail {
    installed: Arc<Installed>,
    replaced: Arc<Replaced>,
    pool: Arc<Pool>,
    trust: Arc<Trust>,
    per_plugin: usize,
}

impl fmt::Debug for InstalledRail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstalledRail({} {})", self.installed.manifest.id.0, self.installed.manifest.version)
    }
}

/// A step, or why there is none, and what it cost.
#[derive(Clone, Debug)]
pub struct Answer {
    pub result: Result<Step, RailError>,
    pub stats: CallStats,
}

/// What a sandbox thread is given: it outlives the caller, who may stop waiting.
struct Job {
    installed: Arc<Installed>,
    trust: Arc<Trust>,
    operation: RailOperation,
    input: OwnedInput,
}

enum OwnedInput {
    Start,
    Resume { state: Vec<u8>, event: RailEvent },
}

impl InstalledRail {
    pub(crate) fn new(
        installed: Arc<Installed>,
        replaced: Arc<Replaced>,
        pool: Arc<Pool>,
        trust: Arc<Trust>,
        per_plugin: usize,
    ) -> Self {
        Self { installed, replaced, pool, trust, per_plugin }
    }

    pub(crate) fn installed(&self) -> &Arc<Installed> {
        &self.installed
    }

    /// What the plugin asked for: its endpoints are what an operator binds and what egress checks.
    pub fn manifest(&self) -> &Manifest {
        &self.installed.manifest
    }

    /// Runs a step on the calling thread, which must not be one of an async runtime. For measuring and for tests.
    pub fn run(&self, operation: &RailOperation, input: Input<'_>) -> Answer {
        run(&self.installed, &self.trust, operation, input)
    }

    /// The version that resumes a state: the one that wrote it, or this one where it says that it reads it.
    fn reader_of(&self, version: Option<&str>) -> Result<Arc<Installed>, RailError> {
        let manifest = &self.installed.manifest;
        let reads =
            |version: &str| version == manifest.version || manifest.reads_state.iter().any(|own| own == version);
        match version {
            Some(version) if !reads(version) => {
                let replaced = self.replaced.read().unwrap_or_else(PoisonError::into_inner);
                let missing = || RailError::Trapped {
                    code: "plugin.state_of_other_version",
                    message: format!(
                        "the operation was begun by {} {version}, which is not installed, and {} does not list it under reads_state",
                        manifest.id.0, manifest.version
                    ),
                };
                replaced.get(&(manifest.id.clone(), version.to_owned())).cloned().ok_or_else(missing)
            }
            Some(_) | None => Ok(Arc::clone(&self.installed)),
        }
    }

    async fn queue(
        &self,
        installed: Arc<Installed>,
        operation: &RailOperation,
        input: OwnedInput,
    ) -> Result<Step, RailError> {
        let busy = || RailError::Busy { retry_after_ms: RETRY_AFTER_MS };
        let slot = InFlight::take(&installed, self.per_plugin).ok_or_else(busy)?;
        let version = installed.manifest.version.clone();
        let job = Job { installed, trust: Arc::clone(&self.trust), operation: operation.clone(), input };
        let (answered, answer) = oneshot::channel();
        self.pool
            .submit(move || {
                let answer = job.run();
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
            command = operation.command.name(),
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
        if !matches!(step.next, Next::Done(_)) {
            step.state = envelope::seal(&version, &step.state);
        }
        Ok(step)
    }
}

#[async_trait]
impl Rail for InstalledRail {
    fn descriptor(&self) -> &RailDescriptor {
        &self.installed.descriptor
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        self.queue(Arc::clone(&self.installed), operation, OwnedInput::Start).await
    }

    async fn resume(&self, operation: &RailOperation, state: &[u8], event: &RailEvent) -> Result<Step, RailError> {
        let (version, state) = envelope::open(state);
        let installed = self.reader_of(version)?;
        self.queue(installed, operation, OwnedInput::Resume { state: state.to_vec(), event: event.clone() }).await
    }
}

impl Job {
    fn run(&self) -> Answer {
        let input = match &self.input {
            OwnedInput::Start => Input::Start,
            OwnedInput::Resume { state, event } => Input::Resume { state, event },
        };
        run(&self.installed, &self.trust, &self.operation, input)
    }
}

/// Trust is asked last, right before the guest runs: what was withdrawn while the call waited counts.
fn run(installed: &Arc<Installed>, trust: &Trust, operation: &RailOperation, input: Input<'_>) -> Answer {
    let unrun = |error| Answer { result: Err(error), stats: CallStats::default() };
    if let Err(reason) = trust.permit(&installed.grant, operation.now) {
        return unrun(RailError::Revoked { reason });
    }
    let breaker = || installed.breaker.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(retry_after_ms) = breaker().permit(operation.now) {
        return unrun(RailError::Busy { retry_after_ms });
    }
    let (result, stats) = call::run(installed, operation, input);
    if breaker().record(operation.now, result.as_ref().is_err_and(is_failure)) {
        tracing::error!(plugin = installed.manifest.id.0, "the plugin failed again and again and is paused");
    }
    Answer { result, stats }
}

/// One of a plugin's places, given back when dropped.
struct InFlight(Arc<Installed>);

impl InFlight {
    fn take(installed: &Arc<Installed>, limit: usize) -> Option<Self> {
        if installed.in_flight.fetch_add(1, Ordering::Relaxed) >= limit {
            installed.in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(Arc::clone(installed)))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
