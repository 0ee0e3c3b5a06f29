//! Amounts as people read them.

use tebura_ledger::{Currency, Money};

use crate::model::Asset;
use crate::text::grouped;

/// `8,000 JPY`, `12.50 USD`, or `1 × vehicle:VIN`.
pub(crate) fn amount(asset: &Asset, units: i64) -> String {
    match asset {
        Asset::Money(currency) => {
            let text = Money::new(units, *currency).to_string();
            let whole = text.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.len());
            let (whole, rest) = text.split_at(whole);
            format!("{}{rest}", grouped(whole))
        }
        Asset::Thing(name) => format!("{} × {name}", grouped(&units.to_string())),
    }
}

/// The same in Japanese: `8,000円`.
pub(crate) fn amount_ja(asset: &Asset, units: i64) -> String {
    match asset {
        Asset::Money(Currency::JPY) => format!("{}円", grouped(&units.to_string())),
        Asset::Money(_) | Asset::Thing(_) => amount(asset, units),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_carry_their_places() {
        assert_eq!(amount(&Asset::Money(Currency::JPY), 1_800_000), "1,800,000 JPY");
        assert_eq!(amount(&Asset::Money(Currency::new("USD").unwrap()), 123_450), "1,234.50 USD");
        assert_eq!(amount(&Asset::Thing("vehicle:VIN".to_owned()), 1), "1 × vehicle:VIN");
    }
}
