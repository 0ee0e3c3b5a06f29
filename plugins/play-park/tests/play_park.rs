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
fn kaga_9_kaga_16_a_card_without_an_account_enters_by_what_it_says() {
    let mut park = park();
    let visit = park.ask("enter", group(1, 0)).by_nobody("card").attested("residence", "17206").begin();
    assert_eq!(waiting(park.now_of(&visit))["residence"], "attested");
    let pays = park.ask("enter", group(1, 0)).by_nobody("card").begin();
    let Ended::Done(shown) = park.now_of(&pays) else { panic!() };
    assert_eq!((shown["reason"].as_str(), shown["code"].as_str()), (Some("not_paid"), Some("service.nobody_pays")));
}

#[test]
fn kaga_8_kaga_15_vpia_14_face_card_ticket_and_staff_let_the_same_group_in_at_the_same_price() {
    for (lives, paid) in [("17206", 0), ("17204", 800)] {
        for way in ["face", "card", "qr", "staff"] {
            let mut park = park();
            park.wallet("hanako", 2_000);
            let visit = park.ask("enter", group(1, 1)).by(way, "hanako").claim("residence", lives).begin();
            let shown = waiting(park.now_of(&visit));
            assert_eq!(
                (&shown["admitted"], &shown["people"], &shown["paid"]),
                (&json!(true), &json!(2), &json!(paid)),
                "{way}"
            );
            assert_eq!(park.gallery("today"), ["hanako"], "{way}");
        }
    }
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

fn with_areas() -> Harness<PlayPark> {
    let title = |ja: &str, en: &str| json!({ "ja": ja, "en": en });
    Harness::of(PlayPark).manifest(include_str!("../plugin.toml")).settings(json!({
        "municipality": "17206", "price": {"child": 300, "adult": 500}, "capacity": 40, "visit_minutes": 240,
        "areas": [
            {"id": "small", "title": title("よちよち広場", "Toddlers"), "stages": ["toddler", "preschool"], "capacity": 4, "children_per_adult": 2},
            {"id": "large", "title": title("わんぱく広場", "Climbing"), "stages": ["pupil"], "capacity": 5, "children_per_adult": 0}
        ]
    }))
}

/// Toddlers, preschoolers and pupils.
fn family(adults: u64, [toddlers, preschoolers, pupils]: [u64; 3]) -> Value {
    let children = toddlers + preschoolers + pupils;
    json!({"adults": adults, "children": children, "toddlers": toddlers, "preschoolers": preschoolers, "pupils": pupils})
}

#[test]
fn park_1_stages_have_areas_that_fill_and_ask_for_companions() {
    let mut park = with_areas();
    // A second adult is nobody's whom the hub knows, and pays.
    park.wallet("hanako", 5_000);
    let enter = |park: &mut Harness<PlayPark>, group: Value| {
        let visit = park.ask("enter", group).by("face", "hanako").claim("residence", "17206").begin();
        (park.now_of(&visit), visit)
    };
    let reason = |park: &mut Harness<PlayPark>, group: Value| {
        let Ended::Done(shown) = enter(park, group).0 else { panic!("the park had not ended") };
        (shown["reason"].as_str().unwrap().to_owned(), shown["area"]["en"].clone())
    };
    assert_eq!(reason(&mut park, group(1, 2)).0, "stages_needed");
    assert_eq!(reason(&mut park, family(1, [2, 1, 0])), ("companions_needed".to_owned(), json!("Toddlers")));
    assert_eq!(reason(&mut park, family(0, [0, 1, 0])), ("child_alone".to_owned(), json!("Toddlers")));
    let (shown, visit) = enter(&mut park, family(2, [1, 2, 1]));
    assert_eq!(waiting(shown)["areas"], json!({"large": 1, "small": 3}));
    assert_eq!(reason(&mut park, family(1, [2, 0, 0])), ("area_full".to_owned(), json!("Toddlers")));
    // Pupils play without an adult there, until it is full.
    let (alone, _) = enter(&mut park, family(0, [0, 0, 2]));
    assert_eq!(waiting(alone)["free"], 2);
    assert_eq!(reason(&mut park, family(0, [0, 0, 3])).0, "area_full");
    let count = park.ask("count", json!({})).begin();
    let Ended::Done(counted) = park.now_of(&count) else { panic!() };
    let children: Vec<u64> =
        counted["areas"].as_array().unwrap().iter().map(|area| area["children"].as_u64().unwrap()).collect();
    assert_eq!((counted["people"].as_u64(), children), (Some(8), vec![3, 3]));
    park.tell(&visit, "leave", json!({}));
    let (shown, _) = enter(&mut park, family(2, [4, 0, 0]));
    assert_eq!(waiting(shown)["areas"], json!({"small": 4}));
}

#[test]
fn park_3_a_group_is_counted_on_the_screen_and_enters_after_its_yes() {
    let mut park = Harness::of(PlayPark).manifest(include_str!("../plugin.toml")).settings(json!({
        "municipality": "17206", "price": {"child": 300, "adult": 500}, "capacity": 6, "visit_minutes": 240, "confirm_groups": true
    }));
    park.wallet("taro", 5_000);
    let mut ask = |claims: &[(&str, &str)]| {
        let ask = park.ask("enter", group(1, 2)).by("face", "taro");
        claims.iter().fold(ask, |ask, (name, value)| ask.claim(name, value)).begin()
    };
    let resident = ask(&[("residence", "17206"), ("linked-children", "1")]);
    let visitor = ask(&[]);
    let shown = waiting(park.now_of(&resident));
    assert_eq!((&shown["admitted"], &shown["reason"], &shown["linked"]), (&json!(false), &json!("confirm"), &json!(1)));
    assert_eq!((&shown["adults"], &shown["children"], &shown["price"]), (&json!(1), &json!(2), &json!(300)));
    assert_eq!(waiting(park.now_of(&visitor))["price"], 1_100);
    assert!(park.gallery("today").is_empty() && park.told().is_empty(), "nobody is in before the yes");
    park.tell(&resident, "confirm", json!({"agreed": true}));
    assert_eq!(waiting(park.now_of(&resident))["paid"], 300);
    park.tell(&resident, "confirm", json!({"agreed": true}));
    assert_eq!(waiting(park.now_of(&resident))["admitted"], true, "a second yes changes nothing");
    park.tell(&visitor, "confirm", json!({"agreed": false}));
    assert!(matches!(park.now_of(&visitor), Ended::Done(shown) if shown["reason"] == "not_confirmed"));
    assert_eq!(park.balance("taro"), 4_700);
    // Nobody answers; and who came meanwhile may have taken the places.
    let silent = park.ask("enter", group(1, 1)).by("card", "hanako").begin();
    park.pass_ms(5 * 60_000);
    assert!(matches!(park.now_of(&silent), Ended::Done(shown) if shown["reason"] == "not_confirmed"));
    let late = park.ask("enter", group(1, 2)).by("card", "hanako").claim("residence", "17206").begin();
    let quick = park.ask("enter", group(1, 0)).by("card", "sakura").claim("residence", "17206").begin();
    assert_eq!(waiting(park.now_of(&quick))["admitted"], true, "one person is no group");
    park.tell(&late, "confirm", json!({"agreed": true}));
    assert!(matches!(park.now_of(&late), Ended::Done(shown) if shown["reason"] == "full"));
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
    .message("enter", "confirm", json!({"agreed": true}))
    .message("enter", "leave", json!({})));
