//! A hub in a process of its own: `hub-process FOLDER PROVIDER_ORIGIN`, for tests that kill it.
//!
//! SQLite in the folder or the database of `TEBURA_DATABASE_URL`, the wallet plugin as it is checked in and those of
//! `TEBURA_MORE_RAILS`, the real egress and the API on a free port. Prints one line of JSON when it serves, and ends when
//! its standard input closes. What is absent: faces, and graceful shutdown.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use tebura_egress::{Binding, BindingConfig, Credential, HttpEgress, Limits, Reach};
use tebura_face::{LivenessClaim, MatchPolicy, Pack, Sample, SampleRefusal, Scope as PackScope, Similarity};
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::{Clock, Egress, FaceEngine, Ids};
use tebura_hub::sites::Scope;
use tebura_hub::{Hub, Ports};
use tebura_plugin_host::{
    Bindings, DemoKeys, HostOptions, InstalledRail, Keyring, Manifest, Package, PluginHost, Trust, Vouching,
};
use tebura_server::app::{App, Limits as AppLimits};
use tebura_server::auth::KeySecret;
use tebura_server::clock::{SystemClock, SystemIds};
use tebura_server::routes;
use tebura_server::sessions::Sessions;
use tebura_server::start::plugin_keys::bound_key;
use tebura_server::webhooks::{Deliveries, SignedPost};
use tebura_store::{FileKek, SqlStore, StoreConfig};

/// How long the worker waits between two looks at what is due, milliseconds.
const TICK_MS: i64 = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    end_with_the_parent();
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(provider)) = (arguments.next(), arguments.next()) else {
        return Err("usage: hub-process FOLDER PROVIDER_ORIGIN".into());
    };
    let clock = Arc::new(SystemClock::default());
    let binds = binds(provider)?;
    let rails = install(&binds, &*clock)?;
    let hub = Arc::new(open(Path::new(&folder), &binds, &rails, Arc::clone(&clock)).await?);
    for rail in rails {
        hub.add_rail(rail);
    }
    hub.recover(true).await?;
    let key = operator_key(&hub).await?;
    work(Arc::clone(&hub), clock);
    let webhooks = tebura_server::webhooks::client(vec![Reach::Loopback])?;
    let _deliveries = Deliveries::start(Arc::clone(&hub), Arc::new(SignedPost::new(Arc::clone(&webhooks))));
    let app = App::new(hub, Sessions::new(b"only this process needs sessions"), AppLimits::default(), None)
        .with_webhooks(webhooks);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    announce(&json!({ "origin": origin, "operator_key": key.reveal().as_str() }));
    axum::serve(listener, routes::router(app)).await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the test reads this line")]
fn announce(started: &serde_json::Value) {
    println!("{started}");
}

/// A test that dies takes its hub with it.
fn end_with_the_parent() {
    std::thread::spawn(|| {
        // Nothing is ever written: reading ends with the parent.
        drop(std::io::stdin().read(&mut [0]));
        std::process::exit(0);
    });
}

/// One plugin of this repository, and what its operator binds.
struct Binds {
    /// Its folder under `plugins/`.
    folder: String,
    /// Where every endpoint of its manifest leads.
    origin: String,
    credential: String,
    settings: BTreeMap<String, String>,
    /// Keys' texts, as an operator's files have them.
    keys: BTreeMap<String, String>,
}

/// The wallet, and what `TEBURA_MORE_RAILS` lists as JSON.
fn binds(provider: String) -> Result<Vec<Binds>, Box<dyn Error>> {
    let credential = std::env::var("TEBURA_PROVIDER_CREDENTIAL")?;
    let (folder, settings) = ("wallet".to_owned(), BTreeMap::new());
    let keys = BTreeMap::from([("webhook".to_owned(), "secret of the wallet's webhooks".to_owned())]);
    let mut all = vec![Binds { folder, origin: provider, credential, settings, keys }];
    let Ok(more) = std::env::var("TEBURA_MORE_RAILS") else { return Ok(all) };
    for rail in serde_json::from_str::<Vec<Value>>(&more)? {
        let text = |name: &str| rail[name].as_str().map(str::to_owned).ok_or(format!("a rail without {name}"));
        let texts = |name: &str| serde_json::from_value(rail[name].clone());
        let (folder, origin, credential) = (text("plugin")?, text("origin")?, text("credential")?);
        all.push(Binds { folder, origin, credential, settings: texts("settings")?, keys: texts("keys")? });
    }
    Ok(all)
}

/// Plugins of this repository, with their checked-in components and signatures.
fn install(binds: &[Binds], clock: &dyn Clock) -> Result<Vec<Arc<InstalledRail>>, Box<dyn Error>> {
    let plugins: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "plugins"].iter().collect();
    let keyring = Keyring::parse(&std::fs::read_to_string(plugins.join("keyring.toml"))?)?;
    let trust = Trust::new(keyring, DemoKeys::Allow, Vouching::Publisher);
    let host = PluginHost::new(trust, None, HostOptions::default())?;
    let install = |rail: &Binds| {
        let package = Package::read(&plugins.join(&rail.folder))?;
        let manifest = Manifest::parse(&std::fs::read(plugins.join(&rail.folder).join("plugin.toml"))?)?;
        let mut bindings = Bindings { settings: rail.settings.clone(), ..Bindings::default() };
        for (name, text) in &rail.keys {
            let algorithm = manifest.keys.get(name).ok_or("a key that the manifest does not name")?.algorithm;
            bindings.keys.insert(name.clone(), bound_key(algorithm, text)?);
        }
        let (plugin, _report) = host.install(&package, bindings, clock.now())?;
        Ok(plugin.rail().cloned().ok_or("the plugin is no rail")?)
    };
    binds.iter().map(install).collect()
}

async fn open(
    folder: &Path,
    binds: &[Binds],
    rails: &[Arc<InstalledRail>],
    clock: Arc<SystemClock>,
) -> Result<Hub, Box<dyn Error>> {
    let sqlite = || format!("sqlite://{}?mode=rwc", folder.join("hub.sqlite").display());
    let url = std::env::var("TEBURA_DATABASE_URL").unwrap_or_else(|_| sqlite());
    let kek = Arc::new(FileKek::open_or_create(&folder.join("operator.key"))?);
    let store = Arc::new(SqlStore::open(StoreConfig::new(url, kek)).await?);
    let egress = Arc::new(egress(binds, rails)?);
    let faces = Arc::new(NoFaces::new()?);
    Ok(Hub::new(Ports { store, faces, egress, clock, ids: Arc::new(SystemIds) }))
}

/// Binds every endpoint of each plugin's manifest to its sandbox provider.
fn egress(binds: &[Binds], rails: &[Arc<InstalledRail>]) -> Result<impl Egress + use<>, Box<dyn Error>> {
    let mut bindings = Vec::new();
    for (bound, rail) in binds.iter().zip(rails) {
        let manifest = rail.manifest();
        for (name, endpoint) in &manifest.endpoints {
            bindings.push(Binding::new(BindingConfig {
                plugin: manifest.id.clone(),
                endpoint: name.clone(),
                origin: bound.origin.clone(),
                allow: endpoint.allow.iter().map(ToString::to_string).collect(),
                idempotency_header: endpoint.idempotency_header.clone(),
                credential: Some(Credential::new("authorization", format!("Bearer {}", bound.credential))),
                tls: tebura_egress::Tls::default(),
                reach: Reach::Loopback,
                limits: Limits::default(),
            })?);
        }
    }
    Ok(HttpEgress::new(bindings)?)
}

/// The same key after every restart: the secret belongs to the test's folder and to nobody else.
async fn operator_key(hub: &Hub) -> Result<KeySecret, Box<dyn Error>> {
    let secret = [7; 32];
    let hashed =
        KeySecret::new(tebura_hub::ids::ApiKeyId::from_uuid(SystemIds.next(tebura_ledger::Shard::new(0))), secret);
    let request = KeyRequest { scope: "bootstrap".to_owned(), key: "operator".to_owned(), fingerprint: [0; 32] };
    let made = hub.create_api_key(request, hashed.sha256(), None, None, vec![Scope::Admin, Scope::Read]).await?;
    Ok(KeySecret::new(made.row.id, secret))
}

/// Deadlines, resends and inquiries, until the process ends.
fn work(hub: Arc<Hub>, clock: Arc<SystemClock>) {
    tokio::spawn(async move {
        loop {
            // What fails is due again at the next tick.
            drop(hub.tick().await);
            clock.wait_until(clock.now().plus_ms(TICK_MS)).await;
        }
    });
}

/// Money moves here by holds and captures only.
struct NoFaces(Pack);

impl NoFaces {
    fn new() -> Result<NoFaces, Box<dyn Error>> {
        Ok(NoFaces(Pack {
            name: "none".to_owned(),
            version: "0".to_owned(),
            scope: PackScope::DrawnFacesOnly,
            template_dims: 1,
            policy: MatchPolicy::new(0.99, 0.0)?,
            curve: None,
            verify: Similarity::new(0.99).ok_or("0.99 is a similarity")?,
            liveness: LivenessClaim::None,
            licence: "Apache-2.0".to_owned(),
            engine: "none".to_owned(),
        }))
    }
}

#[async_trait]
impl FaceEngine for NoFaces {
    fn pack(&self) -> &Pack {
        &self.0
    }

    async fn examine(&self, _image: Vec<u8>) -> Result<Sample, SampleRefusal> {
        Err(SampleRefusal::NoFace)
    }
}
