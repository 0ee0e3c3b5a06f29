//! A hub in a process of its own: `hub-process FOLDER PROVIDER_ORIGIN`, for tests that kill it.
//!
//! SQLite in the folder or the database of `TEBURA_DATABASE_URL`, the wallet plugin as it is checked in and those of
//! `TEBURA_MORE_RAILS`, the real egress and the API on a free port. Prints one line of JSON when it serves, and ends when
//! its standard input closes. What is absent: faces, and graceful shutdown.

use std::error::Error;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use tebura_egress::{Binding, BindingConfig, Credential, HttpEgress, Limits, Reach};
use tebura_face::{LivenessClaim, MatchPolicy, Pack, Sample, SampleRefusal, Scope as PackScope, Similarity};
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::{Clock, Egress, FaceEngine, Ids};
use tebura_hub::sites::Scope;
use tebura_hub::{Hub, Ports};
use tebura_plugin_host::{
    Bindings, DemoKeys, HostOptions, InstalledRail, Keyring, Package, PluginHost, Trust, Vouching,
};
use tebura_server::app::{App, Limits as AppLimits};
use tebura_server::auth::KeySecret;
use tebura_server::clock::{SystemClock, SystemIds};
use tebura_server::routes;
use tebura_server::sessions::Sessions;
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
    let rail = wallet_rail(&*clock)?;
    let hub = Arc::new(open(Path::new(&folder), &provider, &rail, Arc::clone(&clock)).await?);
    hub.add_rail(rail);
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

/// The wallet plugin of this repository, with its checked-in component and signature.
fn wallet_rail(clock: &dyn Clock) -> Result<Arc<InstalledRail>, Box<dyn Error>> {
    let plugins: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "plugins"].iter().collect();
    let keyring = Keyring::parse(&std::fs::read_to_string(plugins.join("keyring.toml"))?)?;
    let trust = Trust::new(keyring, DemoKeys::Allow, Vouching::Publisher);
    let host = PluginHost::new(trust, None, HostOptions::default())?;
    let package = Package::read(&plugins.join("wallet"))?;
    let (plugin, _report) = host.install(&package, Bindings::default(), clock.now())?;
    Ok(plugin.rail().cloned().ok_or("the wallet plugin is no rail")?)
}

async fn open(
    folder: &Path,
    provider: &str,
    rail: &InstalledRail,
    clock: Arc<SystemClock>,
) -> Result<Hub, Box<dyn Error>> {
    let sqlite = || format!("sqlite://{}?mode=rwc", folder.join("hub.sqlite").display());
    let url = std::env::var("TEBURA_DATABASE_URL").unwrap_or_else(|_| sqlite());
    let kek = Arc::new(FileKek::open_or_create(&folder.join("operator.key"))?);
    let store = Arc::new(SqlStore::open(StoreConfig::new(url, kek)).await?);
    let egress = Arc::new(egress(provider, rail)?);
    let faces = Arc::new(NoFaces::new()?);
    Ok(Hub::new(Ports { store, faces, egress, clock, ids: Arc::new(SystemIds) }))
}

/// Binds every endpoint of the plugin's manifest to the sandbox provider.
fn egress(provider: &str, rail: &InstalledRail) -> Result<impl Egress + use<>, Box<dyn Error>> {
    let manifest = rail.manifest();
    let secret = std::env::var("TEBURA_PROVIDER_CREDENTIAL")?;
    let bind = |(name, endpoint): (&String, &tebura_plugin_host::Endpoint)| {
        Binding::new(BindingConfig {
            plugin: manifest.id.clone(),
            endpoint: name.clone(),
            origin: provider.to_owned(),
            allow: endpoint.allow.iter().map(ToString::to_string).collect(),
            idempotency_header: endpoint.idempotency_header.clone(),
            credential: Some(Credential::new("authorization", format!("Bearer {secret}"))),
            reach: Reach::Loopback,
            limits: Limits::default(),
        })
    };
    let bindings = manifest.endpoints.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
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
