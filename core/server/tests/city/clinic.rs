//! A clinic: the face at the door, the terminal's folders, the hold, and the receipt computer's bill.

use std::net::Ipv4Addr;
use std::path::Path;

use axum::http::StatusCode;
use ed25519_dalek::pkcs8::EncodePublicKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use tebura_providers::eligibility::{Behaviour, EligibilityConfig, EligibilityTerminal, Insured};
use tebura_providers::{Credential, system_clock};

use super::town::{Town, credential};

const SECRET: &str = "the connector's secret";

fn receipt_computer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A bill as the receipt computer signs it.
fn bill(number: &str, visit: &Value, patient: &str, amount: i64) -> Value {
    let visit = visit["id"].as_str().unwrap();
    let signed = format!("tebura-bill-1\n1710123456\n{visit}\n{patient}\n{number}\n{amount}\n");
    let signature = receipt_computer().sign(signed.as_bytes()).to_bytes();
    let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let input = json!({"bill": number, "visit": visit, "patient": patient, "amount": amount, "signature": signature});
    json!({"name": "bill", "input": input})
}

fn file(town: &Town) -> String {
    let (merchant, gallery) = (town.merchant, town.gallery);
    format!(
        r#"
plugin = "jp.tebura.clinic"
merchant = "{merchant}"
title = {{ ja = "加賀市医療センター", en = "Kaga Medical Center" }}
cap = 30000
gallery = "{gallery}"
payees.clinic = "{merchant}"

[settings]
institution = "1710123456"
closed = {{ weekdays = ["sat", "sun"], days = [] }}
departments.internal = {{ title = {{ ja = "内科", en = "Internal medicine" }}, estimate = 9000 }}
departments.eyes = {{ title = {{ ja = "眼科", en = "Eyes" }}, estimate = 5000 }}
"#
    )
}

async fn terminal(folder: &Path) -> EligibilityTerminal {
    let config = EligibilityConfig {
        bind: (Ipv4Addr::LOCALHOST, 0).into(),
        credential: Credential::new(SECRET),
        folder: folder.to_owned(),
        clock: system_clock(),
        takes_ms: 0,
    };
    let terminal = EligibilityTerminal::start(config).await.unwrap();
    let hanako = Insured {
        insurer: "00170123".to_owned(),
        symbol: "12".to_owned(),
        number: "345".to_owned(),
        branch: "01".to_owned(),
        birthdate: "19800517".to_owned(),
        burden: 30,
        name: "山田 花子".to_owned(),
        kana: "ヤマダ ハナコ".to_owned(),
        sex: "2".to_owned(),
        from: Some("20240401".to_owned()),
        until: None,
        limit: Some("A03".to_owned()),
    };
    terminal.insure(hanako, Some("0001234"));
    terminal
}

#[tokio::test(flavor = "multi_thread")]
async fn boj_34_clin_2_clin_3_clin_4_reception_by_face_holds_and_only_the_signed_bill_takes() {
    let (data, folders) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let terminal = terminal(folders.path()).await;
    let public = receipt_computer().verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
    credential(data.path(), "receipts", &public);
    credential(data.path(), "terminal", &format!("Bearer {SECRET}"));
    let town = Town::start(data.path()).await;
    let endpoint = json!({"origin": terminal.origin(), "reach": ["loopback"], "credential": "terminal"});
    town.install("clinic", json!({"keys": {"receipts": "receipts"}, "endpoints": {"terminal": endpoint}})).await;
    town.configure("clinic", &file(&town)).await;
    let hanako = town.person("hanako").to_owned();
    let insurance =
        json!({"insurer": "170123", "symbol": "１２", "number": "３４５", "branch": "", "birthdate": "1980-05-17"});
    let register = json!({"action": "register", "person": hanako, "by": "staff",
        "input": {"patient_number": "0001234", "insurance": insurance}});
    let (status, registered) = town.ask("clinic", "register", register).await;
    assert_eq!((status, &registered["output"]["registered"]), (StatusCode::CREATED, &json!(true)), "{registered}");

    // The face at the door: the terminal is asked, the patient agrees, the estimate is held.
    let before = town.balances().await[0];
    let receive =
        |department: &str| json!({"action": "receive", "input": {"department": department, "limit_consent": true}});
    let (status, asked) = town.by_face("clinic", "door", "hanako", &receive("internal")).await;
    assert_eq!((status, &asked["status"]), (StatusCode::ACCEPTED, &json!("consent_needed")), "{asked}");
    assert_eq!(asked["consent_needed"]["up_to"]["minor"], 2_700, "{asked}");
    let visit = format!("/v1/services/clinic/requests/{}", asked["id"].as_str().unwrap());
    let agree = |yen: i64| json!({"agreed": true, "consent": {"up_to": {"minor": yen, "currency": "JPY"}}});
    let (_, waiting) = town.terminal("POST", &format!("{visit}/consent"), "agree", agree(2_700)).await;
    let said = &waiting["output"];
    assert_eq!(
        (&waiting["status"], &said["may_leave"], &said["patient"]),
        (&json!("open"), &json!(true), &json!("0001234"))
    );
    assert_eq!(said["eligibility"], json!({"status": "valid", "burden": 30, "by": "stored"}), "{waiting}");
    let told = &said["certificate"];
    assert_eq!((&told["name"], &told["kana"]), (&json!("山田 花子"), &json!("ヤマダ ハナコ")), "{waiting}");
    assert_eq!((&told["birth_date"], &told["limit"]["category"]), (&json!("1980-05-17"), &json!("A03")));
    assert_eq!(said["mandate"]["up_to"], 2_700);
    assert_eq!((before - town.balances().await[0], terminal.asked()), (2_700, 1));
    let asked_file = folders.path().join("REQ").join(format!("{}.xml", asked["id"].as_str().unwrap()));
    assert!(std::fs::read_to_string(asked_file).unwrap().contains("<InsurerNumber>00170123</InsurerNumber>"));

    // The receipt computer asks for the records.
    let messages = format!("{visit}/messages");
    let (_, shown) = town.terminal("POST", &messages, "chart", json!({"name": "chart", "input": {}})).await;
    let member = "00170123:12:345:01";
    assert_eq!(shown["output"]["records"]["entry"][1]["resource"]["identifier"][0]["value"], member, "{shown}");

    // Bills that do not count, before and after a restart; then the one that does.
    let mut unsigned = bill("R1", &asked, "0001234", 2_430);
    unsigned["input"].as_object_mut().unwrap().remove("signature");
    let (_, refused) = town.terminal("POST", &messages, "unsigned", unsigned).await;
    assert_eq!((&refused["status"], &refused["output"]["bill_refused"]), (&json!("open"), &json!("bill_unsigned")));
    let town = town.restart(data.path()).await;
    town.configure("clinic", &file(&town)).await;
    let mut forged = bill("R1", &asked, "0001234", 2_430);
    forged["input"]["amount"] = json!(2_431);
    let (_, refused) = town.terminal("POST", &messages, "forged", forged).await;
    assert_eq!(refused["output"]["bill_refused"], "bill_forged", "{refused}");
    let (_, refused) = town.terminal("POST", &messages, "other", bill("R1", &asked, "0009999", 2_430)).await;
    assert_eq!(refused["output"]["bill_refused"], "bill_for_another_patient", "{refused}");
    let good = bill("R1", &asked, "0001234", 2_430);
    let (status, paid) = town.terminal("POST", &messages, "good", good.clone()).await;
    assert_eq!((status, &paid["output"]["paid"]), (StatusCode::CREATED, &json!(2_430)), "{paid}");
    let (status, twice) = town.terminal("POST", &messages, "twice", good).await;
    assert_eq!((status, &twice["code"]), (StatusCode::CONFLICT, &json!("request.not_waiting")), "{twice}");
    assert_eq!(before - town.balances().await[0], 2_430, "the rest went back");
    let (_, over) = town.terminal("GET", &visit, "over", json!({})).await;
    assert!(!over.to_string().contains("ヤマダ"), "a visit that is over names nobody by the certificate: {over}");

    // By card, with the consent given at the reader; the bill is above the hold, and she agrees to the rest.
    let by_card = json!({"action": "receive", "person": hanako, "by": "card", "input": {"department": "eyes"},
        "consent": {"up_to": {"minor": 1500, "currency": "JPY"}}});
    let (_, second) = town.ask("clinic", "card", by_card).await;
    assert_eq!(second["output"]["eligibility"]["by"], "card", "{second}");
    assert_eq!((&second["status"], &second["output"]["held"]), (&json!("open"), &json!(1_500)));
    let visit = format!("/v1/services/clinic/requests/{}", second["id"].as_str().unwrap());
    let above = bill("R2", &second, "0001234", 2_000);
    let (_, more) = town.terminal("POST", &format!("{visit}/messages"), "above", above).await;
    assert_eq!((&more["status"], &more["consent_needed"]["up_to"]["minor"]), (&json!("consent_needed"), &json!(2_000)));
    let (status, paid) = town.terminal("POST", &format!("{visit}/consent"), "yes", agree(2_000)).await;
    assert_eq!(
        (status, &paid["output"]["paid"], &paid["output"]["due"]),
        (StatusCode::CREATED, &json!(2_000), &json!(0))
    );

    // The terminal is away, and nobody is sent home.
    terminal.behave(Behaviour::Away);
    let (_, third) = town.by_face("clinic", "away", "hanako", &receive("internal")).await;
    assert_eq!(third["consent_needed"]["up_to"]["minor"], 2_700, "what was valid this month counts: {third}");
    let visit = format!("/v1/services/clinic/requests/{}", third["id"].as_str().unwrap());
    town.terminal("POST", &format!("{visit}/consent"), "third", agree(2_700)).await;
    let none = json!({"name": "no-treatment", "input": {}});
    let (_, over) = town.terminal("POST", &format!("{visit}/messages"), "none", none).await;
    assert_eq!(over["output"]["reason"], "no_treatment", "{over}");
    assert_eq!(before - town.balances().await[0], 4_430, "two bills, and nothing else");
    assert_eq!(town.city.wallet.sandbox.audit().await.unwrap().faults, Vec::<String>::new());
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kaga_24_one_face_stands_for_the_chart_of_each_institution() {
    let data = tempfile::tempdir().unwrap();
    let public = receipt_computer().verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
    credential(data.path(), "receipts", &public);
    let town = Town::start(data.path()).await;
    // Nobody here has stored numbers, so the eligibility terminal is not asked.
    let endpoint = json!({"origin": "http://127.0.0.1:9", "reach": ["loopback"]});
    town.install("clinic", json!({"keys": {"receipts": "receipts"}, "endpoints": {"terminal": endpoint}})).await;
    let hanako = town.person("hanako").to_owned();
    for (service, chart) in [("center", "0001234"), ("eyes", "E77")] {
        town.configure(service, &file(&town)).await;
        let register =
            json!({"action": "register", "by": "staff", "person": hanako, "input": {"patient_number": chart}});
        let (_, known) = town.ask(service, &format!("register {service}"), register).await;
        assert_eq!(known["output"]["registered"], true, "{known}");
    }
    let consent = json!({"up_to": {"minor": 20_000, "currency": "JPY"}});
    let receive = json!({"action": "receive", "input": {"department": "internal"}, "consent": consent});
    for (service, chart) in [("center", "0001234"), ("eyes", "E77")] {
        let (status, received) = town.by_face(service, &format!("face {service}"), "hanako", &receive).await;
        assert_eq!((status, &received["output"]["patient"]), (StatusCode::ACCEPTED, &json!(chart)), "{received}");
    }
    town.city.stop().await;
}
