//! Rides with one fare, with a numbered ticket and between two stops; reductions by claims, by face and by card; passes; who never alights.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::{Value, json};
use tebura_plugin::service::check_settings;
use tebura_plugin_test::service::{Ended, Harness, Visit};
use tebura_plugin_transit::Transit;

/// Three zones of two fares each way; the policy of the golden numbers.
fn settings(collect: &str) -> Value {
    json!({
        "collect": collect,
        "fares": {
            "route": "sea",
            "stops": [
                {"id": "S1", "name": "駅前", "zone": "A"},
                {"id": "S2", "name": "市役所", "zone": "B"},
                {"id": "S3", "name": "海岸", "zone": "C"}
            ],
            "fares": {"A>B": 150, "A>C": 250, "B>A": 150, "B>C": 180, "C>A": 250, "C>B": 180}
        },
        "policy": {
            "child_by": "school-year", "free_infants": 2, "senior_from": 70, "senior_of": "17206",
            "reductions": [
                {"for": "child", "pays_percent": 50, "rounding": "up10"},
                {"for": "student", "pays_percent": 80, "rounding": "up10"},
                {"for": "senior", "pays_percent": 70, "rounding": "up10"},
                {"for": "disability", "pays_percent": 50, "rounding": "up10", "on_top_of": ["child"]},
                {"for": "carer", "pays_percent": 50, "rounding": "up10"}
            ]
        },
        "ride_minutes": 120,
        "passes": [{"id": "month", "title": "1か月定期", "yen": 5000, "days": 30}]
    })
}

fn one_fare() -> Value {
    let mut settings = settings("boarding");
    settings["fares"]["stops"] =
        json!([{"id": "S1", "name": "駅前", "zone": "1"}, {"id": "S2", "name": "市役所", "zone": "1"}]);
    settings["fares"]["fares"] = json!({"1>1": 100});
    settings
}

fn bus(settings: Value) -> Harness<Transit> {
    let mut bus = Harness::of(Transit).manifest(include_str!("../plugin.toml")).settings(settings);
    bus.wallet("hanako", 10_000);
    bus
}

fn output(bus: &Harness<Transit>, visit: &Visit) -> Value {
    let (Ended::Done(output) | Ended::Waiting { output: Some(output) }) = bus.now_of(visit) else {
        panic!("{:?}", bus.now_of(visit))
    };
    output
}

/// What somebody with these claims pays from S1 to S3.
fn quoted(bus: &mut Harness<Transit>, claims: &[(&str, &str)], party: &Value) -> (u64, Vec<String>) {
    let input = json!({"from": "S1", "to": "S3", "party": party});
    let asked =
        claims.iter().fold(bus.ask("quote", input).by("card", "hanako"), |ask, (name, value)| ask.claim(name, value));
    let visit = asked.begin();
    let shown = output(bus, &visit);
    let by = shown["by"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
    (shown["yen"].as_u64().unwrap(), by.collect())
}

#[test]
fn kaga_25_kaga_8_vpia_14_a_ride_is_paid_by_face_and_by_card_with_the_same_result() {
    for (way, settings, input, fare) in [
        ("face", one_fare(), json!({}), 100),
        ("card", one_fare(), json!({"from": "S1"}), 100),
        ("qr", settings("alighting"), json!({"from": "S1", "to": "S3"}), 250),
        ("staff", settings("alighting"), json!({"from": "S1", "to": "S2", "party": {"children": 1}}), 230),
    ] {
        let mut bus = bus(settings);
        let ride = bus.ask("pay", input).by(way, "hanako").begin();
        let shown = output(&bus, &ride);
        assert_eq!((&shown["accepted"], &shown["yen"]), (&json!(true), &json!(fare)), "{way}");
        assert_eq!((bus.balance("hanako"), bus.paid_to("operator")), (10_000 - fare, fare));
        assert_eq!(bus.told(), ["transit.paid"]);
    }
    // A card that the hub knows no wallet of: the driver takes cash.
    let mut bus = bus(one_fare());
    let cash = bus.ask("pay", json!({})).by_nobody("card").begin();
    assert_eq!(output(&bus, &cash), json!({"accepted": false, "reason": "not_paid", "code": "service.nobody_pays"}));
}

#[test]
fn tran_4_the_most_is_held_at_boarding_and_the_fare_is_taken_at_alighting() {
    let mut bus = bus(settings("both-ends"));
    for (ways, stop, to, most, fare) in [
        (("face", "face"), "S1", "S2", 250, 150),
        (("card", "staff"), "S3", "S2", 250, 180),
        (("qr", "face"), "S2", "S3", 180, 180),
    ] {
        let (before, paid) = (bus.balance("hanako"), bus.paid_to("operator"));
        let ride = bus.ask("board", json!({"stop": stop})).by(ways.0, "hanako").begin();
        assert_eq!(output(&bus, &ride), json!({"accepted": true, "held": most, "from": stop}));
        assert_eq!((bus.balance("hanako"), bus.paid_to("operator")), (before - most, paid));
        let end = bus.ask("alight", json!({"stop": to})).by(ways.1, "hanako").begin();
        assert_eq!(output(&bus, &end), json!({"accepted": true, "yen": fare, "from": stop, "to": to}));
        assert_eq!((bus.balance("hanako"), bus.paid_to("operator")), (before - fare, paid + fare));
        // Once more is no second ride, and the wait that ends later takes nothing.
        let again = bus.ask("alight", json!({"stop": to})).by(ways.1, "hanako").begin();
        assert_eq!(output(&bus, &again)["reason"], "not_boarded");
        bus.pass_ms(3 * 3_600_000);
        assert_eq!((output(&bus, &ride)["accepted"].as_bool(), bus.balance("hanako")), (Some(true), before - fare));
    }
}

#[test]
fn tran_4_who_never_alights_pays_by_the_rule_once() {
    for (rule, taken) in [("most", 250), ("nothing", 0)] {
        let mut settings = settings("both-ends");
        settings["missed_alighting"] = json!(rule);
        let mut bus = bus(settings);
        let ride = bus.ask("board", json!({"stop": "S1"})).by("face", "hanako").begin();
        bus.pass_ms(121 * 60_000);
        assert_eq!(
            (output(&bus, &ride)["reason"].as_str(), output(&bus, &ride)["yen"].as_u64()),
            (Some("missed"), Some(taken))
        );
        assert_eq!((bus.balance("hanako"), bus.paid_to("operator")), (10_000 - taken, taken));
        let late = bus.ask("alight", json!({"stop": "S2"})).by("face", "hanako").begin();
        assert_eq!(output(&bus, &late)["reason"], "not_boarded");
        // Boarding again settles the ride before.
        bus.ask("board", json!({"stop": "S1"})).by("face", "hanako").begin();
        let next = bus.ask("board", json!({"stop": "S2"})).by("face", "hanako").begin();
        assert_eq!(output(&bus, &next)["from"], "S2");
        bus.ask("alight", json!({"stop": "S3"})).by("face", "hanako").begin();
        assert_eq!(bus.paid_to("operator"), 2 * taken + 180);
        bus.pass_ms(121 * 60_000);
        assert_eq!((bus.balance("hanako"), bus.paid_to("operator")), (10_000 - 2 * taken - 180, 2 * taken + 180));
    }
}

#[test]
fn tran_4_who_cannot_pay_does_not_ride_and_nothing_is_held() {
    let mut bus = bus(settings("both-ends"));
    bus.wallet("taro", 200);
    let poor = bus.ask("board", json!({"stop": "S1"})).by("face", "taro").begin();
    assert_eq!(output(&bus, &poor), json!({"accepted": false, "reason": "not_paid", "code": "funds.insufficient"}));
    let unwilling = bus.ask("board", json!({"stop": "S1"})).by("face", "hanako").refuses_to_pay().begin();
    assert_eq!(output(&bus, &unwilling)["code"], "consent.refused");
    for (action, input, reason) in [
        ("board", json!({"stop": "S9"}), "stop_unknown"),
        ("alight", json!({"stop": "S9"}), "stop_unknown"),
        ("alight", json!({"stop": "S2"}), "not_boarded"),
        ("pay", json!({}), "wrong_action"),
        ("quote", json!({"from": "S1", "to": "S1"}), "no_fare"),
        ("quote", json!({"from": "S9", "to": "S1"}), "stop_unknown"),
    ] {
        let refused = bus.ask(action, input).by("card", "hanako").begin();
        assert_eq!(output(&bus, &refused), json!({"accepted": false, "reason": reason}), "{action}");
    }
    let nobody = bus.ask("board", json!({"stop": "S1"})).by_nobody("card").begin();
    assert_eq!(output(&bus, &nobody)["reason"], "nobody");
    assert_eq!((bus.balance("taro"), bus.balance("hanako")), (200, 10_000));
    let mut ticket = bus_of(settings("alighting"));
    let asks = ticket.ask("pay", json!({"to": "S2"})).by("card", "hanako").begin();
    assert_eq!(output(&ticket, &asks)["reason"], "say_where");
}

#[test]
fn kaga_26_tran_2_tran_3_reductions_follow_from_claims_and_the_policys_order() {
    let mut bus = bus(settings("both-ends"));
    let alone = json!({});
    // The harness stands at 2026-01-01: the school year of April 2025.
    for (claims, yen, by) in [
        (&[][..], 250, &[][..]),
        (&[("birth_date", "2019-04-01")], 130, &["child"]),
        (&[("birth_date", "2019-04-02")], 130, &["child"]),
        (&[("birth_date", "2013-04-02")], 130, &["child"]),
        (&[("birth_date", "2013-04-01")], 250, &[]),
        (&[("birth_date", "2013-12-31")], 130, &["child"]),
        (&[("birth_date", "2013-12-31"), ("disability", "2")], 70, &["child", "disability"]),
        (&[("disability", "1")], 130, &["disability"]),
        (&[("disability", "class_1")], 130, &["disability"]),
        (&[("disability", "class_3")], 250, &[]),
        (&[("student", "high")], 200, &["student"]),
        (&[("student", "other")], 250, &[]),
        (&[("student", "2026-03-31")], 200, &["student"]),
        (&[("student", "2025-12-31")], 250, &[]),
        (&[("birth_date", "1956-01-01"), ("residence", "17206")], 180, &["senior"]),
        (&[("birth_date", "1956-01-02"), ("residence", "17206")], 250, &[]),
        (&[("birth_date", "1940-01-01"), ("residence", "17204")], 250, &[]),
        (&[("birth_date", "1940"), ("residence", "17206")], 250, &[]),
        (
            &[("birth_date", "1940-01-01"), ("residence", "17206"), ("student", "2026-03-31"), ("disability", "2")],
            130,
            &["disability"],
        ),
    ] {
        assert_eq!(
            quoted(&mut bus, claims, &alone),
            (yen, by.iter().map(|name| (*name).to_owned()).collect()),
            "{claims:?}"
        );
    }
    let mut by_age = settings("both-ends");
    by_age["policy"]["child_by"] = json!("age");
    let mut by_age = bus_of(by_age);
    assert_eq!(quoted(&mut by_age, &[("birth_date", "2014-01-01")], &alone).0, 250);
    assert_eq!(quoted(&mut by_age, &[("birth_date", "2014-01-02")], &alone).0, 130);
}

fn bus_of(settings: Value) -> Harness<Transit> {
    bus(settings)
}

#[test]
fn tran_2_tran_3_parties_infants_and_carers() {
    let mut bus = bus(settings("both-ends"));
    for (claims, party, yen) in [
        (&[][..], json!({"adults": 1, "children": 2}), 250 + 250 + 130 * 2),
        (&[], json!({"infants": 2}), 250),
        (&[], json!({"infants": 3}), 250 + 130),
        (&[], json!({"children": 1, "infants": 4}), 250 + 130),
        (&[("birth_date", "2021-01-01")], json!({"infants": 1}), 130 + 130),
        (&[("disability", "1")], json!({"adults": 1, "carer": true}), 130 + 130),
        (&[("disability", "2")], json!({"adults": 1, "carer": true}), 130 + 250),
        (&[], json!({"adults": 1, "carer": true}), 250 + 250),
    ] {
        assert_eq!(quoted(&mut bus, claims, &party).0, yen, "{claims:?} {party}");
    }
}

#[test]
fn tran_5_a_pass_is_its_buyers_until_its_last_day() {
    let mut bus = bus(settings("both-ends"));
    let bought = bus.ask("buy-pass", json!({"pass": "month"})).by("card", "hanako").begin();
    let sold = json!({"accepted": true, "pass": "month", "yen": 5_000, "until": "2026-01-30"});
    assert_eq!((output(&bus, &bought), bus.balance("hanako")), (sold, 5_000));
    let again = bus.ask("buy-pass", json!({"pass": "month"})).by("face", "hanako").begin();
    assert_eq!(output(&bus, &again), json!({"accepted": false, "reason": "has_pass"}));
    let none = bus.ask("buy-pass", json!({"pass": "year"})).by("face", "hanako").begin();
    assert_eq!(output(&bus, &none)["reason"], "no_such_pass");
    // By face, although it was bought by card: it is the person's. Companions pay.
    let ride = bus.ask("board", json!({"stop": "S1"})).by("face", "hanako").begin();
    assert_eq!(output(&bus, &ride), json!({"accepted": true, "held": 0, "from": "S1", "pass": "month"}));
    let end = bus.ask("alight", json!({"stop": "S3"})).by("face", "hanako").begin();
    assert_eq!((output(&bus, &end)["yen"].as_u64(), bus.balance("hanako")), (Some(0), 5_000));
    assert_eq!(quoted(&mut bus, &[], &json!({"children": 1})).0, 130);
    bus.wallet("taro", 1_000);
    bus.ask("board", json!({"stop": "S1"})).by("face", "taro").begin();
    assert_eq!(bus.balance("taro"), 750, "somebody else's pass is nobody else's");
    bus.pass_ms(29 * 86_400_000 + 15 * 3_600_000 - 1);
    assert_eq!(quoted(&mut bus, &[], &json!({})).0, 0, "to the last minute of the last day in Japan");
    bus.pass_ms(1);
    assert_eq!(quoted(&mut bus, &[], &json!({})).0, 250);
    let poor = bus.ask("buy-pass", json!({"pass": "month"})).by("face", "taro").begin();
    assert_eq!(output(&bus, &poor), json!({"accepted": false, "reason": "not_paid", "code": "funds.insufficient"}));
}

#[test]
fn fares_that_do_not_fit_together_fail_before_anything_is_held() {
    let mut odd = settings("both-ends");
    odd["fares"]["fares"] = json!({"A>X": 150});
    let mut bus = bus_of(odd);
    let ride = bus.ask("board", json!({"stop": "S1"})).by("face", "hanako").begin();
    assert_eq!(bus.now_of(&ride), Ended::Failed { code: "transit.fares_wrong".to_owned() });
}

#[test]
fn a_category_that_the_feed_prices_itself_counts_where_it_is_less() {
    let mut own = settings("both-ends");
    own["fares"]["categories"] = json!({"child": {"A>C": 100}});
    let mut bus = bus_of(own);
    assert_eq!(quoted(&mut bus, &[("birth_date", "2014-01-02")], &json!({})), (100, vec!["child".to_owned()]));
}

tebura_plugin_test::service_conformance!(Transit, |suite| {
    suite
    .settings(json!({
        "collect": "both-ends",
        "fares": {
            "route": "sea",
            "stops": [{"id": "S1", "name": "駅前", "zone": "A"}, {"id": "S2", "name": "市役所", "zone": "B"}],
            "fares": {"A>B": 150, "B>A": 150}
        },
        "policy": {"child_by": "age", "free_infants": 1, "reductions": [{"for": "child", "pays_percent": 50, "rounding": "up10"}]},
        "passes": [{"id": "month", "title": "1か月定期", "yen": 5000, "days": 30}]
    }))
    .key("ride:sub_1", br#"{"request":"req_0","from":"S1","rider":{"reasons":[],"no_companion":false,"carer":false},"party":{},"pass":null,"hold":"hold_0","most":150}"#)
    .held("hold_0", "operator", 150)
    .input("board", json!({"stop": "S1"}))
    .input("board", json!({"stop": "S9"}))
    .input("alight", json!({"stop": "S2"}))
    .input("alight", json!({"stop": "S1"}))
    .input("pay", json!({"from": "S1", "to": "S2"}))
    .input("quote", json!({"from": "S1", "to": "S2", "party": {"adults": 1}}))
    .input("buy-pass", json!({"pass": "month"}))
});

/// Settings with one place changed.
fn with(collect: &str, at: &str, value: Value) -> Value {
    let mut settings = settings(collect);
    match at.rsplit_once('/') {
        Some((parent, name)) if settings.pointer(at).is_none() => {
            settings.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
        }
        _ => *settings.pointer_mut(at).unwrap() = value,
    }
    settings
}

#[test]
fn tran_1_fares_and_reductions_that_do_not_fit_together_are_named_before_anybody_rides() {
    for right in [settings("both-ends"), settings("alighting"), one_fare()] {
        assert_eq!(check_settings(&Transit, &right), []);
    }
    let mut no_age = settings("both-ends");
    no_age["policy"].as_object_mut().unwrap().remove("senior_from");
    let both = |at: &str, value: Value| with("both-ends", at, value);
    for (wrong, code, pointer, en) in [
        (both("/fares/fares/A>D", json!(1)), "transit.zone_unknown", "/fares/fares/A>D", "zones of stops: A, B, C"),
        (both("/fares/fares/AB", json!(1)), "transit.zone_unknown", "/fares/fares/AB", "as \"from>to\""),
        (
            both("/fares/stops/2/zone", json!("D")),
            "transit.fare_missing",
            "/fares/stops/2/zone",
            "is D, from and to which there is no fare",
        ),
        (
            both("/fares/categories", json!({"pupil": {"A>B": 10}})),
            "transit.category_unknown",
            "/fares/categories/pupil",
            "child, student",
        ),
        (
            both("/fares/categories", json!({"child": {"A>A": 10}})),
            "transit.adult_fare_missing",
            "/fares/categories/child/A>A",
            "\"A>A\" under fares.fares",
        ),
        (
            both("/policy/reductions/3/on_top_of", json!(["child", "carer"])),
            "transit.reduction_order",
            "/policy/reductions/3/on_top_of/1",
            "(child, student, senior)",
        ),
        (
            both("/policy/reductions/0/on_top_of", json!(["child"])),
            "transit.reduction_order",
            "/policy/reductions/0/on_top_of/0",
            "is child, which does not stand above",
        ),
        (no_age, "transit.senior_age_missing", "/policy/senior_from", "write an age such as 70"),
        (settings("boarding"), "transit.fares_differ", "/collect", "from 150 to 250; write alighting or both-ends"),
    ] {
        let faults = check_settings(&Transit, &wrong);
        let fault = faults.iter().find(|fault| fault.code == code).unwrap_or_else(|| panic!("{code}: {faults:?}"));
        assert_eq!(fault.pointer, pointer);
        assert!(fault.en.contains(en) && !fault.ja.is_ascii(), "{fault:?}");
    }
}
