//! `tebura doctor`: what this machine and this program have, what is missing, and how to add it.

use std::path::{Path, PathBuf};

use clap::Args;
use tebura_face::FalseMatchBudget;
use tebura_face_engine::{EngineChoice, ModelPack};

use super::{Outcome, print};
use crate::config::Config;
use crate::start::faces::{choose_engine, read_pack};
use crate::start::wallet_package;

#[derive(Args)]
pub(super) struct DoctorArguments {
    /// A model pack's folder; the pack that the program carries when it is left out.
    #[arg(long)]
    pack: Option<PathBuf>,
    /// The configuration, `tebura.toml`: what its `[faces]` means with this pack.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, default_value = "tebura-data")]
    data: PathBuf,
}

pub(super) fn run(arguments: &DoctorArguments) -> Outcome {
    print::line("Face engine");
    match choose_engine(EngineChoice::Auto) {
        Ok(selection) => selection.lines.iter().for_each(|line| item(line)),
        Err(error) => item(&format!("MISSING: {error}")),
    }
    print::line("Model pack");
    match read_pack(arguments.pack.as_deref()) {
        Ok(pack) => {
            pack.statement().iter().for_each(|line| item(line));
            show_budgets(&pack, arguments.config.as_deref());
        }
        Err(error) => item(&format!("MISSING: {error}")),
    }
    print::line("For people, not drawings, install a real pack");
    item("tebura pack install opencv-zoo     YuNet (MIT) and SFace (Apache-2.0), about 37 MB, from their publisher");
    item("tebura pack check packs/opencv-zoo");
    item("tebura serve --pack packs/opencv-zoo");
    item("It has no liveness check: use it where staff are present, or bring a vendor's pack that claims one.");
    item("Packs of InsightFace's own weights are for non-commercial research only.");
    print::line("Wallet plugin");
    match wallet_package() {
        Some(package) if package.signatures.is_some() => {
            item("built in, signed with the demonstration key: --demo only")
        }
        Some(_) => item("built in, NOT SIGNED: run scripts/build-plugins and build this program again"),
        None => item("MISSING: run scripts/build-plugins and build this program again"),
    }
    print::line("Data folder");
    let data = arguments.data.display();
    match std::fs::metadata(arguments.data.join("operator.key")) {
        Ok(_) => item(&format!("{data}: in use; operator.key opens people's names and faces, keep a copy elsewhere")),
        Err(_) => item(&format!("{data}: not made yet; the first start makes it")),
    }
    Ok(())
}

/// How many people the pack allows at the false identifications that are accepted.
fn show_budgets(pack: &ModelPack, config: Option<&Path>) {
    let curve = match pack.measured_curve() {
        Ok(curve) => curve,
        Err(error) => return item(&format!("NOT MEASURED: {error}")),
    };
    match config.map(Config::read) {
        Some(Ok(config)) => config.faces.shown(&curve).iter().for_each(|line| item(&format!("[faces] {line}"))),
        Some(Err(error)) => item(&format!("MISSING: {error}")),
        None => {}
    }
    for rate in [0.01, 0.001] {
        if let Ok(budget) = FalseMatchBudget::new(rate) {
            let largest = curve.largest_gallery(budget);
            item(&format!("{rate} false identifications per transaction: at most {largest} templates in a gallery"));
        }
    }
    item("The steps for one gallery: tebura pack budget --templates N --rate R");
}

fn item(text: &str) {
    print::line(&format!("  {text}"));
}
