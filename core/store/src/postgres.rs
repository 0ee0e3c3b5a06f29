//! PostgreSQL's multi-row statements: one array a column, so that a batch of any size is one text that is planned once.

use sea_orm::sea_query::ArrayType;
use sea_orm::{Statement, Value};

use crate::engine::Engine;
use crate::rows::{Column, Kind, list};

/// A SELECT that turns the statement's arrays into rows with these columns.
pub(crate) fn rows(columns: &[Column]) -> String {
    let mut number = 1..;
    let arrays = list(columns, ", ", |column| format!("${}::{}[]", number.next().unwrap_or(0), postgres(column.kind)));
    let names = list(columns, ", ", |column| column.name.clone());
    let fields = list(columns, ", ", array_field);
    format!("SELECT {fields} FROM UNNEST({arrays}) AS a ({names})")
}

/// A statement with one array a column.
pub(crate) fn statement(text: &str, columns: &[Column], rows: impl IntoIterator<Item = Vec<Value>>) -> Statement {
    Statement::from_sql_and_values(Engine::Postgres.backend(), text, arrays(columns, rows))
}

/// Arrays have no null here (the driver takes `Vec<T>`, not `Vec<Option<T>>`), so a nullable column is sent with a value
/// that stands for null, or with a mark in front of every value.
fn array_field(column: &Column) -> String {
    let name = &column.name;
    if !column.nullable {
        return format!("a.{name}");
    }
    match column.kind {
        Kind::Small | Kind::Bool => format!("a.{name}"),
        Kind::Big => format!("NULLIF(a.{name}, '{}'::bigint) AS {name}", i64::MIN),
        Kind::Uuid => format!("NULLIF(a.{name}, '00000000-0000-0000-0000-000000000000'::uuid) AS {name}"),
        Kind::Text => format!("substr(NULLIF(a.{name}, ''), 2) AS {name}"),
        Kind::Bytes => format!("substr(NULLIF(a.{name}, ''::bytea), 2) AS {name}"),
    }
}

/// The parameters of rows: one array a column.
pub(crate) fn arrays(columns: &[Column], rows: impl IntoIterator<Item = Vec<Value>>) -> Vec<Value> {
    let mut by_column: Vec<Vec<Value>> = columns.iter().map(|_| Vec::new()).collect();
    for row in rows {
        for ((value, column), values) in row.into_iter().zip(columns).zip(&mut by_column) {
            values.push(if column.nullable { without_null(value) } else { value });
        }
    }
    let one = |(column, values): (&Column, Vec<Value>)| Value::Array(array(column.kind), Some(Box::new(values)));
    columns.iter().zip(by_column).map(one).collect()
}

/// See [`array_field`].
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

fn postgres(kind: Kind) -> &'static str {
    match kind {
        Kind::Small => "smallint",
        Kind::Big => "bigint",
        Kind::Bool => "boolean",
        Kind::Text => "text",
        Kind::Uuid => "uuid",
        Kind::Bytes => "bytea",
    }
}

fn array(kind: Kind) -> ArrayType {
    match kind {
        Kind::Small => ArrayType::SmallInt,
        Kind::Big => ArrayType::BigInt,
        Kind::Bool => ArrayType::Bool,
        Kind::Text => ArrayType::String,
        Kind::Uuid => ArrayType::Uuid,
        Kind::Bytes => ArrayType::Bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_null_is_nobodys_value() {
        let text = |text: Option<&str>| without_null(Value::String(text.map(str::to_owned)));
        assert_eq!(text(None), Value::from(""));
        assert_eq!(text(Some("")), Value::from("="));
        assert_eq!(text(Some("=")), Value::from("=="));
        assert_eq!(without_null(Value::Bytes(Some(vec![]))), Value::Bytes(Some(b"=".to_vec())));
        assert_eq!(without_null(Value::BigInt(None)), Value::from(i64::MIN));
    }
}
