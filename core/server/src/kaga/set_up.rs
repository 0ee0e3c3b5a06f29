//! Before the day: plugins are installed, merchants and galleries made, services applied from files, all through the hub's API.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tebura_fares::{FareTable, Files, compile};

use super::far::Far;
use super::{KagaDay, KagaError};
use crate::demo::DemoFile;

/// The wallet plugin's rail.
const WALLET: &str = "jp.tebura.wallet";
/// The plugins of the day, and for each the service's name, its merchant and its terminal.
pub(super) const SERVICES: [(&str, &str, &str); 6] = [
    ("transit", "bus", "手ぶら交通"),
    ("clinic", "clinic", "加賀市医療センター"),
    ("play-park", "park", "加賀市 屋内広場"),
    ("shelter", "shelter", "加賀市 危機管理"),
    ("furusato", "furusato", "加賀市 ふるさと納税"),
    ("iot-order", "orders", "日用品 よろず屋"),
];

/// A merchant that somebody is paid through.
#[derive(Clone, Debug)]
pub(super) struct Facility {
    pub(super) service: String,
    pub(super) name: String,
    /// The secret of its terminals.
    pub(super) key: String,
    /// Its account in the hub's own books.
    pub(super) house: String,
    /// Its name at the wallet provider.
    pub(super) token: String,
}

/// The city as it stands in the morning.
pub(super) struct Standing {
    pub(super) facilities: Vec<Facility>,
    /// Ids of people, by their word.
    pub(super) people: BTreeMap<String, String>,
    pub(super) file: DemoFile,
    pub(super) fares: FareTable,
}

/// The file with the receipt computer's public key, in `credentials/` of the hub's data folder.
pub(super) const RECEIPTS: &str = "receipts";
/// The file with what the hub shows the eligibility terminal.
pub(super) const TERMINAL: &str = "terminal";

/// One call of the preparation, which has to succeed.
async fn must(far: &Far, method: Method, path: &str, key: &str, word: &str, body: Value) -> Result<Value, KagaError> {
    let word = word.replace(' ', "-");
    let answer = far.call(method, path, (key, &word), &body).await?;
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    Err(KagaError::Refused { what: path.to_owned(), answer: answer.body.to_string() })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Prepares everything.
pub(super) async fn set_up(far: &Far, day: &KagaDay, terminal: &str) -> Result<Standing, KagaError> {
    let fares = fares(&day.feed)?;
    let file = far.file().await;
    let operator = file.operator_key.clone();
    let gallery = json!({"name": "加賀の人びと"});
    let gallery = text(&must(far, Method::POST, "/v1/galleries", &operator, "kaga gallery", gallery).await?["id"]);
    let today = json!({"name": "きょうの来場者"});
    let today = text(&must(far, Method::POST, "/v1/galleries", &operator, "kaga today", today).await?["id"]);
    for person in file.people.values() {
        let path = format!("/v1/galleries/{gallery}/members/{person}");
        must(far, Method::PUT, &path, &operator, &format!("member {person}"), json!({})).await?;
    }
    let (mut facilities, mut files) = (Vec::new(), BTreeMap::new());
    for (plugin, service, name) in SERVICES {
        let grants = match plugin {
            "clinic" => json!({
                "keys": {"receipts": RECEIPTS},
                "endpoints": {"terminal": {"origin": terminal, "reach": ["loopback"], "credential": TERMINAL}},
            }),
            _ => json!({}),
        };
        install(far, &operator, &day.plugins.join(plugin), (plugin, grants)).await?;
        let (merchant, facility) = facility(far, &operator, service, name).await?;
        files.insert(service.to_owned(), settings(service, &merchant, &gallery, &today, &fares));
        facilities.push(facility);
    }
    let applied = json!({"files": files, "against": 0, "note": "加賀の一日"});
    must(far, Method::POST, "/operator/services", &operator, "kaga services", applied).await?;
    let people = file.people.clone();
    Ok(Standing { facilities, people, file, fares })
}

/// The bus line's fares, from its feed.
fn fares(folder: &Path) -> Result<FareTable, KagaError> {
    let mut files = Files::new();
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.insert(name, std::fs::read_to_string(&path)?);
    }
    let lines =
        |problems: Vec<tebura_fares::Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    compile(&files, "sea").map(|compiled| compiled.table).map_err(|problems| KagaError::Feed(lines(problems)))
}

async fn install(far: &Far, operator: &str, folder: &Path, (plugin, grants): (&str, Value)) -> Result<(), KagaError> {
    let mut body = json!({
        "manifest": std::fs::read_to_string(folder.join("plugin.toml"))?,
        "component": STANDARD.encode(std::fs::read(folder.join(format!("{plugin}.wasm")))?),
        "signatures": std::fs::read_to_string(folder.join("plugin.sig"))?,
        "grants": grants,
    });
    let offer = must(far, Method::POST, "/operator/plugins/offer", operator, "", body.clone()).await?;
    body["approval"] = offer["approval"].clone();
    must(far, Method::POST, "/operator/plugins", operator, "", body).await.map(drop)
}

async fn facility(far: &Far, operator: &str, service: &str, name: &str) -> Result<(String, Facility), KagaError> {
    let body = json!({"name": name, "sandbox": true, "currency": "JPY"});
    let merchant = must(far, Method::POST, "/v1/merchants", operator, &format!("merchant {service}"), body).await?;
    let (id, token) = (text(&merchant["id"]), format!("kaga-{service}"));
    far.provider(Method::POST, "/sandbox/merchants", &json!({"token": token})).await?;
    let payee = json!({"rail": WALLET, "token": token, "currency": "JPY"});
    must(far, Method::POST, &format!("/v1/merchants/{id}/payees"), operator, &format!("payee {service}"), payee)
        .await?;
    let key = json!({"merchant": id, "scopes": ["services", "read"]});
    let key = must(far, Method::POST, "/v1/keys", operator, &format!("key {service}"), key).await?;
    let house = merchant["payees"].as_array().into_iter().flatten().find(|payee| payee["rail"] == "house");
    let house = house.map(|payee| text(&payee["account"])).unwrap_or_default();
    let facility =
        Facility { service: service.to_owned(), name: name.to_owned(), key: text(&key["secret"]), house, token };
    Ok((id, facility))
}

/// The file of a service, as a clerk would write it.
fn settings(service: &str, merchant: &str, gallery: &str, today: &str, fares: &FareTable) -> String {
    let head = |plugin: &str, title: &str, cap: u64, attested: &str| {
        format!(
            "plugin = \"jp.tebura.{plugin}\"\nmerchant = \"{merchant}\"\ntitle = {{ ja = \"{title}\", en = \"{plugin}\" }}\n\
             cap = {cap}\ngallery = \"{gallery}\"\nattested = [{attested}]\n"
        )
    };
    match service {
        "bus" => format!(
            "{}payees.operator = \"{merchant}\"\n\n[settings]\ncollect = \"both-ends\"\nmissed_alighting = \"most\"\n\
             passes = [{{ id = \"month\", title = \"1か月定期\", yen = 6000, days = 30 }}]\n\n[settings.policy]\nchild_by = \"school-year\"\n\
             free_infants = 2\nsenior_from = 70\nsenior_of = \"17206\"\nreductions = [\n\
             {{ for = \"child\", pays_percent = 50, rounding = \"up10\" }},\n{{ for = \"student\", pays_percent = 80, rounding = \"up10\" }},\n\
             {{ for = \"senior\", pays_percent = 70, rounding = \"up10\" }},\n\
             {{ for = \"disability\", pays_percent = 50, rounding = \"up10\", on_top_of = [\"child\"] }},\n]\n\n{}",
            head(
                "transit",
                "温泉駅前～海岸温泉線",
                8_000,
                "\"birth_date\", \"student\", \"disability\", \"residence\""
            ),
            fares.as_toml("settings.fares"),
        ),
        "clinic" => format!(
            "{}payees.clinic = \"{merchant}\"\n\n[settings]\ninstitution = \"1710123456\"\nclosed = {{ weekdays = [], days = [] }}\n\
             departments.internal = {{ title = {{ ja = \"内科\", en = \"Internal medicine\" }}, estimate = 9000 }}\n",
            head("clinic", "加賀市医療センター", 30_000, ""),
        ),
        "park" => format!(
            "{}payees.facility = \"{merchant}\"\ngalleries.today = \"{today}\"\n\n[settings]\nmunicipality = \"17206\"\ncapacity = 14\n\
             visit_minutes = 240\nprice = {{ child = 300, adult = 500 }}\n",
            head("play-park", "屋内広場", 5_000, "\"residence\""),
        ),
        "shelter" => format!(
            "{}galleries.sheltered = \"{today}\"\n\n[settings]\nshelters = [\n{{ id = \"east\", name = \"東小学校\", capacity = 20 }},\n\
             {{ id = \"west\", name = \"西体育館\", capacity = 100 }},\n]\n",
            head("shelter", "避難所", 0, "\"name\", \"birth_date\""),
        ),
        "furusato" => format!(
            "{}payees.municipality = \"{merchant}\"\n\n[settings]\nmunicipality = \"17206\"\nmayor = \"加賀市長\"\nleast_yen = 2000\n\
             application = \"https://onestop.example.jp/17206\"\ngifts = [\n\
             {{ id = \"kutani-cup\", title = \"九谷焼 湯のみ\", donation_yen = 10000, cost_yen = 3000, stock = 3 }},\n\
             {{ id = \"onsen-egg\", title = \"温泉たまご\", donation_yen = 3000, cost_yen = 600, stock = 20 }},\n]\n",
            head("furusato", "ふるさと納税 窓口", 30_000, "\"residence\""),
        ),
        _ => format!(
            "{}payees.shop = \"{merchant}\"\n\n[settings]\nmost_budget_yen = 10000\nitems = [\n\
             {{ id = \"detergent\", title = \"洗剤 詰替\", yen = 480 }},\n{{ id = \"filter\", title = \"フィルター\", yen = 900 }},\n]\n",
            head("iot-order", "家電の自動発注", 10_000, ""),
        ),
    }
}
