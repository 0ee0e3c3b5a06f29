//! What `tebura plugin inspect` prints: digest, world, contents, powers and signers of a package. Installs nothing.

use serde::Deserialize;
use tebura_hub::rail::ComponentDigest;

use crate::capability::capabilities;
use crate::gate::{self, Contents, GateError};
use crate::install::Package;
use crate::manifest::{Manifest, ManifestError};
use crate::statement::{component_digest, manifest_digest};

/// What a package is, whether or not it would be installed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    pub manifest: Manifest,
    pub manifest_digest: [u8; 32],
    pub component_digest: ComponentDigest,
    pub contents: Contents,
    /// What the gate says; signatures and approval are not looked at.
    pub gate: Result<(), GateError>,
    pub capabilities: Vec<String>,
    /// Names in `plugin.sig`, unverified.
    pub signers: Vec<String>,
}

/// Reads a package.
///
/// # Errors
/// [`ManifestError`] when there is nothing to inspect without a manifest.
pub fn inspect(package: &Package) -> Result<Inspection, ManifestError> {
    let manifest = Manifest::parse(&package.manifest)?;
    let gate = gate::check(&package.component, manifest.world, manifest.limits.memory_bytes).map(|_| ());
    Ok(Inspection {
        manifest_digest: manifest_digest(&manifest),
        component_digest: component_digest(&package.component),
        contents: gate::read(&package.component).unwrap_or_default(),
        gate,
        capabilities: capabilities(&manifest),
        signers: package.signatures.as_deref().map(signers).unwrap_or_default(),
        manifest,
    })
}

#[derive(Default, Deserialize)]
struct Signers {
    signatures: Vec<Signer>,
}

#[derive(Deserialize)]
struct Signer {
    key: String,
}

fn signers(file: &[u8]) -> Vec<String> {
    let file: Signers = serde_json::from_slice(file).unwrap_or_default();
    file.signatures.into_iter().map(|signer| signer.key).collect()
}
