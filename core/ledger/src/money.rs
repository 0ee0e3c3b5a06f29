//! Amounts in integer minor units. No float, no bare integer, no arithmetic that wraps.

use core::fmt;

use thiserror::Error;

use crate::Currency;

/// An amount in a currency's minor unit; negative values are possible, for balances.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why two amounts cannot be added or subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The amounts are in two currencies.
    #[error("{left} and {right} cannot be added: convert one of them first")]
    CurrencyMismatch {
        /// Currency of the left amount.
        left: Currency,
        /// Currency of the right amount.
        right: Currency,
    },
    /// The result does not fit 64 bits.
    #[error("the amount is beyond what a balance can hold: use smaller amounts")]
    Overflow,
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Something else than digits with at most one point between them.
    #[error(
        "an amount is written with digits and at most one point between them, for example 1200: remove signs, spaces and separators"
    )]
    Malformed,
    /// More decimal places than the currency has.
    #[error("{currency} has {places} decimal places: remove the others")]
    TooManyPlaces {
        /// The currency of the amount.
        currency: Currency,
        /// Decimal places of that currency.
        places: u8,
    },
    /// The amount does not fit 64 bits.
    #[error("the amount is beyond what a balance can hold: use a smaller amount")]
    Overflow,
}

impl Money {
    /// Takes an amount in minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Minor units: yen for JPY, cents for USD.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Says whether the amount is above zero.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Adds.
    ///
    /// # Errors
    /// [`MoneyError`] when the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.with_same_currency(other, i64::checked_add)
    }

    /// Subtracts.
    ///
    /// # Errors
    /// [`MoneyError`] when the currencies differ or the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.with_same_currency(other, i64::checked_sub)
    }

    /// Reads an amount as people write it: `1200` for yen, `12.50` for dollars.
    ///
    /// # Errors
    /// [`AmountError`]: `100.0` is refused for yen, because a text with decimals was meant for another currency.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(AmountError::Malformed),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(AmountError::Malformed);
        }
        let places = usize::from(currency.exponent());
        if fraction.len() > places {
            return Err(AmountError::TooManyPlaces { currency, places: currency.exponent() });
        }
        let padding = core::iter::repeat_n(b'0', places - fraction.len());
        let minor = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(padding)
            .try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
        Ok(Self { minor: minor.ok_or(AmountError::Overflow)?, currency })
    }

    fn with_same_currency(self, other: Self, operation: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let minor = operation(self.minor, other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = usize::from(self.currency.exponent());
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        let point = if exponent == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction} {}", self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
