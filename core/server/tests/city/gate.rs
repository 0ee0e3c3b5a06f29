//! A venue: a season pass at the face gate, and the shop behind it.

use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::town::{Town, credential};

const OFFICE: &str = "the ticket office's secret";

/// What the ticket office prints.
fn ticket(number: &str, pass: &str) -> String {
    let signed = format!("TK1.{number}.{pass}.2020-01-01.2099-12-31");
    let code = Hmac::<Sha256>::new_from_slice(OFFICE.as_bytes()).unwrap();
    let code = code.chain_update(signed.as_bytes()).finalize().into_bytes();
    let hex: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{signed}.{hex}")
}

fn file(town: &Town, today: &str) -> String {
    let (merchant, gallery) = (town.merchant, town.gallery);
    format!(
        r#"
plugin = "jp.tebura.gate"
merchant = "{merchant}"
title = {{ ja = "会場", en = "Venue" }}
cap = 5000
gallery = "{gallery}"
payees.venue = "{merchant}"
galleries.today = "{today}"

[settings]
gates = {{ east-1 = "face", west-1 = "ordinary" }}
lanes.face = {{ ja = "顔認証レーン", en = "Face lane" }}
lanes.ordinary = {{ ja = "一般レーン", en = "Ordinary lane" }}
instruments = {{ wallet = ["jp.tebura.wallet"], card = ["jp.tebura.card"] }}

[settings.passes.season]
title = {{ ja = "通期パス", en = "Season pass" }}
lanes = ["face", "ordinary"]
by_face = true
instruments = ["card", "wallet"]
charge = 0
re_entry = true

[settings.passes.one-day]
title = {{ ja = "一日券", en = "One-day ticket" }}
lanes = ["ordinary"]
by_face = false
instruments = ["wallet"]
charge = 0
re_entry = false
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn expo_1_expo_3_expo_6_one_face_opens_the_gate_and_pays_inside_and_a_lent_ticket_does_neither() {
    let data = tempfile::tempdir().unwrap();
    credential(data.path(), "tickets", OFFICE);
    let town = Town::start(data.path()).await;
    town.install("gate", json!({"keys": {"tickets": "tickets"}})).await;
    let today = town.gallery("today").await;
    town.configure("venue", &file(&town, &today)).await;
    let shop = town.till(&today).await;
    let hanako = town.person("hanako").to_owned();
    let pass = ticket("S000123", "season");
    let bind = json!({"action": "bind", "person": hanako, "by": "staff", "input": {"ticket": pass}});
    let (status, bound) = town.ask("venue", "bind", bind).await;
    assert_eq!((status, &bound["output"]["bound"]), (StatusCode::CREATED, &json!(true)), "{bound}");

    // She is enrolled, and did not enter: the shop does not know her.
    let (status, early) = town.pay((&shop, "early"), "hanako", 500).await;
    assert_eq!((status, &early["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("face.not_recognised")), "{early}");

    // Taro shows her ticket.
    let enter = json!({"action": "enter", "person": hanako, "by": "qr", "input": {"gate": "east-1", "ticket": pass}});
    let (status, lent) = town.by_face("venue", "lent", "taro", &enter).await;
    let reason = &lent["output"]["reason"];
    assert_eq!((status, reason), (StatusCode::CREATED, &json!("face_ticket_mismatch")), "{lent}");
    assert_eq!((&lent["recognised_by"], &lent["masked_name"]), (&json!(["qr", "other-face"]), &Value::Null));
    assert_eq!(lent["history"][0]["name"], "gate.refused", "it is written down");
    // The ticket alone, and no live face at all.
    let (_, alone) = town.ask("venue", "alone", enter.clone()).await;
    assert_eq!(alone["output"]["reason"], "face_needed", "{alone}");
    let (status, screen) = town.by_face("venue", "screen", "screen", &enter).await;
    assert_eq!((status, &screen["code"]), (StatusCode::FORBIDDEN, &json!("liveness.attack")), "{screen}");

    let (status, entered) = town.by_face("venue", "enter", "hanako", &enter).await;
    assert_eq!((status, &entered["status"]), (StatusCode::ACCEPTED, &json!("open")), "{entered}");
    let said = json!({"admitted": true, "re_entry": false, "paid": 0, "pays_by_face": true});
    assert_eq!((&entered["output"], &entered["masked_name"]), (&said, &json!("山＊＊＊")));
    // The same face pays inside; nobody who did not enter is found.
    let (status, paid) = town.pay((&shop, "lunch"), "hanako", 1_200).await;
    assert_eq!((status, &paid["status"]), (StatusCode::CREATED, &json!("paid")), "{paid}");
    let (_, taro) = town.pay((&shop, "taro"), "taro", 500).await;
    assert_eq!(taro["code"], "face.not_recognised", "{taro}");

    // She leaves: her face does not pay here any more, her wallet does wherever it is taken.
    let leave = json!({"action": "leave", "person": hanako, "by": "qr", "input": {"ticket": pass}});
    let (status, left) = town.ask("venue", "leave", leave).await;
    assert_eq!((status, &left["output"]["left"]), (StatusCode::CREATED, &json!(true)), "{left}");
    let (_, late) = town.pay((&shop, "late"), "hanako", 500).await;
    assert_eq!(late["code"], "face.not_recognised", "{late}");
    let path = format!("/v1/people/{hanako}/instruments");
    let (_, instruments) = town.operator("GET", &path, "", Value::Null).await;
    let hold = json!({"payer": instruments["items"][0]["id"], "amount": {"minor": 300, "currency": "JPY"}});
    let (status, held) = town.shop("POST", "/v1/holds", "outside", hold).await;
    assert_eq!(status, StatusCode::CREATED, "expo-22: {held} {instruments}");

    // The non-face way, and a one-day ticket at both gates.
    let card = json!({"action": "enter", "person": hanako, "by": "card", "input": {"gate": "east-1", "ticket": pass}});
    let (status, by_card) = town.ask("venue", "card", card).await;
    assert_eq!((status, &by_card["output"]["re_entry"]), (StatusCode::ACCEPTED, &json!(true)), "{by_card}");
    let day =
        |gate: &str| json!({"action": "enter", "by": "qr", "input": {"gate": gate, "ticket": ticket("D1", "one-day")}});
    let (_, wrong) = town.ask("venue", "wrong lane", day("east-1")).await;
    assert_eq!(
        (&wrong["output"]["reason"], &wrong["output"]["lane"]["ja"]),
        (&json!("other_lane"), &json!("一般レーン"))
    );
    let (_, right) = town.ask("venue", "right lane", day("west-1")).await;
    assert_eq!(right["output"]["admitted"], true, "{right}");

    // After a restart the ticket is still in use.
    let town = town.restart(data.path()).await;
    town.configure("venue", &file(&town, &today)).await;
    let (_, twice) = town.by_face("venue", "twice", "hanako", &enter).await;
    assert_eq!(twice["output"]["reason"], "inside_already", "{twice}");
    let (_, still) = town.pay((&shop, "still"), "hanako", 100).await;
    assert_eq!(still["status"], "paid", "{still}");
    town.city.stop().await;
}
