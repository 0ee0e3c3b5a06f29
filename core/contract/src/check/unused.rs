//! W2: names that nothing uses: a forgotten part, or a slip.

use crate::finding::{Code, Findings};
use crate::model::{Amount, Document, Edge, Item, Moment, Rest, State, Trigger};

pub(super) fn look(document: &Document, findings: &mut Findings) {
    let mut unused = |group: &str, name: &str, used: bool| {
        if !used {
            findings.add(Code::W2Unused, format!("/{group}/{name}"), &[("name", &name)]);
        }
    };
    for (index, party) in document.parties.iter().enumerate() {
        let held = document.legs.iter().any(|leg| leg.from == index);
        unused("parties", &party.name, held || edges(document).any(|edge| uses_party(edge, index)));
    }
    for (index, anchor) in document.anchors.iter().enumerate() {
        let used = moments(document).any(|moment| matches!(moment, Moment::Anchor(anchor, _) if anchor == index));
        unused("anchors", &anchor.name, used);
    }
    for (index, leg) in document.legs.iter().enumerate() {
        let raised = edges(document).any(|edge| edge.raises.iter().any(|(raised, _)| *raised == index));
        unused("legs", &format!("{}/cap", leg.name), leg.cap <= leg.hold || raised);
    }
    for (index, var) in document.vars.iter().enumerate() {
        let used =
            edges(document).flat_map(amounts).any(|amount| matches!(amount, Amount::Var(var, _) if *var == index));
        unused("states", var, used);
    }
}

fn edges(document: &Document) -> impl Iterator<Item = &Edge> {
    document.states.iter().flat_map(State::edges)
}

fn uses_party(edge: &Edge, party: usize) -> bool {
    let signs = edge.trigger.as_ref().is_some_and(|trigger: &Trigger| trigger.signers.contains(&party));
    let rests = edge.disposals.iter().any(|disposal| disposal.rest == Rest::Pay(party));
    signs || rests || edge.disposals.iter().any(|disposal| disposal.paid().any(|paid| paid == party))
}

fn moments(document: &Document) -> impl Iterator<Item = Moment> {
    let windows = edges(document).filter_map(|edge| edge.trigger.as_ref());
    let windows = windows.flat_map(|trigger| trigger.after.into_iter().chain(trigger.before));
    document.states.iter().flat_map(|state| state.by.iter().copied()).chain(windows)
}

fn amounts(edge: &Edge) -> impl Iterator<Item = &Amount> {
    edge.disposals.iter().flat_map(|disposal| &disposal.items).map(|item| match item {
        Item::Pay { amount, .. } | Item::Release { amount } => amount,
    })
}
