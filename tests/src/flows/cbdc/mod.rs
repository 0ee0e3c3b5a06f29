//! The cbdc rail between a hub in a process of its own and the CBDC network: locks across two intermediaries, limits and
//! waterfalls, a ledger that is away, answers that are late, lost, twice or wrong. Money is counted on both sides.

mod exchange;
mod town;

use serde_json::json;
use tebura_providers::cbdc::LedgerLine;
use tebura_providers::{Misbehaviour, Target};

use self::town::{Books, RAIL, Town, id, yen};
use crate::support::until;

const KINDS: [&str; 3] = ["three_party", "two_party", "hash_time"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_a_lock_from_one_intermediarys_customer_for_the_others() {
    for lock in KINDS {
        let town = Town::open(lock, 100_000).await;
        let hold = town.place("hold", 4_000).await;
        let locked = Books { theirs: (6_000, 4_000, 40_000, 0, 0), ours: (0, 4_000, 0) };
        assert_eq!(town.books().await, locked, "{lock}");
        let (status, part) = town.capture("part", &hold, 1_000, false).await;
        assert_eq!((status, &part["hold"]["status"]), (201, &json!("partially_captured")), "{lock}: {part}");
        let extend = json!({ "expires_in_ms": 172_800_000 });
        town.merchant().post(&format!("/v1/holds/{hold}/extend"), "extend", &extend).await;
        let (status, rest) = town.capture("rest", &hold, 2_000, true).await;
        assert_eq!((status, &rest["hold"]["status"]), (201, &json!("captured")), "{lock}: {rest}");
        let refund = format!("/v1/captures/{}/refund", id(&rest["operation"], "id"));
        town.merchant().post(&refund, "refund", &json!({ "amount": yen(500) })).await;
        let other = town.place("other", 3_000).await;
        town.merchant().post(&format!("/v1/holds/{other}/release"), "release", &json!({})).await;
        let paid = Books { theirs: (7_500, 0, 40_000, 2_500, 0), ours: (2_500, 0, 2_500) };
        assert_eq!(town.books().await, paid, "{lock}");
        town.conserved().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_goes_to_a_deposit_and_what_lacks_comes_from_one() {
    let town = Town::open("three_party", 1_500).await;
    // 10,000 are in the wallet, 30,000 may be.
    let (status, above) = town.try_place("above", 30_001).await;
    assert_eq!((status, &above["code"]), (402, &json!("payer.holding_limit")), "{above}");
    let hold = town.place("hold", 25_000).await;
    let drawn = Books { theirs: (0, 25_000, 25_000, 0, 0), ours: (0, 25_000, 0) };
    assert_eq!(town.books().await, drawn, "15,000 came from the deposit");
    town.capture("first", &hold, 1_000, false).await;
    let (_, second) = town.capture("second", &hold, 2_000, false).await;
    let over = Books { theirs: (0, 22_000, 25_000, 1_500, 1_500), ours: (3_000, 22_000, 3_000) };
    assert_eq!(town.books().await, over, "the shop may hold 1,500");
    let refund = format!("/v1/captures/{}/refund", id(&second["operation"], "id"));
    town.merchant().post(&refund, "refund", &json!({})).await;
    town.merchant().post(&format!("/v1/holds/{hold}/release"), "release", &json!({})).await;
    let back = Books { theirs: (24_000, 0, 25_000, 0, 1_000), ours: (1_000, 0, 1_000) };
    assert_eq!(town.books().await, back, "500 of the refund came from the shop's deposit");
    town.conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_ledger_is_away_nothing_begins_and_a_capture_waits() {
    let town = Town::open("three_party", 0).await;
    let hold = town.place("hold", 4_000).await;
    town.far.network.set_lines(|lines| lines.ledger = LedgerLine::Down);
    let (status, refused) = town.try_place("refused", 100).await;
    assert_eq!((status, &refused["code"]), (402, &json!("intermediary.unavailable")), "{refused}");
    let (status, waiting) = town.capture("capture", &hold, 3_000, true).await;
    assert_eq!((status, &waiting["operation"]["state"]), (202, &json!("unknown")), "{waiting}");
    let held = Books { theirs: (6_000, 4_000, 40_000, 0, 0), ours: (0, 4_000, 0) };
    assert_eq!(town.books().await, held, "nothing is paid and nothing is free on a guess");
    town.far.network.set_lines(|lines| lines.ledger = LedgerLine::Up);
    until("the ledger has answered", async || town.capture("capture", &hold, 3_000, true).await.0 == 201).await;
    let paid = Books { theirs: (7_000, 0, 40_000, 0, 3_000), ours: (3_000, 0, 3_000) };
    assert_eq!(town.books().await, paid);
    town.conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_or_answer_lost_between_the_roles_is_found_again() {
    for line in [LedgerLine::LoseNextOrder, LedgerLine::LoseNextAnswer] {
        let town = Town::open("hash_time", 0).await;
        town.far.network.set_lines(|lines| lines.ledger = line);
        until("the lock is known", async || town.try_place("hold", 20_000).await.0 == 201).await;
        let (_, placed) = town.try_place("hold", 20_000).await;
        let hold = id(&placed["hold"], "id");
        assert_eq!(placed["hold"]["status"], "held", "{placed}");
        town.far.network.set_lines(|lines| lines.ledger = line);
        until("the payment is known", async || town.capture("capture", &hold, 20_000, true).await.0 == 201).await;
        let paid = Books { theirs: (0, 0, 30_000, 0, 20_000), ours: (20_000, 0, 20_000) };
        assert_eq!(town.books().await, paid);
        town.conserved().await;
    }
}

/// An intermediary that answers nothing, garbage, twice, too much or about another request: each write is done once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intermediary_that_misbehaves_is_asked_until_it_is_known() {
    let town = Town::open("three_party", 0).await;
    let mut paid = 0;
    for misbehaviour in [
        Misbehaviour::LoseRequest,
        Misbehaviour::LoseReply,
        Misbehaviour::FailAfter,
        Misbehaviour::Garble,
        Misbehaviour::ApplyTwice,
        Misbehaviour::OverstateAmount,
        Misbehaviour::AnswerForAnother,
    ] {
        let east = &town.far.east.switches;
        let key = |word: &str| format!("{word}-{paid}");
        east.next(Target::Preauthorization, misbehaviour);
        until("the lock is known", async || town.try_place(&key("hold"), 700).await.0 == 201).await;
        let (_, placed) = town.try_place(&key("hold"), 700).await;
        assert_eq!(placed["hold"]["status"], "held", "{misbehaviour:?}: {placed}");
        let hold = id(&placed["hold"], "id");
        east.next(Target::Capture, misbehaviour);
        until("the payment is known", async || town.capture(&key("pay"), &hold, 500, false).await.0 == 201).await;
        let (_, captured) = town.capture(&key("pay"), &hold, 500, false).await;
        east.next(Target::Revert, misbehaviour);
        east.next(Target::Refund, misbehaviour);
        let capture = id(&captured["operation"], "id");
        let writes = [
            (format!("/v1/holds/{hold}/release"), json!({})),
            (format!("/v1/captures/{capture}/refund"), json!({ "amount": yen(300) })),
        ];
        for (path, body) in writes {
            until("the write is known", async || {
                town.merchant().try_post(&path, &key(&path), &body).await.expect("the hub answers").0 == 201
            })
            .await;
        }
        paid += 200;
        let books = Books { theirs: (10_000 - paid, 0, 40_000, 0, paid), ours: (paid, 0, paid) };
        assert_eq!(town.books().await, books, "{misbehaviour:?}");
        town.conserved().await;
    }
}

/// The call's own time has to run out, so one write is enough; the answer that comes after it finds nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_after_the_hub_gave_up_changes_nothing() {
    let town = Town::open("three_party", 0).await;
    let hold = town.place("hold", 4_000).await;
    town.far.east.switches.next(Target::Capture, Misbehaviour::NeverAnswer);
    until("the payment is known", async || town.capture("capture", &hold, 3_000, true).await.0 == 201).await;
    let paid = Books { theirs: (7_000, 0, 40_000, 0, 3_000), ours: (3_000, 0, 3_000) };
    assert_eq!(town.books().await, paid);
    town.conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_sees_what_the_rail_can_do_before_any_hold() {
    let town = Town::open("three_party", 0).await;
    let rail = town.merchant().get(&format!("/v1/rails/{RAIL}")).await;
    let can = |name: &str| rail[name].clone();
    assert_eq!(can("commands"), json!(["hold", "extend", "capture", "release", "refund", "inquire"]), "{rail}");
    assert_eq!((can("finality"), can("settlement_delay_ms")), (json!("final"), json!(0)), "{rail}");
    let abilities = ["several_captures", "partial_release", "extend", "refund", "raise", "split", "reverse"].map(can);
    assert_eq!(json!(abilities), json!([true, true, true, true, false, false, false]), "{rail}");
    assert_eq!(can("pin"), true, "a three-party lock stands until the arbiter ends it: {rail}");
    assert_eq!((can("max_hold_ms"), can("max_per_operation")), (json!(31_622_400_000_i64), json!(1_000_000)), "{rail}");
    for lock in ["two_party", "hash_time"] {
        let timed = Town::open(lock, 0).await;
        let rail = timed.merchant().get(&format!("/v1/rails/{RAIL}")).await;
        assert_eq!(rail["pin"], false, "a {lock} lock has a deadline of its own: {rail}");
    }
}
