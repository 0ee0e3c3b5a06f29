//! What does not count: words of others, words again, words too late or about something else; and holds that a contract
//! decides about.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::world::key;
use super::desk::{Desk, example};
use crate::capture_hold::{CaptureHold, OverCapture};
use crate::change_hold::ChangeHoldError;
use crate::contracts::{BindError, PartyBinding, ProposeError, TellError};
use crate::ports::Caller;
use crate::release_hold::ReleaseHold;
use crate::statements::StatementError;

fn taxi() -> serde_json::Value {
    example(include_str!("../../../../../examples/contracts/taxi-cap/contract.json"))
}

#[tokio::test]
async fn nothing_is_held_before_the_payer_has_agreed_to_this_document() {
    let mut desk = Desk::open().await;
    let parties = desk.people(&taxi()).await;
    let view = desk.propose("contract", desk.proposal(taxi(), parties)).await.unwrap();
    assert_eq!(view.agreement_awaited(), ["rider"]);
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 0));
    let early = desk.attest("meter", "meter.final", json!({"fare": 1})).await.unwrap_err();
    assert!(matches!(early, TellError::NotBegun(ref who) if who == &["rider"]), "{early}");
    let other = format!("sha256:{}", "0".repeat(64));
    let wrong = desk.say("rider", json!({"agree": other})).await.unwrap_err();
    assert!(matches!(wrong, TellError::OtherDocument { .. }), "{wrong}");
    let nothing = desk.agree("meter").await.unwrap_err();
    assert!(matches!(nothing, TellError::NothingToAgree(_)), "{nothing}");
    desk.agree("rider").await.unwrap();
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 5_000));
    let again = desk.agree("rider").await.unwrap_err();
    assert!(matches!(again, TellError::BegunAlready), "{again}");
}

#[tokio::test]
async fn a_proposal_that_nobody_agrees_to_lapses() {
    let mut desk = Desk::open().await;
    let parties = desk.people(&taxi()).await;
    desk.propose("contract", desk.proposal(taxi(), parties)).await.unwrap();
    desk.pass(3_600_000).await;
    assert_eq!(desk.end().await.as_deref(), Some("lapsed"));
    let late = desk.agree("rider").await.unwrap_err();
    assert!(matches!(late, TellError::Lapsed), "{late}");
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 0));
}

#[tokio::test]
async fn the_same_words_again_change_nothing_and_other_words_under_their_nonce_are_refused() {
    let mut desk = Desk::open().await;
    let document = example(include_str!("../../../../../examples/contracts/iot-reorder/contract.json"));
    desk.begin(&document).await;
    let signed = desk.signed("device", &json!({"attest": "reorder", "fields": {"price": 1_000}}));
    let id = desk.id.unwrap();
    assert!(!desk.hub.tell_contract(id, &signed).await.unwrap().repeated);
    assert!(desk.hub.tell_contract(id, &signed).await.unwrap().repeated);
    assert_eq!(desk.gain("shop", "cbdc").await, (1_000, 0), "ordered once");

    let said = json!({"attest": "reorder", "fields": {"price": 2_000}, "nonce": "nonce-0000000001"});
    let first =
        desk.signed("device", &json!({"attest": "reorder", "fields": {"price": 900}, "nonce": "nonce-00000000x1"}));
    desk.hub.tell_contract(id, &first).await.unwrap();
    let mut other = said;
    other["nonce"] = json!("nonce-00000000x1");
    let error = desk.say("device", other).await.unwrap_err();
    assert!(matches!(error, TellError::NonceUsed { .. }), "{error}");
    desk.pass(3_600_000).await;
    let replayed = desk.hub.tell_contract(id, &signed).await.unwrap_err();
    assert!(matches!(replayed, TellError::Statement(StatementError::Expired { .. })), "{replayed}");
    assert_eq!(desk.gain("shop", "cbdc").await, (1_900, 0));
}

#[tokio::test]
async fn words_count_only_from_who_may_say_them_and_where_they_belong() {
    let mut desk = Desk::open().await;
    desk.begin(&taxi()).await;
    // The taxi signs as the meter.
    let mut forged = desk.signed("taxi", &json!({"attest": "meter.final", "fields": {"fare": 5_000}}));
    let text = String::from_utf8(forged.body.clone()).unwrap();
    forged.body = text.replace("\"by\":\"taxi\"", "\"by\":\"meter\"").into_bytes();
    let id = desk.id.unwrap();
    let error = desk.hub.tell_contract(id, &forged).await.unwrap_err();
    assert!(matches!(error, TellError::Statement(StatementError::SignatureWrong { .. })), "{error}");
    let error = desk.say("taxi", json!({"attest": "meter.final", "fields": {"fare": 5_000}, "by": "meter"})).await;
    assert!(matches!(error, Err(TellError::NotThatParty { .. })));
    let error = desk.say("taxi", json!({"attest": "meter.final", "fields": {"fare": 5_000}})).await.unwrap_err();
    assert!(matches!(error, TellError::Refused(_)), "{error}");
    let error = desk.say("taxi", json!({"act": "cancel", "by": "driver"})).await.unwrap_err();
    assert!(matches!(error, TellError::PartyUnknown(_)), "{error}");

    // Said of one contract, sent to another.
    let first = desk.id;
    let parties = desk.people(&taxi()).await;
    let proposal = desk.proposal(taxi(), parties);
    desk.propose("second", proposal).await.unwrap();
    desk.agree("rider").await.unwrap();
    let second = desk.id.unwrap();
    desk.id = first;
    let signed = desk.signed("meter", &json!({"attest": "meter.final", "fields": {"fare": 5_000}}));
    let error = desk.hub.tell_contract(second, &signed).await.unwrap_err();
    assert!(matches!(error, TellError::OtherContract { .. }), "{error}");
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 10_000), "both are still held");
}

#[tokio::test]
async fn a_hold_under_a_contract_is_changed_by_the_contract_only() {
    let mut desk = Desk::open().await;
    let view = desk.begin(&taxi()).await;
    let hold = view.record.progress.holds["fare"].0;
    let caller = Caller::Operator;
    let capture = CaptureHold {
        caller: caller.clone(),
        hold,
        amount: None,
        finality: tebura_ledger::Finality::Final,
        split: vec![],
        over: OverCapture::Refuse,
        expected_version: None,
    };
    let error = desk.hub.capture_hold(key("take"), capture).await.unwrap_err();
    assert!(matches!(error, ChangeHoldError::UnderContract { .. }), "{error}");
    let release = ReleaseHold { caller, hold, amount: None, expected_version: None };
    let error = desk.hub.release_hold(key("free"), release).await.unwrap_err();
    assert!(matches!(error, ChangeHoldError::UnderContract { .. }), "{error}");
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 5_000));
}

#[tokio::test]
async fn parties_that_cannot_do_their_part_are_refused_at_the_proposal() {
    let mut desk = Desk::open().await;
    let parties = desk.people(&taxi()).await;
    let refused = |change: &dyn Fn(&mut BTreeMap<String, PartyBinding>)| {
        let mut changed = parties.clone();
        change(&mut changed);
        let proposal = desk.proposal(taxi(), changed);
        let hub = &desk.hub;
        async move {
            match hub.propose_contract(key("refused"), proposal).await {
                Err(ProposeError::Bind(error)) => error,
                other => panic!("{other:?}"),
            }
        }
    };
    let error = refused(&|parties| drop(parties.remove("meter"))).await;
    assert!(matches!(error, BindError::PartyMissing(_)), "{error}");
    let error = refused(&|parties| drop(parties.insert("driver".to_owned(), PartyBinding::default()))).await;
    assert!(matches!(error, BindError::PartyUnknown(_)), "{error}");
    let error = refused(&|parties| parties.get_mut("meter").unwrap().signs = None).await;
    assert!(matches!(error, BindError::SignerMissing { .. }), "{error}");
    let error = refused(&|parties| parties.get_mut("rider").unwrap().accounts.clear()).await;
    assert!(matches!(error, BindError::AccountMissing { .. }), "{error}");
    // The meter belongs to the taxi.
    let error = refused(&|parties| {
        let taxi = parties["taxi"].signs;
        parties.get_mut("meter").unwrap().signs = taxi;
    })
    .await;
    assert!(matches!(error, BindError::SameIdentity { .. }), "{error}");

    let mut broken = taxi();
    broken["states"]["ride"].as_object_mut().unwrap().remove("else");
    let error = desk.hub.propose_contract(key("broken"), desk.proposal(broken, parties)).await.unwrap_err();
    assert!(matches!(error, ProposeError::DocumentRefused(_)), "{error}");
}

#[tokio::test]
async fn the_same_request_again_answers_the_same_contract() {
    let mut desk = Desk::open().await;
    let parties = desk.people(&taxi()).await;
    let first = desk.propose("same", desk.proposal(taxi(), parties.clone())).await.unwrap();
    let again = desk.propose("same", desk.proposal(taxi(), parties)).await.unwrap();
    assert_eq!(first.record.id, again.record.id);
}
