//! A play park from one end to the other: its component installed in a running hub, two parks from two files, drawn
//! people recognised by the embedded pack, money through the signed wallet plugin, a restart in between.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tebura_face_engine::EngineChoice;
use tebura_hub::ids::{ApiKeyId, GalleryId, MerchantId};
use tebura_server::demo::{DemoCity, DemoFile, faces};
use tebura_server::routes;
use tower::ServiceExt;

const PARK: &str = "jp.tebura.play-park";

struct Town {
    city: DemoCity,
    router: Router,
    keys: DemoFile,
    merchant: MerchantId,
    gallery: GalleryId,
}

impl Town {
    async fn start(data: &Path) -> Town {
        let city = DemoCity::start(data, EngineChoice::Rten, None, &|_| {}).await.unwrap();
        let (router, keys) = (routes::router(city.app.clone()), city.file("http://127.0.0.1".to_owned()));
        // `tb_<id>_<secret>`
        let id: ApiKeyId = format!("key_{}", keys.till_key.split('_').nth(1).unwrap()).parse().unwrap();
        let till = city.app.hub.api_key(id).await.unwrap().unwrap().till.unwrap();
        let till = city.app.hub.store().till(till).await.unwrap().unwrap();
        Town { city, router, keys, merchant: till.merchant, gallery: till.gallery }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn call(&self, method: &str, path: &str, key: (&str, &str), body: Value) -> (StatusCode, Value) {
        let (secret, word) = key;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "application/json")
            .header("accept-language", "ja")
            .header("idempotency-key", word)
            .body(if method == "GET" { Body::empty() } else { Body::from(body.to_string()) });
        self.send(request.unwrap()).await
    }

    async fn operator(&self, method: &str, path: &str, word: &str, body: Value) -> (StatusCode, Value) {
        self.call(method, path, (&self.keys.operator_key, word), body).await
    }

    /// Somebody before the terminal's camera.
    async fn by_face(&self, key: (&str, &str), face: &str, request: &Value) -> (StatusCode, Value) {
        let mut body =
            format!("--e\r\ncontent-disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n").into_bytes();
        body.extend_from_slice(b"--e\r\ncontent-disposition: form-data; name=\"image\"\r\n\r\n");
        body.extend_from_slice(&faces::png(face).unwrap());
        body.extend_from_slice(b"\r\n--e--\r\n");
        let request = Request::post("/v1/services/north/requests")
            .header("authorization", format!("Bearer {}", key.0))
            .header("idempotency-key", key.1)
            .header("content-type", "multipart/form-data; boundary=e")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    /// What can be spent: Hanako, Taro, Sakura, the shop's wallet, the shop's points.
    async fn balances(&self) -> Vec<i64> {
        let (_, balances) = self.operator("GET", "/demo/balances", "", Value::Null).await;
        balances.as_array().unwrap().iter().map(|balance| balance["available"].as_i64().unwrap()).collect()
    }

    /// Puts the component that is checked in into the running hub.
    async fn install(&self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/play-park");
        let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let mut body = json!({
            "manifest": String::from_utf8(file("plugin.toml")).unwrap(),
            "component": STANDARD.encode(file("play-park.wasm")),
            "signatures": String::from_utf8(file("plugin.sig")).unwrap(),
            "grants": {},
        });
        let (status, offer) = self.operator("POST", "/operator/plugins/offer", "offer", body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{offer}");
        body["approval"] = offer["approval"].clone();
        let (status, installed) = self.operator("POST", "/operator/plugins", "install", body).await;
        assert_eq!(status, StatusCode::OK, "{installed}");
    }

    /// Two parks, of which the south one is small.
    fn files(&self) -> BTreeMap<String, String> {
        let (merchant, gallery) = (self.merchant, self.gallery);
        let park = |capacity: u32| {
            format!(
                "plugin = \"{PARK}\"\nmerchant = \"{merchant}\"\ncap = 5000\ngallery = \"{gallery}\"\n\
                 attested = [\"residence\"]\ntitle = {{ ja = \"遊び場\", en = \"Park\" }}\n\
                 [settings]\nmunicipality = \"17206\"\ncapacity = {capacity}\nvisit_minutes = 240\n\
                 price = {{ child = 300, adult = 500 }}\n[payees]\nfacility = \"{merchant}\"\n\
                 [galleries]\ntoday = \"{gallery}\"\n"
            )
        };
        BTreeMap::from([("north".to_owned(), park(6)), ("south".to_owned(), park(1))])
    }

    async fn apply(&self, against: u32, files: &BTreeMap<String, String>) -> (StatusCode, Value) {
        let body = json!({"files": files, "against": against, "note": "試験"});
        self.operator("POST", "/operator/services", "", body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expo_27_kaga_15_park_1_residents_enter_free_others_pay_once_and_the_park_knows_who_is_in() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install().await;
    let (status, applied) = town.apply(0, &town.files()).await;
    assert_eq!((status, &applied["version"]), (StatusCode::OK, &json!(1)), "{applied}");
    let scopes = json!({"merchant": town.merchant.to_string(), "scopes": ["services", "read"]});
    let (_, key) = town.operator("POST", "/v1/keys", "terminal", scopes).await;
    let terminal = key["secret"].as_str().unwrap().to_owned();
    let (status, listed) = town.call("GET", "/v1/services", (&terminal, ""), Value::Null).await;
    assert_eq!((status, listed["services"].as_array().unwrap().len()), (StatusCode::OK, 2), "{listed}");
    let (_, north) = town.call("GET", "/v1/services/north", (&terminal, ""), Value::Null).await;
    assert_eq!((&north["actions"][0]["name"], &north["titles"]["ja"]), (&json!("enter"), &json!("遊び場")));
    assert_eq!(north["actions"][0]["input_schema"]["required"], json!(["adults", "children"]));

    // A resident by face, with the residence that the staff saw.
    let group = |adults: u32, children: u32| json!({"adults": adults, "children": children});
    let resident = json!({"action": "enter", "input": group(1, 2), "attested": {"residence": "17206"}});
    let (status, visit) = town.by_face((&terminal, "hanako"), "hanako", &resident).await;
    assert_eq!((status, &visit["status"]), (StatusCode::ACCEPTED, &json!("open")), "{visit}");
    let free = json!({"admitted": true, "people": 3, "free": 3, "paid": 0, "residence": "attested"});
    assert_eq!((&visit["output"], &visit["masked_name"]), (&free, &json!("山＊＊＊")));
    let (status, stranger) = town.by_face((&terminal, "stranger"), "stranger", &resident).await;
    assert_eq!((status, &stranger["code"]), (StatusCode::FORBIDDEN, &json!("face.not_recognised")));

    let period = "from=2020-01-01T00:00:00Z&until=2120-01-01T00:00:00Z";
    let (status, figures) =
        town.call("GET", &format!("/v1/services/north/figures?{period}"), (&terminal, ""), Value::Null).await;
    let refused = json!([{"code": "face.not_recognised", "count": 1}]);
    assert_eq!((status, &figures["asked"], &figures["served"]), (StatusCode::OK, &json!(2), &json!(1)), "{figures}");
    assert_eq!((&figures["refused"], &figures["terminals"][0]["refused"]), (&refused, &refused));
    assert_eq!(figures["terminals"][0]["terminal"], key["id"], "{figures}");

    // Somebody from elsewhere: the hub asks, and takes the price once.
    let before = town.balances().await;
    let ask = json!({"action": "enter", "input": group(1, 2)});
    let (status, asked) = town.by_face((&terminal, "pays"), "hanako", &ask).await;
    assert_eq!((status, &asked["status"]), (StatusCode::ACCEPTED, &json!("consent_needed")), "{asked}");
    assert_eq!(asked["consent_needed"]["up_to"], json!({"minor": 1100, "currency": "JPY"}));
    assert_eq!(town.balances().await, before, "nothing moves before somebody agreed");
    let path = format!("/v1/services/north/requests/{}", asked["id"].as_str().unwrap());
    let agree = json!({"agreed": true, "consent": {"up_to": {"minor": 1100, "currency": "JPY"}}});
    let (status, paid) = town.call("POST", &format!("{path}/consent"), (&terminal, "agree"), agree.clone()).await;
    assert_eq!((status, &paid["output"]["paid"]), (StatusCode::ACCEPTED, &json!(1100)), "{paid}");
    town.call("POST", &format!("{path}/consent"), (&terminal, "agree-again"), agree).await;
    town.by_face((&terminal, "pays"), "hanako", &ask).await;
    let after = town.balances().await;
    assert_eq!((before[0] - after[0], after[3] - before[3]), (1_100, 1_100), "{before:?} {after:?}");

    // Six are in, so nobody else goes in; the other park has its own count.
    let (_, full) = town.by_face((&terminal, "full"), "taro", &ask).await;
    assert_eq!((&full["status"], &full["output"]["reason"]), (&json!("done"), &json!("full")), "{full}");
    let count = json!({"action": "count"});
    let (status, south) =
        town.call("POST", "/v1/services/south/requests", (&terminal, "count-south"), count.clone()).await;
    assert_eq!((status, &south["output"]["people"]), (StatusCode::CREATED, &json!(0)), "{south}");

    // A restart: the visit goes on, and its group leaves.
    town.city.stop().await;
    let town = Town::start(data.path()).await;
    let leave = json!({"name": "leave", "input": {}});
    let (status, left) = town.call("POST", &format!("{path}/messages"), (&terminal, "leave"), leave.clone()).await;
    assert_eq!((status, &left["output"]["reason"]), (StatusCode::CREATED, &json!("left")), "{left}");
    let (status, again) = town.call("POST", &format!("{path}/messages"), (&terminal, "late"), leave).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("request.not_waiting")), "{again}");
    let (_, north) = town.call("POST", "/v1/services/north/requests", (&terminal, "count-north"), count).await;
    assert_eq!(north["output"], json!({"people": 3, "capacity": 6}), "{north}");
    assert_eq!(town.city.wallet.sandbox.audit().await.unwrap().faults, Vec::<String>::new());

    // The merchant reads it all again, page by page, and hears of it in the log.
    let (status, first) = town.call("GET", "/v1/services/north/requests?limit=2", (&terminal, ""), Value::Null).await;
    assert_eq!((status, first["items"].as_array().unwrap().len()), (StatusCode::OK, 2), "{first}");
    assert_eq!(first["items"][0]["output"], free);
    let after = format!("/v1/services/north/requests?after={}", first["next"].as_str().unwrap());
    let (_, rest) = town.call("GET", &after, (&terminal, ""), Value::Null).await;
    let listed: Vec<&str> =
        rest["items"].as_array().unwrap().iter().map(|item| item["action"].as_str().unwrap()).collect();
    assert_eq!((listed, &rest["next"]), (vec!["enter", "count"], &Value::Null), "{rest}");
    let (_, events) = town.call("GET", "/v1/events?limit=500", (&terminal, ""), Value::Null).await;
    let told = |kind: &str| -> Vec<Value> {
        let events = events["items"].as_array().unwrap().iter();
        events.filter(|event| event["type"] == kind).map(|event| event["request"].clone()).collect()
    };
    assert_eq!(told("service.consent_needed"), [asked["id"].clone()], "{events}");
    let done = told("service.request_done");
    assert!(done.contains(&left["id"]) && done.contains(&south["id"]), "{events}");

    // What is refused before the plugin hears of it, in the caller's language.
    let refused = async |word: &str, body: Value| {
        let (status, body) = town.call("POST", "/v1/services/north/requests", (&terminal, word), body).await;
        (status.as_u16(), body["code"].as_str().unwrap().to_owned(), body["detail"].as_str().unwrap().to_owned())
    };
    let wrong = refused("input", json!({"action": "enter", "by": "card", "input": {"adults": -1}})).await;
    assert!(wrong.0 == 422 && wrong.1 == "input.invalid" && wrong.2.contains("/children"), "{wrong:?}");
    assert!(wrong.2.contains("スキーマ"), "{wrong:?}");
    let way = refused("way", json!({"action": "enter", "input": group(1, 0)})).await;
    assert_eq!((way.0, way.1.as_str()), (403, "recognition.way_not_accepted"));
    let (status, other) = town.operator("GET", "/v1/services/elsewhere", "", Value::Null).await;
    assert_eq!((status, &other["code"]), (StatusCode::NOT_FOUND, &json!("service.not_found")));
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_names_file_line_field_and_what_to_write_and_nothing_of_it_runs() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install().await;
    let good = town.files();
    let services = town.city.app.services().unwrap();
    let told = async |file: &str, from: &str, to: &str| {
        let mut files = good.clone();
        let text = good["north"].replacen(from, to, 1);
        assert_ne!(text, good["north"], "{from}");
        files.remove("north");
        files.insert(file.to_owned(), text);
        let looked = services.look(&files).await.unwrap();
        let (status, refused) = town.apply(0, &files).await;
        assert_eq!((status, &refused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("services.wrong")));
        looked.wrong
    };
    let merchant = town.merchant.to_string();
    let nobody = "mrc_00000000000000000000000000000000";
    for (from, to, line, field) in [
        ("child = 300", "child = -1", 11, "settings.price.child"),
        ("capacity = 6\n", "", 7, "settings.capacity"),
        ("visit_minutes = 240", "visit_minutes = 240\nhours = 3", 11, "settings.hours"),
        ("cap = 5000", "cap = 0", 3, "cap"),
        ("cap = 5000", "cap = \"much\"", 3, "cap"),
        ("cap = 5000", "cap = 5000\npin_above = 5001", 4, "pin_above"),
        ("cap = 5000", "cap = 5000\nkeep_days = 0", 4, "keep_days"),
        ("cap = 5000", "cap = 5000\ncurrency = \"yen\"", 4, "currency"),
        (&format!("facility = \"{merchant}\""), "facility = \"mrc_1\"", 13, "payees.facility"),
        (&format!("facility = \"{merchant}\""), &format!("facility = \"{nobody}\""), 13, "payees.facility"),
        ("facility", "kiosk", 13, "payees.kiosk"),
        ("today", "tomorrow", 15, "galleries.tomorrow"),
        ("attested = [\"residence\"]", "attested = [\"income\"]", 5, "attested"),
        ("cap = 5000", "cap = 5000\npurposes = [\"dragnet\"]", 4, "purposes.0"),
        (PARK, "jp.tebura.swimming", 1, "plugin"),
        (&format!("merchant = \"{merchant}\""), "", 1, "merchant"),
        ("cap = 5000", "cap = 5000\nid = \"north\"", 4, "id"),
        ("cap = 5000", "cap 5000", 3, ""),
    ] {
        let wrong = told("north", from, to).await;
        let found: Vec<(usize, &str)> = wrong.iter().map(|told| (told.line, told.field.as_str())).collect();
        assert!(found.contains(&(line, field)), "{to}: {wrong:?}");
        let place = |language: &str| format!("services/north.toml {language}{field}");
        for told in wrong.iter().filter(|told| told.field == field) {
            assert!(told.en.starts_with(&place(&format!("line {}: ", told.line))), "{}", told.en);
            assert!(told.ja.starts_with(&place(&format!("{} 行目: ", told.line))), "{}", told.ja);
        }
    }
    let hours = |open: &str| format!("cap = 5000\nhours = {{ zone = \"Asia/Tokyo\", open = [{open}] }}");
    let overlapping =
        "{days = [\"mon\"], from = \"09:00\", to = \"12:00\"}, {days = [\"mon\"], from = \"11:00\", to = \"13:00\"}";
    let wrong = told("north", "cap = 5000", &hours(overlapping)).await;
    assert_eq!((wrong.len(), wrong[0].field.as_str()), (1, "hours.open.1.from"), "{wrong:?}");
    assert!(wrong[0].ja.contains("重なって") && wrong[0].en.contains("overlaps"), "{wrong:?}");
    let wrong = told("North Park", "cap = 5000", "cap = 5001").await;
    assert!(wrong[0].en.contains("North Park is not a service's name"), "{wrong:?}");
    // Everything at once, in the order of the lines.
    let wrong = told("north", "cap = 5000", "cap = -1\nkeep_days = 9999\ncolour = \"red\"").await;
    let lines: Vec<usize> = wrong.iter().map(|told| told.line).collect();
    assert_eq!(lines, [3, 4, 5], "{wrong:?}");
    assert!(town.city.app.hub.services(&tebura_hub::ports::Caller::Operator).is_empty(), "nothing was configured");
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kaga_31_a_version_is_applied_whole_looked_at_first_and_taken_back() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install().await;
    assert_eq!(town.apply(0, &town.files()).await.0, StatusCode::OK);
    let services = town.city.app.services().unwrap();
    let mut dearer = town.files();
    dearer.remove("south");
    let text = dearer["north"].replace("child = 300", "child = 350");
    dearer.insert("north".to_owned(), text.replace("attested", "# dearer\nkeep_days = 90\nattested"));
    let look = services.look(&dearer).await.unwrap();
    let lines: Vec<String> = look.changes.iter().map(tebura_server::services::Change::line).collect();
    assert_eq!(lines, ["+ north.keep_days = 90", "~ north.settings.price.child: 300 → 350", "- south"]);
    let said = (look.ja.concat().join("\n"), look.en.concat().join("\n"));
    assert!(said.0.contains("利用の記録は 90 日残します") && said.1.contains("a request is kept 90 days"), "{said:?}");
    assert_eq!((look.version, services.running().await.version), (1, 1), "looking changes nothing");

    let (status, moved) = town.apply(0, &dearer).await;
    assert_eq!((status, &moved["code"]), (StatusCode::CONFLICT, &json!("services.version_moved")), "{moved}");
    assert_eq!(town.apply(1, &dearer).await.1["version"], 2);
    let names = || {
        let all = town.city.app.hub.services(&tebura_hub::ports::Caller::Operator);
        all.iter().map(|service| service.id().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["north"]);
    assert_eq!(town.apply(2, &dearer).await.1["version"], 2, "the same again is no new version");

    let back = json!({"to": 1, "against": 2, "note": "元に戻す"});
    let (status, applied) = town.operator("POST", "/operator/services/rollback", "", back).await;
    assert_eq!((status, &applied["version"]), (StatusCode::OK, &json!(3)), "{applied}");
    assert_eq!(names(), ["north", "south"]);
    let (_, history) = town.operator("GET", "/operator/services/history", "", Value::Null).await;
    let told: Vec<(u64, Option<u64>)> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (version["version"].as_u64().unwrap(), version["restores"].as_u64()))
        .collect();
    assert_eq!(told, [(3, Some(1)), (2, None), (1, None)]);
    assert_eq!((&history[0]["note"], &history[0]["files"]), (&json!("元に戻す"), &history[2]["files"]));
    let none = json!({"to": 9, "against": 3});
    let (status, none) = town.operator("POST", "/operator/services/rollback", "", none).await;
    assert_eq!((status, &none["code"]), (StatusCode::NOT_FOUND, &json!("services.version_not_found")));
    let merchants = json!({"merchant": town.merchant.to_string(), "scopes": ["services", "read"]});
    let (_, key) = town.operator("POST", "/v1/keys", "merchants", merchants).await;
    let (status, _) =
        town.call("GET", "/operator/services/history", (key["secret"].as_str().unwrap(), ""), Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "for the operator only");
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_was_taken_away_takes_nothing_new_and_who_is_in_leaves_also_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install().await;
    assert_eq!(town.apply(0, &town.files()).await.0, StatusCode::OK);
    let scopes = json!({"merchant": town.merchant.to_string(), "scopes": ["services", "read"]});
    let (_, key) = town.operator("POST", "/v1/keys", "terminal", scopes).await;
    let terminal = key["secret"].as_str().unwrap().to_owned();
    let enter = json!({"action": "enter", "by": "card", "input": {"adults": 1, "children": 0}, "attested": {"residence": "17206"}});
    let (_, visit) = town.call("POST", "/v1/services/south/requests", (&terminal, "in"), enter.clone()).await;
    assert_eq!(visit["status"], "open", "{visit}");
    let path = format!("/v1/services/south/requests/{}", visit["id"].as_str().unwrap());
    let mut fewer = town.files();
    fewer.remove("south");
    assert_eq!(town.apply(1, &fewer).await.1["version"], 2);
    let (status, refused) = town.call("POST", "/v1/services/south/requests", (&terminal, "new"), enter).await;
    assert_eq!((status, &refused["code"]), (StatusCode::NOT_FOUND, &json!("service.not_found")));

    town.city.stop().await;
    let town = Town::start(data.path()).await;
    let (status, seen) = town.call("GET", &path, (&terminal, ""), Value::Null).await;
    assert_eq!((status, &seen["status"]), (StatusCode::OK, &json!("open")), "{seen}");
    let leave = json!({"name": "leave", "input": {}});
    let (status, left) = town.call("POST", &format!("{path}/messages"), (&terminal, "leave"), leave).await;
    assert_eq!((status, &left["output"]["reason"]), (StatusCode::CREATED, &json!("left")), "{left}");
    // It is there again, and nobody is in.
    let back = json!({"to": 1, "against": 2});
    assert_eq!(town.operator("POST", "/operator/services/rollback", "", back).await.0, StatusCode::OK);
    let count = json!({"action": "count"});
    let (_, count) = town.call("POST", "/v1/services/south/requests", (&terminal, "count"), count).await;
    assert_eq!(count["output"]["people"], 0, "{count}");
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_comes_to_the_version_and_to_a_plugin_that_it_lacked() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    let set = tebura_hub::services::ServiceSet {
        version: 1,
        files: town.files(),
        note: String::new(),
        restores: None,
        by: ApiKeyId::from_uuid(uuid::Uuid::nil()),
        at: town.city.app.hub.now(),
    };
    // As another process of this store writes it, which has the plugin.
    town.city.app.hub.put_service_set(set).await.unwrap();
    let services = town.city.app.services().unwrap();
    assert_eq!(services.come_up().await.unwrap(), 1);
    let running = services.running().await;
    assert_eq!((running.version, running.wrong.len()), (1, 2), "this process lacks the plugin, and says so");
    assert!(running.wrong[0].en.contains("no plugin jp.tebura.play-park"), "{:?}", running.wrong);
    town.install().await;
    services.come_up().await.unwrap();
    assert_eq!(services.running().await.wrong, []);
    assert_eq!(town.city.app.hub.services(&tebura_hub::ports::Caller::Operator).len(), 2);
    town.city.stop().await;
}
