//! `plugin.toml`: what a plugin is and all that it asks for. Says nothing about who signed it or what was approved.

mod identity;
mod rail;
mod schema;
mod service;
mod source;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use tebura_hub::rail::PluginId;

use crate::allow::Allow;
use crate::limits;
use crate::world::World;
pub use identity::IdentityPart;
use identity::WireIdentity;
pub use rail::RailPart;
use rail::{WireMoney, WireNotices, WireRail};
pub use service::ServicePart;
use source::Source;
pub use source::{NotJson, TomlLines, toml_as_json};

/// A checked manifest.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Manifest {
    pub id: PluginId,
    /// `major.minor.patch`.
    pub version: String,
    /// For people.
    pub title: Option<String>,
    pub world: World,
    /// Earlier versions whose state it can resume.
    pub reads_state: Vec<String>,
    /// Operator settings that it may read.
    pub settings: Vec<String>,
    /// What plugins of its world say of themselves.
    pub part: Part,
    pub endpoints: BTreeMap<String, Endpoint>,
    pub keys: BTreeMap<String, KeyGrant>,
    pub limits: CallLimits,
    /// RFC 8785 JSON of all that was written: what is signed.
    pub(crate) canonical: Vec<u8>,
}

/// What only the manifests of one world have.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Part {
    Rail(RailPart),
    Identity(IdentityPart),
    Service(ServicePart),
}

/// A far end by name. The operator binds origin and credentials.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Endpoint {
    /// The calls that it accepts.
    pub allow: Vec<Allow>,
    /// Where the far end reads the idempotency key.
    pub idempotency_header: Option<String>,
    /// How long a lost call may still arrive.
    pub settle_window: Duration,
}

/// A key by name. The operator binds the bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyGrant {
    pub algorithm: KeyAlgorithm,
    pub uses: Vec<KeyUse>,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum KeyAlgorithm {
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    #[serde(rename = "ed25519")]
    Ed25519,
}

/// What a plugin may do with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    Mac,
    Sign,
    Verify,
}

/// What one call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallLimits {
    pub fuel: u64,
    /// Memories and tables together.
    pub memory_bytes: usize,
    pub deadline: Duration,
}

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1; the closest line when the value itself is missing.
    pub line: Option<usize>,
    /// `endpoints.gateway.allow[1]`.
    pub path: String,
    /// What was found there, as JSON, shortened.
    pub value: Option<String>,
    pub what: String,
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.path)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        write!(f, " {}; {}", self.what, self.fix)
    }
}

/// Why a text is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Larger than anybody writes by hand.
    #[error("plugin.toml has {bytes} bytes; shorten it to {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("plugin.toml is not UTF-8; save it as UTF-8")]
    NotUtf8,
    #[error("plugin.toml is not TOML: {0}")]
    NotToml(Problem),
    /// All problems at once.
    #[error("plugin.toml has {} problem{}:{}", .0.len(), if .0.len() == 1 { "" } else { "s" }, list(.0))]
    Invalid(Vec<Problem>),
    /// The checked-in schema itself is broken; a test keeps this from happening.
    #[error("the schema of plugin.toml cannot be used; report it ({reason})")]
    Schema { reason: String },
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

impl Manifest {
    /// Reads and checks `plugin.toml`.
    ///
    /// # Errors
    /// [`ManifestError`]; `Invalid` lists everything that is wrong, each with the line and the fix.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > limits::MANIFEST_BYTES {
            return Err(ManifestError::TooLarge { bytes: bytes.len(), limit: limits::MANIFEST_BYTES });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::NotUtf8)?;
        let source = Source::parse(text).map_err(|error| {
            ManifestError::NotToml(Problem {
                line: error.line,
                path: schema::dotted(&error.path),
                value: None,
                what: error.what,
                fix: "correct it and try again".to_owned(),
            })
        })?;
        let problems = schema::problems(&source)?;
        if !problems.is_empty() {
            return Err(ManifestError::Invalid(problems));
        }
        let wire: Wire =
            Wire::deserialize(&source.value).map_err(|error| ManifestError::Schema { reason: error.to_string() })?;
        Checker { source: &source, problems: Vec::new() }.check(wire)
    }

    /// What it says as a rail; `None`: it is none.
    pub fn rail(&self) -> Option<&RailPart> {
        match &self.part {
            Part::Rail(part) => Some(part),
            Part::Identity(_) | Part::Service(_) => None,
        }
    }

    /// What it is under these settings of the operator's: abilities that a setting switches on are gone where it does not.
    pub(crate) fn under(self, settings: &BTreeMap<String, String>) -> Self {
        let part = match self.part {
            Part::Rail(rail) => Part::Rail(rail.under(settings)),
            own @ (Part::Identity(_) | Part::Service(_)) => own,
        };
        Self { part, ..self }
    }

    /// The longest settle window of its endpoints.
    pub fn settle_window(&self) -> Duration {
        self.endpoints.values().map(|endpoint| endpoint.settle_window).max().unwrap_or_default()
    }
}

/// `plugin.toml` after the schema has passed it.
#[derive(Deserialize)]
struct Wire {
    plugin: WirePlugin,
    rail: Option<WireRail>,
    money: Option<WireMoney>,
    notices: Option<WireNotices>,
    identity: Option<WireIdentity>,
    service: Option<ServicePart>,
    #[serde(default)]
    endpoints: BTreeMap<String, WireEndpoint>,
    #[serde(default)]
    keys: BTreeMap<String, WireKey>,
    #[serde(default)]
    limits: WireLimits,
}

#[derive(Deserialize)]
struct WirePlugin {
    id: String,
    version: String,
    title: Option<String>,
    world: String,
    #[serde(default)]
    reads_state: Vec<String>,
    #[serde(default)]
    settings: Vec<String>,
}

#[derive(Deserialize)]
struct WireEndpoint {
    allow: Vec<String>,
    idempotency_header: Option<String>,
    settle_window: Option<String>,
}

#[derive(Deserialize)]
struct WireKey {
    algorithm: KeyAlgorithm,
    #[serde(rename = "use")]
    uses: Vec<KeyUse>,
}

#[derive(Default, Deserialize)]
struct WireLimits {
    fuel: Option<u64>,
    memory: Option<String>,
    deadline: Option<String>,
}

/// What a schema cannot say.
struct Checker<'s> {
    source: &'s Source,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn check(mut self, wire: Wire) -> Result<Manifest, ManifestError> {
        // The schema lets no other name through.
        let world = World::from_name(&wire.plugin.world)
            .ok_or_else(|| ManifestError::Schema { reason: format!("{} has no host", wire.plugin.world) })?;
        self.tables(world);
        let endpoints = wire.endpoints.into_iter().map(|(name, endpoint)| self.endpoint(name, endpoint)).collect();
        let keys = wire.keys.into_iter().map(|(name, key)| self.key(name, key)).collect();
        let limits = self.limits(&wire.limits);
        let part = match world {
            World::Rail | World::RailWithNotices => wire.rail.zip(wire.money).and_then(|(rail, money)| {
                self.rail(&wire.plugin.id, rail, &money, wire.notices, &wire.plugin.settings).map(Part::Rail)
            }),
            World::Identity => wire.identity.map(|identity| Part::Identity(self.identity(identity))),
            World::Service => wire.service.map(Part::Service),
        };
        let (Some(part), true) = (part, self.problems.is_empty()) else {
            self.problems.sort_by_key(|problem| problem.line);
            return Err(ManifestError::Invalid(self.problems));
        };
        let canonical = serde_json_canonicalizer::to_vec(&self.source.value)
            .map_err(|error| ManifestError::Schema { reason: error.to_string() })?;
        Ok(Manifest {
            id: PluginId(wire.plugin.id),
            version: wire.plugin.version,
            title: wire.plugin.title,
            world,
            reads_state: wire.plugin.reads_state,
            settings: wire.plugin.settings,
            part,
            endpoints,
            keys,
            limits,
            canonical,
        })
    }

    /// A manifest has the tables of its own world, and of no other.
    fn tables(&mut self, world: World) {
        let tables: BTreeSet<&str> = World::ALL.iter().flat_map(|world| world.tables()).copied().collect();
        for table in tables {
            let pointer = format!("/{table}");
            let written = self.source.value.pointer(&pointer).is_some();
            match (world.tables().contains(&table), written) {
                (true, false) => self.problem(&pointer, "is missing", format!("write {}", schema::table(table))),
                (false, true) => self.problem(&pointer, "has no place here", format!("remove it: {world} has none")),
                (true, true) | (false, false) => {}
            }
        }
    }

    fn problem(&mut self, pointer: &str, what: &str, fix: String) {
        self.problems.push(Problem {
            line: self.source.line(pointer),
            path: schema::dotted(pointer),
            value: self.source.value.pointer(pointer).map(schema::shown),
            what: what.to_owned(),
            fix,
        });
    }

    fn endpoint(&mut self, name: String, wire: WireEndpoint) -> (String, Endpoint) {
        let at = format!("/endpoints/{name}");
        let mut allow = Vec::new();
        for (index, text) in wire.allow.iter().enumerate() {
            match Allow::parse(text) {
                Ok(pattern) => allow.push(pattern),
                Err(error) => {
                    self.problem(&format!("{at}/allow/{index}"), "is not a pattern", error.to_string());
                }
            }
        }
        if let Some(header) = &wire.idempotency_header
            && crate::contract::is_reserved_header(header)
        {
            let fix = "name the header that the far end documents, for example \"Idempotency-Key\"".to_owned();
            self.problem(&format!("{at}/idempotency_header"), "belongs to the hub", fix);
        }
        let settle_window = match &wire.settle_window {
            Some(text) => self.duration(&format!("{at}/settle_window"), text),
            None => Duration::ZERO,
        };
        (name, Endpoint { allow, idempotency_header: wire.idempotency_header, settle_window })
    }

    fn key(&mut self, name: String, wire: WireKey) -> (String, KeyGrant) {
        let wrong = match wire.algorithm {
            KeyAlgorithm::HmacSha256 => KeyUse::Sign,
            KeyAlgorithm::Ed25519 => KeyUse::Mac,
        };
        if wire.uses.contains(&wrong) {
            let fix = "write `mac` and `verify` for hmac-sha256, `sign` and `verify` for ed25519".to_owned();
            self.problem(&format!("/keys/{name}/use"), "does not go with the algorithm", fix);
        }
        (name, KeyGrant { algorithm: wire.algorithm, uses: wire.uses })
    }

    fn limits(&mut self, wire: &WireLimits) -> CallLimits {
        let memory_bytes = match &wire.memory {
            Some(text) => self.memory(text),
            None => limits::MEMORY_BYTES_DEFAULT,
        };
        let deadline = match &wire.deadline {
            Some(text) => self.duration("/limits/deadline", text),
            None => limits::DEADLINE_DEFAULT,
        };
        if !(limits::DEADLINE_LEAST..=limits::DEADLINE_MOST).contains(&deadline) {
            self.problem("/limits/deadline", "is out of range", "write 10 ms to 2 s, for example \"1 s\"".to_owned());
        }
        CallLimits { fuel: wire.fuel.unwrap_or(limits::FUEL_DEFAULT), memory_bytes, deadline }
    }

    fn memory(&mut self, text: &str) -> usize {
        match units::bytes(text) {
            Some(bytes) if (limits::MEMORY_BYTES_LEAST..=limits::MEMORY_BYTES).contains(&bytes) => bytes,
            Some(_) | None => {
                let fix = "write 1 MiB to 32 MiB, for example \"16 MiB\"".to_owned();
                self.problem("/limits/memory", "is out of range", fix);
                limits::MEMORY_BYTES_DEFAULT
            }
        }
    }

    fn duration(&mut self, pointer: &str, text: &str) -> Duration {
        match units::duration(text) {
            Some(duration) if duration <= units::LONGEST => duration,
            Some(_) | None => {
                self.problem(pointer, "is not a duration", "write at most 400 days, for example \"90 s\"".to_owned());
                Duration::ZERO
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
