//! Donations with and without a gift, by face and otherwise, the law's rules, the one-stop form, and what is taken back.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::{Value, json};
use tebura_plugin::service::check_settings;
use tebura_plugin_furusato::Furusato;
use tebura_plugin_test::service::{Ended, Harness};

fn settings() -> Value {
    json!({
        "municipality": "17206", "mayor": "加賀市長", "least_yen": 2_000, "application": "https://onestop.example.jp/17206",
        "gifts": [{"id": "cup", "title": "九谷焼 湯のみ", "donation_yen": 10_000, "cost_yen": 3_000, "other_costs_yen": 2_000, "stock": 2}]
    })
}

fn counter() -> Harness<Furusato> {
    let mut hub = Harness::of(Furusato).manifest(include_str!("../plugin.toml")).settings(settings());
    hub.wallet("hanako", 100_000);
    hub
}

fn ask(
    hub: &mut Harness<Furusato>,
    who: Option<(&str, &str)>,
    lives: Option<&str>,
    action: &str,
    input: Value,
) -> Value {
    let mut ask = hub.ask(action, input);
    if let Some((way, person)) = who {
        ask = ask.by(way, person);
    }
    if let Some(code) = lives {
        ask = ask.claim("residence", code);
    }
    let visit = ask.begin();
    let Ended::Done(output) = hub.now_of(&visit) else { panic!("{:?}", hub.now_of(&visit)) };
    output
}

fn donate(hub: &mut Harness<Furusato>, input: Value) -> Value {
    ask(hub, Some(("face", "hanako")), Some("13104"), "donate", input)
}

const FACE: Option<(&str, &str)> = Some(("face", "hanako"));
const WITH_CUP: &str = r#"{"yen": 10000, "gift": "cup"}"#;

fn with_cup() -> Value {
    serde_json::from_str(WITH_CUP).unwrap()
}

#[test]
fn kaga_27_kaga_29_kaga_8_vpia_14_furu_1_a_visitor_donates_and_takes_the_gift_home_by_face_or_card() {
    for (nth, way) in ["face", "card", "qr", "staff"].into_iter().enumerate().take(2) {
        let mut hub = counter();
        let given = ask(&mut hub, Some((way, "hanako")), Some("13104"), "donate", with_cup());
        let shown = json!({"accepted": true, "receipt": "F2026-000001", "yen": 10_000, "donated_on": "2026-01-01", "gift": "cup"});
        assert_eq!((given, hub.balance("hanako"), hub.paid_to("municipality")), (shown, 90_000, 10_000), "{nth}");
        let handed = ask(&mut hub, None, None, "hand-over", json!({"receipt": "F2026-000001"}));
        assert_eq!(handed, json!({"accepted": true, "receipt": "F2026-000001", "gift": "九谷焼 湯のみ"}));
        let twice = ask(&mut hub, None, None, "hand-over", json!({"receipt": "F2026-000001"}));
        assert_eq!(twice["reason"], "handed_over");
        assert_eq!(hub.told(), ["furusato.donated", "furusato.handed_over"]);
    }
}

#[test]
fn furu_1_residents_donate_and_get_no_gift_and_residence_has_to_be_known() {
    let mut hub = counter();
    for (lives, reason) in [(Some("17206"), "resident_gets_no_gift"), (None, "residence_needed")] {
        let refused = ask(&mut hub, FACE, lives, "donate", with_cup());
        assert_eq!(refused, json!({"accepted": false, "reason": reason}));
    }
    assert_eq!(hub.balance("hanako"), 100_000);
    let without = ask(&mut hub, FACE, Some("17206"), "donate", json!({"yen": 10_000}));
    assert_eq!((&without["accepted"], &without["gift"]), (&json!(true), &Value::Null));
    let none = ask(&mut hub, None, None, "hand-over", json!({"receipt": "F2026-000001"}));
    assert_eq!(none["reason"], "no_gift");
}

#[test]
fn furu_1_a_gift_above_thirty_or_fifty_percent_is_not_given_by_anybody() {
    for (cost, other, taken) in [(3_000, 2_000, true), (3_001, 0, false), (3_000, 2_001, false), (0, 5_001, false)] {
        let mut dear = settings();
        dear["gifts"][0]["cost_yen"] = json!(cost);
        dear["gifts"][0]["other_costs_yen"] = json!(other);
        let mut hub = Harness::of(Furusato).settings(dear);
        hub.wallet("hanako", 100_000);
        let visit = hub.ask("donate", with_cup()).by("face", "hanako").claim("residence", "13104").begin();
        let failed = hub.now_of(&visit) == Ended::Failed { code: "furusato.gift_too_dear".to_owned() };
        assert_eq!((failed, hub.balance("hanako") == 90_000), (!taken, taken), "{cost} {other}");
    }
}

#[test]
fn furu_1_settings_with_a_gift_that_the_law_forbids_are_named_before_anybody_donates() {
    assert_eq!(check_settings(&Furusato, &settings()), []);
    for (field, value, code, ja, en) in [
        (
            "cost_yen",
            3_001,
            "furusato.gift_too_dear",
            "3000 円以下",
            "is 3001; write at most 3000: a gift costs at most 30 %",
        ),
        (
            "other_costs_yen",
            2_001,
            "furusato.gift_too_dear",
            "2000 円以下",
            "is 2001; write at most 2000: with the gift at most 50 %",
        ),
        ("donation_yen", 1_999, "furusato.gift_below_least", "2000 円以上", "is 1999; write at least 2000"),
    ] {
        let mut wrong = settings();
        wrong["gifts"][0][field] = json!(value);
        let faults = check_settings(&Furusato, &wrong);
        let fault = faults.iter().find(|fault| fault.code == code).unwrap();
        assert_eq!(fault.pointer, format!("/gifts/0/{field}"));
        assert!(fault.ja.contains(ja) && fault.en.starts_with(en), "{fault:?}");
    }
    let unreadable = check_settings(&Furusato, &json!({"gifts": "none"}));
    assert_eq!(unreadable[0].code, "settings.unreadable");
}

#[test]
fn furu_1_too_little_no_stock_and_no_money_are_refused_and_nothing_is_lost() {
    let mut hub = counter();
    for (input, reason) in [
        (json!({"yen": 1_999}), "below_least"),
        (json!({"yen": 9_999, "gift": "cup"}), "below_gift"),
        (json!({"yen": 10_000, "gift": "plate"}), "no_such_gift"),
    ] {
        assert_eq!(donate(&mut hub, input), json!({"accepted": false, "reason": reason}));
    }
    hub.wallet("taro", 5_000);
    let poor = ask(&mut hub, Some(("card", "taro")), Some("13104"), "donate", with_cup());
    assert_eq!(poor, json!({"accepted": false, "reason": "not_paid", "code": "funds.insufficient"}));
    // The cup that was set aside for Taro is there again.
    assert!(donate(&mut hub, with_cup())["accepted"] == true && donate(&mut hub, with_cup())["accepted"] == true);
    assert_eq!(donate(&mut hub, with_cup())["reason"], "sold_out");
    assert_eq!((hub.balance("taro"), hub.balance("hanako")), (5_000, 80_000));
}

#[test]
fn furu_1_a_mistake_is_taken_back_by_its_donor_before_the_gift_is_handed_over() {
    let mut hub = counter();
    donate(&mut hub, with_cup());
    donate(&mut hub, with_cup());
    let first = json!({"receipt": "F2026-000001"});
    hub.wallet("taro", 5_000);
    let other = ask(&mut hub, Some(("card", "taro")), None, "cancel", first.clone());
    assert_eq!(other["reason"], "other_donor");
    let back = ask(&mut hub, Some(("card", "hanako")), None, "cancel", first.clone());
    assert_eq!(
        (back, hub.balance("hanako")),
        (json!({"accepted": true, "receipt": "F2026-000001", "yen": 10_000}), 90_000)
    );
    for action in ["cancel", "hand-over"] {
        assert_eq!(ask(&mut hub, FACE, None, action, first.clone())["reason"], "cancelled");
    }
    assert_eq!(donate(&mut hub, with_cup())["receipt"], "F2026-000003", "its cup is there again");
    ask(&mut hub, None, None, "hand-over", json!({"receipt": "F2026-000003"}));
    assert_eq!(ask(&mut hub, FACE, None, "cancel", json!({"receipt": "F2026-000003"}))["reason"], "handed_over");
    hub.pass_ms(24 * 3_600_000 + 1);
    assert_eq!(ask(&mut hub, FACE, None, "cancel", json!({"receipt": "F2026-000002"}))["reason"], "too_late");
    assert_eq!(ask(&mut hub, FACE, None, "cancel", json!({"receipt": "F2026-000009"}))["reason"], "receipt_unknown");
}

#[test]
fn furu_2_five_municipalities_and_the_tenth_of_january() {
    let mut hub = counter();
    let one_stop = |others: u64, files: bool| json!({"yen": 10_000, "one_stop": true, "other_municipalities": others, "files_return": files});
    assert_eq!(donate(&mut hub, one_stop(5, false))["reason"], "over_five");
    assert_eq!(donate(&mut hub, one_stop(0, true))["reason"], "files_return");
    let given = donate(&mut hub, one_stop(4, false));
    assert_eq!(given["one_stop_until"], "2027-01-10");
    // Another one to the same municipality counts as one.
    assert_eq!(donate(&mut hub, one_stop(4, false))["accepted"], true);
    assert_eq!(donate(&mut hub, json!({"yen": 10_000, "other_municipalities": 9}))["accepted"], true);
    let form = json!({"receipt": "F2026-000001"});
    hub.pass_ms(374 * 86_400_000 + 15 * 3_600_000 - 1);
    assert_eq!(
        ask(&mut hub, FACE, None, "one-stop-form", form.clone())["accepted"],
        true,
        "late on the last day in Japan"
    );
    hub.pass_ms(1);
    assert_eq!(ask(&mut hub, FACE, None, "one-stop-form", form)["reason"], "too_late");
    assert_eq!(
        ask(&mut hub, FACE, None, "one-stop-form", json!({"receipt": "F2026-000003"}))["reason"],
        "not_one_stop"
    );
}

#[test]
fn furu_3_kaga_28_the_form_has_everything_but_the_individual_number() {
    let mut hub = counter();
    donate(&mut hub, json!({"yen": 10_000, "one_stop": true, "other_municipalities": 1}));
    let asked =
        hub.ask("one-stop-form", json!({"receipt": "F2026-000001", "kana": "やまだ はなこ"})).by("card", "hanako");
    let asked = asked
        .claim("name", "山田 花子")
        .claim("birth_date", "1990-02-03")
        .claim("sex", "女")
        .claim("address", "東京都新宿区");
    let visit = asked.begin();
    let Ended::Done(shown) = hub.now_of(&visit) else { panic!() };
    assert_eq!(
        shown,
        json!({
            "accepted": true,
            "form": {
                "addressee": "加賀市長", "name": "山田 花子", "kana": "やまだ はなこ", "address": "東京都新宿区", "sex": "女", "birth_date": "1990-02-03",
                "donated_on": "2026-01-01", "yen": 10_000, "files_no_return": true, "five_or_fewer": true
            },
            "missing": ["phone", "individual_number"],
            "until": "2027-01-10",
            "application": "https://onestop.example.jp/17206"
        })
    );
    hub.wallet("taro", 1);
    let other = ask(&mut hub, Some(("card", "taro")), None, "one-stop-form", json!({"receipt": "F2026-000001"}));
    assert_eq!(other, json!({"accepted": false, "reason": "other_donor"}));
}

tebura_plugin_test::service_conformance!(Furusato, |suite| {
    suite
    .settings(settings())
    .key("receipt:F2025-000001", br#"{"receipt":"F2025-000001","subject":"sub_1","yen":10000,"at":1767225600000,"gift":"cup","handed_over":false,"cancelled":false,"one_stop":true,"capture":"op_0"}"#)
    .captured("op_0", 10_000)
    .input("donate", json!({"yen": 10_000}))
    .input("donate", with_cup())
    .input("hand-over", json!({"receipt": "F2025-000001"}))
    .input("hand-over", json!({"receipt": "F2025-000002"}))
    .input("cancel", json!({"receipt": "F2025-000001"}))
    .input("one-stop-form", json!({"receipt": "F2025-000001", "kana": "やまだ"}))
});
