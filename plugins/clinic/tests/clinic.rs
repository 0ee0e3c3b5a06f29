//! Reception, eligibility, the hold of the estimate, and every end that a visit has.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::{Value, json};
use tebura_plugin::NativeHost;
use tebura_plugin::service::crypto;
use tebura_plugin_clinic::Clinic;
use tebura_plugin_test::service::{Ended, Harness, Visit};
use tebura_plugin_test::{get, put};

const HOUR_MS: u64 = 3_600_000;

fn settings() -> Value {
    json!({
        "institution": "1710123456",
        "departments": {
            "internal": {"title": {"ja": "内科", "en": "Internal medicine"}, "estimate": 9_000},
            "eyes": {"title": {"ja": "眼科", "en": "Eyes"}, "estimate": 5_150}
        },
        "closed": {"weekdays": ["sat", "sun"], "days": ["2026-01-01", "2026-01-02"]}
    })
}

fn clinic() -> Harness<Clinic> {
    NativeHost::with(|host| drop(host.keys.insert("receipts".to_owned(), b"receipt computer".to_vec())));
    Harness::of(Clinic).manifest(include_str!("../plugin.toml")).settings(settings())
}

fn insurance() -> Value {
    json!({"insurer": "170123", "symbol": "１２", "number": "３４５", "branch": "", "birthdate": "1980-05-17"})
}

/// Hanako is a patient with insurance and a full wallet.
fn with_hanako() -> Harness<Clinic> {
    let mut clinic = clinic();
    clinic.wallet("hanako", 20_000);
    let input = json!({"patient_number": "0001234", "insurance": insurance()});
    let registered = clinic.ask("register", input).by("staff", "hanako").begin();
    assert!(matches!(clinic.now_of(&registered), Ended::Done(said) if said["registered"] == true));
    clinic
}

/// The id of the harness's n-th request.
fn request(nth: usize) -> String {
    format!("req_{nth:032x}")
}

fn asked(nth: usize, who: &str) -> String {
    let id = request(nth);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XmlMsg><MessageHeader><MedicalInstitutionCode>1710123456</MedicalInstitutionCode><ArbitraryFileIdentifier>{id}</ArbitraryFileIdentifier></MessageHeader><MessageBody><QualificationConfirmationDate>20260101</QualificationConfirmationDate>{who}<LimitApplicationCertificateRelatedConsFlg>0</LimitApplicationCertificateRelatedConsFlg></MessageBody></XmlMsg>\n"
    )
}

fn answered(nth: usize, validity: &str, ratio: Option<u64>) -> String {
    let ratio = ratio.map_or(String::new(), |ratio| {
        format!("<InsuredPartialContributionRatio>{ratio:03}</InsuredPartialContributionRatio>")
    });
    let id = request(nth);
    format!(
        "<XmlMsg><MessageHeader><ArbitraryFileIdentifier>{id}</ArbitraryFileIdentifier><SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody><QualificationValidity>{validity}</QualificationValidity>{ratio}</MessageBody></XmlMsg>"
    )
}

/// What the terminal will say of the n-th request.
fn terminal_says(clinic: &mut Harness<Clinic>, nth: usize, validity: &str, ratio: Option<u64>) {
    let id = request(nth);
    clinic.expect(put(format!("/v1/REQ/{id}.xml")).key(format!("{id}-ask"))).status(204);
    clinic.expect(get(format!("/v1/RES/{id}.xml"))).text(200, answered(nth, validity, ratio));
}

fn receive(clinic: &mut Harness<Clinic>, department: &str) -> Visit {
    clinic.ask("receive", json!({ "department": department })).by("face", "hanako").begin()
}

fn shown(clinic: &Harness<Clinic>, visit: &Visit) -> Value {
    let (Ended::Done(output) | Ended::Waiting { output: Some(output) }) = clinic.now_of(visit) else {
        panic!("nothing is shown");
    };
    output
}

/// A bill as the receipt computer signs it.
fn bill(number: &str, visit: usize, patient: &str, amount: u64) -> Value {
    let visit = request(visit);
    let signed = format!("tebura-bill-1\n1710123456\n{visit}\n{patient}\n{number}\n{amount}\n");
    let code = crypto::mac("receipts", signed.as_bytes()).unwrap();
    let signature: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"bill": number, "visit": visit, "patient": patient, "amount": amount, "signature": signature})
}

/// Received in internal medicine as the second request: 2,700 yen are held.
fn received() -> (Harness<Clinic>, Visit) {
    let mut clinic = with_hanako();
    terminal_says(&mut clinic, 2, "1", Some(30));
    let visit = receive(&mut clinic, "internal");
    assert_eq!(shown(&clinic, &visit)["held"], 2_700);
    (clinic, visit)
}

#[test]
fn boj_34_kaga_12_the_face_at_the_door_opens_the_chart_and_holds_the_fee_and_the_bill_pays() {
    let mut clinic = with_hanako();
    let numbers = "<InsurerNumber>00170123</InsurerNumber><InsuredCardSymbol>１２</InsuredCardSymbol><InsuredIdentificationNumber>３４５</InsuredIdentificationNumber><InsuredBranchNumber></InsuredBranchNumber><Birthdate>19800517</Birthdate>";
    let id = request(2);
    let file = put(format!("/v1/REQ/{id}.xml")).key(format!("{id}-ask")).text(asked(2, numbers));
    clinic.expect(file).status(204);
    clinic.expect(get(format!("/v1/RES/{id}.xml"))).text(200, answered(2, "1", Some(30)));
    let visit = receive(&mut clinic, "internal");
    let expected = json!({
        "received": true, "patient": "0001234", "department": {"ja": "内科", "en": "Internal medicine"}, "queue": 1,
        "eligibility": {"status": "valid", "burden": 30, "by": "stored"}, "certificate": {"limit_consent": false},
        "questionnaire": false, "guardian": "none", "mandate": {"up_to": 2_700, "until": "2026-01-05"},
        "held": 2_700, "pays": "hold", "may_leave": true, "took_ms": 0
    });
    assert_eq!(shown(&clinic, &visit), expected);
    assert_eq!(clinic.balance("hanako"), 17_300);
    clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 2_430));
    let paid =
        json!({"received": true, "reason": "paid", "patient": "0001234", "amount": 2_430, "paid": 2_430, "due": 0});
    assert_eq!(clinic.now_of(&visit), Ended::Done(paid));
    assert_eq!((clinic.balance("hanako"), clinic.paid_to("clinic")), (17_570, 2_430));
    assert_eq!(clinic.told(), ["clinic.registered", "clinic.received", "clinic.billed"]);
}

#[test]
fn kaga_21_appointment_questionnaire_reception_and_payment_go_by_one_face() {
    let mut clinic = with_hanako();
    terminal_says(&mut clinic, 2, "1", Some(30));
    let booked = json!({"reference": "A-17", "at": "2026-01-01T09:00", "department": "internal"});
    let input = json!({"department": "internal", "questionnaire": true, "appointment": booked});
    let visit = clinic.ask("receive", input).by("face", "hanako").begin();
    let said = shown(&clinic, &visit);
    assert_eq!((&said["appointment"]["state"], &said["questionnaire"]), (&json!("in_time"), &json!(true)));
    assert_eq!((&said["queue"], &said["may_leave"]), (&json!(1), &json!(true)));
    clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 2_430));
    assert_eq!((&shown(&clinic, &visit)["paid"], clinic.paid_to("clinic")), (&json!(2_430), 2_430));
}

#[test]
fn kaga_13_clin_2_the_card_is_reception_and_check_in_one_step_by_the_number_linked_at_the_reader() {
    let mut clinic = with_hanako();
    let id = request(2);
    let file = put(format!("/v1/REQ/{id}.xml")).text(asked(2, "<ReferenceNumber>0001234</ReferenceNumber>"));
    clinic.expect(file).status(204);
    clinic.expect(get(format!("/v1/RES/{id}.xml"))).text(200, answered(2, "1", Some(10)));
    let visit = clinic.ask("receive", json!({"department": "internal"})).by("card", "hanako").begin();
    let said = shown(&clinic, &visit);
    assert_eq!(said["eligibility"], json!({"status": "valid", "burden": 10, "by": "card"}));
    assert_eq!((&said["held"], &said["queue"]), (&json!(900), &json!(1)));
}

#[test]
fn kaga_8_vpia_14_face_card_and_staff_lead_to_the_same_place_in_the_queue() {
    let mut results = Vec::new();
    for way in ["face", "card", "staff"] {
        let mut clinic = with_hanako();
        terminal_says(&mut clinic, 2, "1", Some(20));
        let visit = clinic.ask("receive", json!({"department": "internal"})).by(way, "hanako").begin();
        let mut said = shown(&clinic, &visit);
        said["eligibility"]["by"].take();
        clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 1_800));
        results.push((said, clinic.now_of(&visit), clinic.balance("hanako")));
    }
    assert_eq!((&results[0], &results[1]), (&results[1], &results[2]));
}

#[test]
fn kaga_14_the_time_at_the_reception_is_measured_while_the_folder_stays_empty() {
    let mut clinic = with_hanako();
    let id = request(2);
    clinic.expect(put(format!("/v1/REQ/{id}.xml"))).status(204);
    for _ in 0..2 {
        clinic.expect(get(format!("/v1/RES/{id}.xml"))).status(404);
    }
    clinic.expect(get(format!("/v1/RES/{id}.xml"))).text(200, answered(2, "1", Some(30)));
    let visit = receive(&mut clinic, "internal");
    clinic.pass_ms(600);
    clinic.pass_ms(2_400);
    assert_eq!(shown(&clinic, &visit)["took_ms"], 3_000);
}

#[test]
fn clin_7_the_estimate_follows_department_and_share_rounded_to_ten_yen() {
    for (department, ratio, held) in [
        ("internal", 10, 900),
        ("internal", 20, 1_800),
        ("internal", 30, 2_700),
        ("eyes", 10, 520),
        ("eyes", 20, 1_030),
        ("eyes", 30, 1_550),
    ] {
        let mut clinic = with_hanako();
        terminal_says(&mut clinic, 2, "1", Some(ratio));
        let visit = receive(&mut clinic, department);
        assert_eq!(shown(&clinic, &visit)["held"], held, "{department} {ratio}");
    }
    // Who owes nothing is held nothing and may not be told that a hold lets her leave.
    let mut clinic = with_hanako();
    terminal_says(&mut clinic, 2, "1", Some(0));
    let visit = receive(&mut clinic, "internal");
    assert_eq!((&shown(&clinic, &visit)["held"], &shown(&clinic, &visit)["pays"]), (&json!(0), &json!("desk")));
    clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 0));
    assert_eq!(shown(&clinic, &visit)["due"], 0);
}

#[test]
fn clin_7_two_visits_on_one_day_without_treatment_give_all_back() {
    let (mut clinic, first) = received();
    let again = receive(&mut clinic, "internal");
    assert!(matches!(clinic.now_of(&again), Ended::Done(said) if said["reason"] == "received_already"));
    clinic.tell(&first, "no-treatment", json!({}));
    assert!(matches!(clinic.now_of(&first), Ended::Done(said) if said["reason"] == "no_treatment"));
    assert_eq!(clinic.balance("hanako"), 20_000);
    terminal_says(&mut clinic, 4, "1", Some(30));
    let second = receive(&mut clinic, "internal");
    assert_eq!(shown(&clinic, &second)["queue"], 2);
    clinic.tell(&second, "no-treatment", json!({}));
    assert_eq!((clinic.balance("hanako"), clinic.paid_to("clinic")), (20_000, 0));
}

#[test]
fn boj_10_who_may_leave_left_and_the_bill_comes_later() {
    let (mut clinic, visit) = received();
    assert_eq!(shown(&clinic, &visit)["may_leave"], true);
    clinic.pass_ms(3 * HOUR_MS);
    clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 2_700));
    assert_eq!((shown(&clinic, &visit)["due"].as_u64(), clinic.paid_to("clinic")), (Some(0), 2_700));
}

#[test]
fn clin_7_more_than_held_is_asked_for_and_without_a_yes_the_desk_asks_for_the_rest() {
    let (mut clinic, visit) = received();
    clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 4_000));
    let said = shown(&clinic, &visit);
    assert_eq!((&said["paid"], &said["due"]), (&json!(4_000), &json!(0)));
    assert_eq!((clinic.balance("hanako"), clinic.paid_to("clinic")), (16_000, 4_000));
    // The wallet has no more than the estimate.
    let mut clinic = with_hanako();
    clinic.wallet("hanako", 3_000);
    terminal_says(&mut clinic, 2, "1", Some(30));
    let visit = receive(&mut clinic, "internal");
    clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 4_000));
    let said = shown(&clinic, &visit);
    assert_eq!((&said["amount"], &said["paid"], &said["due"]), (&json!(4_000), &json!(2_700), &json!(1_300)));
    assert_eq!((clinic.balance("hanako"), clinic.paid_to("clinic")), (300, 2_700));
}

#[test]
fn bad_bills_do_not_count_and_the_visit_waits_on() {
    let (mut clinic, visit) = received();
    let good = bill("R1", 2, "0001234", 2_000);
    let with = |field: &str, value: Value| {
        let mut bill = good.clone();
        bill[field] = value;
        bill
    };
    let mut unsigned = good.clone();
    unsigned.as_object_mut().unwrap().remove("signature");
    for (told, reason) in [
        (unsigned, "bill_unsigned"),
        (with("signature", json!("00")), "bill_forged"),
        (with("signature", json!("signed")), "bill_forged"),
        (with("amount", json!(200)), "bill_forged"),
        (with("patient", json!("0009999")), "bill_forged"),
        (bill("R1", 2, "0009999", 2_000), "bill_for_another_patient"),
        (bill("R1", 9, "0001234", 2_000), "bill_for_another_visit"),
    ] {
        clinic.tell(&visit, "bill", told.clone());
        let said = shown(&clinic, &visit);
        assert_eq!((said["bill_refused"].as_str(), &said["held"]), (Some(reason), &json!(2_700)), "{told}");
    }
    assert_eq!((clinic.balance("hanako"), clinic.paid_to("clinic")), (17_300, 0));
    clinic.tell(&visit, "bill", good);
    assert_eq!(clinic.paid_to("clinic"), 2_000);
    // Its number does not count twice.
    terminal_says(&mut clinic, 3, "1", Some(30));
    let next = receive(&mut clinic, "eyes");
    clinic.tell(&next, "bill", bill("R1", 3, "0001234", 1_000));
    assert_eq!(shown(&clinic, &next)["bill_refused"], "bill_twice");
    clinic.tell(&next, "bill", bill("R2", 3, "0001234", 1_000));
    assert_eq!(clinic.paid_to("clinic"), 3_000);
}

#[test]
fn who_has_no_means_to_pay_or_does_not_agree_is_received_and_pays_at_the_desk() {
    for agrees in [true, false] {
        let mut clinic = with_hanako();
        clinic.wallet("hanako", if agrees { 100 } else { 20_000 });
        terminal_says(&mut clinic, 2, "1", Some(30));
        let ask = clinic.ask("receive", json!({"department": "internal"})).by("face", "hanako");
        let visit = if agrees { ask.begin() } else { ask.refuses_to_pay().begin() };
        let said = shown(&clinic, &visit);
        let code = if agrees { "funds.insufficient" } else { "consent.refused" };
        assert_eq!(
            (&said["received"], &said["pays"], &said["may_leave"]),
            (&json!(true), &json!("desk"), &json!(false))
        );
        assert_eq!(said["code"], code);
        clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 2_700));
        let said = shown(&clinic, &visit);
        assert_eq!((&said["paid"], &said["due"]), (&json!(0), &json!(2_700)));
    }
}

#[test]
fn clin_2_a_terminal_that_is_away_slow_or_confused_stops_nobody() {
    let id = request(2);
    let away = |script: &dyn Fn(&mut Harness<Clinic>)| {
        let mut clinic = with_hanako();
        script(&mut clinic);
        let visit = receive(&mut clinic, "internal");
        for _ in 0..3 {
            clinic.pass_ms(2_400);
        }
        let said = shown(&clinic, &visit);
        assert_eq!(said["eligibility"]["status"], "unavailable");
        said["held"].as_u64().unwrap()
    };
    let (req, res) = (format!("/v1/REQ/{id}.xml"), format!("/v1/RES/{id}.xml"));
    // Nothing is known of her share: the whole cost is held, and the desk sees why.
    assert_eq!(away(&|clinic| clinic.expect(put(&*req)).lost()), 9_000);
    assert_eq!(away(&|clinic| clinic.expect(put(&*req)).refused()), 9_000);
    assert_eq!(away(&|clinic| clinic.expect(put(&*req)).status(503)), 9_000);
    for odd in [
        "",
        "<XmlMsg>",
        "<!DOCTYPE x>",
        &answered(3, "1", Some(30)),
        &answered(2, "9", Some(30)),
        &answered(2, "1", None),
        &answered(2, "1", Some(300)),
    ] {
        let script = |clinic: &mut Harness<Clinic>| {
            clinic.expect(put(&*req)).status(204);
            clinic.expect(get(&*res)).text(200, odd);
        };
        assert_eq!(away(&script), 9_000, "{odd}");
    }
    let silent = |clinic: &mut Harness<Clinic>| {
        clinic.expect(put(&*req)).status(204);
        for _ in 0..3 {
            clinic.expect(get(&*res)).status(404);
        }
    };
    assert_eq!(away(&silent), 9_000);
}

/// Hanako stands at the reception, and the folder of responses is still empty.
fn being_asked() -> (Harness<Clinic>, Visit) {
    let mut clinic = with_hanako();
    let id = request(2);
    clinic.expect(put(format!("/v1/REQ/{id}.xml"))).status(204);
    clinic.expect(get(format!("/v1/RES/{id}.xml"))).status(404);
    let visit = receive(&mut clinic, "internal");
    assert_eq!(clinic.now_of(&visit), Ended::Waiting { output: None });
    (clinic, visit)
}

#[test]
fn clin_7_a_bill_that_comes_while_the_terminal_is_asked_waits_and_is_paid_from_the_hold() {
    for (amount, paid) in [(2_430, 2_430), (0, 0), (4_000, 4_000)] {
        let (mut clinic, visit) = being_asked();
        clinic.tell(&visit, "bill", bill("R1", 2, "0001234", amount));
        assert_eq!(shown(&clinic, &visit), json!({"received": false, "bill_waits": "R1"}));
        assert_eq!(
            (clinic.balance("hanako"), clinic.paid_to("clinic")),
            (20_000, 0),
            "nothing moves before the hold stands"
        );
        // The same again changes nothing; another one does not count.
        clinic.tell(&visit, "bill", bill("R1", 2, "0001234", amount));
        clinic.tell(&visit, "bill", bill("R2", 2, "0001234", 9_999));
        assert_eq!(shown(&clinic, &visit)["bill_refused"], "other_bill_waits");
        clinic.tell(&visit, "bill", json!({"bill": "R3", "visit": request(2), "patient": "0001234", "amount": 1}));
        let said = shown(&clinic, &visit);
        assert_eq!((&said["bill_refused"], &said["bill_waits"]), (&json!("bill_unsigned"), &json!("R1")));
        clinic.tell(&visit, "no-treatment", json!({}));
        assert_eq!(shown(&clinic, &visit), json!({"received": false, "bill_waits": "R1"}), "she was treated");
        clinic.expect(get(format!("/v1/RES/{}.xml", request(2)))).text(200, answered(2, "1", Some(30)));
        clinic.pass_ms(600);
        let end =
            json!({"received": true, "reason": "paid", "patient": "0001234", "amount": amount, "paid": paid, "due": 0});
        assert_eq!(clinic.now_of(&visit), Ended::Done(end));
        assert_eq!((clinic.balance("hanako"), clinic.paid_to("clinic")), (20_000 - paid, paid));
        let refused = ["clinic.bill-refused", "clinic.bill-refused"];
        assert_eq!(
            clinic.told(),
            [&["clinic.registered"][..], &refused, &["clinic.received", "clinic.billed"]].concat()
        );
        // Its number was used.
        terminal_says(&mut clinic, 3, "1", Some(30));
        let next = receive(&mut clinic, "eyes");
        clinic.tell(&next, "bill", bill("R1", 3, "0001234", 1_000));
        assert_eq!(shown(&clinic, &next)["bill_refused"], "bill_twice");
    }
}

#[test]
fn clin_7_a_bill_that_waited_is_asked_for_where_nothing_could_be_held_and_then_due_at_the_desk() {
    let (mut clinic, visit) = being_asked();
    clinic.wallet("hanako", 100);
    clinic.tell(&visit, "bill", bill("R1", 2, "0001234", 2_430));
    clinic.expect(get(format!("/v1/RES/{}.xml", request(2)))).text(200, answered(2, "1", Some(30)));
    clinic.pass_ms(600);
    let said = shown(&clinic, &visit);
    assert_eq!((&said["reason"], &said["paid"], &said["due"]), (&json!("paid"), &json!(0), &json!(2_430)));
    assert_eq!((clinic.balance("hanako"), clinic.paid_to("clinic")), (100, 0));
}

#[test]
fn who_leaves_before_the_terminal_answered_is_out_of_the_queue_and_may_come_again() {
    let (mut clinic, visit) = being_asked();
    clinic.tell(&visit, "no-treatment", json!({}));
    assert_eq!(shown(&clinic, &visit)["reason"], "no_treatment");
    assert_eq!(clinic.balance("hanako"), 20_000);
    terminal_says(&mut clinic, 3, "1", Some(30));
    let again = receive(&mut clinic, "internal");
    assert_eq!(shown(&clinic, &again)["queue"], 1);
}

#[test]
fn what_was_valid_this_month_stands_in_for_a_silent_terminal() {
    let (mut clinic, first) = received();
    clinic.tell(&first, "no-treatment", json!({}));
    clinic.expect(put(format!("/v1/REQ/{}.xml", request(3)))).refused();
    let visit = receive(&mut clinic, "eyes");
    let said = shown(&clinic, &visit);
    assert_eq!((&said["eligibility"]["status"], &said["held"]), (&json!("unavailable"), &json!(1_550)));
    clinic.tell(&visit, "no-treatment", json!({}));
    clinic.pass_ms(31 * 24 * HOUR_MS);
    clinic.expect(put(format!("/v1/REQ/{}.xml", request(4)))).refused();
    let next_month = receive(&mut clinic, "eyes");
    assert_eq!(shown(&clinic, &next_month)["held"], 5_150);
}

#[test]
fn clin_3_an_insurance_that_is_not_valid_is_shown_and_the_whole_cost_is_held() {
    for (validity, status) in [("2", "expired"), ("3", "not_found"), ("4", "multiple")] {
        let mut clinic = with_hanako();
        terminal_says(&mut clinic, 2, validity, Some(30));
        let visit = receive(&mut clinic, "internal");
        let said = shown(&clinic, &visit);
        assert_eq!((&said["eligibility"]["status"], &said["held"]), (&json!(status), &json!(9_000)));
    }
    // Somebody without stored numbers who comes without the card.
    let mut clinic = clinic();
    clinic.wallet("hanako", 20_000);
    clinic.ask("register", json!({"patient_number": "77"})).by("staff", "hanako").begin();
    let visit = receive(&mut clinic, "internal");
    assert_eq!(shown(&clinic, &visit)["eligibility"], json!({"status": "not_asked", "burden": 100, "by": "stored"}));
}

#[test]
fn clin_7_an_unbilled_hold_ends_with_the_next_day_of_business() {
    // Thursday, New Year; Friday and the weekend are closed too: Monday 5 January.
    let (mut clinic, visit) = received();
    let monday_midnight = (4 * 24 + 15) * HOUR_MS;
    clinic.pass_ms(monday_midnight - 61_000);
    assert_eq!(shown(&clinic, &visit)["may_leave"], true);
    clinic.pass_ms(1_000);
    let said = shown(&clinic, &visit);
    assert_eq!((&said["reason"], clinic.balance("hanako")), (&json!("unbilled"), 20_000));
    assert_eq!(clinic.told().last(), Some(&"clinic.unbilled"));
}

#[test]
fn clin_4_clin_5_numbers_are_written_as_jp_core_writes_them() {
    let mut clinic = clinic();
    let mut register = |who: &str, number: &str, insurance: Value| {
        let input = json!({"patient_number": number, "insurance": insurance});
        let done = clinic.ask("register", input).by("staff", who).begin();
        let Ended::Done(said) = clinic.now_of(&done) else { panic!("it is not done") };
        said
    };
    let with = |symbol: &str, number: &str, branch: &str| json!({"insurer": "12345", "symbol": symbol, "number": number, "branch": branch, "birthdate": "1980-05-17"});
    let six = |symbol: &str, number: &str, branch: &str| {
        let mut all = with(symbol, number, branch);
        all["insurer"] = json!("012345");
        all
    };
    let said = register("a", "1", six("", "１８７", ""));
    assert_eq!(said["member"]["value"], "00012345::１８７:", "a missing branch is empty and its colon stays");
    assert_eq!(said["identifier"], json!({"system": "urn:oid:1.2.392.100495.20.3.51.11710123456", "value": "1"}));
    assert_eq!(register("b", "2", six("12", "345", "01"))["member"]["value"], "00012345:12:345:01");
    assert_eq!(register("c", "3", six("12", "３４５", "01"))["reason"], "mixed_width");
    assert_eq!(register("c", "2", six("12", "345", "01"))["reason"], "number_taken");
    assert_eq!(register("a", "9", six("", "１８７", ""))["reason"], "has_another_number");
}

#[test]
fn strangers_unknown_departments_and_forgotten_patients_are_not_received() {
    let mut clinic = with_hanako();
    let reason = |clinic: &mut Harness<Clinic>, who: &str, department: &str| {
        let visit = clinic.ask("receive", json!({ "department": department })).by("face", who).begin();
        shown(clinic, &visit)["reason"].as_str().map(str::to_owned)
    };
    assert_eq!(reason(&mut clinic, "taro", "internal").as_deref(), Some("not_registered"));
    assert_eq!(reason(&mut clinic, "hanako", "surgery").as_deref(), Some("department_unknown"));
    terminal_says(&mut clinic, 4, "1", Some(30));
    let visit = receive(&mut clinic, "internal");
    let forget = |clinic: &mut Harness<Clinic>| {
        let done = clinic.ask("forget", json!({})).by("staff", "hanako").begin();
        shown(clinic, &done)["reason"].as_str().map(str::to_owned)
    };
    assert_eq!(forget(&mut clinic).as_deref(), Some("is_waiting"));
    clinic.tell(&visit, "no-treatment", json!({}));
    assert_eq!(forget(&mut clinic), None);
    assert_eq!(reason(&mut clinic, "hanako", "internal").as_deref(), Some("not_registered"));
}

fn sample(number: &str, amount: u64) -> Value {
    let signed = format!("tebura-bill-1\n1710123456\nreq_1\n0001234\n{number}\n{amount}\n");
    NativeHost::with(|host| drop(host.keys.insert("receipts".to_owned(), b"receipt computer".to_vec())));
    let code = crypto::mac("receipts", signed.as_bytes()).unwrap();
    let signature: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"bill": number, "visit": "req_1", "patient": "0001234", "amount": amount, "signature": signature})
}

tebura_plugin_test::service_conformance!(Clinic, |suite| suite
    .settings(settings())
    .key("patient/sub_1", json!({"number": "0001234", "insurance": insurance()}).to_string().as_bytes())
    .input("register", json!({"patient_number": "0001234", "insurance": insurance()}))
    .input("forget", json!({}))
    .input("receive", json!({"department": "internal"}))
    .input("receive", json!({"department": "surgery"}))
    .reply_text(200, &answered(1, "1", Some(30)).replace(&request(1), "req_1"))
    .message("receive", "bill", sample("R1", 2_430))
    .message("receive", "bill", sample("R2", 20_000))
    .message("receive", "bill", sample("R3", 0))
    .message("receive", "no-treatment", json!({})));
