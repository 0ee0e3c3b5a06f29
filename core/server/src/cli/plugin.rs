//! `tebura plugin`: inspects, verifies, signs and builds plugin packages.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use tebura_hub::ports::Clock;
use tebura_plugin_host::{KeyId, Manifest, Package, component_digest, encode_component, inspect, sign};

use super::{Outcome, print};
use crate::clock::SystemClock;
use crate::start::rails::trust;

#[derive(Subcommand)]
pub(super) enum PluginCommand {
    /// Print digest, world, contents, powers and signers of a package. Installs nothing.
    Inspect {
        /// The folder with plugin.toml, one .wasm and plugin.sig.
        folder: PathBuf,
    },
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
    /// Sign a package; other signatures are kept.
    Sign {
        /// The package's folder.
        folder: PathBuf,
        /// The private key, ed25519 in PKCS#8 PEM.
        #[arg(long)]
        key: PathBuf,
        /// The key's name in the keyring.
        #[arg(long)]
        key_id: String,
    },
    /// Encode a core module that was built for wasm32-unknown-unknown as a component.
    Build {
        /// The core module.
        module: PathBuf,
        /// Where to write the component.
        #[arg(long)]
        output: PathBuf,
    },
}

pub(super) fn run(command: PluginCommand) -> Outcome {
    match command {
        PluginCommand::Inspect { folder } => show(&folder),
        PluginCommand::Verify { folder, keyring, demo } => verify(&folder, keyring.as_deref(), demo),
        PluginCommand::Sign { folder, key, key_id } => sign_package(&folder, &key, key_id),
        PluginCommand::Build { module, output } => {
            let component = encode_component(&std::fs::read(&module)?)?;
            std::fs::write(&output, &component)?;
            print::line(&format!("{} {:?}", output.display(), component_digest(&component)));
            Ok(())
        }
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
    for capability in &inspection.capabilities {
        print::line(&format!("may {capability}"));
    }
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

fn sign_package(folder: &Path, key: &Path, key_id: String) -> Outcome {
    let package = Package::read(folder)?;
    let manifest = Manifest::parse(&package.manifest)?;
    let key = SigningKey::from_pkcs8_pem(&std::fs::read_to_string(key)?)?;
    let digest = component_digest(&package.component);
    let signed = sign(&manifest, digest, (&KeyId(key_id), &key), package.signatures.as_deref())?;
    std::fs::write(folder.join("plugin.sig"), signed)?;
    print::line(&format!("signed {} {} {digest:?}", manifest.id.0, manifest.version));
    Ok(())
}
