//! A hub in a process of its own with the card rail, a card acquirer in the test's process, a shop and a payer.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tebura_providers::Credential;
use tebura_providers::card::{Books, CardConfig, CardProvider, Granted, Running};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use super::super::case::minor;
use super::super::hub::{Api, HubProcess};

/// The card rail's name.
pub(super) const RAIL: &str = "jp.tebura.card";
/// The API key of the hub at the acquirer.
pub(super) const API_KEY: &str = "sk_test_of_the_hub";
/// What the acquirer signs its events with.
pub(super) const WEBHOOK_SECRET: &str = "whsec_of_the_test";

/// An acquirer whose port stays its own while it is down.
pub(super) struct FarEnd {
    /// Bound and never listening: a call meets a closed door, and nobody else gets the port.
    port: TcpSocket,
    books: Books,
    granted: Granted,
    running: Option<Running>,
}

impl FarEnd {
    pub(super) async fn start(granted: bool) -> FarEnd {
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseaddr(true).unwrap();
        port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let granted = Granted { incremental_authorization: granted, multicapture: granted };
        let mut far_end = FarEnd { port, books: Books::default(), granted, running: None };
        far_end.run().await;
        far_end
    }

    fn address(&self) -> SocketAddr {
        self.port.local_addr().unwrap()
    }

    pub(super) fn provider(&self) -> &Running {
        self.running.as_ref().expect("the acquirer is up")
    }

    /// Starts it on its old books.
    pub(super) async fn run(&mut self) {
        let config = CardConfig {
            bind: self.address(),
            books: self.books.clone(),
            granted: self.granted,
            ..CardConfig::new(Credential::new(API_KEY))
        };
        self.running = Some(CardProvider::start(config).await.unwrap());
    }

    pub(super) async fn stop(&mut self) {
        self.running.take().expect("the acquirer is up").shutdown().await;
    }
}

/// A hub with the card rail.
pub(super) struct Town {
    pub(super) hub: HubProcess,
    /// The merchant's API key.
    key: String,
    payee_account: String,
    _folder: TempDir,
}

impl Town {
    /// `settings` are the operator's for the card plugin.
    pub(super) async fn open(origin: &str, settings: &Value) -> Town {
        let folder = TempDir::new().unwrap();
        let card = json!({
            "plugin": "card", "origin": origin, "credential": API_KEY, "settings": settings,
            "keys": { "webhook": WEBHOOK_SECRET },
        });
        // No wallet is called.
        let hub = HubProcess::with_rails(folder.path(), "http://127.0.0.1:9", &json!([card]));
        let operator = hub.operator();
        let merchant = json!({ "name": "かが書店", "sandbox": true, "currency": "JPY" });
        let merchant = id(&operator.post("/v1/merchants", "merchant", &merchant).await, "id");
        let payee = json!({ "rail": RAIL, "token": "shop", "currency": "JPY" });
        let payee = operator.post(&format!("/v1/merchants/{merchant}/payees"), "payee", &payee).await;
        let key = json!({ "merchant": merchant, "scopes": ["read", "holds"] });
        let key = id(&operator.post("/v1/keys", "key", &key).await, "secret");
        Town { hub, key, payee_account: id(&payee, "account"), _folder: folder }
    }

    pub(super) fn merchant(&self) -> Api {
        self.hub.with_key(&self.key)
    }

    /// A person with a card.
    pub(super) async fn payer(&self, method: &str) -> Payer {
        let operator = self.hub.operator();
        let person = operator.post("/v1/people", &format!("person-{method}"), &json!({ "name": "山田 花子" })).await;
        let instrument = json!({ "rail": RAIL, "token": method, "label": "Card", "currency": "JPY" });
        let path = format!("/v1/people/{}/instruments", id(&person, "id"));
        let instrument = operator.post(&path, &format!("instrument-{method}"), &instrument).await;
        Payer { id: id(&instrument, "id"), account: id(&instrument, "account") }
    }

    /// Asks for a hold; status and body of the answer.
    pub(super) async fn try_hold(&self, payer: &Payer, key: &str, amount: i64) -> (u16, Value) {
        let body = json!({ "payer": payer.id, "amount": yen(amount), "cap": yen(amount + 1_000) });
        self.merchant().try_post("/v1/holds", key, &body).await.expect("the hub answers")
    }

    /// Places a hold; its id.
    pub(super) async fn hold(&self, payer: &Payer, key: &str, amount: i64) -> String {
        let (status, placed) = self.try_hold(payer, key, amount).await;
        assert_eq!((status, &placed["hold"]["status"]), (201, &json!("held")), "{placed}");
        id(&placed["hold"], "id")
    }

    /// Captures; status and body of the answer.
    pub(super) async fn capture(&self, hold: &str, key: &str, amount: i64, is_final: bool) -> (u16, Value) {
        let body = json!({ "amount": yen(amount), "final": is_final });
        let path = format!("/v1/holds/{hold}/capture");
        self.merchant().try_post(&path, key, &body).await.expect("the hub answers")
    }

    /// What the payer has paid and what is held of it, and what the shop has: by the hub's books.
    pub(super) async fn books(&self, payer: &Payer) -> (i64, i64, i64) {
        let operator = self.hub.operator();
        let of = async |account: &str| operator.get(&format!("/v1/accounts/{account}")).await;
        let (payer, payee) = (of(&payer.account).await, of(&self.payee_account).await);
        (-minor(&payer["posted"]), minor(&payer["held"]), minor(&payee["posted"]))
    }

    /// The state of a hold's operation of a kind.
    pub(super) async fn state_of(&self, hold: &str, kind: &str) -> Value {
        let hold = self.merchant().get(&format!("/v1/holds/{hold}")).await;
        let operations = hold["operations"].as_array().unwrap();
        operations.iter().find(|operation| operation["kind"] == kind).unwrap()["state"].clone()
    }

    pub(super) async fn status(&self, hold: &str) -> Value {
        self.merchant().get(&format!("/v1/holds/{hold}")).await["status"].clone()
    }
}

/// A person's card in the hub.
pub(super) struct Payer {
    pub(super) id: String,
    account: String,
}

/// The acquirer's books, checked: what cards have paid and what is held of them, and what the shop has.
#[track_caller]
pub(super) fn theirs(provider: &Running) -> (i64, i64, i64) {
    let audit = provider.sandbox.audit();
    assert_eq!(audit.faults, Vec::<String>::new());
    (audit.paid, audit.held, audit.at_merchant)
}

pub(super) fn yen(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "JPY" })
}

#[track_caller]
pub(super) fn id(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned()
}
