//! The writing side of a database, and one open transaction on it, whichever engine.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryTrait, Select, TransactionTrait, Value,
};

use crate::engine::{Engine, Failure};
use crate::entity::Hot;
use crate::rows::Texts;
use crate::sqlite_row::Bindable;
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

    /// Reads whole rows, whatever is asked about them.
    pub(crate) async fn find<E>(&self, query: Select<E>) -> Result<Vec<E::Model>, Failure>
    where
        E: EntityTrait,
        E::Model: Bindable,
    {
        match self {
            Self::Sqlite(transaction) => {
                let statement = query.build(Engine::Sqlite.backend());
                transaction.find(&statement.sql, &statement.values.map(|values| values.0).unwrap_or_default())
            }
            Self::Postgres(transaction) => Ok(query.all(transaction).await?),
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
