//! kill -9 of the hub at every moment of an exchange with the wallet provider.
//!
//! Whatever the moment: after a restart the hub finishes by itself, the caller's repeat with the same key gets the
//! answer of the first request, nothing happens twice, and both sides' books agree.

use tebura_providers::{Misbehaviour, Place};
use tempfile::TempDir;

use super::case::{CAPTURE, Case, EXTEND, PLACE, RAISE, REFUND, RELEASE, finish, prepare};
use super::far_end::FarEnd;
use super::hub::{Api, HubProcess, Shop};
use crate::support::until;

/// When the hub dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Committed, and not a byte sent: the provider is down.
    BeforeSending,
    /// The provider has the request and has not looked at it.
    AtTheDoor,
    /// The provider works on it.
    InTheWork,
    /// The provider has done it and has not answered.
    BeforeTheReply,
}

const MOMENTS: [Moment; 4] = [Moment::BeforeSending, Moment::AtTheDoor, Moment::InTheWork, Moment::BeforeTheReply];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_survives_a_kill_at_any_moment() {
    check(&PLACE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_raise_survives_a_kill_at_any_moment() {
    check(&RAISE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_survives_a_kill_at_any_moment() {
    check(&EXTEND).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_survives_a_kill_at_any_moment() {
    check(&CAPTURE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_survives_a_kill_at_any_moment() {
    check(&RELEASE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_survives_a_kill_at_any_moment() {
    check(&REFUND).await;
}

async fn check(case: &Case) {
    for moment in MOMENTS {
        // That a deadline was moved shows in no balance: there is nothing to wait for.
        if case.kind == EXTEND.kind && moment == Moment::BeforeTheReply {
            continue;
        }
        eprintln!("{} / {moment:?}", case.kind);
        kill_and_finish(case, moment).await;
    }
}

async fn kill_and_finish(case: &Case, moment: Moment) {
    let mut far_end = FarEnd::start().await;
    let folder = TempDir::new().unwrap();
    let hub = HubProcess::start(folder.path(), &far_end.origin());
    let shop = Shop::open(&hub.operator()).await;
    let (path, body) = prepare(case, &shop, &hub.with_key(&shop.key)).await;

    let merchant = hub.with_key(&shop.key);
    let (task_path, task_body) = (path.clone(), body.clone());
    let paused = match moment {
        Moment::AtTheDoor => Some(far_end.provider().switches.pause(case.target, Place::Door)),
        Moment::InTheWork => Some(far_end.provider().switches.pause(case.target, Place::Work)),
        Moment::BeforeSending => {
            far_end.stop().await;
            None
        }
        Moment::BeforeTheReply => {
            far_end.provider().switches.next(case.target, Misbehaviour::NeverAnswer);
            None
        }
    };
    let before = far_end.books().await;
    let request = tokio::spawn(async move { merchant.try_post(&task_path, "the-key", &task_body).await });
    let mut paused = paused;
    match (&mut paused, moment) {
        (Some(pause), _) => pause.arrived().await,
        (None, Moment::BeforeSending) => {
            let merchant = hub.with_key(&shop.key);
            until("the operation is committed", async || is_committed(&merchant, case.kind).await).await;
        }
        (None, _) => until("the provider has done it", async || far_end.books().await != before).await,
    }
    hub.kill();
    assert_eq!(request.await.unwrap(), None, "the caller got no answer");

    match (paused, moment) {
        // The request arrives after its sender died.
        (Some(pause), Moment::AtTheDoor) => {
            pause.let_go();
            let hub = HubProcess::start(folder.path(), &far_end.origin());
            finish(case, &hub, &shop, &far_end, &path, &body).await;
        }
        // It is still being worked on when the hub is back.
        (Some(pause), _) => {
            let hub = HubProcess::start(folder.path(), &far_end.origin());
            pause.let_go();
            finish(case, &hub, &shop, &far_end, &path, &body).await;
        }
        (None, _) => {
            far_end.run().await;
            let hub = HubProcess::start(folder.path(), &far_end.origin());
            finish(case, &hub, &shop, &far_end, &path, &body).await;
        }
    }
}

async fn is_committed(merchant: &Api, kind: &str) -> bool {
    let holds = merchant.get("/v1/holds").await;
    let Some(id) = holds["items"][0]["id"].as_str() else { return false };
    let hold = merchant.get(&format!("/v1/holds/{id}")).await;
    hold["operations"].as_array().unwrap().iter().any(|operation| operation["kind"] == kind)
}
