//! The name of a rail: the hub's own ledger or an installed plugin.

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

const RAIL_ID_LEN_MAX: usize = 64;

/// Names a rail: 1 to 64 lower-case letters, digits, `-`, `_` and `.`, starting with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RailId(String);

/// The text is not a rail's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a rail is named by 1 to 64 lower-case letters, digits, '-', '_' and '.', starting with a letter or digit: correct the name"
)]
pub struct RailIdError;

impl RailId {
    /// Takes a rail's name.
    ///
    /// # Errors
    /// [`RailIdError`] when the name has another shape.
    pub fn new(name: impl Into<String>) -> Result<Self, RailIdError> {
        let name = name.into();
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let shape = |b: u8| word(b) || matches!(b, b'-' | b'_' | b'.');
        let starts_well = name.bytes().next().is_some_and(word);
        if !starts_well || name.len() > RAIL_ID_LEN_MAX || !name.bytes().all(shape) {
            return Err(RailIdError);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RailId {
    type Err = RailIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}
