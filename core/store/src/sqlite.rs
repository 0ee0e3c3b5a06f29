//! SQLite as the writer sees it: one connection, called on the lane's own thread.
//!
//! Through sqlx every statement and every row crosses to another thread and back, which took half of the time of a
//! batch of small rows. rusqlite calls the same linked library directly. Reads and migrations stay with sea-orm.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use sea_orm::Value;

use crate::checkpoint::Checkpoint;
use crate::engine::Failure;
use crate::entity::Hot;
use crate::rows::Texts;
use crate::sqlite_row::Bindable;

/// Statements that stay prepared: three for each hot table, and the commands of a transaction.
const PREPARED: usize = 64;

/// The writing connection.
pub(crate) struct File {
    path: PathBuf,
    connection: Mutex<Connection>,
    checkpoint: Mutex<Checkpoint>,
}

/// A transaction that is open on a [`File`]; rolled back when it is dropped.
pub(crate) struct Transaction<'a> {
    file: &'a File,
    is_open: bool,
}

impl File {
    /// Opens a database that exists, with the settings that durability needs.
    pub(crate) fn open(path: &Path, busy_timeout: Duration) -> Result<Self, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(busy_timeout)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // Commits are made durable by `durable.rs`, and copied back by `checkpoint.rs`.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        connection.pragma_update(None, "journal_size_limit", 67_108_864)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        let checkpoint = Mutex::new(Checkpoint::start(path, busy_timeout)?);
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), checkpoint })
    }

    /// Where the database is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the log short. Called between two transactions.
    pub(crate) fn tend(&self) {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner).between_batches(&self.connection());
    }

    /// Begins as a writer: a transaction that reads first and writes later fails when another process wrote in between.
    pub(crate) fn begin(&self) -> Result<Transaction<'_>, Failure> {
        self.command("BEGIN IMMEDIATE")?;
        Ok(Transaction { file: self, is_open: true })
    }

    fn command(&self, text: &str) -> Result<(), Failure> {
        self.connection().prepare_cached(text)?.execute([])?;
        Ok(())
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transaction<'_> {
    pub(crate) fn commit(mut self) -> Result<(), Failure> {
        self.file.command("COMMIT")?;
        self.is_open = false;
        Ok(())
    }

    pub(crate) fn rollback(mut self) -> Result<(), Failure> {
        self.is_open = false;
        self.file.command("ROLLBACK")
    }

    /// Runs a statement once for each row of parameters. Returns how many rows it changed in all.
    pub(crate) fn execute(&self, text: &str, rows: impl IntoIterator<Item = Vec<Value>>) -> Result<u64, Failure> {
        let connection = self.file.connection();
        let mut statement = connection.prepare_cached(text)?;
        let mut changed = 0;
        for row in rows {
            changed += statement.execute(rusqlite::params_from_iter(row.iter().map(Bound)))?;
        }
        Ok(changed as u64)
    }

    /// Inserts rows one by one.
    pub(crate) fn insert<T: Hot>(&self, texts: &Texts<T>, rows: &[T::Model]) -> Result<(), Failure> {
        let connection = self.file.connection();
        let mut statement = connection.prepare_cached(&texts.insert)?;
        let all = vec![true; texts.insert_columns.len()];
        for row in rows {
            row.bind(&mut statement, &all)?;
            statement.raw_execute()?;
        }
        Ok(())
    }

    /// Updates rows one by one, each with the guard's value as it was read. Returns how many there were.
    pub(crate) fn update<T: Hot>(&self, texts: &Texts<T>, rows: &[(T::Model, i64)]) -> Result<u64, Failure> {
        let connection = self.file.connection();
        let mut statement = connection.prepare_cached(&texts.update)?;
        let mut changed = 0;
        for (row, was) in rows {
            row.bind(&mut statement, &texts.update_bound)?;
            if let Some(number) = texts.guard_parameter {
                statement.raw_bind_parameter(number, *was)?;
            }
            changed += statement.raw_execute()?;
        }
        Ok(changed as u64)
    }

    /// Reads whole rows by a statement that names their columns in their order.
    pub(crate) fn find<M: Bindable>(&self, text: &str, values: &[Value]) -> Result<Vec<M>, Failure> {
        let connection = self.file.connection();
        let mut statement = connection.prepare_cached(text)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values.iter().map(Bound)), M::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Reads the rows of some keys.
    pub(crate) fn select<T: Hot>(&self, texts: &Texts<T>, keys: &[Vec<Value>]) -> Result<Vec<T::Model>, Failure> {
        let connection = self.file.connection();
        let mut statement = connection.prepare_cached(&texts.select)?;
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            for (number, value) in (1..).zip(key) {
                statement.raw_bind_parameter(number, Bound(value))?;
            }
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                found.push(T::Model::read(row)?);
            }
        }
        Ok(found)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // SQLite may have rolled back by itself; then there is nothing to undo.
            let _ = self.file.command("ROLLBACK");
        }
    }
}

/// A parameter. Ids are 16-byte blobs.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the entities use six of the many value types")]
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::SmallInt(Some(number)) => ToSqlOutput::Owned(Owned::Integer(i64::from(*number))),
            Value::BigInt(Some(number)) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Value::Bool(Some(flag)) => ToSqlOutput::Owned(Owned::Integer(i64::from(*flag))),
            Value::String(Some(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Uuid(Some(id)) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Value::Bytes(Some(bytes)) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::SmallInt(None)
            | Value::BigInt(None)
            | Value::Bool(None)
            | Value::String(None)
            | Value::Uuid(None)
            | Value::Bytes(None) => ToSqlOutput::Owned(Owned::Null),
            _ => return Err(rusqlite::Error::ToSqlConversionFailure("a type that no entity has".into())),
        })
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(code, message) = &error else {
            return Self::Broken { reason: "a statement or its parameters do not fit the schema".to_owned() };
        };
        let extended = code.extended_code;
        match extended & 0xff {
            // Busy, locked: another process writes.
            5 | 6 => Self::Conflict { reason: format!("database error {extended}") },
            // The disk: I/O error, full, cannot be opened, corrupt or not a database at all.
            10 | 11 | 13 | 14 | 26 => Self::Lost { reason: format!("database error {extended}") },
            // SQLite names the constraint and its columns, never a value.
            19 => {
                let reason = format!("database error {extended}, {}", message.as_deref().unwrap_or("a constraint"));
                // A primary or unique key: another process took it between our look and our write.
                if matches!(extended, 1555 | 2067) { Self::Conflict { reason } } else { Self::Broken { reason } }
            }
            _ => Self::Broken { reason: format!("database error {extended}") },
        }
    }
}
