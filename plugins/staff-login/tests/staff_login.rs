//! Terminals by face with consent, and by card without it.

use serde_json::{Value, json};
use tebura_plugin_staff_login::StaffLogin;
use tebura_plugin_test::service::{Ended, Harness, Visit};

const MINUTE_MS: u64 = 60_000;

fn settings(version: &str) -> Value {
    json!({
        "roles": {"cashier": {"ja": "レジ担当", "en": "Cashier"}, "manager": {"ja": "店長", "en": "Manager"}},
        "terminals": {"till-1": ["cashier", "manager"], "office": ["manager"]},
        "session_minutes": 480, "consent_version": version
    })
}

/// A company with hanako at the tills.
fn company() -> Harness<StaffLogin> {
    let mut company = Harness::of(StaffLogin).manifest(include_str!("../plugin.toml")).settings(settings("2026-04"));
    let employed = company.ask("employ", json!({"role": "cashier"})).by("staff", "hanako").begin();
    assert_eq!(company.now_of(&employed), Ended::Done(json!({"employed": true, "face": false})));
    company
}

fn agree(company: &mut Harness<StaffLogin>, way: &str, input: Value) -> Value {
    let visit = company.ask("consent", input).by(way, "hanako").begin();
    shown(company, &visit)
}

fn unlock(company: &mut Harness<StaffLogin>, way: &str, who: &str, terminal: &str) -> Visit {
    company.ask("unlock", json!({ "terminal": terminal })).by(way, who).begin()
}

fn shown(company: &Harness<StaffLogin>, visit: &Visit) -> Value {
    let (Ended::Done(output) | Ended::Waiting { output: Some(output) }) = company.now_of(visit) else {
        panic!("nothing is shown");
    };
    output
}

fn may(company: &mut Harness<StaffLogin>, terminal: &str) -> bool {
    let visit = company.ask("check", json!({ "terminal": terminal })).begin();
    shown(company, &visit)["permitted"] == true
}

#[test]
fn cam_7_the_face_of_somebody_who_agreed_opens_the_terminal_until_it_is_locked() {
    let mut company = company();
    assert_eq!(
        agree(&mut company, "card", json!({"agreed": true, "version": "2026-04"})),
        json!({"employed": true, "face": true})
    );
    assert_eq!(company.gallery("staff"), ["hanako"]);
    let visit = unlock(&mut company, "face", "hanako", "till-1");
    let open =
        json!({"permitted": true, "terminal": "till-1", "role": {"ja": "レジ担当", "en": "Cashier"}, "minutes": 480});
    assert_eq!((shown(&company, &visit), may(&mut company, "till-1")), (open, true));
    company.tell(&visit, "lock", json!({}));
    assert_eq!((shown(&company, &visit)["reason"].as_str(), may(&mut company, "till-1")), (Some("locked"), false));
    let visit = unlock(&mut company, "face", "hanako", "till-1");
    company.pass_ms(480 * MINUTE_MS);
    assert_eq!((shown(&company, &visit)["reason"].as_str(), may(&mut company, "till-1")), (Some("timed_out"), false));
}

#[test]
fn cam_8_without_a_consent_the_face_opens_nothing_and_the_card_opens_the_same() {
    let mut company = company();
    let by_face = unlock(&mut company, "face", "hanako", "till-1");
    let said = shown(&company, &by_face);
    assert_eq!((&said["reason"], &said["other_ways"]), (&json!("no_consent"), &json!(["card", "qr"])));
    let by_card = unlock(&mut company, "card", "hanako", "till-1");
    let without = shown(&company, &by_card);
    company.tell(&by_card, "lock", json!({}));
    agree(&mut company, "card", json!({"agreed": true, "version": "2026-04"}));
    let by_face = unlock(&mut company, "face", "hanako", "till-1");
    assert_eq!(shown(&company, &by_face), without, "nobody is treated worse");
}

#[test]
fn cam_8_a_consent_is_given_beside_the_face_to_the_present_wording_and_is_taken_back_at_once() {
    let mut company = company();
    for (way, input, reason) in [
        ("face", json!({"agreed": true, "version": "2026-04"}), "not_by_the_face_itself"),
        ("card", json!({"agreed": true, "version": "2025-04"}), "version_differs"),
        ("card", json!({"agreed": true}), "version_differs"),
    ] {
        let said = agree(&mut company, way, input);
        assert_eq!((&said["reason"], &said["face"]), (&json!(reason), &json!(false)));
        assert!(company.gallery("staff").is_empty());
    }
    agree(&mut company, "qr", json!({"agreed": true, "version": "2026-04"}));
    assert_eq!(company.gallery("staff"), ["hanako"]);
    // By the face too: to take it back is never harder than to give it.
    let said = agree(&mut company, "face", json!({"agreed": false}));
    assert_eq!((&said["face"], company.gallery("staff").len()), (&json!(false), 0));
    let by_face = unlock(&mut company, "face", "hanako", "till-1");
    assert_eq!(shown(&company, &by_face)["reason"], "no_consent");
    // A new wording asks again.
    agree(&mut company, "card", json!({"agreed": true, "version": "2026-04"}));
    let mut company = company.settings(settings("2026-10"));
    let by_face = unlock(&mut company, "face", "hanako", "till-1");
    assert_eq!(shown(&company, &by_face)["reason"], "no_consent");
    let by_card = unlock(&mut company, "card", "hanako", "till-1");
    assert_eq!(shown(&company, &by_card)["permitted"], true);
}

#[test]
fn roles_strangers_and_terminals_that_are_in_use_are_refused_and_told() {
    let mut company = company();
    company.ask("employ", json!({"role": "manager"})).by("staff", "taro").begin();
    let mut reason = |way: &str, who: &str, terminal: &str| {
        let visit = unlock(&mut company, way, who, terminal);
        shown(&company, &visit)["reason"].as_str().map(str::to_owned)
    };
    assert_eq!(reason("card", "stranger", "till-1").as_deref(), Some("not_staff"));
    assert_eq!(reason("card", "hanako", "office").as_deref(), Some("role"));
    assert_eq!(reason("card", "hanako", "till-9").as_deref(), Some("terminal_unknown"));
    assert_eq!(reason("card", "hanako", "till-1"), None);
    assert_eq!(reason("card", "taro", "till-1").as_deref(), Some("in_use"));
    assert_eq!(reason("card", "hanako", "till-1"), None, "she may unlock it again");
    assert_eq!(company.told().iter().filter(|topic| **topic == "staff.refused").count(), 4);
    let unknown = company.ask("employ", json!({"role": "king"})).by("staff", "sakura").begin();
    assert_eq!(shown(&company, &unknown)["reason"], "role_unknown");
}

#[test]
fn who_leaves_the_company_loses_face_and_terminal_at_once() {
    let mut company = company();
    agree(&mut company, "card", json!({"agreed": true, "version": "2026-04"}));
    let visit = unlock(&mut company, "face", "hanako", "till-1");
    let left = company.ask("leave", json!({})).by("staff", "hanako").begin();
    assert_eq!(shown(&company, &left), json!({"employed": false, "face": false}));
    assert_eq!((may(&mut company, "till-1"), company.gallery("staff").len()), (false, 0));
    let again = unlock(&mut company, "card", "hanako", "till-1");
    assert_eq!(shown(&company, &again)["reason"], "not_staff");
    // The session that was open ends quietly, and locks nobody else out.
    company.ask("employ", json!({"role": "cashier"})).by("staff", "taro").begin();
    unlock(&mut company, "card", "taro", "till-1");
    company.tell(&visit, "lock", json!({}));
    assert!(may(&mut company, "till-1"));
}

tebura_plugin_test::service_conformance!(StaffLogin, |suite| suite
    .settings(settings("2026-04"))
    .key("member/sub_1", br#"{"role": "cashier", "agreed": "2026-04", "open": ["till-1"]}"#)
    .input("unlock", json!({"terminal": "till-1"}))
    .input("unlock", json!({"terminal": "office"}))
    .input("check", json!({"terminal": "till-1"}))
    .input("consent", json!({"agreed": true, "version": "2026-04"}))
    .input("consent", json!({"agreed": false}))
    .input("employ", json!({"role": "manager"}))
    .input("leave", json!({}))
    .message("unlock", "lock", json!({})));
