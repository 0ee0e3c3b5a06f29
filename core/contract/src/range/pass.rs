//! One pass over the states in order.

use super::promise::amount_of;
use super::{LegRange, Movement, Range, Ranges, Whom};
use crate::finding::Findings;
use crate::model::{Disposal, Document, Edge, Go, LegIx, Rest, StateIx};

/// What is known when a state is entered; legs are empty before the holds are placed.
#[derive(Clone)]
struct Known {
    legs: Vec<LegRange>,
    vars: Vec<Option<Range>>,
}

/// One leg's disposal on one edge.
#[derive(Clone, Copy)]
pub(super) struct Spot<'d> {
    pub(super) state: StateIx,
    pub(super) number: usize,
    pub(super) edge: &'d Edge,
    pub(super) disposal: &'d Disposal,
}

pub(super) struct Pass<'d, 'f> {
    pub(super) document: &'d Document,
    pub(super) findings: &'f mut Findings,
    entered: Vec<Option<Known>>,
    movements: Vec<Vec<Vec<Movement>>>,
    ends: Option<Vec<LegRange>>,
}

pub(super) fn run(document: &Document, order: &[StateIx], findings: &mut Findings) -> Ranges {
    let mut entered = vec![None; document.states.len()];
    let legs = if document.fund_at == document.start { placed(document) } else { Vec::new() };
    entered[document.start] = Some(Known { legs, vars: vec![None; document.vars.len()] });
    let movements = document.states.iter().map(|state| vec![Vec::new(); state.on.len() + 1]).collect();
    let mut pass = Pass { document, findings, entered, movements, ends: None };
    for state in order {
        pass.state(*state);
    }
    (0..document.legs.len()).for_each(|leg| pass.raises(leg));
    let ends = pass.ends.unwrap_or_else(|| placed(document));
    Ranges { movements: pass.movements, ends, longest_ms: document.longest_ms(order), order: order.to_vec() }
}

/// The ranges from a state on: what may still happen to legs that stand as they do. Empty `legs` are not placed yet.
pub(super) fn run_from(
    document: &Document,
    order: &[StateIx],
    state: StateIx,
    legs: Vec<LegRange>,
    vars: Vec<Option<Range>>,
) -> Vec<LegRange> {
    let mut entered = vec![None; document.states.len()];
    let standing = legs.clone();
    entered[state] = Some(Known { legs, vars });
    let movements = document.states.iter().map(|state| vec![Vec::new(); state.on.len() + 1]).collect();
    // The document was checked as a whole; what is found again from here on is known.
    let mut known = Findings::default();
    let mut pass = Pass { document, findings: &mut known, entered, movements, ends: None };
    for state in order {
        pass.state(*state);
    }
    pass.ends.unwrap_or(standing)
}

fn placed(document: &Document) -> Vec<LegRange> {
    (0..document.legs.len()).map(|leg| LegRange::placed(document, leg)).collect()
}

impl Pass<'_, '_> {
    fn state(&mut self, index: StateIx) {
        let document = self.document;
        let Some(mut known) = self.entered[index].clone() else { return };
        let state = &document.states[index];
        let (loops, exits): (Vec<_>, Vec<_>) =
            state.edges().enumerate().partition(|(_, edge)| edge.go == Go::State(index));
        self.repeat(index, &mut known, &loops);
        for (number, edge) in exits {
            let mut after = known.clone();
            bind(&mut after.vars, edge);
            self.fire(index, number, edge, &mut after);
            match edge.go {
                Go::State(target) => self.enter(target, after),
                Go::End => self.end(after),
            }
        }
    }

    /// Allows for every number of repetitions of the edges that come back.
    fn repeat(&mut self, index: StateIx, known: &mut Known, loops: &[(usize, &Edge)]) {
        if loops.is_empty() {
            return;
        }
        let mut bound = known.vars.clone();
        for (_, edge) in loops {
            for (leg, to) in &edge.raises {
                if let Some(leg) = known.legs.get_mut(*leg) {
                    leg.raise(*to);
                }
            }
            bind(&mut bound, edge);
        }
        for (before, after) in known.vars.iter_mut().zip(bound) {
            *before = before.and_then(|before| after.map(|after| before.hull(after)));
        }
        let start = known.legs.clone();
        for (number, edge) in loops {
            let times = i64::from(edge.times.unwrap_or(1));
            for disposal in &edge.disposals {
                let spot = Spot { state: index, number: *number, edge, disposal };
                let Some(before) = start.get(disposal.leg) else { continue };
                for item in &disposal.items {
                    let (whom, wanted) = self.wanted(spot, item, before, &known.vars);
                    let range = known.legs[disposal.leg].may_repeat(whom, wanted, times);
                    self.move_on(spot, whom, range, false);
                }
                // C6: the last repetition, after all others of the state.
                let mut worst = before.clone();
                let others = self.repetitions(disposal.leg, loops, before, &known.vars, edge);
                worst.out.max = worst.out.max.saturating_add(others).min(worst.authorised.max);
                self.enough(spot, &worst, &known.vars);
            }
        }
    }

    /// The most that all repetitions of a state take from a leg, but for one of `but_one`.
    fn repetitions(
        &self,
        leg: LegIx,
        loops: &[(usize, &Edge)],
        before: &LegRange,
        vars: &[Option<Range>],
        but_one: &Edge,
    ) -> i64 {
        let most = |edge: &Edge| -> i64 {
            let items = edge.disposal(leg).map(|disposal| disposal.items.as_slice()).unwrap_or_default();
            let each = items.iter().map(|item| amount_of(edge, item, before, vars).map_or(0, |range| range.max));
            each.fold(0, i64::saturating_add)
        };
        let each = loops.iter().map(|(_, edge)| most(edge).saturating_mul(i64::from(edge.times.unwrap_or(1))));
        each.fold(0, i64::saturating_add).saturating_sub(most(but_one))
    }

    fn fire(&mut self, index: StateIx, number: usize, edge: &Edge, after: &mut Known) {
        for (leg, to) in &edge.raises {
            if let Some(leg) = after.legs.get_mut(*leg) {
                leg.raise(*to);
            }
        }
        for disposal in &edge.disposals {
            let spot = Spot { state: index, number, edge, disposal };
            let Some(leg) = after.legs.get_mut(disposal.leg) else { continue };
            self.enough(spot, leg, &after.vars);
            for item in &disposal.items {
                let (whom, wanted) = self.wanted(spot, item, leg, &after.vars);
                let range = leg.take(whom, wanted);
                self.move_on(spot, whom, range, false);
            }
            let whom = match disposal.rest {
                Rest::Keep => continue,
                Rest::Release => Whom::Payer,
                Rest::Pay(party) => Whom::Party(party),
                Rest::Rehold { .. } => Whom::Contract,
            };
            let range = leg.take_rest(whom);
            self.move_on(spot, whom, range, true);
        }
    }

    fn move_on(&mut self, spot: Spot<'_>, whom: Whom, range: Range, rest: bool) {
        if range.max > 0 {
            let leg = spot.disposal.leg;
            self.movements[spot.state][spot.number].push(Movement { leg, whom, range, rest });
        }
    }

    fn enter(&mut self, target: StateIx, mut after: Known) {
        if target == self.document.fund_at && after.legs.is_empty() {
            after.legs = placed(self.document);
        }
        match &mut self.entered[target] {
            Some(known) => {
                for (mine, theirs) in known.legs.iter_mut().zip(&after.legs) {
                    mine.join(theirs);
                }
                for (mine, theirs) in known.vars.iter_mut().zip(after.vars) {
                    *mine = mine.and_then(|mine| theirs.map(|theirs| mine.hull(theirs)));
                }
            }
            entered @ None => *entered = Some(after),
        }
    }

    fn end(&mut self, after: Known) {
        if after.legs.is_empty() {
            return;
        }
        match &mut self.ends {
            Some(ends) => ends.iter_mut().zip(&after.legs).for_each(|(mine, theirs)| mine.join(theirs)),
            ends @ None => *ends = Some(after.legs),
        }
    }
}

fn bind(vars: &mut [Option<Range>], edge: &Edge) {
    let Some(trigger) = &edge.trigger else { return };
    for (var, field) in &edge.binds {
        let (min, max) = trigger.bounds(*field);
        vars[*var] = Some(Range::new(min.min(max), max));
    }
}
