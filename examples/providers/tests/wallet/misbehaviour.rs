//! Each switch: what the caller sees, and what was done.

use tebura_providers::{Misbehaviour, Place, Rule, Target};

use crate::client::{Far, HUB, Reply, hold_body};

/// One hold under one misbehaviour: what the caller sees, and how much is set aside afterwards.
async fn hold(misbehaviour: Misbehaviour) -> (Result<Reply, std::io::Error>, i64, Far) {
    let far = Far::start().await;
    far.running.switches.next(Target::Preauthorization, misbehaviour);
    let reply = far.client().hold("op_1", 3_000).await;
    let held = far.balance("w1").await.held;
    (reply, held, far)
}

/// After any misbehaviour: the repeat under the same key settles once, and the books add up.
async fn repeat_settles_once(far: &Far) {
    let repeat = far.client().hold("op_1", 3_000).await.unwrap();
    assert_eq!((repeat.status, repeat.json()["status"].as_str()), (201, Some("settled")));
    assert_eq!(far.audit().await.held, 3_000);
}

#[tokio::test]
async fn a_lost_request_did_nothing() {
    let (reply, held, far) = hold(Misbehaviour::LoseRequest).await;
    assert!(reply.is_err());
    assert_eq!(held, 0);
    assert_eq!(far.client().ask("op_1").await.unwrap().status, 404);
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_lost_reply_was_work_done() {
    let (reply, held, far) = hold(Misbehaviour::LoseReply).await;
    assert!(reply.is_err());
    assert_eq!(held, 3_000);
    assert_eq!(far.client().ask("op_1").await.unwrap().json()["reference"], "pa_1");
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_500_before_the_work_did_nothing() {
    let (reply, held, far) = hold(Misbehaviour::FailBefore).await;
    assert_eq!(reply.unwrap().status, 500);
    assert_eq!(held, 0);
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_500_after_the_work_was_work_done() {
    let (reply, held, far) = hold(Misbehaviour::FailAfter).await;
    assert_eq!(reply.unwrap().status, 500);
    assert_eq!(held, 3_000);
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_garbled_reply_is_not_json() {
    let (reply, held, far) = hold(Misbehaviour::Garble).await;
    let reply = reply.unwrap();
    assert_eq!(reply.status, 201);
    assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());
    assert_eq!(held, 3_000);
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_delayed_reply_comes() {
    let (reply, held, far) = hold(Misbehaviour::Delay { ms: 1 }).await;
    assert_eq!(reply.unwrap().status, 201);
    assert_eq!(held, 3_000);
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_request_that_is_applied_twice_moves_money_once() {
    let (reply, held, far) = hold(Misbehaviour::ApplyTwice).await;
    assert_eq!(reply.unwrap().status, 201);
    assert_eq!(held, 3_000);
    repeat_settles_once(&far).await;

    let hub = far.client();
    for (target, path) in [(Target::Capture, "capture"), (Target::Refund, "refund")] {
        far.running.switches.next(target, Misbehaviour::ApplyTwice);
        let reply = match path {
            "capture" => hub.capture("pa_1", "op_2", 1_000, false).await,
            _ => hub.refund("cp_1", "op_3", 400).await,
        };
        assert_eq!(reply.unwrap().status, 201);
    }
    assert_eq!(far.money().await, (9_400, 2_000, 600));
    far.audit().await;
}

#[tokio::test]
async fn lies_are_told_and_not_booked() {
    let (reply, held, far) = hold(Misbehaviour::OverstateAmount).await;
    assert_eq!(reply.unwrap().json()["amount"], 3_001);
    assert_eq!(held, 3_000);
    repeat_settles_once(&far).await;
    let (reply, held, far) = hold(Misbehaviour::AnswerForAnother).await;
    assert_eq!(reply.unwrap().json()["operation"], "op_1-other");
    assert_eq!(held, 3_000);
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_caller_that_is_never_answered_is_let_go_at_shutdown() {
    let far = Far::start().await;
    let hub = far.client();
    far.running.switches.next(Target::Preauthorization, Misbehaviour::NeverAnswer);
    let waiting = tokio::spawn(hub.hold("op_1", 3_000));
    assert_eq!(hub.ask_until_decided("op_1").await.json()["status"], "settled");
    assert!(!waiting.is_finished());
    far.running.shutdown().await;
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_stop_the_work() {
    let far = Far::start().await;
    let hub = far.client();
    let mut pause = far.running.switches.pause(Target::Preauthorization, Place::Work);
    let body = hold_body("op_1", 3_000).to_string();
    let headers = [HUB, ("idempotency-key", "op_1")];
    let connection = hub.begin("POST", "/v1/preauthorizations", &headers, body.as_bytes()).await.unwrap();
    pause.arrived().await;
    drop(connection);
    pause.let_go();
    assert_eq!(hub.ask_until_decided("op_1").await.json()["status"], "settled");
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_request_that_still_runs_is_not_run_again() {
    let far = Far::start().await;
    let hub = far.client();
    let mut pause = far.running.switches.pause(Target::Any, Place::Work);
    let first = tokio::spawn(hub.hold("op_1", 3_000));
    pause.arrived().await;

    let second = hub.hold("op_1", 3_000).await.unwrap();
    assert_eq!((second.status, second.json()["code"].as_str()), (409, Some("key.in_work")));
    let asked = hub.ask("op_1").await.unwrap();
    assert_eq!((asked.status, asked.json()["status"].as_str()), (200, Some("pending")));

    pause.let_go();
    assert_eq!(first.await.unwrap().unwrap().status, 201);
    repeat_settles_once(&far).await;
}

#[tokio::test]
async fn a_request_on_its_way_cannot_be_found_and_arrives_later() {
    let far = Far::start().await;
    let hub = far.client();
    let mut pause = far.running.switches.pause(Target::Preauthorization, Place::Door);
    let first = tokio::spawn(hub.hold("op_1", 3_000));
    pause.arrived().await;
    assert_eq!(hub.ask("op_1").await.unwrap().status, 404, "which proves nothing");
    pause.let_go();
    assert_eq!(first.await.unwrap().unwrap().status, 201);
    assert_eq!(hub.ask("op_1").await.unwrap().json()["status"], "settled");
}

#[tokio::test]
async fn a_rule_counts_its_calls_and_leaves_others_alone() {
    let far = Far::start().await;
    let hub = far.client();
    let switches = &far.running.switches;
    switches.set(Rule { on: Target::Preauthorization, times: 2, misbehaviour: Misbehaviour::FailBefore });
    assert_eq!(hub.ask("op_1").await.unwrap().status, 404);
    assert_eq!(hub.hold("op_1", 1).await.unwrap().status, 500);
    assert_eq!(switches.rules()[0].times, 1);
    assert_eq!(hub.hold("op_1", 1).await.unwrap().status, 500);
    assert_eq!(switches.rules(), vec![]);
    assert_eq!(hub.hold("op_1", 1).await.unwrap().status, 201);

    switches.next(Target::Any, Misbehaviour::FailAfter);
    switches.clear();
    assert_eq!(hub.ask("op_1").await.unwrap().status, 200);
}
