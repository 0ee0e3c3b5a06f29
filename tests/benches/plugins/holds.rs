//! Holds and captures at the sandbox wallet on loopback: through the plugin, and through native adapters.

use std::sync::Arc;
use std::time::Duration;

use tebura_egress::{Binding, BindingConfig, Credential, HttpEgress, Limits, Reach, Tls};
use tebura_hub::capture_hold::{CaptureHold, OverCapture};
use tebura_hub::create_hold::CreateHold;
use tebura_hub::ids::{InstrumentId, MerchantId};
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::{Caller, Rail as _};
use tebura_hub::rail::PluginId;
use tebura_hub::set_up::NewInstrument;
use tebura_hub::{Hub, Ports};
use tebura_ledger::{AtDeadline, Currency, Finality, Money, OperationState, RailId};
use tebura_plugin_host::{Bindings, InstalledRail};
use tebura_providers::wallet::{Running, WalletConfig, WalletProvider};
use tebura_server::bench::quiet::NoFaces;
use tebura_server::clock::{SystemClock, SystemIds};
use tebura_store::{FileKek, SqlStore, StoreConfig};

use crate::instance::{host, installed, wallet};
use crate::native::{CAREFUL, Careful, HASTY, Hasty};
use crate::{clock, micros};

const PAIRS: usize = 300;
const WARM_UP: usize = 20;
const SECRET: &str = "Bearer bench";

/// Who pays and who is paid on one rail.
struct Side {
    payer: InstrumentId,
    merchant: MerchantId,
}

pub(crate) fn measure() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(compare());
}

async fn compare() {
    let provider = WalletProvider::start(WalletConfig::new(tebura_providers::Credential::new("bench"))).await.unwrap();
    provider.sandbox.open_merchant("shop").await.unwrap();
    let host = host();
    let plugin = installed(&host, &wallet(), Bindings::default());
    let folder = tempfile::tempdir_in(".").unwrap();
    let kek = Arc::new(FileKek::open_or_create(&folder.path().join("key")).unwrap());
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("bench.sqlite").display());
    let store = Arc::new(SqlStore::open(StoreConfig::new(url, kek)).await.unwrap());
    let hub = Hub::new(Ports {
        store: store.clone(),
        faces: Arc::new(NoFaces::new().unwrap()),
        egress: Arc::new(egress(&plugin, &provider)),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(SystemIds),
    });
    hub.add_rail(plugin.clone());
    hub.add_rail(Arc::new(Careful::new(plugin.descriptor())));
    hub.add_rail(Arc::new(Hasty::new(plugin.descriptor(), provider.origin(), SECRET.to_owned())));
    let mut times = Vec::new();
    for rail in [CAREFUL, HASTY, plugin.descriptor().rail.as_str()] {
        times.push((rail, side(&hub, &provider, rail).await, Vec::new()));
    }
    for nth in 0..PAIRS + WARM_UP {
        for (rail, side, times) in &mut times {
            let took = pair(&hub, side, rail, nth).await;
            if nth >= WARM_UP {
                times.push(took);
            }
        }
    }
    let [careful, hasty, plugged] = <[_; 3]>::try_from(times).ok().unwrap().map(|(_, _, times)| micros(times));
    println!("A hold and its capture at the sandbox wallet on loopback, SQLite, {PAIRS} pairs in turns:\n");
    println!("| | median µs | p99 µs | ratio of medians |\n|---|--:|--:|--:|");
    for (words, (median, p99)) in [
        ("native adapter, the hub commits and sends", careful),
        ("native adapter that sends before anything is committed", hasty),
        ("plugin", plugged),
    ] {
        println!("| {words} | {median:.0} | {p99:.0} | {:.2} |", median / careful.0);
    }
    store.close().await;
    provider.shutdown().await;
}

fn egress(plugin: &InstalledRail, provider: &Running) -> HttpEgress {
    let endpoint = &plugin.manifest().endpoints["provider"];
    let binding = |plugin| {
        Binding::new(BindingConfig {
            plugin,
            endpoint: "provider".to_owned(),
            origin: provider.origin(),
            allow: endpoint.allow.iter().map(ToString::to_string).collect(),
            idempotency_header: endpoint.idempotency_header.clone(),
            credential: Some(Credential::new("authorization", SECRET.to_owned())),
            reach: Reach::Loopback,
            tls: Tls::default(),
            limits: Limits::default(),
        })
        .unwrap()
    };
    HttpEgress::new(vec![binding(plugin.manifest().id.clone()), binding(PluginId(CAREFUL.to_owned()))]).unwrap()
}

fn key(word: String) -> KeyRequest {
    KeyRequest { scope: "bench".to_owned(), key: word, fingerprint: [0; 32] }
}

async fn side(hub: &Hub, provider: &Running, rail: &str) -> Side {
    let wallet = format!("wallet-{rail}");
    provider.sandbox.open_wallet(&wallet).await.unwrap();
    assert!(provider.sandbox.top_up(&wallet, 1_000_000).await.unwrap());
    let named = |word: &str| key(format!("{word} {rail}"));
    let rail = RailId::new(rail).unwrap();
    let person = hub.register_person(named("person"), "bench", None).await.unwrap().row.id;
    let new = NewInstrument {
        person,
        rail: rail.clone(),
        token: Some(wallet),
        label: "wallet".to_owned(),
        is_default: false,
        currency: Currency::JPY,
    };
    let payer = hub.add_instrument(named("instrument"), new).await.unwrap().row.id;
    let merchant = hub.create_merchant(named("merchant"), "bench", true, Currency::JPY).await.unwrap().row.id;
    hub.add_payee(named("payee"), merchant, rail, Some("shop".to_owned()), Currency::JPY).await.unwrap();
    Side { payer, merchant }
}

async fn pair(hub: &Hub, side: &Side, word: &str, nth: usize) -> Duration {
    let before = clock();
    let hold = CreateHold {
        payer: side.payer,
        merchant: side.merchant,
        amount: Money::new(100, Currency::JPY),
        cap: None,
        expires_in_ms: 300_000,
        at_deadline: AtDeadline::Release,
    };
    let held = hub.create_hold(key(format!("h {word} {nth}")), hold).await.unwrap();
    let capture = CaptureHold {
        caller: Caller::Merchant(side.merchant),
        hold: held.hold.id(),
        amount: Some(Money::new(100, Currency::JPY)),
        finality: Finality::Final,
        split: Vec::new(),
        over: OverCapture::Refuse,
        expected_version: None,
    };
    let taken = hub.capture_hold(key(format!("c {word} {nth}")), capture).await.unwrap();
    assert!(matches!(taken.operation.state(), OperationState::Settled { .. }), "{:?}", taken.operation.state());
    before.elapsed()
}
