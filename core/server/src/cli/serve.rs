//! `tebura serve`: starts a hub for real, from a file and the command line; with `--demo` the demo city.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tebura_face_engine::EngineChoice;
use tebura_hub::ports::{Clock, Rail};
use tebura_plugin_host::Vouching;

use super::demo::{self, DemoArguments};
use super::{Outcome, print};
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::desk::Desk;
use crate::logging::{self, LogFormat};
use crate::plugins::Plugins;
use crate::regions::Regions;
use crate::serve::{listen, serve, stop_signal};
use crate::sessions::Sessions;
use crate::start;

#[derive(Args)]
pub(super) struct ServeArguments {
    /// Start the demo city: play money, drawn people, demo keys.
    #[arg(long)]
    demo: bool,
    /// The configuration, `tebura.toml`.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Where to listen; 127.0.0.1:8080 when nothing says otherwise.
    #[arg(long, env = "TEBURA_LISTEN")]
    listen: Option<SocketAddr>,
    /// The data folder; `tebura-data` when nothing says otherwise.
    #[arg(long, env = "TEBURA_DATA")]
    data: Option<PathBuf>,
    /// `sqlite://path?mode=rwc` or `postgres://user:password@host/database`; the data folder's SQLite file when it is left out.
    #[arg(long, env = "TEBURA_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The face engine: auto, ort or rten.
    #[arg(long, env = "TEBURA_ENGINE")]
    engine: Option<EngineChoice>,
    /// The model pack's folder.
    #[arg(long, env = "TEBURA_PACK")]
    pack: Option<PathBuf>,
    /// How log lines look.
    #[arg(long, value_enum, default_value = "text", env = "TEBURA_LOG")]
    log: LogFormat,
}

pub(super) async fn run(arguments: ServeArguments) -> Outcome {
    let config = match &arguments.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    let listen_on = match arguments.listen.or(config.listen) {
        Some(address) => address,
        None => demo::ADDRESS.parse()?,
    };
    let data = arguments.data.or(config.data.clone()).unwrap_or_else(|| PathBuf::from("tebura-data"));
    let engine = match (arguments.engine, &config.engine) {
        (Some(engine), _) => engine,
        (None, Some(word)) => word.parse()?,
        (None, None) => EngineChoice::Auto,
    };
    let pack = arguments.pack.or(config.pack.clone());
    if arguments.demo {
        return demo::run(DemoArguments { listen: listen_on, data, engine, pack, log: arguments.log, cast: None })
            .await;
    }
    logging::start(arguments.log, false);
    let listener = listen(listen_on).await?;
    let faces = tokio::task::spawn_blocking(move || start::faces::start(engine, pack.as_deref())).await??;
    for line in faces.engine_lines.iter().chain(&faces.statement) {
        tracing::info!("{line}");
    }
    if faces.drawn_only() {
        tracing::warn!(
            "the pack recognises drawings only: nobody pays at a merchant that is not a sandbox; see `tebura doctor`"
        );
    }
    let _occupied = if config.shared { None } else { Some(start::occupy(&data)?) };
    let database_url = arguments.database_url.or(config.database_url.clone());
    let opened = start::open_store(&data, database_url.as_deref()).await?;
    let (store, runtime, plans) = (opened.store.clone(), tokio::runtime::Handle::current(), config.plugins()?);
    let (keyring, lock, books, folder) = (config.keyring()?, config.lock()?, config.books()?, data.clone());
    let regions = Regions::of(&config.privacy)?;
    let vouching = if config.reviewed { Vouching::PublisherAndReviewer } else { Vouching::Publisher };
    let started = tokio::task::spawn_blocking(move || {
        let trust = start::rails::trust_of(keyring.as_deref(), false, vouching)?;
        let rails = start::rails::start(trust, lock, plans, regions, store.clone(), runtime.clone())?;
        Ok::<_, super::Failure>(Plugins::open(rails, &folder, store, runtime, SystemClock::default().now())?)
    });
    let plugins = started.await??;
    for line in plugins.lines() {
        tracing::info!("{line}");
    }
    let mut rails = plugins.rails();
    rails.extend(books.into_iter().map(|book| Arc::new(book) as Arc<dyn Rail>));
    let hub = start::assemble(opened.store.clone(), &faces, plugins.egress(), rails, !config.shared).await?;
    for line in config.faces.configure(&hub).await? {
        tracing::info!("{line}");
    }
    hub.set_pass_key(Sessions::pass_seed(&opened.operator_key));
    let heads = opened.keep_heads(&data).await?;
    let app = App::new(hub, Sessions::new(&opened.operator_key), config.limits(), None)
        .with_webhooks(config.webhooks()?)
        .with_heads(heads.heads())
        .with_plugins(plugins)
        .with_desk(Desk::open(&opened.operator_key, &config.privacy)?);
    if let Some(services) = app.services() {
        services.come_up().await?;
    }
    tracing::info!(address = %listener.local_addr()?, "serving");
    let left = serve(app, listener, async {
        if let Err(error) = stop_signal().await {
            tracing::error!(%error, "no signal handler; stopping");
        }
    })
    .await;
    heads.stop().await;
    opened.store.close().await;
    if left > 0 {
        print::note(&format!("{left} commands still ran; the next start takes them up"));
    }
    Ok(())
}
