//! Who is there: one merchant, people with house money, and one whose wallet is at the provider.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tebura_hub::ports::{Ids, Store, Unit};
use tebura_ledger::{AccountId, Command, Currency, Floor, Fund, Money, OpenAccount, OperationId, TransferId};
use tebura_server::clock::{SystemClock, SystemIds};
use tebura_store::{FileKek, SqlStore, StoreConfig};

use crate::flows::far_end::FarEnd;
use crate::flows::hub::{Api, HubProcess, WALLET};

/// People with house money.
const PEOPLE: usize = 5;
/// House money of each, minor units; less than what they are asked for, so that some holds are refused.
pub(super) const FUNDS: i64 = 6_000;
/// Money in the wallet at the provider, minor units.
pub(super) const IN_WALLET: i64 = 1_000_000;

/// Ids that clients need.
#[derive(Clone)]
pub(super) struct City {
    /// The merchant's API key.
    pub(super) key: String,
    /// Instruments on the house rail.
    pub(super) people: Vec<String>,
    /// The instrument at the provider.
    pub(super) wallet: String,
    /// The hub's mirror of the wallet.
    pub(super) wallet_account: String,
    /// The hub's mirror of the shop at the provider.
    pub(super) shop_account: String,
}

impl City {
    /// Sets everybody up through the API, and puts house money in behind it.
    pub(super) async fn found(folder: &Path, database_url: Option<&str>, far_end: &FarEnd) -> City {
        let more = IN_WALLET - crate::flows::far_end::WALLET;
        assert!(far_end.provider().sandbox.top_up("hanako", more).await.unwrap());
        let hub = HubProcess::on(folder, database_url, &far_end.origin());
        let (city, accounts) = City::set_up(&hub.operator()).await;
        hub.kill();
        fund(folder, database_url, &accounts).await;
        city
    }

    async fn set_up(operator: &Api) -> (City, Vec<AccountId>) {
        let merchant = json!({ "name": "かが書店", "sandbox": true, "currency": "JPY" });
        let merchant = text(&operator.post("/v1/merchants", "merchant", &merchant).await, "id");
        let payee = json!({ "rail": WALLET, "token": "shop", "currency": "JPY" });
        let payee = operator.post(&format!("/v1/merchants/{merchant}/payees"), "payee", &payee).await;
        let key = json!({ "merchant": merchant, "scopes": ["read", "holds"] });
        let key = text(&operator.post("/v1/keys", "key", &key).await, "secret");
        let (mut people, mut accounts) = (Vec::new(), Vec::new());
        for number in 0..PEOPLE {
            let instrument = instrument(operator, &format!("person-{number}"), json!({ "rail": "house" })).await;
            people.push(text(&instrument, "id"));
            accounts.push(text(&instrument, "account").parse().unwrap());
        }
        let wallet = instrument(operator, "hanako", json!({ "rail": WALLET, "token": "hanako" })).await;
        let city = City {
            key,
            people,
            wallet: text(&wallet, "id"),
            wallet_account: text(&wallet, "account"),
            shop_account: text(&payee, "account"),
        };
        (city, accounts)
    }
}

async fn instrument(operator: &Api, who: &str, mut body: Value) -> Value {
    let person = operator.post("/v1/people", who, &json!({ "name": "山田 花子" })).await;
    body["label"] = json!("Wallet");
    body["currency"] = json!("JPY");
    let path = format!("/v1/people/{}/instruments", text(&person, "id"));
    operator.post(&path, &format!("instrument-{who}"), &body).await
}

/// House money has no API: whoever issues it does so beside the hub.
async fn fund(folder: &Path, database_url: Option<&str>, accounts: &[AccountId]) {
    let sqlite = || format!("sqlite://{}?mode=rwc", folder.join("hub.sqlite").display());
    let url = database_url.map_or_else(sqlite, str::to_owned);
    let kek = Arc::new(FileKek::open_or_create(&folder.join("operator.key")).unwrap());
    let store = SqlStore::open(StoreConfig::new(url, kek)).await.unwrap();
    for &to in accounts {
        let (shard, ids) = (to.shard(), SystemIds);
        let from = AccountId::from_uuid(ids.next(shard));
        let open = OpenAccount { id: from, currency: Currency::JPY, floor: Floor::Unlimited };
        let fund = Fund {
            operation: OperationId::from_uuid(ids.next(shard)),
            transfer: TransferId::from_uuid(ids.next(shard)),
            from,
            to,
            amount: Money::new(FUNDS, Currency::JPY),
        };
        let ledger = vec![Command::OpenAccount(open), Command::Fund(fund)];
        let now = tebura_hub::ports::Clock::now(&SystemClock::default());
        store.commit(shard, now, Unit { ledger, ..Unit::default() }).await.unwrap();
    }
    store.close().await;
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned()
}
