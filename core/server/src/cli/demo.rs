//! `tebura` alone, and `tebura serve --demo`: starts the demo city and says what to try.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use tebura_face_engine::EngineChoice;
use tebura_hub::Hub;

use super::{Outcome, print};
use crate::app::App;
use crate::days::{Day, expo as expo_day, kaga as kaga_day};
use crate::demo::{Cast, DemoCity, faces};
use crate::logging::{self, LogFormat};
use crate::messages::{Language, fill, text};
use crate::serve::{ServeError, listen, serve, stop_signal};
use crate::start::faces::FacesStarted;

/// Columns of the greeting's labels.
const LABEL: usize = 16;

/// Where the demo city listens.
pub(super) const ADDRESS: &str = "127.0.0.1:8080";

#[derive(Args)]
pub(super) struct DemoArguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = ADDRESS)]
    pub(super) listen: SocketAddr,
    /// The data folder; delete it to start anew.
    #[arg(long, default_value = "tebura-data")]
    pub(super) data: PathBuf,
    /// The face engine: auto, ort or rten.
    #[arg(long, default_value = "auto")]
    pub(super) engine: EngineChoice,
    /// Another model pack than the one that the program carries.
    #[arg(long)]
    pub(super) pack: Option<PathBuf>,
    /// How log lines look.
    #[arg(long, value_enum, default_value = "text")]
    pub(super) log: LogFormat,
    /// With the people of a scripted day.
    #[arg(long, value_enum, hide = true)]
    pub(super) cast: Option<Cast>,
}

#[derive(Args)]
pub(super) struct KagaArguments {
    /// The hub's data folder, made anew.
    #[arg(long, default_value = "tebura-data/kaga")]
    data: PathBuf,
    /// Where the report goes.
    #[arg(long, default_value = "tebura-data/kaga-report")]
    out: PathBuf,
    /// The folder of the plugins' packages.
    #[arg(long, default_value = "plugins")]
    plugins: PathBuf,
    /// The bus line's GTFS feed, a folder.
    #[arg(long, default_value = "examples/kaga/gtfs-jp")]
    feed: PathBuf,
}

#[derive(Args)]
pub(super) struct ExpoArguments {
    /// The hub's data folder, made anew.
    #[arg(long, default_value = "tebura-data/expo")]
    data: PathBuf,
    /// Where the report goes.
    #[arg(long, default_value = "tebura-data/expo-report")]
    out: PathBuf,
    /// The folder of the plugins' packages.
    #[arg(long, default_value = "plugins")]
    plugins: PathBuf,
}

pub(super) async fn run(arguments: DemoArguments) -> Outcome {
    #[expect(clippy::disallowed_methods, reason = "only the printed start-up time depends on it")]
    let started = Instant::now();
    let language = Language::of_process();
    logging::start(arguments.log, true);
    let listener = listen(arguments.listen).await.map_err(|error| match error {
        ServeError::Taken(address) => fill(language, "cli.error.port_taken", &[("address", &address.to_string())]),
        ServeError::Listen { .. } => error.to_string(),
    })?;
    let address = listener.local_addr()?;
    let slow = |key: &'static str| print::note(text(language, key));
    let (data, engine, pack) = (&arguments.data, arguments.engine, arguments.pack.as_deref());
    let city = match arguments.cast {
        Some(cast) => DemoCity::start_with(data, engine, pack, &slow, cast).await?,
        None => DemoCity::start(data, engine, pack, &slow).await?,
    };
    city.write_file(&arguments.data, format!("http://{address}"))?;
    let app = city.app.clone();

    let greeting = Greeting { language, address, data: &arguments.data, faces: &city.faces };
    greeting.print(&app).await?;
    let ms = started.elapsed().as_millis().to_string();
    print::line(&fill(language, "cli.ready", &[("ms", &ms)]));
    tracing::info!(ms, "ready to serve");

    let stopping = app.clone();
    let left = serve(app, listener, async move {
        if stop_signal().await.is_ok() {
            let count = stopping.commands_running().to_string();
            print::note(&fill(language, "cli.stopping", &[("count", &count)]));
        }
    })
    .await;
    city.stop().await;
    print::note(&match left {
        0 => text(language, "cli.stopped").to_owned(),
        left => fill(language, "cli.stopped_with", &[("count", &left.to_string())]),
    });
    Ok(())
}

/// `tebura demo kaga`: a scripted day of a city, with its report.
pub(super) async fn kaga(arguments: KagaArguments) -> Outcome {
    let KagaArguments { data, out, plugins, feed } = arguments;
    let day = Day { data, out, plugins };
    Ok(kaga_day::run(&day, &feed, &mut |line| print::line(line)).await?)
}

/// `tebura demo expo`: a scripted day of a venue, with its report.
pub(super) async fn expo(arguments: ExpoArguments) -> Outcome {
    let ExpoArguments { data, out, plugins } = arguments;
    Ok(expo_day::run(&Day { data, out, plugins }, &mut |line| print::line(line)).await?)
}

/// The demo's pictures as files.
pub(super) fn write_faces(folder: &Path) -> Outcome {
    std::fs::create_dir_all(folder)?;
    for name in faces::NAMES {
        let png = faces::png(name).ok_or("a demo face cannot be drawn")?;
        std::fs::write(folder.join(format!("{name}.png")), png)?;
    }
    let film = faces::film("hanako").ok_or("a demo face cannot be drawn")?;
    std::fs::write(folder.join("hanako.mjpeg"), film)?;
    let film = faces::enrolling_film().ok_or("a demo face cannot be drawn")?;
    std::fs::write(folder.join("enrolling.mjpeg"), film)?;
    Ok(())
}

/// What a person sees when the city stands: one screen.
struct Greeting<'a> {
    language: Language,
    address: SocketAddr,
    data: &'a Path,
    faces: &'a FacesStarted,
}

impl Greeting<'_> {
    async fn print(&self, app: &App) -> Outcome {
        let language = self.language;
        let say = |key| text(language, key);
        let hub: &Arc<Hub> = &app.hub;
        print::line("");
        print::line("  Tebura 手ぶら");
        print::line(&format!("  {}", say("cli.banner")));
        print::line("");
        let engine = self.faces.engine_lines.last().map_or("", String::as_str).trim_start_matches("engine: ");
        self.row("cli.engine", engine);
        let pack = hub.pack();
        let scope = format!("{}@{} · {} · {}", pack.name, pack.version, pack.licence, pack.scope.word());
        self.row("cli.pack", &scope);
        let rails: Vec<_> = hub.rails().iter().map(|rail| rail.descriptor().rail.to_string()).collect();
        self.row("cli.rails", &rails.join(", "));
        let demo = app.demo.as_ref().ok_or("the demo city is not there")?;
        let balances = demo.ledger.balances(hub).await.map_err(|problem| problem.detail)?;
        for (key, sentence, shop) in [("cli.people", "cli.people_line", false), ("cli.shop", "cli.shop_line", true)] {
            for (index, entry) in balances.iter().filter(|entry| entry.is_shop == shop).enumerate() {
                let rail = format!("rail.{}", entry.rail);
                let (rail, balance) = (text(language, &rail), print::yen(entry.available));
                let line = fill(language, sentence, &[("name", &entry.name), ("rail", rail), ("balance", &balance)]);
                if index == 0 { self.row(key, &line) } else { print::line(&format!("  {:LABEL$}{line}", "")) }
            }
        }
        print::line("");
        print::line(&format!("  {}", say("cli.next_steps")));
        let pay = |file: &str| {
            let data = if self.data == Path::new("tebura-data") {
                String::new()
            } else {
                format!(" --data {}", self.data.display())
            };
            format!("cargo run --release -- demo pay examples/pay-by-face/{file}.png{data}")
        };
        self.command(&pay("hanako"), "cli.step_pay");
        self.command(&pay("stranger"), "cli.step_stranger");
        self.command(&pay("screen"), "cli.step_screen");
        self.command(&format!("http://{}/till", self.address), "cli.step_till");
        print::line("");
        print::line(&format!("  {}", fill(language, "cli.step_stop", &[("data", &self.data.display().to_string())])));
        Ok(())
    }

    fn row(&self, key: &str, value: &str) {
        print::line(&format!("  {}{value}", print::padded(text(self.language, key), LABEL)));
    }

    fn command(&self, command: &str, key: &str) {
        print::line(&format!("    {command}"));
        print::line(&format!("      {}", text(self.language, key)));
    }
}
