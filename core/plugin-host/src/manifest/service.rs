//! `[service]` of `plugin.toml`: what a service may name, for the operator to bind.

use serde::Deserialize;

/// What a service may name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServicePart {
    /// Handles of whom it has money held for.
    #[serde(default)]
    pub payees: Vec<String>,
    /// Handles of galleries that it lets people into.
    #[serde(default)]
    pub galleries: Vec<String>,
    /// Topics of its events.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Claims that its actions may ask for.
    #[serde(default)]
    pub claims: Vec<String>,
}
