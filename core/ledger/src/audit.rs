//! The audit: whether a whole book adds up, row by row and rows against each other.
//!
//! Meaningless on a partial book, where the rows that others should agree with are missing.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::{AccountId, Book, Currency, Hold, HoldId, Money, Operation, OperationId, OperationKind, OperationState};

/// Rows of a whole book that do not add up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Imbalance {
    /// A row is wrong by itself.
    #[error("{row} does not add up by itself: compare it with its operations and transfers")]
    Row {
        /// The row, as text.
        row: String,
    },
    /// The posted balances of a currency do not sum up to zero over all accounts of the shard.
    #[error("the {currency} balances sum up to {sum} instead of zero: compare them with the transfers")]
    Posted {
        /// The currency.
        currency: Currency,
        /// The sum in minor units.
        sum: i128,
    },
    /// An account's held amount is not what holds and refunds say.
    #[error("{account} has {recorded} held where its holds say {counted}: compare it with its open holds")]
    Held {
        /// The account.
        account: AccountId,
        /// Minor units in the row.
        recorded: i64,
        /// Minor units counted from the holds.
        counted: i128,
    },
    /// A hold's amounts are not what its operations say.
    #[error("{hold} does not agree with its operations in what is {amount}: compare them")]
    Operations {
        /// The hold.
        hold: HoldId,
        /// The amount that differs.
        amount: &'static str,
    },
    /// A capture's refunds are not what the refunds say.
    #[error("{capture} does not agree with its refunds: compare them")]
    Refunds {
        /// The capture.
        capture: OperationId,
    },
}

impl Book {
    /// Checks a whole book: each row by itself, double entry in each currency, held amounts against holds, and holds
    /// against their operations. Time grows with the number of rows.
    ///
    /// # Errors
    /// The first [`Imbalance`] found.
    pub fn audit(&self) -> Result<(), Imbalance> {
        self.rows_add_up()?;
        self.posted_sums_to_zero()?;
        self.held_is_what_holds_say()?;
        self.holds_are_what_operations_say()
    }

    fn rows_add_up(&self) -> Result<(), Imbalance> {
        let wrong = |row: &dyn ToString| Imbalance::Row { row: row.to_string() };
        for account in self.accounts() {
            account.check().map_err(|_| wrong(&account.id()))?;
        }
        for hold in self.holds() {
            hold.parts.check().map_err(|_| wrong(&hold.id()))?;
        }
        for operation in self.operations() {
            operation.parts.check().map_err(|_| wrong(&operation.id()))?;
        }
        Ok(())
    }

    fn posted_sums_to_zero(&self) -> Result<(), Imbalance> {
        let mut sums = BTreeMap::<Currency, i128>::new();
        for account in self.accounts() {
            *sums.entry(account.currency()).or_default() += i128::from(account.posted().minor());
        }
        match sums.into_iter().find(|(_, sum)| *sum != 0) {
            None => Ok(()),
            Some((currency, sum)) => Err(Imbalance::Posted { currency, sum }),
        }
    }

    fn held_is_what_holds_say(&self) -> Result<(), Imbalance> {
        let mut counted = BTreeMap::<AccountId, i128>::new();
        for hold in self.holds() {
            *counted.entry(hold.payer()).or_default() += i128::from(hold.payer_held_minor());
            *counted.entry(hold.payee()).or_default() += i128::from(hold.payee_held_minor());
        }
        for account in self.accounts() {
            let (account, recorded) = (account.id(), account.held().minor());
            let counted = counted.remove(&account).unwrap_or(0);
            if i128::from(recorded) != counted {
                return Err(Imbalance::Held { account, recorded, counted });
            }
        }
        match counted.into_iter().find(|(_, counted)| *counted != 0) {
            None => Ok(()),
            Some((account, counted)) => Err(Imbalance::Held { account, recorded: 0, counted }),
        }
    }

    fn holds_are_what_operations_say(&self) -> Result<(), Imbalance> {
        let mut by_hold = BTreeMap::<HoldId, Counted>::new();
        let mut refunds = BTreeMap::<OperationId, (i128, i128)>::new();
        for operation in self.operations() {
            if let Some(hold) = operation.hold() {
                by_hold.entry(hold).or_default().add(operation);
            }
            if let Some(capture) = operation.kind().capture() {
                let (open, settled) = amounts(operation);
                let sums = refunds.entry(capture).or_default();
                *sums = (sums.0 + open, sums.1 + settled);
            }
        }
        for hold in self.holds() {
            by_hold.remove(&hold.id()).unwrap_or_default().compare(hold)?;
        }
        if let Some(hold) = by_hold.into_keys().next() {
            return Err(Imbalance::Row { row: hold.to_string() });
        }
        for operation in self.operations() {
            let recorded = (operation.parts.refund_in_flight.into(), operation.parts.refunded.into());
            if refunds.remove(&operation.id()).unwrap_or_default() != recorded {
                return Err(Imbalance::Refunds { capture: operation.id() });
            }
        }
        match refunds.into_keys().next() {
            None => Ok(()),
            Some(capture) => Err(Imbalance::Refunds { capture }),
        }
    }
}

/// A hold's amounts as its operations tell them.
#[derive(Default)]
struct Counted {
    placing: i128,
    raising: i128,
    capturing: i128,
    captured: i128,
    releasing: i128,
    released: i128,
    refunding: i128,
    refunded: i128,
    disputed: i128,
    lost: i128,
}

impl Counted {
    fn add(&mut self, operation: &Operation) {
        let (open, settled) = amounts(operation);
        match operation.kind() {
            OperationKind::Fund { .. } | OperationKind::Extend { .. } | OperationKind::Exception { .. } => {}
            OperationKind::Raise { .. } => self.raising += open,
            OperationKind::Reverse { .. } => self.captured -= settled,
            OperationKind::Dispute { .. } => {
                self.disputed += open;
                self.lost += settled;
            }
            OperationKind::Place { .. } => self.placing += open,
            OperationKind::Capture { .. } => {
                self.capturing += open;
                self.captured += settled;
            }
            OperationKind::Release { .. } | OperationKind::Expire { .. } => {
                self.releasing += open;
                self.released += settled;
            }
            OperationKind::Refund { .. } => {
                self.refunding += open;
                self.refunded += settled;
            }
        }
    }

    /// `released` may be more than releases say: a final capture returns the rest by itself.
    fn compare(&self, hold: &Hold) -> Result<(), Imbalance> {
        let parts = &hold.parts;
        let amounts = [
            ("being placed", self.placing, parts.place_in_flight),
            ("being raised", self.raising, parts.raise_in_flight),
            ("being captured", self.capturing, parts.capture_in_flight),
            ("captured", self.captured, parts.captured),
            ("being released", self.releasing, parts.release_in_flight),
            ("being refunded", self.refunding, parts.refund_in_flight),
            ("refunded", self.refunded, parts.refunded),
            ("disputed", self.disputed, parts.disputed),
            ("lost", self.lost, parts.lost),
        ];
        let differs = |amount| Err(Imbalance::Operations { hold: hold.id(), amount });
        match amounts.into_iter().find(|(_, counted, recorded)| *counted != i128::from(*recorded)) {
            Some((amount, _, _)) => differs(amount),
            None if self.released > i128::from(parts.released) => differs("released"),
            None => Ok(()),
        }
    }
}

/// What an operation still asks for and what it did, in minor units.
fn amounts(operation: &Operation) -> (i128, i128) {
    let asked = i128::from(operation.amount().minor());
    match operation.state() {
        OperationState::Sent | OperationState::Unknown { .. } => (asked, 0),
        OperationState::Settled { amount, .. } => (0, i128::from(Money::minor(*amount))),
        OperationState::RequiresAction | OperationState::Failed { .. } => (0, 0),
    }
}
