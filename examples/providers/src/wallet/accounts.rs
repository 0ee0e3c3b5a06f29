//! Accounts and holds as rows: what every rule reads and writes.

use sqlx::{Sqlite, Transaction};

use crate::wallet::statement::note_expiry;

/// One order's transaction.
pub(crate) type Tx<'a> = Transaction<'a, Sqlite>;

/// Gives back what holds past their time still have. Every transaction begins with it, so none sees a stale hold.
pub(crate) async fn expire_due(tx: &mut Tx<'_>, now: i64) -> Result<(), sqlx::Error> {
    let due: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT id, wallet, amount - captured - returned FROM preauthorization
         WHERE state = 'open' AND expires_at <= ?",
    )
    .bind(now)
    .fetch_all(&mut **tx)
    .await?;
    for (id, wallet, rest) in due {
        hold_less(tx, &wallet, rest).await?;
        close(tx, id, "expired").await?;
        note_expiry(tx, id, rest, now).await?;
    }
    Ok(())
}

/// Moves money between two accounts, with its posting.
pub(crate) async fn post(
    tx: &mut Tx<'_>,
    debit: &str,
    credit: &str,
    amount: i64,
    operation: Option<&str>,
    now: i64,
) -> Result<(), sqlx::Error> {
    for (account, change) in [(debit, -amount), (credit, amount)] {
        sqlx::query("UPDATE account SET balance = balance + ? WHERE token = ?")
            .bind(change)
            .bind(account)
            .execute(&mut **tx)
            .await?;
    }
    sqlx::query("INSERT INTO posting (debit, credit, amount, operation, at) VALUES (?, ?, ?, ?, ?)")
        .bind(debit)
        .bind(credit)
        .bind(amount)
        .bind(operation)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) struct Preauthorization {
    pub(crate) id: i64,
    pub(crate) wallet: String,
    pub(crate) merchant: String,
    pub(crate) rest: i64,
    pub(crate) state: String,
}

pub(crate) async fn preauthorization(
    tx: &mut Tx<'_>,
    reference: &str,
) -> Result<Option<Preauthorization>, sqlx::Error> {
    let row: Option<(i64, String, String, i64, String)> = sqlx::query_as(
        "SELECT id, wallet, merchant, amount - captured - returned, state
         FROM preauthorization WHERE id = ?",
    )
    .bind(row_id(reference, "pa_"))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|(id, wallet, merchant, rest, state)| Preauthorization { id, wallet, merchant, rest, state }))
}

/// Ends a hold: whatever was not captured counts as given back.
pub(crate) async fn close(tx: &mut Tx<'_>, id: i64, state: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE preauthorization SET returned = amount - captured, state = ? WHERE id = ?")
        .bind(state)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) async fn hold_less(tx: &mut Tx<'_>, wallet: &str, amount: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE account SET held = held - ? WHERE token = ?")
        .bind(amount)
        .bind(wallet)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) async fn available(tx: &mut Tx<'_>, token: &str, kind: &str) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT balance - held FROM account WHERE token = ? AND kind = ?")
        .bind(token)
        .bind(kind)
        .fetch_optional(&mut **tx)
        .await
}

/// The row that a reference names; 0, which no row has, for anything else.
pub(crate) fn row_id(reference: &str, prefix: &str) -> i64 {
    reference.strip_prefix(prefix).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
