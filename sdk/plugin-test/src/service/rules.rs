//! The rules that a service is held to, step by step.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::Value;
use tebura_plugin::Tag;
use tebura_plugin::service::{Description, LedgerStep, Money, Request, Step, Wanted};

use crate::limits;
use crate::manifest::Manifest;
use crate::watch::Breach;

/// A rule that a service broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceBreach {
    /// Equal input gave two different steps.
    #[error(
        "the same input gave two different steps: use no clock, no randomness, no order of a HashMap, and keep nothing in the service itself"
    )]
    NotPure,
    /// The service panicked.
    #[error("the service panicked: answer with an output, or fail()")]
    Panicked,
    /// A schema that cannot be used.
    #[error("the schema of {of} cannot be used: {why}")]
    Schema {
        /// Which.
        of: String,
        /// Why.
        why: String,
    },
    /// A value that does not fit its schema.
    #[error("{of} does not fit its schema: {why}")]
    DoesNotFit {
        /// What.
        of: String,
        /// Why.
        why: String,
    },
    /// Something that the manifest does not list.
    #[error("{name:?} is not listed in plugin.toml; add it to [service] {list}")]
    NotListed {
        /// The name.
        name: String,
        /// Where it belongs.
        list: &'static str,
    },
    /// Money that the hub would not move.
    #[error("the hub does not move this: {why}")]
    Money {
        /// Why.
        why: String,
    },
    /// State, writes, calls or codes that the hub refuses.
    #[error(transparent)]
    Shape(#[from] Breach),
    /// More steps than a request can need.
    #[error("the request goes on after {steps} steps: it has to end")]
    Endless {
        /// How many were made.
        steps: usize,
    },
    /// The suite stopped before it had tried everything.
    #[error("after {tried} paths not everything was tried: give each suite fewer inputs, messages and replies")]
    TooManyPaths {
        /// How many were.
        tried: usize,
    },
    /// Somebody is let into a gallery although nobody was recognised.
    #[error(
        "somebody is let into {gallery:?} in a request in which nobody was recognised: look at request.subject first"
    )]
    NobodyToAdmit {
        /// The gallery.
        gallery: String,
    },
}

/// `[service]` of `plugin.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
struct Listed {
    #[serde(default)]
    payees: Vec<String>,
    #[serde(default)]
    galleries: Vec<String>,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    claims: Vec<String>,
}

#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    service: Listed,
}

/// What a service's steps are held against.
pub(super) struct Rules {
    listed: Option<Listed>,
    manifest: Option<Manifest>,
    settings: Validator,
    inputs: BTreeMap<String, Validator>,
    outputs: BTreeMap<String, Validator>,
    messages: BTreeMap<(String, String), Validator>,
}

/// What is known of a person's money with a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Till {
    /// What is left of each hold.
    pub(super) holds: BTreeMap<String, (String, u64)>,
    /// What can be refunded of each capture.
    pub(super) captures: BTreeMap<String, u64>,
}

impl Rules {
    /// Compiles the schemas of a description.
    pub(super) fn new(description: &Description, plugin_toml: Option<&str>) -> Result<Self, ServiceBreach> {
        let listed = plugin_toml.map(|text| match toml::from_str::<Whole>(text) {
            Ok(whole) => whole.service,
            Err(error) => panic!("plugin.toml cannot be read: {error}"),
        });
        let compiled = |text: &str, of: String| {
            let schema = serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
            let schema =
                schema.and_then(|value| jsonschema::draft202012::new(&value).map_err(|error| error.to_string()));
            schema.map_err(|why| ServiceBreach::Schema { of, why })
        };
        let mut rules = Rules {
            settings: compiled(&description.settings_schema, "the settings".to_owned())?,
            manifest: plugin_toml.map(Manifest::read),
            listed,
            inputs: BTreeMap::new(),
            outputs: BTreeMap::new(),
            messages: BTreeMap::new(),
        };
        for action in &description.actions {
            let name = &action.name;
            rules.inputs.insert(name.clone(), compiled(&action.input_schema, format!("{name}'s input"))?);
            rules.outputs.insert(name.clone(), compiled(&action.output_schema, format!("{name}'s output"))?);
            for message in &action.messages {
                let schema = compiled(&message.input_schema, format!("{name}'s message {}", message.name))?;
                rules.messages.insert((name.clone(), message.name.clone()), schema);
            }
            for claim in action.needs.iter().chain(&action.wishes) {
                rules.listed(claim, "claims", |listed| &listed.claims)?;
            }
        }
        Ok(rules)
    }

    pub(super) fn settings(&self, value: &Value) -> Result<(), ServiceBreach> {
        fits(&self.settings, value, "the settings".to_owned())
    }

    pub(super) fn input(&self, action: &str, value: &Value) -> Result<(), ServiceBreach> {
        let missing = || ServiceBreach::DoesNotFit { of: action.to_owned(), why: "there is no such action".to_owned() };
        fits(self.inputs.get(action).ok_or_else(missing)?, value, format!("{action}'s input"))
    }

    pub(super) fn message(&self, action: &str, name: &str, value: &Value) -> Result<(), ServiceBreach> {
        let missing = || ServiceBreach::DoesNotFit { of: name.to_owned(), why: "there is no such message".to_owned() };
        let schema = self.messages.get(&(action.to_owned(), name.to_owned())).ok_or_else(missing)?;
        fits(schema, value, format!("{action}'s message {name}"))
    }

    /// Checks one step.
    pub(super) fn step(&self, request: &Request, step: &Step, till: &Till) -> Result<(), ServiceBreach> {
        limits::writes(&step.writes)?;
        for admission in &step.admissions {
            self.listed(&admission.gallery, "galleries", |listed| &listed.galleries)?;
            if request.subject.is_none() {
                return Err(ServiceBreach::NobodyToAdmit { gallery: admission.gallery.clone() });
            }
        }
        for told in &step.events {
            self.listed(&told.name, "topics", |listed| &listed.topics)?;
        }
        match &step.next {
            Wanted::Call(call) => {
                limits::call(call, self.manifest.as_ref())?;
                Ok(limits::state(&step.state)?)
            }
            Wanted::Ledger(moving) => {
                self.money(moving, till)?;
                Ok(limits::state(&step.state)?)
            }
            Wanted::Wait { until, output } => {
                if *until > request.now.saturating_add(limits::MAX_WAIT_MS) {
                    return Err(limits::malformed("a time to wait for is within 31 days").into());
                }
                output.as_ref().map_or(Ok(()), |output| self.output(&request.action, output))?;
                Ok(limits::state(&step.state)?)
            }
            Wanted::Done(output) => self.output(&request.action, output),
            Wanted::Fail(fault) => Ok(limits::own_fault(fault)?),
        }
    }

    fn output(&self, action: &str, text: &str) -> Result<(), ServiceBreach> {
        let of = format!("{action}'s output");
        let value = serde_json::from_str(text)
            .map_err(|error| ServiceBreach::DoesNotFit { of: of.clone(), why: error.to_string() })?;
        let missing = || ServiceBreach::DoesNotFit { of: action.to_owned(), why: "there is no such action".to_owned() };
        fits(self.outputs.get(action).ok_or_else(missing)?, &value, of)
    }

    fn money(&self, moving: &LedgerStep, till: &Till) -> Result<(), ServiceBreach> {
        let refuse = |why: &str| Err(ServiceBreach::Money { why: why.to_owned() });
        let positive = |amount: &Money| amount.minor() > 0;
        match moving {
            LedgerStep::Hold { payee, amount, memo, .. } => {
                self.listed(payee, "payees", |listed| &listed.payees)?;
                if !positive(amount) {
                    return refuse("a hold of nothing: leave it out");
                }
                if !(1..=100).contains(&memo.chars().count()) {
                    return refuse("a memo has 1 to 100 characters");
                }
                Ok(())
            }
            LedgerStep::Capture { hold, amount, .. } => match till.holds.get(hold) {
                None => refuse("a capture of a hold that this person has no receipt of"),
                Some((_, left)) if amount.minor() > *left => refuse("a capture of more than is held"),
                Some(_) if !positive(amount) => refuse("a capture of nothing: release the hold"),
                Some(_) => Ok(()),
            },
            LedgerStep::Release { hold } if till.holds.contains_key(hold) => Ok(()),
            LedgerStep::Release { .. } => refuse("a release of a hold that this person has no receipt of"),
            LedgerStep::Refund { capture, amount } => match till.captures.get(capture) {
                None => refuse("a refund of a capture that this person has no receipt of"),
                Some(left) if amount.minor() > *left => refuse("a refund of more than was captured"),
                Some(_) if !positive(amount) => refuse("a refund of nothing: leave it out"),
                Some(_) => Ok(()),
            },
        }
    }

    fn listed(
        &self,
        name: &str,
        list: &'static str,
        of: impl FnOnce(&Listed) -> &Vec<String>,
    ) -> Result<(), ServiceBreach> {
        match &self.listed {
            Some(listed) if !of(listed).iter().any(|own| own == name) => {
                Err(ServiceBreach::NotListed { name: name.to_owned(), list })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The name that a state was kept under, for paths.
pub(super) fn place(state: &[u8]) -> String {
    Tag::from_bytes(state).map(|tag| tag.name().to_owned()).unwrap_or_default()
}

fn fits(schema: &Validator, value: &Value, of: String) -> Result<(), ServiceBreach> {
    match schema.iter_errors(value).next() {
        Some(error) => Err(ServiceBreach::DoesNotFit { of, why: format!("{}: {error}", error.instance_path()) }),
        None => Ok(()),
    }
}
