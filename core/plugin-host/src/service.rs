//! The hub's [`Service`] port over an installed plugin: what it said of itself at its installation, and its steps.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tebura_hub::ports::Service;
use tebura_hub::rail::{Next, PluginId, RailError, Step};
use tebura_hub::services::{
    Action, Admission, Schema, ServiceCall, ServiceDescriptor, ServiceEvent, ServiceNext, ServiceStep, Topic,
};

use crate::api::since_v1_0::service as api;
use crate::call::{self, Guest};
use crate::dispatch::Dispatch;
use crate::install::Installed;
use crate::manifest::{Manifest, ServicePart};

/// Actions of one service.
const MAX_ACTIONS: usize = 32;

/// What a guest is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input<'a> {
    Handle,
    Resume { state: &'a [u8], event: &'a ServiceEvent },
}

/// What outlives the caller, who may stop waiting.
enum OwnedInput {
    Handle,
    Resume { state: Vec<u8>, event: ServiceEvent },
}

/// What a guest said of itself.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) settings: String,
    pub(crate) actions: Vec<Action>,
}

/// What a guest's step holds besides state and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) next: ServiceNext,
    pub(crate) admissions: Vec<Admission>,
    pub(crate) events: Vec<Topic>,
}

/// An installed plugin that serves people.
pub struct InstalledService {
    dispatch: Dispatch,
    descriptor: ServiceDescriptor,
}

impl fmt::Debug for InstalledService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstalledService({} {})", self.manifest().id.0, self.manifest().version)
    }
}

/// Asks a guest what it is, and whether that goes together with its manifest.
pub(crate) fn describe(installed: &Arc<Installed>, part: &ServicePart) -> Result<Description, RailError> {
    let description = call::run(installed, api::describe).0?;
    let wrong = |message: String| RailError::Trapped { code: "plugin.description_refused", message };
    let mut names: Vec<&str> = description.actions.iter().map(|action| action.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() != description.actions.len() || !(1..=MAX_ACTIONS).contains(&names.len()) {
        return Err(wrong(format!("it describes {} actions, and each needs its own name", description.actions.len())));
    }
    let compiled = |text: &str, what: String| {
        Schema::compile(text).map(drop).map_err(|error| wrong(format!("the schema of {what}: {error}")))
    };
    compiled(&description.settings, "the settings".to_owned())?;
    for action in &description.actions {
        if !tebura_hub::services::is_service_id(&action.name) {
            return Err(wrong(format!("{:?} is not an action's name", action.name)));
        }
        compiled(&action.input, format!("{}'s input", action.name))?;
        compiled(&action.output, format!("{}'s output", action.name))?;
        for message in &action.messages {
            compiled(&message.input, format!("{}'s message {}", action.name, message.name))?;
        }
        if let Some(claim) = action.needs.iter().chain(&action.wishes).find(|claim| !part.claims.contains(claim)) {
            return Err(wrong(format!(
                "{} asks for the claim {claim:?}, which [service] claims does not list",
                action.name
            )));
        }
    }
    Ok(description)
}

impl InstalledService {
    pub(crate) fn new(dispatch: Dispatch, part: &ServicePart, description: Description) -> Self {
        let installed = &dispatch.installed;
        let descriptor = ServiceDescriptor {
            plugin: installed.manifest.id.clone(),
            version: installed.manifest.version.clone(),
            digest: Some(installed.digest),
            title: installed.manifest.title.clone(),
            settings: description.settings,
            actions: description.actions,
            payees: part.payees.clone(),
            galleries: part.galleries.clone(),
            topics: part.topics.clone(),
            claims: part.claims.clone(),
        };
        Self { dispatch, descriptor }
    }

    pub(crate) fn installed(&self) -> &Arc<Installed> {
        &self.dispatch.installed
    }

    /// What the plugin asked for.
    pub fn manifest(&self) -> &Manifest {
        &self.dispatch.installed.manifest
    }

    async fn ask(
        &self,
        installed: Arc<Installed>,
        request: &ServiceCall,
        input: OwnedInput,
    ) -> Result<ServiceStep, RailError> {
        let asked = request.clone();
        let keys = tebura_hub::services::keys_of(&self.descriptor.plugin, &request.service);
        let ask = move |guest: &mut Guest<'_>| {
            let input = match &input {
                OwnedInput::Handle => Input::Handle,
                OwnedInput::Resume { state, event } => Input::Resume { state, event },
            };
            api::step(guest, &asked, keys, input)
        };
        let Step { next, state, writes } = self.dispatch.ask(installed, &request.action, request.now, ask).await?;
        let Next::Done(Decision { next, admissions, events }) = next else {
            let message = "a service's step is always whole".to_owned();
            return Err(RailError::Trapped { code: "plugin.host", message });
        };
        Ok(ServiceStep { next, state, writes, admissions, events })
    }
}

#[async_trait]
impl Service for InstalledService {
    fn descriptor(&self) -> &ServiceDescriptor {
        &self.descriptor
    }

    async fn handle(&self, request: &ServiceCall) -> Result<ServiceStep, RailError> {
        self.ask(Arc::clone(&self.dispatch.installed), request, OwnedInput::Handle).await
    }

    async fn resume(
        &self,
        request: &ServiceCall,
        state: &[u8],
        event: &ServiceEvent,
    ) -> Result<ServiceStep, RailError> {
        let (installed, state) = self.dispatch.writer_of(state)?;
        self.ask(installed, request, OwnedInput::Resume { state: state.to_vec(), event: event.clone() }).await
    }
}

/// Whose keys a plugin reads that is asked in no instance's name.
pub(crate) fn own_keys(installed: &Installed) -> PluginId {
    installed.manifest.id.clone()
}
