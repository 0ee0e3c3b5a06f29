//! One folder a hostile component: `guest.wat`, `plugin.toml` where it needs its own, and `error.txt` with what happens.

use std::fmt::Write as _;

use expect_test::expect_file;
use tebura_hub::ports::Rail as _;
use tebura_hub::rail::{Next, RailError};
use tebura_plugin_host::{Bindings, Input, Slots};

use super::guest::{evil, renamed};
use super::notices::{heard, request};
use super::{NOW, hold, host, keyring, options, package, rail_of, reply, shown};

/// Installs a guest, starts an operation, and answers its call.
fn transcript(guest: &str, slots: Slots) -> String {
    let host = host(keyring(""), None, super::HostOptions { slots, ..options() });
    let rail = match host.install(&package(guest), Bindings::default(), NOW) {
        Ok((plugin, _)) => plugin.rail().cloned().unwrap(),
        Err(error) => return format!("install: {error}\n"),
    };
    let started = rail.run(&hold(), Input::Start);
    let mut text = format!("install: ok\nstart: {}\n", shown(&started.result));
    if rail.inbound().is_some() {
        let _ = writeln!(text, "hear: {}", heard(&rail.hear(&request(), NOW)));
    }
    let Ok(step) = started.result else { return text };
    if matches!(step.next, Next::Call(_)) {
        let resumed = rail.run(&hold(), Input::Resume { state: &step.state, event: &reply() });
        // Writing to a string cannot fail.
        let _ = writeln!(text, "resume: {}", shown(&resumed.result));
    }
    text
}

fn folders() -> Vec<String> {
    let entries = std::fs::read_dir(evil().join("guests")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_guest_ends_as_its_folder_says() {
    let folders = folders();
    assert!(folders.len() > 50, "only {} guests were found", folders.len());
    for guest in folders {
        let expected = evil().join("guests").join(&guest).join("error.txt");
        expect_file![expected].assert_eq(&transcript(&guest, Slots::Pooled));
    }
}

#[test]
fn slots_change_nothing() {
    for guest in ["honest", "eats-memory", "recurses", "burns-fuel", "traps-after-a-send"] {
        assert_eq!(transcript(guest, Slots::OnDemand), transcript(guest, Slots::Pooled), "{guest}");
    }
}

#[test]
fn no_guest_changes_what_the_next_one_sees() {
    let host = host(keyring(""), None, options());
    let (honest, _) = rail_of(host.install(&renamed("honest"), Bindings::default(), NOW));
    let before = honest.run(&hold(), Input::Start);
    for guest in ["eats-memory", "recurses", "burns-fuel", "traps-in-start", "returns-2-mb"] {
        let (evil, _) = rail_of(host.install(&renamed(guest), Bindings::default(), NOW));
        for _ in 0..3 {
            assert!(matches!(evil.run(&hold(), Input::Start).result, Err(RailError::Trapped { .. })), "{guest}");
            let after = honest.run(&hold(), Input::Start);
            assert_eq!(after.result, before.result, "after {guest}");
            assert_eq!(after.stats.fuel, before.stats.fuel, "after {guest}");
            assert_eq!(after.stats.memory_bytes, before.stats.memory_bytes, "after {guest}");
        }
    }
}

#[test]
fn fuel_is_the_same_every_time_and_the_budget_is_kept() {
    let host = host(keyring(""), None, options());
    let (honest, report) = rail_of(host.install(&renamed("honest"), Bindings::default(), NOW));
    let fuel: Vec<_> = (0..5).map(|_| honest.run(&hold(), Input::Start).stats.fuel).collect();
    assert!(fuel[0].is_some_and(|fuel| fuel > 0), "{fuel:?}");
    assert!(fuel.windows(2).all(|pair| pair[0] == pair[1]), "{fuel:?}");
    assert_eq!(report.contents.imports, ["tebura:host/types@1.0.0"]);

    let (greedy, _) = rail_of(host.install(&renamed("eats-memory"), Bindings::default(), NOW));
    let used = greedy.run(&hold(), Input::Start).stats.memory_bytes;
    assert!((15 << 20..=16 << 20).contains(&used), "{used}");
}
