//! Captures that payers contest. While one is open nothing happens to the money here; when it is lost it goes back.

use sqlx::Connection;

use crate::wallet::accounts::{post, row_id};
use crate::wallet::books::BooksError;
use crate::wallet::sandbox::Sandbox;

impl Sandbox {
    /// The payer contests `amount` of a capture. The dispute's name; `None`: no such capture, or less is left of it.
    pub async fn dispute(&self, capture: &str, amount: i64, reason: &str) -> Result<Option<String>, BooksError> {
        let mut connection = self.books.connection().await;
        let left: Option<i64> = sqlx::query_scalar(
            "SELECT c.amount - c.refunded
                  - COALESCE((SELECT SUM(d.amount) FROM dispute d WHERE d.capture = c.id AND d.state <> 'won'), 0)
             FROM capture c WHERE c.id = ?",
        )
        .bind(row_id(capture, "cp_"))
        .fetch_optional(&mut *connection)
        .await?;
        if amount <= 0 || left.is_none_or(|left| left < amount) {
            return Ok(None);
        }
        let (id,): (i64,) =
            sqlx::query_as("INSERT INTO dispute (capture, amount, reason) VALUES (?, ?, ?) RETURNING id")
                .bind(row_id(capture, "cp_"))
                .bind(amount)
                .bind(reason)
                .fetch_one(&mut *connection)
                .await?;
        let id = format!("dp_{id}");
        self.books.notices.disputed("dispute.opened", &id, capture, amount, reason, self.books.now());
        Ok(Some(id))
    }

    /// A dispute ends. False: there is none of that name that is open.
    pub async fn end_dispute(&self, dispute: &str, lost: bool) -> Result<bool, BooksError> {
        let now = self.books.now();
        let mut connection = self.books.connection().await;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let found: Option<(i64, i64, String, String, String)> = sqlx::query_as(
            "SELECT d.capture, d.amount, d.reason, p.wallet, p.merchant FROM dispute d
             JOIN capture c ON c.id = d.capture JOIN preauthorization p ON p.id = c.preauthorization
             WHERE d.id = ? AND d.state = 'open'",
        )
        .bind(row_id(dispute, "dp_"))
        .fetch_optional(&mut *tx)
        .await?;
        let Some((capture, amount, reason, wallet, merchant)) = found else { return Ok(false) };
        sqlx::query("UPDATE dispute SET state = ? WHERE id = ?")
            .bind(if lost { "lost" } else { "won" })
            .bind(row_id(dispute, "dp_"))
            .execute(&mut *tx)
            .await?;
        if lost {
            post(&mut tx, &merchant, &wallet, amount, None, now).await?;
        }
        tx.commit().await?;
        let kind = if lost { "dispute.lost" } else { "dispute.won" };
        self.books.notices.disputed(kind, dispute, &format!("cp_{capture}"), amount, &reason, now);
        Ok(true)
    }
}
