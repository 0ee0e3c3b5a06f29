//! C11: every edge can fire: its window, its conditions and the edges before it leave room.

use std::fmt::Display;

use super::time::{deadline, never_later};
use crate::finding::{Code, Findings};
use crate::model::{Document, Go, Moment, State, StateIx, Trigger};

pub(super) fn look(document: &Document, findings: &mut Findings) {
    for (index, state) in document.states.iter().enumerate() {
        for (number, edge) in state.on.iter().enumerate() {
            let Some(trigger) = &edge.trigger else { continue };
            let path = document.edge_path(index, number);
            if let Some((english, japanese)) = never(document, index, trigger) {
                let values: [(_, &dyn Display); 2] = [("reason", &english), ("reason_ja", &japanese)];
                findings.add(Code::C11NeverOpen, format!("{path}/when"), &values);
            }
            if let Some(earlier) = shadow(document, state, index, number, trigger) {
                let earlier = document.edge_path(index, earlier);
                findings.add(Code::C11Shadowed, path, &[("earlier", &earlier)]);
            }
        }
    }
}

fn never(document: &Document, state: StateIx, trigger: &Trigger) -> Option<(&'static str, &'static str)> {
    let span = |moment: Moment| document.span(state, moment);
    if trigger.after.is_some_and(|after| never_later(&deadline(document, state), &[span(after)], 0)) {
        return Some(("it opens at the deadline of its state or later", "状態の期限以降にしか開きません"));
    }
    if trigger.before.is_some_and(|before| span(before).late <= 0) {
        return Some(("it closes before the beginning", "開始より前に閉じます"));
    }
    if let (Some(after), Some(before)) = (trigger.after, trigger.before)
        && never_later(&[span(before)], &[span(after)], 0)
    {
        return Some(("it closes before it opens", "開く前に閉じます"));
    }
    let empty = (0..trigger.fields.len()).map(|field| trigger.bounds(field)).any(|(min, max)| min > max);
    empty.then_some(("no number passes its bounds and conditions", "範囲と条件を満たす数値がありません"))
}

/// An earlier edge that fires whenever this one would.
fn shadow(document: &Document, state: &State, index: StateIx, number: usize, trigger: &Trigger) -> Option<usize> {
    state.on[..number].iter().position(|edge| {
        let Some(earlier) = &edge.trigger else { return false };
        let used_up = edge.go == Go::State(index);
        let same = earlier.kind == trigger.kind && earlier.name == trigger.name;
        same && !used_up && asks_no_more(earlier, trigger) && opens_no_less(document, index, earlier, trigger)
    })
}

/// Every set of signers and every number that is enough for `later` is enough for `earlier`.
fn asks_no_more(earlier: &Trigger, later: &Trigger) -> bool {
    let outside = later.signers.iter().filter(|party| !earlier.signers.contains(party)).count();
    let signed = later.quorum.saturating_sub(outside) >= earlier.quorum;
    let stated = earlier.fields.iter().enumerate().all(|(field, wanted)| {
        let given = later.fields.iter().position(|given| given.name == wanted.name);
        given.is_some_and(|given| {
            let ((min, max), (least, most)) = (earlier.bounds(field), later.bounds(given));
            min <= least && most <= max
        })
    });
    // Several signers must agree on the numbers of their edge; with other numbers they may agree on one edge only.
    let alike = later.quorum == 1 || earlier.fields.len() == later.fields.len();
    signed && stated && alike
}

fn opens_no_less(document: &Document, state: StateIx, earlier: &Trigger, later: &Trigger) -> bool {
    let span = |moment: Moment| document.span(state, moment);
    let always_by = |first: Moment, second: Moment| never_later(&[span(first)], &[span(second)], 0);
    let opens = match (earlier.after, later.after) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(earlier), Some(later)) => always_by(earlier, later),
    };
    let closes = match (earlier.before, later.before) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(earlier), Some(later)) => always_by(later, earlier),
    };
    opens && closes
}
