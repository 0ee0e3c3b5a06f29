//! A bus line: its component, fares compiled from the feed, a ride by face and by card with a restart in between.

use std::path::Path;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tebura_fares::{Files, compile};

use super::town::Town;

fn file(town: &Town) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kaga/gtfs-jp");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files: Files = files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let (merchant, gallery) = (town.merchant, town.gallery);
    format!(
        r#"
plugin = "jp.tebura.transit"
merchant = "{merchant}"
title = {{ ja = "海岸線", en = "Sea line" }}
cap = 5000
gallery = "{gallery}"
attested = ["birth_date"]
payees.operator = "{merchant}"

[settings]
collect = "both-ends"

[settings.policy]
child_by = "school-year"
free_infants = 2
reductions = [{{ for = "child", pays_percent = 50, rounding = "up10" }}]

{}"#,
        compile(&files, "sea").unwrap().table.as_toml("settings.fares")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn kaga_25_tran_4_a_ride_is_held_by_face_and_taken_by_card_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install("transit", json!({})).await;
    town.configure("bus", &file(&town)).await;
    let hanako = town.person("hanako").to_owned();
    let before = town.balances().await;
    let consent = json!({"up_to": {"minor": 1000, "currency": "JPY"}});
    let board = json!({"action": "board", "input": {"stop": "S01_1"}, "consent": consent});
    let (status, aboard) = town.by_face("bus", "board", "hanako", &board).await;
    assert_eq!((status, &aboard["output"]["held"]), (StatusCode::ACCEPTED, &json!(390)), "{aboard}");
    assert_eq!(before[0] - town.balances().await[0], 390);

    let town = town.restart(data.path()).await;
    town.configure("bus", &file(&town)).await;
    let alight = json!({"action": "alight", "person": hanako, "by": "card", "input": {"stop": "S03_1"}});
    let (status, done) = town.ask("bus", "alight", alight.clone()).await;
    assert_eq!((status, &done["output"]["yen"]), (StatusCode::CREATED, &json!(250)), "{done}");
    let after = town.balances().await;
    assert_eq!((before[0] - after[0], after[3] - before[3]), (250, 250));
    let (_, again) = town.ask("bus", "again", alight).await;
    assert_eq!(again["output"]["reason"], "not_boarded", "{again}");
    // A child's fare by a claim that the staff saw, and what cannot be said of anybody.
    let quote =
        |attested: Value| json!({"action": "quote", "input": {"from": "S01_1", "to": "S03_1"}, "attested": attested});
    let (_, child) = town.ask("bus", "child", quote(json!({"birth_date": "2018-06-01"}))).await;
    assert_eq!((&child["output"]["yen"], &child["output"]["by"]), (&json!(130), &json!(["child"])), "{child}");
    let (status, refused) = town.ask("bus", "student", quote(json!({"student": "2099-03-31"}))).await;
    assert_eq!(
        (status, &refused["code"]),
        (StatusCode::FORBIDDEN, &json!("claim.attestation_not_accepted")),
        "{refused}"
    );
    assert_eq!(town.city.wallet.sandbox.audit().await.unwrap().faults, Vec::<String>::new());
    town.city.stop().await;
}
