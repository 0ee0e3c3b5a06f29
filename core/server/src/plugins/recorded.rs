//! What the data folder says of installed plugins, read beside a hub that may be running. Starts and checks nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use super::journal::{Decision, decisions};
use super::{Grants, PluginsError};
use tebura_plugin_host::{InstallError, Manifest, Package};

/// A plugin that the operator approved while the hub ran.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What it asks for.
    pub manifest: Manifest,
    /// SHA-256 of the component, hexadecimal.
    pub component: String,
    /// Its addresses.
    pub grants: Grants,
    /// Set while it is switched off.
    pub disabled: Option<String>,
}

/// The version of each plugin that counts now, by id. Withdrawn components are left out.
///
/// # Errors
/// A journal that was changed, or files that are gone.
pub fn recorded(data: &Path) -> Result<Vec<Recorded>, PluginsError> {
    let folder = data.join("plugins");
    let mut approved = BTreeMap::new();
    let mut disabled = BTreeMap::new();
    for decision in decisions(&folder.join("journal.jsonl"))? {
        match decision {
            Decision::Approved { plugin, component, manifest, grants, .. } => {
                approved.insert(plugin, (component, manifest, grants));
            }
            Decision::Disabled { plugin, reason } => drop(disabled.insert(plugin, reason)),
            Decision::Enabled { plugin } => drop(disabled.remove(&plugin)),
            Decision::Withdrawn { component, .. } => approved.retain(|_, (own, ..)| *own != component),
            Decision::Trusted { .. }
            | Decision::Revoked { .. }
            | Decision::RailStopped { .. }
            | Decision::RailResumed { .. } => {}
        }
    }
    let read = |(plugin, (component, manifest, grants)): (String, (String, String, Grants))| {
        let short = manifest.get(..16).unwrap_or(&manifest);
        let package = Package::read(&folder.join(format!("{component}-{short}")))?;
        let manifest = Manifest::parse(&package.manifest).map_err(InstallError::from)?;
        Ok(Recorded { manifest, component, grants, disabled: disabled.remove(&plugin) })
    };
    approved.into_iter().map(read).collect()
}
