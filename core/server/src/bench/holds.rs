//! Hold and capture over HTTP on the house rail, in one run with what is there without a hub: on SQLite a raw server, on
//! PostgreSQL functions written by hand; and with one transaction a request in the same store.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tebura_hub::ids::{ApiKeyId, MerchantId};
use tebura_hub::people::Instrument;
use tebura_hub::perform::KeyRequest;
use tebura_hub::set_up::NewInstrument;
use tebura_hub::sites::Scope;
use tebura_hub::{HOUSE, Hub, Ports};
use tebura_ledger::{Currency, Money, RailId};
use tebura_store::{FileKek, SqlStore, StoreConfig};

use super::functions::run_functions;
use super::load::{Client, first_id};
use super::quiet::{NoEgress, NoFaces};
use super::raw::Raw;
use super::{BenchError, median_and_p99};
use crate::app::{App, Limits};
use crate::auth::KeySecret;
use crate::clock::{SystemClock, SystemIds};
use crate::sessions::Sessions;

/// Yen of each hold.
const AMOUNT: i64 = 100;
/// Yen that each payer starts with: more than a run can spend.
const FUNDS: i64 = 1_000_000_000;
/// Runs before counting, so that caches, plans and files are as in the middle of a day.
const WARM_UP: Duration = Duration::from_millis(700);

/// What to measure.
#[derive(Clone, Debug)]
pub struct HoldsBench {
    /// `postgres://…`; `None`: a new SQLite file.
    pub database_url: Option<String>,
    /// Where SQLite files go: the disk whose fsync counts.
    pub directory: std::path::PathBuf,
    /// Connections that each wait for one answer before they ask again.
    pub clients: usize,
    /// Accounts that pay.
    pub payers: usize,
    /// Seconds counted for each line.
    pub seconds: u64,
    /// Lines of the table: clients and merchants; empty: the usual five.
    pub lines: Vec<(usize, usize)>,
    /// Leaves out one transaction a request, which takes a third of the time.
    pub without_single: bool,
}

/// One line's measurement.
struct Measured {
    pairs_per_second: f64,
    command_ms: (f64, f64),
}

/// Measures and returns the table as Markdown.
///
/// # Errors
/// [`BenchError`]; also when the books do not add up afterwards.
pub async fn holds(bench: &HoldsBench) -> Result<String, BenchError> {
    let (store, yardstick) = match bench.database_url {
        Some(_) => ("PostgreSQL", "functions by hand, pgbench with 32 clients"),
        None => ("SQLite", "raw server"),
    };
    let mut table = String::new();
    let fsync = fsync_ms(&bench.directory)?;
    let _ = writeln!(
        table,
        "{store}, fsync of this disk {:.3} ms (median of 200), {} payers, {} s a line",
        fsync, bench.payers, bench.seconds
    );
    let _ = writeln!(table);
    let _ = writeln!(
        table,
        "| clients | merchants | group commit: pairs/s | p50 / p99 ms a command | {yardstick}: pairs/s | ratio | one transaction a request: pairs/s | ratio |"
    );
    let _ = writeln!(table, "|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (clients, merchants) in bench.lines() {
        let group = run(bench, clients, merchants, 256).await?;
        let yardstick = match &bench.database_url {
            None => run_raw(bench, clients, merchants).await?.pairs_per_second,
            Some(url) => run_functions(url, merchants, bench.payers, FUNDS, bench.seconds).await?,
        };
        let against = |other: f64| format!("{other:.0} | **{:.2}**", group.pairs_per_second / other);
        let one = match bench.without_single {
            true => "— | —".to_owned(),
            false => against(run(bench, clients, merchants, 1).await?.pairs_per_second),
        };
        let _ = writeln!(
            table,
            "| {clients} | {merchants} | {:.0} | {:.2} / {:.2} | {} | {one} |",
            group.pairs_per_second,
            group.command_ms.0,
            group.command_ms.1,
            against(yardstick),
        );
    }
    Ok(table)
}

impl HoldsBench {
    fn lines(&self) -> Vec<(usize, usize)> {
        if !self.lines.is_empty() {
            return self.lines.clone();
        }
        let many = self.clients * 4;
        vec![(self.clients, 1), (self.clients, 1_000), (many, 1), (many, 1_000), (1, 1)]
    }
}

async fn run(bench: &HoldsBench, clients: usize, merchants: usize, max_batch: usize) -> Result<Measured, BenchError> {
    let folder = tempfile::tempdir_in(&bench.directory)?;
    // A database keeps the operator key that it was created with, so on PostgreSQL the key outlives the run.
    let key_folder = if bench.database_url.is_some() { bench.directory.as_path() } else { folder.path() };
    let kek = Arc::new(FileKek::open_or_create(&key_folder.join("tebura-bench.key"))?);
    let url = bench
        .database_url
        .clone()
        .unwrap_or_else(|| format!("sqlite://{}?mode=rwc", folder.path().join("bench.sqlite").display()));
    let store = Arc::new(SqlStore::open(StoreConfig { max_batch, ..StoreConfig::new(url, kek) }).await?);
    let faces = NoFaces::new().map_err(std::io::Error::other)?;
    let hub = Arc::new(Hub::new(Ports {
        store: store.clone(),
        faces: Arc::new(faces),
        egress: Arc::new(NoEgress),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(SystemIds),
    }));
    let shop = Shop::open(&hub, merchants, bench.payers).await?;
    let app = App::new(hub.clone(), Sessions::new(&[7; 32]), Limits::default(), None);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let router = crate::routes::router(app);
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream: &mut tokio::net::TcpStream| {
        let _ = stream.set_nodelay(true);
    });
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let driven = drive(address, shop.names(), clients, Duration::from_secs(bench.seconds)).await;
    server.abort();
    let (measured, captured) = driven?;
    let mut merchants = 0;
    for (merchant, _) in &shop.merchants {
        for payee in hub.store().payees(*merchant).await? {
            merchants += hub.store().account(payee.account).await?.map_or(0, |account| account.posted().minor());
        }
    }
    store.close().await;
    checked(measured, captured, merchants)
}

async fn run_raw(bench: &HoldsBench, clients: usize, merchants: usize) -> Result<Measured, BenchError> {
    let folder = tempfile::tempdir_in(&bench.directory)?;
    let name = |word: &'static str| move |nth: usize| format!("{word}_{nth:032x}");
    let names = Names {
        merchants: (0..merchants).map(name("tb")).collect(),
        payers: (0..bench.payers).map(name("inst")).collect(),
    };
    let file = folder.path().join("raw.sqlite");
    let raw = Raw::start(&file, &names.merchants, &names.payers, FUNDS).await?;
    let driven = drive(raw.address, names, clients, Duration::from_secs(bench.seconds)).await;
    let merchants = raw.stop().await?;
    let (measured, captured) = driven?;
    checked(measured, captured, merchants)
}

/// A figure counts only when every yen that was captured arrived.
fn checked(measured: Measured, captured: i64, merchants: i64) -> Result<Measured, BenchError> {
    if merchants == captured { Ok(measured) } else { Err(BenchError::Books { merchants, captured }) }
}

/// What a client has to know: bearer tokens of merchants, instruments of payers.
struct Names {
    merchants: Vec<String>,
    payers: Vec<String>,
}

/// Who is paid and who pays.
struct Shop {
    merchants: Vec<(MerchantId, String)>,
    payers: Vec<Instrument>,
}

impl Shop {
    fn names(&self) -> Names {
        Names {
            merchants: self.merchants.iter().map(|(_, key)| key.clone()).collect(),
            payers: self.payers.iter().map(|payer| payer.id.to_string()).collect(),
        }
    }

    async fn open(hub: &Hub, merchants: usize, payers: usize) -> Result<Shop, BenchError> {
        let run = tebura_hub::ports::Ids::next(&SystemIds, tebura_ledger::Shard::new(0));
        let issuer = hub.open_issuer(key(run, "issuer"), Currency::JPY).await?;
        let person = hub.register_person(key(run, "person"), "bench", None).await?.row.id;
        let house = RailId::new(HOUSE).map_err(std::io::Error::other)?;
        let mut shop = Shop { merchants: Vec::new(), payers: Vec::new() };
        for chunk in (0..merchants).collect::<Vec<_>>().chunks(256) {
            shop.merchants.extend(try_join_all(chunk.iter().map(|nth| merchant(hub, run, *nth))).await?);
        }
        for chunk in (0..payers).collect::<Vec<_>>().chunks(256) {
            let payer = |nth: usize| {
                let house = house.clone();
                async move {
                    let new = NewInstrument {
                        person,
                        rail: house,
                        token: None,
                        label: "points".to_owned(),
                        is_default: false,
                        currency: Currency::JPY,
                    };
                    let instrument = hub.add_instrument(key(run, &format!("payer {nth}")), new).await?.row;
                    let funds = Money::new(FUNDS, Currency::JPY);
                    hub.fund(key(run, &format!("funds {nth}")), issuer, instrument.account, funds).await?;
                    Ok::<_, BenchError>(instrument)
                }
            };
            shop.payers.extend(try_join_all(chunk.iter().copied().map(payer)).await?);
        }
        Ok(shop)
    }
}

async fn merchant(hub: &Hub, run: uuid::Uuid, nth: usize) -> Result<(MerchantId, String), BenchError> {
    let id = hub.create_merchant(key(run, &format!("merchant {nth}")), "bench", true, Currency::JPY).await?.row.id;
    // The id of a key is known when it is made; its secret is ours.
    let secret = tebura_hub::ports::Ids::secret(&SystemIds);
    let digest = KeySecret::new(ApiKeyId::from_uuid(id.uuid()), secret).sha256();
    let scopes = vec![Scope::Holds, Scope::Read];
    let row = hub.create_api_key(key(run, &format!("key {nth}")), digest, Some(id), None, scopes).await?.row;
    Ok((id, KeySecret::new(row.id, secret).reveal().to_string()))
}

/// Keys of set-up. `run` keeps runs on one database apart.
fn key(run: uuid::Uuid, word: &str) -> KeyRequest {
    KeyRequest { scope: format!("bench {run}"), key: word.to_owned(), fingerprint: [0; 32] }
}

/// The figures, and the yen that were captured in all.
async fn drive(
    address: SocketAddr,
    names: Names,
    clients: usize,
    counted: Duration,
) -> Result<(Measured, i64), BenchError> {
    let names = Arc::new(names);
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let tasks: Vec<_> =
        (0..clients).map(|nth| tokio::spawn(client(address, names.clone(), nth, start, counted))).collect();
    let (mut pairs, mut all, mut latencies) = (0_u32, 0_i64, Vec::new());
    for task in tasks {
        let (counted_pairs, captured, mut micros) = task.await??;
        pairs += counted_pairs;
        all += captured;
        latencies.append(&mut micros);
    }
    let (p50, p99) = median_and_p99(&mut latencies);
    let ms = |micros: u32| f64::from(micros) / 1_000.0;
    let pairs_per_second = f64::from(pairs) / counted.as_secs_f64();
    Ok((Measured { pairs_per_second, command_ms: (ms(p50), ms(p99)) }, all))
}

/// Holds and captures until the time is over. Returns the pairs counted, the yen captured in all, and microseconds of each
/// command counted.
async fn client(
    address: SocketAddr,
    names: Arc<Names>,
    nth: usize,
    start: Instant,
    counted: Duration,
) -> Result<(u32, i64, Vec<u32>), BenchError> {
    let mut client = Client::connect(address).await?;
    let (mut pairs, mut captured, mut micros) = (0, 0, Vec::new());
    for round in 0_usize.. {
        let turn = nth + round * 997;
        let (Some(api_key), Some(payer)) =
            (names.merchants.get(turn % names.merchants.len()), names.payers.get(turn * 31 % names.payers.len()))
        else {
            break;
        };
        let counts = start.elapsed() >= WARM_UP;
        if start.elapsed() >= WARM_UP + counted {
            break;
        }
        let body = format!(r#"{{"payer":"{payer}","amount":{{"minor":{AMOUNT},"currency":"JPY"}}}}"#);
        let before = start.elapsed();
        let answer = client.post("/v1/holds", api_key, &format!("h{nth}-{round}"), &body).await?;
        let hold = first_id(answer, "hold_").unwrap_or_default().to_owned();
        let between = start.elapsed();
        client.post(&format!("/v1/holds/{hold}/capture"), api_key, &format!("c{nth}-{round}"), CAPTURE).await?;
        captured += AMOUNT;
        if counts {
            pairs += 1;
            micros.push(between.saturating_sub(before).as_micros() as u32);
            micros.push(start.elapsed().saturating_sub(between).as_micros() as u32);
        }
    }
    Ok((pairs, captured, micros))
}

const CAPTURE: &str = r#"{"amount":{"minor":100,"currency":"JPY"}}"#;

/// What an fdatasync of 4 KiB takes here: the price of one durable transaction.
fn fsync_ms(directory: &Path) -> Result<f64, BenchError> {
    let path = tempfile::NamedTempFile::new_in(directory)?;
    let mut file = File::create(path.path())?;
    let mut micros = Vec::new();
    for _ in 0..200 {
        file.write_all(&[0; 4096])?;
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
        let before = Instant::now();
        file.sync_data()?;
        micros.push(before.elapsed().as_micros() as u32);
    }
    Ok(f64::from(median_and_p99(&mut micros).0) / 1_000.0)
}
