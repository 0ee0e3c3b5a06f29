//! Tickets and faces at the gates, the ways beside the face, charges, re-entry, and what may be paid with inside.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::{Value, json};
use tebura_plugin::NativeHost;
use tebura_plugin::service::{Event, Field, LedgerStep, Receipt, Request, Step, Wanted, crypto, handle, resume, yen};
use tebura_plugin_gate::Gate;
use tebura_plugin_test::service::{Ended, Harness, Visit};

const HOUR_MS: u64 = 3_600_000;
const WALLET: &str = "jp.tebura.wallet";
const CARD: &str = "jp.tebura.card";

fn settings() -> Value {
    let title = |ja: &str, en: &str| json!({ "ja": ja, "en": en });
    json!({
        "gates": {"east-1": "face", "east-2": "face", "west-1": "ordinary"},
        "lanes": {"face": title("顔認証レーン", "Face lane"), "ordinary": title("一般レーン", "Ordinary lane")},
        "passes": {
            "season": {"title": title("通期パス", "Season pass"), "lanes": ["face", "ordinary"], "by_face": true,
                "instruments": ["card", "wallet"], "charge": 0, "re_entry": true},
            "one-day": {"title": title("一日券", "One-day ticket"), "lanes": ["ordinary"], "by_face": false,
                "instruments": ["wallet"], "charge": 0, "re_entry": false},
            "guest": {"title": title("招待券", "Guest ticket"), "lanes": ["ordinary"], "by_face": false,
                "instruments": [], "charge": 0, "re_entry": false},
            "evening": {"title": title("夜間券", "Evening pass"), "lanes": ["face"], "by_face": true,
                "instruments": ["wallet"], "charge": 1_500, "re_entry": true}
        },
        "instruments": {"wallet": [WALLET, "house"], "card": [CARD]}
    })
}

/// What the ticket office prints.
fn ticket(number: &str, pass: &str) -> String {
    valid(number, pass, "2026-01-01", "2026-06-30")
}

fn valid(number: &str, pass: &str, from: &str, until: &str) -> String {
    NativeHost::with(|host| drop(host.keys.insert("tickets".to_owned(), b"ticket office".to_vec())));
    let signed = format!("TK1.{number}.{pass}.{from}.{until}");
    let code = crypto::mac("tickets", signed.as_bytes()).unwrap();
    let hex: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{signed}.{hex}")
}

fn venue() -> Harness<Gate> {
    Harness::of(Gate).manifest(include_str!("../plugin.toml")).settings(settings())
}

fn at(gate: &str, ticket: &str) -> Value {
    json!({ "gate": gate, "ticket": ticket })
}

/// A season pass that is hanako's.
fn with_hanakos_pass() -> (Harness<Gate>, String) {
    let (mut venue, pass) = (venue(), ticket("S1", "season"));
    let bound = venue.ask("bind", json!({ "ticket": pass })).by("staff", "hanako").begin();
    assert_eq!(venue.now_of(&bound), Ended::Done(json!({"bound": true, "ticket": "S1", "pass": "season"})));
    (venue, pass)
}

fn shown(venue: &Harness<Gate>, visit: &Visit) -> Value {
    let (Ended::Done(output) | Ended::Waiting { output: Some(output) }) = venue.now_of(visit) else {
        panic!("nothing is shown");
    };
    output
}

fn reason(venue: &Harness<Gate>, visit: &Visit) -> String {
    let shown = shown(venue, visit);
    assert_eq!(shown["admitted"], false, "{shown}");
    shown["reason"].as_str().unwrap().to_owned()
}

#[test]
fn expo_2_the_ticket_and_then_its_persons_face_open_the_gate_and_neither_alone() {
    let (mut venue, pass) = with_hanakos_pass();
    let face = venue.ask("enter", json!({"gate": "east-1"})).by("face", "hanako").begin();
    assert_eq!(reason(&venue, &face), "ticket_needed");
    let qr = venue.ask("enter", at("east-1", &pass)).by("qr", "hanako").begin();
    assert_eq!(reason(&venue, &qr), "face_needed");
    let nobody = venue.ask("enter", at("east-1", &pass)).by_nobody("qr").begin();
    assert_eq!(reason(&venue, &nobody), "face_needed");
    let both =
        venue.ask("enter", at("east-1", &pass)).by("qr", "hanako").by("face", "hanako").paying_with(CARD).begin();
    let entered = json!({"admitted": true, "re_entry": false, "paid": 0, "pays_by_face": true});
    assert_eq!(shown(&venue, &both), entered);
    assert_eq!((venue.gallery("today"), venue.told().last().copied()), (vec!["hanako"], Some("gate.entered")));
}

#[test]
fn expo_3_a_lent_ticket_is_refused_with_a_reason_of_its_own_and_told() {
    let (mut venue, pass) = with_hanakos_pass();
    // The hub compared the face with hanako's, whom the QR code names.
    let lent = venue.ask("enter", at("east-1", &pass)).by_nobody("qr").by_nobody("other-face").begin();
    assert_eq!(reason(&venue, &lent), "face_ticket_mismatch");
    // Taro says who he is and shows hanako's ticket.
    for way in ["face", "card", "staff"] {
        let taro = venue.ask("enter", at("east-1", &pass)).by(way, "taro").begin();
        assert_eq!(reason(&venue, &taro), "face_ticket_mismatch", "{way}");
    }
    assert_eq!(venue.told(), ["gate.bound", "gate.refused", "gate.refused", "gate.refused", "gate.refused"]);
    assert!(venue.gallery("today").is_empty());
    let stolen = venue.ask("bind", json!({ "ticket": pass })).by("card", "taro").begin();
    assert!(matches!(venue.now_of(&stolen), Ended::Done(said) if said["reason"] == "bound_to_another"));
}

#[test]
fn kaga_8_vpia_14_a_card_or_the_staff_open_the_same_gate_with_the_same_result() {
    let (mut venue, pass) = with_hanakos_pass();
    let mut results = Vec::new();
    for ways in [["qr", "face"], ["qr", "card"], ["qr", "staff"]] {
        let ask = venue.ask("enter", at("east-1", &pass)).by(ways[0], "hanako").by(ways[1], "hanako");
        let visit = ask.paying_with(WALLET).begin();
        results.push(shown(&venue, &visit));
        assert_eq!(venue.gallery("today"), ["hanako"]);
        venue.pass_ms(24 * HOUR_MS);
    }
    assert_eq!((&results[0], &results[1]), (&results[1], &results[2]));
    assert_eq!(results[0]["admitted"], true);
}

#[test]
fn expo_10_other_tickets_are_shown_the_ordinary_lane_and_go_in_there() {
    let (mut venue, day) = (venue(), ticket("D1", "one-day"));
    let wrong = venue.ask("enter", at("east-1", &day)).by_nobody("qr").begin();
    let said = shown(&venue, &wrong);
    assert_eq!((&said["reason"], &said["lane"]["ja"]), (&json!("other_lane"), &json!("一般レーン")));
    assert_eq!(said["pass"]["en"], "One-day ticket");
    let right = venue.ask("enter", at("west-1", &day)).by_nobody("qr").begin();
    assert_eq!(shown(&venue, &right)["admitted"], true);
    assert!(venue.gallery("today").is_empty(), "nobody was recognised");
}

#[test]
fn a_ticket_enters_once_and_some_come_back_the_same_day() {
    let (mut venue, pass) = with_hanakos_pass();
    let enter = |venue: &mut Harness<Gate>, gate: &str| {
        let visit = venue.ask("enter", at(gate, &pass)).by("qr", "hanako").by("face", "hanako").begin();
        shown(venue, &visit)
    };
    assert_eq!(enter(&mut venue, "east-1")["re_entry"], false);
    assert_eq!(enter(&mut venue, "east-2")["reason"], "inside_already");
    let left = venue.ask("leave", json!({ "ticket": pass })).by("qr", "hanako").begin();
    assert_eq!(venue.now_of(&left), Ended::Done(json!({"left": true, "re_entry": true})));
    assert_eq!(enter(&mut venue, "east-2")["re_entry"], true);
    // One that does not.
    let day = ticket("D1", "one-day");
    for expected in [None, Some("inside_already")] {
        let visit = venue.ask("enter", at("west-1", &day)).by_nobody("qr").begin();
        assert_eq!(shown(&venue, &visit)["reason"].as_str(), expected);
    }
    let out = venue.ask("leave", json!({ "ticket": day })).by_nobody("qr").begin();
    assert_eq!(venue.now_of(&out), Ended::Done(json!({"left": true, "re_entry": false})));
    let again = venue.ask("enter", at("west-1", &day)).by_nobody("qr").begin();
    assert_eq!(reason(&venue, &again), "no_re_entry");
    let twice = venue.ask("leave", json!({ "ticket": day })).by_nobody("qr").begin();
    assert!(matches!(venue.now_of(&twice), Ended::Done(said) if said["reason"] == "not_inside"));
}

#[test]
fn expo_6_expo_22_who_leaves_or_whose_day_ends_is_not_looked_for_by_the_shops() {
    let (mut venue, pass) = with_hanakos_pass();
    let enter = |venue: &mut Harness<Gate>| {
        venue.ask("enter", at("east-1", &pass)).by("qr", "hanako").by("face", "hanako").paying_with(WALLET).begin()
    };
    enter(&mut venue);
    venue.ask("leave", json!({ "ticket": pass })).by("qr", "hanako").begin();
    assert!(venue.gallery("today").is_empty());
    let evening = enter(&mut venue);
    assert_eq!(venue.gallery("today"), ["hanako"]);
    // It is nine in the morning; at midnight the day is over by itself, and the next one begins anew.
    venue.pass_ms(15 * HOUR_MS - 1);
    assert_eq!(venue.gallery("today"), ["hanako"]);
    venue.pass_ms(1);
    assert!(venue.gallery("today").is_empty());
    assert_eq!(shown(&venue, &evening)["reason"], "closed");
    let next_day = enter(&mut venue);
    assert_eq!(shown(&venue, &next_day)["re_entry"], false);
}

#[test]
fn expo_9_a_pass_says_what_may_be_paid_with_by_face() {
    let (mut venue, pass) = with_hanakos_pass();
    let day = ticket("D1", "one-day");
    let guest = ticket("G1", "guest");
    let may = |venue: &mut Harness<Gate>, ticket: &str, rail: Option<&str>| {
        let ask = venue.ask("instruments", json!({ "ticket": ticket })).by("qr", "hanako");
        let ask = if let Some(rail) = rail { ask.paying_with(rail) } else { ask };
        let visit = ask.begin();
        let said = shown(venue, &visit);
        (said["pays_by_face"].as_bool().unwrap(), said["reason"].as_str().map(str::to_owned))
    };
    let no = |reason: &str| (false, Some(reason.to_owned()));
    assert_eq!(may(&mut venue, &pass, Some(CARD)), (true, None));
    assert_eq!(may(&mut venue, &pass, Some(WALLET)), (true, None));
    assert_eq!(may(&mut venue, &day, Some(CARD)), no("instrument_not_allowed"));
    assert_eq!(may(&mut venue, &day, Some(WALLET)), (true, None));
    assert_eq!(may(&mut venue, &guest, Some(WALLET)), no("instrument_not_allowed"));
    assert_eq!(may(&mut venue, &pass, None), no("instrument_none"));
    assert_eq!(may(&mut venue, &pass, Some("jp.example.points")), no("instrument_not_allowed"));
    // She goes in with a card that her one-day ticket does not allow, and chooses the wallet later.
    let ask = venue.ask("enter", at("west-1", &day)).by("qr", "hanako").paying_with(CARD);
    let visit = ask.begin();
    let said = shown(&venue, &visit);
    assert_eq!((&said["admitted"], &said["pays_by_face"]), (&json!(true), &json!(false)));
    assert!(venue.gallery("today").is_empty());
    may(&mut venue, &day, Some(WALLET));
    assert_eq!(venue.gallery("today"), ["hanako"]);
    may(&mut venue, &day, Some(CARD));
    assert!(venue.gallery("today").is_empty());
}

#[test]
fn a_pass_that_is_paid_at_the_gate_is_paid_once_a_day() {
    let (mut venue, pass) = (venue(), ticket("E1", "evening"));
    venue.wallet("taro", 2_000);
    venue.ask("bind", json!({ "ticket": pass })).by("card", "taro").begin();
    let enter = |venue: &mut Harness<Gate>, rail: &str, agrees: bool| {
        let ask = venue.ask("enter", at("east-1", &pass)).by("qr", "taro").by("face", "taro").paying_with(rail);
        let visit = if agrees { ask.begin() } else { ask.refuses_to_pay().begin() };
        shown(venue, &visit)
    };
    let said = enter(&mut venue, CARD, true);
    assert_eq!(said["reason"], "instrument_not_allowed");
    let said = enter(&mut venue, WALLET, false);
    assert_eq!((&said["reason"], &said["code"]), (&json!("not_paid"), &json!("consent.refused")));
    // Who did not pay did not enter, and may try again.
    assert_eq!(enter(&mut venue, WALLET, true)["paid"], 1_500);
    venue.ask("leave", json!({ "ticket": pass })).by("qr", "taro").begin();
    let said = enter(&mut venue, WALLET, true);
    assert_eq!((&said["re_entry"], &said["paid"]), (&json!(true), &json!(0)));
    assert_eq!((venue.balance("taro"), venue.paid_to("venue")), (500, 1_500));
    venue.pass_ms(24 * HOUR_MS);
    let poor = enter(&mut venue, WALLET, true);
    assert_eq!((&poor["reason"], &poor["code"]), (&json!("not_paid"), &json!("funds.insufficient")));
}

/// A step as the hub keeps it: the instance's keys are what the next one reads.
fn kept(step: &Step) -> &Step {
    NativeHost::with(|host| {
        for write in &step.writes {
            match &write.value {
                Some(value) => drop(host.kv.insert(write.key.clone(), value.clone())),
                None => drop(host.kv.remove(&write.key)),
            }
        }
    });
    step
}

#[test]
fn a_charge_of_which_nothing_is_heard_keeps_the_ticket_out_for_minutes_and_is_given_back_when_it_comes_late() {
    let pass = ticket("E1", "evening");
    let owner = json!({"owner": "taro", "day": null, "inside": null});
    NativeHost::with(|host| drop(host.kv.insert("ticket/E1".to_owned(), owner.to_string().into_bytes())));
    let request = |id: &str, minutes: u64| Request {
        id: id.to_owned(),
        service: "venue".to_owned(),
        now: 1_775_000_000_000 + minutes * 60_000,
        action: "enter".to_owned(),
        settings: settings().to_string(),
        subject: Some("taro".to_owned()),
        recognised_by: vec!["qr".to_owned(), "face".to_owned()],
        claims: Vec::new(),
        input: at("east-1", &pass).to_string(),
        attributes: vec![Field { name: "rail".to_owned(), value: WALLET.to_owned() }],
    };
    let said = |step: &Step| -> Value {
        let (Wanted::Done(text) | Wanted::Wait { output: Some(text), .. }) = &step.next else { panic!("{step:?}") };
        serde_json::from_str(text).unwrap()
    };
    let moved = |id: &str| Event::Moved(Receipt { id: id.to_owned(), amount: yen(1_500) });
    let first = handle(&Gate, &request("req_1", 0)).unwrap();
    assert!(matches!(kept(&first).next, Wanted::Ledger(LedgerStep::Hold { .. })), "{first:?}");
    // The first step after that traps, or its rail is silent. Nobody entered.
    let meanwhile = handle(&Gate, &request("req_2", 5)).unwrap();
    assert_eq!(said(&meanwhile)["reason"], "inside_already");
    let later = handle(&Gate, &request("req_3", 11)).unwrap();
    assert!(matches!(kept(&later).next, Wanted::Ledger(LedgerStep::Hold { .. })), "it pays again: {later:?}");
    let held = resume(&Gate, &request("req_3", 11), &later.state, &moved("hold_3")).unwrap();
    let entered = resume(&Gate, &request("req_3", 11), &held.state, &moved("op_3")).unwrap();
    assert_eq!(said(kept(&entered))["admitted"], true);
    // The first one's capture was on its way all the time.
    let held = resume(&Gate, &request("req_1", 12), &first.state, &moved("hold_1")).unwrap();
    let late = resume(&Gate, &request("req_1", 12), &held.state, &moved("op_1")).unwrap();
    assert!(matches!(&kept(&late).next, Wanted::Ledger(LedgerStep::Refund { .. })), "{late:?}");
    let refused = resume(&Gate, &request("req_1", 12), &late.state, &moved("op_1b")).unwrap();
    assert_eq!(said(kept(&refused))["reason"], "inside_already");
    let again = handle(&Gate, &request("req_4", 13)).unwrap();
    assert_eq!(said(&again)["reason"], "inside_already", "who entered is in");
}

#[test]
fn what_is_no_ticket_or_not_of_today_or_of_an_unknown_pass_opens_nothing() {
    let (mut venue, pass) = with_hanakos_pass();
    let mut forged = pass.clone();
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    let longer = pass.replace("2026-06-30", "2036-06-30");
    for (text, expected) in [
        (String::new(), "ticket_needed"),
        ("hello".to_owned(), "ticket_unreadable"),
        (pass.replace("S1", "s1"), "ticket_unreadable"),
        (pass.replace("TK1", "TK2"), "ticket_unreadable"),
        (pass.replace("2026-06-30", "2026-06-31"), "ticket_unreadable"),
        (forged, "ticket_forged"),
        (longer, "ticket_forged"),
        (valid("S2", "season", "2026-01-02", "2026-06-30"), "ticket_not_valid"),
        (valid("S3", "season", "2025-04-01", "2025-12-31"), "ticket_not_valid"),
        (ticket("S4", "summer"), "pass_unknown"),
        (ticket("S5", "season"), "ticket_not_bound"),
    ] {
        let visit = venue.ask("enter", at("east-1", &text)).by("qr", "hanako").by("face", "hanako").begin();
        assert_eq!(reason(&venue, &visit), expected, "{text}");
    }
    let gate = venue.ask("enter", at("north-1", &pass)).by("qr", "hanako").by("face", "hanako").begin();
    assert_eq!(reason(&venue, &gate), "gate_unknown");
    let day = venue.ask("bind", json!({ "ticket": ticket("D1", "one-day") })).by("staff", "hanako").begin();
    assert!(matches!(venue.now_of(&day), Ended::Done(said) if said["reason"] == "not_by_face"));
}

#[test]
fn a_pass_that_was_given_up_may_be_bound_to_somebody_else() {
    let (mut venue, pass) = with_hanakos_pass();
    let taro = venue.ask("unbind", json!({ "ticket": pass })).by("staff", "taro").begin();
    assert!(matches!(venue.now_of(&taro), Ended::Done(said) if said["reason"] == "bound_to_another"));
    venue.ask("unbind", json!({ "ticket": pass })).by("staff", "hanako").begin();
    let bound = venue.ask("bind", json!({ "ticket": pass })).by("staff", "taro").begin();
    assert!(matches!(venue.now_of(&bound), Ended::Done(said) if said["bound"] == true));
}

#[test]
fn without_the_ticket_offices_key_the_operator_is_told() {
    let (mut venue, pass) = with_hanakos_pass();
    NativeHost::with(|host| host.keys.clear());
    let visit = venue.ask("enter", at("east-1", &pass)).by("qr", "hanako").by("face", "hanako").begin();
    assert_eq!(venue.now_of(&visit), Ended::Failed { code: "crypto.key_not_bound".to_owned() });
}

tebura_plugin_test::service_conformance!(Gate, |suite| suite
    .settings(settings())
    .input("enter", at("east-1", &ticket("S1", "season")))
    .input("enter", at("west-1", &ticket("D1", "one-day")))
    .input("enter", at("east-1", &ticket("D1", "one-day")))
    .input("enter", at("east-1", "hello"))
    .input("enter", json!({"gate": "east-1"}))
    .input("leave", json!({ "ticket": ticket("S1", "season") }))
    .input("bind", json!({ "ticket": ticket("S1", "season") }))
    .input("unbind", json!({ "ticket": ticket("S1", "season") }))
    .input("instruments", json!({ "ticket": ticket("S1", "season") })));
