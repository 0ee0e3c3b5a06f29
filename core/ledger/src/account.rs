//! Accounts: what is posted, what is promised away, and how low the account may go.
//!
//! A row is one account in one shard. At home it carries the account's own floor; in another shard it is a
//! sub-balance without floor. The account's balance is the sum over shards.

use thiserror::Error;

use crate::{AccountId, Currency, Money, MoneyError};

/// How low the available balance may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Floor {
    /// Never below zero: a wallet that the hub keeps. Holds never draw credit.
    Zero,
    /// No floor here: an issuing account, a sub-balance, or the mirror of an account whose issuer decides.
    Unlimited,
}

impl Floor {
    /// The word in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Unlimited => "unlimited",
        }
    }

    /// The floor that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Zero, Self::Unlimited].into_iter().find(|floor| floor.name() == name)
    }
}

/// The columns of an account row, for stores. Amounts in minor units of `currency`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountParts {
    /// The account.
    pub id: AccountId,
    /// The one currency of its balances.
    pub currency: Currency,
    /// The floor of this row.
    pub floor: Floor,
    /// Sum of all credits less all debits in this shard.
    pub posted: i64,
    /// Part of `posted` that open holds and refunds under way promise away; never negative.
    pub held: i64,
    /// Starts at 1, grows by one with every change.
    pub version: u64,
}

/// Why columns are not an account row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccountPartsError {
    /// `held` is below zero.
    #[error("account {0} has a negative held amount: the row is damaged, compare it with its open holds")]
    NegativeHeld(AccountId),
    /// `posted - held` does not fit 64 bits.
    #[error(
        "account {0} has an available balance that does not fit: the row is damaged, compare it with its transfers"
    )]
    AvailableOverflow(AccountId),
    /// The available balance is below the floor.
    #[error("account {0} is below its floor: the row is damaged, compare it with its transfers and open holds")]
    BelowFloor(AccountId),
    /// The version is 0.
    #[error("account {0} has version 0: versions start at 1")]
    NoVersion(AccountId),
}

impl AccountParts {
    fn check(&self) -> Result<(), AccountPartsError> {
        if self.held < 0 {
            return Err(AccountPartsError::NegativeHeld(self.id));
        }
        let Some(available) = self.posted.checked_sub(self.held) else {
            return Err(AccountPartsError::AvailableOverflow(self.id));
        };
        if self.floor == Floor::Zero && available < 0 {
            return Err(AccountPartsError::BelowFloor(self.id));
        }
        if self.version == 0 {
            return Err(AccountPartsError::NoVersion(self.id));
        }
        Ok(())
    }
}

/// One account in one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    parts: AccountParts,
}

impl Account {
    pub(crate) fn open(id: AccountId, currency: Currency, floor: Floor) -> Self {
        Self { parts: AccountParts { id, currency, floor, posted: 0, held: 0, version: 1 } }
    }

    /// The row that the first movement of a sub-balance starts from; it becomes version 1 when moved.
    pub(crate) fn unmoved(id: AccountId, currency: Currency, floor: Floor) -> Self {
        Self { parts: AccountParts { id, currency, floor, posted: 0, held: 0, version: 0 } }
    }

    /// Rebuilds a row, for stores.
    ///
    /// # Errors
    /// [`AccountPartsError`] when the columns cannot be a row that this crate made.
    pub fn from_parts(parts: AccountParts) -> Result<Self, AccountPartsError> {
        parts.check()?;
        Ok(Self { parts })
    }

    /// The columns, for stores.
    pub fn parts(&self) -> &AccountParts {
        &self.parts
    }

    /// The account.
    pub fn id(&self) -> AccountId {
        self.parts.id
    }

    /// The one currency of its balances.
    pub fn currency(&self) -> Currency {
        self.parts.currency
    }

    /// The floor of this row.
    pub fn floor(&self) -> Floor {
        self.parts.floor
    }

    /// Sum of all credits less all debits in this shard.
    pub fn posted(&self) -> Money {
        Money::new(self.parts.posted, self.parts.currency)
    }

    /// What open holds and refunds under way promise away.
    pub fn held(&self) -> Money {
        Money::new(self.parts.held, self.parts.currency)
    }

    /// What may still be promised or moved: posted less held.
    pub fn available(&self) -> Money {
        Money::new(self.parts.posted.saturating_sub(self.parts.held), self.parts.currency)
    }

    /// Starts at 1, grows by one with every change.
    pub fn version(&self) -> u64 {
        self.parts.version
    }

    /// Says whether the floor lets `amount` be promised or moved away.
    pub(crate) fn covers(&self, amount: Money) -> bool {
        match self.parts.floor {
            Floor::Zero => self.available().minor() >= amount.minor(),
            Floor::Unlimited => true,
        }
    }

    /// This row after both balances moved by the given minor units.
    pub(crate) fn moved(&self, posted: i64, held: i64) -> Result<Self, MoneyError> {
        let mut parts = self.parts;
        parts.posted = parts.posted.checked_add(posted).ok_or(MoneyError::Overflow)?;
        parts.held = parts.held.checked_add(held).ok_or(MoneyError::Overflow)?;
        parts.version = parts.version.checked_add(1).ok_or(MoneyError::Overflow)?;
        parts.posted.checked_sub(parts.held).ok_or(MoneyError::Overflow)?;
        Ok(Self { parts })
    }

    pub(crate) fn check(&self) -> Result<(), AccountPartsError> {
        self.parts.check()
    }
}
