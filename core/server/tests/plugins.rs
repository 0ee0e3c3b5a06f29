//! Plugins that come and go while a hub runs: a second wallet rail is installed, pays, is switched off, comes back after a
//! restart, and ends with its key. The component is the wallet's, under another name, another key and another far end.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "plugins/proofings.rs"]
mod proofings;

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_face_engine::EngineChoice;
use tebura_plugin_host::{KeyId, Manifest, component_digest, sign};
use tebura_providers::Credential;
use tebura_providers::wallet::{Running, WalletConfig, WalletProvider};
use tebura_server::demo::DemoCity;
use tebura_server::routes;
use tower::ServiceExt;

const RAIL: &str = "jp.example.second-wallet";

struct Town {
    city: DemoCity,
    router: Router,
    operator: String,
    till: String,
}

impl Town {
    async fn start(data: &Path) -> Town {
        let city = DemoCity::start(data, EngineChoice::Rten, None, &|_| {}).await.unwrap();
        let (router, keys) = (routes::router(city.app.clone()), city.file("http://127.0.0.1".to_owned()));
        Town { city, router, operator: keys.operator_key, till: keys.till_key }
    }

    async fn call(&self, method: &str, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .header(
                "idempotency-key",
                format!("{method} {path} {body}")
                    .replace(|c: char| !c.is_ascii_graphic(), "_")
                    .chars()
                    .take(250)
                    .collect::<String>(),
            )
            .body(if method == "GET" { Body::empty() } else { Body::from(body.to_string()) });
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn operator(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(method, path, &self.operator, body).await
    }

    /// A hold of ¥`minor` through the second wallet: status and body.
    async fn hold(&self, shop: &Shop, minor: i64) -> (StatusCode, Value) {
        let body = json!({"payer": shop.instrument, "amount": {"minor": minor, "currency": "JPY"}});
        self.call("POST", "/v1/holds", &shop.key, body).await
    }
}

/// Who pays, and who is paid, on the second rail.
struct Shop {
    instrument: String,
    key: String,
}

async fn set_up(town: &Town) -> Shop {
    let (_, person) = town.operator("POST", "/v1/people", json!({"name": "山田 花子"})).await;
    let path = format!("/v1/people/{}/instruments", person["id"].as_str().unwrap());
    let body = json!({"rail": RAIL, "token": "wallet-1", "label": "Second", "currency": "JPY"});
    let (status, instrument) = town.operator("POST", &path, body).await;
    assert_eq!(status, StatusCode::CREATED, "{instrument}");
    let body = json!({"name": "朝市", "sandbox": true, "currency": "JPY"});
    let (_, merchant) = town.operator("POST", "/v1/merchants", body).await;
    let merchant = merchant["id"].as_str().unwrap();
    let body = json!({"rail": RAIL, "token": "shop-1", "currency": "JPY"});
    let (status, payee) = town.operator("POST", &format!("/v1/merchants/{merchant}/payees"), body).await;
    assert_eq!(status, StatusCode::CREATED, "{payee}");
    let (_, key) = town.operator("POST", "/v1/keys", json!({"merchant": merchant, "scopes": ["holds", "read"]})).await;
    Shop { instrument: instrument["id"].as_str().unwrap().to_owned(), key: key["secret"].as_str().unwrap().to_owned() }
}

async fn far_end() -> Running {
    let provider = WalletProvider::start(WalletConfig::new(Credential::new("second"))).await.unwrap();
    provider.sandbox.open_wallet("wallet-1").await.unwrap();
    provider.sandbox.open_merchant("shop-1").await.unwrap();
    assert!(provider.sandbox.top_up("wallet-1", 10_000).await.unwrap());
    provider
}

fn author() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn publisher(scope: &str) -> String {
    let public = STANDARD.encode(author().verifying_key().to_bytes());
    format!(
        "version = 1\n[[key]]\nid = \"second\"\nrole = \"publisher\"\nalgorithm = \"ed25519\"\npublic_key = \"{public}\"\n\
         plugins = [\"{scope}\"]\nvalid_from = 2020-01-01\nvalid_until = 2090-01-01\n"
    )
}

/// The wallet's component under another name, signed by its author.
fn package(edit: (&str, &str), origin: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wallet");
    let manifest = std::fs::read_to_string(folder.join("plugin.toml")).unwrap();
    let manifest = manifest.replace("jp.tebura.wallet", RAIL).replace(edit.0, edit.1);
    let component = std::fs::read(folder.join("wallet.wasm")).unwrap();
    let parsed = Manifest::parse(manifest.as_bytes()).unwrap();
    let signed = sign(&parsed, component_digest(&component), (&KeyId("second".to_owned()), &author()), None).unwrap();
    json!({
        "manifest": manifest,
        "component": STANDARD.encode(component),
        "signatures": String::from_utf8(signed).unwrap(),
        "publisher": publisher(RAIL),
        "grants": {"endpoints": {"provider": {"origin": origin, "reach": ["loopback"], "credential": "second-wallet"}}},
    })
}

/// The package with another manifest, signed by the same author.
fn signed_again(mut package: Value, manifest: String) -> Value {
    let parsed = Manifest::parse(manifest.as_bytes()).unwrap();
    let component = STANDARD.decode(package["component"].as_str().unwrap()).unwrap();
    let signed = sign(&parsed, component_digest(&component), (&KeyId("second".to_owned()), &author()), None).unwrap();
    package["manifest"] = json!(manifest);
    package["signatures"] = json!(String::from_utf8(signed).unwrap());
    package
}

fn put_credential(data: &Path) {
    std::fs::create_dir_all(data.join("credentials")).unwrap();
    std::fs::write(data.join("credentials/second-wallet"), "Bearer second\n").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn boj_12_a_rail_is_installed_and_pays_without_a_restart_and_after_one() {
    let data = tempfile::tempdir().unwrap();
    put_credential(data.path());
    let provider = far_end().await;
    let town = Town::start(data.path()).await;
    let rail_path = format!("/v1/rails/{RAIL}");
    assert_eq!(town.operator("GET", &rail_path, Value::Null).await.0, StatusCode::NOT_FOUND);
    let mut body = package(("", ""), &provider.origin());
    let (status, offer) = town.operator("POST", "/operator/plugins/offer", body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{offer}");
    assert_eq!((&offer["new_key"][0], &offer["replaces"]), (&json!("second"), &Value::Null));
    assert_eq!(
        town.operator("GET", &rail_path, Value::Null).await.0,
        StatusCode::NOT_FOUND,
        "an offer installs nothing"
    );
    body["approval"] = offer["approval"].clone();
    let (status, installed) = town.operator("POST", "/operator/plugins", body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{installed}");
    assert_eq!(town.operator("GET", &rail_path, Value::Null).await.0, StatusCode::OK);
    let (status, _) = town.operator("POST", "/operator/plugins", body).await;
    assert_eq!(status, StatusCode::OK, "the same again changes nothing");
    let recorded = || tebura_server::plugins::recorded(data.path()).unwrap();
    let [own] = &recorded()[..] else { panic!("{:?}", recorded()) };
    assert_eq!((own.manifest.id.0.as_str(), &own.disabled), (RAIL, &None));
    assert_eq!(own.grants.endpoints["provider"].origin, provider.origin(), "read beside the hub that runs");

    let shop = set_up(&town).await;
    let (status, held) = town.hold(&shop, 1_000).await;
    assert_eq!((status, &held["hold"]["status"]), (StatusCode::CREATED, &json!("held")), "{held}");

    // Stopped: what is held is captured, and nothing new is held, by this rail only and after a restart too.
    let rail = |verb: &str| format!("/operator/rails/{RAIL}/{verb}");
    assert_eq!(town.operator("POST", &rail("stop"), json!({"reason": "an audit"})).await.0, StatusCode::NO_CONTENT);
    let (_, shown) = town.operator("GET", &rail_path, Value::Null).await;
    assert_eq!(shown["takes_holds"], false, "{shown}");
    let (status, refused) = town.hold(&shop, 999).await;
    assert_eq!((status, &refused["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("rail.stopped")), "{refused}");
    let (status, again) = town.hold(&shop, 1_000).await;
    assert_eq!((status, &again["hold"]["id"]), (StatusCode::CREATED, &held["hold"]["id"]), "a repeat is answered");
    let capture = format!("/v1/holds/{}/capture", held["hold"]["id"].as_str().unwrap());
    let body = json!({"amount": {"minor": 400, "currency": "JPY"}, "final": false});
    assert_eq!(town.call("POST", &capture, &shop.key, body).await.0, StatusCode::CREATED);
    town.city.stop().await;
    let town = Town::start(data.path()).await;
    assert_eq!(town.hold(&shop, 998).await.1["code"], "rail.stopped");
    assert_eq!(town.operator("POST", &rail("resume"), json!({})).await.0, StatusCode::NO_CONTENT);
    let (status, unknown) = town.operator("POST", "/operator/rails/nowhere/stop", json!({"reason": "x"})).await;
    assert_eq!((status, &unknown["code"]), (StatusCode::NOT_FOUND, &json!("rail.not_found")), "{unknown}");

    // Off: the open hold is shown, and nothing new is held.
    let (_, open) = town.operator("GET", &format!("/operator/plugins/{RAIL}/open"), Value::Null).await;
    assert_eq!((&open["holds"], &open["operations"]), (&json!(1), &json!(0)), "{open}");
    let off = format!("/operator/plugins/{RAIL}/disable");
    assert_eq!(town.operator("POST", &off, json!({"reason": "a drill"})).await.0, StatusCode::OK);
    assert_eq!(recorded()[0].disabled.as_deref(), Some("a drill"));
    let (status, refused) = town.hold(&shop, 1_001).await;
    assert_eq!((status, &refused["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("plugin.revoked")), "{refused}");
    town.city.stop().await;

    // A restart keeps both: installed, and off.
    let town = Town::start(data.path()).await;
    let (_, refused) = town.hold(&shop, 1_002).await;
    assert_eq!(refused["code"], "plugin.revoked", "{refused}");
    let on = format!("/operator/plugins/{RAIL}/enable");
    assert_eq!(town.operator("POST", &on, json!({})).await.0, StatusCode::NO_CONTENT);
    let (status, held) = town.hold(&shop, 1_003).await;
    assert_eq!(status, StatusCode::CREATED, "{held}");

    // The key is withdrawn: nothing it signed runs, nor is it installed again.
    let revoke = "/operator/plugin-keys/second/revoke";
    assert_eq!(town.operator("POST", revoke, json!({"reason": "lost"})).await.0, StatusCode::NO_CONTENT);
    let (_, refused) = town.hold(&shop, 1_004).await;
    assert_eq!(refused["code"], "plugin.revoked", "{refused}");
    let again = package(("1.0.0\"\ntitle", "1.0.1\"\ntitle"), &provider.origin());
    let (status, refused) = town.operator("POST", "/operator/plugins/offer", again).await;
    assert_eq!((status, &refused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("plugin.refused")));
    town.city.stop().await;
    let town = Town::start(data.path()).await;
    assert_eq!(town.operator("GET", &rail_path, Value::Null).await.0, StatusCode::NOT_FOUND);
    town.city.stop().await;
    assert_eq!(provider.sandbox.audit().await.unwrap().faults, Vec::<String>::new());
    provider.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_order_is_refused_and_says_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    put_credential(data.path());
    let town = Town::start(data.path()).await;
    let origin = "http://127.0.0.1:9";
    let good = || package(("", ""), origin);
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut body = good();
        edit(&mut body);
        body
    };
    let refusals: [(Value, StatusCode, &str, &str); 9] = [
        (
            edited(&|body| drop(body.as_object_mut().unwrap().remove("publisher"))),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.refused",
            "not in the keyring",
        ),
        (
            edited(&|body| body["publisher"] = json!(publisher("jp.example.*"))),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.publisher_scope",
            "for jp.example.*",
        ),
        (
            edited(&|body| body["publisher"] = json!(publisher(RAIL).replace("publisher\"", "reviewer\""))),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.publisher_scope",
            "as a reviewer",
        ),
        (
            edited(&|body| drop(body.as_object_mut().unwrap().remove("signatures"))),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.refused",
            "not signed",
        ),
        (
            edited(&|body| body["manifest"] = json!(body["manifest"].as_str().unwrap().replace("100_000", "900_000"))),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.refused",
            "does not fit",
        ),
        (
            edited(&|body| body["component"] = json!("%%%")),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.component_unreadable",
            "base64",
        ),
        (
            edited(&|body| body["grants"] = json!({})),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.grants_wrong",
            "--endpoint provider=",
        ),
        (
            edited(&|body| body["grants"]["endpoints"]["other"] = body["grants"]["endpoints"]["provider"].clone()),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.grants_wrong",
            "no endpoint \"other\"",
        ),
        (
            edited(&|body| body["grants"]["endpoints"]["provider"]["credential"] = json!("../operator.key")),
            StatusCode::UNPROCESSABLE_ENTITY,
            "plugin.grants_wrong",
            "cannot name a credential",
        ),
    ];
    for (body, status, code, words) in refusals {
        let (found, refused) = town.operator("POST", "/operator/plugins/offer", body).await;
        assert_eq!((found, refused["code"].as_str()), (status, Some(code)), "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains(words), "{words}: {refused}");
    }
    let (status, _) = town.call("POST", "/operator/plugins/offer", &town.till, good()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a till's key installs nothing");

    // What was approved was another address.
    let (_, offer) = town.operator("POST", "/operator/plugins/offer", good()).await;
    let mut other = package(("", ""), "http://127.0.0.1:10");
    other["approval"] = offer["approval"].clone();
    let (status, refused) = town.operator("POST", "/operator/plugins", other).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("plugin.not_approved")));

    // Versions rise, other bytes need another version, and what asks for more says so.
    let mut first = package(("1.0.0\"\ntitle", "1.1.0\"\ntitle"), origin);
    let (_, offer) = town.operator("POST", "/operator/plugins/offer", first.clone()).await;
    first["approval"] = offer["approval"].clone();
    assert_eq!(town.operator("POST", "/operator/plugins", first).await.0, StatusCode::OK);
    let (status, older) = town.operator("POST", "/operator/plugins/offer", good()).await;
    assert_eq!((status, &older["code"]), (StatusCode::CONFLICT, &json!("plugin.version_conflict")), "{older}");
    let renamed = package(("title = \"Wallet\"", "title = \"Purse\""), origin);
    let text = renamed["manifest"].as_str().unwrap().replace("version = \"1.0.0\"", "version = \"1.1.0\"");
    let changed = signed_again(renamed, text);
    let (status, refused) = town.operator("POST", "/operator/plugins/offer", changed).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("plugin.version_conflict")), "{refused}");
    let newer = package(("1.0.0\"\ntitle", "1.2.0\"\ntitle"), origin);
    let asks = "\"signed_requests\", \"merchant\"";
    let text = newer["manifest"].as_str().unwrap().replace("\"signed_requests\"", asks);
    let more = signed_again(newer, text);
    let (_, offer) = town.operator("POST", "/operator/plugins/offer", more).await;
    assert_eq!(offer["more"], json!(["read setting: merchant"]), "{offer}");
    assert_eq!((&offer["replaces"], &offer["new_key"]), (&json!("1.1.0"), &Value::Null), "{offer}");

    let own = package((RAIL, "jp.tebura.wallet"), origin);
    let (status, _) = town.operator("POST", "/operator/plugins/offer", own).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a stranger's key does not replace a configured rail");
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_back_is_asked_for_and_a_withdrawn_component_never_runs_again() {
    let data = tempfile::tempdir().unwrap();
    put_credential(data.path());
    let provider = far_end().await;
    let town = Town::start(data.path()).await;
    let newer = package(("1.0.0\"\ntitle", "1.1.0\"\ntitle"), &provider.origin());
    assert_eq!(install(&town, newer).await.0, StatusCode::OK);
    let mut older = package(("", ""), &provider.origin());
    assert_eq!(install(&town, older.clone()).await.1["code"], "plugin.version_conflict");
    older["step_back"] = json!(true);
    let (status, back) = install(&town, older).await;
    assert_eq!((status, &back["replaces"], &back["version"]), (StatusCode::OK, &json!("1.1.0"), &json!("1.0.0")));

    let shop = set_up(&town).await;
    assert_eq!(town.hold(&shop, 1_000).await.0, StatusCode::CREATED);
    let withdraw = format!("/operator/plugins/{RAIL}/withdraw");
    let (status, digest) = town.operator("POST", &withdraw, json!({"reason": "it lies"})).await;
    let component =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wallet/wallet.wasm")).unwrap();
    assert_eq!((status, digest), (StatusCode::OK, json!(format!("{:?}", component_digest(&component)))));
    assert_eq!(town.hold(&shop, 1_001).await.1["code"], "plugin.revoked");
    // The same bytes under another version, and after a restart.
    let again = package(("1.0.0\"\ntitle", "1.2.0\"\ntitle"), &provider.origin());
    let (_, refused) = town.operator("POST", "/operator/plugins/offer", again).await;
    assert!(refused["detail"].as_str().unwrap().contains("withdrawn (it lies)"), "{refused}");
    town.city.stop().await;
    let town = Town::start(data.path()).await;
    assert_eq!(town.operator("GET", &format!("/v1/rails/{RAIL}"), Value::Null).await.0, StatusCode::NOT_FOUND);
    town.city.stop().await;
    provider.shutdown().await;
}

/// Asks what it amounts to and says yes.
async fn install(town: &Town, mut body: Value) -> (StatusCode, Value) {
    let (status, offer) = town.operator("POST", "/operator/plugins/offer", body.clone()).await;
    if status != StatusCode::OK {
        return (status, offer);
    }
    body["approval"] = offer["approval"].clone();
    town.operator("POST", "/operator/plugins", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_asks_for_reviewers_takes_no_plugin_without_one() {
    let data = tempfile::tempdir().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let keyring = std::fs::read_to_string(folder.join("keyring.toml")).unwrap().replace("demo = true", "");
    std::fs::write(data.path().join("keyring.toml"), keyring).unwrap();
    let config = format!(
        "keyring = 'keyring.toml'\nreviewed = true\n[[plugins]]\nfolder = '{}'\n\
         [plugins.endpoints.provider]\norigin = 'http://127.0.0.1:9'\nreach = 'loopback'\n",
        folder.join("wallet").display()
    );
    std::fs::write(data.path().join("tebura.toml"), config).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tebura"))
        .args(["serve", "--listen", "127.0.0.1:0", "--engine", "rten", "--config"])
        .arg(data.path().join("tebura.toml"))
        .env("TEBURA_DATA", data.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("no reviewer has signed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_changed_in_the_data_folder_stop_the_start() {
    let data = tempfile::tempdir().unwrap();
    put_credential(data.path());
    let town = Town::start(data.path()).await;
    let mut body = package(("", ""), "http://127.0.0.1:9");
    let (_, offer) = town.operator("POST", "/operator/plugins/offer", body.clone()).await;
    body["approval"] = offer["approval"].clone();
    assert_eq!(town.operator("POST", "/operator/plugins", body).await.0, StatusCode::OK);
    town.city.stop().await;
    let folders = std::fs::read_dir(data.path().join("plugins")).unwrap().flatten().map(|entry| entry.path());
    let folder = folders.into_iter().find(|path| path.is_dir()).unwrap();
    let manifest = std::fs::read_to_string(folder.join("plugin.toml")).unwrap();
    std::fs::write(folder.join("plugin.toml"), manifest.replace("100_000", "900_000")).unwrap();
    let started = DemoCity::start(data.path(), EngineChoice::Rten, None, &|_| {}).await;
    let refused = started.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("are not those that were approved"), "{refused}");
}

/// How `tebura plugin compile-check` ends on the wallet's component, and what it says.
fn compiles_under(limits: &[&str]) -> (bool, String) {
    let wallet = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wallet/wallet.wasm");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tebura"))
        .args(["plugin", "compile-check"])
        .args(limits)
        .stdin(std::fs::File::open(wallet).unwrap())
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_component_compiles_under_the_usual_limits_and_not_under_none() {
    assert_eq!(compiles_under(&[]), (true, String::new()));
    assert!(!compiles_under(&["--memory-mib", "16"]).0, "16 MiB of addresses are not enough for the compiler");
}
