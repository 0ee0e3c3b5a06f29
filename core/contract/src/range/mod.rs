//! What can happen to each leg on all paths, without listing paths: every state is looked at once, after all that lead
//! to it, with the smallest and largest of each amount.
//!
//! Safe, and as tight as intervals are: what is paid, given back and moved on always adds up to what was authorised, and
//! every range is narrowed by that. C6 and C8 are decided here, because they need the ranges.

mod leg;
mod pass;
mod promise;

use crate::finding::Findings;
use crate::model::{Document, LegIx, PartyIx, StateIx};

pub(crate) use leg::LegRange;
pub(crate) use promise::share_of;

/// The smallest and the largest of an amount, in the asset's smallest units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

impl Range {
    pub(crate) const fn new(min: i64, max: i64) -> Self {
        Self { min, max }
    }

    pub(crate) const fn exactly(amount: i64) -> Self {
        Self { min: amount, max: amount }
    }

    /// The smallest range that holds both.
    pub(crate) fn hull(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// The smallest range that holds every sum of one of each.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { min: self.min.saturating_add(other.min), max: self.max.saturating_add(other.max) }
    }

    /// Says whether an amount lies inside.
    pub const fn contains(self, amount: i64) -> bool {
        self.min <= amount && amount <= self.max
    }
}

/// Where money of a leg goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    Party(PartyIx),
    Payer,
    Contract,
}

/// What one edge may do with a leg.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Movement {
    pub(crate) leg: LegIx,
    pub(crate) whom: Whom,
    pub(crate) range: Range,
    /// It is the rest, not one of the amounts before it.
    pub(crate) rest: bool,
}

/// What is known about all paths.
#[derive(Clone, Debug)]
pub(crate) struct Ranges {
    /// Of each state and edge (the `else` last), what may move.
    movements: Vec<Vec<Vec<Movement>>>,
    /// Of each leg, over all ends after the holds were placed.
    pub(crate) ends: Vec<LegRange>,
    pub(crate) longest_ms: i64,
    /// The states that can be reached, each after all that lead to it.
    pub(crate) order: Vec<StateIx>,
}

impl Ranges {
    /// What an edge may move; movements of nothing are left out.
    pub(crate) fn movements(&self, state: StateIx, edge: usize) -> &[Movement] {
        self.movements[state].get(edge).map_or(&[], Vec::as_slice)
    }
}

/// Works out what may still happen from a state on; safe, because repetitions that were used up count again.
pub(crate) fn remaining(
    document: &Document,
    order: &[StateIx],
    state: StateIx,
    legs: Vec<LegRange>,
    vars: Vec<Option<Range>>,
) -> Vec<LegRange> {
    pass::run_from(document, order, state, legs, vars)
}

/// Works out the ranges of a document whose graph and disposals were found sound.
pub(crate) fn analyse(document: &Document, order: &[StateIx], findings: &mut Findings) -> Ranges {
    pass::run(document, order, findings)
}
