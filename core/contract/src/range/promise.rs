//! What each item of a list asks for, and whether it is certain to be there: C6, C8 and W4.

use std::fmt::Display;

use super::pass::{Pass, Spot};
use super::{LegRange, Range, Whom};
use crate::finding::Code;
use crate::model::{Amount, Edge, Item, LegIx};
use crate::words::amount;

impl Pass<'_, '_> {
    /// Who an item names and what it asks for; adds C8 where a variable may be unknown, and W4 where a statement may ask
    /// for more than is left.
    pub(super) fn wanted(
        &mut self,
        spot: Spot<'_>,
        item: &Item,
        leg: &LegRange,
        vars: &[Option<Range>],
    ) -> (Whom, Range) {
        let document = self.document;
        let whom = match item {
            Item::Pay { to, .. } => Whom::Party(*to),
            Item::Release { .. } => Whom::Payer,
        };
        let name = &document.legs[spot.disposal.leg].name;
        let path = || format!("{}/do/{name}", document.edge_path(spot.state, spot.number));
        let Some(wanted) = amount_of(spot.edge, item, leg, vars) else {
            if let Amount::Var(var, _) = asked(item) {
                let state = &document.states[spot.state].name;
                let values: [(_, &dyn Display); 2] = [("name", &document.vars[*var]), ("state", state)];
                self.findings.add(Code::C8UnboundVariable, path(), &values);
            }
            return (whom, Range::default());
        };
        let stated = matches!(asked(item), Amount::Field(..) | Amount::Var(..));
        if let (Whom::Party(party), true) = (whom, stated && wanted.max > leg.left().min) {
            let party = &document.parties[party].name;
            self.findings.add(Code::W4MayFallShort, path(), &[("leg", name), ("party", party)]);
        }
        (whom, wanted)
    }

    /// C6: fixed amounts and shares are there even where least is authorised and most has left.
    pub(super) fn enough(&mut self, spot: Spot<'_>, before: &LegRange, vars: &[Option<Range>]) {
        let mut worst = before.clone();
        worst.authorised = Range::exactly(before.authorised.min);
        worst.out = Range::exactly(before.out.max.min(before.authorised.min));
        let items = &spot.disposal.items;
        let shares = items.iter().map(|item| if let Amount::Share(share) = asked(item) { *share } else { 0 });
        let too_many_shares = shares.sum::<i64>() > 10_000;
        for (entry, item) in items.iter().enumerate() {
            let Some(wanted) = amount_of(spot.edge, item, &worst, vars) else { continue };
            let left = worst.left().min;
            let broken = match asked(item) {
                Amount::Fixed(_) => wanted.max > left,
                Amount::Share(_) => wanted.max > left || too_many_shares,
                Amount::Field(..) | Amount::Var(..) => false,
            };
            if broken {
                let leg = &self.document.legs[spot.disposal.leg];
                let path = format!("{}/do/{}/{entry}", self.document.edge_path(spot.state, spot.number), leg.name);
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
    pub(super) fn raises(&mut self, index: LegIx) {
        let document = self.document;
        let leg = &document.legs[index];
        let show = |units| amount(&leg.asset, units);
        if leg.cap < leg.hold {
            let values: [(_, &dyn Display); 2] = [("cap", &show(leg.cap)), ("hold", &show(leg.hold))];
            self.findings.add(Code::C6CapBelowHold, format!("/legs/{}/cap", leg.name), &values);
        }
        for (state, wait) in document.states.iter().enumerate() {
            for (number, edge) in wait.on.iter().enumerate() {
                let Some((_, to)) = edge.raises.iter().find(|(raised, _)| *raised == index) else { continue };
                let path = format!("{}/raise/{}", document.edge_path(state, number), leg.name);
                let values: [(_, &dyn Display); 4] =
                    [("leg", &leg.name), ("wanted", &show(*to)), ("cap", &show(leg.cap)), ("hold", &show(leg.hold))];
                if *to > leg.cap {
                    self.findings.add(Code::C6RaiseAboveCap, path, &values);
                } else if *to <= leg.hold {
                    self.findings.add(Code::C6RaiseNotAbove, path, &values);
                }
            }
        }
    }
}

/// What an item asks for; nothing where a variable is not known on every way.
pub(super) fn amount_of(edge: &Edge, item: &Item, leg: &LegRange, vars: &[Option<Range>]) -> Option<Range> {
    let at_most = |range: Range, max: Option<i64>| match max {
        Some(max) => Range::new(range.min.min(max), range.max.min(max)),
        None => range,
    };
    match asked(item) {
        Amount::Fixed(units) => Some(Range::exactly(*units)),
        Amount::Share(share) => {
            Some(Range::new(share_of(leg.authorised.min, *share), share_of(leg.authorised.max, *share)))
        }
        Amount::Field(field, max) => {
            let (min, high) = edge.trigger.as_ref()?.bounds(*field);
            Some(at_most(Range::new(min.min(high), high), *max))
        }
        Amount::Var(var, max) => vars[*var].map(|range| at_most(range, *max)),
    }
}

fn asked(item: &Item) -> &Amount {
    let (Item::Pay { amount, .. } | Item::Release { amount }) = item;
    amount
}

/// Ten-thousandths of an amount, rounded down.
pub(crate) fn share_of(units: i64, share: i64) -> i64 {
    i64::try_from(i128::from(units) * i128::from(share) / 10_000).unwrap_or(i64::MAX)
}
