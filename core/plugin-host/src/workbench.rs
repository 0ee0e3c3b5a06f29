//! A component on its author's bench: run before anybody signed it, under every limit of a hub. Never in a hub.

use std::num::NonZeroUsize;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use tebura_ledger::Timestamp;

use crate::bindings::Bindings;
use crate::engine::{Metering, Slots};
use crate::host::{HostError, HostOptions, PluginHost};
use crate::install::{InstallError, Package, Report};
use crate::keyring::{DemoKeys, KeyId, Keyring, KeyringError};
use crate::manifest::{Manifest, ManifestError};
use crate::plugin::Plugin;
use crate::statement::component_digest;
use crate::trust::{SignatureError, Trust, Vouching, sign};

/// Why a component does not lie on the bench. The order is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum WorkbenchError {
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Install(#[from] InstallError),
}

/// One component in a host of its own.
pub struct Workbench {
    plugin: Plugin,
    report: Report,
    /// Its engine's clock and threads.
    _host: PluginHost,
}

impl Workbench {
    /// Gates, compiles and tries out a component, signed with a key that is made up on the spot.
    ///
    /// # Errors
    /// [`WorkbenchError`].
    pub fn open(
        manifest: &[u8],
        component: Vec<u8>,
        bindings: Bindings,
        now: Timestamp,
    ) -> Result<Self, WorkbenchError> {
        let parsed = Manifest::parse(manifest)?;
        let key = SigningKey::from_bytes(&[7; 32]);
        let id = KeyId("workbench".to_owned());
        let signatures = Some(sign(&parsed, component_digest(&component), (&id, &key), None)?);
        let public = STANDARD.encode(key.verifying_key().to_bytes());
        let keyring = Keyring::parse(&format!(
            "version = 1\n[[key]]\nid = \"workbench\"\nrole = \"publisher\"\nalgorithm = \"ed25519\"\n\
             public_key = \"{public}\"\nplugins = [\"*\"]\nvalid_from = 1970-01-01\nvalid_until = 9999-12-31\n"
        ))?;
        let one = NonZeroUsize::MIN;
        let options =
            HostOptions { threads: one, queued: 1, per_plugin: 1, metering: Metering::Fuel, slots: Slots::OnDemand };
        let host = PluginHost::new(Trust::new(keyring, DemoKeys::Refuse, Vouching::Publisher), None, options)?;
        let package = Package { manifest: manifest.to_vec(), component, signatures };
        let (plugin, report) = host.install(&package, bindings, now)?;
        Ok(Self { plugin, report, _host: host })
    }

    /// What was installed.
    pub fn report(&self) -> &Report {
        &self.report
    }

    pub fn manifest(&self) -> &Manifest {
        self.plugin.manifest()
    }

    /// What lies there. Its `run` runs one step on the calling thread.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }
}
