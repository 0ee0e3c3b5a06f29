//! Proposes a contract: its document is checked, its parties are bound; it begins when everybody whose money a leg holds
//! has agreed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tebura_contract::{BeginRefusal, Contract, DocumentHash, Finding, RailFacts, Rails, Timestamp};
use tebura_ledger::Shard;

use super::account::PartyBinding;
use super::bind::{BindError, account_on};
use super::look::ContractView;
use super::record::{ContractTerms, Happened, Progress, RunningContract, Stage};
use super::rehold::{CannotFollow, can_follow};
use crate::hub::Hub;
use crate::ids::{ContractId, MerchantId};
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError};

/// Everybody agrees within this long, when nobody says otherwise.
pub const AGREE_WITHIN_MS: i64 = 24 * 3_600_000;
/// The longest that a proposal may wait.
const AGREE_WITHIN_MAX_MS: i64 = 30 * 24 * 3_600_000;

/// A contract to begin.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub merchant: MerchantId,
    pub document: Value,
    /// Documents that its legs may move to.
    pub further: Vec<Value>,
    pub parties: BTreeMap<String, PartyBinding>,
    pub anchors: BTreeMap<String, Timestamp>,
    pub agree_within_ms: i64,
}

/// Why nothing was proposed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    #[error("the document is refused: {} {}", first(.0), "POST /v1/contracts:check gives every finding")]
    DocumentRefused(Vec<Finding>),
    #[error("a leg may move to {0}: add that document under `further`")]
    FurtherMissing(DocumentHash),
    #[error("no leg moves to the document {0}: remove it from `further`")]
    FurtherUnused(DocumentHash),
    #[error(transparent)]
    CannotFollow(#[from] CannotFollow),
    #[error("a proposal waits between 60000 and {AGREE_WITHIN_MAX_MS} milliseconds for agreement")]
    AgreeWithinOutOfRange,
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Begin(#[from] BeginRefusal),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn first(findings: &[Finding]) -> String {
    let message = |finding: &Finding| finding.message(tebura_contract::Language::En);
    findings.first().map(message).unwrap_or_default()
}

impl Hub {
    /// What contracts may ask of the rails of this hub.
    pub fn contract_rails(&self) -> Rails {
        let facts = |rail: &Arc<dyn crate::ports::Rail>| -> (String, RailFacts) {
            (rail.descriptor().rail.to_string(), rail.descriptor().contract_facts())
        };
        self.rails().iter().map(facts).collect()
    }

    /// Proposes a contract. Where nobody has to sign first, it begins at once.
    pub async fn propose_contract(&self, key: KeyRequest, proposal: Proposal) -> Result<ContractView, ProposeError> {
        let Proposal { merchant, document, further, parties, anchors, agree_within_ms } = proposal;
        if !(60_000..=AGREE_WITHIN_MAX_MS).contains(&agree_within_ms) {
            return Err(ProposeError::AgreeWithinOutOfRange);
        }
        let contract = self.accepted(&document)?;
        let further = further.iter().map(|document| self.accepted(document)).collect::<Result<Vec<_>, _>>()?;
        all_given(&contract, &further)?;
        let every: Vec<&Contract> = [&contract].into_iter().chain(&further).collect();
        let parties = self.bind(&every, parties).await?;
        let now = self.now();
        contract.begin(now, &anchors)?;
        let shard = self.home_of(&contract, &parties, &key);
        let id = ContractId::from_uuid(self.ids.next(shard));
        let terms = ContractTerms {
            document: contract.canonical().to_owned(),
            further: further.iter().map(|contract| contract.canonical().to_owned()).collect(),
            parties,
            anchors: anchors.iter().map(|(name, at)| (name.clone(), at.millis())).collect(),
            proposed_at: now.millis(),
            agree_until: now.plus_ms(agree_within_ms).millis(),
            follows: None,
        };
        let stage = Stage::Proposed { agreed: BTreeSet::new() };
        let progress = Progress { stage, holds: BTreeMap::new(), open: Vec::new(), entries: 0 };
        let mut record = RunningContract { id, merchant, terms, progress, due_at: None, revision: 0 };
        let mut report = self.report(&contract, &mut record, now);
        report.note(Happened::Proposed);
        report.begin_when_agreed();
        let id = match self.write_report(report, Some(key.claim(id))).await? {
            Committed::Done(_) => id,
            Committed::Replayed { target } => target.parse().map_err(|_| CommitError::KeyReused)?,
        };
        let missing = || ReadError { reason: format!("the row of {id} is missing") };
        self.carry_out_contract(id).await?;
        Ok(self.contract(id).await?.ok_or_else(missing)?)
    }

    fn accepted(&self, document: &Value) -> Result<Contract, ProposeError> {
        let checked = tebura_contract::check_value(document, Some(&self.contract_rails()));
        checked.contract.ok_or(ProposeError::DocumentRefused(checked.findings))
    }

    /// A contract lives where its first payer in the hub's own books does.
    fn home_of(
        &self,
        contract: &Contract,
        parties: &BTreeMap<String, super::record::Bound>,
        key: &KeyRequest,
    ) -> Shard {
        let payer = |leg: tebura_contract::LegView<'_>| {
            let account = account_on(parties, leg.from, leg.rail)?;
            self.in_house(leg.rail).then(|| account.account.0.shard())
        };
        contract.legs().find_map(payer).unwrap_or_else(|| self.key_shard(key))
    }
}

/// Every document that a leg may move to is there, and no other.
fn all_given(contract: &Contract, further: &[Contract]) -> Result<(), ProposeError> {
    let mut moves: BTreeSet<DocumentHash> = BTreeSet::new();
    let every: Vec<&Contract> = [contract].into_iter().chain(further).collect();
    for contract in &every {
        moves.extend(contract.reholds().into_iter().map(|(_, document)| document));
    }
    let given: BTreeSet<DocumentHash> = further.iter().map(Contract::hash).collect();
    for (contract, (leg, document)) in
        every.iter().flat_map(|contract| contract.reholds().into_iter().map(move |m| (contract, m)))
    {
        let leg = contract.legs().find(|known| known.name == leg);
        let next = further.iter().find(|next| next.hash() == document);
        if let (Some(leg), Some(next)) = (leg, next) {
            can_follow(&leg, next)?;
        }
    }
    if let Some(missing) = moves.difference(&given).next() {
        return Err(ProposeError::FurtherMissing(*missing));
    }
    match given.difference(&moves).next() {
        Some(unused) => Err(ProposeError::FurtherUnused(*unused)),
        None => Ok(()),
    }
}
