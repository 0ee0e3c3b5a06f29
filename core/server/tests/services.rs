//! A play park from one end to the other: its component installed in a running hub, two parks from one `tebura.toml`, drawn
//! people recognised by the embedded pack, money through the signed wallet plugin, a restart in between.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tebura_face_engine::EngineChoice;
use tebura_hub::ids::{ApiKeyId, GalleryId, MerchantId};
use tebura_server::config::Config;
use tebura_server::demo::{DemoCity, DemoFile, faces};
use tebura_server::routes;
use tebura_server::services::ServicesError;
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
    fn file(&self) -> String {
        let (merchant, gallery) = (self.merchant, self.gallery);
        let park = |id: &str, capacity: u32| {
            format!(
                "[[services]]\nid = \"{id}\"\nplugin = \"{PARK}\"\nmerchant = \"{merchant}\"\ncap = 5000\n\
                 gallery = \"{gallery}\"\nattested = [\"residence\"]\ntitle = {{ ja = \"遊び場\", en = \"Park\" }}\n\
                 [services.settings]\nmunicipality = \"17206\"\ncapacity = {capacity}\nvisit_minutes = 240\n\
                 price = {{ child = 300, adult = 500 }}\n[services.payees]\nfacility = \"{merchant}\"\n\
                 [services.galleries]\ntoday = \"{gallery}\"\n"
            )
        };
        format!("{}{}", park("north", 6), park("south", 1))
    }

    async fn configure(&self, folder: &Path, text: &str) -> Result<Vec<String>, ServicesError> {
        let path = folder.join("tebura.toml");
        std::fs::write(&path, text).unwrap();
        let plugins = self.city.app.plugins().unwrap();
        Config::read(&path).unwrap().services().configure(&self.city.app.hub, plugins).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expo_27_kaga_15_park_1_residents_enter_free_others_pay_once_and_the_park_knows_who_is_in() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install().await;
    assert_eq!(town.configure(data.path(), &town.file()).await.unwrap().len(), 2);
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
    town.configure(data.path(), &town.file()).await.unwrap();
    let leave = json!({"name": "leave", "input": {}});
    let (status, left) = town.call("POST", &format!("{path}/messages"), (&terminal, "leave"), leave.clone()).await;
    assert_eq!((status, &left["output"]["reason"]), (StatusCode::CREATED, &json!("left")), "{left}");
    let (status, again) = town.call("POST", &format!("{path}/messages"), (&terminal, "late"), leave).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("request.not_waiting")), "{again}");
    let (_, north) = town.call("POST", "/v1/services/north/requests", (&terminal, "count-north"), count).await;
    assert_eq!(north["output"], json!({"people": 3, "capacity": 6}), "{north}");
    assert_eq!(town.city.wallet.sandbox.audit().await.unwrap().faults, Vec::<String>::new());

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
async fn a_wrong_configuration_names_file_line_field_and_what_to_write() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    town.install().await;
    let good = town.file();
    let refused = async |from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        match town.configure(data.path(), &text).await {
            Err(ServicesError::Wrong(lines)) => lines.join("\n"),
            other => panic!("{other:?}"),
        }
    };
    let merchant = town.merchant.to_string();
    for (from, to, line, field) in [
        ("child = 300", "child = -1", 13, "services[0].settings.price.child"),
        ("capacity = 6\n", "", 9, "services[0].settings.capacity"),
        ("visit_minutes = 240", "visit_minutes = 240\nhours = 3", 13, "services[0].settings.hours"),
        ("cap = 5000", "cap = 0", 5, "services[0].cap"),
        (&format!("facility = \"{merchant}\""), "facility = \"mrc_1\"", 15, "services[0].payees.facility"),
        ("facility", "kiosk", 15, "services[0].payees.kiosk"),
        ("attested = [\"residence\"]", "attested = [\"income\"]", 7, "services[0].attested"),
        (PARK, "jp.tebura.swimming", 3, "services[0].plugin"),
        ("id = \"north\"", "id = \"North\"", 2, "services[0].id"),
        ("id = \"north\"", "id = \"south\"", 19, "services[1].id"),
    ] {
        let told = refused(from, to).await;
        assert!(told.contains(&format!("tebura.toml line {line}: {field} ")), "{to}: {told}");
    }
    assert!(town.city.app.hub.services(&tebura_hub::ports::Caller::Operator).is_empty(), "nothing was configured");
    town.city.stop().await;
}
