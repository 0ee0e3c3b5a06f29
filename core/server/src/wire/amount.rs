//! Amounts in JSON: whole minor units and a currency code, never a decimal.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use tebura_ledger::{Currency, Money};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Largest integer that every JSON reader keeps exact.
pub const MAX_MINOR: i64 = (1 << 53) - 1;

/// An amount as the hub writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyBody {
    /// Minor units: yen for JPY, cents for USD.
    #[schema(example = 1200)]
    pub minor: i64,
    /// ISO 4217, or an operator's own code.
    #[schema(example = "JPY")]
    pub currency: String,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> MoneyBody {
        MoneyBody { minor: money.minor(), currency: money.currency().code().to_owned() }
    }
}

/// An amount as a caller writes it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountBody {
    /// Minor units, a whole number above zero: 1200 is ¥1,200. Never a decimal, never text.
    #[schema(value_type = i64, minimum = 1, maximum = 9007199254740991_i64, example = 1200)]
    minor: Number,
    /// ISO 4217, or an operator's own code.
    #[schema(example = "JPY")]
    currency: String,
}

impl AmountBody {
    /// The amount.
    ///
    /// # Errors
    /// 422 with one code for each way to be wrong, in this order: fraction, negative, zero, too large, currency.
    pub fn money(&self) -> Result<Money, Problem> {
        let minor = match (self.minor.as_i64(), self.minor.as_u64()) {
            (Some(minor), _) => minor,
            (None, Some(_)) => return Err(too_large()),
            (None, None) => {
                return Err(refused(
                    "amount.not_whole",
                    "An amount is a whole number of minor units without point or exponent: ¥1,200 is 1200.",
                ));
            }
        };
        if minor < 0 {
            return Err(refused("amount.negative", "An amount is above zero. To return money, refund a capture."));
        }
        if minor == 0 {
            return Err(refused("amount.zero", "An amount is above zero."));
        }
        if minor > MAX_MINOR {
            return Err(too_large());
        }
        let currency = Currency::new(&self.currency)
            .map_err(|error| refused("amount.currency_malformed", &format!("{error}.")))?;
        Ok(Money::new(minor, currency))
    }
}

fn too_large() -> Problem {
    refused("amount.too_large", "An amount has at most 9007199254740991 minor units.")
}

fn refused(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Result<i64, &str>) {
        let body: AmountBody = serde_json::from_str(json).unwrap();
        let read = body.money();
        let read = read.as_ref().map(|money| money.minor()).map_err(|problem| problem.code.as_ref());
        assert_eq!(read, expected, "{json}");
    }

    #[test]
    fn each_wrong_amount_has_its_own_code() {
        check(r#"{"minor": 1200, "currency": "JPY"}"#, Ok(1200));
        check(r#"{"minor": 12.5, "currency": "JPY"}"#, Err("amount.not_whole"));
        check(r#"{"minor": 1200.0, "currency": "JPY"}"#, Err("amount.not_whole"));
        check(r#"{"minor": 12e2, "currency": "JPY"}"#, Err("amount.not_whole"));
        check(r#"{"minor": -1, "currency": "JPY"}"#, Err("amount.negative"));
        check(r#"{"minor": 0, "currency": "JPY"}"#, Err("amount.zero"));
        check(r#"{"minor": 9007199254740992, "currency": "JPY"}"#, Err("amount.too_large"));
        check(r#"{"minor": 18446744073709551615, "currency": "JPY"}"#, Err("amount.too_large"));
        check(r#"{"minor": 1, "currency": "jpy"}"#, Err("amount.currency_malformed"));
        check(r#"{"minor": 1, "currency": "JPX"}"#, Err("amount.currency_malformed"));
    }

    #[test]
    fn text_is_not_a_number() {
        assert!(serde_json::from_str::<AmountBody>(r#"{"minor": "1200", "currency": "JPY"}"#).is_err());
    }
}
