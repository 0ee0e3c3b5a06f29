//! The ranges of one leg: what is authorised, what has left it, and who has it.

use super::{Range, Whom};
use crate::model::{Document, LegIx};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LegRange {
    /// What is authorised: the hold, or more after a raise that the rail may also decline.
    pub(crate) authorised: Range,
    /// What has left the leg so far.
    pub(crate) out: Range,
    /// Of each party, what it has received.
    pub(crate) received: Vec<Range>,
    /// What went back to the payer.
    pub(crate) returned: Range,
    /// What moved to another contract.
    pub(crate) moved: Range,
    /// What had left the leg before the look began, and is in none of the others.
    pub(crate) past: i64,
}

impl LegRange {
    /// A leg that was just placed.
    pub(crate) fn placed(document: &Document, leg: LegIx) -> Self {
        Self {
            authorised: Range::exactly(document.legs[leg].hold),
            out: Range::default(),
            received: vec![Range::default(); document.parties.len()],
            returned: Range::default(),
            moved: Range::default(),
            past: 0,
        }
    }

    /// A leg as it stands: what it holds, what a raise may make of it, and what has left it.
    pub(crate) fn standing(document: &Document, authorised: Range, past: i64) -> Self {
        Self {
            authorised,
            out: Range::exactly(past),
            received: vec![Range::default(); document.parties.len()],
            returned: Range::default(),
            moved: Range::default(),
            past,
        }
    }

    pub(crate) fn left(&self) -> Range {
        let min = (self.authorised.min - self.out.max).max(0);
        Range::new(min, (self.authorised.max - self.out.min).max(min))
    }

    /// Raises to an amount that the rail may decline.
    pub(crate) fn raise(&mut self, to: i64) {
        self.authorised.max = self.authorised.max.max(to);
    }

    /// Takes an amount, or what is left if that is less; says what was taken.
    pub(crate) fn take(&mut self, whom: Whom, wanted: Range) -> Range {
        let left = self.left();
        let taken = Range::new(wanted.min.min(left.min), wanted.max.min(left.max));
        self.out = self.out.plus(taken);
        self.out.max = self.out.max.min(self.authorised.max);
        let account = self.account(whom);
        *account = account.plus(taken);
        taken
    }

    /// Takes everything that is left and closes the leg; says what was taken.
    pub(crate) fn take_rest(&mut self, whom: Whom) -> Range {
        let left = self.left();
        self.out = self.authorised;
        let account = self.account(whom);
        *account = account.plus(left);
        self.narrow();
        left
    }

    /// Allows for `times` repetitions of an amount, also none.
    pub(crate) fn may_repeat(&mut self, whom: Whom, wanted: Range, times: i64) -> Range {
        let once = wanted.max.min(self.left().max);
        let all = once.saturating_mul(times).min(self.authorised.max);
        self.out.max = self.out.max.saturating_add(all).min(self.authorised.max);
        let most = self.authorised.max;
        let account = self.account(whom);
        account.max = account.max.saturating_add(all).min(most);
        Range::new(0, once)
    }

    /// The smallest ranges that hold both.
    pub(crate) fn join(&mut self, other: &Self) {
        self.authorised = self.authorised.hull(other.authorised);
        self.out = self.out.hull(other.out);
        for (mine, theirs) in self.received.iter_mut().zip(&other.received) {
            *mine = mine.hull(*theirs);
        }
        self.returned = self.returned.hull(other.returned);
        self.moved = self.moved.hull(other.moved);
    }

    /// Narrows a closed leg: all that left it adds up to what was authorised.
    fn narrow(&mut self) {
        let authorised = self.authorised;
        let all = self.received.iter().chain([&self.returned, &self.moved]);
        let sum = all.fold(Range::exactly(self.past), |sum, range| sum.plus(*range));
        for range in self.received.iter_mut().chain([&mut self.returned, &mut self.moved]) {
            let others = Range::new(sum.min - range.min, sum.max - range.max);
            let narrowed = Range::new(
                range.min.max(authorised.min.saturating_sub(others.max)),
                range.max.min(authorised.max.saturating_sub(others.min)),
            );
            *range = narrowed;
        }
    }

    fn account(&mut self, whom: Whom) -> &mut Range {
        match whom {
            Whom::Party(party) => &mut self.received[party],
            Whom::Payer => &mut self.returned,
            Whom::Contract => &mut self.moved,
        }
    }
}
