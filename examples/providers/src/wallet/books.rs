//! The provider's money: one connection, one transaction for each order. The rules are here; the tables check again.

use std::path::PathBuf;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use crate::clock::Clock;
use crate::wallet::Database;
use crate::wallet::record::{Kind, Record, Status};
use crate::wallet::request::{Order, Work};
use crate::wallet::schema;

/// Longest hold, milliseconds: 30 days.
const MAX_HOLD_MS: i64 = 30 * 24 * 3_600_000;

/// The database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the wallet provider's books failed: {0}")]
pub struct BooksError(#[from] sqlx::Error);

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// Done or declined, now or earlier under the same key.
    Recorded { http_status: u16, record: Record },
    /// The key belongs to another request.
    KeyReused,
    /// The operation was ordered before, under another key.
    OperationExists,
}

/// One order's outcome before it is written down.
enum Ruling {
    Settled { reference: String, amount: i64 },
    Declined { http_status: u16, code: &'static str, message: &'static str },
}

pub(crate) struct Books {
    connection: Mutex<SqliteConnection>,
    clock: Clock,
}

impl std::fmt::Debug for Books {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Books")
    }
}

type Tx<'a> = Transaction<'a, Sqlite>;

impl Books {
    pub(crate) async fn open(database: &Database, clock: Clock) -> Result<Books, BooksError> {
        let options = match database {
            Database::Memory => SqliteConnectOptions::new().filename(PathBuf::from(":memory:")).in_memory(true),
            Database::File(path) => SqliteConnectOptions::new().filename(path).create_if_missing(true),
        };
        let options =
            options.foreign_keys(true).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::raw_sql(schema::TABLES).execute(&mut connection).await?;
        Ok(Books { connection: Mutex::new(connection), clock })
    }

    pub(crate) async fn connection(&self) -> MutexGuard<'_, SqliteConnection> {
        self.connection.lock().await
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Applies an order once, and answers it as often as it comes.
    pub(crate) async fn apply(&self, order: &Order) -> Result<Applied, BooksError> {
        let now = self.now();
        let mut connection = self.connection().await;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        expire_due(&mut tx, now).await?;
        let applied = match earlier(&mut tx, order).await? {
            Some(applied) => applied,
            None => {
                let ruling = decide(&mut tx, &order.work, &order.operation, now).await?;
                write_down(&mut tx, order, ruling).await?
            }
        };
        tx.commit().await?;
        Ok(applied)
    }

    /// What is known about an operation.
    pub(crate) async fn operation(&self, id: &str) -> Result<Option<Record>, BooksError> {
        let mut connection = self.connection().await;
        Ok(record(&mut connection, id).await?.map(|(_, record)| record))
    }
}

/// Gives back what holds past their time still have. Every transaction begins with it, so none sees a stale hold.
pub(crate) async fn expire_due(tx: &mut Tx<'_>, now: i64) -> Result<(), sqlx::Error> {
    let due: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT id, wallet, amount - captured - returned FROM preauthorization
         WHERE state = 'open' AND expires_at <= ?",
    )
    .bind(now)
    .fetch_all(&mut **tx)
    .await?;
    for (id, wallet, rest) in due {
        hold_less(tx, &wallet, rest).await?;
        close(tx, id, "expired").await?;
    }
    Ok(())
}

async fn earlier(tx: &mut Tx<'_>, order: &Order) -> Result<Option<Applied>, sqlx::Error> {
    let claimed: Option<(Vec<u8>, String)> =
        sqlx::query_as("SELECT fingerprint, operation FROM idempotency_key WHERE key = ?")
            .bind(&order.key)
            .fetch_optional(&mut **tx)
            .await?;
    match claimed {
        Some((fingerprint, _)) if fingerprint != order.fingerprint => Ok(Some(Applied::KeyReused)),
        Some((_, operation)) => {
            let known = record(tx, &operation).await?;
            Ok(known.map(|(http_status, record)| Applied::Recorded { http_status, record }))
        }
        None => {
            let known = record(tx, &order.operation).await?;
            Ok(known.map(|_| Applied::OperationExists))
        }
    }
}

async fn decide(tx: &mut Tx<'_>, work: &Work, operation: &str, now: i64) -> Result<Ruling, sqlx::Error> {
    match work {
        Work::Preauthorize { wallet, merchant, amount, expires_at } => {
            preauthorize(tx, wallet, merchant, *amount, *expires_at, now).await
        }
        Work::Capture { preauthorization, amount, is_final } => {
            capture(tx, preauthorization, *amount, *is_final, operation, now).await
        }
        Work::Revert { preauthorization } => revert(tx, preauthorization).await,
        Work::Refund { capture, amount } => refund(tx, capture, *amount, operation, now).await,
    }
}

async fn preauthorize(
    tx: &mut Tx<'_>,
    wallet: &str,
    merchant: &str,
    amount: i64,
    expires_at: i64,
    now: i64,
) -> Result<Ruling, sqlx::Error> {
    let Some(available) = available(tx, wallet, "wallet").await? else {
        return Ok(declined(404, "wallet.not_found", "there is no such wallet"));
    };
    if available_of_merchant(tx, merchant).await?.is_none() {
        return Ok(declined(404, "merchant.not_found", "there is no such merchant"));
    }
    if expires_at <= now {
        return Ok(declined(410, "preauthorization.expired", "`expires_at` has passed"));
    }
    if expires_at - now > MAX_HOLD_MS {
        return Ok(declined(409, "preauthorization.too_long", "money is set aside for 30 days at most"));
    }
    if available < amount {
        return Ok(declined(402, "funds.insufficient", "the wallet holds too little"));
    }
    hold_less(tx, wallet, -amount).await?;
    let (id,): (i64,) = sqlx::query_as(
        "INSERT INTO preauthorization (wallet, merchant, amount, expires_at) VALUES (?, ?, ?, ?) RETURNING id",
    )
    .bind(wallet)
    .bind(merchant)
    .bind(amount)
    .bind(expires_at)
    .fetch_one(&mut **tx)
    .await?;
    Ok(Ruling::Settled { reference: format!("pa_{id}"), amount })
}

async fn capture(
    tx: &mut Tx<'_>,
    reference: &str,
    amount: i64,
    is_final: bool,
    operation: &str,
    now: i64,
) -> Result<Ruling, sqlx::Error> {
    let Some(hold) = preauthorization(tx, reference).await? else { return Ok(no_such_hold()) };
    match hold.state.as_str() {
        "open" => {}
        "expired" => return Ok(declined(410, "preauthorization.expired", "its time has passed; the rest went back")),
        _ => return Ok(declined(409, "preauthorization.closed", "nothing of it is left")),
    }
    if amount > hold.rest {
        return Ok(declined(409, "preauthorization.exceeded", "less than that is still set aside"));
    }
    let ends = is_final || amount == hold.rest;
    hold_less(tx, &hold.wallet, if ends { hold.rest } else { amount }).await?;
    post(tx, &hold.wallet, &hold.merchant, amount, Some(operation), now).await?;
    sqlx::query("UPDATE preauthorization SET captured = captured + ? WHERE id = ?")
        .bind(amount)
        .bind(hold.id)
        .execute(&mut **tx)
        .await?;
    if ends {
        close(tx, hold.id, "captured").await?;
    }
    let (id,): (i64,) = sqlx::query_as("INSERT INTO capture (preauthorization, amount) VALUES (?, ?) RETURNING id")
        .bind(hold.id)
        .bind(amount)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Ruling::Settled { reference: format!("cp_{id}"), amount })
}

/// Reverting what has expired succeeds once, with what expiry gave back: the caller wanted exactly that.
async fn revert(tx: &mut Tx<'_>, reference: &str) -> Result<Ruling, sqlx::Error> {
    let Some(hold) = preauthorization(tx, reference).await? else { return Ok(no_such_hold()) };
    let given_back = match hold.state.as_str() {
        "open" => {
            hold_less(tx, &hold.wallet, hold.rest).await?;
            hold.rest
        }
        "expired" => hold.returned,
        _ => return Ok(declined(409, "preauthorization.closed", "nothing of it is left")),
    };
    close(tx, hold.id, "reverted").await?;
    Ok(Ruling::Settled { reference: format!("rv_{}", hold.id), amount: given_back })
}

async fn refund(
    tx: &mut Tx<'_>,
    reference: &str,
    amount: i64,
    operation: &str,
    now: i64,
) -> Result<Ruling, sqlx::Error> {
    let found: Option<(i64, i64, String, String)> = sqlx::query_as(
        "SELECT c.id, c.amount - c.refunded, p.wallet, p.merchant
         FROM capture c JOIN preauthorization p ON p.id = c.preauthorization WHERE c.id = ?",
    )
    .bind(row_id(reference, "cp_"))
    .fetch_optional(&mut **tx)
    .await?;
    let Some((id, refundable, wallet, merchant)) = found else {
        return Ok(declined(404, "capture.not_found", "there is no such capture"));
    };
    if amount > refundable {
        return Ok(declined(409, "capture.exceeded", "less than that is left to refund"));
    }
    if available_of_merchant(tx, &merchant).await?.unwrap_or(0) < amount {
        return Ok(declined(402, "merchant.funds_insufficient", "the merchant's balance is too low"));
    }
    post(tx, &merchant, &wallet, amount, Some(operation), now).await?;
    sqlx::query("UPDATE capture SET refunded = refunded + ? WHERE id = ?")
        .bind(amount)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    let (id,): (i64,) = sqlx::query_as("INSERT INTO refund (capture, amount) VALUES (?, ?) RETURNING id")
        .bind(id)
        .bind(amount)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Ruling::Settled { reference: format!("rf_{id}"), amount })
}

async fn write_down(tx: &mut Tx<'_>, order: &Order, ruling: Ruling) -> Result<Applied, sqlx::Error> {
    let operation = order.operation.clone();
    let pending = Record::pending(&operation, order.work.kind());
    let (http_status, record) = match ruling {
        Ruling::Settled { reference, amount } => {
            let (reference, amount, currency) = (Some(reference), Some(amount), Some("JPY".to_owned()));
            (201, Record { status: Status::Settled, reference, amount, currency, ..pending })
        }
        Ruling::Declined { http_status, code, message } => {
            let (code, message) = (Some(code.to_owned()), Some(message.to_owned()));
            (http_status, Record { status: Status::Declined, code, message, ..pending })
        }
    };
    sqlx::query(
        "INSERT INTO operation (id, kind, status, http_status, reference, amount, code, message)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&operation)
    .bind(order.work.kind().name())
    .bind(if record.status == Status::Settled { "settled" } else { "declined" })
    .bind(http_status)
    .bind(&record.reference)
    .bind(record.amount)
    .bind(&record.code)
    .bind(&record.message)
    .execute(&mut **tx)
    .await?;
    sqlx::query("INSERT INTO idempotency_key (key, fingerprint, operation) VALUES (?, ?, ?)")
        .bind(&order.key)
        .bind(order.fingerprint.as_slice())
        .bind(&operation)
        .execute(&mut **tx)
        .await?;
    Ok(Applied::Recorded { http_status, record })
}

type OperationRow = (String, String, u16, Option<String>, Option<i64>, Option<String>, Option<String>);

async fn record(connection: &mut SqliteConnection, id: &str) -> Result<Option<(u16, Record)>, sqlx::Error> {
    let row: Option<OperationRow> = sqlx::query_as(
        "SELECT kind, status, http_status, reference, amount, code, message FROM operation WHERE id = ?",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(kind, status, http_status, reference, amount, code, message)| {
        let status = if status == "settled" { Status::Settled } else { Status::Declined };
        let currency = amount.map(|_| "JPY".to_owned());
        let kind = Kind::named(&kind);
        (http_status, Record { operation: id.to_owned(), kind, status, reference, amount, currency, code, message })
    }))
}

/// Moves money between two accounts, with its posting.
pub(crate) async fn post(
    tx: &mut Tx<'_>,
    debit: &str,
    credit: &str,
    amount: i64,
    operation: Option<&str>,
    now: i64,
) -> Result<(), sqlx::Error> {
    for (account, change) in [(debit, -amount), (credit, amount)] {
        sqlx::query("UPDATE account SET balance = balance + ? WHERE token = ?")
            .bind(change)
            .bind(account)
            .execute(&mut **tx)
            .await?;
    }
    sqlx::query("INSERT INTO posting (debit, credit, amount, operation, at) VALUES (?, ?, ?, ?, ?)")
        .bind(debit)
        .bind(credit)
        .bind(amount)
        .bind(operation)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

struct Preauthorization {
    id: i64,
    wallet: String,
    merchant: String,
    rest: i64,
    returned: i64,
    state: String,
}

async fn preauthorization(tx: &mut Tx<'_>, reference: &str) -> Result<Option<Preauthorization>, sqlx::Error> {
    let row: Option<(i64, String, String, i64, i64, String)> = sqlx::query_as(
        "SELECT id, wallet, merchant, amount - captured - returned, returned, state
         FROM preauthorization WHERE id = ?",
    )
    .bind(row_id(reference, "pa_"))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|(id, wallet, merchant, rest, returned, state)| Preauthorization {
        id,
        wallet,
        merchant,
        rest,
        returned,
        state,
    }))
}

/// Ends a hold: whatever was not captured counts as given back.
async fn close(tx: &mut Tx<'_>, id: i64, state: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE preauthorization SET returned = amount - captured, state = ? WHERE id = ?")
        .bind(state)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn hold_less(tx: &mut Tx<'_>, wallet: &str, amount: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE account SET held = held - ? WHERE token = ?")
        .bind(amount)
        .bind(wallet)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn available(tx: &mut Tx<'_>, token: &str, kind: &str) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT balance - held FROM account WHERE token = ? AND kind = ?")
        .bind(token)
        .bind(kind)
        .fetch_optional(&mut **tx)
        .await
}

async fn available_of_merchant(tx: &mut Tx<'_>, token: &str) -> Result<Option<i64>, sqlx::Error> {
    available(tx, token, "merchant").await
}

/// The row that a reference names; 0, which no row has, for anything else.
fn row_id(reference: &str, prefix: &str) -> i64 {
    reference.strip_prefix(prefix).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn no_such_hold() -> Ruling {
    declined(404, "preauthorization.not_found", "there is no such pre-authorisation")
}

fn declined(http_status: u16, code: &'static str, message: &'static str) -> Ruling {
    Ruling::Declined { http_status, code, message }
}
