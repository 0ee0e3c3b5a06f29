//! `tebura plugin approve`: writes `plugins.lock`, after showing what is new. For hubs whose configuration names their plugins.

use std::path::PathBuf;

use clap::Args;
use tebura_plugin_host::{LockFile, Package, component_digest, powers};

use super::super::{Outcome, print};
use super::{hub, manifest_of, words};
use crate::messages::{Language, text};

#[derive(Args)]
pub(in crate::cli) struct ApproveArguments {
    /// Folders of packages; what the file approves of others stays.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// The file.
    #[arg(long, default_value = "plugins.lock")]
    lock: PathBuf,
    /// Take older versions than the approved ones.
    #[arg(long)]
    step_back: bool,
    /// Approve without being asked: for scripts, after a person has read what the plugins ask for.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(arguments: &ApproveArguments) -> Outcome {
    let mut lock = match std::fs::read_to_string(&arguments.lock) {
        Ok(text) => LockFile::parse(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => LockFile::default(),
        Err(error) => return Err(format!("{} cannot be read ({error})", arguments.lock.display()).into()),
    };
    for folder in &arguments.folders {
        let (_, manifest) = manifest_of(folder)?;
        if !arguments.step_back {
            lock.rises(&manifest)?;
        }
        let known = lock.approved_version(&manifest.id.0).map(str::to_owned);
        let replaced = known.as_ref().map(|version| format!(" (now {version})")).unwrap_or_default();
        print::line(&format!("{} {}{replaced}", manifest.id.0, manifest.version));
        let more = if known.is_some() { lock.more(&manifest) } else { Vec::new() };
        print::raw(&words::sentences(&powers(&manifest), &more));
        lock.approve(&manifest, component_digest(&Package::read(folder)?.component));
    }
    if !arguments.yes && !hub::agreed("plugin.approve")? {
        return Err(text(Language::of_process(), "plugin.not_approved").into());
    }
    Ok(std::fs::write(&arguments.lock, lock.text()?)?)
}
