//! Multi-row statements whose text never changes: a batch of any size is one statement that is planned once.
//!
//! PostgreSQL takes one array a column (`UNNEST`), SQLite one JSON text (`json_each`). The texts are derived from the
//! entities. Absent: what the rows mean.

use sea_orm::sea_query::{ArrayType, ColumnType};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, Iterable, ModelTrait, Statement, Value};

use crate::engine::Engine;
use crate::entity::Hot;
use crate::hex;

/// The statements of one table.
pub(crate) struct Texts {
    engine: Engine,
    insert: String,
    update: String,
    select: String,
    insert_columns: Vec<Column>,
    update_columns: Vec<Column>,
    key_columns: Vec<Column>,
}

/// An update touched fewer rows than it was given: somebody else changed one since it was read.
pub(crate) struct Conflict;

#[derive(Clone)]
struct Column {
    name: String,
    kind: Kind,
    nullable: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Small,
    Big,
    Bool,
    Text,
    Uuid,
    Bytes,
}

impl Texts {
    pub(crate) fn of<T: Hot>(engine: Engine) -> Self {
        let table = T::default().table_name().to_owned();
        let all: Vec<Column> = T::Column::iter().map(|column| Column::of(&column)).collect();
        let key: Vec<Column> = T::KEY.iter().map(Column::of).collect();
        let changes: Vec<Column> = T::CHANGES.iter().map(Column::of).collect();
        let guard = T::GUARD.map(|column| Column::of(&column));

        let names = list(&all, |column| column.name.clone());
        let insert = format!("INSERT INTO {table} ({names}) {}", engine.rows(&all));

        let mut given: Vec<Column> = key.iter().chain(&changes).cloned().collect();
        let mut found = list_with(&key, " AND ", |column| format!("t.{0} = n.{0}", column.name));
        if let Some(guard) = guard {
            found = format!("{found} AND t.{} = n.was", guard.name);
            given.push(Column { name: "was".to_owned(), ..guard });
        }
        let sets = list(&changes, |column| format!("{0} = n.{0}", column.name));
        let update = match sets.as_str() {
            "" => String::new(),
            sets => format!("UPDATE {table} AS t SET {sets} FROM ({}) AS n WHERE {found}", engine.rows(&given)),
        };

        let order = list(&key, |column| format!("t.{}", column.name));
        let select = engine.select(&table, &key, &order);
        Self { engine, insert, update, select, insert_columns: all, update_columns: given, key_columns: key }
    }

    /// Inserts new rows; a row that exists is an error of the engine.
    pub(crate) async fn insert<T: Hot>(&self, tx: &DatabaseTransaction, rows: &[T::Model]) -> Result<(), DbErr>
    where
        T::Model: ModelTrait<Entity = T>,
    {
        if rows.is_empty() {
            return Ok(());
        }
        let values = rows.iter().map(|row| T::Column::iter().map(|column| row.get(column)).collect()).collect();
        tx.execute_raw(self.statement(&self.insert, &self.insert_columns, values)).await?;
        Ok(())
    }

    /// Updates rows, each with the guard's value as it was read (ignored by tables without guard).
    pub(crate) async fn update<T: Hot>(
        &self,
        tx: &DatabaseTransaction,
        rows: &[(T::Model, i64)],
    ) -> Result<Result<(), Conflict>, DbErr>
    where
        T::Model: ModelTrait<Entity = T>,
    {
        if rows.is_empty() {
            return Ok(Ok(()));
        }
        let of_row = |(row, was): &(T::Model, i64)| {
            let columns = T::KEY.iter().chain(T::CHANGES);
            let mut values: Vec<Value> = columns.map(|column| row.get(*column)).collect();
            values.extend(T::GUARD.map(|_| Value::BigInt(Some(*was))));
            values
        };
        let values = rows.iter().map(of_row).collect();
        let done = tx.execute_raw(self.statement(&self.update, &self.update_columns, values)).await?;
        let all = usize::try_from(done.rows_affected()).is_ok_and(|touched| touched == rows.len());
        Ok(if all { Ok(()) } else { Err(Conflict) })
    }

    /// Reads the rows of some keys, in key order; keys without a row are left out.
    pub(crate) async fn select<T: Hot>(
        &self,
        tx: &DatabaseTransaction,
        keys: Vec<Vec<Value>>,
    ) -> Result<Vec<T::Model>, DbErr> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let statement = self.statement(&self.select, &self.key_columns, keys);
        T::find().from_raw_sql(statement).all(tx).await
    }

    fn statement(&self, text: &str, columns: &[Column], rows: Vec<Vec<Value>>) -> Statement {
        let values = match self.engine {
            Engine::Sqlite => vec![Value::String(Some(json(&rows)))],
            Engine::Postgres => arrays(columns, rows),
        };
        Statement::from_sql_and_values(self.engine.backend(), text, values)
    }
}

impl Engine {
    /// A SELECT that turns the statement's parameters into rows with these columns.
    fn rows(self, columns: &[Column]) -> String {
        match self {
            Engine::Sqlite => {
                let mut index = 0..;
                let fields = list(columns, |column| column.json_field(index.next().unwrap_or(0)));
                format!("SELECT {fields} FROM json_each(?1) WHERE true")
            }
            Engine::Postgres => {
                let mut number = 1..;
                let arrays =
                    list(columns, |column| format!("${}::{}[]", number.next().unwrap_or(0), column.kind.postgres()));
                let names = list(columns, |column| column.name.clone());
                let fields = list(columns, Column::array_field);
                format!("SELECT {fields} FROM UNNEST({arrays}) AS a ({names})")
            }
        }
    }

    /// A SELECT of the rows with the given keys. The keys come first in the join, so that each is one index lookup.
    fn select(self, table: &str, key: &[Column], order: &str) -> String {
        let found = |row: &str| list_with(key, " AND ", |column| format!("t.{0} = {row}.{0}", column.name));
        match self {
            Engine::Sqlite => format!(
                "SELECT t.* FROM ({}) AS n CROSS JOIN {table} AS t ON {} ORDER BY {order}",
                self.rows(key),
                found("n")
            ),
            Engine::Postgres => {
                // The head of a shard is the shard's lock; everything else of the shard follows it.
                let lock = if table == "shard_head" { " FOR UPDATE OF t" } else { "" };
                format!(
                    "SELECT t.* FROM ({}) AS n JOIN {table} AS t ON {} ORDER BY {order}{lock}",
                    self.rows(key),
                    found("n")
                )
            }
        }
    }
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

    fn json_field(&self, index: usize) -> String {
        let name = &self.name;
        match self.kind {
            Kind::Small | Kind::Big | Kind::Bool | Kind::Text => format!("value ->> {index} AS {name}"),
            Kind::Uuid | Kind::Bytes => format!("unhex(value ->> {index}) AS {name}"),
        }
    }

    /// Arrays have no null here (the driver takes `Vec<T>`, not `Vec<Option<T>>`), so a nullable column is sent with a
    /// value that stands for null, or with a mark in front of every value.
    fn array_field(&self) -> String {
        let name = &self.name;
        if !self.nullable {
            return format!("a.{name}");
        }
        match self.kind {
            Kind::Small | Kind::Bool => format!("a.{name}"),
            Kind::Big => format!("NULLIF(a.{name}, '{}'::bigint) AS {name}", i64::MIN),
            Kind::Uuid => format!("NULLIF(a.{name}, '00000000-0000-0000-0000-000000000000'::uuid) AS {name}"),
            Kind::Text => format!("substr(NULLIF(a.{name}, ''), 2) AS {name}"),
            Kind::Bytes => format!("substr(NULLIF(a.{name}, ''::bytea), 2) AS {name}"),
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
            other => panic!("a hot table has a column of type {other:?}: teach rows.rs to send it"),
        }
    }

    fn postgres(self) -> &'static str {
        match self {
            Self::Small => "smallint",
            Self::Big => "bigint",
            Self::Bool => "boolean",
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Bytes => "bytea",
        }
    }

    fn array(self) -> ArrayType {
        match self {
            Self::Small => ArrayType::SmallInt,
            Self::Big => ArrayType::BigInt,
            Self::Bool => ArrayType::Bool,
            Self::Text => ArrayType::String,
            Self::Uuid => ArrayType::Uuid,
            Self::Bytes => ArrayType::Bytes,
        }
    }
}

fn arrays(columns: &[Column], rows: Vec<Vec<Value>>) -> Vec<Value> {
    let mut by_column: Vec<Vec<Value>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for ((value, column), values) in row.into_iter().zip(columns).zip(&mut by_column) {
            values.push(if column.nullable { without_null(value) } else { value });
        }
    }
    let array = |(column, values): (&Column, Vec<Value>)| Value::Array(column.kind.array(), Some(Box::new(values)));
    columns.iter().zip(by_column).map(array).collect()
}

/// See [`Column::array_field`].
#[expect(clippy::wildcard_enum_match_arm, reason = "the entities use six of the many value types")]
fn without_null(value: Value) -> Value {
    match value {
        Value::BigInt(number) => Value::BigInt(Some(number.unwrap_or(i64::MIN))),
        Value::Uuid(id) => Value::Uuid(Some(id.unwrap_or_default())),
        Value::String(text) => Value::String(Some(text.map_or_else(String::new, |text| format!("={text}")))),
        Value::Bytes(bytes) => {
            let marked = |bytes: Vec<u8>| [vec![b'='], bytes].concat();
            Value::Bytes(Some(bytes.map_or_else(Vec::new, marked)))
        }
        other => other,
    }
}

/// Rows as a JSON array of arrays; ids and bytes as hexadecimal text.
fn json(rows: &[Vec<Value>]) -> String {
    let mut text = String::with_capacity(rows.len() * 256);
    text.push('[');
    for (index, row) in rows.iter().enumerate() {
        text.push_str(if index == 0 { "[" } else { ",[" });
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            push_json(&mut text, value);
        }
        text.push(']');
    }
    text.push(']');
    text
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the entities use six of the many value types")]
fn push_json(text: &mut String, value: &Value) {
    match value {
        Value::SmallInt(Some(number)) => text.push_str(&number.to_string()),
        Value::BigInt(Some(number)) => text.push_str(&number.to_string()),
        Value::Bool(Some(flag)) => text.push(if *flag { '1' } else { '0' }),
        Value::String(Some(string)) => {
            // A string is always JSON.
            text.push_str(&serde_json::to_string(string).unwrap_or_default());
        }
        Value::Uuid(Some(id)) => push_hex(text, id.as_bytes()),
        Value::Bytes(Some(bytes)) => push_hex(text, bytes),
        _ => text.push_str("null"),
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    text.push('"');
    hex::push(text, bytes);
    text.push('"');
}

fn list(columns: &[Column], text: impl FnMut(&Column) -> String) -> String {
    list_with(columns, ", ", text)
}

fn list_with(columns: &[Column], separator: &str, text: impl FnMut(&Column) -> String) -> String {
    columns.iter().map(text).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use sea_orm::{Database, DatabaseConnection};
    use sea_orm_migration::MigratorTrait;

    use super::*;
    use crate::entity::{account, event, exchange, hold, idempotency_key, operation, payment, shard_head, transfer};
    use crate::migration::Migrator;

    async fn plan(connection: &DatabaseConnection, text: &str) -> String {
        let explain = format!("EXPLAIN QUERY PLAN {text}");
        let statement = Statement::from_sql_and_values(Engine::Sqlite.backend(), explain, [Value::from("[]")]);
        let rows = connection.query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect::<Vec<_>>().join(" / ")
    }

    async fn check<T: Hot>(connection: &DatabaseConnection) {
        let texts = Texts::of::<T>(Engine::Sqlite);
        for text in [&texts.insert, &texts.update, &texts.select].into_iter().filter(|text| !text.is_empty()) {
            let plan = plan(connection, text).await;
            assert!(plan.contains("SCAN json_each"), "{text}: {plan}");
            assert!(plan.matches("SCAN").count() == 1, "{text}: {plan}");
        }
    }

    #[tokio::test]
    async fn sqlite_finds_every_row_by_its_key() {
        let connection = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&connection, None).await.unwrap();
        check::<account::Entity>(&connection).await;
        check::<event::Entity>(&connection).await;
        check::<exchange::Entity>(&connection).await;
        check::<hold::Entity>(&connection).await;
        check::<idempotency_key::Entity>(&connection).await;
        check::<operation::Entity>(&connection).await;
        check::<payment::Entity>(&connection).await;
        check::<shard_head::Entity>(&connection).await;
        check::<transfer::Entity>(&connection).await;
    }

    #[test]
    fn what_stands_for_null_is_nobodys_value() {
        let text = |text: Option<&str>| without_null(Value::String(text.map(str::to_owned)));
        assert_eq!(text(None), Value::from(""));
        assert_eq!(text(Some("")), Value::from("="));
        assert_eq!(text(Some("=")), Value::from("=="));
        assert_eq!(without_null(Value::Bytes(Some(vec![]))), Value::Bytes(Some(b"=".to_vec())));
        assert_eq!(without_null(Value::BigInt(None)), Value::from(i64::MIN));
    }

    #[test]
    fn json_carries_what_json_has_to_escape() {
        let row = vec![
            Value::from("\"\\\n\u{1}山"),
            Value::from(i64::MIN),
            Value::from(true),
            Value::BigInt(None),
            Value::Bytes(Some(vec![0, 255])),
        ];
        let read: serde_json::Value = serde_json::from_str(&json(&[row.clone(), row])).unwrap();
        assert_eq!(read[1], serde_json::json!(["\"\\\n\u{1}山", i64::MIN, 1, null, "00ff"]));
    }
}
