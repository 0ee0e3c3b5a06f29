//! Every step of a paid visit is failed and cut off, one after the other. Whatever happens, the hub and the far end end up
//! agreeing, nothing is taken or told twice, and no money stays reserved.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::desk::{Town, town_where};
use crate::ports::{Caller, Page, Store};
use crate::services::*;
use crate::tests::cut_off::dying_store::{Death, DyingStore};
use crate::tests::world::{MISHAPS, Mishap, hub_on, key};

const AMOUNT: i64 = 1_200;
const VISIT: [&str; 6] = ["count", "hold 1200", "call idempotent", "capture 1200", "tell entered", "done"];

fn ask(town: &Town) -> AskService {
    town.agreed(AMOUNT, &VISIT)
}

/// A visit under `mishaps`; the process dies as `death` says; a new one takes over; `repeats`: the terminal asks again.
/// Returns whether the visit was paid.
async fn run(mishaps: &[Mishap], once: bool, death: Death, repeats: bool) -> bool {
    let context = format!("{mishaps:?} once={once} {death:?} repeats={repeats}");
    let town = town_where(None).await;
    town.far_end.plan(mishaps);

    // A process that may die.
    let dying = Arc::new(DyingStore::new(town.store.clone(), Some(death)));
    if let Death::AfterAct(nth) = death {
        let (dead, acts) = (dying.dead.clone(), AtomicU32::new(0));
        let kill = move || {
            if acts.fetch_add(1, Ordering::SeqCst) == nth {
                dead.store(true, Ordering::SeqCst);
            }
        };
        *town.far_end.after_act.lock().unwrap() = Some(Arc::new(kill));
    }
    let hub = hub_on(dying.clone(), town.far_end.clone(), town.clock.clone(), once);
    town.open(&hub);
    let first = hub.ask_service(key("the visit"), ask(&town)).await;
    let told = first.as_ref().ok().map(|answer| (answer.request.id, answer.status.clone()));
    drop(hub);
    *town.far_end.after_act.lock().unwrap() = None;

    // The next process on the same store.
    town.clock.jump_ms(1_000);
    let hub = hub_on(town.store.clone(), town.far_end.clone(), town.clock.clone(), once);
    town.open(&hub);
    hub.recover(true).await.unwrap();
    if repeats {
        let again = hub.ask_service(key("the visit"), ask(&town)).await.unwrap();
        assert!(told.as_ref().is_none_or(|(id, _)| *id == again.request.id), "a second request was made: {context}");
    }
    for _ in 0..60 {
        hub.tick().await.unwrap();
        town.clock.jump_ms(60_000);
    }
    town.clock.jump_ms(48 * 3_600_000);
    for _ in 0..4 {
        hub.tick().await.unwrap();
        town.clock.jump_ms(3_600_000);
    }

    let wallet = town.far_end.wallet();
    assert!(wallet.acts.values().all(|acts| *acts == 1), "acted twice on one call: {context}");
    assert_eq!(wallet.holds.values().sum::<i64>(), 0, "money stays reserved at the far end: {context}");
    assert!(wallet.captured == 0 || wallet.captured == AMOUNT, "taken more than once: {context}");
    assert_eq!(wallet.balance + wallet.captured, 10_000, "money was made or lost: {context}");
    let holds = town.store.holds(&Caller::Operator, Page { after: None, limit: 10 }).await.unwrap();
    assert!(holds.len() <= 1, "a second hold was placed: {context}");
    let captured: i64 = holds.iter().map(|hold| hold.captured().minor()).sum();
    assert_eq!(captured, wallet.captured, "the hub and the far end disagree: {context}");
    assert!(holds.iter().all(|hold| hold.phase().is_terminal()), "{holds:?}: {context}");

    let due = town.store.due_service_requests(tebura_ledger::Timestamp::from_millis(i64::MAX), 9).await.unwrap();
    assert!(due.is_empty(), "a request stays open: {context}");
    if let Some(claimed) = town.store.claimed_key("test", "the visit").await.unwrap() {
        let id = claimed.target.parse().unwrap();
        let ended = hub.service_request(&Caller::Operator, id).await.unwrap();
        let refused = ended.request.progress.output.as_deref().is_some_and(|output| output.contains("refused"));
        let paid = ended.status == ServiceStatus::Done && !refused;
        assert_eq!(paid, wallet.captured == AMOUNT, "{:?} {ended:?}: {context}", ended.status);
        let told_world = |noted: &&Noted| matches!(noted.happened, Happened::Told { .. });
        assert_eq!(ended.request.progress.noted.iter().filter(told_world).count(), usize::from(paid), "{context}");
        let count = town.store.kv(&crate::rail::PluginId("jp.example.words#north".to_owned()), "count").await.unwrap();
        assert_eq!(count.as_deref(), Some(b"1".as_slice()), "counted twice: {context}");
        if let Some((_, ServiceStatus::Done | ServiceStatus::Failed(_))) = &told {
            assert_eq!(told.unwrap().1, ended.status, "what was told for good changed: {context}");
        }
    } else {
        assert_eq!(wallet.captured, 0, "taken for a request that nobody keeps: {context}");
    }
    wallet.captured == AMOUNT
}

#[tokio::test]
async fn a_process_that_dies_at_any_commit_or_send_leaves_the_books_right() {
    let mut paid = 0;
    let mut runs = 0;
    for mishap in MISHAPS {
        for nth in 0..14 {
            for death in [Death::BeforeCommit(nth), Death::AfterCommit(nth), Death::AfterAct(nth)] {
                for (once, repeats) in [(false, false), (false, true), (true, false), (true, true)] {
                    paid += usize::from(run(&[mishap, Mishap::None, mishap], once, death, repeats).await);
                    runs += 1;
                }
            }
        }
    }
    assert!(paid > runs / 3 && paid < runs, "{paid} of {runs} visits were paid");
}
