//! Before the day: plugins are installed, merchants and galleries made, services applied from files, all through the hub's API.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use tebura_fares::{FareTable, Files, compile};

use crate::days::far::Far;
use crate::days::site::{self, Standing, apply, install, must};
use crate::days::tickets::OFFICE;
use crate::days::{Day, DayError};
use reqwest::Method;

/// The plugins of the day, and for each the service's name, its merchant and its terminal.
pub(super) const SERVICES: [(&str, &str, &str); 7] = [
    ("transit", "bus", "手ぶら交通"),
    ("clinic", "clinic", "加賀市医療センター"),
    ("play-park", "park", "加賀市 屋内広場"),
    ("shelter", "shelter", "加賀市 危機管理"),
    ("furusato", "furusato", "加賀市 ふるさと納税"),
    ("iot-order", "orders", "日用品 よろず屋"),
    ("gate", "hall", "加賀市 文化会館"),
];

/// The file with the receipt computer's public key, in `credentials/` of the hub's data folder.
pub(super) const RECEIPTS: &str = "receipts";
/// The file with what the hub shows the eligibility terminal.
pub(super) const TERMINAL: &str = "terminal";

/// Prepares everything.
pub(super) async fn set_up(far: &Far, day: &Day, fares: &FareTable, terminal: &str) -> Result<Standing, DayError> {
    let file = far.file().await;
    let operator = file.operator_key.clone();
    let gallery = site::gallery(far, &operator, "加賀の人びと").await?;
    let today = site::gallery(far, &operator, "きょうの来場者").await?;
    for person in file.people.values() {
        let path = format!("/v1/galleries/{gallery}/members/{person}");
        must(far, Method::PUT, &path, (&operator, &format!("member {person}")), json!({})).await?;
    }
    let (mut facilities, mut files) = (Vec::new(), BTreeMap::new());
    for (plugin, service, name) in SERVICES {
        let grants = match plugin {
            "clinic" => json!({
                "keys": {"receipts": RECEIPTS},
                "endpoints": {"terminal": {"origin": terminal, "reach": ["loopback"], "credential": TERMINAL}},
            }),
            "gate" => json!({"keys": {"tickets": OFFICE}}),
            _ => json!({}),
        };
        install(far, &operator, &day.plugins, plugin, grants).await?;
        let facility = site::facility(far, &operator, (service, name), &["services", "read"]).await?;
        files.insert(service.to_owned(), settings(service, &facility.merchant, &gallery, &today, fares));
        facilities.push(facility);
    }
    apply(far, &operator, &files, "加賀の一日").await?;
    let people = file.people.clone();
    Ok(Standing { facilities, people, file, today })
}

/// The bus line's fares, from its feed.
pub(super) fn fares(folder: &Path) -> Result<FareTable, DayError> {
    let mut files = Files::new();
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.insert(name, std::fs::read_to_string(&path)?);
    }
    let lines =
        |problems: Vec<tebura_fares::Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    compile(&files, "sea").map(|compiled| compiled.table).map_err(|problems| DayError::Feed(lines(problems)))
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
        "hall" => format!(
            "{}payees.venue = \"{merchant}\"\ngalleries.today = \"{today}\"\n\n[settings]\n\
             gates = {{ door-1 = \"face\", door-2 = \"face\", door-3 = \"ordinary\" }}\n\
             lanes.face = {{ ja = \"顔認証の扉\", en = \"Face door\" }}\nlanes.ordinary = {{ ja = \"一般の扉\", en = \"Ordinary door\" }}\n\
             instruments = {{ wallet = [\"jp.tebura.wallet\"] }}\n\n[settings.passes.concert]\n\
             title = {{ ja = \"演奏会 記名券\", en = \"Concert, in one's name\" }}\nlanes = [\"face\", \"ordinary\"]\nby_face = true\n\
             instruments = [\"wallet\"]\ncharge = 1800\nre_entry = true\n\n[settings.passes.hall]\n\
             title = {{ ja = \"当日券\", en = \"Day ticket\" }}\nlanes = [\"ordinary\"]\nby_face = false\ninstruments = [\"wallet\"]\n\
             charge = 0\nre_entry = false\n",
            head("gate", "文化会館", 5_000, ""),
        ),
        _ => format!(
            "{}payees.shop = \"{merchant}\"\n\n[settings]\nmost_budget_yen = 10000\nitems = [\n\
             {{ id = \"detergent\", title = \"洗剤 詰替\", yen = 480 }},\n{{ id = \"filter\", title = \"フィルター\", yen = 900 }},\n]\n",
            head("iot-order", "家電の自動発注", 10_000, ""),
        ),
    }
}
