//! `tebura pack`: checks a model pack by its own vectors and pairs, and installs published packs.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use tebura_face::FalseMatchBudget;
use tebura_face_engine::{CheckReport, Download, EngineChoice, LoadedPack, ModelPack, Publication, check};

use super::{Outcome, print};
use crate::start::faces::{choose_engine, draw, read_pack};

#[derive(Subcommand)]
pub(super) enum PackCommand {
    /// Run a pack's golden vectors and labelled pairs; refuse it when it is off.
    Check {
        /// The pack's folder; the pack that the program carries when it is left out.
        folder: Option<PathBuf>,
        /// The face engine: auto, ort or rten.
        #[arg(long, default_value = "auto")]
        engine: EngineChoice,
    },
    /// Show which threshold a gallery needs for the false identifications that you accept, or that it is too large.
    Budget {
        /// The pack's folder; the pack that the program carries when it is left out.
        folder: Option<PathBuf>,
        /// Templates that a face is searched among.
        #[arg(long)]
        templates: u64,
        /// False identifications per transaction that you accept, such as 0.001.
        #[arg(long)]
        rate: f64,
    },
    /// Install a published pack by name, with pinned digests.
    Install {
        /// opencv-zoo: YuNet and SFace, MIT and Apache-2.0.
        name: String,
        /// Take the files from this folder instead of the network.
        #[arg(long)]
        from: Option<PathBuf>,
        /// Where to put it; `packs/NAME` when it is left out.
        #[arg(long)]
        to: Option<PathBuf>,
    },
}

pub(super) fn run(command: PackCommand) -> Outcome {
    match command {
        PackCommand::Check { folder, engine } => check_pack(folder.as_deref(), engine),
        PackCommand::Budget { folder, templates, rate } => show_budget(folder.as_deref(), templates, rate),
        PackCommand::Install { name, from, to } => install(&name, from.as_deref(), to),
    }
}

fn check_pack(folder: Option<&Path>, engine: EngineChoice) -> Outcome {
    let pack = read_pack(folder)?;
    let selection = choose_engine(engine)?;
    for line in pack.statement().iter().chain(&selection.lines) {
        print::line(line);
    }
    let report = checked(&pack, &LoadedPack::open(&pack, &selection.engine)?)?;
    show(&report);
    print::line("ok: the pack does what its vectors and pairs say");
    Ok(())
}

fn show_budget(folder: Option<&Path>, templates: u64, rate: f64) -> Outcome {
    let budget = FalseMatchBudget::new(rate)?;
    let derived = read_pack(folder)?.measured_curve()?.derive(budget, templates)?;
    for line in derived.in_japanese().iter().chain(&[String::new()]).chain(&derived.in_english()) {
        print::line(line);
    }
    Ok(())
}

fn show(report: &CheckReport) {
    let golden = &report.golden;
    print::line(&format!(
        "golden vectors: {} pictures, {} faces, {} embeddings; worst place off by {:.3} px, worst component by {:.2e}",
        golden.pictures, golden.faces, golden.embeddings, golden.worst_place_px, golden.worst_embedding
    ));
    if let Some(labels) = &report.labels {
        print::line(&format!(
            "labelled pictures: {} people, {} pictures, {} without a face",
            labels.people, labels.pictures, labels.missed
        ));
        print::line(&format!(
            "pairs: {} genuine (mean {:.3}), {} impostor (mean {:.3}); EER {:.2} % at {:.3}",
            labels.genuine_pairs,
            labels.genuine_mean,
            labels.impostor_pairs,
            labels.impostor_mean,
            labels.equal_error_rate * 100.0,
            labels.threshold
        ));
    }
}

fn checked(pack: &ModelPack, loaded: &LoadedPack) -> Result<CheckReport, tebura_face_engine::CheckError> {
    check(pack, loaded, &draw)
}

fn install(name: &str, from: Option<&Path>, to: Option<PathBuf>) -> Outcome {
    let publication = Publication::named(name)?;
    print::line(publication.notice());
    let target = to.unwrap_or_else(|| PathBuf::from("packs").join(publication.name()));
    let pack = match from {
        Some(folder) => publication.install_from(folder, &target)?,
        None => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            publication.install(&target, |download| runtime.block_on(fetch(download)))?
        }
    };
    for line in pack.statement() {
        print::line(&line);
    }
    let path = target.display();
    print::line(&format!("installed in {path}; check it with: tebura pack check {path}"));
    print::line(&format!("use it with: tebura serve --pack {path}"));
    Ok(())
}

/// Fetches a file; its digest is checked by who asked for it.
async fn fetch(download: &Download) -> Result<Vec<u8>, String> {
    print::note(&format!("fetching {} from {}", download.name, download.url));
    let reason =
        |error: reqwest::Error| format!("{error}; without network, fetch it by hand and install with --from DIR");
    let client = reqwest::Client::builder().https_only(true).build().map_err(reason)?;
    let response = client.get(&download.url).send().await.and_then(reqwest::Response::error_for_status);
    let bytes = response.map_err(reason)?.bytes().await.map_err(reason)?;
    Ok(bytes.to_vec())
}
