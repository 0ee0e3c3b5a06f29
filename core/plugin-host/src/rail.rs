//! The hub's [`Rail`] port over an installed plugin: asks trust, takes a thread, waits for the step.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use tebura_hub::ports::Rail;
use tebura_hub::rail::{RailDescriptor, RailError, RailEvent, RailOperation, Step};
use tokio::sync::oneshot;

use crate::breaker::is_failure;
use crate::call::{self, CallStats, Input};
use crate::install::Installed;
use crate::manifest::Manifest;
use crate::pool::Pool;
use crate::trust::Trust;

/// How long a caller waits who finds the sandbox busy: about the time in which a full queue empties.
const RETRY_AFTER_MS: u32 = 200;

/// An installed plugin.
pub struct InstalledRail {
    installed: Arc<Installed>,
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
    pub(crate) fn new(installed: Arc<Installed>, pool: Arc<Pool>, trust: Arc<Trust>, per_plugin: usize) -> Self {
        Self { installed, pool, trust, per_plugin }
    }

    /// What the plugin asked for: its endpoints are what an operator binds and what egress checks.
    pub fn manifest(&self) -> &Manifest {
        &self.installed.manifest
    }

    /// Runs a step on the calling thread, which must not be one of an async runtime. For measuring and for tests.
    pub fn run(&self, operation: &RailOperation, input: Input<'_>) -> Answer {
        run(&self.installed, &self.trust, operation, input)
    }

    async fn queue(&self, operation: &RailOperation, input: OwnedInput) -> Result<Step, RailError> {
        let busy = || RailError::Busy { retry_after_ms: RETRY_AFTER_MS };
        let slot = InFlight::take(&self.installed, self.per_plugin).ok_or_else(busy)?;
        let job = Job {
            installed: Arc::clone(&self.installed),
            trust: Arc::clone(&self.trust),
            operation: operation.clone(),
            input,
        };
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
        answer.result
    }
}

#[async_trait]
impl Rail for InstalledRail {
    fn descriptor(&self) -> &RailDescriptor {
        &self.installed.descriptor
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        self.queue(operation, OwnedInput::Start).await
    }

    async fn resume(&self, operation: &RailOperation, state: &[u8], event: &RailEvent) -> Result<Step, RailError> {
        self.queue(operation, OwnedInput::Resume { state: state.to_vec(), event: event.clone() }).await
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
