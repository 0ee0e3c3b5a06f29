//! A provider that misbehaves once, in each way, at each write: the hub finds out what happened and both books agree.

use serde_json::json;
use tebura_providers::Misbehaviour;
use tempfile::TempDir;

use super::case::{CAPTURE, Case, PLACE, REFUND, RELEASE, finish, minor, prepare};
use super::far_end::FarEnd;
use super::hub::{HubProcess, Shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_request_is_sent_again() {
    check(Misbehaviour::LoseRequest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_is_found_again() {
    check(Misbehaviour::LoseReply).await;
}

/// An inquiry that finds nothing proves nothing so soon: until the rail's settle window is over the operation is
/// visibly unknown, the money stays where it is, and a repeat says the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_500_before_the_work_is_visibly_unknown() {
    tokio::join!(fail_before(&PLACE), fail_before(&CAPTURE), fail_before(&RELEASE), fail_before(&REFUND));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_500_after_the_work_does_not_count_as_declined() {
    check(Misbehaviour::FailAfter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_under_a_good_status_is_asked_about() {
    check(Misbehaviour::Garble).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_done_twice_counts_once() {
    check(Misbehaviour::ApplyTwice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_with_more_than_was_asked_is_not_believed() {
    check(Misbehaviour::OverstateAmount).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_about_another_operation_is_not_believed() {
    check(Misbehaviour::AnswerForAnother).await;
}

/// One write is enough: the call's own time has to run out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_never_answers_is_asked_again() {
    misbehave(&CAPTURE, Misbehaviour::NeverAnswer).await;
}

async fn check(misbehaviour: Misbehaviour) {
    for case in [&PLACE, &CAPTURE, &RELEASE, &REFUND] {
        misbehave(case, misbehaviour).await;
    }
}

async fn misbehave(case: &Case, misbehaviour: Misbehaviour) {
    eprintln!("{} / {misbehaviour:?}", case.kind);
    let far_end = FarEnd::start().await;
    let folder = TempDir::new().unwrap();
    let hub = HubProcess::start(folder.path(), &far_end.origin());
    let shop = Shop::open(&hub.operator()).await;
    let (path, body) = prepare(case, &shop, &hub.with_key(&shop.key)).await;
    far_end.provider().switches.next(case.target, misbehaviour);
    finish(case, &hub, &shop, &far_end, &path, &body).await;
    assert_eq!(far_end.provider().switches.rules(), [], "the misbehaviour was met");
}

async fn fail_before(case: &Case) {
    let far_end = FarEnd::start().await;
    let folder = TempDir::new().unwrap();
    let hub = HubProcess::start(folder.path(), &far_end.origin());
    let shop = Shop::open(&hub.operator()).await;
    let merchant = hub.with_key(&shop.key);
    let (path, body) = prepare(case, &shop, &merchant).await;
    let before = far_end.books().await;
    far_end.provider().switches.next(case.target, Misbehaviour::FailBefore);

    let (status, first) = merchant.try_post(&path, "the-key", &body).await.expect("the hub answers");
    assert_eq!((status, &first["operation"]["state"]), (202, &json!("unknown")), "{}: {first}", case.kind);
    let (status, again) = merchant.try_post(&path, "the-key", &body).await.expect("the hub answers");
    assert_eq!((status, &again["operation"]["id"]), (202, &first["operation"]["id"]), "{}: {again}", case.kind);
    let (_, set_aside, at_shop) = far_end.books().await;
    assert_eq!(far_end.books().await, before, "{}: the provider did nothing", case.kind);
    let payer = hub.operator().get(&format!("/v1/accounts/{}", shop.payer_account)).await;
    let held = minor(&payer["held"]);
    assert!(held >= set_aside, "{}: the hub keeps at least what the provider does, not {held}", case.kind);
    assert_eq!(minor(&payer["posted"]), -at_shop, "{}: nothing was paid on a guess", case.kind);
}
