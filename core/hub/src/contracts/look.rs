//! Reads contracts that run.

use std::sync::Arc;

use tebura_contract::Contract;
use tebura_ledger::HoldId;

use super::record::{ContractEntry, RunningContract, Stage};
use super::report::must_agree;
use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::ids::ContractId;
use crate::ports::{Caller, ReadError};

/// A contract with its document as it was checked.
pub(super) struct Loaded {
    pub(super) contract: Arc<Contract>,
    pub(super) record: RunningContract,
}

/// A contract as whoever may see it sees it.
#[derive(Clone, Debug)]
pub struct ContractView {
    pub contract: Arc<Contract>,
    pub record: RunningContract,
    /// Everything that happened, oldest first.
    pub entries: Vec<ContractEntry>,
}

impl ContractView {
    /// Who has to agree and has not.
    pub fn agreement_awaited(&self) -> Vec<String> {
        let Stage::Proposed { agreed } = &self.record.progress.stage else { return Vec::new() };
        must_agree(&self.contract, &self.record).into_iter().filter(|party| !agreed.contains(party)).collect()
    }
}

impl Hub {
    /// A contract with everything that happened to it.
    pub async fn contract(&self, id: ContractId) -> Result<Option<ContractView>, ReadError> {
        let Some(Loaded { contract, record }) = self.load_contract(id).await? else { return Ok(None) };
        let entries = self.store.contract_entries(id).await?;
        Ok(Some(ContractView { contract, record, entries }))
    }

    /// The same when the caller may see it: the operator, and the merchant who proposed it.
    pub async fn visible_contract(&self, caller: &Caller, id: ContractId) -> Result<Option<ContractView>, ReadError> {
        let view = self.contract(id).await?;
        Ok(view.filter(|view| match caller {
            Caller::Operator => true,
            Caller::Merchant(merchant) => view.record.merchant == *merchant,
        }))
    }

    pub(super) async fn load_contract(&self, id: ContractId) -> Result<Option<Loaded>, ReadError> {
        let Some(record) = self.store.running_contract(id).await? else { return Ok(None) };
        let contract = match self.documents.get(id) {
            Some(contract) => contract,
            None => {
                let contract = Contract::parse(&record.terms.document).map_err(|findings| ReadError {
                    reason: format!("the document of {id} is damaged: {} findings", findings.len()),
                })?;
                let contract = Arc::new(contract);
                self.documents.put(id, contract.clone(), self.now());
                contract
            }
        };
        Ok(Some(Loaded { contract, record }))
    }

    /// Refuses a change of a hold that a contract decides about.
    pub(crate) async fn not_under_contract(&self, hold: HoldId) -> Result<(), ChangeHoldError> {
        if self.unbound.get(hold).is_some() {
            return Ok(());
        }
        if let Some(contract) = self.store.contract_of_hold(hold).await? {
            return Err(ChangeHoldError::UnderContract { contract });
        }
        self.unbound.put(hold, (), self.now());
        Ok(())
    }
}
