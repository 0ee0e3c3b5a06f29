//! An installed plugin, whatever its world: what an operator lists, switches and binds.

use std::sync::Arc;

use tebura_hub::rail::ComponentDigest;

use crate::dispatch::Dispatch;
use crate::identity::InstalledIdentity;
use crate::install::Installed;
use crate::manifest::{Manifest, Part};
use crate::rail::InstalledRail;
use crate::service::{Description, InstalledService};

/// An installed plugin, behind the port of its world.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Plugin {
    Rail(Arc<InstalledRail>),
    Identity(Arc<InstalledIdentity>),
    Service(Arc<InstalledService>),
}

impl Plugin {
    pub(crate) fn new(dispatch: Dispatch) -> Self {
        let installed = Arc::clone(&dispatch.installed);
        match &installed.manifest.part {
            Part::Rail(part) => Plugin::Rail(Arc::new(InstalledRail::new(dispatch, part))),
            Part::Identity(part) => Plugin::Identity(Arc::new(InstalledIdentity::new(dispatch, part))),
            Part::Service(part) => {
                // Asked at the installation, right after the trial instance.
                let nothing = || Description { settings: "false".to_owned(), actions: Vec::new() };
                let description = installed.description.get().cloned().unwrap_or_else(nothing);
                Plugin::Service(Arc::new(InstalledService::new(dispatch, part, description)))
            }
        }
    }

    pub(crate) fn installed(&self) -> &Arc<Installed> {
        match self {
            Plugin::Rail(rail) => rail.installed(),
            Plugin::Identity(identity) => identity.installed(),
            Plugin::Service(service) => service.installed(),
        }
    }

    /// What the plugin asked for.
    pub fn manifest(&self) -> &Manifest {
        &self.installed().manifest
    }

    /// What runs.
    pub fn digest(&self) -> ComponentDigest {
        self.installed().digest
    }

    /// As a rail; `None`: it is of another world.
    pub fn rail(&self) -> Option<&Arc<InstalledRail>> {
        match self {
            Plugin::Rail(rail) => Some(rail),
            Plugin::Identity(_) | Plugin::Service(_) => None,
        }
    }

    /// As a way to prove who somebody is; `None`: it is of another world.
    pub fn identity(&self) -> Option<&Arc<InstalledIdentity>> {
        match self {
            Plugin::Identity(identity) => Some(identity),
            Plugin::Rail(_) | Plugin::Service(_) => None,
        }
    }

    /// As a service; `None`: it is of another world.
    pub fn service(&self) -> Option<&Arc<InstalledService>> {
        match self {
            Plugin::Service(service) => Some(service),
            Plugin::Identity(_) => None,
            Plugin::Rail(_) => None,
        }
    }
}
