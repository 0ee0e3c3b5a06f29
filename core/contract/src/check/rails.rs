//! C4, C9 and C10 against the rails of a hub: what the contract asks of each leg's rail, and whether the rail can.

use std::fmt::Display;

use crate::finding::{Code, Findings};
use crate::model::{Asset, Document, Edge, Item, Leg, LegIx, Rest, StateIx};
use crate::rails::{RailFacts, Rails};
use crate::text::{length_en, length_ja};
use crate::words::amount;

/// Looks at every leg's rail, and at edges that capture on several rails.
pub(crate) fn look(document: &Document, longest_ms: i64, rails: &Rails, findings: &mut Findings) {
    for (index, leg) in document.legs.iter().enumerate() {
        let path = format!("/legs/{}/rail", leg.name);
        let Some(facts) = rails.get(leg.rail.as_str()) else {
            let known: Vec<String> = rails.keys().map(|rail| format!("`{rail}`")).collect();
            let list = |none: &str| if known.is_empty() { none.to_owned() } else { known.join(", ") };
            let values: [(_, &dyn Display); 3] =
                [("rail", &leg.rail), ("rails", &list("none")), ("rails_ja", &list("なし"))];
            findings.add(Code::C10UnknownRail, path, &values);
            continue;
        };
        let longest_ms = longest_ms.max(moved_until(document, index));
        carries(document, leg, facts, longest_ms, &path, findings);
        let wishes = Wishes::of(document, index);
        let denied = [
            (wishes.several_captures, facts.several_captures, Code::C10SeveralCaptures),
            (wishes.partial_capture, facts.partial_capture, Code::C10PartialCapture),
            (wishes.split, facts.split, Code::C10Split),
            (wishes.partial_release, facts.partial_release, Code::C10PartialRelease),
            (wishes.raise, facts.raise, Code::C10Raise),
            (wishes.extend, facts.extend, Code::C10Extend),
        ];
        for (_, _, code) in denied.into_iter().filter(|(wished, able, _)| *wished && !able) {
            findings.add(code, &path, &[("leg", &leg.name), ("rail", &leg.rail)]);
        }
    }
    for (index, state) in document.states.iter().enumerate() {
        for (number, edge) in state.edges().enumerate() {
            together(document, index, number, edge, rails, findings);
        }
    }
}

fn carries(document: &Document, leg: &Leg, facts: &RailFacts, longest_ms: i64, path: &str, findings: &mut Findings) {
    let needed = longest_ms.saturating_add(document.grace_ms).saturating_add(facts.settle_margin_ms);
    if needed > facts.max_hold_ms {
        let values: [(_, &dyn Display); 6] = [
            ("leg", &leg.name),
            ("rail", &leg.rail),
            ("needed", &length_en(needed)),
            ("needed_ja", &length_ja(needed)),
            ("limit", &length_en(facts.max_hold_ms)),
            ("limit_ja", &length_ja(facts.max_hold_ms)),
        ];
        findings.add(Code::C4RailTooShort, path, &values);
    }
    let kind = match &leg.asset {
        Asset::Money(currency) => currency.code().to_owned(),
        Asset::Thing(name) => name.split(':').next().unwrap_or_default().to_owned(),
    };
    if !facts.assets.is_empty() && !facts.assets.contains(&kind) {
        let values: [(_, &dyn Display); 3] = [("rail", &leg.rail), ("asset", &kind), ("leg", &leg.name)];
        findings.add(Code::C10Asset, path, &values);
    }
    if let Some(limit) = facts.max_amount.filter(|limit| *limit < leg.cap) {
        let values: [(_, &dyn Display); 4] = [
            ("rail", &leg.rail),
            ("limit", &amount(&leg.asset, limit)),
            ("leg", &leg.name),
            ("wanted", &amount(&leg.asset, leg.cap)),
        ];
        findings.add(Code::C10Amount, path, &values);
    }
}

/// The latest that a leg may have to stand because it moved to another contract, after the beginning of this one.
fn moved_until(document: &Document, leg: LegIx) -> i64 {
    let of_state = |state: StateIx| {
        let late = document.deadline_span(state).1;
        document.states[state].edges().filter_map(move |edge| match edge.disposal(leg)?.rest {
            Rest::Rehold { until_ms, .. } => Some(late.saturating_add(until_ms)),
            Rest::Release | Rest::Keep | Rest::Pay(_) => None,
        })
    };
    (0..document.states.len()).flat_map(of_state).max().unwrap_or(0)
}

/// What the contract asks of the rail of one leg.
#[derive(Default)]
struct Wishes {
    partial_capture: bool,
    several_captures: bool,
    split: bool,
    partial_release: bool,
    raise: bool,
    extend: bool,
}

impl Wishes {
    fn of(document: &Document, leg: LegIx) -> Self {
        let mut wishes = Self::default();
        let mut all = Vec::new();
        for edge in document.states.iter().flat_map(|state| state.edges()) {
            wishes.raise |= edge.raises.iter().any(|(raised, _)| *raised == leg);
            let Some(disposal) = edge.disposal(leg) else { continue };
            let captures = disposal.paid().next().is_some();
            all.extend(disposal.paid());
            let releases = disposal.items.iter().any(|item| matches!(item, Item::Release { .. }));
            let whole = matches!(disposal.rest, Rest::Pay(_)) && !releases;
            let moves = matches!(disposal.rest, Rest::Rehold { .. });
            wishes.partial_capture |= captures && !whole;
            wishes.several_captures |= captures && (disposal.rest == Rest::Keep || moves);
            wishes.partial_release |= releases && (disposal.rest == Rest::Keep || moves || captures);
            wishes.extend |= moves;
        }
        // A hold names its payee when it is placed: without splits, all that is ever paid out of it goes there.
        all.sort_unstable();
        all.dedup();
        wishes.split = all.len() > 1;
        wishes
    }
}

fn together(document: &Document, state: StateIx, number: usize, edge: &Edge, rails: &Rails, findings: &mut Findings) {
    let captured = edge.disposals.iter().filter(|disposal| disposal.paid().next().is_some());
    let loose = captured.map(|disposal| &document.legs[disposal.leg]);
    let loose = loose.filter(|leg| rails.get(leg.rail.as_str()).is_some_and(|facts| !facts.pin));
    let names: Vec<String> = loose.map(|leg| format!("`{}`", leg.name)).collect();
    if names.len() > 1 {
        let path = format!("{}/do", document.edge_path(state, number));
        findings.add(Code::C9TwoUnpinned, path, &[("legs", &names.join(", "))]);
    }
}
