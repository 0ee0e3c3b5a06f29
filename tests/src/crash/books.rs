//! The database as it is, read behind the hub's back.

use std::path::PathBuf;

use sqlx::{AssertSqlSafe, Connection, Row};

/// Where the hub keeps its books.
#[derive(Clone, Debug)]
pub(super) enum Database {
    Sqlite(PathBuf),
    Postgres(String),
}

/// A row as text; null is empty.
type Texts = Vec<String>;

impl Database {
    /// Rows of a query whose columns are all text.
    async fn query(&self, sql: &str) -> Vec<Texts> {
        macro_rules! rows {
            ($connection:ty, $url:expr) => {{
                let mut connection = <$connection>::connect($url).await.unwrap();
                let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                let texts = |row: &_| -> Texts { texts(row) };
                rows.iter().map(texts).collect()
            }};
        }
        match self {
            Database::Sqlite(file) => rows!(sqlx::SqliteConnection, &sqlite(file)),
            Database::Postgres(url) => rows!(sqlx::PgConnection, url),
        }
    }

    /// Changes rows: for the negative controls.
    pub(super) async fn spoil(&self, sql: &str) -> u64 {
        let Database::Sqlite(file) = self else { panic!("only SQLite files are spoiled") };
        let mut connection = sqlx::SqliteConnection::connect(&sqlite(file)).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        done.rows_affected()
    }

    /// An id as 32 hexadecimal digits.
    fn digits(&self, column: &str) -> String {
        match self {
            Database::Sqlite(_) => format!("COALESCE(lower(hex({column})), '')"),
            Database::Postgres(_) => format!("COALESCE(replace(CAST({column} AS text), '-', ''), '')"),
        }
    }
}

fn sqlite(file: &std::path::Path) -> String {
    format!("sqlite://{}", file.display())
}

fn texts<R: Row>(row: &R) -> Texts
where
    usize: sqlx::ColumnIndex<R>,
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    (0..row.len()).map(|place| row.get::<String, _>(place)).collect()
}

/// One account, in one shard.
#[derive(Clone, Debug)]
pub(super) struct AccountRow {
    pub(super) id: String,
    pub(super) posted: i64,
    pub(super) held: i64,
}

/// One hold.
#[derive(Clone, Debug)]
pub(super) struct HoldRow {
    pub(super) id: String,
    pub(super) payer: String,
    pub(super) payee: String,
    pub(super) authorised: i64,
    pub(super) captured: i64,
    pub(super) released: i64,
    pub(super) refunded: i64,
    pub(super) refund_in_flight: i64,
}

/// One operation.
#[derive(Clone, Debug)]
pub(super) struct OperationRow {
    pub(super) id: String,
    pub(super) hold: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) settled: i64,
}

/// One double entry.
#[derive(Clone, Debug)]
pub(super) struct TransferRow {
    pub(super) operation: String,
    pub(super) debit: String,
    pub(super) credit: String,
    pub(super) amount: i64,
}

/// All that the checks look at.
#[derive(Clone, Debug)]
pub(super) struct Books {
    pub(super) accounts: Vec<AccountRow>,
    pub(super) holds: Vec<HoldRow>,
    pub(super) operations: Vec<OperationRow>,
    pub(super) transfers: Vec<TransferRow>,
    /// Key and target of every claimed key of a merchant's client.
    pub(super) keys: Vec<(String, String)>,
    /// Operation and stage.
    pub(super) exchanges: Vec<(String, String)>,
    /// Shard, events, and the last number given.
    pub(super) events: Vec<(String, i64, i64)>,
}

impl Books {
    pub(super) async fn read(database: &Database) -> Books {
        let id = |column: &str| database.digits(column);
        let number = |column: &str| format!("CAST(COALESCE({column}, 0) AS text)");
        let numbers = |columns: &[&str]| columns.iter().map(|column| number(column)).collect::<Vec<_>>().join(", ");
        let accounts = format!("SELECT {}, {} FROM account", id("id"), numbers(&["posted", "held"]));
        let holds = format!(
            "SELECT {}, {}, {}, {} FROM hold",
            id("id"),
            id("payer"),
            id("payee"),
            numbers(&["authorised", "captured", "released", "refunded", "refund_in_flight"])
        );
        let operations =
            format!("SELECT {}, {}, kind, state, {} FROM operation", id("id"), id("hold"), number("settled_amount"));
        let transfers = format!(
            "SELECT {}, {}, {}, {} FROM transfer",
            id("operation"),
            id("debit"),
            id("credit"),
            number("amount")
        );
        let keys = "SELECT key, target FROM idempotency_key WHERE key LIKE 'client-%'";
        let exchanges = format!("SELECT {}, stage FROM exchange", id("operation"));
        let events =
            "SELECT CAST(shard AS text), CAST(COUNT(*) AS text), CAST(MAX(seq) AS text) FROM event GROUP BY shard";
        Books {
            accounts: read(database, &accounts, |row| AccountRow {
                id: row.text(),
                posted: row.number(),
                held: row.number(),
            })
            .await,
            holds: read(database, &holds, |row| HoldRow {
                id: row.text(),
                payer: row.text(),
                payee: row.text(),
                authorised: row.number(),
                captured: row.number(),
                released: row.number(),
                refunded: row.number(),
                refund_in_flight: row.number(),
            })
            .await,
            operations: read(database, &operations, |row| OperationRow {
                id: row.text(),
                hold: row.text(),
                kind: row.text(),
                state: row.text(),
                settled: row.number(),
            })
            .await,
            transfers: read(database, &transfers, |row| TransferRow {
                operation: row.text(),
                debit: row.text(),
                credit: row.text(),
                amount: row.number(),
            })
            .await,
            keys: read(database, keys, |row| (row.text(), row.text())).await,
            exchanges: read(database, &exchanges, |row| (row.text(), row.text())).await,
            events: read(database, events, |row| (row.text(), row.number(), row.number())).await,
        }
    }
}

/// The columns of a row, one after the other.
struct Columns(std::vec::IntoIter<String>);

impl Columns {
    fn text(&mut self) -> String {
        self.0.next().unwrap()
    }

    fn number(&mut self) -> i64 {
        self.text().parse().unwrap()
    }
}

async fn read<T>(database: &Database, sql: &str, row: impl Fn(&mut Columns) -> T) -> Vec<T> {
    let rows = database.query(sql).await;
    rows.into_iter().map(|texts| row(&mut Columns(texts.into_iter()))).collect()
}
