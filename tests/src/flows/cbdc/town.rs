//! A hub with the cbdc rail, the CBDC network over real connections, a resident at one intermediary and a shop at the
//! other.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use serde_json::{Value, json};
use tebura_providers::cbdc::{CbdcConfig, CbdcNetwork, Member, NewCustomer, Running};
use tebura_providers::{Credential, Rule};
use tempfile::TempDir;

use super::super::case::minor;
use super::super::hub::{Api, HubProcess};

pub(super) const RAIL: &str = "jp.tebura.cbdc";
const SERVICE: &str = "tebura-hub";
const EAST: &str = "credential-of-the-hub-at-east";

/// Yen of the resident at first: in the wallet, in the deposit, and the most that the wallet may hold.
pub(super) const WALLET: i64 = 10_000;
pub(super) const DEPOSIT: i64 = 40_000;
pub(super) const LIMIT: i64 = 30_000;

pub(super) struct Town {
    pub(super) far: Running,
    pub(super) hub: HubProcess,
    pub(super) payer: Party,
    pub(super) shop: Party,
    key: String,
    _folder: TempDir,
}

/// Somebody in both worlds.
pub(super) struct Party {
    /// The account at the central ledger.
    pub(super) account: String,
    /// The instrument or merchant of the hub.
    pub(super) id: String,
    /// Its mirror account in the hub's books.
    pub(super) mirror: String,
}

/// What both sides say: the payer's free, locked and deposited yen, the shop's free and deposited; and in the hub what
/// the payer paid and has held, and what the shop got.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Books {
    pub(super) theirs: (i64, i64, i64, i64, i64),
    pub(super) ours: (i64, i64, i64),
}

/// The CBDC network with two customers, and what a hub binds to reach it through East.
pub(super) async fn network(lock: &str, shop_limit: i64) -> (Running, String, String, Value) {
    let key = SigningKey::from_bytes(&[5; 32]);
    let services = BTreeMap::from([(SERVICE.to_owned(), key.verifying_key().to_bytes())]);
    let config = CbdcConfig { services, ..CbdcConfig::new(Credential::new(EAST), Credential::new("nobody's")) };
    let far = CbdcNetwork::start(config).await.unwrap();
    let new = |name: &str, limit, deposit| NewCustomer {
        name: name.to_owned(),
        aliases: vec![format!("{name}@cbdc.example")],
        limit,
        deposit: Some(deposit),
        services: vec![SERVICE.to_owned()],
    };
    let payer = far.network.open_customer(Member::East, new("hanako", LIMIT, WALLET + DEPOSIT));
    let shop = far.network.open_customer(Member::West, new("shop", shop_limit, 0));
    assert!(far.network.draw(&payer, WALLET));
    let pem = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let rail = json!({
        "plugin": "cbdc", "origin": far.east.origin(), "credential": EAST,
        "settings": { "lock": lock, "service": SERVICE, "standing_locks": if lock == "three_party" { "on" } else { "off" } },
        "keys": { "service": *pem, "arbiter": *pem, "preimage": "a secret of thirty-two characters" },
    });
    (far, payer, shop, rail)
}

impl Town {
    /// The shop may hold `shop_limit`; what it gets beyond goes to its deposit.
    pub(super) async fn open(lock: &str, shop_limit: i64) -> Town {
        let (far, payer, shop, rail) = network(lock, shop_limit).await;
        let folder = TempDir::new().unwrap();
        let hub = HubProcess::with_rails(folder.path(), "http://127.0.0.1:9", &json!([rail]));
        let operator = hub.operator();
        let merchant = json!({ "name": "かが書店", "sandbox": true, "currency": "JPY" });
        let merchant = id(&operator.post("/v1/merchants", "merchant", &merchant).await, "id");
        // The shop is known here by its alias, which East looks up at West.
        let payee = json!({ "rail": RAIL, "token": "alias:shop@cbdc.example", "currency": "JPY" });
        let payee = operator.post(&format!("/v1/merchants/{merchant}/payees"), "payee", &payee).await;
        let person = id(&operator.post("/v1/people", "person", &json!({ "name": "山田 花子" })).await, "id");
        let instrument = json!({ "rail": RAIL, "token": payer, "label": "CBDC", "currency": "JPY" });
        let instrument = operator.post(&format!("/v1/people/{person}/instruments"), "instrument", &instrument).await;
        let key = json!({ "merchant": merchant, "scopes": ["read", "holds"] });
        let key = id(&operator.post("/v1/keys", "key", &key).await, "secret");
        let payer = Party { account: payer, id: id(&instrument, "id"), mirror: id(&instrument, "account") };
        let shop = Party { account: shop, id: merchant, mirror: id(&payee, "account") };
        Town { far, hub, payer, shop, key, _folder: folder }
    }

    pub(super) fn merchant(&self) -> Api {
        self.hub.with_key(&self.key)
    }

    /// Places a hold; answers status and body.
    pub(super) async fn try_place(&self, key: &str, minor: i64) -> (u16, Value) {
        let body = json!({ "payer": self.payer.id, "amount": yen(minor) });
        self.merchant().try_post("/v1/holds", key, &body).await.expect("the hub answers")
    }

    /// Places a hold that is placed; answers its id.
    pub(super) async fn place(&self, key: &str, minor: i64) -> String {
        let (status, placed) = self.try_place(key, minor).await;
        assert_eq!((status, &placed["hold"]["status"]), (201, &json!("held")), "{placed}");
        id(&placed["hold"], "id")
    }

    /// Captures; answers status and body.
    pub(super) async fn capture(&self, key: &str, hold: &str, minor: i64, is_final: bool) -> (u16, Value) {
        let body = json!({ "amount": yen(minor), "final": is_final });
        self.merchant().try_post(&format!("/v1/holds/{hold}/capture"), key, &body).await.expect("the hub answers")
    }

    pub(super) async fn books(&self) -> Books {
        let balance = |account: &str| self.far.network.balance(account).unwrap();
        let deposit = |account: &str| self.far.network.deposit(account).unwrap();
        let (payer, shop) = (balance(&self.payer.account), balance(&self.shop.account));
        let theirs =
            (payer.available, payer.locked, deposit(&self.payer.account), shop.available, deposit(&self.shop.account));
        let operator = self.hub.operator();
        let payer = operator.get(&format!("/v1/accounts/{}", self.payer.mirror)).await;
        let shop = operator.get(&format!("/v1/accounts/{}", self.shop.mirror)).await;
        Books { theirs, ours: (-minor(&payer["posted"]), minor(&payer["held"]), minor(&shop["posted"])) }
    }

    /// No yen was lost or made on the way: the hub's books, the ledger's and the bank's say the same.
    pub(super) async fn conserved(&self) {
        let Books { theirs, ours } = self.books().await;
        let (free, locked, deposit, at_shop, shop_deposit) = theirs;
        let (paid, held, got) = ours;
        assert_eq!((paid, held), (got, locked), "{theirs:?} {ours:?}");
        assert_eq!(at_shop + shop_deposit, got, "{theirs:?} {ours:?}");
        assert_eq!(free + locked + deposit, WALLET + DEPOSIT - paid, "{theirs:?} {ours:?}");
        assert_eq!(self.far.network.audit(), Vec::<String>::new());
        let supply = self.far.network.supply();
        assert_eq!(supply.in_wallets + supply.in_locks + supply.in_vault, supply.issued);
        assert_eq!(self.far.east.switches.rules(), Vec::<Rule>::new(), "every misbehaviour was met");
    }
}

pub(super) fn yen(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "JPY" })
}

/// A text field of an answer.
pub(super) fn id(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned()
}
