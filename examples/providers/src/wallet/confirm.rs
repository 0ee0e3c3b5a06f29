//! Orders that wait for the payer's word: above a limit the provider asks in its app before it sets money aside.

use crate::wallet::accounts::Tx;
use crate::wallet::record::{Kind, Record};
use crate::wallet::request::{Order, Work};

/// Whether the payer is asked first.
pub(crate) fn needs_word(work: &Work, limit: Option<i64>) -> bool {
    matches!((work, limit), (Work::Preauthorize { amount, .. }, Some(limit)) if *amount > limit)
}

/// Keeps an order until the payer has said something.
pub(crate) async fn keep(tx: &mut Tx<'_>, order: &Order) -> Result<(), sqlx::Error> {
    let Work::Preauthorize { wallet, merchant, amount, expires_at } = &order.work else { return Ok(()) };
    sqlx::query(
        "INSERT INTO waiting_order (operation, key, fingerprint, wallet, merchant, amount, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&order.operation)
    .bind(&order.key)
    .bind(order.fingerprint.as_slice())
    .bind(wallet)
    .bind(merchant)
    .bind(amount)
    .bind(expires_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

type Row = (String, String, Vec<u8>, String, String, i64, i64);

/// The order of an operation that waits.
pub(crate) async fn of_operation(tx: &mut Tx<'_>, operation: &str) -> Result<Option<Order>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT operation, key, fingerprint, wallet, merchant, amount, expires_at FROM waiting_order WHERE operation = ?",
    )
    .bind(operation)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.and_then(order))
}

/// The order that waits under a key.
pub(crate) async fn of_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<Order>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT operation, key, fingerprint, wallet, merchant, amount, expires_at FROM waiting_order WHERE key = ?",
    )
    .bind(key)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.and_then(order))
}

/// It waits no more.
pub(crate) async fn drop_order(tx: &mut Tx<'_>, operation: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM waiting_order WHERE operation = ?").bind(operation).execute(&mut **tx).await?;
    Ok(())
}

/// What is said of an order that waits.
pub(crate) fn pending(order: &Order) -> Record {
    Record::pending(&order.operation, Kind::Preauthorization)
}

fn order((operation, key, fingerprint, wallet, merchant, amount, expires_at): Row) -> Option<Order> {
    let work = Work::Preauthorize { wallet, merchant, amount, expires_at };
    Some(Order { operation, key, fingerprint: fingerprint.try_into().ok()?, work })
}
