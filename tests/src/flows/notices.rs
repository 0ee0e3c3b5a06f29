//! A wallet provider that calls the hub back: right, early, late, twice, out of order, about another operation, with another
//! amount, forged. Whatever comes, money goes by what the provider answers when it is asked.

use std::time::Duration;

use serde_json::{Value, json};
use tebura_providers::wallet::signature;
use tebura_providers::{Misbehaviour, Place, Rule, Target};
use tempfile::TempDir;

use super::case::minor;
use super::far_end::{FarEnd, WALLET as FUNDS};
use super::hub::{Api, HubProcess, Shop, WALLET};
use crate::support::until;

/// As the hub's operator has bound it.
const SECRET: &[u8] = b"secret of the wallet's webhooks";
/// Half of what the plugin waits before it asks by itself what the payer said.
const BEFORE_THE_TIMER: Duration = Duration::from_secs(15);

/// A shop at a hub, and the provider behind it.
struct Street {
    far_end: FarEnd,
    hub: HubProcess,
    shop: Shop,
    folder: TempDir,
}

impl Street {
    /// `calls_back`: the provider tells the hub by itself what has happened.
    async fn open(confirm_above: Option<i64>, calls_back: bool) -> Street {
        let far_end = FarEnd::asking(confirm_above).await;
        let folder = TempDir::new().unwrap();
        let hub = HubProcess::start(folder.path(), &far_end.origin());
        let shop = Shop::open(&hub.operator()).await;
        if calls_back {
            far_end.provider().notices.tell(hub.operator().inbound(WALLET, "events"), SECRET);
        }
        Street { far_end, hub, shop, folder }
    }

    fn merchant(&self) -> Api {
        self.hub.with_key(&self.shop.key)
    }

    /// Places a hold; its id, its operation's, and whether it is done.
    async fn place(&self, key: &str, yen: i64) -> (String, String, bool) {
        let body = json!({ "payer": self.shop.payer, "amount": { "minor": yen, "currency": "JPY" } });
        let placed = self.merchant().post("/v1/holds", key, &body).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let settled = placed["operation"]["state"] == "settled";
        (text(&placed["hold"]["id"]), text(&placed["operation"]["id"]), settled)
    }

    async fn hold(&self, id: &str) -> Value {
        self.merchant().get(&format!("/v1/holds/{id}")).await
    }

    async fn status(&self, id: &str) -> String {
        self.hold(id).await["status"].as_str().unwrap().to_owned()
    }

    /// Calls back with an event that is signed as the provider signs.
    async fn tell(&self, event: &Value) -> u16 {
        #[expect(clippy::disallowed_methods, reason = "the provider is another company, with a clock of its own")]
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        self.tell_at(event, i64::try_from(now.as_millis()).unwrap()).await
    }

    async fn tell_at(&self, event: &Value, at: i64) -> u16 {
        let body = event.to_string().into_bytes();
        let (name, value) = signature(SECRET, at, &body).unwrap();
        let url = self.hub.operator().inbound(WALLET, "events");
        self.hub.operator().call_in(&url, &[(name, &value)], body).await.expect("the hub answers").0
    }

    /// Both books, and the provider's with itself.
    async fn books_agree(&self, set_aside: i64, at_shop: i64) {
        let operator = self.hub.operator();
        let payer = operator.get(&format!("/v1/accounts/{}", self.shop.payer_account)).await;
        let payee = operator.get(&format!("/v1/accounts/{}", self.shop.payee_account)).await;
        let ours = (minor(&payer["posted"]), minor(&payer["held"]), minor(&payee["posted"]));
        assert_eq!(ours, (-at_shop, set_aside, at_shop), "the hub's books");
        assert_eq!(self.far_end.books().await, (FUNDS - at_shop, set_aside, at_shop), "the provider's books");
        let audit = self.far_end.provider().sandbox.audit().await.unwrap();
        assert_eq!(audit.faults, Vec::<String>::new());
    }
}

fn event(kind: &str, operation: &str, amount: i64) -> Value {
    json!({ "type": kind, "operation": operation, "reference": "pa_1", "amount": amount, "currency": "JPY" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payers_word_in_the_app_ends_the_wait_by_a_webhook_and_not_by_the_timer() {
    let street = Street::open(Some(1_000), true).await;
    let (yes, operation, settled) = street.place("yes", 1_200).await;
    assert!(!settled);
    let told = async {
        assert!(street.far_end.provider().sandbox.confirm(&operation).await.unwrap());
        until("the hold is held", async || street.status(&yes).await == "held").await;
    };
    tokio::time::timeout(BEFORE_THE_TIMER, told).await.expect("nobody waited for the timer");
    let (no, operation, _) = street.place("no", 1_500).await;
    let told = async {
        assert!(street.far_end.provider().sandbox.refuse(&operation).await.unwrap());
        until("the hold has failed", async || street.status(&no).await == "failed").await;
    };
    let in_time = tokio::time::timeout(BEFORE_THE_TIMER, told).await;
    assert!(in_time.is_ok(), "nobody waited for the timer: {}", street.hold(&no).await);
    street.books_agree(1_200, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_notice_says_of_success_and_amount_is_not_believed() {
    let street = Street::open(Some(1_000), false).await;
    let (hold, operation, _) = street.place("h", 1_200).await;
    // Signed as it should be, and not true: the payer has said nothing.
    assert_eq!(street.tell(&event("operation.settled", &operation, 1_200)).await, 202);
    assert_eq!(street.tell(&event("operation.declined", &operation, 1_200)).await, 202);
    let asked = async || street.far_end.provider().switches.rules().is_empty();
    let once = Rule { on: Target::Inquiry, times: 1, misbehaviour: Misbehaviour::Delay { ms: 0 } };
    street.far_end.provider().switches.set(once);
    assert_eq!(street.tell(&event("operation.settled", &operation, 1)).await, 202);
    until("the provider was asked", asked).await;
    assert_eq!(street.status(&hold).await, "requires_action");
    assert!(street.far_end.provider().sandbox.confirm(&operation).await.unwrap());
    assert_eq!(street.tell(&event("operation.settled", &operation, 2)).await, 202);
    until("the hold is held", async || street.status(&hold).await == "held").await;
    assert_eq!(minor(&street.hold(&hold).await["authorised"]), 1_200);
    street.books_agree(1_200, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_before_the_reply_waits_for_it() {
    let street = Street::open(None, false).await;
    let mut pause = street.far_end.provider().switches.pause(Target::Preauthorization, Place::Work);
    let (merchant, payer) = (street.merchant(), street.shop.payer.clone());
    let placing = tokio::spawn(async move {
        let body = json!({ "payer": payer, "amount": { "minor": 700, "currency": "JPY" } });
        merchant.post("/v1/holds", "h", &body).await
    });
    pause.arrived().await;
    let holds = street.merchant().get("/v1/holds").await;
    let hold = street.hold(holds["items"][0]["id"].as_str().unwrap()).await;
    let operation = hold["operations"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(street.tell(&event("operation.settled", &operation, 700)).await, 202);
    assert_eq!(street.tell(&event("operation.settled", &operation, 700)).await, 202, "twice");
    pause.let_go();
    let placed = placing.await.unwrap();
    assert_eq!((&placed["operation"]["state"], &placed["hold"]["status"]), (&json!("settled"), &json!("held")));
    assert_eq!(placed["operation"]["id"], json!(operation));
    // Late, and out of order.
    assert_eq!(street.tell(&event("operation.declined", &operation, 700)).await, 202);
    street.books_agree(700, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_whose_outcome_is_unknown_is_asked_about_at_once_even_after_a_crash() {
    let street = Street::open(None, false).await;
    let switches = &street.far_end.provider().switches;
    switches.next(Target::Preauthorization, Misbehaviour::Garble);
    // As many inquiries as the request waits for, and the next is a quarter of a minute away.
    switches.set(Rule { on: Target::Inquiry, times: 4, misbehaviour: Misbehaviour::FailBefore });
    let (hold, operation, settled) = street.place("h", 700).await;
    assert!(!settled);
    switches.clear();
    assert_eq!(street.tell(&event("operation.settled", &operation, 700)).await, 202);
    // Whether it was acted on before the crash or is after it: it is on disk.
    let Street { far_end, hub, shop, folder } = street;
    hub.kill();
    let hub = HubProcess::start(folder.path(), &far_end.origin());
    let street = Street { far_end, hub, shop, folder };
    let found = until("the hold is held", async || street.status(&hold).await == "held");
    tokio::time::timeout(BEFORE_THE_TIMER, found).await.expect("nobody waited for the next inquiry");
    street.books_agree(700, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_sign_learns_nothing_and_changes_nothing() {
    let street = Street::open(Some(1_000), false).await;
    let (hold, operation, _) = street.place("h", 1_200).await;
    assert!(street.far_end.provider().sandbox.confirm(&operation).await.unwrap());
    let operator = street.hub.operator();
    let told = event("operation.settled", &operation, 1_200).to_string().into_bytes();
    let known = operator.inbound(WALLET, "events");
    let (name, right) = signature(SECRET, 1, &told).unwrap();
    let (_, wrong) = signature(b"another secret", 1, &told).unwrap();
    let unknown = "op_00000000000000000000000000000000";
    let mut answers = Vec::new();
    for (url, headers, body) in [
        (&known, vec![], told.clone()),
        (&known, vec![(name, wrong.as_str())], told.clone()),
        // Signed, half a century ago.
        (&known, vec![(name, right.as_str())], told.clone()),
        (&known, vec![(name, right.as_str())], event("operation.settled", unknown, 1).to_string().into_bytes()),
        (&known, vec![("authorization", "Bearer credential-of-the-hub")], told.clone()),
        (&known, vec![], Vec::new()),
        (&operator.inbound(WALLET, "others"), vec![(name, right.as_str())], told.clone()),
        (&operator.inbound("jp.example.none", "events"), vec![(name, right.as_str())], told.clone()),
        (&operator.inbound("house", "events"), vec![], told.clone()),
    ] {
        let (status, mut answer) = operator.call_in(url, &headers, body).await.expect("the hub answers");
        answer["request_id"] = Value::Null;
        answers.push((status, answer));
    }
    assert_eq!(answers[0].0, 403, "{answers:?}");
    assert_eq!(answers[0].1["code"], "notice.not_taken");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "all are answered alike: {answers:?}");
    assert_eq!(street.status(&hold).await, "requires_action", "and nobody was asked");
    // About an operation of nobody: kept, and nothing follows.
    assert_eq!(street.tell(&event("operation.settled", unknown, 1)).await, 202);
    assert_eq!(street.status(&hold).await, "requires_action");
    // What is too long is not even read: whoever still sends may find the line cut.
    let long = operator.call_in(&known, &[], vec![b' '; 64 * 1024 + 1]).await;
    assert!(long.as_ref().is_none_or(|(status, _)| *status == 413), "{long:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chargeback_is_reserved_and_given_back_once() {
    let street = Street::open(None, true).await;
    let (hold, _, settled) = street.place("h", 1_000).await;
    assert!(settled);
    let merchant = street.merchant();
    merchant.post(&format!("/v1/holds/{hold}/capture"), "c", &json!({})).await;
    street.books_agree(0, 1_000).await;
    let payee = format!("/v1/accounts/{}", street.shop.payee_account);
    let operator = street.hub.operator();
    let sandbox = &street.far_end.provider().sandbox;
    let dispute = sandbox.dispute("cp_1", 300, "not_received").await.unwrap().unwrap();
    until("it is reserved", async || minor(&operator.get(&payee).await["held"]) == 300).await;
    // Again, in other words, and with another amount.
    let mut opened = json!({ "type": "dispute.opened", "dispute": dispute, "reference": "cp_1", "amount": 300,
        "currency": "JPY", "reason": "not_received" });
    assert_eq!(street.tell(&opened).await, 202);
    opened["amount"] = json!(999_999);
    assert_eq!(street.tell(&opened).await, 202);
    assert!(sandbox.end_dispute(&dispute, true).await.unwrap());
    until("it is given back", async || minor(&operator.get(&payee).await["posted"]) == 700).await;
    opened["type"] = json!("dispute.lost");
    assert_eq!(street.tell(&opened).await, 202);
    // One that ended before its opening was heard.
    let won = json!({ "type": "dispute.won", "dispute": "dp_77", "reference": "cp_1", "amount": 100,
        "currency": "JPY", "reason": "fraudulent" });
    assert_eq!(street.tell(&won).await, 202);
    let disputes = async || {
        let hold = street.hold(&hold).await;
        let of_kind = |row: &&Value| row["kind"] == "dispute" && row["state"] != "sent";
        hold["operations"].as_array().unwrap().iter().filter(of_kind).count()
    };
    until("both disputes are over", async || disputes().await == 2).await;
    assert_eq!(minor(&operator.get(&payee).await["held"]), 0);
    street.books_agree(0, 700).await;
}
