//! For whoever runs the sandbox: open wallets, top them up, look at balances, check that the money adds up.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::Connection;

use crate::wallet::accounts::{expire_due, post};
use crate::wallet::books::{Books, BooksError};
use crate::wallet::statement::{Asked, Statement};

/// A wallet's or merchant's money, yen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Whose.
    pub token: String,
    /// All of it.
    pub balance: i64,
    /// What is set aside.
    pub held: i64,
    /// What can be spent: `balance - held`.
    pub available: i64,
    /// Always `JPY`.
    pub currency: String,
}

/// The books, checked from end to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Paid in from outside, yen.
    pub issued: i64,
    /// In wallets.
    pub in_wallets: i64,
    /// At merchants.
    pub at_merchants: i64,
    /// Of what is in wallets, set aside.
    pub held: i64,
    /// What does not add up; empty when all is well.
    pub faults: Vec<String>,
}

/// The sandbox's own powers over a provider. Clones share it.
#[derive(Clone, Debug)]
pub struct Sandbox {
    pub(crate) books: Arc<Books>,
}

impl Sandbox {
    pub(crate) fn new(books: Arc<Books>) -> Sandbox {
        Sandbox { books }
    }

    /// Opens a wallet, empty. Nothing happens when it is there.
    pub async fn open_wallet(&self, token: &str) -> Result<(), BooksError> {
        self.open(token, "wallet").await
    }

    /// Opens a merchant's account, empty. Nothing happens when it is there.
    pub async fn open_merchant(&self, token: &str) -> Result<(), BooksError> {
        self.open(token, "merchant").await
    }

    /// Pays money in from outside. False: there is no such wallet, or the amount is not above zero.
    pub async fn top_up(&self, token: &str, amount: i64) -> Result<bool, BooksError> {
        let mut connection = self.books.connection().await;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM account WHERE token = ? AND kind = 'wallet'")
            .bind(token)
            .fetch_optional(&mut *tx)
            .await?;
        if found.is_none() || amount <= 0 {
            return Ok(false);
        }
        post(&mut tx, "issuer", token, amount, None, self.books.now()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The money of a wallet or merchant.
    pub async fn balance(&self, token: &str) -> Result<Option<Balance>, BooksError> {
        let mut connection = self.books.connection().await;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        expire_due(&mut tx, self.books.now()).await?;
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT balance, held FROM account WHERE token = ? AND kind <> 'issuer'")
                .bind(token)
                .fetch_optional(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(row.map(|(balance, held)| Balance {
            token: token.to_owned(),
            balance,
            held,
            available: balance - held,
            currency: "JPY".to_owned(),
        }))
    }

    /// The payer says yes to an operation that waits for it. False: none of that id waits.
    pub async fn confirm(&self, operation: &str) -> Result<bool, BooksError> {
        self.books.confirmed(operation, true).await
    }

    /// The payer says no to an operation that waits for their word. False: none of that id waits.
    pub async fn refuse(&self, operation: &str) -> Result<bool, BooksError> {
        self.books.confirmed(operation, false).await
    }

    /// What was done in `[from, until)`, milliseconds since 1970.
    pub async fn statement(&self, from: i64, until: i64) -> Result<Statement, BooksError> {
        self.books.statement(Asked { from, until }).await
    }

    /// Checks every balance against its postings, every hold against its captures, and the whole against zero.
    pub async fn audit(&self) -> Result<Audit, BooksError> {
        let mut connection = self.books.connection().await;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        expire_due(&mut tx, self.books.now()).await?;
        let mut faults = Vec::new();
        for (fault, query) in CHECKS {
            let wrong: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut *tx).await?;
            faults.extend(wrong.into_iter().map(|subject| format!("{fault}: {subject}")));
        }
        let (issued, in_wallets, at_merchants, held): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT COALESCE(SUM(-balance) FILTER (WHERE kind = 'issuer'), 0),
                    COALESCE(SUM(balance) FILTER (WHERE kind = 'wallet'), 0),
                    COALESCE(SUM(balance) FILTER (WHERE kind = 'merchant'), 0),
                    COALESCE(SUM(held), 0) FROM account",
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Audit { issued, in_wallets, at_merchants, held, faults })
    }

    async fn open(&self, token: &str, kind: &str) -> Result<(), BooksError> {
        let mut connection = self.books.connection().await;
        sqlx::query("INSERT INTO account (token, kind) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(token)
            .bind(kind)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}

/// What must never be found, and a query that names each place where it is.
const CHECKS: [(&str, &str); 8] = [
    ("balances do not sum to zero, but to", "SELECT CAST(SUM(balance) AS TEXT) FROM account HAVING SUM(balance) <> 0"),
    (
        "a balance differs from its postings",
        "SELECT token FROM account a WHERE balance <>
           (SELECT COALESCE(SUM(amount), 0) FROM posting WHERE credit = a.token)
         - (SELECT COALESCE(SUM(amount), 0) FROM posting WHERE debit = a.token)",
    ),
    (
        "money set aside differs from the open holds",
        "SELECT token FROM account a WHERE held <>
           (SELECT COALESCE(SUM(amount - captured - returned), 0) FROM preauthorization
            WHERE wallet = a.token AND state = 'open')",
    ),
    (
        "a hold differs from its captures",
        "SELECT 'pa_' || id FROM preauthorization p WHERE captured <>
           (SELECT COALESCE(SUM(amount), 0) FROM capture WHERE preauthorization = p.id)",
    ),
    (
        "less of a hold went back than was reverted",
        "SELECT 'pa_' || id FROM preauthorization p WHERE returned <
           (SELECT COALESCE(SUM(amount), 0) FROM revert WHERE preauthorization = p.id)",
    ),
    (
        "a capture differs from its refunds",
        "SELECT 'cp_' || id FROM capture c WHERE refunded <>
           (SELECT COALESCE(SUM(amount), 0) FROM refund WHERE capture = c.id)",
    ),
    (
        "an operation moved money other than once",
        "SELECT o.id FROM operation o WHERE status = 'settled' AND kind IN ('capture', 'refund') AND
           (SELECT COALESCE(SUM(amount), 0) FROM posting WHERE operation = o.id) <> o.amount",
    ),
    (
        "money moved for an operation that was declined or does not exist",
        "SELECT p.operation FROM posting p LEFT JOIN operation o ON o.id = p.operation
         WHERE p.operation IS NOT NULL AND (o.id IS NULL OR o.status <> 'settled')",
    ),
];
