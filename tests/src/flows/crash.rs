//! kill -9 of the hub at every moment of an exchange with the wallet provider.
//!
//! Whatever the moment: after a restart the hub finishes by itself, the caller's repeat with the same key gets the
//! answer of the first request, nothing happens twice, and both sides' books agree.

use std::path::PathBuf;

use serde_json::{Value, json};
use tebura_providers::wallet::{Database, Running, WalletConfig, WalletProvider};
use tebura_providers::{Credential, Misbehaviour, Place, Target};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use super::hub::{Api, HubProcess, PROVIDER_CREDENTIAL, Shop};
use crate::support::until;

/// When the hub dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Committed, and not a byte sent: the provider is down.
    BeforeSending,
    /// The provider has the request and has not looked at it.
    AtTheDoor,
    /// The provider works on it.
    InTheWork,
    /// The provider has done it and has not answered.
    BeforeTheReply,
}

const MOMENTS: [Moment; 4] = [Moment::BeforeSending, Moment::AtTheDoor, Moment::InTheWork, Moment::BeforeTheReply];

/// Yen in the payer's wallet at first.
const WALLET: i64 = 10_000;
const HELD: i64 = 1_200;
const CAPTURED: i64 = 700;
const REFUNDED: i64 = 300;

/// What the hub is asked to do when it dies, and what both sides must hold in the end.
struct Case {
    target: Target,
    kind: &'static str,
    /// The hold's status afterwards.
    status: &'static str,
    /// Yen at the merchant afterwards.
    at_shop: i64,
    /// Yen set aside afterwards.
    set_aside: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_survives_a_kill_at_any_moment() {
    check(&Case { target: Target::Preauthorization, kind: "place", status: "held", at_shop: 0, set_aside: HELD }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_survives_a_kill_at_any_moment() {
    check(&Case { target: Target::Capture, kind: "capture", status: "captured", at_shop: CAPTURED, set_aside: 0 })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_survives_a_kill_at_any_moment() {
    check(&Case { target: Target::Revert, kind: "release", status: "released", at_shop: 0, set_aside: 0 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_survives_a_kill_at_any_moment() {
    let at_shop = CAPTURED - REFUNDED;
    check(&Case { target: Target::Refund, kind: "refund", status: "captured", at_shop, set_aside: 0 }).await;
}

async fn check(case: &Case) {
    for moment in MOMENTS {
        eprintln!("{} / {moment:?}", case.kind);
        kill_and_finish(case, moment).await;
    }
}

async fn kill_and_finish(case: &Case, moment: Moment) {
    let mut far_end = FarEnd::start().await;
    let folder = TempDir::new().unwrap();
    let hub = HubProcess::start(folder.path(), &far_end.origin());
    let shop = Shop::open(&hub.operator()).await;
    let (path, body) = prepare(case, &shop, &hub.with_key(&shop.key)).await;

    let merchant = hub.with_key(&shop.key);
    let (task_path, task_body) = (path.clone(), body.clone());
    let paused = match moment {
        Moment::AtTheDoor => Some(far_end.provider().switches.pause(case.target, Place::Door)),
        Moment::InTheWork => Some(far_end.provider().switches.pause(case.target, Place::Work)),
        Moment::BeforeSending => {
            far_end.stop().await;
            None
        }
        Moment::BeforeTheReply => {
            far_end.provider().switches.next(case.target, Misbehaviour::NeverAnswer);
            None
        }
    };
    let before = far_end.books().await;
    let request = tokio::spawn(async move { merchant.try_post(&task_path, "the-key", &task_body).await });
    let mut paused = paused;
    match (&mut paused, moment) {
        (Some(pause), _) => pause.arrived().await,
        (None, Moment::BeforeSending) => {
            let merchant = hub.with_key(&shop.key);
            until("the operation is committed", async || is_committed(&merchant, case.kind).await).await;
        }
        (None, _) => until("the provider has done it", async || far_end.books().await != before).await,
    }
    hub.kill();
    assert_eq!(request.await.unwrap(), None, "the caller got no answer");

    match (paused, moment) {
        // The request arrives after its sender died.
        (Some(pause), Moment::AtTheDoor) => {
            pause.let_go();
            let hub = HubProcess::start(folder.path(), &far_end.origin());
            finish(case, &hub, &shop, &far_end, &path, &body).await;
        }
        // It is still being worked on when the hub is back.
        (Some(pause), _) => {
            let hub = HubProcess::start(folder.path(), &far_end.origin());
            pause.let_go();
            finish(case, &hub, &shop, &far_end, &path, &body).await;
        }
        (None, _) => {
            far_end.run().await;
            let hub = HubProcess::start(folder.path(), &far_end.origin());
            finish(case, &hub, &shop, &far_end, &path, &body).await;
        }
    }
}

/// Brings a hold to where the case begins; answers the write of the case.
async fn prepare(case: &Case, shop: &Shop, merchant: &Api) -> (String, Value) {
    let place = json!({ "payer": shop.payer, "amount": yen(HELD) });
    if case.kind == "place" {
        return ("/v1/holds".to_owned(), place);
    }
    let placed = merchant.post("/v1/holds", "place", &place).await;
    let hold = placed["hold"]["id"].as_str().unwrap().to_owned();
    let capture = (format!("/v1/holds/{hold}/capture"), json!({ "amount": yen(CAPTURED) }));
    match case.kind {
        "capture" => capture,
        "release" => (format!("/v1/holds/{hold}/release"), json!({})),
        _ => {
            let captured = merchant.post(&capture.0, "capture", &capture.1).await;
            let operation = captured["operation"]["id"].as_str().unwrap();
            (format!("/v1/captures/{operation}/refund"), json!({ "amount": yen(REFUNDED) }))
        }
    }
}

/// Repeats the request until it has its answer, and looks at both books.
async fn finish(case: &Case, hub: &HubProcess, shop: &Shop, far_end: &FarEnd, path: &str, body: &Value) {
    let merchant = hub.with_key(&shop.key);
    until("the repeat is answered for good", async || {
        let (status, answer) = merchant.try_post(path, "the-key", body).await.expect("the hub answers");
        assert!(matches!(status, 201 | 202 | 409 | 503), "{status} {answer}");
        status == 201
    })
    .await;
    let (_, again) = merchant.try_post(path, "the-key", body).await.expect("the hub answers");
    assert_eq!((&again["operation"]["kind"], &again["operation"]["state"]), (&json!(case.kind), &json!("settled")));
    assert_eq!(again["hold"]["status"], json!(case.status), "{again}");

    let hold = merchant.get(&format!("/v1/holds/{}", again["hold"]["id"].as_str().unwrap())).await;
    let operations = hold["operations"].as_array().unwrap();
    let of_kind = operations.iter().filter(|operation| operation["kind"] == case.kind).count();
    assert_eq!(of_kind, 1, "nothing was done twice: {hold}");
    assert!(operations.iter().all(|operation| operation["state"] == "settled"), "{hold}");

    let operator = hub.operator();
    let payer = operator.get(&format!("/v1/accounts/{}", shop.payer_account)).await;
    let payee = operator.get(&format!("/v1/accounts/{}", shop.payee_account)).await;
    let ours = (minor(&payer["posted"]), minor(&payer["held"]), minor(&payee["posted"]));
    assert_eq!(ours, (-case.at_shop, case.set_aside, case.at_shop), "the hub's books");
    let theirs = far_end.books().await;
    assert_eq!(theirs, (WALLET - case.at_shop, case.set_aside, case.at_shop), "the provider's books");
    let audit = far_end.provider().sandbox.audit().await.unwrap();
    assert_eq!(audit.faults, Vec::<String>::new());
}

async fn is_committed(merchant: &Api, kind: &str) -> bool {
    let holds = merchant.get("/v1/holds").await;
    let Some(id) = holds["items"][0]["id"].as_str() else { return false };
    let hold = merchant.get(&format!("/v1/holds/{id}")).await;
    hold["operations"].as_array().unwrap().iter().any(|operation| operation["kind"] == kind)
}

fn yen(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "JPY" })
}

fn minor(money: &Value) -> i64 {
    money["minor"].as_i64().unwrap_or_else(|| panic!("an amount: {money}"))
}

/// A wallet provider with one funded wallet, whose port stays its own while it is down.
pub(super) struct FarEnd {
    folder: TempDir,
    /// Bound and never listening: a call meets a closed door, and nobody else gets the port.
    port: TcpSocket,
    running: Option<Running>,
    /// A second look at the same file while the provider is down.
    down: Option<(i64, i64, i64)>,
}

impl FarEnd {
    pub(super) async fn start() -> FarEnd {
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseaddr(true).unwrap();
        port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut far_end = FarEnd { folder: TempDir::new().unwrap(), port, running: None, down: None };
        far_end.run().await;
        let sandbox = &far_end.provider().sandbox;
        sandbox.open_wallet("hanako").await.unwrap();
        sandbox.open_merchant("shop").await.unwrap();
        assert!(sandbox.top_up("hanako", WALLET).await.unwrap());
        far_end
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.port.local_addr().unwrap())
    }

    pub(super) fn provider(&self) -> &Running {
        self.running.as_ref().expect("the provider is up")
    }

    /// Starts it on its old books; does nothing when it is up.
    pub(super) async fn run(&mut self) {
        if self.running.is_some() {
            return;
        }
        let file: PathBuf = self.folder.path().join("wallet.sqlite");
        let config = WalletConfig {
            bind: self.port.local_addr().unwrap(),
            database: Database::File(file),
            ..WalletConfig::new(Credential::new(PROVIDER_CREDENTIAL))
        };
        self.running = Some(WalletProvider::start(config).await.unwrap());
    }

    async fn stop(&mut self) {
        self.down = Some(self.books().await);
        self.running.take().expect("the provider is up").shutdown().await;
    }

    /// In the wallet, of that set aside, at the merchant; as it was when the provider went down.
    pub(super) async fn books(&self) -> (i64, i64, i64) {
        let Some(running) = &self.running else { return self.down.expect("it was up once") };
        let wallet = running.sandbox.balance("hanako").await.unwrap().unwrap();
        let shop = running.sandbox.balance("shop").await.unwrap().unwrap();
        (wallet.balance, wallet.held, shop.balance)
    }
}
