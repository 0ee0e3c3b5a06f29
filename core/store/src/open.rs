//! Opening and closing: connections with the settings that durability needs, the schema, and what a database was
//! created with.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, EntityTrait,
    IntoActiveModel, Statement,
};
use sea_orm_migration::MigratorTrait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::batch::Writer;
use crate::config::{StoreConfig, default_shards};
use crate::database as writing;
use crate::engine::{Engine, describe};
use crate::entity::{setting, shard_head};
use crate::lane::Lanes;
use crate::migration::Migrator;
use crate::sqlite;
use crate::vault::Vault;

/// SQLite's write-ahead log could corrupt a database before this version (sqlite.org/wal.html, WAL-reset bug).
const SQLITE_MIN: [u32; 3] = [3, 51, 3];
/// How long a statement waits for another process's lock on the file before it fails and is tried again.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may wait for a connection before it is told that the store does not answer.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Tries to migrate: hubs that start together meet, one wins, the others find the work done.
const MIGRATION_TRIES: u32 = 5;

/// The hub's store over SQL. Shared by reference; closes when it is dropped, or by [`SqlStore::close`].
pub struct SqlStore {
    pub(crate) engine: Engine,
    pub(crate) shards: u16,
    pub(crate) reader: DatabaseConnection,
    pub(crate) vault: Vault,
    pub(crate) lanes: Lanes,
}

/// Why a store was not opened, in the order in which it is checked.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither SQLite nor PostgreSQL.
    #[error("the database URL must start with sqlite:// or postgres://: correct --database-url")]
    UnknownUrl,
    /// SQLite in memory keeps nothing and cannot be shared by connections.
    #[error("an in-memory SQLite database keeps nothing: give a file, for example sqlite://data/tebura.db?mode=rwc")]
    InMemory,
    /// 0, or more than a byte can name.
    #[error("a store has 1 to 256 shards: correct the number")]
    ShardsOutOfRange,
    /// The database cannot be reached.
    #[error("the database cannot be reached ({reason}): check the URL, the server and the folder")]
    Connect {
        /// For the log; no data in it.
        reason: String,
    },
    /// The linked SQLite may corrupt the file.
    #[error("SQLite {version} may corrupt a database: link 3.51.3 or newer")]
    SqliteTooOld {
        /// Its version.
        version: String,
    },
    /// The server may forget what it has acknowledged.
    #[error("PostgreSQL runs with synchronous_commit=off and may forget payments: turn it on for this role")]
    NotDurable,
    /// The schema cannot be brought up to date.
    #[error("the database's schema cannot be brought up to date ({reason}): check the role's rights and the log")]
    Migrate {
        /// For the log; no data in it.
        reason: String,
    },
    /// The number of shards is fixed when a database is created.
    #[error("this database was created with {stored} shards, not {asked}: open it with {stored}")]
    ShardsDiffer {
        /// What it was created with.
        stored: u16,
        /// What was asked for.
        asked: u16,
    },
    /// People's keys were wrapped by another key.
    #[error("this database was created with the operator key {stored}, not {given}: start with that key")]
    OtherKek {
        /// The key that it was created with.
        stored: String,
        /// The key that was given.
        given: String,
    },
    /// A setting cannot be read.
    #[error("the database's setting {name} is damaged: restore it from a backup")]
    SettingDamaged {
        /// Which one.
        name: &'static str,
    },
}

impl SqlStore {
    /// Opens a store, makes its schema when it is new, and starts its lanes on the current tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(config: StoreConfig) -> Result<Self, OpenError> {
        let engine = Engine::of_url(&config.url).ok_or(OpenError::UnknownUrl)?;
        if engine == Engine::Sqlite && config.url.contains(":memory:") {
            return Err(OpenError::InMemory);
        }
        if config.shards.is_some_and(|shards| !(1..=256).contains(&shards)) {
            return Err(OpenError::ShardsOutOfRange);
        }
        let lanes = match engine {
            Engine::Sqlite => 1,
            Engine::Postgres => config.lanes.clamp(1, 64),
        };
        let writer = Database::connect(writer_options(engine, &config.url, lanes)).await.map_err(connect)?;
        check_engine(engine, &writer).await?;
        migrate(&writer).await?;
        let shards = pin_settings(engine, &writer, &config).await?;
        let database = match engine {
            Engine::Sqlite => {
                writer.close_by_ref().await.map_err(connect)?;
                writing::Database::Sqlite(sqlite_file(&config.url)?)
            }
            Engine::Postgres => writing::Database::Postgres(writer),
        };
        let reader = Database::connect(reader_options(engine, &config)).await.map_err(connect)?;
        let vault = Vault::new(Arc::clone(&config.kek));
        let writer = Arc::new(Writer::new(database, vault.clone()));
        let lanes = Lanes::start(writer, usize::from(lanes), config.max_batch, config.queue)
            .map_err(|error| OpenError::Connect { reason: error.to_string() })?;
        Ok(Self { engine, shards, reader, vault, lanes })
    }

    /// The engine in use.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Takes no new unit, finishes those that were accepted, and closes all connections.
    pub async fn close(&self) {
        self.lanes.stop().await;
        if let Err(error) = self.reader.close_by_ref().await {
            tracing::warn!(reason = describe(&error), "a database connection did not close cleanly");
        }
    }
}

/// The file that a URL names, opened for batches. It exists: the schema was just written.
fn sqlite_file(url: &str) -> Result<sqlite::File, OpenError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|_| OpenError::UnknownUrl)?;
    sqlite::File::open(options.get_filename(), BUSY_TIMEOUT)
        .map_err(|failure| OpenError::Connect { reason: format!("{failure:?}") })
}

fn connect(error: DbErr) -> OpenError {
    OpenError::Connect { reason: describe(&error) }
}

fn migration(error: DbErr) -> OpenError {
    // A schema's statements carry no data, so the engine may be quoted.
    OpenError::Migrate { reason: error.to_string() }
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

fn writer_options(engine: Engine, url: &str, lanes: u16) -> ConnectOptions {
    let mut options = options(url, u32::from(lanes));
    match engine {
        Engine::Sqlite => {
            options.map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(BUSY_TIMEOUT)
            });
        }
        Engine::Postgres => {
            // Every statement of a batch looks rows up by key. A plan that was cached while a table was empty would
            // scan it for ever, so scans and the joins that need them are off on these connections.
            options.map_sqlx_postgres_opts(|postgres| {
                postgres.application_name("tebura-writer").options([
                    ("idle_in_transaction_session_timeout", "10s"),
                    ("statement_timeout", "30s"),
                    ("enable_seqscan", "off"),
                    ("enable_hashjoin", "off"),
                    ("enable_mergejoin", "off"),
                ])
            });
            refuse_open_transactions(&mut options);
        }
    }
    options
}

fn reader_options(engine: Engine, config: &StoreConfig) -> ConnectOptions {
    let mut options = options(&config.url, config.readers.max(1));
    match engine {
        Engine::Sqlite => {
            options.map_sqlx_sqlite_opts(|sqlite| {
                sqlite.read_only(true).create_if_missing(false).busy_timeout(BUSY_TIMEOUT)
            });
        }
        Engine::Postgres => {
            options.map_sqlx_postgres_opts(|postgres| {
                postgres.application_name("tebura-reader").options([
                    ("idle_in_transaction_session_timeout", "10s"),
                    ("statement_timeout", "30s"),
                    ("default_transaction_read_only", "on"),
                ])
            });
            refuse_open_transactions(&mut options);
        }
    }
    options
}

/// A begin that was cancelled half-way leaves a pooled connection inside a transaction (transact-rs/sqlx #4385); what
/// is written there is acknowledged and never seen. Outside a transaction `now()` is the statement's own time; only the
/// simple protocol is asked, since with the extended one every message of a statement has a time of its own.
fn refuse_open_transactions(options: &mut ConnectOptions) {
    options.test_before_acquire(false).map_sqlx_postgres_before_acquire(|connection, _| {
        Box::pin(async move {
            let row = sqlx::raw_sql("SELECT now() = statement_timestamp()").fetch_one(connection).await?;
            sqlx::Row::try_get::<bool, _>(&row, 0)
        })
    });
}

async fn check_engine(engine: Engine, writer: &DatabaseConnection) -> Result<(), OpenError> {
    match engine {
        Engine::Sqlite => {
            let version = ask(writer, "SELECT sqlite_version() AS answer").await?;
            let numbers: Vec<u32> = version.split('.').filter_map(|number| number.parse().ok()).collect();
            if numbers.as_slice() < SQLITE_MIN.as_slice() {
                return Err(OpenError::SqliteTooOld { version });
            }
        }
        Engine::Postgres => {
            if ask(writer, "SELECT current_setting('synchronous_commit') AS answer").await? == "off" {
                return Err(OpenError::NotDurable);
            }
            if ask(writer, "SELECT current_setting('fsync') AS answer").await? == "off" {
                tracing::warn!("PostgreSQL runs with fsync=off: a power cut loses payments");
            }
        }
    }
    Ok(())
}

async fn ask(writer: &DatabaseConnection, question: &str) -> Result<String, OpenError> {
    let statement = Statement::from_string(writer.get_database_backend(), question);
    let row = writer.query_one_raw(statement).await.map_err(connect)?;
    let answer = row.map(|row| row.try_get("", "answer")).transpose().map_err(connect)?;
    answer.ok_or_else(|| OpenError::Connect { reason: "the database gave no answer".to_owned() })
}

async fn migrate(writer: &DatabaseConnection) -> Result<(), OpenError> {
    let mut tries = 1;
    loop {
        match Migrator::up(writer, None).await {
            Ok(()) => return Ok(()),
            Err(error) if tries == MIGRATION_TRIES => return Err(migration(error)),
            Err(error) => tracing::info!(reason = describe(&error), tries, "migrating again"),
        }
        tries += 1;
    }
}

/// Writes what the database is created with, or compares it with what it was.
async fn pin_settings(engine: Engine, writer: &DatabaseConnection, config: &StoreConfig) -> Result<u16, OpenError> {
    let asked = config.shards.unwrap_or_else(|| default_shards(engine));
    let stored = pin(writer, "shards", &asked.to_string()).await?;
    let shards: u16 = stored.parse().map_err(|_| OpenError::SettingDamaged { name: "shards" })?;
    if let Some(asked) = config.shards.filter(|asked| *asked != shards) {
        return Err(OpenError::ShardsDiffer { stored: shards, asked });
    }
    let given = config.kek.id();
    let stored = pin(writer, "kek", given).await?;
    if stored != given {
        return Err(OpenError::OtherKek { stored, given: given.to_owned() });
    }
    let heads = (0..shards)
        .filter_map(|shard| u8::try_from(shard).ok())
        .map(shard_head::Model::first)
        .map(|row| row.into_active_model().reset_all());
    let keep = OnConflict::column(shard_head::Column::Shard).do_nothing().to_owned();
    let inserted = shard_head::Entity::insert_many(heads).on_conflict(keep).exec_without_returning(writer).await;
    inserted.map_err(migration)?;
    Ok(shards)
}

async fn pin(writer: &DatabaseConnection, name: &'static str, value: &str) -> Result<String, OpenError> {
    let row =
        setting::ActiveModel { name: ActiveValue::Set(name.to_owned()), value: ActiveValue::Set(value.to_owned()) };
    let keep = OnConflict::column(setting::Column::Name).do_nothing().to_owned();
    setting::Entity::insert(row).on_conflict(keep).exec_without_returning(writer).await.map_err(migration)?;
    let stored = setting::Entity::find_by_id(name.to_owned()).one(writer).await.map_err(connect)?;
    stored.map(|row| row.value).ok_or(OpenError::SettingDamaged { name })
}
