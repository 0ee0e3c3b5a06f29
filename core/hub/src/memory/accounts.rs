//! Which accounts a unit or a caller is about, in memory.

use std::collections::BTreeSet;

use tebura_ledger::{AccountId, Shard};

use super::Tables;
use crate::ports::{Caller, Unit};

impl Tables {
    /// Accounts that the unit names and that are at home in another shard.
    pub(super) fn foreign_accounts(&mut self, shard: Shard, unit: &Unit) -> Vec<AccountId> {
        let book = self.book(shard);
        let named = unit
            .ledger
            .iter()
            .flat_map(|command| command.keys().accounts.into_iter().chain(book.further_keys(command).accounts));
        named.filter(|id| id.shard() != shard).collect()
    }

    /// Accounts of a merchant; `None` for an operator, who sees all.
    pub(super) fn seen_by(&self, caller: &Caller) -> Option<BTreeSet<AccountId>> {
        match caller {
            Caller::Operator => None,
            Caller::Merchant(merchant) => {
                let own = self.payees.values().filter(|payee| payee.merchant == *merchant);
                Some(own.map(|payee| payee.account).collect())
            }
        }
    }
}
