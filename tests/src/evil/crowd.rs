//! A hostile plugin beside an honest one: what it takes is bounded.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use expect_test::expect;
use tebura_hub::memory::MemoryStore;
use tebura_hub::ports::{Rail as _, Store as Port, Unit, Write};
use tebura_hub::rail::{KvWrite, PluginId, RailError};
use tebura_ledger::Shard;
use tebura_plugin_host::{Bindings, HostOptions, Input, KvReader, KvUnavailable, StoreKv};
use tokio::runtime::Handle;

use super::guest::renamed;
use super::{NOW, hold, host, keyring, options, rail_of, shown};

#[tokio::test]
async fn a_plugin_takes_no_more_than_its_places() {
    let options = HostOptions { threads: NonZeroUsize::new(2).unwrap(), per_plugin: 1, ..options() };
    let host = host(keyring(""), None, options);
    let (evil, _) = rail_of(host.install(&renamed("loops-for-ever"), Bindings::default(), NOW));
    let (honest, _) = rail_of(host.install(&renamed("honest"), Bindings::default(), NOW));
    let operation = hold();
    let (first, second, beside) =
        tokio::join!(evil.start(&operation), evil.start(&operation), honest.start(&operation));
    assert!(matches!(first, Err(RailError::Trapped { code: "plugin.deadline", .. })), "{first:?}");
    assert_eq!(second, Err(RailError::Busy { retry_after_ms: 200 }));
    assert!(beside.is_ok(), "{beside:?}");
    // The place is free again.
    let again = evil.start(&operation).await;
    assert!(matches!(again, Err(RailError::Trapped { code: "plugin.deadline", .. })), "{again:?}");
}

#[tokio::test]
async fn beyond_the_queue_the_answer_is_busy() {
    let options = HostOptions { threads: NonZeroUsize::MIN, queued: 1, per_plugin: 8, ..options() };
    let host = host(keyring(""), None, options);
    let (evil, _) = rail_of(host.install(&renamed("loops-for-ever"), Bindings::default(), NOW));
    let operation = hold();
    let all = tokio::join!(
        evil.start(&operation),
        evil.start(&operation),
        evil.start(&operation),
        evil.start(&operation),
        evil.start(&operation)
    );
    let all = [all.0, all.1, all.2, all.3, all.4];
    let busy = all.iter().filter(|result| matches!(result, Err(RailError::Busy { .. }))).count();
    // One runs and one waits; whether the thread took the first before the second came decides if a third fits.
    assert!((3..=4).contains(&busy), "{all:?}");
    expect!["the sandbox is busy; try again in 200 ms"].assert_eq(&shown(&all[4]));
}

#[tokio::test]
async fn a_plugin_that_keeps_failing_is_paused() {
    let host = host(keyring(""), None, options());
    let (evil, _) = rail_of(host.install(&renamed("traps-in-start"), Bindings::default(), NOW));
    let mut operation = hold();
    for _ in 0..16 {
        assert!(matches!(evil.start(&operation).await, Err(RailError::Trapped { .. })));
    }
    assert_eq!(evil.start(&operation).await, Err(RailError::Busy { retry_after_ms: 10_000 }));
    operation.now = NOW.plus_ms(10_000);
    assert!(matches!(evil.start(&operation).await, Err(RailError::Trapped { .. })), "one call tries again");
    assert_eq!(evil.start(&operation).await, Err(RailError::Busy { retry_after_ms: 10_000 }));
}

/// A store that remembers who asked, and answers or not.
struct Store {
    answers: bool,
    asked: Mutex<Vec<String>>,
}

impl KvReader for Store {
    fn read(&self, plugin: &PluginId, key: &str) -> Result<Option<Vec<u8>>, KvUnavailable> {
        self.asked.lock().unwrap().push(format!("{}/{key}", plugin.0));
        if self.answers { Ok(None) } else { Err(KvUnavailable { reason: "down".to_owned() }) }
    }
}

#[test]
fn a_plugin_reads_its_own_keys_only_and_not_for_ever() {
    for (answers, expected) in [
        (true, expect!["trapped plugin.too_many_host_calls: it read more than 16 keys in one call"]),
        (false, expect!["trapped plugin.store_unavailable: the store did not answer a plugin's read (down)"]),
    ] {
        let store = Arc::new(Store { answers, asked: Mutex::default() });
        let host = host(keyring(""), None, options());
        let bindings = Bindings { kv: Arc::clone(&store) as Arc<dyn KvReader>, ..Bindings::default() };
        let (evil, _) = rail_of(host.install(&renamed("asks-the-store-again"), bindings, NOW));
        expected.assert_eq(&shown(&evil.run(&hold(), Input::Start).result));
        let asked = store.asked.lock().unwrap();
        assert_eq!(asked.len(), if answers { 16 } else { 1 });
        assert!(asked.iter().all(|key| key == "jp.tebura.asks-the-store-again//v1/holds"), "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_plugin_reads_the_hubs_store_from_its_own_thread() {
    let store: Arc<dyn Port> = Arc::new(MemoryStore::new(4));
    let plugin = PluginId("jp.tebura.asks-the-store-again".to_owned());
    let write = KvWrite { key: "/v1/holds".to_owned(), value: Some(b"kept".to_vec()) };
    let unit = Unit { writes: vec![Write::Kv { plugin: plugin.clone(), write }], ..Unit::default() };
    store.commit(Shard::new(0), NOW, unit).await.unwrap();
    let kv = Arc::new(StoreKv::new(store, Handle::current()));

    let (reader, id) = (Arc::clone(&kv), plugin.clone());
    let read = tokio::task::spawn_blocking(move || (reader.read(&id, "/v1/holds"), reader.read(&id, "other"))).await;
    assert_eq!(read.unwrap(), (Ok(Some(b"kept".to_vec())), Ok(None)));

    let host = host(keyring(""), None, options());
    let bindings = Bindings { kv, ..Bindings::default() };
    let (evil, _) = rail_of(host.install(&renamed("asks-the-store-again"), bindings, NOW));
    let answer = evil.start(&hold()).await;
    assert!(matches!(answer, Err(RailError::Trapped { code: "plugin.too_many_host_calls", .. })), "{answer:?}");
}
