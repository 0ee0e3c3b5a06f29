//! A provider's statement against a hub with the real plugin: replies are lost, lines are doctored, and in the end both
//! books agree or an exception says where they do not.

use serde_json::{Value, json};
use tebura_hub::ports::Clock as _;
use tebura_ledger::Timestamp;
use tebura_providers::{Misbehaviour, Rule, Target};
use tebura_server::clock::SystemClock;
use tempfile::TempDir;

use super::case::minor;
use super::far_end::{FarEnd, WALLET};
use super::hub::{Api, HubProcess, PROVIDER_CREDENTIAL, Shop, WALLET as RAIL};
use crate::support::until;

/// A hub, a shop and a provider, and when they began.
struct Town {
    far_end: FarEnd,
    hub: HubProcess,
    shop: Shop,
    clock: SystemClock,
    began: Timestamp,
    _folder: TempDir,
}

impl Town {
    async fn open() -> Town {
        let clock = SystemClock::default();
        let began = clock.now();
        let far_end = FarEnd::start().await;
        let folder = TempDir::new().unwrap();
        let hub = HubProcess::start(folder.path(), &far_end.origin());
        let shop = Shop::open(&hub.operator()).await;
        Town { far_end, hub, shop, clock, began, _folder: folder }
    }

    fn merchant(&self) -> Api {
        self.hub.with_key(&self.shop.key)
    }

    async fn place(&self, key: &str, yen: i64) -> Value {
        let body = json!({ "payer": self.shop.payer, "amount": { "minor": yen, "currency": "JPY" } });
        self.merchant().post("/v1/holds", key, &body).await
    }

    /// Places and captures; answers the capture's operation.
    async fn pay(&self, key: &str, yen: i64) -> String {
        let hold = self.place(&format!("{key}-hold"), yen).await["hold"]["id"].as_str().unwrap().to_owned();
        let captured = self.merchant().post(&format!("/v1/holds/{hold}/capture"), key, &json!({})).await;
        captured["operation"]["id"].as_str().unwrap().to_owned()
    }

    /// The provider acts on captures, answers nonsense, and cannot be asked.
    fn be_silent(&self) {
        for on in [Target::Capture, Target::Inquiry] {
            let misbehaviour = if on == Target::Capture { Misbehaviour::FailAfter } else { Misbehaviour::FailBefore };
            self.far_end.provider().switches.set(Rule { on, misbehaviour, times: u32::MAX });
        }
    }

    /// What the provider says that it did until now, over HTTP, without grace at the edges.
    async fn statement(&self) -> Value {
        let end = self.clock.now().plus_ms(1);
        self.clock.wait_until(end).await;
        let url =
            format!("{}/v1/statements?from={}&until={}", self.far_end.origin(), self.began.millis(), end.millis());
        let reply = reqwest::Client::new().get(url).bearer_auth(PROVIDER_CREDENTIAL).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        let mut statement: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
        statement["grace_ms"] = json!(0);
        statement
    }

    /// Brings a statement and reads what was found.
    async fn reconcile(&self, statement: &Value) -> Value {
        let path = format!("/v1/rails/{RAIL}/statements");
        let id = statement["id"].as_str().unwrap();
        let head = self.hub.operator().post(&path, id, statement).await;
        let found = self.hub.operator().get(&format!("{path}/{id}?limit=1000")).await;
        assert_eq!(found["statement"]["counts"], head["counts"]);
        found
    }

    /// What the hub has posted at payer and payee, and reserved at the payer.
    async fn ours(&self) -> (i64, i64, i64) {
        let operator = self.hub.operator();
        let payer = operator.get(&format!("/v1/accounts/{}", self.shop.payer_account)).await;
        let payee = operator.get(&format!("/v1/accounts/{}", self.shop.payee_account)).await;
        (minor(&payer["posted"]), minor(&payer["held"]), minor(&payee["posted"]))
    }

    /// Both books say the same, and each adds up.
    async fn agree(&self) {
        let (posted, held, at_shop) = self.ours().await;
        assert_eq!(posted, -at_shop, "the hub's books add up");
        assert_eq!(self.far_end.books().await, (WALLET + posted, held, at_shop), "the provider's books");
        assert_eq!(self.far_end.provider().sandbox.audit().await.unwrap().faults, Vec::<String>::new());
    }

    async fn state(&self, operation: &str) -> Value {
        self.hub.operator().get(&format!("/v1/operations/{operation}")).await["state"].clone()
    }
}

fn of<'a>(found: &'a Value, operation: &str) -> &'a Value {
    let findings = found["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["operation"] == operation).unwrap_or_else(|| panic!("{operation}: {found}"))
}

fn says(finding: &Value) -> (&str, &str) {
    (finding["verdict"].as_str().unwrap(), finding["next_step"].as_str().unwrap())
}

fn count(found: &Value, verdict: &str) -> i64 {
    found["statement"]["counts"][verdict].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_replies_are_found_on_the_statement() {
    let town = Town::open().await;
    let paid = town.pay("paid", 300).await;
    let hold = town.place("silent-hold", 700).await["hold"]["id"].as_str().unwrap().to_owned();
    town.far_end.provider().switches.next(Target::Capture, Misbehaviour::LoseReply);
    let found_again = town.pay("lost", 200).await;
    town.be_silent();
    let path = format!("/v1/holds/{hold}/capture");
    let amount = json!({ "amount": { "minor": 500, "currency": "JPY" } });
    let (status, silent) = town.merchant().try_post(&path, "silent", &amount).await.expect("the hub answers");
    assert_eq!((status, &silent["operation"]["state"]), (202, &json!("unknown")), "{silent}");
    let silent = silent["operation"]["id"].as_str().unwrap();

    let found = town.reconcile(&town.statement().await).await;
    assert_eq!(count(&found, "matched"), found["findings"].as_array().unwrap().len() as i64, "{found}");
    assert_eq!(says(of(&found, &paid)), ("matched", "nothing"));
    assert_eq!(says(of(&found, &found_again)), ("matched", "nothing"));
    assert_eq!(says(of(&found, silent)), ("matched", "settled"));
    assert_eq!(town.state(silent).await, "settled");
    let ended = town.merchant().get(&format!("/v1/holds/{hold}")).await;
    assert_eq!((&ended["status"], &ended["released"]["minor"]), (&json!("captured"), &json!(200)), "{ended}");
    assert_eq!(town.ours().await, (-1_000, 0, 1_000));
    town.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doctored_statement_shows_every_verdict_and_moves_nothing() {
    let town = Town::open().await;
    let (good, dropped, changed) = (town.pay("a", 100).await, town.pay("b", 200).await, town.pay("c", 300).await);
    town.agree().await;
    let before = (town.ours().await, town.far_end.books().await);
    let mut statement = town.statement().await;
    let lines = statement["lines"].as_array_mut().unwrap();
    lines.retain(|line| line["operation"] != dropped.as_str());
    let mut stranger = Value::Null;
    for line in lines.iter_mut().filter(|line| line["operation"] == changed.as_str()) {
        line["amount"]["minor"] = json!(250);
        stranger = line.clone();
    }
    stranger["reference"] = json!("cp_999");
    stranger["operation"] = Value::Null;
    lines.push(stranger);
    let found = town.reconcile(&statement).await;
    assert_eq!(says(of(&found, &good)), ("matched", "nothing"));
    assert_eq!(says(of(&found, &dropped)), ("missing_at_rail", "two_operators"));
    assert_eq!(says(of(&found, &changed)), ("amount_differs", "two_operators"));
    let stranger = &found["findings"][5];
    assert_eq!((says(stranger), &stranger["operation"]), (("missing_here", "ask_rail"), &Value::Null), "{found}");
    assert_eq!(
        ["matched", "missing_at_rail", "missing_here", "amount_differs"].map(|v| count(&found, v)),
        [4, 1, 1, 1]
    );
    let words: Vec<&str> = found["words"].as_array().unwrap().iter().map(|word| word["ja"].as_str().unwrap()).collect();
    assert!(words.iter().all(|word| !word.is_ascii()) && words.len() == 7, "{words:?}");
    assert_eq!((town.ours().await, town.far_end.books().await), before, "a comparison moves no money");

    // Both exceptions wait for two operators, each with a key of their own.
    let exceptions = town.hub.operator().get("/v1/exceptions").await;
    assert_eq!(exceptions["items"].as_array().unwrap().len(), 2, "{exceptions}");
    let key = town.hub.operator().post("/v1/keys", "second", &json!({ "scopes": ["admin", "read"] })).await;
    let second = town.hub.with_key(key["secret"].as_str().unwrap());
    let exception = of(&found, &dropped)["exception"].as_str().unwrap();
    let path = format!("/v1/operations/{exception}/resolve");
    let said = json!({ "outcome": "settled", "reference": "letter 7" });
    town.hub.operator().post(&path, "first-word", &said).await;
    assert_eq!(town.state(exception).await, "unknown");
    second.post(&path, "second-word", &said).await;
    assert_eq!(town.state(exception).await, "settled");
    assert_eq!((town.ours().await, town.far_end.books().await), before, "what was answered was answered");

    // The same statement again is the same answer; another content under its name is refused.
    assert_eq!(town.reconcile(&statement).await, found);
    statement["lines"].as_array_mut().unwrap().pop();
    let path = format!("/v1/rails/{RAIL}/statements");
    let (status, problem) = town.hub.operator().try_post(&path, "other-key", &statement).await.unwrap();
    assert_eq!((status, &problem["code"]), (409, &json!("rail_statement.exists")), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_that_was_given_up_here_is_refunded_there() {
    let town = Town::open().await;
    let hold = town.place("hold", 700).await["hold"]["id"].as_str().unwrap().to_owned();
    town.be_silent();
    let path = format!("/v1/holds/{hold}/capture");
    let (status, silent) = town.merchant().try_post(&path, "silent", &json!({})).await.expect("the hub answers");
    assert_eq!(status, 202, "{silent}");
    let silent = silent["operation"]["id"].as_str().unwrap();
    let key = town.hub.operator().post("/v1/keys", "second", &json!({ "scopes": ["admin", "read"] })).await;
    let second = town.hub.with_key(key["secret"].as_str().unwrap());
    for (word, operator) in [("one", town.hub.operator()), ("two", second)] {
        let path = format!("/v1/operations/{silent}/resolve");
        operator.post(&path, word, &json!({ "outcome": "declined" })).await;
    }
    assert_eq!(town.state(silent).await, "failed");
    assert_eq!(town.far_end.books().await, (WALLET - 700, 0, 700), "the provider has captured");
    town.far_end.provider().switches.clear();

    let found = town.reconcile(&town.statement().await).await;
    let finding = of(&found, silent);
    assert_eq!(finding["verdict"], "missing_here", "{finding}");
    let exception = finding["exception"].as_str().unwrap();
    until("the money is back", async || town.state(exception).await == "settled").await;
    assert_eq!(town.far_end.books().await, (WALLET, 0, 0), "and once only");
    // The hold has nothing left at the provider: releasing it here succeeds.
    town.merchant().post(&format!("/v1/holds/{hold}/release"), "release", &json!({})).await;
    town.agree().await;
    // The next statement has the refund, under the exception's own id.
    let found = town.reconcile(&town.statement().await).await;
    assert_eq!(says(of(&found, exception)), ("matched", "nothing"), "{found}");
    assert_eq!(of(&found, silent)["exception"], json!(exception));
    assert_eq!(town.far_end.books().await, (WALLET, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_providers_notice_makes_the_hub_ask_at_once() {
    let town = Town::open().await;
    let hold = town.place("hold", 700).await["hold"]["id"].as_str().unwrap().to_owned();
    town.be_silent();
    let path = format!("/v1/holds/{hold}/capture");
    let (_, silent) = town.merchant().try_post(&path, "silent", &json!({})).await.expect("the hub answers");
    let silent = silent["operation"]["id"].as_str().unwrap();
    let key = json!({ "scopes": ["notices"] });
    let key = town.hub.operator().post("/v1/keys", "notices", &key).await["secret"].as_str().unwrap().to_owned();
    let notices = town.hub.with_key(&key);
    let path = format!("/v1/rails/{RAIL}/notices");
    let notice = json!({ "type": "capture.updated", "data": { "key": silent } });
    // A hint is not believed: the provider still does not tell.
    let (status, _) = notices.try_post(&path, "1", &notice).await.unwrap();
    assert_eq!((status, town.state(silent).await), (202, json!("unknown")));
    town.far_end.provider().switches.clear();
    until("the hint was taken", async || {
        let (status, _) = notices.try_post(&path, "2", &notice).await.unwrap();
        assert_eq!(status, 202);
        town.state(silent).await == "settled"
    })
    .await;
    town.agree().await;
    // The key can do nothing else, and other keys cannot hint.
    let (status, problem) = notices.try_post("/v1/keys", "3", &json!({ "scopes": ["admin"] })).await.unwrap();
    assert_eq!((status, &problem["code"]), (403, &json!("auth.scope_missing")));
    let (status, _) = town.merchant().try_post(&path, "4", &notice).await.unwrap();
    assert_eq!(status, 403);
}
