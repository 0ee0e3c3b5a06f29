//! A fresh instance and one call, 4 KB in and 4 KB out: in the sandbox, as the hub calls it, and on wasmtime alone.

use std::fs;
use std::sync::Arc;

use tebura_hub::ports::Rail as _;
use tebura_plugin_host::bare::{Bare, Live};
use tebura_plugin_host::{
    Bindings, DemoKeys, HostOptions, Input, InstalledRail, Keyring, Package, PluginHost, Trust, Vouching,
};

use crate::{clock, guest, hold, micros, today};

const CALLS: usize = 4_000;
/// Its payer's name makes 4 KB: the wallet writes it into the body of its call.
const TOKEN: usize = 4_000;
const LIVE: usize = 64;
/// Of the usual Linux machine.
const PAGE_KIB: f64 = 4.0;

pub(crate) fn wallet() -> Package {
    Package::read(&guest::repository().join("plugins/wallet")).unwrap()
}

fn keyring() -> Keyring {
    let demo = fs::read_to_string(guest::repository().join("plugins/keyring.toml")).unwrap();
    Keyring::parse(&(demo + &guest::author_key())).unwrap()
}

pub(crate) fn host() -> PluginHost {
    PluginHost::new(Trust::new(keyring(), DemoKeys::Allow, Vouching::Publisher), None, HostOptions::default()).unwrap()
}

pub(crate) fn installed(host: &PluginHost, package: &Package, bindings: Bindings) -> Arc<InstalledRail> {
    Arc::clone(host.install(package, bindings, today()).unwrap().0.rail().unwrap())
}

pub(crate) fn measure() {
    let (host, package) = (host(), wallet());
    let rail = installed(&host, &package, Bindings::default());
    let bare = Bare::new(&package.component, LIVE as u32 + 8).unwrap();
    let operation = hold(TOKEN);
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let (mut inside, mut called, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    // In turns, so that what disturbs the machine disturbs all three.
    for nth in 0..CALLS + 200 {
        let before = clock();
        rail.run(&operation, Input::Start).result.unwrap();
        let one = before.elapsed();
        let before = clock();
        runtime.block_on(rail.start(&operation)).unwrap();
        let two = before.elapsed();
        let before = clock();
        bare.start(&operation).unwrap();
        let three = before.elapsed();
        if nth >= 200 {
            inside.push(one);
            called.push(two);
            alone.push(three);
        }
    }
    let (inside, called, alone) = (micros(inside), micros(called), micros(alone));
    println!("A fresh instance and one call, 4 KB in and out, {CALLS} calls in turns:\n");
    println!("| | median µs | p99 µs | ratio of medians |\n|---|--:|--:|--:|");
    println!("| wasmtime alone | {:.0} | {:.0} | 1 |", alone.0, alone.1);
    println!("| in the sandbox | {:.0} | {:.0} | **{:.2}** |", inside.0, inside.1, inside.0 / alone.0);
    println!("| as the hub calls it, over a thread | {:.0} | {:.0} | {:.2} |", called.0, called.1, called.0 / alone.0);

    let before = resident_kib();
    let live: Vec<Live> = (0..LIVE).map(|_| bare.live(&operation).unwrap()).collect();
    let each = (resident_kib() - before) / LIVE as f64;
    println!("\n{} live instances: {each:.0} KiB of resident memory each.\n", live.len());
}

fn resident_kib() -> f64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * PAGE_KIB
}
