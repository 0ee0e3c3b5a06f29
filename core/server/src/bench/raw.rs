//! What this machine can do at best: axum, one writing thread with rusqlite, group commit, and the same two writes. The
//! yardstick of the house rail, kept as a fixture.
//!
//! It does what nobody may leave out: every answer is durable, a repeat under a merchant's key is answered as the first
//! time, a payer's balance is never overdrawn, only the merchant of a hold captures it, and once. It does nothing else:
//! no double entry in a ledger that is checked, no operations, no events, no audit chain, no deadlines, no keys of callers
//! that are hashed and revoked, no rails, no problem documents.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use tebura_hub::ports::Ids;
use tebura_ledger::Shard;
use tokio::sync::{mpsc, oneshot};

use super::BenchError;
use crate::clock::SystemIds;

const SCHEMA: &str = "
    CREATE TABLE account (id INTEGER PRIMARY KEY, posted INTEGER NOT NULL, held INTEGER NOT NULL);
    CREATE TABLE key (payee INTEGER NOT NULL, key TEXT NOT NULL, target BLOB NOT NULL,
                      PRIMARY KEY (payee, key)) WITHOUT ROWID;
    CREATE TABLE hold (id BLOB PRIMARY KEY, payer INTEGER NOT NULL, payee INTEGER NOT NULL, amount INTEGER NOT NULL,
                       captured INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE posting (id INTEGER PRIMARY KEY, hold BLOB NOT NULL, debit INTEGER NOT NULL, credit INTEGER NOT NULL,
                          amount INTEGER NOT NULL);";
/// Commands in one transaction at most, as the store has it.
const MAX_BATCH: usize = 256;

/// A running server.
pub(super) struct Raw {
    pub(super) address: SocketAddr,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    writer: std::thread::JoinHandle<rusqlite::Result<i64>>,
}

#[derive(Clone)]
struct Shop {
    /// Bearer tokens of merchants and ids of payers' instruments, each with its account.
    accounts: Arc<HashMap<String, i64>>,
    commands: mpsc::Sender<Command>,
}

struct Command {
    payee: i64,
    key: String,
    what: What,
    done: oneshot::Sender<Option<uuid::Uuid>>,
}

enum What {
    Hold { id: uuid::Uuid, payer: i64, amount: i64 },
    Capture { hold: uuid::Uuid, amount: i64 },
}

impl Raw {
    /// Starts on a new file. Merchants are named by their bearer token, payers by their instrument.
    pub(super) async fn start(
        file: &Path,
        merchants: &[String],
        payers: &[String],
        funds: i64,
    ) -> Result<Raw, BenchError> {
        let connection = open(file, merchants.len(), payers.len(), funds).map_err(std::io::Error::other)?;
        let accounts = (0_i64..).zip(merchants.iter().chain(payers)).map(|(nth, name)| (name.clone(), nth)).collect();
        let (commands, queue) = mpsc::channel(4096);
        let merchants = merchants.len();
        let writer = std::thread::spawn(move || write(&connection, queue, merchants));
        let router = Router::new()
            .route("/v1/holds", post(hold))
            .route("/v1/holds/{id}/capture", post(capture))
            .with_state(Shop { accounts: Arc::new(accounts), commands });
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream: &mut tokio::net::TcpStream| {
            let _ = stream.set_nodelay(true);
        });
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Raw { address, server, writer })
    }

    /// Stops and returns the yen that arrived at merchants.
    pub(super) async fn stop(self) -> Result<i64, BenchError> {
        self.server.abort();
        let _ = self.server.await;
        let joined = tokio::task::spawn_blocking(move || self.writer.join()).await?;
        let sum = joined.map_err(|_| std::io::Error::other("the raw writer panicked"))?;
        Ok(sum.map_err(std::io::Error::other)?)
    }
}

fn open(file: &Path, merchants: usize, payers: usize, funds: i64) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.execute_batch(SCHEMA)?;
    connection.execute_batch("BEGIN")?;
    for nth in 0..merchants + payers {
        let posted = if nth < merchants { 0 } else { funds };
        connection
            .prepare_cached("INSERT INTO account VALUES (?1, ?2, 0)")?
            .execute(params![i64::try_from(nth).unwrap_or(i64::MAX), posted])?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(connection)
}

/// Commits whatever arrived while the last commit ran, until nobody sends any more.
fn write(connection: &Connection, mut queue: mpsc::Receiver<Command>, merchants: usize) -> rusqlite::Result<i64> {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while queue.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let answers = batch.iter().map(|command| apply(connection, command)).collect::<rusqlite::Result<Vec<_>>>()?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        for (command, answer) in batch.drain(..).zip(answers) {
            let _ = command.done.send(answer);
        }
    }
    let last = i64::try_from(merchants).unwrap_or(i64::MAX);
    connection.query_row("SELECT COALESCE(SUM(posted), 0) FROM account WHERE id < ?1", [last], |row| row.get(0))
}

/// `None`: refused.
fn apply(connection: &Connection, command: &Command) -> rusqlite::Result<Option<uuid::Uuid>> {
    let (payee, key) = (command.payee, &command.key);
    let target = match command.what {
        What::Hold { id, .. } => id,
        What::Capture { hold, .. } => hold,
    };
    let claimed = connection
        .prepare_cached("INSERT INTO key VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![payee, key, target.as_bytes()])?;
    if claimed == 0 {
        let mut first = connection.prepare_cached("SELECT target FROM key WHERE payee = ?1 AND key = ?2")?;
        return first.query_row(params![payee, key], |row| row.get(0)).map(|id| Some(uuid::Uuid::from_bytes(id)));
    }
    let done = match command.what {
        What::Hold { id, payer, amount } => place(connection, id, payer, payee, amount)?,
        What::Capture { hold, amount } => take(connection, hold, payee, amount)?,
    };
    if !done {
        connection.prepare_cached("DELETE FROM key WHERE payee = ?1 AND key = ?2")?.execute(params![payee, key])?;
    }
    Ok(done.then_some(target))
}

fn place(connection: &Connection, id: uuid::Uuid, payer: i64, payee: i64, amount: i64) -> rusqlite::Result<bool> {
    let reserved = connection
        .prepare_cached("UPDATE account SET held = held + ?2 WHERE id = ?1 AND posted - held >= ?2")?
        .execute(params![payer, amount])?;
    if reserved == 0 {
        return Ok(false);
    }
    connection.prepare_cached("INSERT INTO hold VALUES (?1, ?2, ?3, ?4, 0)")?.execute(params![
        id.as_bytes(),
        payer,
        payee,
        amount
    ])?;
    Ok(true)
}

fn take(connection: &Connection, hold: uuid::Uuid, payee: i64, amount: i64) -> rusqlite::Result<bool> {
    let mut find = connection.prepare_cached(
        "UPDATE hold SET captured = ?2 WHERE id = ?1 AND payee = ?3 AND captured = 0 AND amount >= ?2
         RETURNING payer, amount",
    )?;
    let mut rows = find.query(params![hold.as_bytes(), amount, payee])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let (payer, held): (i64, i64) = (row.get(0)?, row.get(1)?);
    drop(rows);
    connection
        .prepare_cached("UPDATE account SET posted = posted - ?2, held = held - ?3 WHERE id = ?1")?
        .execute(params![payer, amount, held])?;
    connection
        .prepare_cached("UPDATE account SET posted = posted + ?2 WHERE id = ?1")?
        .execute(params![payee, amount])?;
    connection
        .prepare_cached("INSERT INTO posting (hold, debit, credit, amount) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![hold.as_bytes(), payer, payee, amount])?;
    Ok(true)
}

#[derive(Deserialize)]
struct Amount {
    minor: i64,
}

#[derive(Deserialize)]
struct HoldBody {
    payer: String,
    amount: Amount,
}

#[derive(Deserialize)]
struct CaptureBody {
    amount: Amount,
}

#[derive(Serialize)]
struct Answer {
    hold: String,
    amount: i64,
}

async fn hold(State(shop): State<Shop>, headers: HeaderMap, Json(body): Json<HoldBody>) -> (StatusCode, Json<Answer>) {
    let payer = shop.account(&body.payer);
    let what = What::Hold { id: SystemIds.next(Shard::new(0)), payer, amount: body.amount.minor };
    run(&shop, &headers, what, body.amount.minor).await
}

async fn capture(
    State(shop): State<Shop>,
    UrlPath(id): UrlPath<String>,
    headers: HeaderMap,
    Json(body): Json<CaptureBody>,
) -> (StatusCode, Json<Answer>) {
    let hold = id.strip_prefix("hold_").and_then(|id| id.parse().ok()).unwrap_or_default();
    run(&shop, &headers, What::Capture { hold, amount: body.amount.minor }, body.amount.minor).await
}

async fn run(shop: &Shop, headers: &HeaderMap, what: What, amount: i64) -> (StatusCode, Json<Answer>) {
    let (done, answer) = oneshot::channel();
    let payee = shop.account(text(headers, "authorization").strip_prefix("Bearer ").unwrap_or_default());
    let key = text(headers, "idempotency-key").to_owned();
    let sent = shop.commands.send(Command { payee, key, what, done }).await;
    let hold = if sent.is_ok() { answer.await.ok().flatten() } else { None };
    let status = if hold.is_some() { StatusCode::CREATED } else { StatusCode::CONFLICT };
    let hold = hold.map_or_else(String::new, |id| format!("hold_{}", id.as_simple()));
    (status, Json(Answer { hold, amount }))
}

impl Shop {
    fn account(&self, name: &str) -> i64 {
        self.accounts.get(name).copied().unwrap_or(-1)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
