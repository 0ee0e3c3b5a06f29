//! The hub's [`Rail`] port over an installed plugin: what a rail is asked, and by which of its versions.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tebura_hub::notices::{Inbound, InboundGrant, News};
use tebura_hub::ports::Rail;
use tebura_hub::rail::{Next, RailAbilities, RailDescriptor, RailError, RailEvent, RailOperation, Step};
use tebura_ledger::Timestamp;

use crate::api::since_v1_0::{notices, rail as api};
use crate::call::{CallStats, Guest};
use crate::contract;
use crate::dispatch::{Answer, Dispatch};
use crate::install::Installed;
use crate::manifest::{Manifest, RailPart};

/// What a guest is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    Start,
    Resume { state: &'a [u8], event: &'a RailEvent },
}

/// What outlives the caller, who may stop waiting.
enum OwnedInput {
    Start,
    Resume { state: Vec<u8>, event: RailEvent },
}

/// An installed plugin that moves money.
pub struct InstalledRail {
    dispatch: Dispatch,
    outside: Dispatch,
    part: RailPart,
    descriptor: RailDescriptor,
}

impl fmt::Debug for InstalledRail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstalledRail({} {})", self.manifest().id.0, self.manifest().version)
    }
}

impl InstalledRail {
    pub(crate) fn new(dispatch: Dispatch, part: &RailPart) -> Self {
        let descriptor = descriptor(&dispatch.installed, part);
        let outside = dispatch.for_outside();
        Self { dispatch, outside, part: part.clone(), descriptor }
    }

    pub(crate) fn installed(&self) -> &Arc<Installed> {
        &self.dispatch.installed
    }

    /// What the plugin asked for: its endpoints are what an operator binds and what egress checks.
    pub fn manifest(&self) -> &Manifest {
        &self.dispatch.installed.manifest
    }

    /// What it says as a rail.
    pub fn part(&self) -> &RailPart {
        &self.part
    }

    /// Runs a step on the calling thread, which must not be one of an async runtime. For measuring and for tests.
    pub fn run(&self, operation: &RailOperation, input: Input<'_>) -> Answer {
        if let Err(error) = covered(&self.dispatch.installed, operation) {
            return Answer { result: Err(error), stats: CallStats::default() };
        }
        self.dispatch.here(operation.now, |guest| api::step(guest, operation, input))
    }

    /// Asks on the calling thread what a request from outside is about. For measuring and for tests.
    ///
    /// # Errors
    /// As [`Rail::identify`].
    pub fn hear(&self, request: &Inbound, now: Timestamp) -> Result<Vec<News>, RailError> {
        self.outside.here(now, |guest| notices::identify(guest, request, now)).result.map(heard)
    }

    async fn ask(
        &self,
        installed: Arc<Installed>,
        operation: &RailOperation,
        input: OwnedInput,
    ) -> Result<Step, RailError> {
        covered(&installed, operation)?;
        let asked = operation.clone();
        let ask = move |guest: &mut Guest<'_>| {
            let input = match &input {
                OwnedInput::Start => Input::Start,
                OwnedInput::Resume { state, event } => Input::Resume { state, event },
            };
            api::step(guest, &asked, input)
        };
        self.dispatch.ask(installed, operation.command.name(), operation.now, ask).await
    }
}

#[async_trait]
impl Rail for InstalledRail {
    fn descriptor(&self) -> &RailDescriptor {
        &self.descriptor
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        self.ask(Arc::clone(&self.dispatch.installed), operation, OwnedInput::Start).await
    }

    async fn resume(&self, operation: &RailOperation, state: &[u8], event: &RailEvent) -> Result<Step, RailError> {
        let (installed, state) = self.dispatch.writer_of(state)?;
        self.ask(installed, operation, OwnedInput::Resume { state: state.to_vec(), event: event.clone() }).await
    }

    fn inbound(&self) -> Option<&InboundGrant> {
        self.part.inbound.as_ref()
    }

    async fn identify(&self, request: &Inbound, now: Timestamp) -> Result<Vec<News>, RailError> {
        let (installed, request) = (Arc::clone(&self.outside.installed), request.clone());
        let ask = move |guest: &mut Guest<'_>| notices::identify(guest, &request, now);
        self.outside.ask(installed, "identify", now, ask).await.map(heard)
    }
}

fn heard(step: Step<Vec<News>>) -> Vec<News> {
    match step.next {
        Next::Done(news) => news,
        Next::Call(_) | Next::WaitUntil(_) => Vec::new(),
    }
}

/// What the manifest does not cover no guest sees.
fn covered(installed: &Installed, operation: &RailOperation) -> Result<(), RailError> {
    let part = installed.manifest.rail();
    part.map_or(Ok(()), |rail| contract::check_operation(operation, rail)).map_err(RailError::Fault)
}

fn descriptor(installed: &Installed, rail: &RailPart) -> RailDescriptor {
    let ms = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    RailDescriptor {
        rail: rail.rail.clone(),
        version: installed.manifest.version.clone(),
        digest: Some(installed.digest),
        commands: rail.commands.clone(),
        currencies: rail.currencies.iter().map(ToString::to_string).collect(),
        max_per_operation: Some(rail.max_per_operation),
        max_hold_ms: rail.max_hold.map(ms),
        several_captures: rail.several_captures,
        settle_window_ms: ms(installed.manifest.settle_window()),
        in_house: false,
        abilities: RailAbilities {
            partial_release: rail.partial_release,
            pin: rail.pin,
            settlement_delay_ms: ms(rail.settlement_delay),
            finality: rail.finality,
            // No command of a rail plugin says these.
            split: false,
            reverse: false,
        },
    }
}
