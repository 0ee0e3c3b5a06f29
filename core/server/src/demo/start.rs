//! Starts the whole demo city in one process: wallet provider, plugin, pack, hub, people.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tebura_egress::Reach;
use tebura_face_engine::EngineChoice;
use tebura_hub::ids::{GalleryId, MerchantId, PersonId};
use tebura_hub::ports::Clock;
use tebura_providers::wallet::Running;
use tebura_store::SqlStore;

use super::cast::Cast;
use super::city::{City, CityError, PersonPlan};
use super::folder::{DemoFile, DemoFileError};
use super::wallet::{WalletError, sandbox_secret, start_wallet, wallet_plan};
use crate::app::{App, Demo, Limits};
use crate::audit::HeadKeeper;
use crate::auth::KeySecret;
use crate::clock::SystemClock;
use crate::desk::{Desk, DeskError};
use crate::plugins::{Plugins, PluginsError};
use crate::regions::Regions;
use crate::sessions::Sessions;
use crate::start;
use crate::start::faces::{FacesError, FacesStarted};
use crate::start::rails::RailsError;
use crate::vpia::Privacy;

/// A step that takes longer than this is told.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why the demo city does not stand.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The hub.
    #[error(transparent)]
    Start(#[from] start::StartError),
    /// The wallet's far end.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// Plugins that were installed while the city ran.
    #[error(transparent)]
    Plugins(#[from] PluginsError),
    /// The people and the shop.
    #[error(transparent)]
    City(#[from] CityError),
    /// What people are told.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// A step panicked.
    #[error("a step of the start stopped: {0}")]
    Step(#[from] tokio::task::JoinError),
}

impl From<FacesError> for DemoError {
    fn from(error: FacesError) -> DemoError {
        DemoError::Start(error.into())
    }
}

impl From<RailsError> for DemoError {
    fn from(error: RailsError) -> DemoError {
        DemoError::Start(error.into())
    }
}

/// A demo city that stands.
pub struct DemoCity {
    /// The application to serve.
    pub app: App,
    /// The face engine.
    pub faces: FacesStarted,
    /// The wallet's far end, with its switches.
    pub wallet: Running,
    till_key: KeySecret,
    shop_key: KeySecret,
    operator_key: KeySecret,
    wallet_sandbox_key: String,
    merchant: MerchantId,
    gallery: GalleryId,
    people: BTreeMap<String, PersonId>,
    store: Arc<SqlStore>,
    heads: HeadKeeper,
    /// Keeps the data folder to this process.
    _folder: std::fs::File,
}

impl DemoCity {
    /// Builds the city in a data folder, or finds it there. `slow` is told the catalogue key of each step that takes
    /// over a second.
    ///
    /// # Errors
    /// The first part that does not start.
    pub async fn start(
        data: &Path,
        engine: EngineChoice,
        pack: Option<&Path>,
        slow: &(dyn Fn(&'static str) + Sync),
    ) -> Result<DemoCity, DemoError> {
        DemoCity::with_people(data, engine, pack, slow, Vec::new()).await
    }

    /// [`DemoCity::start`] with a cast of people besides.
    ///
    /// # Errors
    /// The first part that does not start.
    pub async fn start_with(
        data: &Path,
        engine: EngineChoice,
        pack: Option<&Path>,
        slow: &(dyn Fn(&'static str) + Sync),
        cast: Cast,
    ) -> Result<DemoCity, DemoError> {
        DemoCity::with_people(data, engine, pack, slow, cast.plans()).await
    }

    async fn with_people(
        data: &Path,
        engine: EngineChoice,
        pack: Option<&Path>,
        slow: &(dyn Fn(&'static str) + Sync),
        more: Vec<PersonPlan>,
    ) -> Result<DemoCity, DemoError> {
        let occupied = start::occupy(data)?;
        let folder = pack.map(Path::to_owned);
        let faces = tokio::task::spawn_blocking(move || start::faces::start(engine, folder.as_deref()));
        let faces = step(slow, "cli.loading_pack", faces).await??;
        let opened = start::open_store(data, None).await?;
        let secret = &opened.operator_key;
        let wallet = start_wallet(data, secret).await?;
        let (plan, store) = (wallet_plan(wallet.origin(), secret)?, opened.store.clone());
        let (runtime, folder) = (tokio::runtime::Handle::current(), data.to_owned());
        let rails = tokio::task::spawn_blocking(move || {
            let trust = start::rails::trust(None, true).map_err(RailsError::from)?;
            let rails =
                start::rails::start(trust, None, vec![plan], Regions::default(), store.clone(), runtime.clone())?;
            Ok::<_, DemoError>(Plugins::open(rails, &folder, store, runtime, SystemClock::default().now())?)
        });
        let rails = step(slow, "cli.loading_plugin", rails).await??;
        let hub = start::assemble(opened.store.clone(), &faces, rails.egress(), rails.rails(), true).await?;
        let desk = Desk::open(secret, &Privacy::default())?;
        // People agree to what is declared.
        hub.declare_purposes(desk.purposes());
        let city = City::build(&hub, secret, wallet.sandbox.clone(), &more);
        let webhooks = crate::webhooks::client(vec![Reach::Loopback])?;
        let City { till_key, shop_key, operator_key, ledger, merchant, gallery, people } =
            step(slow, "cli.building_city", city).await?;
        let heads = opened.keep_heads(data).await?;
        let demo = Some(Demo { till_key: till_key.id(), ledger });
        hub.set_pass_key(Sessions::pass_seed(secret));
        let app = App::new(hub, Sessions::new(secret), Limits::default(), demo)
            .with_webhooks(webhooks)
            .with_heads(heads.heads())
            .with_plugins(rails)
            .with_desk(desk);
        if let Some(services) = app.services() {
            services.come_up().await.map_err(start::StartError::from)?;
        }
        Ok(DemoCity {
            app,
            faces,
            wallet,
            till_key,
            shop_key,
            operator_key,
            wallet_sandbox_key: sandbox_secret(secret),
            merchant,
            gallery,
            people,
            store: opened.store,
            heads,
            _folder: occupied,
        })
    }

    /// What `tebura demo pay` has to know, when the city is served at `hub`.
    pub fn file(&self, hub: String) -> DemoFile {
        DemoFile {
            hub,
            till_key: self.till_key.reveal().to_string(),
            shop_key: self.shop_key.reveal().to_string(),
            operator_key: self.operator_key.reveal().to_string(),
            wallet: self.wallet.origin(),
            wallet_sandbox_key: self.wallet_sandbox_key.clone(),
            merchant: self.merchant.to_string(),
            gallery: self.gallery.to_string(),
            people: self.people.iter().map(|(word, person)| (word.clone(), person.to_string())).collect(),
        }
    }

    /// Writes [`DemoCity::file`] into the data folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_file(&self, data: &Path, hub: String) -> Result<(), DemoFileError> {
        self.file(hub).write(data)
    }

    /// Closes the wallet and the store. Serving has ended before.
    pub async fn stop(self) {
        self.wallet.shutdown().await;
        self.heads.stop().await;
        self.store.close().await;
    }
}

/// Runs a step; when it takes over a second, tells its name.
async fn step<T>(slow: &(dyn Fn(&'static str) + Sync), name: &'static str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    match tokio::time::timeout(PATIENCE, &mut work).await {
        Ok(done) => done,
        Err(_) => {
            slow(name);
            work.await
        }
    }
}
