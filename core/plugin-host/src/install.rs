//! From three files to a plugin that runs: manifest, signatures, approval, gate, bindings, compilation, trial instance.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock};

use tebura_hub::rail::{ComponentDigest, PluginId, RailError};
use tebura_ledger::Timestamp;
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

use crate::api::since_v1_0::{self as api, Exports};
use crate::bindings::{BindingError, Bindings};
use crate::breaker::Breaker;
use crate::call::{self, CallStats};
use crate::gate::{self, Contents, GateError};
use crate::lock::{LockError, LockFile};
use crate::manifest::{Manifest, ManifestError, Part};
use crate::probe::Prober;
use crate::service::{self, Description};
use crate::statement::component_digest;
use crate::trust::{Grant, SignatureError, Trust};
use crate::world::World;

/// The files of a plugin.
#[derive(Clone, Debug)]
pub struct Package {
    /// `plugin.toml`.
    pub manifest: Vec<u8>,
    /// The one `*.wasm`.
    pub component: Vec<u8>,
    /// `plugin.sig`; `None` where there is none, which is refused.
    pub signatures: Option<Vec<u8>>,
}

/// Why a folder is not a plugin.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("{} cannot be read: {error}; check the path and its permissions", .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{} has {found} files that end in .wasm and a plugin has one; build it, or remove the others", .path.display())]
    Components { path: PathBuf, found: usize },
}

impl Package {
    /// Reads `plugin.toml`, the one `*.wasm` and `plugin.sig` of a folder.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let unreadable = |path: &Path, error| PackageError::Unreadable { path: path.to_owned(), error };
        let file = |path: PathBuf| std::fs::read(&path).map_err(|error| unreadable(&path, error));
        let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
        let is_component = |path: &PathBuf| path.extension().is_some_and(|end| end == "wasm");
        let components: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_component).collect();
        let [component] = components.as_slice() else {
            return Err(PackageError::Components { path: folder.to_owned(), found: components.len() });
        };
        let signatures = match std::fs::read(folder.join("plugin.sig")) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(&folder.join("plugin.sig"), error)),
        };
        Ok(Self { manifest: file(folder.join("plugin.toml"))?, component: file(component.clone())?, signatures })
    }
}

/// Why a plugin is not installed. The order is the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Gate(#[from] GateError),
    #[error(transparent)]
    Binding(#[from] BindingError),
    #[error("the component cannot be compiled ({reason}); build it again with the SDK of this hub")]
    Compile { reason: String },
    #[error("the component does not fit {world} ({reason}); build it again with the SDK of this hub")]
    World { world: World, reason: String },
    #[error("a trial instance of the plugin failed: {0}; have its author correct it")]
    Trial(RailError),
    #[error("{plugin} is installed already; remove one of the two")]
    Twice { plugin: String },
    #[error("{plugin} is installed for {installed} and the new version is for {new}; give it an id of its own")]
    OtherWorld { plugin: String, installed: World, new: World },
}

/// A package that may be compiled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verified {
    pub manifest: Manifest,
    pub digest: ComponentDigest,
    pub grant: Grant,
    pub contents: Contents,
}

/// Checks manifest, signatures, approval and contents, and runs nothing.
///
/// # Errors
/// [`InstallError`]: `Manifest`, `Signature`, `Lock` or `Gate`.
pub fn verify(
    package: &Package,
    trust: &Trust,
    lock: Option<&LockFile>,
    now: Timestamp,
) -> Result<Verified, InstallError> {
    let manifest = Manifest::parse(&package.manifest)?;
    let digest = component_digest(&package.component);
    let grant = trust.verify(&manifest, digest, package.signatures.as_deref(), now)?;
    if let Some(lock) = lock {
        lock.check(&manifest, digest)?;
    }
    let contents = gate::check(&package.component, manifest.world, manifest.limits.memory_bytes)?;
    Ok(Verified { manifest, digest, grant, contents })
}

/// A plugin of any world that passed everything, ready for calls.
pub(crate) struct Installed {
    pub(crate) manifest: Manifest,
    pub(crate) bindings: Bindings,
    pub(crate) grant: Grant,
    pub(crate) digest: ComponentDigest,
    pub(crate) pre: InstancePre<call::Call>,
    pub(crate) exports: Exports,
    /// What a service said of itself.
    pub(crate) description: OnceLock<Description>,
    pub(crate) metered: bool,
    /// The hub's own calls.
    pub(crate) calls: Gauge,
    /// Calls that anybody outside causes: they take no place, and no pause, from the hub's own.
    pub(crate) outside: Gauge,
}

/// How many calls of a plugin run, and how they went.
#[derive(Default)]
pub(crate) struct Gauge {
    /// Calls that run or wait.
    pub(crate) in_flight: AtomicUsize,
    pub(crate) breaker: Mutex<Breaker>,
}

/// What an installation found, for the operator.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    pub plugin: PluginId,
    pub version: String,
    pub digest: ComponentDigest,
    pub contents: Contents,
    /// Of the trial instance.
    pub trial: CallStats,
}

/// Everything that an installation asks.
pub(crate) struct Installer<'i> {
    pub(crate) engine: &'i Engine,
    pub(crate) metered: bool,
    pub(crate) trust: &'i Trust,
    pub(crate) lock: Option<&'i LockFile>,
    pub(crate) prober: Option<&'i Prober>,
    pub(crate) now: Timestamp,
}

impl Installer<'_> {
    pub(crate) fn install(
        &self,
        package: &Package,
        bindings: Bindings,
    ) -> Result<(Arc<Installed>, Report), InstallError> {
        let Verified { manifest, digest, grant, contents } = verify(package, self.trust, self.lock, self.now)?;
        bindings.check(&manifest)?;
        let manifest = manifest.under(&bindings.settings);
        let (pre, exports) = self.compile(&package.component, manifest.world)?;
        let metered = self.metered;
        let (description, calls, outside) = (OnceLock::new(), Gauge::default(), Gauge::default());
        let installed =
            Installed { manifest, bindings, grant, digest, pre, exports, description, metered, calls, outside };
        let installed = Arc::new(installed);
        let (trial, stats) = call::try_out(&installed);
        trial.map_err(InstallError::Trial)?;
        if let Part::Service(part) = &installed.manifest.part {
            let described = service::describe(&installed, part).map_err(InstallError::Trial)?;
            installed.description.get_or_init(|| described);
        }
        let (plugin, version) = (installed.manifest.id.clone(), installed.manifest.version.clone());
        Ok((installed, Report { plugin, version, digest, contents, trial: stats }))
    }

    fn compile(&self, component: &[u8], world: World) -> Result<(InstancePre<call::Call>, Exports), InstallError> {
        let reason = |error: &wasmtime::Error| crate::contract::printable(error.root_cause(), 500);
        if let Some(prober) = self.prober {
            prober.try_out(component).map_err(|reason| InstallError::Compile { reason })?;
        }
        let component = Component::from_binary(self.engine, component)
            .map_err(|error| InstallError::Compile { reason: reason(&error) })?;
        let linker = api::linker(self.engine).map_err(|error| InstallError::Compile { reason: reason(&error) })?;
        linker
            .instantiate_pre(&component)
            .and_then(|pre| Exports::of(world, &pre).map(|exports| (pre, exports)))
            .map_err(|error| InstallError::World { world, reason: reason(&error) })
    }
}

#[cfg(test)]
mod tests;
