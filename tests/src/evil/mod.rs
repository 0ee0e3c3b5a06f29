//! Hostile plugins: each is refused, stopped or disbelieved with a typed error that says what to do, and harms no other.
//!
//! `guests` has a folder for each hostile component, in WebAssembly text; `trust` changes files and keys of an honest
//! one; `crowd` lets several run at once. No WebAssembly toolchain is needed.

mod crowd;
mod guest;
mod guests;
mod notices;
mod trust;
mod upgrade;

use std::num::NonZeroUsize;
use std::sync::Arc;

use tebura_hub::rail::{
    Fault, HttpReply, Next, Party, RailCommand, RailError, RailEvent, RailOperation, RailOutcome, Step,
};
use tebura_ledger::{Currency, Money, Timestamp};
use tebura_plugin_host::{
    DemoKeys, HostOptions, InstallError, InstalledRail, Keyring, LockFile, Metering, Package, Plugin, PluginHost,
    Report, Slots, Trust, Vouching,
};

/// 22 November 2026.
const NOW: Timestamp = Timestamp::from_millis(1_795_300_000_000);

/// A guest as a package that its author has signed.
fn package(name: &str) -> Package {
    guest::signed(&guest::manifest(name), guest::component(name))
}

fn keyring(more: &str) -> Keyring {
    Keyring::parse(&format!("version = 1\n{}{more}\n", guest::author_key())).unwrap()
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
