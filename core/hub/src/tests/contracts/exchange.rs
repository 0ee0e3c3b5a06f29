//! BOJ-20 and BOJ-21: a leg on a rail that can be silent, declined or late, against a leg in the hub's own books. Both are
//! captured or both are given back, whatever the far end does and wherever the hub stops.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tebura_ledger::{Uuid, Verdict};

use super::super::cut_off::dying_store::Death;
use super::super::world::{MISHAPS, Mishap, RAIL, key, yen};
use super::desk::{Desk, PURSE, example};
use crate::contracts::{AccountRef, PartyBinding};
use crate::ids::ApiKeyId;
use crate::resolve_operation::ResolveOperation;

const DAY: i64 = 24 * 3_600_000;

/// The exchange of the examples, with its e-money on a rail outside: the payer's CBDC against a provider's e-money.
fn outside() -> Value {
    let mut document = example(include_str!("../../../../../examples/contracts/interop/contract.json"));
    document["legs"]["emoney"]["rail"] = json!(RAIL);
    document["grace"] = json!("PT10M");
    document["states"]["both_held"]["by"] = json!("PT30M");
    document
}

async fn begun() -> Desk {
    let mut desk = Desk::open().await;
    let document = outside();
    let parties = desk.people(&document).await;
    desk.begin_with(desk.proposal(document, parties)).await;
    desk
}

/// What the far end holds, and what it has paid out.
fn far(desk: &Desk) -> (i64, i64) {
    let wallet = desk.far_end.wallet();
    (wallet.holds.values().sum(), wallet.captured)
}

#[tokio::test]
async fn both_are_captured_when_the_switch_says_so() {
    let mut desk = begun().await;
    assert_eq!((desk.gain("payer", "cbdc").await, far(&desk)), ((0, 3_000), (2_990, 0)));
    desk.attest("switch", "fulfil", json!({})).await.unwrap();
    assert_eq!((desk.gain("payer", "cbdc").await, desk.gain("lp", "cbdc").await), ((-3_000, 0), (3_000, 0)));
    assert_eq!(far(&desk), (0, 2_990));
}

#[tokio::test]
async fn whatever_happens_to_the_capture_outside_both_legs_end_alike() {
    for first in MISHAPS {
        for second in MISHAPS {
            let mut desk = begun().await;
            desk.far_end.plan(&[first, second, first, second, first]);
            desk.attest("switch", "fulfil", json!({})).await.unwrap();
            for _ in 0..40 {
                desk.pass(60_000).await;
            }
            desk.pass(3 * DAY).await;
            desk.pass(3 * DAY).await;
            let inside = desk.gain("payer", "cbdc").await;
            let (held, captured) = far(&desk);
            assert_eq!(inside.1, 0, "{first:?}, {second:?}: nothing stays held inside");
            assert_eq!((held, captured), (0, if inside.0 == 0 { 0 } else { 2_990 }), "{first:?}, {second:?}");
            assert!(inside.0 == 0 || inside.0 == -3_000, "{first:?}, {second:?}");
            assert_eq!(desk.gain("lp", "cbdc").await.0, -inside.0);
        }
    }
}

#[tokio::test]
async fn an_unknown_capture_outside_keeps_the_money_inside_held_past_every_deadline() {
    let mut desk = begun().await;
    desk.far_end.plan(&[Mishap::LostReply; 400]);
    desk.attest("switch", "fulfil", json!({})).await.unwrap();
    // The contract's deadline and the grace pass; nobody knows yet whether the e-money was paid.
    for _ in 0..12 {
        desk.pass(3_600_000).await;
        assert_eq!(desk.gain("payer", "cbdc").await, (0, 3_000));
    }
    desk.far_end.plan(&[]);
    for _ in 0..4 {
        desk.pass(3_600_000).await;
    }
    assert_eq!((desk.gain("payer", "cbdc").await, far(&desk).1), ((-3_000, 0), 2_990), "it was paid, so both are");
}

#[tokio::test]
async fn two_operators_decide_months_later_and_the_money_inside_still_stands() {
    let mut desk = begun().await;
    desk.far_end.plan(&[Mishap::LostReply; 400]);
    desk.attest("switch", "fulfil", json!({})).await.unwrap();
    for _ in 0..100 {
        desk.pass(DAY).await;
    }
    assert_eq!(desk.gain("payer", "cbdc").await, (0, 3_000));
    let hold = desk.view().await.record.progress.holds["emoney"].0;
    let operations = desk.hub.store().operations_of(hold).await.unwrap();
    let stuck = operations.iter().find(|operation| !operation.state().is_final()).unwrap();
    for by in [1, 2] {
        let by = ApiKeyId::from_uuid(Uuid::from_u128(by << 8));
        let verdict = Verdict::Settled { reference: "their letter".to_owned(), amount: yen(2_990) };
        let command = ResolveOperation { operation: stuck.id(), by, verdict };
        desk.hub.resolve_operation(key(&format!("{by}")), command).await.unwrap();
    }
    desk.pass(DAY).await;
    assert_eq!((desk.gain("payer", "cbdc").await, desk.gain("lp", "cbdc").await), ((-3_000, 0), (3_000, 0)));
    assert!(desk.view().await.record.due_at.is_none());
}

#[tokio::test]
async fn a_capture_that_is_declined_outside_gives_both_back() {
    let mut desk = begun().await;
    // The far end has lost the hold: whatever is asked of it, there is nothing to take.
    desk.far_end.give_back_all();
    desk.attest("switch", "fulfil", json!({})).await.unwrap();
    for _ in 0..10 {
        desk.pass(60_000).await;
    }
    assert_eq!((desk.gain("payer", "cbdc").await, far(&desk)), ((0, 0), (0, 0)));
    assert_eq!(desk.end().await.as_deref(), Some("unwound"));
}

#[tokio::test]
async fn a_leg_that_cannot_be_held_gives_the_other_back() {
    let mut desk = Desk::open().await;
    let mut document = outside();
    // More than the far end has.
    document["legs"]["emoney"]["hold"] = json!(90_000);
    let parties = desk.people(&document).await;
    desk.begin_with(desk.proposal(document, parties)).await;
    desk.pass(60_000).await;
    assert_eq!((desk.gain("payer", "cbdc").await, far(&desk).0), ((0, 0), 0));
    assert_eq!(desk.end().await.as_deref(), Some("unfunded"));

    let mut desk = Desk::open().await;
    let mut document = outside();
    document["legs"]["cbdc"]["hold"] = json!(PURSE + 1);
    let parties = desk.people(&document).await;
    desk.begin_with(desk.proposal(document, parties)).await;
    desk.pass(60_000).await;
    assert_eq!((desk.gain("payer", "cbdc").await, far(&desk).0), ((0, 0), 0));
}

#[tokio::test]
async fn a_person_bound_by_an_instrument_only_has_agreed_with_the_merchant() {
    let mut desk = Desk::open().await;
    let document = outside();
    let mut parties = desk.people(&document).await;
    for payer in ["payer", "lp"] {
        parties.get_mut(payer).unwrap().signs = None;
    }
    let proposal = desk.proposal(document, parties);
    let view = desk.propose("at once", proposal).await.unwrap();
    assert!(view.agreement_awaited().is_empty());
    assert_eq!(desk.gain("payer", "cbdc").await, (0, 3_000));
}

#[tokio::test]
async fn a_merchant_is_paid_and_does_not_pay() {
    let mut desk = Desk::open().await;
    let document = example(include_str!("../../../../../examples/contracts/taxi-cap/contract.json"));
    let mut parties = desk.people(&document).await;
    let rail = tebura_ledger::RailId::new("cbdc").unwrap();
    let word = super::super::world::key("payee");
    desk.hub.add_payee(word, desk.merchant, rail, None, tebura_ledger::Currency::JPY).await.unwrap();
    let shop = |signs| PartyBinding { signs, accounts: vec![AccountRef::Merchant(desk.merchant)] };
    let taxi = shop(parties["taxi"].signs);
    parties.insert("taxi".to_owned(), taxi);
    let proposal = desk.proposal(document.clone(), parties.clone());
    desk.begin_with(proposal).await;
    desk.attest("meter", "meter.final", json!({"fare": 4_000})).await.unwrap();
    assert_eq!(desk.gain("rider", "cbdc").await, (-4_000, 0));

    let rider = PartyBinding { signs: parties["rider"].signs, accounts: vec![AccountRef::Merchant(desk.merchant)] };
    parties.insert("rider".to_owned(), rider);
    let error = desk.propose("pays", desk.proposal(document, parties)).await.unwrap_err();
    assert!(error.to_string().contains("not a merchant"), "{error}");
}

#[tokio::test]
async fn boj_20_wherever_the_hub_stops_both_legs_end_alike() {
    let (mut both, mut neither) = (0, 0);
    for nth in 0..7 {
        for death in [Death::BeforeCommit(nth), Death::AfterCommit(nth), Death::AfterAct(nth)] {
            for mishap in [Mishap::None, Mishap::LostReply] {
                for from_the_proposal in [false, true] {
                    let context = format!("{death:?} {mishap:?} from the proposal: {from_the_proposal}");
                    let mut desk = Desk::open().await;
                    let document = outside();
                    let parties = desk.people(&document).await;
                    let proposal = desk.proposal(document, parties);
                    desk.propose("contract", proposal).await.unwrap();
                    desk.agree("lp").await.unwrap();
                    if !from_the_proposal {
                        desk.agree("payer").await.unwrap();
                    }
                    desk.far_end.plan(&[mishap]);
                    desk.restart(Some(death));
                    let signed = if from_the_proposal {
                        let hash = desk.hash.clone().unwrap();
                        desk.signed("payer", &json!({"agree": hash}))
                    } else {
                        desk.signed("switch", &json!({"attest": "fulfil", "fields": {}}))
                    };
                    let id = desk.id.unwrap();
                    // The process may die in the middle, or before it answers.
                    let _ = desk.hub.tell_contract(id, &signed).await;

                    desk.restart(None);
                    desk.hub.recover(true).await.unwrap();
                    desk.pass(5_000).await;
                    // Whoever had no answer says it again, word for word.
                    let again = desk.hub.tell_contract(id, &signed).await;
                    assert!(again.is_ok() || from_the_proposal, "{context}: {again:?}");
                    for _ in 0..60 {
                        desk.pass(60_000).await;
                    }
                    desk.pass(3 * DAY).await;
                    desk.pass(3 * DAY).await;
                    let inside = desk.gain("payer", "cbdc").await;
                    let paid = inside.0 != 0;
                    assert_eq!(inside, (if paid { -3_000 } else { 0 }, 0), "{context}");
                    assert_eq!(far(&desk), (0, if paid { 2_990 } else { 0 }), "{context}");
                    assert!(desk.far_end.wallet().acts.values().all(|acts| *acts == 1), "{context}");
                    assert!(desk.view().await.record.due_at.is_none(), "{context}: something is left to do");
                    if paid { both += 1 } else { neither += 1 }
                }
            }
        }
    }
    assert_eq!((both, neither), (42, 42), "said before the deadline: both; only agreed to: neither");
}

#[tokio::test]
async fn boj_21_in_the_hubs_own_books_money_and_title_change_hands_in_one_transaction() {
    let document = example(include_str!("../../../../../examples/contracts/usedcar-dvp/contract.json"));
    for (shards, commits) in [(1, 1), (3, 4)] {
        for nth in 0..5 {
            for death in [None, Some(Death::BeforeCommit(nth)), Some(Death::AfterCommit(nth))] {
                let mut desk = Desk::open_on(shards).await;
                desk.begin(&document).await;
                desk.attest("assessor", "assessed", json!({"value": 1_650_000})).await.unwrap();
                desk.attest("registry", "transfer_ready", json!({})).await.unwrap();
                desk.restart(death);
                let signed = desk.signed("buyer", &json!({"attest": "transfer_ready", "fields": {}}));
                let id = desk.id.unwrap();
                let first = desk.hub.tell_contract(id, &signed).await;
                if death.is_none() {
                    assert!(desk.commits.load(Ordering::SeqCst) <= commits, "in {shards} shards");
                    assert!(first.is_ok());
                }
                desk.restart(None);
                desk.hub.recover(true).await.unwrap();
                desk.pass(5_000).await;
                desk.hub.tell_contract(id, &signed).await.unwrap();
                desk.pass(60_000).await;
                assert_eq!(desk.gain("seller", "cbdc").await, (1_650_000, 0), "{shards} {death:?}");
                assert_eq!(desk.gain("buyer", "cbdc").await, (-1_650_000, 0), "{shards} {death:?}");
                assert_eq!(desk.gain("buyer", "asset").await, (1, 0), "{shards} {death:?}");
                assert_eq!(desk.gain("seller", "asset").await, (-1, 0), "{shards} {death:?}");
                assert!(desk.view().await.record.due_at.is_none(), "{shards} {death:?}");
            }
        }
    }
}
