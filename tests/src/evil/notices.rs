//! Guests that anybody can call: what they answer is checked, and what callers make them do does not touch payments.

use std::num::NonZeroUsize;

use tebura_hub::notices::{Inbound, News};
use tebura_hub::ports::Rail as _;
use tebura_hub::rail::{RailError, Step};
use tebura_plugin_host::{Bindings, HostOptions, Input};

use super::guest::renamed;
use super::{NOW, hold, host, keyring, options, rail_of, shown};

/// A request that nobody signed.
pub(super) fn request() -> Inbound {
    let headers = vec![("x-signature".to_owned(), "none".to_owned())];
    Inbound { route: "events".to_owned(), headers, body: b"{}".to_vec() }
}

/// News or their absence as one line.
pub(super) fn heard(result: &Result<Vec<News>, RailError>) -> String {
    match result {
        Ok(news) => format!("{news:?}"),
        Err(error) => shown(&Err::<Step, _>(error.clone())),
    }
}

#[tokio::test]
async fn strangers_cannot_pause_a_rail() {
    let host = host(keyring(""), None, options());
    let (evil, _) = rail_of(host.install(&renamed("traps-when-called-back"), Bindings::default(), NOW));
    for _ in 0..16 {
        let heard = evil.identify(&request(), NOW).await;
        assert!(matches!(heard, Err(RailError::Trapped { code: "plugin.trapped", .. })), "{heard:?}");
    }
    let paused = evil.identify(&request(), NOW).await;
    assert_eq!(paused, Err(RailError::Busy { retry_after_ms: 10_000 }), "its ear is shut for a while");
    let started = evil.start(&hold()).await;
    assert!(started.is_ok(), "and payments go on: {started:?}");
}

#[tokio::test]
async fn strangers_cannot_take_the_places_of_payments() {
    let options = HostOptions { threads: NonZeroUsize::new(2).unwrap(), per_plugin: 4, ..options() };
    let host = host(keyring(""), None, options);
    let (evil, _) = rail_of(host.install(&renamed("loops-when-called-back"), Bindings::default(), NOW));
    let (request, operation) = (request(), hold());
    let (one, two, three, paid) = tokio::join!(
        evil.identify(&request, NOW),
        evil.identify(&request, NOW),
        evil.identify(&request, NOW),
        evil.start(&operation)
    );
    let busy = [&one, &two, &three].iter().filter(|heard| matches!(heard, Err(RailError::Busy { .. }))).count();
    assert_eq!(busy, 2, "one of four places is for strangers: {one:?} {two:?} {three:?}");
    assert!(paid.is_ok(), "{paid:?}");
    assert!(evil.run(&operation, Input::Start).result.is_ok());
}
