//! Contracts in the store in memory.

use std::collections::BTreeMap;

use tebura_ledger::{HoldId, Timestamp};

use super::record::{ContractEntry, RunningContract};
use crate::ids::ContractId;
use crate::ports::{Caller, Page};

#[derive(Default)]
pub(crate) struct ContractTables {
    contracts: BTreeMap<ContractId, RunningContract>,
    entries: BTreeMap<(ContractId, u32), ContractEntry>,
    holds: BTreeMap<HoldId, ContractId>,
}

impl ContractTables {
    pub(crate) fn revision(&self, id: ContractId) -> u32 {
        self.contracts.get(&id).map_or(0, |contract| contract.revision)
    }

    pub(crate) fn put(&mut self, contract: RunningContract) {
        self.holds.extend(contract.progress.holds.values().map(|hold| (hold.0, contract.id)));
        self.contracts.insert(contract.id, contract);
    }

    pub(crate) fn append(&mut self, entry: ContractEntry) {
        self.entries.insert((entry.contract, entry.number), entry);
    }

    pub(crate) fn find(&self, id: ContractId) -> Option<&RunningContract> {
        self.contracts.get(&id)
    }

    pub(crate) fn entries(&self, id: ContractId) -> Vec<ContractEntry> {
        self.entries.range((id, 0)..=(id, u32::MAX)).map(|(_, entry)| entry.clone()).collect()
    }

    pub(crate) fn page(&self, caller: &Caller, page: Page<ContractId>) -> Vec<RunningContract> {
        let visible = |contract: &&RunningContract| match caller {
            Caller::Operator => true,
            Caller::Merchant(merchant) => contract.merchant == *merchant,
        };
        let after = |contract: &&RunningContract| page.after.is_none_or(|after| contract.id > after);
        self.contracts.values().filter(visible).filter(after).take(usize::from(page.limit)).cloned().collect()
    }

    pub(crate) fn due(&self, now: Timestamp, limit: u16) -> Vec<ContractId> {
        let due = |contract: &RunningContract| contract.due_at.filter(|due| *due <= now).map(|due| (due, contract.id));
        let mut due: Vec<(Timestamp, ContractId)> = self.contracts.values().filter_map(due).collect();
        due.sort_unstable();
        due.into_iter().take(usize::from(limit)).map(|(_, id)| id).collect()
    }

    pub(crate) fn of_hold(&self, hold: HoldId) -> Option<ContractId> {
        self.holds.get(&hold).copied()
    }
}
