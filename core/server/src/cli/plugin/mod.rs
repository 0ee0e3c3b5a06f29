//! `tebura plugin`: from nothing to a rail that runs, and what an operator does with it afterwards.
//!
//! `new`, `test`, `build`, `call` and `sign` are the author's and need no hub. `install`, `list`, `disable`, `enable` and
//! `revoke` talk to the hub that runs. `inspect` and `verify` read a folder and change nothing.

mod approve;
mod build;
mod call;
mod call_identity;
mod hub;
mod key;
mod new;
mod sdk;
mod test;
mod words;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use tebura_hub::ports::Clock;
use tebura_plugin_host::{Manifest, Package, ProbeLimits, component_digest, inspect, powers, probe};

pub(super) use hub::{Far, HubArguments, SwitchArguments, agreed, switch_rail};

use super::{Outcome, in_runtime, print};
use crate::clock::SystemClock;
use crate::start::rails::trust;

#[derive(Subcommand)]
pub(super) enum PluginCommand {
    /// Make a folder with a plugin that compiles, passes its tests and has the SDK beside it.
    #[command(subcommand)]
    New(NewCommand),
    /// Run a plugin's own tests, then its component: fuel, memory and size against the manifest's limits.
    Test(FolderArguments),
    /// Build a plugin's component.
    Build(FolderArguments),
    /// Run one step of a built component and print the answer.
    Call(call::CallArguments),
    /// Sign a built plugin; other signatures are kept. Makes a key where there is none.
    Sign(key::SignArguments),
    /// Print digest, world, contents, powers and signers of a package. Installs nothing.
    Inspect(FolderArguments),
    /// Check the signatures of a package against a keyring.
    Verify {
        /// The package's folder.
        folder: PathBuf,
        /// `keyring.toml`; the demonstration's when it is left out.
        #[arg(long)]
        keyring: Option<PathBuf>,
        /// Accept demonstration keys.
        #[arg(long)]
        demo: bool,
    },
    /// Compile the component on standard input under limits. The hub runs this before it compiles one itself.
    #[command(hide = true)]
    CompileCheck {
        /// CPU time, seconds.
        #[arg(long, default_value_t = ProbeLimits::default().cpu_seconds)]
        cpu_seconds: u64,
        /// Addresses, MiB.
        #[arg(long, default_value_t = ProbeLimits::default().memory_mib)]
        memory_mib: u64,
    },
    /// Show what a plugin asks for; once that is approved, enable it in the hub that runs.
    Install(hub::InstallArguments),
    /// The plugins of the hub that runs.
    List(hub::HubArguments),
    /// Stop a plugin from the next call on; shows first what is open on it.
    Disable(hub::SwitchArguments),
    /// Let a disabled plugin run again.
    Enable(hub::SwitchArguments),
    /// Withdraw the component that a plugin runs now, for good; shows first what is open on it.
    Withdraw(hub::SwitchArguments),
    /// Write what plugins ask for into plugins.lock, for a hub whose configuration names them.
    Approve(approve::ApproveArguments),
    /// Withdraw a publisher's or reviewer's key for good: nothing that it signed runs again.
    Revoke(hub::RevokeArguments),
}

#[derive(Subcommand)]
pub(in crate::cli) enum NewCommand {
    /// A payment rail.
    Rail(new::RailArguments),
}

#[derive(clap::Args)]
pub(in crate::cli) struct FolderArguments {
    /// The plugin's folder, with plugin.toml.
    folder: PathBuf,
}

pub(super) fn run(command: PluginCommand) -> Outcome {
    match command {
        PluginCommand::New(NewCommand::Rail(rail)) => new::rail(&rail),
        PluginCommand::Test(arguments) => test::run(&arguments.folder),
        PluginCommand::Build(arguments) => build::run(&arguments.folder),
        PluginCommand::Call(arguments) => call::run(&arguments),
        PluginCommand::Sign(arguments) => key::run(&arguments),
        PluginCommand::Inspect(arguments) => show(&arguments.folder),
        PluginCommand::Verify { folder, keyring, demo } => verify(&folder, keyring.as_deref(), demo),
        PluginCommand::CompileCheck { cpu_seconds, memory_mib } => {
            let checked = probe(ProbeLimits { cpu_seconds, memory_mib }, std::io::stdin());
            // On standard output: it is what the hub reads.
            checked.inspect_err(|reason| print::line(reason)).map_err(Into::into)
        }
        PluginCommand::Install(arguments) => in_runtime(hub::install(arguments)),
        PluginCommand::List(arguments) => in_runtime(hub::list(arguments)),
        PluginCommand::Disable(arguments) => in_runtime(hub::switch(arguments, false)),
        PluginCommand::Enable(arguments) => in_runtime(hub::switch(arguments, true)),
        PluginCommand::Withdraw(arguments) => in_runtime(hub::withdraw(arguments)),
        PluginCommand::Approve(arguments) => approve::run(&arguments),
        PluginCommand::Revoke(arguments) => in_runtime(hub::revoke(arguments)),
    }
}

fn show(folder: &Path) -> Outcome {
    let inspection = inspect(&Package::read(folder)?)?;
    let manifest = &inspection.manifest;
    print::line(&format!("{} {} ({})", manifest.id.0, manifest.version, manifest.world));
    print::line(&format!("component sha256 {:?}", inspection.component_digest));
    print::line(&format!("{:?}", inspection.contents));
    match &inspection.gate {
        Ok(()) => print::line("gate: passes"),
        Err(error) => print::line(&format!("gate: REFUSED: {error}")),
    }
    print::raw(&words::sentences(&powers(manifest), &[]));
    match inspection.signers.as_slice() {
        [] => print::line("not signed"),
        signers => print::line(&format!("signed by {}, not verified", signers.join(", "))),
    }
    Ok(())
}

fn verify(folder: &Path, keyring: Option<&Path>, demo: bool) -> Outcome {
    let package = Package::read(folder)?;
    let manifest = Manifest::parse(&package.manifest)?;
    let keyring = keyring.map(std::fs::read_to_string).transpose()?;
    let digest = component_digest(&package.component);
    let now = SystemClock::default().now();
    trust(keyring.as_deref(), demo)?.verify(&manifest, digest, package.signatures.as_deref(), now)?;
    print::line(&format!("ok: {} {} is signed as the keyring asks", manifest.id.0, manifest.version));
    Ok(())
}

/// The manifest of a plugin's folder: its bytes, and what they say.
fn manifest_of(folder: &Path) -> Result<(Vec<u8>, Manifest), Box<dyn std::error::Error + Send + Sync>> {
    let path = folder.join("plugin.toml");
    let bytes = std::fs::read(&path).map_err(|error| {
        format!(
            "{} cannot be read ({error}); name a plugin's folder, or make one: tebura plugin new rail NAME",
            path.display()
        )
    })?;
    let manifest = Manifest::parse(&bytes)?;
    Ok((bytes, manifest))
}
