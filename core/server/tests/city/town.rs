//! A demo city with a terminal's key, and what a terminal does with it.

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
use tebura_server::services::Next;
use tower::ServiceExt;

/// A city that runs.
pub(super) struct Town {
    pub(super) city: DemoCity,
    pub(super) keys: DemoFile,
    pub(super) merchant: MerchantId,
    /// In which the demo's till searches.
    pub(super) gallery: GalleryId,
    router: Router,
    terminal: String,
}

impl Town {
    /// A city with a terminal of the demo shop.
    pub(super) async fn start(data: &Path) -> Town {
        let mut town = Town::open(data).await;
        let scopes = json!({"merchant": town.merchant.to_string(), "scopes": ["services", "read"]});
        let (status, key) = town.operator("POST", "/v1/keys", "terminal", scopes).await;
        assert_eq!(status, StatusCode::CREATED, "{key}");
        town.terminal = key["secret"].as_str().unwrap().to_owned();
        town
    }

    /// The hub stops and starts again; the terminal keeps its key.
    pub(super) async fn restart(self, data: &Path) -> Town {
        let terminal = self.terminal;
        self.city.stop().await;
        Town { terminal, ..Town::open(data).await }
    }

    async fn open(data: &Path) -> Town {
        let city = DemoCity::start(data, EngineChoice::Rten, None, &|_| {}).await.unwrap();
        let (router, keys) = (routes::router(city.app.clone()), city.file("http://127.0.0.1".to_owned()));
        // `tb_<id>_<secret>`
        let id: ApiKeyId = format!("key_{}", keys.till_key.split('_').nth(1).unwrap()).parse().unwrap();
        let till = city.app.hub.api_key(id).await.unwrap().unwrap().till.unwrap();
        let till = city.app.hub.store().till(till).await.unwrap().unwrap();
        let (merchant, gallery) = (till.merchant, till.gallery);
        Town { city, keys, merchant, gallery, router, terminal: String::new() }
    }

    /// The key with which a terminal asks services.
    pub(super) fn terminal_key(&self) -> &str {
        &self.terminal
    }

    /// Registers a party's key, proven by its own signature. Returns its id.
    pub(super) async fn register_key(&self, party: &str, body: String, proof: &str) -> String {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/v1/parties/{party}/keys"))
            .header("authorization", format!("Bearer {}", self.keys.operator_key))
            .header("content-type", "application/json")
            .header("idempotency-key", "key")
            .header("tebura-signature", proof)
            .body(Body::from(body));
        let (status, key) = self.send(request.unwrap()).await;
        assert_eq!(status, StatusCode::CREATED, "{key}");
        key["id"].as_str().unwrap().to_owned()
    }

    /// The id of somebody of the demo.
    pub(super) fn person(&self, word: &str) -> &str {
        &self.keys.people[word]
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn call(&self, method: &str, path: &str, (secret, word): (&str, &str), body: Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "application/json")
            .header("idempotency-key", word.replace(' ', "-"))
            .body(if method == "GET" { Body::empty() } else { Body::from(body.to_string()) });
        self.send(request.unwrap()).await
    }

    /// The operator asks something of the hub.
    pub(super) async fn operator(&self, method: &str, path: &str, word: &str, body: Value) -> (StatusCode, Value) {
        self.call(method, path, (&self.keys.operator_key, word), body).await
    }

    /// The shop asks something of the hub.
    pub(super) async fn shop(&self, method: &str, path: &str, word: &str, body: Value) -> (StatusCode, Value) {
        self.call(method, path, (&self.keys.shop_key, word), body).await
    }

    /// The terminal asks something of a service.
    pub(super) async fn ask(&self, service: &str, word: &str, request: Value) -> (StatusCode, Value) {
        self.terminal("POST", &format!("/v1/services/{service}/requests"), word, request).await
    }

    /// The terminal calls the hub.
    pub(super) async fn terminal(&self, method: &str, path: &str, word: &str, body: Value) -> (StatusCode, Value) {
        self.call(method, path, (&self.terminal, word), body).await
    }

    /// Somebody before the terminal's camera.
    pub(super) async fn by_face(&self, service: &str, word: &str, face: &str, request: &Value) -> (StatusCode, Value) {
        let path = format!("/v1/services/{service}/requests");
        self.form(&path, (&self.terminal, word), face, &[("request", request.to_string())]).await
    }

    /// Somebody pays by face at a till.
    pub(super) async fn pay(&self, till: (&str, &str), face: &str, yen: i64) -> (StatusCode, Value) {
        let amount = json!({"amount": {"minor": yen, "currency": "JPY"}}).to_string();
        self.form("/v1/payments/face", till, face, &[("payment", amount)]).await
    }

    /// A new gallery, empty.
    pub(super) async fn gallery(&self, name: &str) -> String {
        let (status, gallery) = self.operator("POST", "/v1/galleries", name, json!({"name": name})).await;
        assert_eq!(status, StatusCode::CREATED, "{gallery}");
        gallery["id"].as_str().unwrap().to_owned()
    }

    /// The key of a till that searches in a gallery.
    pub(super) async fn till(&self, gallery: &str) -> String {
        let merchant = self.merchant.to_string();
        let till =
            json!({"merchant": merchant, "gallery": gallery, "name": "売店", "pin_above": 5000, "max_amount": 30000});
        let (status, till) = self.operator("POST", "/v1/tills", "till", till).await;
        assert_eq!(status, StatusCode::CREATED, "{till}");
        let key = json!({"merchant": merchant, "till": till["id"], "scopes": ["pay"]});
        let (status, key) = self.operator("POST", "/v1/keys", "till key", key).await;
        assert_eq!(status, StatusCode::CREATED, "{key}");
        key["secret"].as_str().unwrap().to_owned()
    }

    async fn form(
        &self,
        path: &str,
        (secret, word): (&str, &str),
        face: &str,
        fields: &[(&str, String)],
    ) -> (StatusCode, Value) {
        let mut body = Vec::new();
        for (name, text) in fields {
            body.extend_from_slice(
                format!("--e\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n").as_bytes(),
            );
        }
        body.extend_from_slice(b"--e\r\ncontent-disposition: form-data; name=\"image\"\r\n\r\n");
        body.extend_from_slice(&faces::png(face).unwrap());
        body.extend_from_slice(b"\r\n--e--\r\n");
        let request = Request::post(path)
            .header("authorization", format!("Bearer {secret}"))
            .header("idempotency-key", word.replace(' ', "-"))
            .header("content-type", "multipart/form-data; boundary=e")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    /// What can be spent: Hanako, Taro, Sakura, the shop's wallet, the shop's points.
    pub(super) async fn balances(&self) -> Vec<i64> {
        let (_, balances) = self.operator("GET", "/demo/balances", "", Value::Null).await;
        balances.as_array().unwrap().iter().map(|balance| balance["available"].as_i64().unwrap()).collect()
    }

    /// Puts a component that is checked in into the running hub.
    pub(super) async fn install(&self, plugin: &str, grants: Value) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins").join(plugin);
        let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let mut body = json!({
            "manifest": String::from_utf8(file("plugin.toml")).unwrap(),
            "component": STANDARD.encode(file(&format!("{plugin}.wasm"))),
            "signatures": String::from_utf8(file("plugin.sig")).unwrap(),
            "grants": grants,
        });
        let (status, offer) =
            self.operator("POST", "/operator/plugins/offer", &format!("offer {plugin}"), body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{offer}");
        body["approval"] = offer["approval"].clone();
        let (status, installed) = self.operator("POST", "/operator/plugins", &format!("install {plugin}"), body).await;
        assert_eq!(status, StatusCode::OK, "{installed}");
    }

    /// Configures a service from the text of its file.
    pub(super) async fn configure(&self, id: &str, file: &str) {
        let services = self.city.app.services().unwrap();
        let newest = services.history().await.unwrap().into_iter().next();
        let (against, mut files) = newest.map_or_else(Default::default, |set| (set.version, set.files));
        files.insert(id.to_owned(), file.to_owned());
        let by = ApiKeyId::from_uuid(uuid::Uuid::nil());
        services.apply(Next { files, against, note: String::new(), by }).await.unwrap();
    }
}

/// A file in `credentials/` of the data folder, readable by the hub only.
pub(super) fn credential(data: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let folder = data.join("credentials");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
    std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}
