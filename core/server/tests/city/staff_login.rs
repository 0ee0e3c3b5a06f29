//! A shop's terminal: the face of who agreed opens it, the card opens it for everybody.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::town::Town;

fn file(town: &Town, staff: &str) -> String {
    let merchant = town.merchant;
    format!(
        r#"
plugin = "jp.tebura.staff-login"
merchant = "{merchant}"
title = {{ ja = "店舗端末", en = "Shop terminals" }}
gallery = "{staff}"
galleries.staff = "{staff}"

[settings]
roles.cashier = {{ ja = "レジ担当", en = "Cashier" }}
terminals.till-1 = ["cashier"]
session_minutes = 480
consent_version = "2026-04"
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn cam_7_cam_8_nobody_is_looked_for_before_the_consent_and_everybody_works_by_card() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install("staff-login", json!({})).await;
    let staff = town.gallery("staff").await;
    town.configure("shops", &file(&town, &staff)).await;
    let hanako = town.person("hanako").to_owned();
    let by =
        |action: &str, way: &str, input: Value| json!({"action": action, "person": hanako, "by": way, "input": input});
    let (status, employed) = town.ask("shops", "employ", by("employ", "staff", json!({"role": "cashier"}))).await;
    assert_eq!((status, &employed["output"]["face"]), (StatusCode::CREATED, &json!(false)), "{employed}");

    // She has a face with the hub, and the shop does not look for it.
    let unlock = json!({"action": "unlock", "input": {"terminal": "till-1"}});
    let (status, unknown) = town.by_face("shops", "before", "hanako", &unlock).await;
    assert_eq!((status, &unknown["code"]), (StatusCode::FORBIDDEN, &json!("face.not_recognised")), "{unknown}");
    let (status, card) = town.ask("shops", "card", by("unlock", "card", json!({"terminal": "till-1"}))).await;
    assert_eq!((status, &card["output"]["permitted"]), (StatusCode::ACCEPTED, &json!(true)), "{card}");
    let path = format!("/v1/services/shops/requests/{}/messages", card["id"].as_str().unwrap());
    let (_, locked) = town.terminal("POST", &path, "lock", json!({"name": "lock"})).await;
    assert_eq!(locked["output"]["reason"], "locked", "{locked}");

    let agree = by("consent", "card", json!({"agreed": true, "version": "2026-04"}));
    let (_, agreed) = town.ask("shops", "agree", agree).await;
    assert_eq!(agreed["output"]["face"], true, "{agreed}");
    let (status, open) = town.by_face("shops", "after", "hanako", &unlock).await;
    assert_eq!((status, &open["output"]), (StatusCode::ACCEPTED, &card["output"]), "the same as by card: {open}");
    // For the use of terminals only: the demo's till finds her in its own gallery, another shop's would not.
    let shop = town.till(&town.gallery("elsewhere").await).await;
    let (_, elsewhere) = town.pay((&shop, "elsewhere"), "hanako", 100).await;
    assert_eq!(elsewhere["code"], "face.not_recognised", "{elsewhere}");

    let withdraw = by("consent", "card", json!({"agreed": false}));
    town.ask("shops", "withdraw", withdraw).await;
    let (_, gone) = town.by_face("shops", "gone", "hanako", &unlock).await;
    assert_eq!(gone["code"], "face.not_recognised", "{gone}");
    let (_, still) = town.ask("shops", "still", by("unlock", "card", json!({"terminal": "till-1"}))).await;
    assert_eq!(still["output"]["permitted"], true, "{still}");
    town.city.stop().await;
}
