//! The book: all or some rows of one shard, and the only place where they change.
//!
//! A whole book lives in memory for tests and small hubs; a SQL store fills a partial one with the rows that a batch
//! names, applies the batch in arrival order, and writes what changed. Both give the same answers.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::apply;
use crate::changes::{Change, Changes, Outcome};
use crate::command::{Command, Keys};
use crate::effects::Effects;
use crate::{
    Account, AccountId, Currency, Event, Floor, Hold, HoldId, Operation, OperationId,
    OperationKind, Refusal, Shard, Timestamp, Transfer,
};

/// Rows of one shard, changed by commands only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    shard: Shard,
    accounts: BTreeMap<AccountId, Account>,
    foreign: BTreeMap<AccountId, (Currency, Floor)>,
    holds: BTreeMap<HoldId, Hold>,
    operations: BTreeMap<OperationId, Operation>,
    dirty_accounts: BTreeMap<AccountId, IsNew>,
    dirty_holds: BTreeMap<HoldId, IsNew>,
    dirty_operations: BTreeMap<OperationId, IsNew>,
    transfers: Vec<Transfer>,
    events: Vec<Event>,
}

type IsNew = bool;

/// Rows of a whole book that do not add up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Imbalance {
    /// An account's held amount is not what its open holds and refunds say.
    #[error("{account} has {recorded} held and its holds say {counted}: compare its open holds")]
    Held {
        /// The account.
        account: AccountId,
        /// Minor units in the row.
        recorded: i64,
        /// Minor units counted from the holds.
        counted: i128,
    },
    /// The posted balances of a currency do not sum up to zero over all accounts.
    #[error(
        "the {currency} balances sum up to {sum} instead of zero: compare them with the transfers"
    )]
    Posted {
        /// The currency.
        currency: Currency,
        /// The sum in minor units.
        sum: i128,
    },
    /// A hold's amounts are not what its operations say.
    #[error("{hold} does not agree with its operations in {amount}: compare them")]
    Operations {
        /// The hold.
        hold: HoldId,
        /// The name of the amount.
        amount: &'static str,
    },
    /// A row is wrong by itself.
    #[error("{row} does not add up by itself: compare it with its operations")]
    Row {
        /// The row, as text.
        row: String,
    },
}

impl Book {
    /// An empty book of one shard.
    pub fn new(shard: Shard) -> Self {
        Self {
            shard,
            accounts: BTreeMap::new(),
            foreign: BTreeMap::new(),
            holds: BTreeMap::new(),
            operations: BTreeMap::new(),
            dirty_accounts: BTreeMap::new(),
            dirty_holds: BTreeMap::new(),
            dirty_operations: BTreeMap::new(),
            transfers: Vec::new(),
            events: Vec::new(),
        }
    }

    /// The shard whose rows these are.
    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// Puts in an account row of this shard that the store has. A row that is already in the book stays.
    pub fn insert_account(&mut self, account: Account) {
        self.accounts.entry(account.id()).or_insert(account);
    }

    /// Puts in a hold that the store has. A hold that is already in the book stays.
    pub fn insert_hold(&mut self, hold: Hold) {
        self.holds.entry(hold.id()).or_insert(hold);
    }

    /// Puts in an operation that the store has. An operation that is already in the book stays.
    pub fn insert_operation(&mut self, operation: Operation) {
        self.operations.entry(operation.id()).or_insert(operation);
    }

    /// Says that an account exists in another home shard, with the currency and floor of its row there.
    ///
    /// When it is credited here and has no row here yet, a sub-balance row with that floor is made. A sub-balance of a
    /// floored account keeps the floor, so that the sum over shards keeps it too.
    pub fn declare_foreign(&mut self, id: AccountId, currency: Currency, floor: Floor) {
        self.foreign.insert(id, (currency, floor));
    }

    /// One account row.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// One hold.
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// One operation.
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        self.operations.get(&id)
    }

    /// All account rows, in id order.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// All holds, in id order.
    pub fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.values()
    }

    /// All operations, in id order.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// The rows that a command needs beyond [`Command::keys`] and that are not in the book, told by the rows that are:
    /// the accounts of its hold, and the capture that a refund undoes. Call it after those keys are loaded; once is
    /// enough.
    pub fn further_keys(&self, command: &Command) -> Keys {
        let mut further = Keys::default();
        for hold in command
            .keys()
            .holds
            .iter()
            .filter_map(|id| self.holds.get(id))
        {
            further.accounts.extend([hold.payer(), hold.payee()]);
        }
        for operation in command
            .keys()
            .operations
            .iter()
            .filter_map(|id| self.operations.get(id))
        {
            if let OperationKind::Refund { capture, .. } = operation.kind() {
                further.operations.push(*capture);
            }
        }
        further
            .accounts
            .retain(|id| !self.accounts.contains_key(id));
        further
            .operations
            .retain(|id| !self.operations.contains_key(id));
        further
    }

    /// Applies one command, or refuses it and changes nothing.
    ///
    /// # Errors
    /// [`Refusal`], the first that applies in the order of its variants.
    pub fn apply(&mut self, command: &Command, now: Timestamp) -> Result<Outcome, Refusal> {
        let effects = apply::effects(self, command, now)?;
        effects.check()?;
        Ok(self.commit(effects))
    }

    /// Takes out what changed since the last call; the rows themselves stay in the book.
    pub fn take_changes(&mut self) -> Changes {
        Changes {
            accounts: taken(&mut self.dirty_accounts, &self.accounts),
            holds: taken(&mut self.dirty_holds, &self.holds),
            operations: taken(&mut self.dirty_operations, &self.operations),
            transfers: core::mem::take(&mut self.transfers),
            events: core::mem::take(&mut self.events),
        }
    }

    /// The account's row here, or the sub-balance that a first movement makes.
    pub(crate) fn row(&self, id: AccountId) -> Result<Account, Refusal> {
        if let Some(account) = self.accounts.get(&id) {
            return Ok(account.clone());
        }
        let (currency, floor) = self
            .foreign
            .get(&id)
            .ok_or(Refusal::AccountNotFound { account: id })?;
        Ok(Account::unmoved(id, *currency, *floor))
    }

    fn commit(&mut self, effects: Effects) -> Outcome {
        for account in effects.accounts {
            put(
                &mut self.accounts,
                &mut self.dirty_accounts,
                account.id(),
                account,
            );
        }
        for operation in effects.operations {
            put(
                &mut self.operations,
                &mut self.dirty_operations,
                operation.id(),
                operation,
            );
        }
        if let Some(hold) = effects.hold {
            put(&mut self.holds, &mut self.dirty_holds, hold.id(), hold);
        }
        self.transfers.extend(effects.transfer);
        self.events.extend(effects.events);
        effects.outcome
    }
}

fn put<K: Ord + Copy, T>(
    rows: &mut BTreeMap<K, T>,
    dirty: &mut BTreeMap<K, IsNew>,
    key: K,
    row: T,
) {
    let is_new = rows.insert(key, row).is_none();
    dirty.entry(key).or_insert(is_new);
}

fn taken<K: Ord, T: Clone>(
    dirty: &mut BTreeMap<K, IsNew>,
    rows: &BTreeMap<K, T>,
) -> Vec<Change<T>> {
    core::mem::take(dirty)
        .into_iter()
        .filter_map(|(key, is_new)| {
            rows.get(&key).map(|row| Change {
                row: row.clone(),
                is_new,
            })
        })
        .collect()
}
