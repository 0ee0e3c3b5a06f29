//! An amount as a rail sees it. No arithmetic: a rail passes amounts on and compares them.

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = u64;

/// An amount in the smallest unit of its currency (yen have none smaller: 1,200 yen is 1200).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    minor: u64,
    currency: String,
}

impl Money {
    /// An amount of `minor` units of `currency`, an ISO 4217 code or one that the operator registered.
    pub fn new(minor: u64, currency: impl Into<String>) -> Money {
        Money { minor, currency: currency.into() }
    }

    /// In the smallest unit of the currency.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// Three upper-case letters, or the operator's own code.
    pub fn currency(&self) -> &str {
        &self.currency
    }
}

/// An amount of Japanese yen.
pub fn yen(amount: u64) -> Money {
    Money::new(amount, "JPY")
}
