//! What a batch writes, gathered: PostgreSQL gets all of it as one statement, so that a batch waits for one answer and
//! not for ten; SQLite, which lives in this process, gets each row when it is named.
//!
//! The parts change different rows, so their order does not matter. Absent: reads.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, Statement, Value};

use crate::database::Transaction;
use crate::engine::{Engine, Failure};
use crate::entity::Hot;
use crate::postgres;
use crate::rows::{Column, Conflict, Texts};

/// Writes of one transaction.
pub(crate) struct Gathered<'t, 'c> {
    tx: &'t Transaction<'c>,
    parts: String,
    values: Vec<Value>,
    /// Parts so far, and those of them that have to meet the rows that were read.
    count: usize,
    updates: Vec<usize>,
    met: u64,
    expected: u64,
}

impl<'t, 'c> Gathered<'t, 'c> {
    pub(crate) fn new(tx: &'t Transaction<'c>) -> Self {
        Self { tx, parts: String::new(), values: Vec::new(), count: 0, updates: Vec::new(), met: 0, expected: 0 }
    }

    /// Inserts new rows; a row that exists is an error of the engine.
    pub(crate) fn insert<T: Hot>(&mut self, texts: &Texts<T>, rows: &[T::Model]) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        match self.tx {
            Transaction::Sqlite(transaction) => transaction.insert(texts, rows)?,
            Transaction::Postgres(_) => {
                let values = rows.iter().map(Texts::<T>::insert_values);
                self.part(&texts.insert, "", &texts.insert_columns, values);
            }
        }
        Ok(())
    }

    /// Updates rows, each with the guard's value as it was read (ignored by tables without guard).
    pub(crate) fn update<T: Hot>(&mut self, texts: &Texts<T>, rows: &[(T::Model, i64)]) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        self.expected += rows.len() as u64;
        match self.tx {
            Transaction::Sqlite(transaction) => self.met += transaction.update(texts, rows)?,
            Transaction::Postgres(_) => {
                let values = rows.iter().map(|(row, was)| Texts::<T>::update_values(row, *was));
                self.updates.push(self.count);
                self.part(&texts.update, " RETURNING 1", &texts.update_columns, values);
            }
        }
        Ok(())
    }

    fn part(&mut self, text: &str, end: &str, columns: &[Column], rows: impl IntoIterator<Item = Vec<Value>>) {
        let before = if self.count == 0 { "WITH" } else { "," };
        let text = shifted(text, self.values.len());
        // Writing to a string cannot fail.
        let _ = write!(self.parts, "{before} p{} AS ({text}{end})", self.count);
        self.values.extend(postgres::arrays(columns, rows));
        self.count += 1;
    }

    /// Writes what is not written yet. A conflict: an update did not find the row that was read.
    pub(crate) async fn finish(self) -> Result<Result<(), Conflict>, Failure> {
        let met = match self.tx {
            Transaction::Sqlite(_) => self.met,
            Transaction::Postgres(_) if self.count == 0 => 0,
            Transaction::Postgres(transaction) => {
                let counts = self.updates.iter().map(|part| format!(" + (SELECT COUNT(*) FROM p{part})"));
                let text = format!("{} SELECT 0::bigint{} AS met", self.parts, counts.collect::<String>());
                let statement = Statement::from_sql_and_values(Engine::Postgres.backend(), text, self.values);
                let row = transaction.query_one_raw(statement).await?;
                let met = row.map(|row| row.try_get::<i64>("", "met")).transpose()?;
                met.and_then(|met| u64::try_from(met).ok()).unwrap_or(0)
            }
        };
        Ok(if met == self.expected { Ok(()) } else { Err(Conflict) })
    }
}

/// A statement whose parameters come after `before` others.
fn shifted(text: &str, before: usize) -> String {
    let mut parts = text.split('$');
    let mut shifted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or(0);
        let _ = write!(shifted, "${}{rest}", number + before);
    }
    shifted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_move_behind_those_of_other_parts() {
        assert_eq!(shifted("SELECT $1::bigint[], $12::text[]", 30), "SELECT $31::bigint[], $42::text[]");
        assert_eq!(shifted("SELECT 1", 30), "SELECT 1");
    }
}
