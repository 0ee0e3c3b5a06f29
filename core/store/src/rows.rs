//! Statements whose text never changes, derived from the entities. PostgreSQL takes a whole batch in one of them,
//! SQLite, which lives in this process, one row after the other.
//!
//! Absent: what the rows mean.

use std::marker::PhantomData;

use sea_orm::sea_query::ColumnType;
use sea_orm::{ColumnTrait, Iterable, ModelTrait, Value};

use crate::engine::Engine;
use crate::entity::Hot;
use crate::postgres;

/// The statements of one table.
pub(crate) struct Texts<T> {
    pub(crate) insert: String,
    pub(crate) update: String,
    pub(crate) select: String,
    /// All columns, in the entity's order.
    pub(crate) insert_columns: Vec<Column>,
    pub(crate) update_columns: Vec<Column>,
    pub(crate) key_columns: Vec<Column>,
    /// Of all columns those that an update names, and the parameter of the guard's old value: how SQLite is given a row.
    pub(crate) update_bound: Vec<bool>,
    pub(crate) guard_parameter: Option<usize>,
    table: PhantomData<T>,
}

/// An update touched fewer rows than it was given: somebody else changed one since it was read.
pub(crate) struct Conflict;

/// A column as both engines know it.
#[derive(Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
}

/// What a column holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Small,
    Big,
    Bool,
    Text,
    Uuid,
    Bytes,
}

impl<T: Hot> Texts<T> {
    pub(crate) fn of(engine: Engine) -> Self {
        let table = T::default().table_name().to_owned();
        let all: Vec<Column> = T::Column::iter().map(|column| Column::of(&column)).collect();
        let key: Vec<Column> = T::KEY.iter().map(Column::of).collect();
        let changes: Vec<Column> = T::CHANGES.iter().map(Column::of).collect();
        let guard = T::GUARD.map(|column| Column::of(&column));
        let given: Vec<Column> = key.iter().chain(&changes).cloned().chain(guard.clone().map(was)).collect();
        let (insert, update, select) = match engine {
            Engine::Sqlite => of_sqlite(&table, &all, &key, &changes, guard.as_ref()),
            Engine::Postgres => of_postgres(&table, &all, &key, &changes, &given, guard.as_ref()),
        };
        let update = if changes.is_empty() { String::new() } else { update };
        let is_given = |column: &Column| key.iter().chain(&changes).any(|given| given.name == column.name);
        let update_bound = all.iter().map(is_given).collect();
        let guard_parameter = guard.map(|_| all.len() + 1);
        Self {
            insert,
            update,
            select,
            insert_columns: all,
            update_columns: given,
            key_columns: key,
            update_bound,
            guard_parameter,
            table: PhantomData,
        }
    }

    /// The parameters of an insert.
    pub(crate) fn insert_values(row: &T::Model) -> Vec<Value> {
        T::Column::iter().map(|column| row.get(column)).collect()
    }

    /// The parameters of an update: key, changes, and the guard as it was.
    pub(crate) fn update_values(row: &T::Model, was: i64) -> Vec<Value> {
        let columns = T::KEY.iter().chain(T::CHANGES);
        let guard = T::GUARD.map(|_| Value::BigInt(Some(was)));
        columns.map(|column| row.get(*column)).chain(guard).collect()
    }
}

fn of_postgres(
    table: &str,
    all: &[Column],
    key: &[Column],
    changes: &[Column],
    given: &[Column],
    guard: Option<&Column>,
) -> (String, String, String) {
    let names = list(all, ", ", |column| column.name.clone());
    let insert = format!("INSERT INTO {table} ({names}) {}", postgres::rows(all));
    let found = list(key, " AND ", |column| format!("t.{0} = n.{0}", column.name));
    let unchanged = guard.map_or_else(String::new, |guard| format!(" AND t.{} = n.was", guard.name));
    let sets = list(changes, ", ", |column| format!("{0} = n.{0}", column.name));
    let update =
        format!("UPDATE {table} AS t SET {sets} FROM ({}) AS n WHERE {found}{unchanged}", postgres::rows(given));
    let order = list(key, ", ", |column| format!("t.{}", column.name));
    // The head of a shard is the shard's lock; everything else of the shard follows it.
    let lock = if table == "shard_head" { " FOR UPDATE OF t" } else { "" };
    let rows = postgres::rows(key);
    let select = format!("SELECT t.* FROM ({rows}) AS n JOIN {table} AS t ON {found} ORDER BY {order}{lock}");
    (insert, update, select)
}

/// A column's parameter has the number of its place, so that one order of fields serves every statement.
fn of_sqlite(
    table: &str,
    all: &[Column],
    key: &[Column],
    changes: &[Column],
    guard: Option<&Column>,
) -> (String, String, String) {
    let names = list(all, ", ", |column| column.name.clone());
    let number = |column: &Column| all.iter().position(|of| of.name == column.name).map_or(0, |place| place + 1);
    let marks = list(all, ", ", |column| format!("?{}", number(column)));
    let insert = format!("INSERT INTO {table} ({names}) VALUES ({marks})");
    let given = |column: &Column| format!("{} = ?{}", column.name, number(column));
    let found = list(key, " AND ", given);
    let sets = list(changes, ", ", given);
    let unchanged = guard.map_or_else(String::new, |guard| format!(" AND {} = ?{}", guard.name, all.len() + 1));
    let update = format!("UPDATE {table} SET {sets} WHERE {found}{unchanged}");
    let mut place = 1..;
    let asked = list(key, " AND ", |column| format!("{} = ?{}", column.name, place.next().unwrap_or(0)));
    let select = format!("SELECT {names} FROM {table} WHERE {asked}");
    (insert, update, select)
}

/// The guard's column as the updates' rows carry it.
fn was(guard: Column) -> Column {
    Column { name: "was".to_owned(), ..guard }
}

impl Column {
    fn of<C: ColumnTrait>(column: &C) -> Self {
        let definition = column.def();
        Self {
            name: column.as_str().to_owned(),
            kind: Kind::of(definition.get_column_type()),
            nullable: definition.is_null(),
        }
    }
}

impl Kind {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the entities use six of the many column types")]
    fn of(column: &ColumnType) -> Self {
        match column {
            ColumnType::SmallInteger => Self::Small,
            ColumnType::BigInteger => Self::Big,
            ColumnType::Boolean => Self::Bool,
            ColumnType::String(_) | ColumnType::Text => Self::Text,
            ColumnType::Uuid => Self::Uuid,
            ColumnType::VarBinary(_) | ColumnType::Binary(_) | ColumnType::Blob => Self::Bytes,
            other => panic!("a table of the write path has a column of type {other:?}: teach rows.rs to send it"),
        }
    }
}

/// Columns as text.
pub(crate) fn list(columns: &[Column], separator: &str, text: impl FnMut(&Column) -> String) -> String {
    columns.iter().map(text).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
    use sea_orm_migration::MigratorTrait;

    use super::*;
    use crate::entity::{
        account, capture_session, event, exchange, hold, idempotency_key, operation, payment, person_key, shard_head,
        transfer, webhook_endpoint, webhook_progress,
    };
    use crate::migration::Migrator;

    async fn plan(connection: &DatabaseConnection, text: &str) -> String {
        let explain = format!("EXPLAIN QUERY PLAN {text}");
        let rows = connection.query_all_raw(Statement::from_string(Engine::Sqlite.backend(), explain)).await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect::<Vec<_>>().join(" / ")
    }

    async fn check<T: Hot>(connection: &DatabaseConnection) {
        let texts = Texts::<T>::of(Engine::Sqlite);
        let insert = plan(connection, &texts.insert).await;
        assert!(!insert.contains("SCAN") && !insert.contains("SEARCH"), "{}: {insert}", texts.insert);
        for text in [&texts.update, &texts.select].into_iter().filter(|text| !text.is_empty()) {
            let plan = plan(connection, text).await;
            assert!(plan.contains("SEARCH") && !plan.contains("SCAN"), "{text}: {plan}");
        }
    }

    #[tokio::test]
    async fn sqlite_finds_every_row_by_its_key() {
        let connection = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&connection, None).await.unwrap();
        check::<account::Entity>(&connection).await;
        check::<capture_session::Entity>(&connection).await;
        check::<event::Entity>(&connection).await;
        check::<exchange::Entity>(&connection).await;
        check::<hold::Entity>(&connection).await;
        check::<idempotency_key::Entity>(&connection).await;
        check::<operation::Entity>(&connection).await;
        check::<payment::Entity>(&connection).await;
        check::<person_key::Entity>(&connection).await;
        check::<shard_head::Entity>(&connection).await;
        check::<transfer::Entity>(&connection).await;
        check::<webhook_endpoint::Entity>(&connection).await;
        check::<webhook_progress::Entity>(&connection).await;
    }
}
