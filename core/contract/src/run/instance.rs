//! The times of one instance: its beginning and its anchors are known, so every moment is an instant.

use super::state::State;
use crate::contract::Contract;
use crate::model::{Go, Moment, StateIx};

/// The beginning and the anchors of an instance, in milliseconds since the epoch.
#[derive(Clone, Copy)]
pub(super) struct Instance<'i> {
    pub(super) begun: i64,
    pub(super) anchors: &'i [i64],
}

impl<'i> Instance<'i> {
    pub(super) fn of(state: &'i State) -> Self {
        Self { begun: state.begun, anchors: &state.anchors }
    }

    /// The instant of a moment; one that counts from an entry needs the entry.
    pub(super) fn instant(self, moment: Moment, entered: Option<i64>) -> Option<i64> {
        match moment {
            Moment::After(ms) => Some(self.begun.saturating_add(ms)),
            Moment::Anchor(anchor, off) => self.anchors.get(anchor).map(|instant| instant.saturating_add(off)),
            Moment::Within(ms) => entered.map(|entered| entered.saturating_add(ms)),
        }
    }

    /// The deadline of a state that is entered at a time; without it, as far as it is known before the entry.
    pub(super) fn deadline(self, contract: &Contract, state: StateIx, entered: Option<i64>) -> Option<i64> {
        let by = &contract.document.states[state].by;
        by.iter().filter_map(|moment| self.instant(*moment, entered)).min()
    }

    /// The last deadline that this instance can come to.
    pub(super) fn horizon(self, contract: &Contract) -> i64 {
        let document = &contract.document;
        let mut entry = vec![self.begun; document.states.len()];
        if document.start == document.fund_at {
            entry[document.start] = self.begun.saturating_add(document.fund_by_ms);
        }
        let mut last = self.begun;
        for state in &contract.ranges.order {
            let late = self.deadline(contract, *state, Some(entry[*state])).unwrap_or(entry[*state]);
            last = last.max(late);
            for edge in document.states[*state].edges() {
                if let Go::State(target) = edge.go
                    && target != *state
                {
                    let funding = if target == document.fund_at { document.fund_by_ms } else { 0 };
                    entry[target] = entry[target].max(late.saturating_add(funding));
                }
            }
        }
        last
    }
}
