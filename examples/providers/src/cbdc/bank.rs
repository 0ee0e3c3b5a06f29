//! A bank: deposits of its customers, and a vault at the central ledger that stands against what they drew as CBDC.
//!
//! A payment that needs a deposit is prepared here first and told afterwards how the ledger decided: until then the
//! amount is earmarked. The bank knows who holds a deposit and no account of the ledger but its own vault.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cbdc::orders::{Decline, INSUFFICIENT, decline};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Deposit {
    pub(crate) holder: String,
    pub(crate) balance: i64,
    /// Of the balance, what prepared payments may take.
    pub(crate) earmarked: i64,
}

/// A change that waits for the ledger's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Prepared {
    pub(crate) deposit: String,
    /// Above zero: comes in.
    pub(crate) change: i64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Bank {
    /// The vault's account id at the ledger.
    pub(crate) vault: String,
    /// Cash that was paid in over all deposits.
    pub(crate) paid_in: i64,
    pub(crate) deposits: BTreeMap<String, Deposit>,
    pub(crate) prepared: BTreeMap<String, Vec<Prepared>>,
}

impl Bank {
    /// Opens a deposit with cash in it.
    pub(crate) fn open(&mut self, holder: &str, cash: i64) -> String {
        let id = format!("dp_{}", self.deposits.len() + 1);
        self.paid_in += cash;
        let deposit = Deposit { holder: holder.to_owned(), balance: cash, earmarked: 0 };
        self.deposits.insert(id.clone(), deposit);
        id
    }

    /// Promises a change, or declines it. A promise is kept or dropped by [`Bank::decide`] only.
    pub(crate) fn prepare(&mut self, request: &str, deposit: &str, change: i64) -> Result<(), Decline> {
        let found =
            self.deposits.get_mut(deposit).ok_or(decline(404, "deposit.not_found", "there is no such deposit"))?;
        if change < 0 {
            if found.balance - found.earmarked < -change {
                return Err(INSUFFICIENT);
            }
            found.earmarked -= change;
        }
        let prepared = Prepared { deposit: deposit.to_owned(), change };
        self.prepared.entry(request.to_owned()).or_default().push(prepared);
        Ok(())
    }

    /// The ledger has done it, or will not. Says nothing the second time.
    pub(crate) fn decide(&mut self, request: &str, done: bool) {
        for Prepared { deposit, change } in self.prepared.remove(request).unwrap_or_default() {
            if let Some(found) = self.deposits.get_mut(&deposit) {
                if change < 0 {
                    found.earmarked += change;
                }
                if done {
                    found.balance += change;
                }
            }
        }
    }

    /// What prepared changes come to, of the requests that the ledger has settled.
    pub(crate) fn promised(&self, settled: impl Fn(&str) -> bool) -> i64 {
        let of = |changes: &Vec<Prepared>| changes.iter().map(|prepared| prepared.change).sum::<i64>();
        self.prepared.iter().filter(|(request, _)| settled(request)).map(|(_, changes)| of(changes)).sum()
    }

    pub(crate) fn total(&self) -> i64 {
        self.deposits.values().map(|deposit| deposit.balance).sum()
    }

    /// What must be true of the deposits alone.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.deposits.iter().find(|(_, deposit)| deposit.earmarked < 0 || deposit.balance < deposit.earmarked) {
            Some((id, deposit)) => {
                Err(format!("deposit {id} has {} and {} earmarked", deposit.balance, deposit.earmarked))
            }
            None => Ok(()),
        }
    }
}
