//! Arrivals by face, card and hand, doubles within and across shelters, protection, headcounts and exports.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::{Value, json};
use tebura_plugin_shelter::Shelter;
use tebura_plugin_test::service::{Ended, Harness};

fn settings() -> Value {
    json!({"shelters": [
        {"id": "east", "name": "東小学校", "capacity": 4},
        {"id": "west", "name": "西体育館", "capacity": 100}
    ]})
}

fn district() -> Harness<Shelter> {
    Harness::of(Shelter).manifest(include_str!("../plugin.toml")).settings(settings())
}

/// By somebody who is recognised so, or by hand.
fn ask(hub: &mut Harness<Shelter>, who: Option<(&str, &str)>, action: &str, input: Value) -> Value {
    let ask = hub.ask(action, input);
    let visit = match who {
        Some((way, person)) => ask.by(way, person).begin(),
        None => ask.begin(),
    };
    let Ended::Done(output) = hub.now_of(&visit) else { panic!("{:?}", hub.now_of(&visit)) };
    output
}

fn hand(name: &str, shelter: &str) -> Value {
    json!({"shelter": shelter, "name": name, "birth_date": "1958-04-13"})
}

fn people(hub: &mut Harness<Shelter>) -> (u64, Vec<(u64, u64)>) {
    let count = ask(hub, None, "headcount", json!({}));
    let of = |line: &Value| (line["people"].as_u64().unwrap(), line["outside"].as_u64().unwrap());
    (count["people"].as_u64().unwrap(), count["shelters"].as_array().unwrap().iter().map(of).collect())
}

#[test]
fn kaga_18_shel_2_vpia_14_face_card_and_hand_make_the_same_entry() {
    let mut hub = district();
    let start = 1_767_225_600_000_u64;
    for (nth, who) in [Some(("face", "hanako")), Some(("card", "taro")), None].into_iter().enumerate() {
        let mut input = json!({"shelter": "east"});
        if who.is_none() {
            input["name"] = json!("加賀 一郎");
        }
        assert_eq!(
            ask(&mut hub, who, "register", input),
            json!({"accepted": true, "entry": nth + 1, "shelter": "east"})
        );
    }
    assert_eq!(people(&mut hub), (3, vec![(3, 0), (0, 0)]));
    assert_eq!(hub.gallery("sheltered"), ["hanako", "taro"]);
    let register = ask(&mut hub, None, "export", json!({}));
    let least = |entry: u64, by: &[&str]| json!({"entry": entry, "shelter": "east", "stay": "shelter", "people": 1, "arrived": start, "by": by, "disclose": false, "consent": "given"});
    assert_eq!(register["entries"][0], least(1, &["face"]));
    assert_eq!(register["entries"][1], least(2, &["card"]));
    assert_eq!((&register["entries"][2]["name"], &register["entries"][2]["by"]), (&json!("加賀 一郎"), &json!([])));
    for (input, reason) in
        [(json!({"shelter": "moon"}), "shelter_unknown"), (json!({"shelter": "east"}), "name_needed")]
    {
        assert_eq!(ask(&mut hub, None, "register", input), json!({"accepted": false, "reason": reason}));
    }
}

#[test]
fn shel_1_all_items_are_kept_added_to_and_given_out() {
    let mut hub = district();
    let visit = hub.ask("register", json!({"shelter": "east", "stay": "car", "people": 2, "name": "別名"}));
    let visit = visit.by("card", "hanako").claim("name", "山田 花子").claim("birth_date", "1990-02-03").begin();
    assert!(matches!(hub.now_of(&visit), Ended::Done(_)));
    let more = json!({
        "entry": 1, "household": "山田", "kana": "やまだ はなこ", "sex": "女", "address": "大聖寺", "phone": "0761-00-0000", "relation": "世帯主",
        "damage": "床上浸水", "injury": "なし", "needs": ["allergy", "infant"], "needs_note": "卵アレルギー", "pet": "犬 1", "vehicle": "白の軽", "disclose": true
    });
    assert_eq!(ask(&mut hub, None, "update", more)["accepted"], json!(true));
    ask(&mut hub, None, "update", json!({"entry": 1, "phone": "0761-11-1111"}));
    let line = ask(&mut hub, None, "export", json!({}))["entries"][0].clone();
    // What was proven stands, whatever was typed.
    assert_eq!(
        (&line["name"], &line["birth_date"], &line["stay"], &line["people"]),
        (&json!("山田 花子"), &json!("1990-02-03"), &json!("car"), &json!(2))
    );
    assert_eq!(
        (&line["phone"], &line["needs"], &line["relation"]),
        (&json!("0761-11-1111"), &json!(["allergy", "infant"]), &json!("世帯主"))
    );
    assert_eq!(people(&mut hub), (2, vec![(2, 2), (0, 0)]));
    let gone = ask(&mut hub, Some(("face", "hanako")), "leave", json!({"destination": "親戚宅"}));
    assert_eq!(gone, json!({"accepted": true, "entry": 1, "shelter": "east"}));
    let line = ask(&mut hub, None, "export", json!({}))["entries"][0].clone();
    assert!(line["left"].is_u64() && line["destination"] == "親戚宅");
    assert_eq!((people(&mut hub).0, hub.gallery("sheltered").len()), (0, 0));
    assert_eq!(ask(&mut hub, Some(("face", "hanako")), "leave", json!({}))["reason"], "entry_unknown");
    assert_eq!(ask(&mut hub, None, "update", json!({"entry": 9}))["reason"], "entry_unknown");
}

#[test]
fn kaga_19_a_person_counts_once_in_the_whole_district() {
    let mut hub = district();
    ask(&mut hub, Some(("face", "hanako")), "register", json!({"shelter": "east"}));
    let again = ask(&mut hub, Some(("card", "hanako")), "register", json!({"shelter": "east"}));
    assert_eq!(again, json!({"accepted": true, "entry": 1, "shelter": "east", "already": true}));
    let moved = ask(&mut hub, Some(("qr", "hanako")), "register", json!({"shelter": "west"}));
    assert_eq!(moved, json!({"accepted": true, "entry": 2, "shelter": "west", "moved_from": "east"}));
    assert_eq!(people(&mut hub), (1, vec![(0, 0), (1, 0)]));
    let left = ask(&mut hub, None, "export", json!({"shelter": "east"}))["entries"][0].clone();
    assert_eq!(left["destination"], "西体育館");
    assert_eq!(hub.told(), ["shelter.arrived", "shelter.moved"]);
}

#[test]
fn shel_3_who_is_written_in_is_found_again_and_merged_without_counting_twice() {
    let mut hub = district();
    ask(&mut hub, None, "register", hand("加賀 一郎", "east"));
    let similar = ask(&mut hub, None, "register", hand("加賀一郎", "west"));
    assert_eq!(similar, json!({"accepted": true, "entry": 2, "shelter": "west", "perhaps": 1}));
    let other =
        ask(&mut hub, None, "register", json!({"shelter": "west", "name": "加賀 一郎", "birth_date": "1990-01-01"}));
    assert_eq!(other["perhaps"], Value::Null);
    assert_eq!(people(&mut hub).0, 3);
    assert_eq!(ask(&mut hub, None, "merge", json!({"keep": 2, "drop": 1}))["entry"], 2);
    assert_eq!(people(&mut hub), (2, vec![(0, 0), (2, 0)]));
    assert_eq!(ask(&mut hub, None, "export", json!({}))["entries"][0]["merged_into"], 2);
    for (input, reason) in [
        (json!({"keep": 2, "drop": 2}), "same_entry"),
        (json!({"keep": 2, "drop": 1}), "entry_unknown"),
        (json!({"keep": 2, "drop": 9}), "entry_unknown"),
    ] {
        assert_eq!(ask(&mut hub, None, "merge", input)["reason"], reason);
    }
    // Whoever is recognised later takes the entry over; two recognised people stay two.
    ask(&mut hub, Some(("face", "ichiro")), "register", json!({"shelter": "east"}));
    assert_eq!(ask(&mut hub, None, "merge", json!({"keep": 2, "drop": 4}))["accepted"], true);
    let known = ask(&mut hub, Some(("card", "ichiro")), "register", json!({"shelter": "west"}));
    assert_eq!((&known["already"], &known["entry"]), (&json!(true), &json!(2)));
    ask(&mut hub, Some(("face", "hanako")), "register", json!({"shelter": "west"}));
    assert_eq!(ask(&mut hub, None, "merge", json!({"keep": 2, "drop": 5}))["reason"], "two_people");
    assert_eq!(people(&mut hub).0, 3);
}

#[test]
fn shel_5_nothing_that_is_shown_tells_who_is_protected() {
    // Two districts that differ in one flag.
    let shown = |protect: bool| {
        let mut hub = district();
        let mut input = hand("保護 花", "east");
        input["disclose"] = json!(!protect);
        input["protect"] = json!(protect);
        let first = ask(&mut hub, Some(("face", "hana")), "register", input);
        let rest = ["export", "public"].map(|action| ask(&mut hub, None, action, json!({})));
        let enquiry = ask(&mut hub, None, "enquire", json!({"name": "保護 花", "birth_date": "1958-04-13"}));
        (first, rest, enquiry, people(&mut hub))
    };
    let (first, [register, public], enquiry, count) = shown(true);
    assert_eq!((&first["accepted"], &count), (&json!(true), &(1, vec![(1, 0), (0, 0)])));
    assert_eq!((public["entries"].clone(), enquiry), (json!([]), json!({"found": false})));
    assert!(!register.to_string().contains("protect") && register["entries"][0]["disclose"] == json!(false));
    let (_, [other, listed], found, _) = shown(false);
    assert_eq!((listed["entries"].as_array().unwrap().len(), found), (1, json!({"found": true, "shelter": "east"})));
    let keys = |page: &Value| page["entries"][0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&register), keys(&other), "the register has the same fields for everybody");

    // It goes along when she moves, when entries are merged, and is not lost by saying nothing.
    let mut hub = district();
    let mut input = hand("保護 花", "east");
    input["protect"] = json!(true);
    input["disclose"] = json!(true);
    ask(&mut hub, Some(("face", "hana")), "register", input);
    ask(&mut hub, Some(("face", "hana")), "register", json!({"shelter": "west", "disclose": true}));
    let mut by_hand = hand("保護 花", "west");
    by_hand["disclose"] = json!(true);
    ask(&mut hub, None, "register", by_hand);
    ask(&mut hub, None, "merge", json!({"keep": 3, "drop": 2}));
    ask(&mut hub, None, "update", json!({"entry": 3, "disclose": true}));
    let enquiry = ask(&mut hub, None, "enquire", json!({"name": "保護花", "birth_date": "1958-04-13"}));
    assert_eq!(enquiry, json!({"found": false}));
    assert_eq!(ask(&mut hub, None, "public", json!({}))["entries"], json!([]));
    let nobody = ask(&mut hub, None, "enquire", json!({"name": "誰か", "birth_date": "1958-04-13"}));
    assert_eq!(nobody, enquiry, "as for somebody who is not there");
}

#[test]
fn shel_6_what_was_done_for_life_and_safety_says_so() {
    let mut hub = district();
    let mut input = hand("意識 なし", "east");
    input["consent"] = json!("life-safety");
    ask(&mut hub, None, "register", input);
    ask(&mut hub, None, "register", hand("別人 一郎", "east"));
    let register = ask(&mut hub, None, "export", json!({}));
    let consents: Vec<&Value> = register["entries"].as_array().unwrap().iter().map(|line| &line["consent"]).collect();
    assert_eq!(consents, [&json!("life-safety"), &json!("given")]);
}

#[test]
fn kaga_19_a_full_shelter_still_takes_people_and_says_so_and_long_registers_come_in_pages() {
    let mut hub = district();
    for nth in 1..=30_u64 {
        let input = json!({"shelter": "east", "name": format!("人 {nth}")});
        let answer = ask(&mut hub, None, "register", input);
        assert_eq!(answer["full"].as_bool(), (nth > 4).then_some(true), "{nth}");
    }
    let (mut from, mut pages, mut names) = (1, 0, Vec::new());
    loop {
        let page = ask(&mut hub, None, "export", json!({"from": from}));
        names.extend(page["entries"].as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next"].as_u64() {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!((pages, names.len(), names[29].as_str()), (3, 30, "人 30"));
    assert_eq!(people(&mut hub).0, 30);
}

tebura_plugin_test::service_conformance!(Shelter, |suite| {
    suite
    .settings(settings())
    .key("last", b"1")
    .key("person:sub_1", b"1")
    .key("entry:1", br#"{"number":1,"shelter":"east","stay":"shelter","people":1,"arrived":1,"by":["face"],"subject":"sub_1","details":{},"disclose":false,"protect":true,"life_safety":false,"left":null,"destination":null,"merged_into":null}"#)
    .input("register", json!({"shelter": "east"}))
    .input("register", json!({"shelter": "west", "name": "加賀 一郎", "birth_date": "1958-04-13"}))
    .input("update", json!({"entry": 1, "name": "加賀"}))
    .input("leave", json!({}))
    .input("merge", json!({"keep": 1, "drop": 2}))
    .input("headcount", json!({}))
    .input("export", json!({}))
    .input("public", json!({"from": 1}))
    .input("enquire", json!({"name": "加賀", "birth_date": "1958-04-13"}))
});

#[test]
fn shel_4_who_came_while_there_was_no_network_arrived_then() {
    let mut hub = district();
    let then = 1_767_225_600_000_u64 - 3 * 3_600_000;
    let visit = hub.ask("register", hand("加賀 一郎", "east")).happened_at(then).begin();
    let Ended::Done(output) = hub.now_of(&visit) else { panic!("{:?}", hub.now_of(&visit)) };
    assert_eq!(output["entry"], 1);
    let register = ask(&mut hub, None, "export", json!({}));
    assert_eq!(register["entries"][0]["arrived"], then);
}
