//! A service as an operator configured it: a plugin with settings, payees, a cap and galleries.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tebura_face::FalseMatchBudget;
use tebura_ledger::Currency;
use tokio::sync::Mutex;

use super::descriptor::{Action, Label};
use super::hours::Hours;
use super::schema::{Schema, SchemaError, SchemaProblem};
use crate::ids::{GalleryId, MerchantId};
use crate::ports::Service;
use crate::rail::PluginId;

/// Ten years.
const MAX_KEEP_DAYS: u32 = 3_650;

/// What an operator writes.
#[derive(Clone, Debug)]
pub struct InstanceConfig {
    /// See [`is_service_id`].
    pub id: String,
    pub titles: Vec<Label>,
    /// Whose keys may ask, and see what was asked.
    pub merchant: MerchantId,
    /// Fit the plugin's schema.
    pub settings: Value,
    /// The plugin's payee handles.
    pub payees: BTreeMap<String, MerchantId>,
    /// The one currency that it moves.
    pub currency: Currency,
    /// All holds of one request together, at most, minor units; 0: no money.
    pub cap: i64,
    /// Above this (minor units) somebody who was recognised by face agrees with the PIN.
    pub pin_above: i64,
    /// Among whom a face is searched; `None`: nobody is recognised by face alone.
    pub gallery: Option<GalleryId>,
    /// The plugin's gallery handles.
    pub galleries: BTreeMap<String, GalleryId>,
    /// False identifications per transaction that the operator accepts here; `None`: what is said for all.
    pub false_match_rate: Option<FalseMatchBudget>,
    /// Declared purposes that a person has agreed to before her face is looked for here.
    pub purposes: Vec<String>,
    /// Claims that the caller may attest.
    pub attested: Vec<String>,
    /// When it is asked; `None`: always.
    pub hours: Option<Hours>,
    /// How many days a request is kept after it was made; `None`: as long as the person is.
    pub keep_days: Option<u32>,
    /// By action: what is answered while the plugin is away; a request of another action fails then.
    pub fallback: BTreeMap<String, Value>,
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstanceProblem {
    #[error("{id:?} is not a service's name: write lower-case letters, digits and hyphens, a letter first, at most 64")]
    Id { id: String },
    #[error("the plugin's schema of {what} cannot be used: {error}")]
    Schema { what: String, error: SchemaError },
    #[error("settings{0}")]
    Settings(SchemaProblem),
    #[error("the payee {handle:?} has no merchant: write payees.{handle} = \"mrc_…\"")]
    PayeeMissing { handle: String },
    #[error("the plugin has no payee {handle:?}: remove it, or write one of {known}")]
    PayeeUnknown { handle: String, known: String },
    #[error("the gallery {handle:?} is not bound: write galleries.{handle} = \"gal_…\"")]
    GalleryMissing { handle: String },
    #[error("the plugin has no gallery {handle:?}: remove it, or write one of {known}")]
    GalleryUnknown { handle: String, known: String },
    #[error("the plugin moves money and the cap is {cap}: write what one request may hold at most, above 0")]
    CapMissing { cap: i64 },
    #[error("the PIN's limit {pin_above} is not between 0 and the cap {cap}: write a number in between")]
    PinLimit { pin_above: i64, cap: i64 },
    #[error("the plugin asks for no claim {name:?}: remove it, or write some of {known}")]
    AttestedUnknown { name: String, known: String },
    #[error("the plugin has no action {name:?}: remove it, or write some of {known}")]
    ActionUnknown { at: &'static str, name: String, known: String },
    #[error("what is answered while the plugin is away does not fit {action}'s output: {problem}")]
    Fallback { action: String, problem: SchemaProblem },
    #[error("requests are kept {days} days: write 1 to {MAX_KEEP_DAYS}")]
    KeepDays { days: u32 },
}

impl InstanceProblem {
    /// Where in the configuration of the service, as a JSON Pointer.
    pub fn pointer(&self) -> String {
        match self {
            InstanceProblem::Id { .. } => "/id".to_owned(),
            InstanceProblem::Schema { .. } => "/plugin".to_owned(),
            InstanceProblem::Settings(problem) => format!("/settings{}", problem.pointer),
            InstanceProblem::PayeeMissing { handle } | InstanceProblem::PayeeUnknown { handle, .. } => {
                format!("/payees/{handle}")
            }
            InstanceProblem::GalleryMissing { handle } | InstanceProblem::GalleryUnknown { handle, .. } => {
                format!("/galleries/{handle}")
            }
            InstanceProblem::CapMissing { .. } => "/cap".to_owned(),
            InstanceProblem::PinLimit { .. } => "/pin_above".to_owned(),
            InstanceProblem::AttestedUnknown { .. } => "/attested".to_owned(),
            InstanceProblem::ActionUnknown { at: "/fallback", name, .. } => format!("/fallback/{name}"),
            InstanceProblem::ActionUnknown { at, .. } => (*at).to_owned(),
            InstanceProblem::Fallback { action, problem } => format!("/fallback/{action}{}", problem.pointer),
            InstanceProblem::KeepDays { .. } => "/keep_days".to_owned(),
        }
    }
}

/// An action with its compiled schemas.
#[derive(Debug)]
pub(super) struct CompiledAction {
    pub(super) action: Action,
    pub(super) input: Schema,
    pub(super) output: Schema,
    pub(super) messages: BTreeMap<String, Schema>,
}

/// A configured service, checked.
pub struct ServiceInstance {
    pub config: InstanceConfig,
    service: Arc<dyn Service>,
    pub(super) settings: String,
    pub(super) actions: BTreeMap<String, CompiledAction>,
    /// Taken where two steps would write the instance's keys at once.
    pub(super) turn: Mutex<()>,
}

impl fmt::Debug for ServiceInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceInstance").field("id", &self.config.id).finish_non_exhaustive()
    }
}

/// Whether a word can name a service: 1 to 64 lower-case letters, digits and hyphens, a letter first.
pub fn is_service_id(word: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&word.len()) && word.as_bytes()[0].is_ascii_lowercase() && word.bytes().all(rest)
}

impl ServiceInstance {
    /// Checks a configuration against what the plugin says of itself, and compiles its schemas.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn new(config: InstanceConfig, service: Arc<dyn Service>) -> Result<Self, Vec<InstanceProblem>> {
        let mut problems = Vec::new();
        if !is_service_id(&config.id) {
            problems.push(InstanceProblem::Id { id: config.id.clone() });
        }
        let descriptor = service.descriptor();
        let mut compiled = |text: &str, what: String| match Schema::compile(text) {
            Ok(schema) => Some(schema),
            Err(error) => {
                problems.push(InstanceProblem::Schema { what, error });
                None
            }
        };
        let settings = compiled(&descriptor.settings, "the settings".to_owned());
        let mut actions = BTreeMap::new();
        for action in &descriptor.actions {
            let input = compiled(&action.input, format!("{}'s input", action.name));
            let output = compiled(&action.output, format!("{}'s output", action.name));
            let mut messages = BTreeMap::new();
            for message in &action.messages {
                let schema = compiled(&message.input, format!("{}'s message {}", action.name, message.name));
                messages.extend(schema.map(|schema| (message.name.clone(), schema)));
            }
            if let (Some(input), Some(output)) = (input, output) {
                let action = action.clone();
                actions.insert(action.name.clone(), CompiledAction { action, input, output, messages });
            }
        }
        if let Some(schema) = settings {
            problems.extend(schema.problems(&config.settings).into_iter().map(InstanceProblem::Settings));
        }
        problems.extend(bound(&descriptor.payees, config.payees.keys(), |handle, known| match known {
            None => InstanceProblem::PayeeMissing { handle },
            Some(known) => InstanceProblem::PayeeUnknown { handle, known },
        }));
        problems.extend(bound(&descriptor.galleries, config.galleries.keys(), |handle, known| match known {
            None => InstanceProblem::GalleryMissing { handle },
            Some(known) => InstanceProblem::GalleryUnknown { handle, known },
        }));
        let (cap, pin_above) = (config.cap, config.pin_above);
        if cap < 0 || (cap == 0 && !descriptor.payees.is_empty()) {
            problems.push(InstanceProblem::CapMissing { cap });
        } else if !(0..=cap).contains(&pin_above) {
            problems.push(InstanceProblem::PinLimit { pin_above, cap });
        }
        for name in config.attested.iter().filter(|name| !descriptor.claims.contains(name)) {
            let (name, known) = (name.clone(), descriptor.claims.join(", "));
            problems.push(InstanceProblem::AttestedUnknown { name, known });
        }
        problems.extend(of_actions(&config, &actions));
        if config.keep_days.is_some_and(|days| !(1..=MAX_KEEP_DAYS).contains(&days)) {
            problems.push(InstanceProblem::KeepDays { days: config.keep_days.unwrap_or_default() });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let settings = config.settings.to_string();
        Ok(ServiceInstance { config, service, settings, actions, turn: Mutex::new(()) })
    }

    /// The configured name.
    pub fn id(&self) -> &str {
        &self.config.id
    }

    /// The plugin behind it.
    pub fn plugin(&self) -> &dyn Service {
        &*self.service
    }

    /// The schema of an action's input and of its output.
    pub fn schemas(&self, action: &str) -> Option<(&Value, &Value)> {
        self.actions.get(action).map(|action| (action.input.value(), action.output.value()))
    }

    /// Under which name the instance's own keys are stored: two instances of a plugin share nothing.
    pub fn keys(&self) -> PluginId {
        keys_of(&self.service.descriptor().plugin, &self.config.id)
    }
}

/// What names actions: they have to be there, and what is answered for them has to fit.
fn of_actions(config: &InstanceConfig, actions: &BTreeMap<String, CompiledAction>) -> Vec<InstanceProblem> {
    let known = actions.keys().cloned().collect::<Vec<_>>().join(", ");
    let unknown = |at, name: &String| InstanceProblem::ActionUnknown { at, name: name.clone(), known: known.clone() };
    let always = config.hours.iter().flat_map(|hours| &hours.config().always);
    let mut problems: Vec<InstanceProblem> =
        always.filter(|name| !actions.contains_key(*name)).map(|name| unknown("/hours/always", name)).collect();
    for (name, answer) in &config.fallback {
        match actions.get(name) {
            None => problems.push(unknown("/fallback", name)),
            Some(action) => problems.extend(
                action
                    .output
                    .problems(answer)
                    .into_iter()
                    .map(|problem| InstanceProblem::Fallback { action: name.clone(), problem }),
            ),
        }
    }
    problems
}

/// See [`ServiceInstance::keys`].
pub fn keys_of(plugin: &PluginId, service: &str) -> PluginId {
    PluginId(format!("{}#{service}", plugin.0))
}

/// Handles that are not bound, and bound ones that are no handles.
fn bound<'c>(
    handles: &[String],
    bound: impl Iterator<Item = &'c String> + Clone,
    problem: impl Fn(String, Option<String>) -> InstanceProblem,
) -> Vec<InstanceProblem> {
    let missing = handles.iter().filter(|handle| !bound.clone().any(|own| own == *handle));
    let unknown = bound.clone().filter(|own| !handles.contains(own));
    let missing = missing.map(|handle| problem(handle.clone(), None));
    missing.chain(unknown.map(|handle| problem(handle.clone(), Some(handles.join(", "))))).collect()
}
