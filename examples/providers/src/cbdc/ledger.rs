//! The central ledger: pseudonymous accounts, locks and amounts. It knows no person, no alias, no bank account.
//!
//! `orders.rs` says what may happen, this file what is kept and what must always be true. Absent: HTTP, time, customers.

use std::collections::BTreeMap;

use ed25519_dalek::VerifyingKey;
use serde::Serialize;

use crate::cbdc::orders::{Act, Outcome, Terms};

/// Who takes part in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Member {
    /// An intermediary.
    East,
    /// The other intermediary.
    West,
    /// The bank.
    Bank,
}

/// One account. `available + locked` is what counts towards the limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Account {
    /// Who acts for it.
    pub(crate) member: Member,
    pub(crate) available: i64,
    pub(crate) locked: i64,
    /// The most that it may hold; none for a bank's vault.
    pub(crate) limit: Option<i64>,
}

impl Account {
    pub(crate) fn total(&self) -> i64 {
        self.available + self.locked
    }

    /// How much more it may take in.
    pub(crate) fn room(&self) -> i64 {
        self.limit.map_or(i64::MAX, |limit| (limit - self.total()).max(0))
    }
}

/// Money of a payer that only the terms let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Lock {
    pub(crate) payer: String,
    pub(crate) payee: String,
    pub(crate) amount: i64,
    pub(crate) completed: i64,
    pub(crate) returned: i64,
    /// When the rest goes back by itself; none: when the arbiter says so.
    pub(crate) until: Option<i64>,
    pub(crate) terms: Terms,
    pub(crate) state: LockState,
}

impl Lock {
    pub(crate) fn rest(&self) -> i64 {
        self.amount - self.completed - self.returned
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LockState {
    Open,
    Ended,
    Expired,
}

/// What a lock paid out at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Completion {
    pub(crate) lock: String,
    pub(crate) amount: i64,
    pub(crate) refunded: i64,
}

/// One movement. A lock stands as `lock:…`, the issuer as `issuer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    pub(crate) request: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) amount: i64,
    pub(crate) at: i64,
}

/// All that the ledger stores. What it made is named by the request that made it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Ledger {
    pub(crate) issued: i64,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) locks: BTreeMap<String, Lock>,
    pub(crate) completions: BTreeMap<String, Completion>,
    pub(crate) answered: BTreeMap<String, (Act, Outcome)>,
    pub(crate) entries: Vec<Entry>,
    /// Third parties by name: institutions, each with its public key.
    #[serde(skip)]
    pub(crate) arbiters: BTreeMap<String, VerifyingKey>,
}

/// Where all the money is, yen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Supply {
    /// Issued by the central bank.
    pub issued: i64,
    /// In wallets, free.
    pub in_wallets: i64,
    /// In wallets, under a lock.
    pub in_locks: i64,
    /// In the bank's vault.
    pub in_vault: i64,
}

impl Ledger {
    /// Opens an account; its id says nothing about whose it is.
    pub(crate) fn open(&mut self, id: String, member: Member, limit: Option<i64>) {
        self.accounts.entry(id).or_insert(Account { member, available: 0, locked: 0, limit });
    }

    /// New money, into a vault.
    pub(crate) fn issue(&mut self, vault: &str, amount: i64, now: i64) {
        if let Some(account) = self.accounts.get_mut(vault) {
            account.available += amount;
            self.issued += amount;
            self.note("issue", "issuer", vault, amount, now);
        }
    }

    /// Moves free money between two accounts that the caller has looked at.
    pub(crate) fn shift(&mut self, request: &str, from: &str, to: &str, amount: i64, now: i64) {
        if amount == 0 {
            return;
        }
        for (id, change) in [(from, -amount), (to, amount)] {
            if let Some(account) = self.accounts.get_mut(id) {
                account.available += change;
            }
        }
        self.note(request, from, to, amount, now);
    }

    pub(crate) fn note(&mut self, request: &str, from: &str, to: &str, amount: i64, at: i64) {
        let (request, from, to) = (request.to_owned(), from.to_owned(), to.to_owned());
        self.entries.push(Entry { request, from, to, amount, at });
    }

    /// Gives the rest of a lock back to its payer.
    pub(crate) fn give_back(&mut self, request: &str, lock: &str, amount: i64, now: i64) {
        let Some(found) = self.locks.get_mut(lock) else { return };
        found.returned += amount;
        let payer = found.payer.clone();
        if let Some(account) = self.accounts.get_mut(&payer) {
            account.locked -= amount;
            account.available += amount;
        }
        if amount > 0 {
            self.note(request, &format!("lock:{lock}"), &payer, amount, now);
        }
    }

    /// Ends what is past its time. Returns the locks and what went back.
    pub(crate) fn expire_due(&mut self, now: i64) -> Vec<(String, i64)> {
        let due = |lock: &Lock| lock.state == LockState::Open && lock.until.is_some_and(|until| until <= now);
        let due: Vec<(String, i64)> =
            self.locks.iter().filter(|(_, lock)| due(lock)).map(|(id, lock)| (id.clone(), lock.rest())).collect();
        for (id, rest) in &due {
            self.give_back("deadline", id, *rest, now);
            if let Some(lock) = self.locks.get_mut(id) {
                lock.state = LockState::Expired;
            }
        }
        due
    }

    pub(crate) fn supply(&self) -> Supply {
        let sum = |of: fn(&Account) -> i64| self.accounts.values().map(of).sum();
        Supply {
            issued: self.issued,
            in_wallets: sum(|account| if account.member == Member::Bank { 0 } else { account.available }),
            in_locks: sum(|account| account.locked),
            in_vault: sum(|account| if account.member == Member::Bank { account.available } else { 0 }),
        }
    }

    /// What must be true after every change.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Supply { issued, in_wallets, in_locks, in_vault } = self.supply();
        if in_wallets + in_locks + in_vault != issued {
            return Err(format!(
                "{in_wallets} in wallets, {in_locks} in locks and {in_vault} in the vault are not {issued}"
            ));
        }
        let mut under_lock: BTreeMap<&str, i64> = BTreeMap::new();
        for (id, lock) in &self.locks {
            if lock.rest() < 0
                || lock.completed < 0
                || lock.returned < 0
                || (lock.state != LockState::Open) != (lock.rest() == 0)
            {
                return Err(format!("lock {id} does not add up: {lock:?}"));
            }
            *under_lock.entry(&lock.payer).or_default() += lock.rest();
        }
        for (id, account) in &self.accounts {
            if account.available < 0 {
                return Err(format!("account {id} is below zero: {}", account.available));
            }
            if account.limit.is_some_and(|limit| account.total() > limit) {
                return Err(format!("account {id} holds {} and may hold {:?}", account.total(), account.limit));
            }
            if account.locked != under_lock.get(id.as_str()).copied().unwrap_or(0) {
                return Err(format!("account {id} has {} under lock, its locks have something else", account.locked));
            }
        }
        match self.completions.iter().find(|(_, made)| made.refunded < 0 || made.refunded > made.amount) {
            Some((id, made)) => Err(format!("completion {id} of {} was refunded {}", made.amount, made.refunded)),
            None => Ok(()),
        }
    }

    /// Every balance again, from the movements alone: slower, for audits.
    pub(crate) fn replay(&self) -> Result<(), String> {
        let mut places: BTreeMap<&str, i64> = BTreeMap::new();
        for entry in &self.entries {
            *places.entry(&entry.from).or_default() -= entry.amount;
            *places.entry(&entry.to).or_default() += entry.amount;
        }
        let at = |place: &str| places.get(place).copied().unwrap_or(0);
        if at("issuer") != -self.issued {
            return Err(format!("the movements issued {}, the books {}", -at("issuer"), self.issued));
        }
        if let Some((id, account)) = self.accounts.iter().find(|(id, account)| at(id) != account.available) {
            return Err(format!("account {id} has {}, its movements give {}", account.available, at(id)));
        }
        match self.locks.iter().find(|(id, lock)| at(&format!("lock:{id}")) != lock.rest()) {
            Some((id, lock)) => Err(format!("lock {id} has {}, its movements give something else", lock.rest())),
            None => Ok(()),
        }
    }
}
