//! The twelve documents of `examples/contracts`, each run to one of its ends or more, with everybody's money at the end.

use serde_json::json;

use super::desk::{Desk, example};
use crate::contracts::{Happened, TellError};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

macro_rules! document {
    ($name:literal) => {
        example(include_str!(concat!("../../../../../examples/contracts/", $name, "/contract.json")))
    };
}

#[tokio::test]
async fn boj_4_the_rider_of_a_taxi_raises_the_limit_and_the_meter_states_the_fare() {
    let mut desk = Desk::open().await;
    let view = desk.begin(&document!("taxi-cap")).await;
    assert_eq!(view.contract.place(view.record.state().unwrap()), Some("ride"));
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 5_000), "the limit is held, and nothing is paid");
    desk.act("rider", "raise_cap").await.unwrap();
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 8_000));
    desk.attest("meter", "meter.final", json!({"fare": 6_300})).await.unwrap();
    assert_eq!(desk.gain("rider", "cbdc").await, (-6_300, 0));
    assert_eq!(desk.gain("taxi", "cbdc").await, (6_300, 0));
    assert_eq!(desk.end().await.as_deref(), Some("ride"));
    assert!(desk.view().await.record.due_at.is_none(), "nothing is left to do");
}

#[tokio::test]
async fn boj_4_a_meter_that_says_nothing_gives_everything_back_at_the_deadline() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("taxi-cap")).await;
    desk.pass(3 * HOUR - 1).await;
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 5_000));
    desk.pass(1).await;
    assert_eq!(desk.gain("rider", "cbdc").await, (0, 0));
    assert_eq!(desk.end().await.as_deref(), Some("ride in silence"));
    let late = desk.attest("meter", "meter.final", json!({"fare": 1_000})).await.unwrap_err();
    assert!(matches!(late, TellError::Refused(_)), "{late}");
}

#[tokio::test]
async fn boj_7_boj_8_pay_3_a_restaurant_holds_when_it_accepts_and_takes_a_fee_that_grows() {
    for (before_table, fee) in [(4 * DAY, 0), (2 * DAY, 1_800), (5 * HOUR, 3_000)] {
        let mut desk = Desk::open().await;
        let document = document!("restaurant-cancel");
        let parties = desk.people(&document).await;
        let mut proposal = desk.proposal(document, parties);
        proposal.anchors.insert("table".to_owned(), desk.at(10 * DAY));
        desk.begin_with(proposal).await;
        assert_eq!(desk.gain("guest", "emoney").await, (0, 0), "nothing is held before the restaurant accepts");
        desk.act("shop", "accept").await.unwrap();
        assert_eq!(desk.gain("guest", "emoney").await, (0, 6_000));
        desk.pass(10 * DAY - before_table).await;
        desk.act("guest", "cancel").await.unwrap();
        assert_eq!(desk.gain("guest", "emoney").await, (-fee, 0));
        assert_eq!(desk.gain("shop", "emoney").await, (fee, 0));
    }
}

#[tokio::test]
async fn boj_1_boj_13_a_guest_who_does_not_come_pays_after_a_day_to_object_also_when_the_hub_was_down() {
    let mut desk = Desk::open().await;
    let document = document!("restaurant-cancel");
    let parties = desk.people(&document).await;
    let mut proposal = desk.proposal(document, parties);
    proposal.anchors.insert("table".to_owned(), desk.at(10 * DAY));
    desk.begin_with(proposal).await;
    desk.act("shop", "accept").await.unwrap();
    // Down for three weeks: two deadlines were missed, and fire in order at the next tick, once.
    desk.pass(21 * DAY).await;
    assert_eq!(desk.gain("shop", "emoney").await, (6_000, 0));
    assert_eq!(desk.end().await.as_deref(), Some("noshow in silence"));
    desk.pass(1).await;
    desk.pass(DAY).await;
    assert_eq!(desk.gain("shop", "emoney").await, (6_000, 0));
    assert_eq!(desk.gain("guest", "emoney").await, (-6_000, 0));
}

#[tokio::test]
async fn boj_9_boj_21_money_against_the_title_of_a_car_at_the_price_that_was_stated_before() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("usedcar-dvp")).await;
    assert_eq!((desk.gain("buyer", "cbdc").await, desk.gain("seller", "asset").await), ((0, 1_800_000), (0, 1)));
    desk.attest("assessor", "assessed", json!({"value": 1_650_000})).await.unwrap();
    desk.attest("registry", "transfer_ready", json!({})).await.unwrap();
    assert_eq!(desk.gain("seller", "cbdc").await, (0, 0), "one of two is not enough");
    desk.attest("buyer", "transfer_ready", json!({})).await.unwrap();
    assert_eq!((desk.gain("buyer", "cbdc").await, desk.gain("buyer", "asset").await), ((-1_650_000, 0), (1, 0)));
    assert_eq!((desk.gain("seller", "cbdc").await, desk.gain("seller", "asset").await), ((1_650_000, 0), (-1, 0)));
}

#[tokio::test]
async fn used_car_a_buyer_who_walks_away_has_the_money_and_the_seller_the_car() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("usedcar-dvp")).await;
    desk.attest("assessor", "assessed", json!({"value": 1_650_000})).await.unwrap();
    desk.attest("registry", "transfer_ready", json!({})).await.unwrap();
    desk.act("buyer", "walk_away").await.unwrap();
    assert_eq!((desk.gain("buyer", "cbdc").await, desk.gain("seller", "asset").await), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn boj_10_the_clinics_bill_takes_from_the_patient_and_from_the_city() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("clinic")).await;
    desk.attest("receipt", "exam.start", json!({})).await.unwrap();
    desk.attest("receipt", "bill", json!({"patient": 2_340, "city": 780})).await.unwrap();
    assert_eq!(desk.gain("patient", "emoney").await, (-2_340, 0));
    assert_eq!(desk.gain("city", "deposit").await, (-780, 0));
    assert_eq!((desk.gain("clinic", "emoney").await, desk.gain("clinic", "deposit").await), ((2_340, 0), (780, 0)));
}

#[tokio::test]
async fn clin_7_a_patient_who_leaves_before_the_examination_pays_nothing() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("clinic")).await;
    desk.act("patient", "leave").await.unwrap();
    assert_eq!((desk.gain("patient", "emoney").await, desk.gain("city", "deposit").await), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn boj_5_a_repair_costs_more_than_the_limit_only_with_fresh_consent() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("emergency-repair")).await;
    desk.act("fixer", "ask_more").await.unwrap();
    assert_eq!(desk.gain("home", "cbdc").await, (0, 30_000), "asked, not raised");
    let entries = desk.view().await.entries;
    let asked = entries.iter().rev().find_map(|entry| match &entry.happened {
        Happened::Asked { party, statement, preview } => Some((party.clone(), statement.clone(), preview.len())),
        _ => None,
    });
    let (party, statement, previewed) = asked.unwrap();
    assert_eq!((party.as_str(), previewed), ("home", 1));
    desk.say("home", json!({"consent": {"statement": statement, "granted": true}})).await.unwrap();
    assert_eq!(desk.gain("home", "cbdc").await, (0, 60_000));
    desk.attest("fixer", "done", json!({"bill": 41_000})).await.unwrap();
    desk.attest("home", "done", json!({"bill": 40_000})).await.unwrap();
    assert_eq!(desk.gain("fixer", "cbdc").await, (0, 0), "two bills are no agreement");
    let view = desk.view().await;
    let open = view.contract.who_may_act(view.record.state().unwrap(), desk.hub.now());
    let done = open.iter().find(|edge| edge.name == "done").unwrap();
    assert_eq!((&done.by[..], done.missing), (&["fixer".to_owned(), "home".to_owned()][..], 1), "either may give in");
    desk.attest("fixer", "done", json!({"bill": 40_000})).await.unwrap();
    assert_eq!((desk.gain("home", "cbdc").await, desk.gain("fixer", "cbdc").await), ((-40_000, 0), (40_000, 0)));
}

#[tokio::test]
async fn boj_6_escrow_pays_the_seller_and_the_market_or_as_the_desk_rules() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("c2c-escrow")).await;
    desk.attest("post", "delivered", json!({})).await.unwrap();
    desk.act("buyer", "accept").await.unwrap();
    assert_eq!(desk.gain("seller", "emoney").await, (10_800, 0));
    assert_eq!(desk.gain("market", "emoney").await, (1_200, 0));

    let mut desk = Desk::open().await;
    desk.begin(&document!("c2c-escrow")).await;
    desk.attest("post", "delivered", json!({})).await.unwrap();
    desk.act("buyer", "return").await.unwrap();
    desk.attest("desk", "ruling", json!({"to_seller": 4_000})).await.unwrap();
    assert_eq!((desk.gain("seller", "emoney").await, desk.gain("buyer", "emoney").await), ((4_000, 0), (-4_000, 0)));
}

#[tokio::test]
async fn boj_11_boj_19_an_appliance_orders_out_of_its_budget_until_the_owner_stops_it() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("iot-reorder")).await;
    for price in [1_500, 2_000] {
        desk.attest("device", "reorder", json!({"price": price})).await.unwrap();
        desk.pass(7 * DAY).await;
    }
    assert_eq!(desk.gain("owner", "cbdc").await, (-3_500, 2_500));
    desk.act("owner", "stop").await.unwrap();
    assert_eq!((desk.gain("owner", "cbdc").await, desk.gain("shop", "cbdc").await), ((-3_500, 0), (3_500, 0)));
}

#[tokio::test]
async fn boj_22_the_deposit_goes_back_to_who_came_and_stays_from_who_did_not() {
    for (came, kept) in [(true, 0), (false, 1_000)] {
        let mut desk = Desk::open().await;
        let document = document!("public-deposit");
        let parties = desk.people(&document).await;
        let mut proposal = desk.proposal(document, parties);
        proposal.anchors.insert("slot".to_owned(), desk.at(2 * DAY));
        desk.begin_with(proposal).await;
        desk.pass(2 * DAY).await;
        if came {
            desk.attest("gate", "entered", json!({})).await.unwrap();
        }
        desk.pass(4 * DAY).await;
        assert_eq!(desk.gain("family", "emoney").await, (-kept, 0));
        assert_eq!(desk.gain("city", "emoney").await, (kept, 0));
    }
}

#[tokio::test]
async fn boj_14_lessons_are_paid_one_by_one_and_the_rest_is_the_students() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("prepay-protect")).await;
    for _ in 0..3 {
        desk.attest("roll", "lesson", json!({})).await.unwrap();
    }
    desk.act("student", "quit").await.unwrap();
    assert_eq!(
        (desk.gain("student", "deposit").await, desk.gain("school", "deposit").await),
        ((-15_000, 0), (15_000, 0))
    );
}

#[tokio::test]
async fn boj_15_a_pledge_pays_the_bank_what_is_due_two_weeks_after_a_default() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("collateral")).await;
    desk.pass(100 * DAY).await;
    desk.attest("loanbook", "default", json!({"due": 120_000})).await.unwrap();
    desk.pass(14 * DAY - 1).await;
    assert_eq!(desk.gain("owner", "cbdc").await, (0, 300_000));
    desk.pass(1).await;
    assert_eq!((desk.gain("owner", "cbdc").await, desk.gain("bank", "cbdc").await), ((-120_000, 0), (120_000, 0)));
}

#[tokio::test]
async fn boj_20_the_payer_pays_on_one_rail_and_the_shop_is_paid_on_another_or_neither() {
    let mut desk = Desk::open().await;
    desk.begin(&document!("interop")).await;
    desk.attest("switch", "fulfil", json!({})).await.unwrap();
    assert_eq!((desk.gain("payer", "cbdc").await, desk.gain("lp", "cbdc").await), ((-3_000, 0), (3_000, 0)));
    assert_eq!((desk.gain("lp", "emoney").await, desk.gain("shop", "emoney").await), ((-2_990, 0), (2_990, 0)));

    let mut desk = Desk::open().await;
    desk.begin(&document!("interop")).await;
    desk.pass(60_000).await;
    assert_eq!((desk.gain("payer", "cbdc").await, desk.gain("lp", "emoney").await), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn deposit_becomes_a_pledge_without_being_given_back_in_between() {
    let mut desk = Desk::open().await;
    let (document, pledge) = (document!("hold-to-collateral"), document!("collateral"));
    let mut parties = desk.people(&pledge).await;
    parties.extend(desk.people(&document).await);
    let mut proposal = desk.proposal(document, parties);
    proposal.further.push(pledge);
    desk.begin_with(proposal).await;
    desk.pass(30 * DAY).await;
    desk.act("owner", "pledge").await.unwrap();
    desk.act("bank", "pledge").await.unwrap();
    assert_eq!(desk.gain("owner", "cbdc").await, (0, 300_000), "the same money stays held");
    let view = desk.view().await;
    let next = view.entries.iter().find_map(|entry| match &entry.happened {
        Happened::MovedOn { contract, .. } => Some(contract.0),
        _ => None,
    });
    desk.id = next;
    let following = desk.view().await;
    assert_eq!(following.contract.place(following.record.state().unwrap()), Some("pledged"));
    desk.pass(150 * DAY).await;
    desk.attest("loanbook", "default", json!({"due": 250_000})).await.unwrap();
    desk.pass(20 * DAY).await;
    assert_eq!((desk.gain("owner", "cbdc").await, desk.gain("bank", "cbdc").await), ((-250_000, 0), (250_000, 0)));
}
