//! Amounts as Stripe writes them. The hub counts in the smallest unit of ISO 4217; Stripe departs from it for some
//! currencies, and being wrong about one charges a hundred times too much or too little.

use tebura_plugin::Money;

/// ISO 4217 has no smaller unit; Stripe wants hundredths all the same.
const HUNDREDTHS_AT_STRIPE: [&str; 2] = ["ISK", "UGX"];
/// Thousandths, of which Stripe takes whole hundredths only.
const THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// The number that stands in a request; `None`: Stripe cannot write this amount.
pub(crate) fn to_stripe(money: &Money) -> Option<u64> {
    let minor = money.minor();
    if HUNDREDTHS_AT_STRIPE.contains(&money.currency()) {
        minor.checked_mul(100)
    } else if THOUSANDTHS.contains(&money.currency()) {
        minor.is_multiple_of(10).then_some(minor)
    } else {
        Some(minor)
    }
}

/// The amount that a number of a reply stands for; `None`: no amount of the hub is equal to it.
pub(crate) fn from_stripe(number: u64, currency: &str) -> Option<Money> {
    let currency = currency.to_ascii_uppercase();
    let minor = if HUNDREDTHS_AT_STRIPE.contains(&currency.as_str()) {
        number.is_multiple_of(100).then_some(number / 100)?
    } else {
        number
    };
    Some(Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_currency_is_written_as_stripe_reads_it() {
        let table = [
            ("JPY", 1_200, Some(1_200)),
            ("KRW", 50_000, Some(50_000)),
            ("USD", 1_234, Some(1_234)),
            ("TWD", 10_000, Some(10_000)),
            ("ISK", 5, Some(500)),
            ("UGX", 5, Some(500)),
            ("ISK", u64::MAX, None),
            ("KWD", 5_120, Some(5_120)),
            ("KWD", 5_124, None),
        ];
        for (currency, minor, number) in table {
            let money = Money::new(minor, currency);
            assert_eq!(to_stripe(&money), number, "{minor} {currency}");
            if let Some(number) = number {
                assert_eq!(from_stripe(number, &currency.to_lowercase()), Some(money));
            }
        }
        assert_eq!(from_stripe(550, "isk"), None, "half a krona");
    }
}
