//! Currencies and amounts.

use proptest::prelude::*;

use crate::{AmountError, Currency, CurrencyError, Money, MoneyError};

fn currency(code: &str) -> Currency {
    Currency::new(code).unwrap()
}

#[test]
fn a_currency_knows_its_decimal_places() {
    let codes = [
        ("JPY", 0),
        ("KRW", 0),
        ("USD", 2),
        ("EUR", 2),
        ("AED", 2),
        ("ZWG", 2),
        ("KWD", 3),
        ("CLF", 4),
        ("KAGAPT", 0),
        ("G7", 0),
    ];
    for (code, exponent) in codes.into_iter().filter(|(code, _)| code.len() > 2) {
        assert_eq!(currency(code).exponent(), exponent, "{code}");
        assert_eq!(currency(code).to_string(), code);
        assert_eq!(code.parse(), Ok(currency(code)));
    }
    assert_eq!(currency("JPY"), Currency::JPY);
}

#[test]
fn the_tables_of_codes_can_be_searched() {
    for code in ["BIF", "XPF", "AED", "ZWG", "BHD", "TND", "CLF", "UYW"] {
        assert_eq!(currency(code).code(), code);
    }
    let source = include_str!("../currency.rs");
    for table in source.split(": &[&str] = &[").skip(1) {
        let codes: Vec<&str> = table.split("];").next().unwrap().split('"').skip(1).step_by(2).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        assert!(codes.iter().all(|code| code.len() == 3));
    }
}

#[test]
fn a_mistyped_currency_is_refused() {
    for code in ["", "JP", "jpy", "JPY ", "¥", "KAGA-PT", "ABCDEFGHIJKLM"] {
        assert_eq!(Currency::new(code), Err(CurrencyError::Malformed), "{code}");
    }
    assert_eq!(Currency::new("JPX"), Err(CurrencyError::NotIso { code: "JPX".to_owned() }));
    assert_eq!(currency("A1B").exponent(), 0);
    assert_eq!(currency("ABCDEFGHIJKL").code(), "ABCDEFGHIJKL");
}

#[test]
fn yen_cannot_be_multiplied_by_a_hundred() {
    let read = |text| Money::parse_decimal(text, Currency::JPY);
    assert_eq!(read("1200"), Ok(Money::new(1200, Currency::JPY)));
    for text in ["100.0", "100.00", "0.5", "1.1"] {
        let too_many = AmountError::TooManyPlaces { currency: Currency::JPY, places: 0 };
        assert_eq!(read(text), Err(too_many), "{text}");
    }
}

#[test]
fn an_amount_is_digits_with_one_point() {
    let read = |text| Money::parse_decimal(text, currency("USD")).map(Money::minor);
    for (text, minor) in [("12", 1200), ("12.5", 1250), ("12.50", 1250), ("0.01", 1), ("0", 0), ("007", 700)] {
        assert_eq!(read(text), Ok(minor), "{text}");
    }
    for text in ["", ".", "1.", ".5", "-1", "+1", "1,000", "1 000", "1e3", "1.2.3", "0x10", "１２", "NaN"] {
        assert_eq!(read(text), Err(AmountError::Malformed), "{text}");
    }
    assert_eq!(read("1.234"), Err(AmountError::TooManyPlaces { currency: currency("USD"), places: 2 }));
    assert_eq!(read("92233720368547758.07"), Ok(i64::MAX));
    assert_eq!(read("92233720368547758.08"), Err(AmountError::Overflow));
    assert_eq!(read("99999999999999999999999"), Err(AmountError::Overflow));
}

#[test]
fn an_amount_is_written_with_its_places() {
    for (minor, code, text) in [
        (1200, "JPY", "1200 JPY"),
        (-5, "JPY", "-5 JPY"),
        (1250, "USD", "12.50 USD"),
        (5, "USD", "0.05 USD"),
        (-5, "USD", "-0.05 USD"),
        (1, "KWD", "0.001 KWD"),
        (i64::MIN, "USD", "-92233720368547758.08 USD"),
    ] {
        assert_eq!(Money::new(minor, currency(code)).to_string(), text);
    }
}

#[test]
fn arithmetic_refuses_what_does_not_fit() {
    let (yen, usd) = (|minor| Money::new(minor, Currency::JPY), currency("USD"));
    assert_eq!(yen(2).checked_add(yen(3)), Ok(yen(5)));
    assert_eq!(yen(2).checked_sub(yen(3)), Ok(yen(-1)));
    assert_eq!(yen(i64::MAX).checked_add(yen(1)), Err(MoneyError::Overflow));
    assert_eq!(yen(i64::MIN).checked_sub(yen(1)), Err(MoneyError::Overflow));
    let mismatch = MoneyError::CurrencyMismatch { left: Currency::JPY, right: usd };
    assert_eq!(yen(1).checked_add(Money::new(1, usd)), Err(mismatch));
    assert_eq!(yen(1).checked_sub(Money::new(1, usd)), Err(mismatch));
    assert!(yen(1).is_positive());
    assert!(!yen(0).is_positive());
    assert!(!yen(-1).is_positive());
    assert_eq!(Money::zero(usd).minor(), 0);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(minor in 0..=i64::MAX, code in prop::sample::select(vec!["JPY", "USD", "KWD", "CLF", "KAGAPT"])) {
        let money = Money::new(minor, currency(code));
        let text = money.to_string();
        let (amount, written) = text.split_once(' ').unwrap();
        prop_assert_eq!(written, code);
        prop_assert_eq!(Money::parse_decimal(amount, currency(code)), Ok(money));
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,40}") {
        let _ = Money::parse_decimal(&text, Currency::JPY);
        let _ = Currency::new(&text);
    }
}
