//! The book: all or some rows of one shard, and the only place where they change.
//!
//! A whole book lives in memory for tests and small hubs; a SQL store fills a partial one with the rows that a batch
//! names, applies the batch in arrival order, and writes what changed. Both give the same answers.

use std::collections::BTreeMap;

use crate::apply;
use crate::changes::{Changes, Outcome};
use crate::command::{Command, Keys};
use crate::effects::Effects;
use crate::rows::{Rows, Was};
use crate::{
    Account, AccountId, Currency, Event, Floor, Hold, HoldId, Operation, OperationId, Refusal, Shard, Timestamp,
    Transfer,
};

/// Rows of one shard, changed by commands only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    shard: Shard,
    accounts: Rows<AccountId, Account>,
    foreign: BTreeMap<AccountId, (Currency, Floor)>,
    holds: Rows<HoldId, Hold>,
    operations: Rows<OperationId, Operation>,
    transfers: Vec<Transfer>,
    events: Vec<Event>,
}

impl Book {
    /// An empty book of one shard.
    pub fn new(shard: Shard) -> Self {
        Self {
            shard,
            accounts: Rows::new(),
            foreign: BTreeMap::new(),
            holds: Rows::new(),
            operations: Rows::new(),
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
        self.accounts.load(account.id(), account);
    }

    /// Puts in a hold that the store has. A hold that is already in the book stays.
    pub fn insert_hold(&mut self, hold: Hold) {
        self.holds.load(hold.id(), hold);
    }

    /// Puts in an operation that the store has. An operation that is already in the book stays.
    pub fn insert_operation(&mut self, operation: Operation) {
        self.operations.load(operation.id(), operation);
    }

    /// Says that an account exists in another home shard, with the currency and floor of its row there.
    ///
    /// When it is credited here and has no row here yet, a sub-balance row with that floor is made. A sub-balance of a
    /// floored account keeps the floor, so that the sum over shards keeps it too. Ignored for an account of this shard:
    /// that one has to be opened.
    pub fn declare_foreign(&mut self, id: AccountId, currency: Currency, floor: Floor) {
        if id.shard() != self.shard {
            self.foreign.insert(id, (currency, floor));
        }
    }

    /// One account row.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// One hold.
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(id)
    }

    /// One operation.
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        self.operations.get(id)
    }

    /// All account rows, in id order.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    /// All holds, in id order.
    pub fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter()
    }

    /// All operations, in id order.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter()
    }

    /// The rows that a command needs beyond [`Command::keys`] and that are not in the book, told by the rows that are:
    /// the accounts of its hold and of a capture's legs, the capture that a refund undoes, and a raise that waits. Call it after those keys are loaded; once is
    /// enough.
    pub fn further_keys(&self, command: &Command) -> Keys {
        let mut further = Keys::default();
        for hold in command.keys().holds.iter().filter_map(|id| self.holds.get(*id)) {
            further.accounts.extend([hold.payer(), hold.payee()]);
            further.operations.extend(hold.waiting());
        }
        for operation in command.keys().operations.iter().filter_map(|id| self.operations.get(*id)) {
            further.operations.extend(operation.kind().capture());
            further.accounts.extend(operation.kind().legs().iter().map(|leg| leg.to));
        }
        further.accounts.retain(|id| self.accounts.get(*id).is_none() && !self.foreign.contains_key(id));
        further.operations.retain(|id| self.operations.get(*id).is_none());
        further
    }

    /// Applies one command, or refuses it and changes nothing.
    ///
    /// # Errors
    /// [`Refusal`], the first that applies in the order of its variants.
    pub fn apply(&mut self, command: &Command, now: Timestamp) -> Result<Outcome, Refusal> {
        let effects = apply::effects(self, command, now)?;
        effects.check()?;
        Ok(self.commit(effects).0)
    }

    /// Applies commands in order, or refuses them all and changes nothing.
    ///
    /// # Errors
    /// [`Refusal`] of the first command that is refused.
    pub fn apply_all(&mut self, commands: &[Command], now: Timestamp) -> Result<Vec<Outcome>, Refusal> {
        let mut outcomes = Vec::with_capacity(commands.len());
        let mut before = Vec::with_capacity(commands.len());
        for command in commands {
            let effects = apply::effects(self, command, now).and_then(|effects| effects.check().map(|()| effects));
            match effects {
                Ok(effects) => {
                    let (outcome, undo) = self.commit(effects);
                    outcomes.push(outcome);
                    before.push(undo);
                }
                Err(refusal) => {
                    before.into_iter().rev().for_each(|undo| self.undo(undo));
                    return Err(refusal);
                }
            }
        }
        Ok(outcomes)
    }

    /// Takes out what changed since the last call; the rows themselves stay in the book.
    pub fn take_changes(&mut self) -> Changes {
        Changes {
            accounts: self.accounts.take_changes(),
            holds: self.holds.take_changes(),
            operations: self.operations.take_changes(),
            transfers: core::mem::take(&mut self.transfers),
            events: core::mem::take(&mut self.events),
        }
    }

    /// The account's row here, or the sub-balance that a first movement makes.
    pub(crate) fn row(&self, id: AccountId) -> Result<Account, Refusal> {
        if let Some(account) = self.accounts.get(id) {
            return Ok(account.clone());
        }
        let (currency, floor) = self.foreign.get(&id).ok_or(Refusal::AccountNotFound { account: id })?;
        Ok(Account::unmoved(id, *currency, *floor))
    }

    fn commit(&mut self, effects: Effects) -> (Outcome, Undo) {
        let undo = Undo {
            transfers: self.transfers.len(),
            events: self.events.len(),
            accounts: effects.accounts.into_iter().map(|row| self.accounts.put(row.id(), row)).collect(),
            holds: effects.hold.into_iter().map(|row| self.holds.put(row.id(), row)).collect(),
            operations: effects.operations.into_iter().map(|row| self.operations.put(row.id(), row)).collect(),
        };
        self.transfers.extend(effects.transfers);
        self.events.extend(effects.events);
        (effects.outcome, undo)
    }

    fn undo(&mut self, undo: Undo) {
        self.transfers.truncate(undo.transfers);
        self.events.truncate(undo.events);
        undo.accounts.into_iter().for_each(|was| self.accounts.put_back(was));
        undo.holds.into_iter().for_each(|was| self.holds.put_back(was));
        undo.operations.into_iter().for_each(|was| self.operations.put_back(was));
    }
}

/// What one command changed, as it was before.
struct Undo {
    accounts: Vec<Was<AccountId, Account>>,
    holds: Vec<Was<HoldId, Hold>>,
    operations: Vec<Was<OperationId, Operation>>,
    transfers: usize,
    events: usize,
}
