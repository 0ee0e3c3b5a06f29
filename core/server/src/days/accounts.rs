//! Every yen: what is where before the day and after it, and whether the terminals were told the same as the books say.

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::DayError;
use super::far::Far;
use super::purses::Purses;
use super::site::{Facility, Standing};

/// Where the money is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Books {
    /// In people's hands.
    pub(super) people: i64,
    /// The demo shop's.
    pub(super) shop: i64,
    /// By facility, in the order of the services.
    pub(super) facilities: Vec<i64>,
}

impl Books {
    /// All of it.
    pub(super) fn total(&self) -> i64 {
        self.people + self.shop + self.facilities.iter().sum::<i64>()
    }
}

/// A facility's money: what its terminals were told, and what arrived.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) told: i64,
    pub(super) arrived: i64,
}

/// The accounts of the day.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Accounts {
    pub(super) before: Books,
    pub(super) after: Books,
    pub(super) lines: Vec<Line>,
}

/// Reads every balance: city points in the hub's books, wallets at their provider, cards and CBDC in their purses. What was
/// paid by card is owed, so people have that much less.
pub(super) async fn books(far: &Far, standing: &Standing, purses: Option<&Purses>) -> Result<Books, DayError> {
    let operator = (standing.file.operator_key.as_str(), "");
    let balances = far.call(Method::GET, "/demo/balances", operator, &Value::Null).await?;
    let mut books = Books { people: purses.map_or(0, Purses::people), ..Books::default() };
    for balance in balances.body.as_array().into_iter().flatten() {
        let yen = balance["available"].as_i64().unwrap_or(0);
        if balance["is_shop"] == true { books.shop += yen } else { books.people += yen }
    }
    for facility in &standing.facilities {
        let Facility { house, token, .. } = facility;
        let house = far.call(Method::GET, &format!("/v1/accounts/{house}"), operator, &Value::Null).await?;
        let wallet = far.provider(Method::GET, &format!("/sandbox/accounts/{token}"), &Value::Null).await?;
        let of = |body: &Value, name: &str| body[name].as_i64().or(body[name]["minor"].as_i64()).unwrap_or(0);
        let elsewhere = purses.map_or(0, |purses| purses.of(facility));
        books.facilities.push(of(&house.body, "available") + of(&wallet, "available") + elsewhere);
    }
    Ok(books)
}

/// Compares. What people have less, others have more, to the yen; and each has what its terminals were told.
pub(super) fn compared(
    before: Books,
    after: Books,
    standing: &Standing,
    told: &[i64],
    shop: i64,
) -> Result<Accounts, DayError> {
    if before.total() != after.total() {
        return Err(DayError::Books(format!("{} yen were there and {} are", before.total(), after.total())));
    }
    let facilities = standing.facilities.iter().zip(&before.facilities).zip(&after.facilities).zip(told);
    let mut lines: Vec<Line> = facilities
        .map(|(((facility, before), after), told)| Line {
            name: facility.name.clone(),
            told: *told,
            arrived: after - before,
        })
        .collect();
    if (shop, after.shop) != (0, before.shop) {
        lines.push(Line { name: "朝市 みどり屋".to_owned(), told: shop, arrived: after.shop - before.shop });
    }
    if let Some(line) = lines.iter().find(|line| line.told != line.arrived) {
        return Err(DayError::Books(format!("{}: told {} yen, arrived {}", line.name, line.told, line.arrived)));
    }
    Ok(Accounts { before, after, lines })
}

/// Captured less refunded, by a request's own history.
pub(super) fn moved(request: &Value) -> i64 {
    let moved = request["history"].as_array().into_iter().flatten().filter(|own| own["what"] == "moved");
    let signed = moved.map(|own| match own["name"].as_str() {
        Some("capture") => own["amount"]["minor"].as_i64().unwrap_or(0),
        Some("refund") => -own["amount"]["minor"].as_i64().unwrap_or(0),
        _ => 0,
    });
    signed.sum()
}

/// What the provider found wrong with its own books: nothing.
pub(super) async fn provider_is_well(far: &Far) -> Result<(), DayError> {
    let audit = far.provider(Method::GET, "/sandbox/audit", &json!(null)).await?;
    match audit["faults"].as_array().map(Vec::as_slice) {
        Some([]) => Ok(()),
        _ => Err(DayError::Books(format!("the provider says {audit}"))),
    }
}
