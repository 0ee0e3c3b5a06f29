//! Honest calls at a fixed pace, alone and beside a plugin that takes all that it can get.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tebura_hub::ports::Rail as _;
use tebura_plugin_host::{Bindings, InstalledRail};
use tokio::runtime::Runtime;

use crate::instance::{host, installed, wallet};
use crate::{clock, guest, hold, micros, today};

const EVERY: Duration = Duration::from_millis(2);
const CALLS: u32 = 3_000;
/// Callers that ask the hostile plugin again as soon as they have an answer.
const CALLERS: usize = 8;

pub(crate) fn measure() {
    let host = host();
    let honest = installed(&host, &wallet(), Bindings::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!(
        "Honest calls, one each {EVERY:?}, counted from when each was due; {CALLERS} callers at the hostile plugin:\n"
    );
    println!("| beside | median µs | p99 µs | p99 against alone |\n|---|--:|--:|--:|");
    let alone = paced(&runtime, &honest);
    println!("| nothing | {:.0} | {:.0} | 1 |", alone.0, alone.1);
    for (name, words) in [
        ("loops-for-ever", "one that never returns"),
        ("thinks-long", "one that is as slow as its fuel allows, and succeeds"),
    ] {
        let evil = installed(&host, &guest::renamed(name), Bindings::default());
        let stop = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> =
            (0..CALLERS).map(|_| runtime.spawn(hammer(Arc::clone(&evil), Arc::clone(&stop)))).collect();
        let beside = paced(&runtime, &honest);
        stop.store(true, Ordering::Relaxed);
        let asked: u64 = callers.into_iter().map(|caller| runtime.block_on(caller).unwrap()).sum();
        println!("| {words} ({asked} calls) | {:.0} | {:.0} | **{:.2}** |", beside.0, beside.1, beside.1 / alone.1);
    }
    println!();
}

async fn hammer(evil: Arc<InstalledRail>, stop: Arc<AtomicBool>) -> u64 {
    let mut asked = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut operation = hold(10);
        operation.now = today();
        let _ = evil.start(&operation).await;
        asked += 1;
        // What a hub's caller would do who is told that the plugin is paused, but without a pause.
        tokio::task::yield_now().await;
    }
    asked
}

fn paced(runtime: &Runtime, honest: &Arc<InstalledRail>) -> (f64, f64) {
    let start = clock();
    let calls: Vec<_> = (0..CALLS)
        .map(|nth| {
            let (honest, due) = (Arc::clone(honest), start + EVERY * nth);
            runtime.spawn(async move { one(&honest, due).await })
        })
        .collect();
    micros(calls.into_iter().map(|call| runtime.block_on(call).unwrap()).collect())
}

async fn one(honest: &InstalledRail, due: Instant) -> Duration {
    tokio::time::sleep_until(due.into()).await;
    // The timer's own lateness is nobody's share.
    let asked = clock();
    honest.start(&hold(10)).await.unwrap();
    asked.elapsed()
}
