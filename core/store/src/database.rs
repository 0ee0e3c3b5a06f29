//! The writing side of a database, and one open transaction on it, whichever engine.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryTrait, TransactionTrait, Value};

use crate::engine::{Engine, Failure};
use crate::entity::Hot;
use crate::rows::{Conflict, Texts};
use crate::{postgres, sqlite};

/// Where batches are written.
pub(crate) enum Database {
    Sqlite(sqlite::File),
    Postgres(DatabaseConnection),
}

/// One transaction.
pub(crate) enum Transaction<'a> {
    Sqlite(sqlite::Transaction<'a>),
    Postgres(DatabaseTransaction),
}

impl Database {
    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The file whose log has to be synced before a commit is durable; on PostgreSQL commits are.
    pub(crate) fn synced_apart(&self) -> Option<&sqlite::File> {
        match self {
            Self::Sqlite(file) => Some(file),
            Self::Postgres(_) => None,
        }
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'_>, Failure> {
        Ok(match self {
            Self::Sqlite(file) => Transaction::Sqlite(file.begin()?),
            Self::Postgres(connection) => Transaction::Postgres(connection.begin().await?),
        })
    }
}

impl Transaction<'_> {
    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Makes everything durable. A connection that is lost meanwhile leaves it open whether it is.
    pub(crate) async fn commit(self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(transaction) => transaction.commit(),
            Self::Postgres(transaction) => transaction.commit().await.map_err(Failure::from),
        }
        .map_err(Failure::while_committing)
    }

    pub(crate) async fn rollback(self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback(),
            Self::Postgres(transaction) => Ok(transaction.rollback().await?),
        }
    }

    /// Inserts new rows; a row that exists is an error of the engine.
    pub(crate) async fn insert<T: Hot>(&self, texts: &Texts<T>, rows: &[T::Model]) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(transaction) => transaction.insert(texts, rows),
            Self::Postgres(transaction) => {
                let values = rows.iter().map(Texts::<T>::insert_values);
                let statement = postgres::statement(&texts.insert, &texts.insert_columns, values);
                transaction.execute_raw(statement).await.map(drop).map_err(Failure::from)
            }
        }
    }

    /// Updates rows, each with the guard's value as it was read (ignored by tables without guard).
    pub(crate) async fn update<T: Hot>(
        &self,
        texts: &Texts<T>,
        rows: &[(T::Model, i64)],
    ) -> Result<Result<(), Conflict>, Failure> {
        if rows.is_empty() {
            return Ok(Ok(()));
        }
        let touched = match self {
            Self::Sqlite(transaction) => transaction.update(texts, rows)?,
            Self::Postgres(transaction) => {
                let values = rows.iter().map(|(row, was)| Texts::<T>::update_values(row, *was));
                let statement = postgres::statement(&texts.update, &texts.update_columns, values);
                transaction.execute_raw(statement).await?.rows_affected()
            }
        };
        let all = usize::try_from(touched).is_ok_and(|touched| touched == rows.len());
        Ok(if all { Ok(()) } else { Err(Conflict) })
    }

    /// Reads the rows of some keys; keys without a row are left out.
    pub(crate) async fn select<T: Hot>(
        &self,
        texts: &Texts<T>,
        keys: Vec<Vec<Value>>,
    ) -> Result<Vec<T::Model>, Failure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite(transaction) => transaction.select(texts, &keys),
            Self::Postgres(transaction) => {
                let statement = postgres::statement(&texts.select, &texts.key_columns, keys);
                Ok(T::find().from_raw_sql(statement).all(transaction).await?)
            }
        }
    }

    /// Runs any statement that reads nothing. Returns how many rows it changed.
    pub(crate) async fn run(&self, query: &impl QueryTrait) -> Result<u64, Failure> {
        match self {
            Self::Sqlite(transaction) => {
                let statement = query.build(Engine::Sqlite.backend());
                let values = statement.values.map(|values| values.0).unwrap_or_default();
                transaction.execute(&statement.sql, [values])
            }
            Self::Postgres(transaction) => {
                let done = transaction.execute_raw(query.build(Engine::Postgres.backend())).await?;
                Ok(done.rows_affected())
            }
        }
    }
}
