//! What the desk sees of whom the terminal found, and the records for the chart and the receipt computer.

use serde_json::{Value, json};
use tebura_plugin_clinic::Clinic;
use tebura_plugin_test::service::{Ended, Harness, ServiceConformance, Visit};
use tebura_plugin_test::{get, put};

/// Hanako, born in 1980, as the insurer has her.
const HANAKO: &str = "<InsurerNumber>00170123</InsurerNumber><InsuredCardSymbol>１２</InsuredCardSymbol><InsuredIdentificationNumber>345</InsuredIdentificationNumber><InsuredBranchNumber>01</InsuredBranchNumber><Name>山田　花子</Name><NameKana>ヤマダ ハナコ</NameKana><Sex1>2</Sex1><Birthdate>19800517</Birthdate><InsuredCardValidDate>20240401</InsuredCardValidDate><InsuredCardExpirationDate>20260331</InsuredCardExpirationDate>";
const LIMIT: &str = "<LimitApplicationCertificateRelatedInfo><LimitApplicationCertificateClassificationFlag>A03</LimitApplicationCertificateClassificationFlag><LimitApplicationCertificateValidStartDate>20250901</LimitApplicationCertificateValidStartDate></LimitApplicationCertificateRelatedInfo>";

fn settings() -> Value {
    json!({
        "institution": "1710123456",
        "departments": {"internal": {"title": {"ja": "内科", "en": "Internal medicine"}, "estimate": 9_000}},
        "closed": {"weekdays": ["sat", "sun"], "days": ["2026-01-01", "2026-01-02"]}
    })
}

fn clinic(insurance: &Value) -> Harness<Clinic> {
    let mut clinic = Harness::of(Clinic).manifest(include_str!("../plugin.toml")).settings(settings());
    clinic.wallet("hanako", 20_000);
    let mut input = json!({"patient_number": "0001234"});
    if !insurance.is_null() {
        input["insurance"] = insurance.clone();
    }
    clinic.ask("register", input).by("staff", "hanako").begin();
    clinic
}

fn stored() -> Value {
    json!({"insurer": "170123", "symbol": "12", "number": "345", "branch": "", "birthdate": "1980-05-17"})
}

/// What the terminal will say of the second request.
fn terminal_says(clinic: &mut Harness<Clinic>, validity: u8, consent: u8, body: &str) {
    let id = format!("req_{:032x}", 2);
    clinic.expect(put(format!("/v1/REQ/{id}.xml"))).status(204);
    let said = format!(
        "<XmlMsg><MessageHeader><ArbitraryFileIdentifier>{id}</ArbitraryFileIdentifier><SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody><QualificationValidity>{validity}</QualificationValidity><InsuredPartialContributionRatio>030</InsuredPartialContributionRatio>{body}<LimitApplicationCertificateRelatedConsFlg>{consent}</LimitApplicationCertificateRelatedConsFlg></MessageBody></XmlMsg>"
    );
    clinic.expect(get(format!("/v1/RES/{id}.xml"))).text(200, said);
}

fn shown(clinic: &Harness<Clinic>, visit: &Visit) -> Value {
    let Ended::Waiting { output: Some(output) } = clinic.now_of(visit) else { panic!("nothing is shown") };
    output
}

/// What the desk sees of a visit by staff, with claims that the hub proved.
fn received(body: &str, claims: &[(&str, &str)], input: Value) -> Value {
    let mut clinic = clinic(&stored());
    terminal_says(&mut clinic, 1, 0, body);
    let ask = clinic.ask("receive", input).by("staff", "hanako");
    let visit = claims.iter().fold(ask, |ask, (name, value)| ask.claim(name, value)).begin();
    shown(&clinic, &visit)
}

fn internal() -> Value {
    json!({"department": "internal"})
}

#[test]
fn clin_3_the_desk_sees_name_birth_sex_numbers_and_days_as_the_terminal_has_them() {
    let said = received(HANAKO, &[("birth_date", "1980-05-17"), ("name", "山田花子")], internal());
    let certificate = json!({
        "name": "山田　花子", "kana": "ヤマダ ハナコ", "birth_date": "1980-05-17", "sex": "female",
        "insurance": {"insurer": "00170123", "symbol": "１２", "number": "３４５", "branch": "01", "birthdate": "1980-05-17"},
        "valid_from": "2024-04-01", "valid_until": "2026-03-31", "limit_consent": false
    });
    assert_eq!(said["certificate"], certificate);
    assert_eq!(said["mandate"], json!({"up_to": 2_700, "until": "2026-01-05"}));
    assert_eq!(said["notices"], Value::Null);
    // An insurance that is over names its person, too; nobody is named where several have the numbers.
    for (validity, name) in [(2, json!("山田　花子")), (3, Value::Null), (4, Value::Null)] {
        let mut clinic = clinic(&stored());
        terminal_says(&mut clinic, validity, 0, HANAKO);
        let visit = clinic.ask("receive", internal()).by("staff", "hanako").begin();
        assert_eq!(shown(&clinic, &visit)["certificate"]["name"], name);
    }
}

#[test]
fn clin_3_the_category_of_the_limit_is_read_with_the_patients_consent_only() {
    for (agreed, flag, limit) in [
        (true, 1, json!({"category": "A03", "valid_from": "2025-09-01"})),
        (true, 0, Value::Null),
        (false, 0, Value::Null),
    ] {
        let mut clinic = clinic(&stored());
        // The terminal tells it all the same: what was not agreed to is not taken.
        terminal_says(&mut clinic, 1, flag, LIMIT);
        let input = json!({"department": "internal", "limit_consent": agreed});
        let visit = clinic.ask("receive", input).by("staff", "hanako").begin();
        let told = &shown(&clinic, &visit)["certificate"];
        assert_eq!((&told["limit_consent"], &told["limit"]), (&json!(flag == 1), &limit));
    }
}

#[test]
fn clin_3_what_the_hub_proved_and_the_terminal_says_otherwise_is_shown_to_the_desk() {
    let notices = |body: &str, claims: &[(&str, &str)]| received(body, claims, internal())["notices"].clone();
    assert_eq!(notices(HANAKO, &[("birth_date", "1980-05-18")]), json!(["birth_date_differs"]));
    assert_eq!(notices(HANAKO, &[("name", "山田 華子")]), json!(["name_differs"]));
    assert_eq!(notices(HANAKO, &[("name", "山田 華子"), ("name_substituted", "true")]), Value::Null);
    let moved = HANAKO.replace("00170123", "06120123");
    assert_eq!(notices(&moved, &[]), json!(["insurance_differs"]));
    let younger = HANAKO.replace("19800517", "19810517");
    assert_eq!(notices(&younger, &[]), json!(["birth_date_differs"]), "the chart says otherwise");
    // The staff's word is no proof.
    let mut clinic = clinic(&stored());
    terminal_says(&mut clinic, 1, 0, HANAKO);
    let visit = clinic.ask("receive", internal()).by("staff", "hanako").attested("name", "山田 華子").begin();
    assert_eq!(shown(&clinic, &visit)["notices"], Value::Null);
}

#[test]
fn clin_3_a_minor_without_a_guardian_is_pointed_out() {
    for (way, present, guardian, alone) in
        [("staff", false, "none", true), ("staff", true, "attested", false), ("guardian", false, "proven", false)]
    {
        let mut clinic = clinic(&Value::Null);
        let born = ("birth_date", "2015-05-17");
        let input = json!({"department": "internal", "guardian_present": present});
        let visit = clinic.ask("receive", input).by(way, "hanako").claim(born.0, born.1).begin();
        let said = shown(&clinic, &visit);
        let notices = if alone { json!(["minor_alone"]) } else { Value::Null };
        assert_eq!((&said["guardian"], &said["notices"]), (&json!(guardian), &notices));
    }
}

#[test]
fn clin_3_an_appointment_is_held_against_department_and_time() {
    // The harness begins at nine in the morning of New Year.
    for (at, department, state) in [
        ("2026-01-01T09:00", "internal", "in_time"),
        ("2026-01-01T09:30", "internal", "in_time"),
        ("2026-01-01T09:31", "internal", "early"),
        ("2026-01-01T08:30", "internal", "in_time"),
        ("2026-01-01T08:29", "internal", "late"),
        ("2026-01-02T09:00", "internal", "other_day"),
        ("2026-01-01T09:00", "eyes", "other_department"),
        ("2026-02-30T09:00", "internal", "no_such_time"),
    ] {
        let booked = json!({"reference": "A-17", "at": at, "department": department});
        let input = json!({"department": "internal", "questionnaire": true, "appointment": booked});
        let said = received(HANAKO, &[], input);
        assert_eq!((&said["appointment"]["state"], &said["questionnaire"]), (&json!(state), &json!(true)), "{at}");
    }
}

#[test]
fn clin_4_the_receipt_computer_gets_patient_coverage_and_encounter_in_jp_core() {
    let mut clinic = clinic(&stored());
    terminal_says(&mut clinic, 1, 0, HANAKO);
    let booked = json!({"reference": "A-17", "at": "2026-01-01T09:00", "department": "internal"});
    let input = json!({"department": "internal", "appointment": booked});
    let visit = clinic.ask("receive", input).by("card", "hanako").begin();
    assert_eq!(shown(&clinic, &visit)["records"], Value::Null, "who does not ask is not given them");
    clinic.tell(&visit, "chart", json!({}));
    let said = shown(&clinic, &visit);
    let expected: Value = serde_json::from_str(include_str!("records/visit.json")).unwrap();
    assert_eq!(said["records"], expected, "{:#}", said["records"]);
    clinic.tell(&visit, "no-treatment", json!({}));
    let Ended::Done(over) = clinic.now_of(&visit) else { panic!("it is not over") };
    assert!(!over.to_string().contains("山田"), "{over}");
}

#[test]
fn clin_4_clin_5_what_was_not_confirmed_is_no_coverage_and_what_is_empty_is_absent() {
    let records = |validity: u8, body: &str| {
        let mut clinic = clinic(&stored());
        terminal_says(&mut clinic, validity, 0, body);
        let visit = clinic.ask("receive", internal()).by("staff", "hanako").begin();
        clinic.tell(&visit, "chart", json!({}));
        shown(&clinic, &visit)["records"]["entry"].clone()
    };
    let kinds = |entries: &Value| {
        let all = entries.as_array().unwrap().iter();
        all.map(|entry| entry["resource"]["resourceType"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (validity, body) in [(2, HANAKO), (3, HANAKO), (1, "")] {
        assert_eq!(kinds(&records(validity, body)), ["Patient", "Encounter"]);
    }
    let bare = HANAKO
        .replace("<InsuredCardSymbol>１２</InsuredCardSymbol>", "<InsuredCardSymbol></InsuredCardSymbol>")
        .replace("<InsuredBranchNumber>01</InsuredBranchNumber>", "");
    let entries = records(1, &bare);
    assert_eq!(kinds(&entries), ["Patient", "Coverage", "Encounter"]);
    let coverage = &entries[1]["resource"];
    assert_eq!(coverage["identifier"][0]["value"], "00170123::345:", "two colons stay");
    assert_eq!(coverage["extension"].as_array().unwrap().len(), 1);
}

/// Beside the suite in `clinic.rs`: with records, everything that ends with a bill is longer than a suite follows.
#[test]
fn records_asked_for_at_any_step_keep_to_the_rules() {
    let booked = json!({"reference": "A-1", "at": "2026-01-01T09:00", "department": "eyes"});
    let input = json!({"department": "internal", "appointment": booked, "questionnaire": true, "guardian_present": true,
        "limit_consent": true});
    let answer = format!(
        "<ArbitraryFileIdentifier>req_1</ArbitraryFileIdentifier><SegmentOfResult>1</SegmentOfResult><QualificationValidity>1</QualificationValidity><InsuredPartialContributionRatio>030</InsuredPartialContributionRatio>{HANAKO}<LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg>{LIMIT}"
    );
    let patient = json!({"number": "0001234", "insurance": stored()}).to_string();
    let suite = ServiceConformance::new().manifest(include_str!("../plugin.toml")).settings(settings());
    let suite = suite.key("patient/sub_1", patient.as_bytes()).input("receive", input).reply_text(200, &answer);
    suite.message("receive", "chart", json!({})).run(|| Clinic).assert_clean();
}

#[test]
fn a_file_asked_for_before_the_reception_is_over_only_hurries_it() {
    let mut clinic = clinic(&stored());
    let id = format!("req_{:032x}", 2);
    clinic.expect(put(format!("/v1/REQ/{id}.xml"))).status(204);
    clinic.expect(get(format!("/v1/RES/{id}.xml"))).status(404);
    let visit = clinic.ask("receive", internal()).by("staff", "hanako").begin();
    clinic.expect(get(format!("/v1/RES/{id}.xml"))).status(410);
    clinic.tell(&visit, "chart", json!({}));
    let said = shown(&clinic, &visit);
    assert_eq!((&said["received"], &said["eligibility"]["status"]), (&json!(true), &json!("unavailable")));
}
