//! Starts the plugin rails: trust, sandbox, egress bindings.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tebura_egress::{Binding, BindingConfig, BindingError, Credential, EgressError, HttpEgress, Limits, Reach, Tls};
use tebura_hub::ports::{Clock, Store};
use tebura_plugin_host::{
    Bindings, BoundKey, DemoKeys, HostError, HostOptions, InstallError, Keyring, KeyringError, LockError, LockFile,
    Manifest, Package, PackageError, PluginHost, Prober, StoreKv, Trust, Vouching,
};
use zeroize::Zeroizing;

use super::plugin_keys::bound_key;
use crate::clock::SystemClock;
use crate::regions::{RegionError, Regions};

/// Why the rails did not start.
#[derive(Debug, thiserror::Error)]
pub enum RailsError {
    /// `keyring.toml`.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// `plugins.lock`.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The sandbox.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A plugin's folder.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A plugin that is refused.
    #[error("the plugin {plugin} was not installed: {error}")]
    Install {
        /// Its folder or id.
        plugin: String,
        /// Why.
        error: Box<InstallError>,
    },
    /// What the operator bound to an endpoint.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// A far end where data may not go.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// The sender.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// A setting that names a file or variable which is not there.
    #[error("{what} cannot be read ({reason}); correct the configuration")]
    Setting {
        /// Which.
        what: String,
        /// Why.
        reason: String,
    },
}

/// The keyring of the demonstration, whose private half is public.
pub const DEMO_KEYRING: &str = include_str!("../../../../plugins/keyring.toml");

/// A plugin to install and what the operator binds to it.
pub struct PluginPlan {
    /// What the operator calls it: its folder, or its id.
    pub name: String,
    /// Its files.
    pub package: Package,
    /// Settings of `config.get`.
    pub settings: BTreeMap<String, String>,
    /// Secrets for names under the manifest's `[keys]`, as text. What is not bound cannot be used.
    pub keys: BTreeMap<String, Zeroizing<String>>,
    /// One for each endpoint of the manifest.
    pub endpoints: Vec<EndpointPlan>,
}

/// What an endpoint handle is bound to.
pub struct EndpointPlan {
    /// The handle.
    pub name: String,
    /// `https://…`
    pub origin: String,
    /// Added to every call.
    pub credential: Option<Credential>,
    /// Where connections may end.
    pub reach: Reach,
    /// Certificates, where the public ones do not do.
    pub tls: Tls,
}

/// The rails and what sends for them.
pub struct RailsStarted {
    /// Installed plugins; kept for revocation.
    pub host: PluginHost,
    /// Sends their calls.
    pub egress: Arc<HttpEgress>,
    /// Where their far ends may be.
    pub regions: Regions,
    /// For the operator to read once.
    pub lines: Vec<String>,
}

/// Whose signatures count: the demonstration's keyring, or the operator's.
///
/// # Errors
/// When the keyring is malformed.
pub fn trust(keyring: Option<&str>, demo: bool) -> Result<Trust, KeyringError> {
    trust_of(keyring, demo, Vouching::Publisher)
}

/// As [`trust`], where a reviewer may have to sign too.
///
/// # Errors
/// As [`trust`].
pub fn trust_of(keyring: Option<&str>, demo: bool, vouching: Vouching) -> Result<Trust, KeyringError> {
    let keyring = Keyring::parse(keyring.unwrap_or(DEMO_KEYRING))?;
    let demo = if demo { DemoKeys::Allow } else { DemoKeys::Refuse };
    Ok(Trust::new(keyring, demo, vouching))
}

/// This program, where it is `tebura` itself: it compiles components under limits first. Tests compile at once.
pub(crate) static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Installs plugins and binds their endpoints. Compiles: not for a request's thread.
///
/// # Errors
/// The first plugin or binding that is refused.
pub fn start(
    trust: Trust,
    lock: Option<LockFile>,
    plans: Vec<PluginPlan>,
    regions: Regions,
    store: Arc<dyn Store>,
    runtime: tokio::runtime::Handle,
) -> Result<RailsStarted, RailsError> {
    let mut host = PluginHost::new(trust, lock, HostOptions::default())?;
    if let Some(program) = PROGRAM.get() {
        let arguments = vec!["plugin".to_owned(), "compile-check".to_owned()];
        host = host.with_prober(Prober { program: program.clone(), arguments });
    }
    let mut lines = host.notes().to_vec();
    let mut bound = Vec::new();
    for plan in plans {
        let kv = Arc::new(StoreKv::new(store.clone(), runtime.clone()));
        let keys = keys_of(&Manifest::parse(&plan.package.manifest).map_err(refused(&plan.name))?, &plan.keys)?;
        let bindings = Bindings { settings: plan.settings, keys, kv };
        let installed = host.install(&plan.package, bindings, SystemClock::default().now());
        let (plugin, report) = installed.map_err(refused(&plan.name))?;
        bound.extend(bindings_of(plugin.manifest(), plan.endpoints, &regions)?);
        lines.push(format!("{} {} {:?}", report.plugin.0, report.version, report.digest));
    }
    let egress = Arc::new(HttpEgress::new(bound)?);
    Ok(RailsStarted { host, egress, regions, lines })
}

fn refused<E: Into<InstallError>>(plugin: &str) -> impl Fn(E) -> RailsError {
    |error| RailsError::Install { plugin: plugin.to_owned(), error: Box::new(error.into()) }
}

/// The keys behind the names of a manifest.
///
/// # Errors
/// The first name that the manifest does not have, or text that is no key of its algorithm.
pub fn keys_of(
    manifest: &Manifest,
    texts: &BTreeMap<String, Zeroizing<String>>,
) -> Result<BTreeMap<String, BoundKey>, RailsError> {
    let key = |(name, text): (&String, &Zeroizing<String>)| {
        let wrong =
            |reason: String| RailsError::Setting { what: format!("the key {name} of {}", manifest.id.0), reason };
        let grant = manifest.keys.get(name).ok_or_else(|| wrong("the manifest has no such key".to_owned()))?;
        let key = bound_key(grant.algorithm, text).map_err(|error| wrong(error.to_string()))?;
        Ok((name.clone(), key))
    };
    texts.iter().map(key).collect()
}

/// What the sender needs for a plugin's endpoints.
///
/// # Errors
/// The first endpoint or address that is wrong.
pub fn bindings_of(
    manifest: &Manifest,
    endpoints: Vec<EndpointPlan>,
    regions: &Regions,
) -> Result<Vec<Binding>, RailsError> {
    let bind = |endpoint: EndpointPlan| {
        let asked = manifest.endpoints.get(&endpoint.name).ok_or_else(|| RailsError::Setting {
            what: format!("the endpoint {} of {}", endpoint.name, manifest.id.0),
            reason: "the manifest has no such endpoint".to_owned(),
        })?;
        regions.admit(&manifest.id, &endpoint.name)?;
        Ok(Binding::new(BindingConfig {
            plugin: manifest.id.clone(),
            endpoint: endpoint.name,
            origin: endpoint.origin,
            allow: asked.allow.iter().map(ToString::to_string).collect(),
            idempotency_header: asked.idempotency_header.clone(),
            credential: endpoint.credential,
            reach: endpoint.reach,
            tls: endpoint.tls,
            limits: Limits::default(),
        })?)
    };
    endpoints.into_iter().map(bind).collect()
}

impl RailsStarted {
    /// The rails for the hub.
    pub fn rails(&self) -> Vec<Arc<dyn tebura_hub::ports::Rail>> {
        self.host.rails().into_iter().map(|rail| rail as Arc<dyn tebura_hub::ports::Rail>).collect()
    }
}
