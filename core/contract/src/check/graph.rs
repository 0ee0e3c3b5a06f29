//! C2 and C11: the graph goes forward, repeats are counted, and every state can be reached.

use crate::finding::{Code, Findings};
use crate::limits::FIRINGS_MAX;
use crate::model::{Document, Go, StateIx};

/// The states that can be reached, each after all that lead to it; nothing when the graph has a cycle.
pub(super) fn look(document: &Document, findings: &mut Findings) -> Option<Vec<StateIx>> {
    loops(document, findings);
    let reachable = reachable(document);
    for (state, _) in reachable.iter().enumerate().filter(|(_, reached)| !**reached) {
        let name = &document.states[state].name;
        findings.add(Code::C11UnreachableState, format!("/states/{name}"), &[("state", name)]);
    }
    let order = order(document);
    if order.len() < document.states.len() {
        let stuck = (0..document.states.len()).filter(|state| !order.contains(state));
        let names: Vec<String> = stuck.map(|state| format!("`{}`", document.states[state].name)).collect();
        findings.add(Code::C2Cycle, "/states", &[("states", &names.join(", "))]);
        return None;
    }
    let order: Vec<StateIx> = order.into_iter().filter(|state| reachable[*state]).collect();
    firings(document, &order, findings);
    Some(order)
}

/// The states that the edges of a state lead to, itself left out.
pub(crate) fn next(document: &Document, state: StateIx) -> impl Iterator<Item = StateIx> {
    let targets = document.states[state].edges().filter_map(|edge| match edge.go {
        Go::State(target) => Some(target),
        Go::End => None,
    });
    targets.filter(move |target| *target != state)
}

fn loops(document: &Document, findings: &mut Findings) {
    for (index, state) in document.states.iter().enumerate() {
        for (number, edge) in state.edges().enumerate() {
            let path = document.edge_path(index, number);
            let stays = edge.go == Go::State(index);
            match (stays, edge.times) {
                (true, _) if edge.trigger.is_none() && number == state.on.len() => {
                    findings.add(Code::C3ElseStays, path, &[]);
                }
                (true, None) => findings.add(Code::C2LoopWithoutTimes, path, &[]),
                (false, Some(_)) => findings.add(Code::C2TimesWithoutLoop, path, &[]),
                (true, Some(_)) | (false, None) => {}
            }
        }
    }
}

fn reachable(document: &Document) -> Vec<bool> {
    let mut reached = vec![false; document.states.len()];
    let mut open = vec![document.start];
    while let Some(state) = open.pop() {
        if !std::mem::replace(&mut reached[state], true) {
            open.extend(next(document, state));
        }
    }
    reached
}

/// The states that lie on no cycle and behind none, predecessors first; start before others where both are free.
fn order(document: &Document) -> Vec<StateIx> {
    let mut incoming = vec![0_usize; document.states.len()];
    for state in 0..document.states.len() {
        next(document, state).for_each(|target| incoming[target] += 1);
    }
    let mut free: Vec<StateIx> = (0..document.states.len()).rev().filter(|state| incoming[*state] == 0).collect();
    let mut order = Vec::new();
    while let Some(state) = free.pop() {
        order.push(state);
        for target in next(document, state) {
            incoming[target] -= 1;
            if incoming[target] == 0 {
                free.push(target);
            }
        }
    }
    order
}

fn firings(document: &Document, order: &[StateIx], findings: &mut Findings) {
    let mut most = vec![0_u32; document.states.len()];
    for state in order.iter().rev() {
        let own: u32 = document.states[*state].on.iter().filter_map(|edge| edge.times).map(u32::from).sum();
        let onward = next(document, *state).map(|target| most[target]).max().unwrap_or(0);
        most[*state] = own.saturating_add(onward).saturating_add(1);
    }
    let count = most[document.start];
    if count > FIRINGS_MAX {
        findings.add(Code::C2TooManyFirings, "/states", &[("count", &count), ("limit", &FIRINGS_MAX)]);
    }
}
