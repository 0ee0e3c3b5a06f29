//! C4: deadlines lie after the beginning, never go backwards, and leave time to place the holds.

use std::fmt::Display;

use crate::finding::{Code, Findings};
use crate::limits::DURATION_MS_MAX;
use crate::model::{Document, Go, Moment, Span, StateIx};
use crate::text::{length_en, length_ja};

pub(super) fn look(document: &Document, order: Option<&[StateIx]>, findings: &mut Findings) {
    for anchor in document.anchors.iter().filter(|anchor| anchor.earliest_ms > anchor.latest_ms) {
        findings.add(Code::C4AnchorRange, format!("/anchors/{}", anchor.name), &[]);
    }
    for (index, state) in document.states.iter().enumerate() {
        let (early, _) = document.deadline_span(index);
        if early <= 0 {
            let values: [(_, &dyn Display); 2] = [("by", &length_en(early)), ("by_ja", &length_ja(early))];
            findings.add(Code::C4DeadlinePast, format!("/states/{}/by", state.name), &values);
        }
        for (number, edge) in state.edges().enumerate() {
            if let Go::State(target) = edge.go
                && target != index
                && !never_later(&deadline(document, index), &fixed_deadline(document, target), 0)
            {
                backwards(document, index, target, &document.edge_path(index, number), findings);
            }
        }
    }
    funding(document, findings);
    let Some(order) = order else { return };
    let length = document.longest_ms(order).saturating_add(document.grace_ms);
    if length > DURATION_MS_MAX {
        let values: [(_, &dyn Display); 4] = [
            ("length", &length_en(length)),
            ("length_ja", &length_ja(length)),
            ("limit", &length_en(DURATION_MS_MAX)),
            ("limit_ja", &length_ja(DURATION_MS_MAX)),
        ];
        findings.add(Code::C4TooLong, "/states", &values);
    }
}

fn backwards(document: &Document, from: StateIx, to: StateIx, path: &str, findings: &mut Findings) {
    let (late, early) = (document.deadline_span(from).1, document.deadline_span(to).0);
    let values: [(_, &dyn Display); 6] = [
        ("from", &document.states[from].name),
        ("to", &document.states[to].name),
        ("late", &length_en(late)),
        ("late_ja", &length_ja(late)),
        ("early", &length_en(early)),
        ("early_ja", &length_ja(early)),
    ];
    findings.add(Code::C4DeadlineBackwards, path, &values);
}

fn funding(document: &Document, findings: &mut Findings) {
    let fund = &document.states[document.fund_at];
    let short = |findings: &mut Findings| {
        findings.add(Code::C4NoTimeToFund, "/fund_by", &[("state", &fund.name)]);
    };
    if document.fund_by_ms <= 0 {
        return short(findings);
    }
    if document.fund_at == document.start {
        let beginning = document.span(document.start, Moment::After(0));
        if !never_later(&[beginning], &fixed_deadline(document, document.fund_at), document.fund_by_ms) {
            short(findings);
        }
        return;
    }
    for (index, state) in document.states.iter().enumerate() {
        let leads = index != document.fund_at && state.edges().any(|edge| edge.go == Go::State(document.fund_at));
        let deadline = fixed_deadline(document, document.fund_at);
        if leads && !never_later(&self::deadline(document, index), &deadline, document.fund_by_ms) {
            short(findings);
        }
    }
}

/// True when, wherever the anchors lie, the earliest of `first` plus `extra_ms` is at most the earliest of `second`.
///
/// Looks for one of `first` that is never later than each of `second`: exact for one anchor, safe for several.
pub(super) fn never_later(first: &[Span], second: &[Span], extra_ms: i64) -> bool {
    second.iter().all(|late| {
        first.iter().any(|early| match (early.anchor, late.anchor) {
            (Some((a, early)), Some((b, late))) if a == b => early + extra_ms <= late,
            _ => early.late.saturating_add(extra_ms) <= late.early,
        })
    })
}

/// The moments that bound a state's deadline.
pub(super) fn deadline(document: &Document, state: StateIx) -> Vec<Span> {
    document.states[state].by.iter().map(|moment| document.span(state, *moment)).collect()
}

/// The same without those that count from the entry: on entry they always lie ahead.
fn fixed_deadline(document: &Document, state: StateIx) -> Vec<Span> {
    let fixed = document.states[state].by.iter().filter(|moment| !matches!(moment, Moment::Within(_)));
    fixed.map(|moment| document.span(state, *moment)).collect()
}
