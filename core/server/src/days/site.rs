//! Before a day: plugins are installed and merchants made through the hub's API, as an operator does it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use super::DayError;
use super::far::Far;
use crate::demo::DemoFile;

/// The wallet plugin's rail.
pub(super) const WALLET: &str = "jp.tebura.wallet";

/// A merchant that somebody is paid through.
#[derive(Clone, Debug, Default)]
pub(super) struct Facility {
    /// The service or till.
    pub(super) service: String,
    pub(super) name: String,
    /// The secret of its terminals.
    pub(super) key: String,
    /// The secret of its till, where it has one.
    pub(super) till_key: String,
    /// Its account in the hub's own books.
    pub(super) house: String,
    /// Its name at the wallet provider.
    pub(super) token: String,
    /// Its merchant id.
    pub(super) merchant: String,
    /// Its account at the central ledger, where it takes CBDC.
    pub(super) cbdc: Option<String>,
    /// Whether the card acquirer's merchant is this one.
    pub(super) takes_cards: bool,
}

/// A place as it stands in the morning.
pub(super) struct Standing {
    pub(super) facilities: Vec<Facility>,
    /// Ids of people, by their word.
    pub(super) people: BTreeMap<String, String>,
    pub(super) file: DemoFile,
    /// The gallery that empties at night, where there is one.
    pub(super) today: String,
}

impl Standing {
    /// The facility of a service or till.
    pub(super) fn facility(&self, service: &str) -> Option<&Facility> {
        self.facilities.iter().find(|own| own.service == service)
    }

    /// The secret of a service's terminals.
    pub(super) fn key(&self, service: &str) -> &str {
        self.facility(service).map_or("", |own| own.key.as_str())
    }

    /// The secret of a till: a facility's own, or that of the demo's shop.
    pub(super) fn till_key(&self, till: &str) -> &str {
        self.facility(till).map_or(self.file.till_key.as_str(), |own| own.till_key.as_str())
    }

    /// The secret with which what a till took is given back.
    pub(super) fn shop_key(&self, till: &str) -> &str {
        self.facility(till).map_or(self.file.shop_key.as_str(), |own| own.key.as_str())
    }
}

/// One call of the preparation, which has to succeed.
pub(super) async fn must(
    far: &Far,
    method: Method,
    path: &str,
    (key, word): (&str, &str),
    body: Value,
) -> Result<Value, DayError> {
    let word = word.replace(' ', "-");
    let answer = far.call(method, path, (key, &word), &body).await?;
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    Err(DayError::Refused { what: path.to_owned(), answer: answer.body.to_string() })
}

/// A text field, empty where there is none.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A new gallery.
pub(super) async fn gallery(far: &Far, operator: &str, name: &str) -> Result<String, DayError> {
    let word = format!("gallery {}", crate::hex::encode(name.as_bytes()));
    Ok(text(&must(far, Method::POST, "/v1/galleries", (operator, &word), json!({"name": name})).await?["id"]))
}

/// Installs a plugin of the repository.
pub(super) async fn install(
    far: &Far,
    operator: &str,
    plugins: &Path,
    plugin: &str,
    grants: Value,
) -> Result<(), DayError> {
    let folder = plugins.join(plugin);
    let mut body = json!({
        "manifest": std::fs::read_to_string(folder.join("plugin.toml"))?,
        "component": STANDARD.encode(std::fs::read(folder.join(format!("{plugin}.wasm")))?),
        "signatures": std::fs::read_to_string(folder.join("plugin.sig"))?,
        "grants": grants,
    });
    let offer = must(far, Method::POST, "/operator/plugins/offer", (operator, ""), body.clone()).await?;
    body["approval"] = offer["approval"].clone();
    must(far, Method::POST, "/operator/plugins", (operator, ""), body).await.map(drop)
}

/// A merchant with a wallet at the provider, and a key for its terminals with these scopes.
pub(super) async fn facility(
    far: &Far,
    operator: &str,
    (service, name): (&str, &str),
    scopes: &[&str],
) -> Result<Facility, DayError> {
    let body = json!({"name": name, "sandbox": true, "currency": "JPY"});
    let once = |what: &str| format!("{what} {service}");
    let merchant = must(far, Method::POST, "/v1/merchants", (operator, &once("merchant")), body).await?;
    let (id, token) = (text(&merchant["id"]), format!("day-{service}"));
    far.provider(Method::POST, "/sandbox/merchants", &json!({"token": token})).await?;
    payee(far, operator, &id, WALLET, &token).await?;
    let key = json!({"merchant": id, "scopes": scopes});
    let key = must(far, Method::POST, "/v1/keys", (operator, &once("key")), key).await?;
    let house = merchant["payees"].as_array().into_iter().flatten().find(|payee| payee["rail"] == "house");
    let house = house.map(|payee| text(&payee["account"])).unwrap_or_default();
    let (service, name, key) = (service.to_owned(), name.to_owned(), text(&key["secret"]));
    Ok(Facility { service, name, key, house, token, merchant: id, ..Facility::default() })
}

/// Lets a merchant be paid over a rail.
pub(super) async fn payee(far: &Far, operator: &str, merchant: &str, rail: &str, token: &str) -> Result<(), DayError> {
    let payee = json!({"rail": rail, "token": token, "currency": "JPY"});
    let (path, word) = (format!("/v1/merchants/{merchant}/payees"), format!("payee {merchant} {rail}"));
    must(far, Method::POST, &path, (operator, &word), payee).await.map(drop)
}

/// Makes these files what runs.
pub(super) async fn apply(
    far: &Far,
    operator: &str,
    files: &BTreeMap<String, String>,
    note: &str,
) -> Result<(), DayError> {
    let applied = json!({"files": files, "against": 0, "note": note});
    must(far, Method::POST, "/operator/services", (operator, "services"), applied).await.map(drop)
}

/// A file in `credentials/` of a data folder, which only the hub reads.
pub(super) fn credential(data: &Path, name: &str, text: &str) -> Result<(), DayError> {
    let folder = data.join("credentials");
    std::fs::create_dir_all(&folder)?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(folder.join(name))?;
    Ok(file.write_all(text.as_bytes())?)
}
