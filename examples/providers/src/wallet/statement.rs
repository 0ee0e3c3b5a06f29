//! The provider's statement: what it did between two times, in the format that the hub reads.
//!
//! A final capture's rest and a hold's end are not lines of their own, save where the provider ends a hold by itself.

use serde::{Deserialize, Serialize};

use crate::wallet::accounts::{Tx, row_id};
use crate::wallet::books::{Books, BooksError};
use crate::wallet::request::Work;

/// Which time is asked for, milliseconds since 1970.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// A statement of `[from, until)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Its name.
    pub id: String,
    /// RFC 3339.
    pub from: String,
    /// RFC 3339, not in it.
    pub until: String,
    /// Everything that was done, in order.
    pub lines: Vec<Line>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The provider's name of it.
    pub reference: String,
    /// The pre-authorisation.
    pub hold: String,
    /// The caller's operation; left out for what the provider did by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// `hold`, `raise`, `capture`, `release` or `refund`.
    pub kind: String,
    /// How much.
    pub amount: Amount,
    /// RFC 3339.
    pub at: String,
}

/// Whole yen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Yen.
    pub minor: i64,
    /// `JPY`.
    pub currency: String,
}

/// A hold that ended by itself.
pub(crate) async fn note_expiry(tx: &mut Tx<'_>, hold: i64, rest: i64, now: i64) -> Result<(), sqlx::Error> {
    if rest == 0 {
        return Ok(());
    }
    let (hold, reference) = (format!("pa_{hold}"), format!("ex_{hold}"));
    note(tx, None, "release", &hold, &reference, rest, now).await
}

/// What an order did.
pub(crate) async fn note_order(
    tx: &mut Tx<'_>,
    operation: &str,
    work: &Work,
    reference: &str,
    amount: i64,
    now: i64,
) -> Result<(), sqlx::Error> {
    let (kind, hold) = match work {
        Work::Preauthorize { .. } => ("hold", reference.to_owned()),
        Work::Raise { preauthorization, .. } => ("raise", preauthorization.clone()),
        Work::Capture { preauthorization, .. } => ("capture", preauthorization.clone()),
        Work::Revert { preauthorization, .. } => ("release", preauthorization.clone()),
        Work::Refund { capture, .. } => {
            let hold: i64 = sqlx::query_scalar("SELECT preauthorization FROM capture WHERE id = ?")
                .bind(row_id(capture, "cp_"))
                .fetch_one(&mut **tx)
                .await?;
            ("refund", format!("pa_{hold}"))
        }
        // Moves no money.
        Work::Extend { .. } => return Ok(()),
    };
    note(tx, Some(operation), kind, &hold, reference, amount, now).await
}

async fn note(
    tx: &mut Tx<'_>,
    operation: Option<&str>,
    kind: &str,
    hold: &str,
    reference: &str,
    amount: i64,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO journal (operation, kind, preauthorization, reference, amount, at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(operation)
    .bind(kind)
    .bind(hold)
    .bind(reference)
    .bind(amount)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

type Row = (Option<String>, String, String, String, i64, String);

impl Books {
    /// Everything that was done in `[from, until)`.
    pub(crate) async fn statement(&self, asked: Asked) -> Result<Statement, BooksError> {
        let Asked { from, until } = asked;
        let mut connection = self.connection().await;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT operation, kind, preauthorization, reference, amount,
                    strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch')
             FROM journal WHERE at >= ? AND at < ? ORDER BY id",
        )
        .bind(from)
        .bind(until)
        .fetch_all(&mut *connection)
        .await?;
        let (begin, end): (String, String) = sqlx::query_as(
            "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ? / 1000.0, 'unixepoch'),
                    strftime('%Y-%m-%dT%H:%M:%fZ', ? / 1000.0, 'unixepoch')",
        )
        .bind(from)
        .bind(until)
        .fetch_one(&mut *connection)
        .await?;
        let line = |(operation, kind, hold, reference, minor, at): Row| {
            let amount = Amount { minor, currency: "JPY".to_owned() };
            Line { reference, hold, operation, kind, amount, at }
        };
        let lines = rows.into_iter().map(line).collect();
        Ok(Statement { id: format!("wallet-{from}-{until}"), from: begin, until: end, lines })
    }
}
