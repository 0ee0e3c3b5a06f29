//! A manifest as a list of powers that a person can read and compare. Grants nothing.

use std::fmt;

use crate::manifest::{KeyUse, Manifest, Part, RailPart, ServicePart};

/// One thing that a manifest asks for. [`fmt::Display`] gives the line of `plugins.lock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Power {
    /// Runs for this command of the hub.
    Command(String),
    Currency(String),
    /// Says this of a person, where she agrees.
    Claim(String),
    /// Minor units of one operation.
    AmountUpTo(i64),
    /// Has the hub send calls of this pattern to an endpoint.
    Call {
        endpoint: String,
        pattern: String,
    },
    /// Is called at this route by anybody.
    Route(String),
    /// Sees this header of such a call.
    Header(String),
    Key {
        name: String,
        key_use: KeyUse,
    },
    Setting(String),
    /// Has people's money held for whoever the operator binds to this name.
    Payee(String),
    /// Lets people into whichever gallery the operator binds to this name.
    Gallery(String),
    /// Tells of this topic.
    Topic(String),
    /// Is shown this claim of a person who has it.
    SeeClaim(String),
    Fuel(u64),
    MemoryBytes(usize),
    DeadlineMs(u128),
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Power::Command(command) => write!(f, "take command: {command}"),
            Power::Currency(currency) => write!(f, "money: {currency}"),
            Power::Claim(claim) => write!(f, "prove: {claim}"),
            Power::AmountUpTo(amount) => write!(f, "money up to: {amount}"),
            Power::Call { endpoint, pattern } => write!(f, "call {endpoint}: {pattern}"),
            Power::Route(route) => write!(f, "be called at: {route}"),
            Power::Header(header) => write!(f, "see header: {header}"),
            Power::Key { name, key_use } => write!(f, "use key {name}: {}", key_use.word()),
            Power::Setting(setting) => write!(f, "read setting: {setting}"),
            Power::Payee(payee) => write!(f, "hold money for: {payee}"),
            Power::Gallery(gallery) => write!(f, "admit to gallery: {gallery}"),
            Power::Topic(topic) => write!(f, "tell of: {topic}"),
            Power::SeeClaim(claim) => write!(f, "see claim: {claim}"),
            Power::Fuel(fuel) => write!(f, "fuel a call: {fuel}"),
            Power::MemoryBytes(bytes) => write!(f, "memory bytes a call: {bytes}"),
            Power::DeadlineMs(ms) => write!(f, "milliseconds a call: {ms}"),
        }
    }
}

/// Every power that a manifest asks for, in the order in which a person reads them.
pub fn powers(manifest: &Manifest) -> Vec<Power> {
    let mut powers = match &manifest.part {
        Part::Rail(rail) => of_a_rail(rail),
        Part::Identity(identity) => identity.claims.iter().cloned().map(Power::Claim).collect(),
        Part::Service(service) => of_a_service(service),
    };
    for (name, endpoint) in &manifest.endpoints {
        let call = |pattern: &crate::Allow| Power::Call { endpoint: name.clone(), pattern: pattern.to_string() };
        powers.extend(endpoint.allow.iter().map(call));
    }
    for (name, key) in &manifest.keys {
        powers.extend(key.uses.iter().map(|key_use| Power::Key { name: name.clone(), key_use: *key_use }));
    }
    powers.extend(manifest.settings.iter().cloned().map(Power::Setting));
    powers.push(Power::Fuel(manifest.limits.fuel));
    powers.push(Power::MemoryBytes(manifest.limits.memory_bytes));
    powers.push(Power::DeadlineMs(manifest.limits.deadline.as_millis()));
    powers
}

fn of_a_rail(rail: &RailPart) -> Vec<Power> {
    let mut powers: Vec<Power> = rail.commands.iter().cloned().map(Power::Command).collect();
    powers.extend(rail.currencies.iter().map(|currency| Power::Currency(currency.to_string())));
    powers.push(Power::AmountUpTo(rail.max_per_operation));
    if let Some(grant) = &rail.inbound {
        powers.extend(grant.routes.iter().cloned().map(Power::Route));
        powers.extend(grant.headers.iter().cloned().map(Power::Header));
    }
    powers
}

fn of_a_service(service: &ServicePart) -> Vec<Power> {
    let of = |names: &[String], power: fn(String) -> Power| names.iter().cloned().map(power).collect::<Vec<_>>();
    let mut powers = of(&service.payees, Power::Payee);
    powers.extend(of(&service.claims, Power::SeeClaim));
    powers.extend(of(&service.galleries, Power::Gallery));
    powers.extend(of(&service.topics, Power::Topic));
    powers
}

/// Every power that a manifest asks for, one a line, in a stable order.
pub fn capabilities(manifest: &Manifest) -> Vec<String> {
    let mut lines: Vec<String> = powers(manifest).iter().map(Power::to_string).collect();
    lines.sort();
    lines
}

impl KeyUse {
    /// The word in manifests.
    pub fn word(self) -> &'static str {
        match self {
            KeyUse::Mac => "mac",
            KeyUse::Sign => "sign",
            KeyUse::Verify => "verify",
        }
    }
}

/// What `asked` has and `approved` does not. A number asks for more only when it is larger.
pub(crate) fn asks_more(approved: &[String], asked: &[String]) -> Vec<String> {
    let covered = |power: &&String| {
        approved.contains(power)
            || level(power).is_some_and(|(name, wanted)| {
                approved.iter().filter_map(|other| level(other)).any(|(other, given)| other == name && wanted <= given)
            })
    };
    asked.iter().filter(|power| !covered(power)).cloned().collect()
}

fn level(power: &str) -> Option<(&str, u128)> {
    let (name, number) = power.split_once(": ")?;
    Some((name, number.parse().ok()?))
}
