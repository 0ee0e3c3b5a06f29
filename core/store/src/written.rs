//! What a batch writes of money: rows of all its shards, with the guards of those that existed.

use std::collections::BTreeMap;

use tebura_ledger::{AccountId, Change, Changes, Hold, HoldId, Shard};

use crate::entity::{account, hold, operation, transfer};
use crate::log::Entries;

/// Rows of all shards of a batch, with the guards of those that existed.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) new_accounts: Vec<account::Model>,
    pub(crate) accounts: Vec<(account::Model, i64)>,
    pub(crate) new_holds: Vec<hold::Model>,
    pub(crate) holds: Vec<(hold::Model, i64)>,
    pub(crate) new_operations: Vec<operation::Model>,
    pub(crate) operations: Vec<(operation::Model, i64)>,
    pub(crate) transfers: Vec<transfer::Model>,
    pub(crate) entries: Entries,
}

impl Written {
    /// Adds what a book changed. `accounts` and `holds`: the versions of the rows that were read.
    pub(crate) fn add(
        &mut self,
        shard: Shard,
        changes: Changes,
        accounts: &BTreeMap<(Shard, AccountId), i64>,
        holds: &BTreeMap<HoldId, i64>,
    ) {
        for Change { row, is_new } in &changes.accounts {
            let model = account::Model::of(shard, row);
            match accounts.get(&(shard, row.id())) {
                Some(version) if !is_new => self.accounts.push((model, *version)),
                Some(_) | None => self.new_accounts.push(model),
            }
        }
        for Change { row, is_new } in &changes.holds {
            let model = hold::Model::of(row);
            match holds.get(&Hold::id(row)) {
                Some(version) if !is_new => self.holds.push((model, *version)),
                Some(_) | None => self.new_holds.push(model),
            }
        }
        for Change { row, is_new } in &changes.operations {
            let model = operation::Model::of(row);
            if *is_new { self.new_operations.push(model) } else { self.operations.push((model, 0)) }
        }
        self.transfers.extend(changes.transfers.iter().map(transfer::Model::of));
        self.entries.events(shard, changes.events);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.new_accounts.is_empty()
            && self.accounts.is_empty()
            && self.new_holds.is_empty()
            && self.holds.is_empty()
            && self.new_operations.is_empty()
            && self.operations.is_empty()
            && self.transfers.is_empty()
    }
}
