//! The graph as a Mermaid state diagram.

use super::words::Words;
use crate::contract::Contract;
use crate::finding::Language;
use crate::model::{Edge, Go, StateIx};

/// Writes the diagram; names are prefixed, because Mermaid gives some words a meaning.
pub(super) fn write(contract: &Contract, say: Words) -> String {
    let document = &contract.document;
    let mut text = String::from("stateDiagram-v2\n");
    for index in &contract.ranges.order {
        let state = &document.states[*index];
        let held = if *index == document.fund_at { say.pick(" ★仮押さえ", " ★held from here") } else { "" };
        text.push_str(&format!("    state \"{}{held}\" as {}\n", safe(say.label(&state.label)), id(contract, *index)));
    }
    text.push_str(&format!("    [*] --> {}\n", id(contract, document.start)));
    for index in &contract.ranges.order {
        let state = &document.states[*index];
        for edge in state.edges() {
            let target = match edge.go {
                Go::State(target) => id(contract, target),
                Go::End => "[*]".to_owned(),
            };
            text.push_str(&format!("    {} --> {target} : {}\n", id(contract, *index), caption(contract, say, edge)));
        }
    }
    text
}

fn id(contract: &Contract, state: StateIx) -> String {
    format!("s_{}", contract.document.states[state].name)
}

fn caption(contract: &Contract, say: Words, edge: &Edge) -> String {
    let document = &contract.document;
    let Some(trigger) = &edge.trigger else {
        return format!("{}{}", say.pick("⏰期限", "⏰deadline"), payments(contract, say, edge));
    };
    let names: Vec<String> = trigger.signers.iter().map(|party| say.party(&document.parties[*party])).collect();
    let who = if trigger.quorum < names.len() {
        format!("{}/{} {}", trigger.quorum, names.len(), names.join(say.pick("・", ", ")))
    } else {
        say.list(&names)
    };
    let times = edge.times.map(|times| format!(" ×{times}")).unwrap_or_default();
    let what = edge.label.as_ref().map_or_else(|| trigger.name.clone(), |label| say.label(label).to_owned());
    format!("{} - {}{times}{}", safe(&who), safe(&what), payments(contract, say, edge))
}

/// Who is paid: ` → shop`.
fn payments(contract: &Contract, say: Words, edge: &Edge) -> String {
    let document = &contract.document;
    let mut paid: Vec<usize> = edge.disposals.iter().flat_map(|disposal| disposal.paid()).collect();
    paid.sort_unstable();
    paid.dedup();
    if paid.is_empty() {
        return String::new();
    }
    let names: Vec<String> = paid.iter().map(|party| safe(say.label(&document.parties[*party].label))).collect();
    match say.0 {
        Language::Ja => format!(" → {}へ", names.join("・")),
        Language::En => format!(" → {}", names.join(", ")),
    }
}

/// A text without characters that mean something to Mermaid: they are written by their number.
fn safe(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | '(' | ')' | '-' | '_' | '/') {
            safe.push_str(&format!("#{};", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    safe
}
