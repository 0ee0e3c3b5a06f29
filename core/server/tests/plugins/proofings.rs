//! A person proves who she is to the hub that runs, with a card of a test's making: the identity plugin's own component,
//! in the sandbox, and a platform operator on this machine.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tebura_hub::ports::Clock as _;
use tebura_providers::jpki::{Algorithm, Card, CardPlan, Certifier, CertifierPlan, Holder, Platform, SignPlan};
use tebura_providers::system_clock;
use tebura_server::clock::SystemClock;

use super::Town;

const PLUGIN: &str = "jp.tebura.mynumber";
/// Reads as an Individual Number; made up.
const NUMBER: &str = "1234 5678 9018";

/// The plugin as this repository has it, with roots and a platform operator.
fn package(roots: &[&Certifier], platform: &Platform) -> Value {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/mynumber");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let anchors: Vec<String> = roots.iter().map(|root| STANDARD.encode(root.certificate())).collect();
    json!({
        "manifest": String::from_utf8(read("plugin.toml")).unwrap(),
        "component": STANDARD.encode(read("mynumber.wasm")),
        "signatures": String::from_utf8(read("plugin.sig")).unwrap(),
        "grants": {
            "settings": {"anchors": anchors.join(" "), "profile": "test"},
            "endpoints": {"platform": {"origin": platform.origin(), "reach": ["loopback"], "credential": "platform"}},
        },
    })
}

async fn person(town: &Town, name: &str) -> String {
    let (status, person) = town.operator("POST", "/v1/people", json!({"name": name})).await;
    assert_eq!(status, StatusCode::CREATED, "{person}");
    person["id"].as_str().unwrap().to_owned()
}

/// Begins, and returns the session's path and what is to be signed.
async fn begin(town: &Town, person: &str, purpose: &str) -> (String, Vec<u8>) {
    let asked = json!({
        "person": person, "plugin": PLUGIN, "purpose": purpose,
        "agreed_claims": ["name", "birth_date", "address"], "locale": "ja",
    });
    let (status, begun) = town.operator("POST", "/v1/proofings", asked).await;
    assert_eq!((status, &begun["status"]), (StatusCode::CREATED, &json!("challenged")), "{begun}");
    assert_eq!(begun["challenge"]["kind"], "jpki.signature");
    let to_sign = STANDARD.decode(begun["challenge"]["to_sign"].as_str().unwrap()).unwrap();
    (format!("/v1/proofings/{}", begun["id"].as_str().unwrap()), to_sign)
}

async fn give(town: &Town, path: &str, cms: &[u8]) -> (StatusCode, Value) {
    let body = json!({"kind": "jpki.signature", "parts": [{"name": "cms", "content": STANDARD.encode(cms)}]});
    town.operator("POST", &format!("{path}/evidence"), body).await
}

/// A whole proofing: how it stands at the end.
async fn proofed(town: &Town, person: &str, purpose: &str, card: &Card) -> Value {
    let (path, to_sign) = begin(town, person, purpose).await;
    let (status, given) = give(town, &path, &card.sign(&to_sign, &SignPlan::default())).await;
    assert_eq!(status, StatusCode::CREATED, "{given}");
    given
}

async fn claims(town: &Town, person: &str) -> Vec<Value> {
    let (status, body) = town.operator("GET", &format!("/v1/people/{person}/claims"), Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn tpki_4_jpki_10_a_person_proves_who_she_is_with_her_card() {
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(data.path().join("credentials")).unwrap();
    std::fs::write(data.path().join("credentials/platform"), "Bearer of the platform\n").unwrap();
    let platform = Platform::open("of the platform", system_clock()).await.unwrap();
    let now = SystemClock::default().now().millis();
    let [today, next] =
        [Algorithm::Rsa2048, Algorithm::P384].map(|kind| Certifier::new(&CertifierPlan::new(kind, now)));
    let town = Town::start(data.path()).await;
    let mut body = package(&[&today, &next], &platform);
    let (status, offer) = town.operator("POST", "/operator/plugins/offer", body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{offer}");
    body["approval"] = offer["approval"].clone();
    let (status, installed) = town.operator("POST", "/operator/plugins", body).await;
    assert_eq!(status, StatusCode::OK, "{installed}");

    // Cards of today and of the next kind, in the sandbox.
    let card = |root: &Certifier, kind, serial| root.issue(&Holder::hanako(), &CardPlan::new(kind, serial, now));
    let (card_of_today, card_of_tomorrow) =
        (card(&today, Algorithm::Rsa2048, 0x51), card(&next, Algorithm::P384, 0x52));
    platform.note(0x51, "user-hanako");
    platform.note(0x52, "user-hanako");
    let hanako = person(&town, "加賀 花子 (hanako)").await;
    let done = proofed(&town, &hanako, "enrolment", &card_of_today).await;
    assert_eq!(done["status"], "proven", "{done}");
    assert_eq!(
        (&done["proof"]["ial"], &done["proof"]["claims"]),
        (&json!(2), &json!(["name", "birth_date", "address"]))
    );
    let known = claims(&town, &hanako).await;
    let names: Vec<&str> = known.iter().map(|claim| claim["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["address", "birth_date", "name"]);
    assert_eq!((&known[1]["value"], &known[1]["source"]), (&json!("1985-04-01"), &json!(PLUGIN)));
    assert_eq!(known[2]["evidence_digest"], done["proof"]["evidence_digest"]);
    assert_eq!(proofed(&town, &hanako, "renewal", &card_of_tomorrow).await["status"], "proven");

    // A signature counts once, and for its own session only.
    let (path, to_sign) = begin(&town, &hanako, "payment").await;
    let signed = card_of_today.sign(&to_sign, &SignPlan::default());
    let (other, _) = begin(&town, &hanako, "payment-again").await;
    let (_, replayed) = give(&town, &other, &signed).await;
    assert_eq!((&replayed["status"], &replayed["reason"]["code"]), (&json!("refused"), &json!("content.other")));
    assert_eq!(give(&town, &path, &signed).await.1["status"], "proven");
    let (status, again) = give(&town, &path, &card_of_tomorrow.sign(&to_sign, &SignPlan::default())).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("proofing.evidence_given")), "{again}");

    // One card is one person's, whatever the certificate.
    let taro = person(&town, "多摩 太郎 (taro)").await;
    let stolen = proofed(&town, &taro, "enrolment", &card_of_tomorrow).await;
    assert_eq!(stolen["reason"]["code"], "proofing.already_another_person", "{stolen}");
    assert!(claims(&town, &taro).await.is_empty());

    // Revoked, unknown, stale: three answers, none of them proves.
    platform.revoke(0x51);
    let moved = proofed(&town, &hanako, "after-moving", &card_of_today).await;
    assert_eq!((&moved["status"], &moved["reason"]["code"]), (&json!("refused"), &json!("certificate.revoked")));
    let unknown = proofed(&town, &taro, "unknown", &card(&today, Algorithm::Rsa2048, 0x53)).await;
    assert_eq!((&unknown["status"], &unknown["reason"]["code"]), (&json!("undecided"), &json!("status.unknown")));
    platform.grow_stale();
    let stale = proofed(&town, &hanako, "stale", &card_of_tomorrow).await;
    assert_eq!((&stale["status"], &stale["reason"]["code"]), (&json!("undecided"), &json!("status.stale")));

    // The Individual Number stops at every door.
    for (path, body) in [
        ("/v1/people".to_owned(), json!({"name": NUMBER})),
        ("/v1/people".to_owned(), json!({"name": "x", "individual_number": 123_456_789_018_u64})),
        (format!("{other}/evidence"), json!({"kind": NUMBER, "parts": []})),
    ] {
        let (status, refused) = town.operator("POST", &path, body).await;
        let expected = (StatusCode::UNPROCESSABLE_ENTITY, &json!("individual_number.refused"));
        assert_eq!((status, &refused["code"]), expected, "{refused}");
        assert!(!refused.to_string().contains("9018"), "{refused}");
    }

    // Switched off, the plugin begins nothing; what was proven stays, also after a restart.
    let off = format!("/operator/plugins/{PLUGIN}/disable");
    assert_eq!(town.operator("POST", &off, json!({"reason": "a drill"})).await.0, StatusCode::OK);
    let asked = json!({
        "person": hanako, "plugin": PLUGIN, "purpose": "off", "agreed_claims": ["name"], "locale": "en",
    });
    let (status, refused) = town.operator("POST", "/v1/proofings", asked.clone()).await;
    assert_eq!((status, &refused["code"]), (StatusCode::BAD_GATEWAY, &json!("proofing.plugin_failed")), "{refused}");
    town.city.stop().await;
    let town = Town::start(data.path()).await;
    assert_eq!(claims(&town, &hanako).await.len(), 3);
    let on = format!("/operator/plugins/{PLUGIN}/enable");
    assert_eq!(town.operator("POST", &on, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(town.operator("POST", "/v1/proofings", asked).await.0, StatusCode::CREATED);
    town.city.stop().await;
}

/// A command of the program, with something on its standard input: what it printed.
fn shell(folder: &std::path::Path, arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut command = Command::new(env!("CARGO_BIN_EXE_tebura"));
    let command = command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.stderr(Stdio::null()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn install(town: &Town, anchors: &str, profile: &str, platform: &Platform) {
    let mut body = package(&[], platform);
    body["grants"]["settings"] = json!({"anchors": anchors, "profile": profile});
    let (status, offer) = town.operator("POST", "/operator/plugins/offer", body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{offer}");
    body["approval"] = offer["approval"].clone();
    let (status, installed) = town.operator("POST", "/operator/plugins", body).await;
    assert_eq!(status, StatusCode::OK, "{installed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tpki_1_tpki_6_the_shells_cards_prove_and_their_roots_never_count_in_production() {
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(data.path().join("credentials")).unwrap();
    std::fs::write(data.path().join("credentials/platform"), "Bearer of the platform\n").unwrap();
    let platform = Platform::open("of the platform", system_clock()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let card = |arguments: &[&str]| shell(folder.path(), &[&["sandbox", "card"], arguments].concat(), "");
    let anchors = card(&["roots", "roots"]);
    assert_eq!(anchors.split(' ').count(), 3, "two generations of today's kind, and the next kind");
    for (file, root, serial, more) in [
        ("today", "rsa", "51", None),
        ("next", "p384", "52", None),
        ("over", "rsa", "53", Some("--expired")),
        ("old", "rsa-over", "54", None),
        ("login", "p384", "55", Some("--for-logging-in")),
    ] {
        let root = format!("roots/{root}.json");
        let more: Vec<&str> = more.into_iter().collect();
        assert_eq!(card(&[&["new", file, "--root", &root, "--serial", serial], &more[..]].concat()), serial);
        platform.note(u64::from_str_radix(serial, 16).unwrap(), "user-hanako");
    }
    assert!(card(&["show", "next"]).contains("P-384/SHA-384"));
    let town = Town::start(data.path()).await;
    let hanako = person(&town, "加賀 花子").await;
    for (profile, file, expected) in [
        ("production", "today", "anchor.test_only"),
        ("production", "next", "anchor.test_only"),
        ("test", "today", "proven"),
        ("test", "next", "proven"),
        ("test", "over", "certificate.expired"),
        ("test", "old", "anchor.expired"),
        ("test", "login", "certificate.not_for_signing"),
    ] {
        install(&town, &anchors, profile, &platform).await;
        let (path, to_sign) = begin(&town, &hanako, &format!("{profile}-{file}")).await;
        let evidence = shell(folder.path(), &["sandbox", "card", "sign", file], &STANDARD.encode(&to_sign));
        let evidence: Value = serde_json::from_str(&evidence).unwrap();
        let (_, given) = town.operator("POST", &format!("{path}/evidence"), evidence).await;
        let said = given["reason"]["code"].as_str().or(given["status"].as_str());
        assert_eq!(said, Some(expected), "{profile} {file}: {given}");
    }
    town.city.stop().await;
}
