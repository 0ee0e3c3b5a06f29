//! Service plugins from their folders, without a hub: what a file can be checked against at a desk.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tebura_hub::ports::{Clock, Service};
use tebura_hub::rail::PluginId;
use tebura_plugin_host::{Bindings, Manifest, ManifestError, Package, PackageError, Part, Workbench, WorkbenchError};

use super::check::Installed;
use crate::clock::SystemClock;

/// Why a folder's plugin cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum PackagedError {
    /// Its files.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// Its manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Its component.
    #[error(transparent)]
    Workbench(#[from] WorkbenchError),
}

/// Service plugins by id.
#[derive(Default)]
pub struct Packaged {
    services: BTreeMap<PluginId, Arc<dyn Service>>,
    benches: Vec<Workbench>,
}

impl Packaged {
    /// Compiles a folder's plugin, where it is one of the service world, and asks it what it is. Whether it may run in a hub
    /// is not looked at.
    ///
    /// # Errors
    /// [`PackagedError`].
    pub fn add(&mut self, folder: &Path) -> Result<(), PackagedError> {
        let package = Package::read(folder)?;
        if !matches!(Manifest::parse(&package.manifest)?.part, Part::Service(_)) {
            return Ok(());
        }
        let now = SystemClock::default().now();
        let bench = Workbench::open(&package.manifest, package.component, Bindings::default(), now)?;
        if let Some(service) = bench.plugin().service() {
            let service: Arc<dyn Service> = Arc::clone(service) as _;
            self.services.insert(service.descriptor().plugin.clone(), service);
        }
        self.benches.push(bench);
        Ok(())
    }

    /// What each says of itself, by id.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Service>> {
        self.services.values()
    }
}

impl Installed for Packaged {
    fn find(&self, plugin: &PluginId) -> Option<Arc<dyn Service>> {
        self.services.get(plugin).cloned()
    }

    fn known(&self) -> Vec<String> {
        self.services.keys().map(|id| id.0.clone()).collect()
    }
}
