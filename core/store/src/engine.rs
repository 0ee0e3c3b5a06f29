//! The two engines and what their errors mean for a batch.

use sea_orm::{DbBackend, DbErr, RuntimeErr};

/// The database behind a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, one file, one writer.
    Sqlite,
    /// A server; several hubs may share it.
    Postgres,
}

impl Engine {
    pub(crate) fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }

    /// The engine that a URL asks for.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        if url.starts_with("sqlite:") {
            Some(Self::Sqlite)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Some(Self::Postgres)
        } else {
            None
        }
    }
}

/// Why a transaction did not happen. The reasons name codes and constraints, never data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Somebody else was in the way; nothing happened, the same again may work.
    Conflict { reason: String },
    /// The engine refuses what was written; the same again fails again.
    Broken { reason: String },
    /// The engine cannot be reached; nothing happened.
    Lost { reason: String },
    /// The engine was lost while it committed: everything happened or nothing.
    Unknown { reason: String },
}

impl Failure {
    /// The same failure when it met a commit.
    pub(crate) fn while_committing(self) -> Self {
        match self {
            Self::Lost { reason } => Self::Unknown { reason },
            Self::Conflict { .. } | Self::Broken { .. } | Self::Unknown { .. } => self,
        }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        let reason = describe(&error);
        #[expect(clippy::wildcard_enum_match_arm, reason = "every other error comes from a statement that cannot work")]
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Lost { reason },
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                of_driver(cause, reason)
            }
            _ => Self::Broken { reason },
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "sqlx's other errors are defects of a statement")]
fn of_driver(error: &sqlx::Error, reason: String) -> Failure {
    match error {
        sqlx::Error::Database(database) => match database.code().as_deref() {
            // Serialisation failure, deadlock; on SQLite busy, busy snapshot, busy recovery, locked.
            Some("40001" | "40P01" | "5" | "517" | "261" | "6") => Failure::Conflict { reason },
            // A unique key: another node took it between our look and our write.
            Some("23505" | "1555" | "2067") => Failure::Conflict { reason },
            // Connection exceptions, shutdown, and resources that may come back; on SQLite I/O error and full disk.
            Some(code) if ["08", "57P", "53"].iter().any(|class| code.starts_with(class)) => Failure::Lost { reason },
            Some("25P03" | "10" | "13") => Failure::Lost { reason },
            Some(_) | None => Failure::Broken { reason },
        },
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Failure::Lost { reason },
        _ => Failure::Broken { reason },
    }
}

/// Names an error without repeating a value that a statement carried.
#[expect(clippy::wildcard_enum_match_arm, reason = "only two kinds of error can repeat data")]
pub(crate) fn describe(error: &DbErr) -> String {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))
        | DbErr::Conn(RuntimeErr::SqlxError(cause)) => match cause.as_ref() {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                match (database.constraint(), database.table()) {
                    (Some(constraint), _) => format!("database error {code}, constraint {constraint}"),
                    (None, Some(table)) => format!("database error {code}, table {table}"),
                    (None, None) => format!("database error {code}"),
                }
            }
            sqlx::Error::Io(io) => format!("connection: {}", io.kind()),
            sqlx::Error::ColumnDecode { index, .. } => format!("column {index} cannot be read"),
            sqlx::Error::PoolTimedOut => "no connection became free in time".to_owned(),
            sqlx::Error::PoolClosed => "the store is closed".to_owned(),
            _ => "the database driver failed".to_owned(),
        },
        DbErr::ConnectionAcquire(_) => "no connection became free in time".to_owned(),
        _ => "a statement could not be run".to_owned(),
    }
}
