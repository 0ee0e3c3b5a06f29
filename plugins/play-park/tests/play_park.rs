//! Residents, others, groups, a full park and one that closes.

use serde_json::{Value, json};
use tebura_plugin_play_park::PlayPark;
use tebura_plugin_test::service::{Ended, Harness};

fn park() -> Harness<PlayPark> {
    Harness::of(PlayPark).manifest(include_str!("../plugin.toml")).settings(json!({
        "municipality": "17206", "price": {"child": 300, "adult": 500}, "capacity": 6, "visit_minutes": 240
    }))
}

fn group(adults: u64, children: u64) -> Value {
    json!({ "adults": adults, "children": children })
}

fn waiting(ended: Ended) -> Value {
    let Ended::Waiting { output: Some(output) } = ended else { panic!("{ended:?}") };
    output
}

#[test]
fn residents_enter_free_by_a_claim() {
    let mut park = park();
    let visit = park.ask("enter", group(1, 2)).by("face", "hanako").claim("residence", "17206").begin();
    assert_eq!(
        waiting(park.now_of(&visit)),
        json!({"admitted": true, "people": 3, "free": 3, "paid": 0, "residence": "proven"})
    );
    assert_eq!(park.gallery("today"), ["hanako"]);
    assert_eq!(park.told(), ["park.entered"]);
}

#[test]
fn residents_of_elsewhere_and_people_without_a_claim_pay() {
    let mut park = park();
    park.wallet("taro", 2_000);
    let moved = park.ask("enter", group(1, 2)).by("card", "taro").claim("residence", "17204").begin();
    assert_eq!(waiting(park.now_of(&moved)), json!({"admitted": true, "people": 3, "free": 0, "paid": 1100}));
    assert_eq!((park.balance("taro"), park.paid_to("facility")), (900, 1_100));
    let poor = park.ask("enter", group(1, 2)).by("card", "taro").begin();
    let refused = json!({"admitted": false, "reason": "not_paid", "code": "funds.insufficient", "people": 0, "free": 0, "paid": 0});
    assert_eq!(park.now_of(&poor), Ended::Done(refused));
    assert_eq!(park.balance("taro"), 900);
}

#[test]
fn children_beyond_the_linked_ones_and_further_adults_pay() {
    let mut park = park();
    park.wallet("hanako", 10_000);
    let ask = park.ask("enter", group(2, 3)).by("face", "hanako");
    let visit = ask.claim("residence", "17206").claim("linked-children", "2").begin();
    let shown = waiting(park.now_of(&visit));
    assert_eq!((shown["free"].as_u64(), shown["paid"].as_u64()), (Some(3), Some(800)));
}

#[test]
fn a_card_without_an_account_enters_by_what_it_says() {
    let mut park = park();
    let visit = park.ask("enter", group(1, 0)).by_nobody("card").attested("residence", "17206").begin();
    assert_eq!(waiting(park.now_of(&visit))["residence"], "attested");
    let pays = park.ask("enter", group(1, 0)).by_nobody("card").begin();
    let Ended::Done(shown) = park.now_of(&pays) else { panic!() };
    assert_eq!((shown["reason"].as_str(), shown["code"].as_str()), (Some("not_paid"), Some("service.nobody_pays")));
}

#[test]
fn a_full_park_refuses_and_who_leaves_makes_room() {
    let mut park = park();
    let first = park.ask("enter", group(1, 4)).by("face", "hanako").claim("residence", "17206").begin();
    let second = park.ask("enter", group(1, 1)).by("face", "taro").claim("residence", "17206").begin();
    assert!(matches!(park.now_of(&second), Ended::Done(shown) if shown["reason"] == "full"));
    let count = park.ask("count", json!({})).begin();
    assert_eq!(park.now_of(&count), Ended::Done(json!({"people": 5, "capacity": 6})));
    park.tell(&first, "leave", json!({}));
    assert!(matches!(park.now_of(&first), Ended::Done(shown) if shown["reason"] == "left"));
    assert!(park.gallery("today").is_empty());
    let third = park.ask("enter", group(1, 1)).by("face", "taro").claim("residence", "17206").begin();
    assert!(matches!(park.now_of(&third), Ended::Waiting { .. }));
    // Nobody says that they leave.
    park.pass_ms(241 * 60_000);
    assert!(matches!(park.now_of(&third), Ended::Done(shown) if shown["reason"] == "closed"));
    let count = park.ask("count", json!({})).begin();
    assert_eq!(park.now_of(&count), Ended::Done(json!({"people": 0, "capacity": 6})));
}

#[test]
fn a_child_alone_and_nobody_are_refused() {
    let mut park = park();
    for (adults, children, reason) in [(0, 1, "child_alone"), (0, 0, "nobody")] {
        let visit = park.ask("enter", group(adults, children)).by("face", "hanako").begin();
        assert!(matches!(park.now_of(&visit), Ended::Done(shown) if shown["reason"] == reason));
    }
}

#[test]
fn somebody_who_does_not_agree_does_not_pay() {
    let mut park = park();
    park.wallet("taro", 2_000);
    let visit = park.ask("enter", group(1, 0)).by("face", "taro").refuses_to_pay().begin();
    assert!(matches!(park.now_of(&visit), Ended::Done(shown) if shown["code"] == "consent.refused"));
    assert_eq!(park.balance("taro"), 2_000);
}

tebura_plugin_test::service_conformance!(PlayPark, |suite| suite
    .settings(json!({
        "municipality": "17206", "price": {"child": 300, "adult": 500}, "capacity": 6, "visit_minutes": 240
    }))
    .input("enter", group(1, 2))
    .input("enter", group(0, 1))
    .input("count", json!({}))
    .message("enter", "leave", json!({})));
