//! A hostile plugin beside an honest one: what it takes is bounded.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use expect_test::expect;
use tebura_hub::ports::Rail as _;
use tebura_hub::rail::{PluginId, RailError};
use tebura_plugin_host::{Bindings, HostOptions, Input, KvReader, KvUnavailable};

use super::guests::renamed;
use super::{NOW, hold, host, keyring, options, shown};

#[tokio::test]
async fn a_plugin_takes_no_more_than_its_places() {
    let options = HostOptions { threads: NonZeroUsize::new(2).unwrap(), per_plugin: 1, ..options() };
    let host = host(keyring(""), None, options);
    let (evil, _) = host.install(&renamed("loops-for-ever"), Bindings::default(), NOW).unwrap();
    let (honest, _) = host.install(&renamed("honest"), Bindings::default(), NOW).unwrap();
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
    let (evil, _) = host.install(&renamed("loops-for-ever"), Bindings::default(), NOW).unwrap();
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
        let (evil, _) = host.install(&renamed("asks-the-store-again"), bindings, NOW).unwrap();
        expected.assert_eq(&shown(&evil.run(&hold(), Input::Start).result));
        let asked = store.asked.lock().unwrap();
        assert_eq!(asked.len(), if answers { 16 } else { 1 });
        assert!(asked.iter().all(|key| key == "jp.tebura.asks-the-store-again//v1/holds"), "{asked:?}");
    }
}
