//! The provider's books: one connection, one transaction for each order, each answered as often as it comes.

use std::path::PathBuf;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

use crate::clock::Clock;
use crate::wallet::Database;
use crate::wallet::accounts::{Tx, expire_due};
use crate::wallet::confirm;
use crate::wallet::notices::Notices;
use crate::wallet::record::{Kind, Record, Status};
use crate::wallet::request::Order;
use crate::wallet::rules::{Ruling, decide};
use crate::wallet::schema;
use crate::wallet::statement::note_order;

/// The database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the wallet provider's books failed: {0}")]
pub struct BooksError(#[from] sqlx::Error);

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// Done or declined, now or earlier under the same key.
    Recorded { http_status: u16, record: Record },
    /// The payer is asked first.
    Waiting { record: Record },
    /// The key belongs to another request.
    KeyReused,
    /// The operation was ordered before, under another key.
    OperationExists,
}

pub(crate) struct Books {
    connection: Mutex<SqliteConnection>,
    clock: Clock,
    confirm_above: Option<i64>,
    pub(crate) notices: Notices,
}

impl std::fmt::Debug for Books {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Books")
    }
}

impl Books {
    pub(crate) async fn open(
        database: &Database,
        clock: Clock,
        confirm_above: Option<i64>,
        notices: Notices,
    ) -> Result<Books, BooksError> {
        let options = match database {
            Database::Memory => SqliteConnectOptions::new().filename(PathBuf::from(":memory:")).in_memory(true),
            Database::File(path) => SqliteConnectOptions::new().filename(path).create_if_missing(true),
        };
        let options =
            options.foreign_keys(true).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::raw_sql(schema::TABLES).execute(&mut connection).await?;
        Ok(Books { connection: Mutex::new(connection), clock, confirm_above, notices })
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
        let earlier = earlier(&mut tx, order).await?;
        let is_new = earlier.is_none();
        let applied = match earlier {
            Some(applied) => applied,
            None if confirm::needs_word(&order.work, self.confirm_above) => {
                confirm::keep(&mut tx, order).await?;
                Applied::Waiting { record: confirm::pending(order) }
            }
            None => {
                let ruling = decide(&mut tx, &order.work, &order.operation, now).await?;
                write_down(&mut tx, order, ruling, now).await?
            }
        };
        tx.commit().await?;
        if is_new {
            self.tell(&applied, now);
        }
        Ok(applied)
    }

    /// The payer has said something about an order that waits. False: none waits.
    pub(crate) async fn confirmed(&self, operation: &str, yes: bool) -> Result<bool, BooksError> {
        let now = self.now();
        let mut connection = self.connection().await;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        expire_due(&mut tx, now).await?;
        let Some(order) = confirm::of_operation(&mut tx, operation).await? else { return Ok(false) };
        let ruling = match yes {
            true => decide(&mut tx, &order.work, operation, now).await?,
            false => Ruling::Declined { http_status: 402, code: "payer.refused", message: "the payer said no" },
        };
        let applied = write_down(&mut tx, &order, ruling, now).await?;
        confirm::drop_order(&mut tx, operation).await?;
        tx.commit().await?;
        self.tell(&applied, now);
        Ok(true)
    }

    fn tell(&self, applied: &Applied, now: i64) {
        if let Applied::Recorded { record, .. } = applied {
            self.notices.ended(record, now);
        }
    }

    /// What is known about an operation.
    pub(crate) async fn operation(&self, id: &str) -> Result<Option<Record>, BooksError> {
        let mut connection = self.connection().await;
        let mut tx = connection.begin().await?;
        let known = record(&mut tx, id).await?.map(|(_, record)| record);
        let waiting = confirm::of_operation(&mut tx, id).await?;
        Ok(known.or_else(|| waiting.as_ref().map(confirm::pending)))
    }
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
        None => match confirm::of_key(tx, &order.key).await? {
            Some(waiting) if waiting.fingerprint != order.fingerprint => Ok(Some(Applied::KeyReused)),
            Some(waiting) => Ok(Some(Applied::Waiting { record: confirm::pending(&waiting) })),
            None => {
                let known = record(tx, &order.operation).await?.is_some();
                let waits = confirm::of_operation(tx, &order.operation).await?.is_some();
                Ok((known || waits).then_some(Applied::OperationExists))
            }
        },
    }
}

async fn write_down(tx: &mut Tx<'_>, order: &Order, ruling: Ruling, now: i64) -> Result<Applied, sqlx::Error> {
    let operation = order.operation.clone();
    let pending = Record::pending(&operation, order.work.kind());
    let (http_status, record) = match ruling {
        Ruling::Settled { reference, amount } => {
            note_order(tx, &operation, &order.work, &reference, amount, now).await?;
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
