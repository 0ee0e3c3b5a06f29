//! Versions of services as the command line and the hub tell each other of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tebura_hub::services::ServiceSet;

use super::time::rfc3339;
use crate::services::Told;

/// Files to look at.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesBody {
    /// The text of each file, by the service's name.
    pub files: BTreeMap<String, String>,
}

/// Files to apply.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyBody {
    /// The text of each file, by the service's name.
    pub files: BTreeMap<String, String>,
    /// The version that was looked at: nobody applied another one since.
    pub against: u32,
    /// Why.
    #[serde(default)]
    pub note: String,
}

/// A version to go back to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollBackBody {
    /// The version.
    pub to: u32,
    /// The version that was looked at.
    pub against: u32,
    /// Why.
    #[serde(default)]
    pub note: String,
}

/// What a process runs.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunningBody {
    /// The version; 0: none.
    pub version: u32,
    /// What of it cannot run in this process.
    pub wrong: Vec<Told>,
}

/// One version.
#[derive(Debug, Serialize, Deserialize)]
pub struct VersionBody {
    /// 1, 2, 3 …
    pub version: u32,
    /// When it was applied.
    pub at: String,
    /// Whose key did.
    pub by: String,
    /// Why.
    pub note: String,
    /// The earlier version that it is a copy of.
    pub restores: Option<u32>,
    /// The text of each file, by the service's name.
    pub files: BTreeMap<String, String>,
}

impl From<ServiceSet> for VersionBody {
    fn from(set: ServiceSet) -> VersionBody {
        let ServiceSet { version, files, note, restores, by, at } = set;
        VersionBody { version, at: rfc3339(at), by: by.to_string(), note, restores, files }
    }
}
