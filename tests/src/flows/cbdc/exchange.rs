//! BOJ-20 with two real rails: a payer's CBDC against a provider's e-money, both or neither, under a contract.
//!
//! The wallet does not pin, so its leg is captured first; the three-party lock stands as long as the other side needs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_hub::ports::Clock as _;
use tebura_hub::statements::jws::sign;
use tebura_ledger::instant::rfc3339;
use tebura_providers::cbdc::{LedgerLine, Member, NewCustomer, Running};
use tebura_providers::{Misbehaviour, Target};
use tebura_server::clock::SystemClock;
use tempfile::TempDir;

use super::super::far_end::FarEnd;
use super::super::hub::{Api, HubProcess, WALLET};
use super::town::{self, RAIL, id};
use crate::support::until;

const PAYS: i64 = 3_000;
const GETS: i64 = 2_990;

/// A payer with CBDC, a shop that takes e-money, and a liquidity provider with both.
struct Exchange {
    cbdc: Running,
    wallet: FarEnd,
    hub: HubProcess,
    /// Accounts at the central ledger.
    payer: String,
    provider: String,
    shop_key: String,
    contract: String,
    parties: Vec<Party>,
    _folder: TempDir,
}

struct Party {
    name: &'static str,
    id: String,
    key: SigningKey,
    key_id: String,
}

/// The exchange of the examples on the two rails, with a word for giving it up.
fn document() -> Value {
    let text = include_str!("../../../../examples/contracts/interop/contract.json");
    let mut document: Value = serde_json::from_str(text).unwrap();
    document["legs"]["cbdc"]["rail"] = json!(RAIL);
    document["legs"]["emoney"]["rail"] = json!(WALLET);
    document["states"]["both_held"]["by"] = json!("PT30M");
    let given_up = json!({
        "when": { "attest": "abort", "by": "switch" },
        "do": { "cbdc": [{ "rest": "release" }], "emoney": [{ "rest": "release" }] },
        "go": "end",
    });
    document["states"]["both_held"]["on"].as_array_mut().unwrap().push(given_up);
    document
}

impl Exchange {
    /// Everybody has agreed, and both legs are held.
    async fn begin() -> Exchange {
        let (cbdc, payer, _, rail) = town::network("three_party", 0).await;
        let new = NewCustomer { name: "provider".to_owned(), limit: 100_000, ..NewCustomer::default() };
        let provider = cbdc.network.open_customer(Member::West, new);
        let wallet = FarEnd::start().await;
        let folder = TempDir::new().unwrap();
        let hub = HubProcess::with_rails(folder.path(), &wallet.origin(), &json!([rail]));
        let operator = hub.operator();
        let merchant = json!({ "name": "かが書店", "sandbox": true, "currency": "JPY" });
        let merchant = id(&operator.post("/v1/merchants", "merchant", &merchant).await, "id");
        let payee = json!({ "rail": WALLET, "token": "shop", "currency": "JPY" });
        operator.post(&format!("/v1/merchants/{merchant}/payees"), "payee", &payee).await;
        let key = json!({ "merchant": merchant, "scopes": ["read", "holds"] });
        let shop_key = id(&operator.post("/v1/keys", "key", &key).await, "secret");
        let pays = vec![instrument(&operator, "payer", RAIL, &payer).await];
        let person = id(&operator.post("/v1/people", "lp", &json!({ "name": "lp" })).await, "id");
        let mut provides = Vec::new();
        for (rail, token) in [(RAIL, provider.as_str()), (WALLET, "hanako")] {
            provides.push(instrument_of(&operator, &person, rail, token).await);
        }
        let mut parties = Vec::new();
        for (number, name) in ["payer", "lp", "switch"].into_iter().enumerate() {
            parties.push(Party::register(&operator, name, [number as u8 + 1; 32]).await);
        }
        let signs = |name: &str| json!(parties.iter().find(|party| party.name == name).map(|party| &party.id));
        let proposal = json!({
            "document": document(),
            "parties": {
                "payer": { "signs": signs("payer"), "accounts": pays },
                "lp": { "signs": signs("lp"), "accounts": provides },
                "switch": { "signs": signs("switch") },
                "shop": { "accounts": [merchant] },
            },
        });
        let proposed = hub.with_key(&shop_key).post("/v1/contracts", "contract", &proposal).await;
        let contract = id(&proposed, "id");
        let exchange = Exchange { cbdc, wallet, hub, payer, provider, shop_key, contract, parties, _folder: folder };
        for name in ["payer", "lp"] {
            exchange.say(name, "agree", json!(id(&proposed, "document"))).await;
        }
        until("the contract listens", async || {
            exchange.stands().await["open"].as_array().is_some_and(|open| !open.is_empty())
        })
        .await;
        assert_eq!(exchange.money().await, (7_000, 3_000, 0, 10_000, GETS, 0), "both are held");
        exchange
    }

    /// A party's signed word.
    async fn say(&self, name: &str, member: &str, word: Value) -> Value {
        let party = self.parties.iter().find(|party| party.name == name).unwrap();
        let now = SystemClock::default().now();
        let mut body = json!({
            "contract": self.contract, "by": name, "nonce": format!("{name}-{member}-0123456789"),
            "issued_at": rfc3339(now), "expires_at": rfc3339(now.plus_ms(600_000)),
        });
        body[member] = word;
        let signature = sign(&party.key, Some(&party.key_id), body.to_string().as_bytes());
        let path = format!("/v1/contracts/{}/events", self.contract);
        self.hub.operator().signed(&path, &format!("{name}-{member}"), &body, &signature).await
    }

    /// CBDC of the payer (free, locked) and of the provider; e-money of the provider, of that set aside, and of the shop.
    async fn money(&self) -> (i64, i64, i64, i64, i64, i64) {
        let balance = |account: &str| self.cbdc.network.balance(account).unwrap();
        let (payer, provider) = (balance(&self.payer), balance(&self.provider));
        let (wallet, set_aside, shop) = self.wallet.books().await;
        (payer.available, payer.locked, provider.available, wallet, set_aside, shop)
    }

    async fn stands(&self) -> Value {
        self.hub.with_key(&self.shop_key).get(&format!("/v1/contracts/{}", self.contract)).await
    }

    /// Nothing was lost or made on either side.
    async fn conserved(&self) {
        assert_eq!(self.cbdc.network.audit(), Vec::<String>::new());
        assert_eq!(self.wallet.provider().sandbox.audit().await.unwrap().faults, Vec::<String>::new());
        let (free, locked, provider, wallet, _, shop) = self.money().await;
        assert_eq!((free + locked + provider, wallet + shop), (10_000, 10_000));
    }
}

impl Party {
    async fn register(operator: &Api, name: &'static str, secret: [u8; 32]) -> Party {
        let made = id(&operator.post("/v1/parties", &format!("{name}-party"), &json!({ "label": name })).await, "id");
        let key = SigningKey::from_bytes(&secret);
        let public = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        let body = json!({ "party": made, "public_key": public });
        let signature = sign(&key, None, body.to_string().as_bytes());
        let path = format!("/v1/parties/{made}/keys");
        let key_id = id(&operator.signed(&path, &format!("{name}-key"), &body, &signature).await, "id");
        Party { name, id: made, key, key_id }
    }
}

async fn instrument(operator: &Api, name: &str, rail: &str, token: &str) -> String {
    let person = id(&operator.post("/v1/people", name, &json!({ "name": name })).await, "id");
    instrument_of(operator, &person, rail, token).await
}

async fn instrument_of(operator: &Api, person: &str, rail: &str, token: &str) -> String {
    let instrument = json!({ "rail": rail, "token": token, "label": rail, "currency": "JPY" });
    let path = format!("/v1/people/{person}/instruments");
    id(&operator.post(&path, &format!("{person}-{rail}"), &instrument).await, "id")
}

const BOTH: (i64, i64, i64, i64, i64, i64) = (7_000, 0, PAYS, 10_000 - GETS, 0, GETS);
const NEITHER: (i64, i64, i64, i64, i64, i64) = (10_000, 0, 0, 10_000, 0, 0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_are_paid_although_the_ledger_is_away_when_the_word_comes() {
    let exchange = Exchange::begin().await;
    exchange.cbdc.network.set_lines(|lines| lines.ledger = LedgerLine::Down);
    exchange.wallet.provider().switches.next(Target::Capture, Misbehaviour::LoseReply);
    exchange.say("switch", "attest", json!("fulfil")).await;
    let one = (7_000, 3_000, 0, 10_000 - GETS, 0, GETS);
    until("the e-money is paid", async || exchange.money().await == one).await;
    exchange.conserved().await;
    exchange.cbdc.network.set_lines(|lines| lines.ledger = LedgerLine::Up);
    until("the CBDC is paid too", async || exchange.money().await == BOTH).await;
    until("the contract has ended", async || exchange.stands().await["status"] == "ended").await;
    exchange.conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_is_paid_when_the_exchange_is_given_up() {
    let exchange = Exchange::begin().await;
    exchange.cbdc.east.switches.next(Target::Revert, Misbehaviour::Garble);
    exchange.say("switch", "attest", json!("abort")).await;
    until("both are back", async || exchange.money().await == NEITHER).await;
    until("the contract has ended", async || exchange.stands().await["status"] == "ended").await;
    exchange.conserved().await;
}

/// Two rails that do not pin could end one leg while the other is silent: such a contract is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_with_a_deadline_is_not_exchanged_against_a_wallet() {
    let (_cbdc, _, _, rail) = town::network("hash_time", 0).await;
    let folder = TempDir::new().unwrap();
    let hub = HubProcess::with_rails(folder.path(), "http://127.0.0.1:9", &json!([rail]));
    let report = hub.operator().post("/v1/contracts:check", "check", &document()).await;
    let codes: Vec<&Value> = report["findings"].as_array().unwrap().iter().map(|found| &found["code"]).collect();
    assert!(codes.contains(&&json!("contract.c9_two_unpinned")), "{report}");
    let (_cbdc, _, _, rail) = town::network("three_party", 0).await;
    let folder = TempDir::new().unwrap();
    let hub = HubProcess::with_rails(folder.path(), "http://127.0.0.1:9", &json!([rail]));
    let report = hub.operator().post("/v1/contracts:check", "check", &document()).await;
    assert_eq!(report["accepted"], true, "{report}");
}
