//! Applies what happened to a contract's record, and collects what has to be written: pure.

use std::collections::{BTreeMap, BTreeSet};

use tebura_contract::{Contract, Effect, Event, Group, Step, StepRefusal, Timestamp};
use tebura_ledger::HoldId;

use super::bind::account_on;
use super::record::{ContractEntry, Happened, OpenGroup, RunningContract, Stage};
use super::text::Text;
use crate::hub::Hub;
use crate::ports::Write;

/// A record and what happened to it since it was read.
pub(super) struct Report<'r> {
    hub: &'r Hub,
    pub(super) contract: &'r Contract,
    pub(super) record: &'r mut RunningContract,
    pub(super) now: Timestamp,
    entries: Vec<ContractEntry>,
}

impl Hub {
    pub(super) fn report<'r>(
        &'r self,
        contract: &'r Contract,
        record: &'r mut RunningContract,
        now: Timestamp,
    ) -> Report<'r> {
        Report { hub: self, contract, record, now, entries: Vec::new() }
    }
}

impl Report<'_> {
    pub(super) fn note(&mut self, happened: Happened) {
        self.record.progress.entries += 1;
        let number = self.record.progress.entries;
        self.entries.push(ContractEntry { contract: self.record.id, number, at: self.now, happened });
    }

    /// Who still has to agree: everybody whose money a leg holds and who signs with a key. Whoever is bound by an
    /// instrument only has agreed with the merchant, as for any hold.
    pub(super) fn awaited(&self) -> BTreeSet<String> {
        let Stage::Proposed { agreed } = &self.record.progress.stage else { return BTreeSet::new() };
        must_agree(self.contract, self.record).into_iter().filter(|party| !agreed.contains(party)).collect()
    }

    /// Begins a contract to which everybody has agreed.
    pub(super) fn begin_when_agreed(&mut self) {
        if !matches!(self.record.progress.stage, Stage::Proposed { .. }) || !self.awaited().is_empty() {
            return;
        }
        let anchors: BTreeMap<String, Timestamp> = self.record.terms.anchors.iter().map(instant).collect();
        match self.contract.begin(self.now, &anchors) {
            Ok(step) => self.take(step, None),
            Err(refusal) => self.lapse(&refusal.to_string()),
        }
    }

    /// Ends a contract that did not begin.
    pub(super) fn lapse(&mut self, code: &str) {
        self.record.progress.stage = Stage::Lapsed;
        self.note(Happened::Lapsed { code: code.to_owned() });
    }

    /// Tells the contract of an event. `true`: it changed something. A refusal beside `Ok` came after deadlines that
    /// fired first and have to be written.
    pub(super) fn tell(&mut self, event: &Event) -> Result<(bool, Option<StepRefusal>), StepRefusal> {
        let Stage::Running { state } = &self.record.progress.stage else { return Err(StepRefusal::Ended) };
        let before = state.version();
        let from = self.contract.place(state).map(str::to_owned);
        let mut step = self.contract.step(state, event, self.now)?;
        let refused = step.refused.take();
        let changed = step.state.version() != before;
        if changed {
            self.take(step, from);
        }
        Ok((changed, refused))
    }

    /// Takes over a step: the state, what is asked, and what has to be done.
    fn take(&mut self, step: Step, from: Option<String>) {
        let Step { state, groups, refused: _ } = step;
        let to = self.contract.place(&state).map(str::to_owned);
        self.record.progress.stage = Stage::Running { state: Box::new(state) };
        if from != to {
            self.note(Happened::Moved { from, to });
        }
        for Group { number, effects } in groups {
            let mut open = Vec::new();
            for effect in effects {
                match effect {
                    Effect::AskConsent { party, statement, preview } => {
                        self.note(Happened::Asked { party, statement, preview });
                    }
                    Effect::Ended { outcome } => self.note(Happened::Ended { outcome }),
                    Effect::Place { .. }
                    | Effect::Raise { .. }
                    | Effect::Capture { .. }
                    | Effect::Release { .. }
                    | Effect::Rehold { .. } => open.push(effect),
                }
            }
            self.choose_holds(&open);
            if !open.is_empty() {
                let again_at = self.now.millis();
                let group =
                    OpenGroup { number, effects: open, done: BTreeSet::new(), tries: 0, declined: None, again_at };
                self.record.progress.open.push(group);
            }
        }
    }

    /// A hold's id is stored before it is placed, so that a hub that stops in between finds it again.
    fn choose_holds(&mut self, effects: &[Effect]) {
        for effect in effects {
            let Effect::Place { leg: name, .. } = effect else { continue };
            let Some(leg) = self.contract.legs().find(|leg| leg.name == name) else { continue };
            let payer = account_on(&self.record.terms.parties, leg.from, leg.rail);
            let shard = payer.map_or(self.record.id.shard(), |payer| payer.account.0.shard());
            let hold: HoldId = self.hub.hold_id(shard);
            self.record.progress.holds.entry(name.clone()).or_insert(Text(hold));
        }
    }

    /// What has to be written as things stand; the report goes on.
    pub(super) fn plain_writes(&self) -> Vec<Write> {
        let mut record = self.record.clone();
        let (hub, contract, now, entries) = (self.hub, self.contract, self.now, self.entries.clone());
        Report { hub, contract, record: &mut record, now, entries }.writes()
    }

    /// What has to be written: the record for the revision that was read, and what happened.
    pub(super) fn writes(self) -> Vec<Write> {
        self.record.due_at = self.record.next_due();
        let expected = self.record.revision;
        let contract = RunningContract { revision: expected + 1, ..self.record.clone() };
        let entries = self.entries.into_iter().map(Write::ContractEntry);
        [Write::Contract { contract, expected }].into_iter().chain(entries).collect()
    }
}

/// Everybody whose money a leg holds and who signs with a key.
pub(super) fn must_agree(contract: &Contract, record: &RunningContract) -> BTreeSet<String> {
    let signs = |party: &str| record.terms.parties.get(party).is_some_and(|bound| bound.signs.is_some());
    contract.legs().map(|leg| leg.from).filter(|party| signs(party)).map(str::to_owned).collect()
}

fn instant((name, at): (&String, &i64)) -> (String, Timestamp) {
    (name.clone(), Timestamp::from_millis(*at))
}

/// A contract takes every report of what it asked for; that it does not is a defect that must not stop the money.
pub(super) fn told(report: &mut Report<'_>, event: &Event) {
    if let Err(refusal) = report.tell(event) {
        tracing::error!(contract = %report.record.id, %refusal, "the contract refused a report");
    }
}
