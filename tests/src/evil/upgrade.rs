//! An operation ends with the version that began it, unless the newer one says that it reads its state.

use std::sync::Arc;

use tebura_hub::ports::Rail as _;
use tebura_hub::rail::{Next, RailError, RailOutcome, Step};
use tebura_plugin_host::{Bindings, InstalledRail, Package, PluginHost};

use super::guest::{component, manifest, signed};
use super::{NOW, hold, host, keyring, options, rail_of, reply};

/// An honest 1.0.0, replaced by a 2.0.0 that traps in every later step.
fn version(number: &str, guest: &str, reads: &str) -> Package {
    let text = manifest("honest").replacen("version = \"1.0.0\"", &format!("version = \"{number}\"\n{reads}"), 1);
    assert!(text.contains(number), "the evil manifest is version 1.0.0");
    signed(&text, component(guest))
}

async fn begun(host: &PluginHost) -> (Arc<InstalledRail>, Step) {
    let (old, _) = rail_of(host.install(&version("1.0.0", "honest", ""), Bindings::default(), NOW));
    let step = old.start(&hold()).await.unwrap();
    assert!(matches!(step.next, Next::Call(_)), "{step:?}");
    (old, step)
}

#[tokio::test]
async fn what_a_version_began_it_ends() {
    let host = host(keyring(""), None, options());
    let (_, step) = begun(&host).await;
    let (new, _) = rail_of(host.upgrade(&version("2.0.0", "traps-after-a-send", ""), Bindings::default(), NOW));
    let ended = new.resume(&hold(), &step.state, &reply()).await.unwrap();
    assert!(matches!(ended.next, Next::Done(RailOutcome::Settled { .. })), "{ended:?}");
    // Its own it ends itself.
    let own = new.start(&hold()).await.unwrap();
    let trapped = new.resume(&hold(), &own.state, &reply()).await;
    assert!(matches!(trapped, Err(RailError::Trapped { code: "plugin.trapped", .. })), "{trapped:?}");
}

#[tokio::test]
async fn a_version_that_reads_the_state_takes_the_operation_over() {
    let host = host(keyring(""), None, options());
    let (_, step) = begun(&host).await;
    let newer = version("2.0.0", "traps-after-a-send", "reads_state = [\"1.0.0\"]");
    let (new, _) = rail_of(host.upgrade(&newer, Bindings::default(), NOW));
    let trapped = new.resume(&hold(), &step.state, &reply()).await;
    assert!(matches!(trapped, Err(RailError::Trapped { code: "plugin.trapped", .. })), "{trapped:?}");
}

#[tokio::test]
async fn a_version_that_is_gone_leaves_its_operation_to_an_inquiry() {
    let first = host(keyring(""), None, options());
    let (_, step) = begun(&first).await;
    let second = host(keyring(""), None, options());
    let (new, _) = rail_of(second.install(&version("2.0.0", "honest", ""), Bindings::default(), NOW));
    let refused = new.resume(&hold(), &step.state, &reply()).await;
    let Err(RailError::Trapped { code, message }) = refused else { panic!("{refused:?}") };
    assert_eq!(code, "plugin.state_of_other_version");
    assert!(message.contains("begun by jp.tebura.evil 1.0.0") && message.contains("reads_state"), "{message}");
}

#[tokio::test]
async fn a_revoked_key_ends_what_the_old_version_began_too() {
    let host = host(keyring(""), None, options());
    let (_, step) = begun(&host).await;
    let (new, _) = rail_of(host.upgrade(&version("2.0.0", "honest", ""), Bindings::default(), NOW));
    assert!(host.revoke_key(&tebura_plugin_host::KeyId("author".to_owned()), "lost"));
    let refused = new.resume(&hold(), &step.state, &reply()).await;
    assert!(matches!(refused, Err(RailError::Revoked { .. })), "{refused:?}");
}
