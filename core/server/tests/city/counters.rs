//! A shelter's register, a donation with its gift, and an appliance that orders: their components in a running city.

use axum::http::StatusCode;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::town::Town;

fn head(town: &Town, plugin: &str, cap: u32, more: &str) -> String {
    let (merchant, gallery) = (town.merchant, town.gallery);
    format!(
        "plugin = \"jp.tebura.{plugin}\"\nmerchant = \"{merchant}\"\ntitle = {{ ja = \"窓口\", en = \"Counter\" }}\ncap = {cap}\n\
         gallery = \"{gallery}\"\n{more}\n[settings]\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn kaga_18_shel_5_a_register_by_face_and_by_hand_counts_everybody_and_tells_of_nobody_protected() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install("shelter", json!({})).await;
    let sheltered = town.gallery("sheltered").await;
    let shelters = "shelters = [\n{ id = \"east\", name = \"東小学校\", capacity = 300 },\n{ id = \"west\", name = \"西体育館\", capacity = 100 },\n]\n";
    let file = head(&town, "shelter", 0, &format!("galleries.sheltered = \"{sheltered}\"\n"));
    town.configure("shelter", &format!("{file}{shelters}")).await;
    let register = |shelter: &str| json!({"action": "register", "input": {"shelter": shelter}});
    let (status, arrived) = town.by_face("shelter", "face", "hanako", &register("east")).await;
    assert_eq!((status, &arrived["output"]["entry"]), (StatusCode::CREATED, &json!(1)), "{arrived}");
    let (_, moved) = town.by_face("shelter", "moves", "hanako", &register("west")).await;
    assert_eq!(moved["output"]["moved_from"], "east", "{moved}");
    let by_hand = json!({"action": "register", "input": {
        "shelter": "east", "name": "保護 花", "birth_date": "1990-01-01", "disclose": true, "protect": true
    }});
    town.ask("shelter", "hand", by_hand).await;
    let (_, count) = town.ask("shelter", "count", json!({"action": "headcount"})).await;
    assert_eq!(count["output"]["people"], 2, "{count}");
    let asked = json!({"action": "enquire", "input": {"name": "保護 花", "birth_date": "1990-01-01"}});
    let (_, told) = town.ask("shelter", "enquire", asked).await;
    assert_eq!(told["output"], json!({"found": false}));
    let (_, page) = town.ask("shelter", "export", json!({"action": "export"})).await;
    assert_eq!((page["output"]["entries"].as_array().unwrap().len(), page.to_string().contains("protect")), (3, false));
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kaga_27_furu_1_a_donation_is_taken_its_gift_handed_over_and_a_mistake_given_back() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install("furusato", json!({})).await;
    let more = format!("attested = [\"residence\"]\npayees.municipality = \"{}\"\n", town.merchant);
    let rules = "municipality = \"17206\"\nmayor = \"加賀市長\"\nleast_yen = 2000\napplication = \"https://onestop.example.jp/\"\n\
                 gifts = [{ id = \"cup\", title = \"湯のみ\", donation_yen = 5000, cost_yen = 1500, stock = 2 }]\n";
    town.configure("furusato", &format!("{}{rules}", head(&town, "furusato", 30_000, &more))).await;
    let donate = |lives: &str| {
        json!({"action": "donate", "input": {"yen": 5000, "gift": "cup"}, "attested": {"residence": lives},
            "consent": {"up_to": {"minor": 5000, "currency": "JPY"}}})
    };
    let before = town.balances().await;
    let (_, resident) = town.by_face("furusato", "resident", "hanako", &donate("17206")).await;
    assert_eq!(resident["output"]["reason"], "resident_gets_no_gift", "{resident}");
    let (status, given) = town.by_face("furusato", "face", "hanako", &donate("13104")).await;
    assert_eq!((status, &given["output"]["accepted"]), (StatusCode::CREATED, &json!(true)), "{given}");
    let receipt = given["output"]["receipt"].clone();
    let hanako = town.person("hanako").to_owned();
    let by_card = |word: &str, lives: &str| {
        let mut body = donate(lives);
        (body["person"], body["by"]) = (json!(hanako), json!("card"));
        (word.to_owned(), body)
    };
    let (word, body) = by_card("card", "13104");
    let (_, second) = town.ask("furusato", &word, body).await;
    let cancel =
        json!({"action": "cancel", "person": hanako, "by": "card", "input": {"receipt": second["output"]["receipt"]}});
    let (status, back) = town.ask("furusato", "cancel", cancel).await;
    assert_eq!((status, &back["output"]["yen"]), (StatusCode::CREATED, &json!(5_000)), "{back}");
    let handed = json!({"action": "hand-over", "input": {"receipt": receipt}});
    let (_, cup) = town.ask("furusato", "hand", handed).await;
    assert_eq!(cup["output"]["gift"], "湯のみ", "{cup}");
    let after = town.balances().await;
    assert_eq!((before[0] - after[0], after[3] - before[3]), (5_000, 5_000));
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boj_11_a_device_orders_with_its_key_and_what_is_left_goes_back() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install("iot-order", json!({})).await;
    let items = "most_budget_yen = 10000\nitems = [{ id = \"detergent\", title = \"洗剤\", yen = 480 }]\n";
    let more = format!("payees.shop = \"{}\"\n", town.merchant);
    town.configure("orders", &format!("{}{items}", head(&town, "iot-order", 10_000, &more))).await;
    let device = SigningKey::from_bytes(&[7; 32]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let before = town.balances().await;
    let mandate = json!({"action": "mandate", "consent": {"up_to": {"minor": 2000, "currency": "JPY"}}, "input": {
        "device": "洗濯機", "device_key": hex(device.verifying_key().as_bytes()), "budget_yen": 2000, "per_order_yen": 1000,
        "items": ["detergent"], "days": 29
    }});
    let (status, standing) = town.by_face("orders", "mandate", "hanako", &mandate).await;
    assert_eq!((status, &standing["output"]["active"]), (StatusCode::ACCEPTED, &json!(true)), "{standing}");
    let id = standing["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/services/orders/requests/{id}/messages");
    let order = |sequence: u64, count: u64| -> Value {
        let text = format!("tebura-order-v1\n{id}\n{sequence}\ndetergent\n{count}");
        let signature = hex(&device.sign(text.as_bytes()).to_bytes());
        json!({"name": "order", "input": {"sequence": sequence, "item": "detergent", "count": count, "signature": signature}})
    };
    let (_, placed) = town.terminal("POST", &path, "one", order(1, 2)).await;
    assert_eq!(placed["output"]["last"], json!({"sequence": 1, "placed": true, "yen": 960}), "{placed}");
    let (_, twice) = town.terminal("POST", &path, "again", order(1, 2)).await;
    assert_eq!(twice["output"]["last"]["reason"], "repeated", "{twice}");
    let (status, over) = town.terminal("POST", &path, "stop", json!({"name": "stop", "input": {}})).await;
    assert_eq!((status, &over["output"]["reason"]), (StatusCode::CREATED, &json!("stopped")), "{over}");
    let after = town.balances().await;
    assert_eq!((before[0] - after[0], after[3] - before[3]), (960, 960));
    town.city.stop().await;
}
