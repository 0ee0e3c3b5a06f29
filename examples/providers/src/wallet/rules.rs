//! Whether an order is carried out: the rules of holds, captures, reverts and refunds. The tables check again.

use crate::wallet::accounts::{Tx, available, close, hold_less, post, preauthorization, row_id};
use crate::wallet::request::Work;

/// Longest hold, milliseconds: 30 days.
const MAX_HOLD_MS: i64 = 30 * 24 * 3_600_000;

/// One order's outcome before it is written down.
pub(crate) enum Ruling {
    Settled { reference: String, amount: i64 },
    Declined { http_status: u16, code: &'static str, message: &'static str },
}

pub(crate) async fn decide(tx: &mut Tx<'_>, work: &Work, operation: &str, now: i64) -> Result<Ruling, sqlx::Error> {
    match work {
        Work::Preauthorize { wallet, merchant, amount, expires_at } => {
            preauthorize(tx, wallet, merchant, *amount, *expires_at, now).await
        }
        Work::Raise { preauthorization, amount } => raise(tx, preauthorization, *amount).await,
        Work::Extend { preauthorization, amount, expires_at } => {
            extend(tx, preauthorization, *amount, *expires_at, now).await
        }
        Work::Capture { preauthorization, amount, is_final } => {
            capture(tx, preauthorization, *amount, *is_final, operation, now).await
        }
        Work::Revert { preauthorization, amount } => revert(tx, preauthorization, *amount).await,
        Work::Refund { capture, amount } => refund(tx, capture, *amount, operation, now).await,
    }
}

async fn preauthorize(
    tx: &mut Tx<'_>,
    wallet: &str,
    merchant: &str,
    amount: i64,
    expires_at: i64,
    now: i64,
) -> Result<Ruling, sqlx::Error> {
    let Some(available) = available(tx, wallet, "wallet").await? else {
        return Ok(declined(404, "wallet.not_found", "there is no such wallet"));
    };
    if available_of_merchant(tx, merchant).await?.is_none() {
        return Ok(declined(404, "merchant.not_found", "there is no such merchant"));
    }
    if expires_at <= now {
        return Ok(declined(410, "preauthorization.expired", "`expires_at` has passed"));
    }
    if expires_at - now > MAX_HOLD_MS {
        return Ok(declined(409, "preauthorization.too_long", "money is set aside for 30 days at most"));
    }
    if available < amount {
        return Ok(declined(402, "funds.insufficient", "the wallet holds too little"));
    }
    hold_less(tx, wallet, -amount).await?;
    let (id,): (i64,) = sqlx::query_as(
        "INSERT INTO preauthorization (wallet, merchant, amount, expires_at) VALUES (?, ?, ?, ?) RETURNING id",
    )
    .bind(wallet)
    .bind(merchant)
    .bind(amount)
    .bind(expires_at)
    .fetch_one(&mut **tx)
    .await?;
    Ok(Ruling::Settled { reference: format!("pa_{id}"), amount })
}

async fn raise(tx: &mut Tx<'_>, reference: &str, amount: i64) -> Result<Ruling, sqlx::Error> {
    let Some(hold) = preauthorization(tx, reference).await? else { return Ok(no_such_hold()) };
    if let Some(over) = over(&hold.state) {
        return Ok(over);
    }
    if available(tx, &hold.wallet, "wallet").await?.unwrap_or(0) < amount {
        return Ok(declined(402, "funds.insufficient", "the wallet holds too little"));
    }
    hold_less(tx, &hold.wallet, -amount).await?;
    sqlx::query("UPDATE preauthorization SET amount = amount + ? WHERE id = ?")
        .bind(amount)
        .bind(hold.id)
        .execute(&mut **tx)
        .await?;
    Ok(Ruling::Settled { reference: reference.to_owned(), amount })
}

async fn extend(
    tx: &mut Tx<'_>,
    reference: &str,
    amount: i64,
    expires_at: i64,
    now: i64,
) -> Result<Ruling, sqlx::Error> {
    let Some(hold) = preauthorization(tx, reference).await? else { return Ok(no_such_hold()) };
    if let Some(over) = over(&hold.state) {
        return Ok(over);
    }
    if amount != hold.rest {
        return Ok(declined(409, "preauthorization.exceeded", "another amount than that is still set aside"));
    }
    if expires_at - now > MAX_HOLD_MS {
        return Ok(declined(409, "preauthorization.too_long", "money is set aside for 30 days at most"));
    }
    sqlx::query("UPDATE preauthorization SET expires_at = max(expires_at, ?) WHERE id = ?")
        .bind(expires_at)
        .bind(hold.id)
        .execute(&mut **tx)
        .await?;
    Ok(Ruling::Settled { reference: reference.to_owned(), amount })
}

async fn capture(
    tx: &mut Tx<'_>,
    reference: &str,
    amount: i64,
    is_final: bool,
    operation: &str,
    now: i64,
) -> Result<Ruling, sqlx::Error> {
    let Some(hold) = preauthorization(tx, reference).await? else { return Ok(no_such_hold()) };
    if let Some(over) = over(&hold.state) {
        return Ok(over);
    }
    if amount > hold.rest {
        return Ok(declined(409, "preauthorization.exceeded", "less than that is still set aside"));
    }
    let ends = is_final || amount == hold.rest;
    hold_less(tx, &hold.wallet, if ends { hold.rest } else { amount }).await?;
    post(tx, &hold.wallet, &hold.merchant, amount, Some(operation), now).await?;
    sqlx::query("UPDATE preauthorization SET captured = captured + ? WHERE id = ?")
        .bind(amount)
        .bind(hold.id)
        .execute(&mut **tx)
        .await?;
    if ends {
        close(tx, hold.id, "captured").await?;
    }
    let (id,): (i64,) = sqlx::query_as("INSERT INTO capture (preauthorization, amount) VALUES (?, ?) RETURNING id")
        .bind(hold.id)
        .bind(amount)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Ruling::Settled { reference: format!("cp_{id}"), amount })
}

async fn revert(tx: &mut Tx<'_>, reference: &str, amount: i64) -> Result<Ruling, sqlx::Error> {
    let Some(hold) = preauthorization(tx, reference).await? else { return Ok(no_such_hold()) };
    if let Some(over) = over(&hold.state) {
        return Ok(over);
    }
    if amount > hold.rest {
        return Ok(declined(409, "preauthorization.exceeded", "less than that is still set aside"));
    }
    hold_less(tx, &hold.wallet, amount).await?;
    sqlx::query("UPDATE preauthorization SET returned = returned + ? WHERE id = ?")
        .bind(amount)
        .bind(hold.id)
        .execute(&mut **tx)
        .await?;
    if amount == hold.rest {
        close(tx, hold.id, "reverted").await?;
    }
    let (id,): (i64,) = sqlx::query_as("INSERT INTO revert (preauthorization, amount) VALUES (?, ?) RETURNING id")
        .bind(hold.id)
        .bind(amount)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Ruling::Settled { reference: format!("rv_{id}"), amount })
}

async fn refund(
    tx: &mut Tx<'_>,
    reference: &str,
    amount: i64,
    operation: &str,
    now: i64,
) -> Result<Ruling, sqlx::Error> {
    let found: Option<(i64, i64, String, String)> = sqlx::query_as(
        "SELECT c.id, c.amount - c.refunded
              - COALESCE((SELECT SUM(d.amount) FROM dispute d WHERE d.capture = c.id AND d.state <> 'won'), 0),
                p.wallet, p.merchant
         FROM capture c JOIN preauthorization p ON p.id = c.preauthorization WHERE c.id = ?",
    )
    .bind(row_id(reference, "cp_"))
    .fetch_optional(&mut **tx)
    .await?;
    let Some((id, refundable, wallet, merchant)) = found else {
        return Ok(declined(404, "capture.not_found", "there is no such capture"));
    };
    if amount > refundable {
        return Ok(declined(409, "capture.exceeded", "less than that is left to refund"));
    }
    if available_of_merchant(tx, &merchant).await?.unwrap_or(0) < amount {
        return Ok(declined(402, "merchant.funds_insufficient", "the merchant's balance is too low"));
    }
    post(tx, &merchant, &wallet, amount, Some(operation), now).await?;
    sqlx::query("UPDATE capture SET refunded = refunded + ? WHERE id = ?")
        .bind(amount)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    let (id,): (i64,) = sqlx::query_as("INSERT INTO refund (capture, amount) VALUES (?, ?) RETURNING id")
        .bind(id)
        .bind(amount)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Ruling::Settled { reference: format!("rf_{id}"), amount })
}

async fn available_of_merchant(tx: &mut Tx<'_>, token: &str) -> Result<Option<i64>, sqlx::Error> {
    available(tx, token, "merchant").await
}

/// Why nothing can be taken from or given back of a hold any more.
fn over(state: &str) -> Option<Ruling> {
    match state {
        "open" => None,
        "expired" => Some(declined(410, "preauthorization.expired", "its time has passed; the rest went back")),
        _ => Some(declined(409, "preauthorization.closed", "nothing of it is left")),
    }
}

fn no_such_hold() -> Ruling {
    declined(404, "preauthorization.not_found", "there is no such pre-authorisation")
}

fn declined(http_status: u16, code: &'static str, message: &'static str) -> Ruling {
    Ruling::Declined { http_status, code, message }
}
