//! One pass over the states in order.

use std::fmt::Display;

use super::{LegRange, Movement, Range, Ranges, Whom};
use crate::finding::{Code, Findings};
use crate::model::{Amount, Disposal, Document, Edge, Go, Item, Rest, StateIx};
use crate::words::amount;

/// What is known when a state is entered; legs are empty before the holds are placed.
#[derive(Clone)]
struct Known {
    legs: Vec<LegRange>,
    vars: Vec<Option<Range>>,
}

struct Pass<'d, 'f> {
    document: &'d Document,
    findings: &'f mut Findings,
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
    for leg in &document.legs {
        pass.raises(leg);
    }
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
                for item in &disposal.items {
                    let (whom, wanted) = self.wanted(index, *number, edge, disposal, item, &start, known);
                    let Some(leg) = known.legs.get_mut(disposal.leg) else { continue };
                    let range = leg.may_repeat(whom, wanted, times);
                    self.movements[index][*number].push(Movement { leg: disposal.leg, whom, range, rest: false });
                }
            }
        }
        for (number, edge) in loops {
            for disposal in &edge.disposals {
                self.last_repetition(index, *number, edge, disposal, loops, &start, known);
            }
        }
    }

    /// C6 for an edge that repeats: its last repetition after all others of the state.
    #[expect(clippy::too_many_arguments, reason = "one caller; the parts belong to different owners")]
    fn last_repetition(
        &mut self,
        index: StateIx,
        number: usize,
        edge: &Edge,
        disposal: &Disposal,
        loops: &[(usize, &Edge)],
        start: &[LegRange],
        known: &Known,
    ) {
        let Some(before) = start.get(disposal.leg) else { return };
        let most = |edge: &Edge| -> i64 {
            let items = edge.disposal(disposal.leg).map(|disposal| disposal.items.as_slice()).unwrap_or_default();
            let each = items.iter().map(|item| self.amount_of(edge, item, before, known).map_or(0, |range| range.max));
            each.fold(0, i64::saturating_add)
        };
        let all: i64 = loops
            .iter()
            .map(|(_, edge)| most(edge).saturating_mul(i64::from(edge.times.unwrap_or(1))))
            .fold(0, i64::saturating_add);
        let mut worst = before.clone();
        let others = all.saturating_sub(most(edge));
        worst.out.max = worst.out.max.saturating_add(others).min(worst.authorised.max);
        self.enough(index, number, edge, disposal, &worst, known);
    }

    fn fire(&mut self, index: StateIx, number: usize, edge: &Edge, after: &mut Known) {
        for (leg, to) in &edge.raises {
            if let Some(leg) = after.legs.get_mut(*leg) {
                leg.raise(*to);
            }
        }
        for disposal in &edge.disposals {
            let Some(before) = after.legs.get(disposal.leg).cloned() else { continue };
            self.enough(index, number, edge, disposal, &before, after);
            for item in &disposal.items {
                let (whom, wanted) = self.wanted(index, number, edge, disposal, item, &after.legs, after);
                let range = after.legs[disposal.leg].take(whom, wanted);
                self.move_on(index, number, disposal, whom, range, false);
            }
            let whom = match disposal.rest {
                Rest::Keep => continue,
                Rest::Release => Whom::Payer,
                Rest::Pay(party) => Whom::Party(party),
                Rest::Rehold { .. } => Whom::Contract,
            };
            let range = after.legs[disposal.leg].take_rest(whom);
            self.move_on(index, number, disposal, whom, range, true);
        }
    }

    fn move_on(&mut self, index: StateIx, number: usize, disposal: &Disposal, whom: Whom, range: Range, rest: bool) {
        if range.max > 0 {
            self.movements[index][number].push(Movement { leg: disposal.leg, whom, range, rest });
        }
    }

    /// Who an item names and what it asks for; adds C8 where a variable may be unknown and W4 where a statement may
    /// ask for more than is left.
    #[expect(clippy::too_many_arguments, reason = "one item in one place of one edge of one state")]
    fn wanted(
        &mut self,
        index: StateIx,
        number: usize,
        edge: &Edge,
        disposal: &Disposal,
        item: &Item,
        legs: &[LegRange],
        known: &Known,
    ) -> (Whom, Range) {
        let (whom, amount) = match item {
            Item::Pay { to, amount } => (Whom::Party(*to), amount),
            Item::Release { amount } => (Whom::Payer, amount),
        };
        let Some(leg) = legs.get(disposal.leg) else { return (whom, Range::default()) };
        let Some(wanted) = self.amount_of(edge, item, leg, known) else {
            let path =
                format!("{}/do/{}", self.document.edge_path(index, number), self.document.legs[disposal.leg].name);
            if let Amount::Var(var, _) = amount {
                let state = &self.document.states[index].name;
                let values: [(_, &dyn Display); 2] = [("name", &self.document.vars[*var]), ("state", state)];
                self.findings.add(Code::C8UnboundVariable, path, &values);
            }
            return (whom, Range::default());
        };
        let stated = matches!(amount, Amount::Field(..) | Amount::Var(..));
        if let (Whom::Party(party), true) = (whom, stated && wanted.max > leg.left().min) {
            let name = &self.document.legs[disposal.leg].name;
            let path = format!("{}/do/{name}", self.document.edge_path(index, number));
            let party = &self.document.parties[party].name;
            self.findings.add(Code::W4MayFallShort, path, &[("leg", name), ("party", party)]);
        }
        (whom, wanted)
    }

    fn amount_of(&self, edge: &Edge, item: &Item, leg: &LegRange, known: &Known) -> Option<Range> {
        let amount = match item {
            Item::Pay { amount, .. } | Item::Release { amount } => amount,
        };
        let at_most = |range: Range, max: Option<i64>| match max {
            Some(max) => Range::new(range.min.min(max), range.max.min(max)),
            None => range,
        };
        match amount {
            Amount::Fixed(units) => Some(Range::exactly(*units)),
            Amount::Share(share) => {
                Some(Range::new(share_of(leg.authorised.min, *share), share_of(leg.authorised.max, *share)))
            }
            Amount::Field(field, max) => {
                let (min, high) = edge.trigger.as_ref()?.bounds(*field);
                Some(at_most(Range::new(min.min(high), high), *max))
            }
            Amount::Var(var, max) => known.vars[*var].map(|range| at_most(range, *max)),
        }
    }

    /// C6: fixed amounts and shares are there even where least is authorised and most has left.
    fn enough(
        &mut self,
        index: StateIx,
        number: usize,
        edge: &Edge,
        disposal: &Disposal,
        before: &LegRange,
        known: &Known,
    ) {
        let mut worst = before.clone();
        worst.authorised = Range::exactly(before.authorised.min);
        worst.out = Range::exactly(before.out.max.min(before.authorised.min));
        let shares = disposal.items.iter().map(|item| match item {
            Item::Pay { amount: Amount::Share(share), .. } | Item::Release { amount: Amount::Share(share) } => *share,
            Item::Pay { .. } | Item::Release { .. } => 0,
        });
        let over = shares.sum::<i64>() > 10_000;
        for (entry, item) in disposal.items.iter().enumerate() {
            let Some(wanted) = self.amount_of(edge, item, &worst, known) else { continue };
            let (Item::Pay { amount: kind, .. } | Item::Release { amount: kind }) = item;
            let left = worst.left().min;
            let promised = matches!(kind, Amount::Fixed(_) | Amount::Share(_));
            if promised && (wanted.max > left || over && matches!(kind, Amount::Share(_))) {
                let leg = &self.document.legs[disposal.leg];
                let path = format!("{}/do/{}/{entry}", self.document.edge_path(index, number), leg.name);
                let values: [(_, &dyn Display); 3] = [
                    ("leg", &leg.name),
                    ("left", &amount(&leg.asset, left)),
                    ("wanted", &amount(&leg.asset, wanted.max)),
                ];
                self.findings.add(Code::C6MoreThanLeft, path, &values);
            }
            worst.out = Range::exactly(worst.out.max.saturating_add(wanted.max.min(left)));
        }
    }

    /// C6: raises lie between the hold and the cap.
    fn raises(&mut self, leg: &crate::model::Leg) {
        let show = |units| amount(&leg.asset, units);
        if leg.cap < leg.hold {
            let values: [(_, &dyn Display); 2] = [("cap", &show(leg.cap)), ("hold", &show(leg.hold))];
            self.findings.add(Code::C6CapBelowHold, format!("/legs/{}/cap", leg.name), &values);
        }
        for (index, state) in self.document.states.iter().enumerate() {
            for (number, edge) in state.on.iter().enumerate() {
                let raised = edge.raises.iter().filter(|(raised, _)| self.document.legs[*raised].name == leg.name);
                for (_, to) in raised {
                    let path = format!("{}/raise/{}", self.document.edge_path(index, number), leg.name);
                    let values: [(_, &dyn Display); 4] = [
                        ("leg", &leg.name),
                        ("wanted", &show(*to)),
                        ("cap", &show(leg.cap)),
                        ("hold", &show(leg.hold)),
                    ];
                    if *to > leg.cap {
                        self.findings.add(Code::C6RaiseAboveCap, path, &values);
                    } else if *to <= leg.hold {
                        self.findings.add(Code::C6RaiseNotAbove, path, &values);
                    }
                }
            }
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

/// Ten-thousandths of an amount, rounded down.
pub(crate) fn share_of(units: i64, share: i64) -> i64 {
    i64::try_from(i128::from(units) * i128::from(share) / 10_000).unwrap_or(i64::MAX)
}

fn bind(vars: &mut [Option<Range>], edge: &Edge) {
    let Some(trigger) = &edge.trigger else { return };
    for (var, field) in &edge.binds {
        let (min, max) = trigger.bounds(*field);
        vars[*var] = Some(Range::new(min.min(max), max));
    }
}
