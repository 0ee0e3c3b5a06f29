//! Statements' rows in memory.

use std::collections::{BTreeMap, BTreeSet};

use tebura_ledger::{OperationId, RailId};

use super::{Compared, Finding, StatementHead, StatementId};

/// Every statement with its findings.
#[derive(Default)]
pub(crate) struct StatementTables(BTreeMap<(RailId, StatementId), (StatementHead, Vec<Finding>)>);

impl StatementTables {
    pub(crate) fn write(&mut self, head: StatementHead, findings: Vec<Finding>) {
        self.0.insert((head.rail.clone(), head.id.clone()), (head, findings));
    }

    pub(crate) fn statement(&self, rail: &RailId, id: &StatementId) -> Option<StatementHead> {
        self.0.get(&(rail.clone(), id.clone())).map(|(head, _)| head.clone())
    }

    pub(crate) fn statements(&self, rail: &RailId) -> Vec<StatementHead> {
        let heads = self.0.values().map(|(head, _)| head).filter(|head| head.rail == *rail);
        let mut heads: Vec<StatementHead> = heads.cloned().collect();
        heads.sort_by_key(|head| (head.from, head.id.clone()));
        heads
    }

    pub(crate) fn findings(
        &self,
        rail: &RailId,
        id: &StatementId,
        of: Option<Compared>,
        after: u32,
        limit: u16,
    ) -> Vec<Finding> {
        let rows = self.0.get(&(rail.clone(), id.clone())).map(|(_, rows)| rows.as_slice()).unwrap_or_default();
        let wanted = |row: &&Finding| row.number > after && of.is_none_or(|of| row.compared == of);
        rows.iter().filter(wanted).take(usize::from(limit)).cloned().collect()
    }

    pub(crate) fn findings_of(&self, operation: OperationId) -> Vec<Compared> {
        let rows = self.0.values().flat_map(|(_, rows)| rows);
        rows.filter(|row| row.operation == Some(operation)).map(|row| row.compared).collect()
    }

    pub(crate) fn awaited(&self, rail: &RailId) -> Vec<OperationId> {
        let of_rail = || self.0.values().filter(|(head, _)| head.rail == *rail).flat_map(|(_, rows)| rows);
        let found = |wanted: bool| {
            let rows = of_rail().filter(move |row| (row.compared == Compared::Awaited) == wanted);
            rows.filter_map(|row| row.operation).collect::<BTreeSet<_>>()
        };
        found(true).difference(&found(false)).copied().collect()
    }
}
