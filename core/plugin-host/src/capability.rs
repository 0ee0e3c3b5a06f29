//! A manifest as a list of powers that a person can read and compare. Grants nothing.

use crate::manifest::{KeyUse, Manifest};

/// Every power that a manifest asks for, one a line, in a stable order.
pub fn capabilities(manifest: &Manifest) -> Vec<String> {
    let mut powers = Vec::new();
    for command in &manifest.commands {
        powers.push(format!("take command: {command}"));
    }
    for currency in &manifest.currencies {
        powers.push(format!("money: {currency}"));
    }
    powers.push(format!("money up to: {}", manifest.max_per_operation));
    for (name, endpoint) in &manifest.endpoints {
        for pattern in &endpoint.allow {
            powers.push(format!("call {name}: {pattern}"));
        }
    }
    for (name, key) in &manifest.keys {
        for key_use in &key.uses {
            let verb = match key_use {
                KeyUse::Mac => "mac",
                KeyUse::Sign => "sign",
                KeyUse::Verify => "verify",
            };
            powers.push(format!("use key {name}: {verb}"));
        }
    }
    for setting in &manifest.settings {
        powers.push(format!("read setting: {setting}"));
    }
    powers.push(format!("fuel a call: {}", manifest.limits.fuel));
    powers.push(format!("memory bytes a call: {}", manifest.limits.memory_bytes));
    powers.push(format!("milliseconds a call: {}", manifest.limits.deadline.as_millis()));
    powers.sort();
    powers
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
