//! What a call into the sandbox costs: a fresh instance each time, with and without fuel.

use std::fmt::Write as _;

use tebura_hub::rail::{HttpReply, Party, RailCommand, RailEvent, RailOperation};
use tebura_ledger::{Currency, Money, Timestamp};
use tebura_plugin_host::{
    Bindings, DemoKeys, HostError, HostOptions, Input, InstallError, InstalledRail, Keyring, KeyringError, Metering,
    Package, PluginHost, Trust, Vouching,
};

use super::median_and_p99;

/// Calls counted for each line.
const CALLS: usize = 2_000;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum PluginBenchError {
    /// The keyring is damaged.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The sandbox did not start.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The plugin was refused.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// A plugin of another world.
    #[error("the benchmark pays with the plugin, and it is not a rail; name a rail's folder")]
    NotARail,
    /// The plugin gave no step where it should have.
    #[error("the plugin failed in the benchmark: {0}")]
    Call(#[from] tebura_hub::rail::RailError),
}

/// Measures a rail plugin and returns the table as Markdown, and the microseconds that one payment spends in it.
///
/// # Errors
/// [`PluginBenchError`].
pub fn plugins(package: &Package, keyring: &str, now: Timestamp) -> Result<(String, u64), PluginBenchError> {
    let mut table = String::new();
    let _ = writeln!(table, "| call, 1 KB in and out | instantiate µs, median / p99 | call µs, median / p99 | fuel |");
    let _ = writeln!(table, "|---|--:|--:|--:|");
    let mut payment_us = 0;
    for (name, metering) in [("fuel on", Metering::Fuel), ("fuel off", Metering::DeadlineOnly)] {
        let trust = Trust::new(Keyring::parse(keyring)?, DemoKeys::Allow, Vouching::Publisher);
        let host = PluginHost::new(trust, None, HostOptions { metering, ..HostOptions::default() })?;
        let (plugin, _) = host.install(package, Bindings::default(), now)?;
        let rail = plugin.rail().ok_or(PluginBenchError::NotARail)?;
        for (word, measured) in [("start", starts(rail, now)?), ("resume", resumes(rail, now)?)] {
            let Measured { mut instantiate, mut call, fuel } = measured;
            let (instantiate, call) = (median_and_p99(&mut instantiate), median_and_p99(&mut call));
            // A payment is a hold and a capture, each a start and a resume.
            if metering == Metering::Fuel {
                payment_us += 2 * (instantiate.0 + call.0);
            }
            let fuel = fuel.map_or_else(|| "–".to_owned(), |fuel| fuel.to_string());
            let _ = writeln!(
                table,
                "| {word}, {name} | {} / {} | {} / {} | {fuel} |",
                instantiate.0, instantiate.1, call.0, call.1
            );
        }
    }
    Ok((table, payment_us))
}

struct Measured {
    instantiate: Vec<u64>,
    call: Vec<u64>,
    fuel: Option<u64>,
}

fn hold(now: Timestamp) -> RailOperation {
    let party = |kind: &str| Party { kind: kind.to_owned(), token: format!("{kind}-{}", "x".repeat(180)) };
    RailOperation {
        id: format!("op_{}", "0".repeat(32)),
        attempt: 1,
        now,
        command: RailCommand::Hold {
            payer: party("wallet"),
            payee: party("merchant"),
            amount: Money::new(1_200, Currency::JPY),
            expires: now.plus_ms(300_000),
        },
    }
}

fn starts(rail: &InstalledRail, now: Timestamp) -> Result<Measured, PluginBenchError> {
    measure(rail, &hold(now), || Input::Start)
}

fn resumes(rail: &InstalledRail, now: Timestamp) -> Result<Measured, PluginBenchError> {
    let operation = hold(now);
    let state = rail.run(&operation, Input::Start).result?.state;
    let record =
        format!(r#"{{"id":"{}","status":"settled","amount":1200,"note":"{}"}}"#, operation.id, "x".repeat(900));
    let event = RailEvent::Reply(HttpReply {
        status: 201,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: record.into_bytes(),
    });
    measure(rail, &operation, || Input::Resume { state: &state, event: &event })
}

fn measure<'a>(
    rail: &InstalledRail,
    operation: &RailOperation,
    input: impl Fn() -> Input<'a>,
) -> Result<Measured, PluginBenchError> {
    let mut measured = Measured { instantiate: Vec::new(), call: Vec::new(), fuel: None };
    for nth in 0..CALLS + 100 {
        let answer = rail.run(operation, input());
        answer.result?;
        // The first calls warm slots and caches up.
        if nth >= 100 {
            measured.instantiate.push(answer.stats.instantiate_us);
            measured.call.push(answer.stats.call_us);
            measured.fuel = answer.stats.fuel;
        }
    }
    Ok(measured)
}
