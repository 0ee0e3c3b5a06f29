//! Hostile plugins: each is refused, stopped or disbelieved with a typed error that says what to do, and harms no other.
//!
//! `guests` has a folder for each hostile component, in WebAssembly text; `trust` changes files and keys of an honest
//! one; `crowd` lets several run at once. No WebAssembly toolchain is needed.

mod crowd;
mod guests;
mod trust;
mod upgrade;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use tebura_hub::rail::{
    Fault, HttpReply, Next, Party, RailCommand, RailError, RailEvent, RailOperation, RailOutcome, Step,
};
use tebura_ledger::{Currency, Money, Timestamp};
use tebura_plugin_host::{
    DemoKeys, HostOptions, InstallError, InstalledRail, KeyId, Keyring, LockFile, Manifest, Metering, Package, Plugin,
    PluginHost, Report, Slots, Trust, Vouching, component_digest, encode_component, sign,
};
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// 22 November 2026.
const NOW: Timestamp = Timestamp::from_millis(1_795_300_000_000);

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|path| path.join("specs/wit").is_dir()).unwrap().to_owned()
}

fn evil() -> PathBuf {
    repository().join("tests/src/evil")
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The component of a guest: whole as it is written, or the prelude and what the guest does instead.
fn component(guest: &str) -> Vec<u8> {
    let text = read(evil().join("guests").join(guest).join("guest.wat"));
    if text.lines().any(|line| line.starts_with("(component")) {
        return wat::parse_str(&text).unwrap();
    }
    let (imports, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("(import"));
    let prelude = read(evil().join("prelude.wat"));
    let module = format!("(module\n{}\n{prelude}\n{}\n)", imports.join("\n"), rest.join("\n"));
    let mut core = wat::parse_str(&module).unwrap_or_else(|error| panic!("{guest}: {error}"));
    let mut resolve = Resolve::default();
    resolve.push_dir(repository().join("specs/wit/host/1.0.0")).unwrap();
    let (rail, _) = resolve.push_dir(repository().join("specs/wit/rail/1.0.0")).unwrap();
    let world = resolve.select_world(&[rail], Some("rail-plugin")).unwrap();
    wit_component::embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8).unwrap();
    encode_component(&core).unwrap_or_else(|error| panic!("{guest}: {error}"))
}

fn manifest(guest: &str) -> String {
    let own = evil().join("guests").join(guest).join("plugin.toml");
    read(if own.is_file() { own } else { evil().join("plugin.toml") })
}

fn author() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A guest as a package that its author has signed.
fn package(guest: &str) -> Package {
    signed(&manifest(guest), component(guest))
}

fn signed(manifest: &str, component: Vec<u8>) -> Package {
    let parsed = Manifest::parse(manifest.as_bytes()).unwrap();
    let key = (&KeyId("author".to_owned()), &author());
    let signatures = sign(&parsed, component_digest(&component), key, None).unwrap();
    Package { manifest: manifest.as_bytes().to_vec(), component, signatures: Some(signatures) }
}

fn keyring(more: &str) -> Keyring {
    let public = STANDARD.encode(author().verifying_key().to_bytes());
    let text = format!(
        "version = 1\n[[key]]\nid = \"author\"\nrole = \"publisher\"\nalgorithm = \"ed25519\"\npublic_key = \"{public}\"\nplugins = [\"jp.tebura.*\"]\nvalid_from = 2026-01-01\nvalid_until = 2027-12-31\n{more}\n"
    );
    Keyring::parse(&text).unwrap()
}

fn options() -> HostOptions {
    HostOptions {
        threads: NonZeroUsize::new(2).unwrap(),
        queued: 8,
        per_plugin: 4,
        metering: Metering::Fuel,
        slots: Slots::Pooled,
    }
}

fn host(keyring: Keyring, lock: Option<LockFile>, options: HostOptions) -> PluginHost {
    PluginHost::new(Trust::new(keyring, DemoKeys::Refuse, Vouching::Publisher), lock, options).unwrap()
}

/// What was installed, as the rail that it is.
#[track_caller]
fn rail_of(installed: Result<(Plugin, Report), InstallError>) -> (Arc<InstalledRail>, Report) {
    let (plugin, report) = installed.unwrap();
    (Arc::clone(plugin.rail().unwrap()), report)
}

/// Hold JPY 1,200.
fn hold() -> RailOperation {
    let party = |kind: &str| Party { kind: kind.to_owned(), token: format!("{kind}-1") };
    RailOperation {
        id: "op_01".to_owned(),
        attempt: 1,
        now: NOW,
        command: RailCommand::Hold {
            payer: party("wallet"),
            payee: party("merchant"),
            amount: Money::new(1_200, Currency::JPY),
            expires: NOW.plus_ms(3_600_000),
        },
    }
}

/// The far end says yes.
fn reply() -> RailEvent {
    RailEvent::Reply(HttpReply { status: 201, headers: Vec::new(), body: b"{}".to_vec() })
}

/// A step or its absence as one line.
fn shown(result: &Result<Step, RailError>) -> String {
    match result {
        Ok(Step { next: Next::Call(call), .. }) => format!("call {} {} {}", call.endpoint, call.method, call.path),
        Ok(Step { next: Next::WaitUntil(time), .. }) => format!("wait until {}", time.millis()),
        Ok(Step { next: Next::Done(RailOutcome::Settled { reference, amount }), .. }) => {
            format!("settled {amount} as {reference}")
        }
        Ok(Step { next: Next::Done(RailOutcome::Declined(fault)), .. }) => format!("declined {}", described(fault)),
        Ok(Step { next: Next::Done(RailOutcome::Unknown(fault)), .. }) => format!("unknown {}", described(fault)),
        Err(RailError::Fault(fault)) => format!("fault {}", described(fault)),
        Err(RailError::Trapped { code, message }) => format!("trapped {code}: {message}"),
        Err(error @ (RailError::Revoked { .. } | RailError::Stopped { .. } | RailError::Busy { .. })) => {
            error.to_string()
        }
    }
}

fn described(fault: &Fault) -> String {
    format!("{}: {}", fault.code, fault.message)
}
