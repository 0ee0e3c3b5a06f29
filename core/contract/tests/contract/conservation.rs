//! Random executions against the books of a small hub: every leg is conserved, everything ends, and everybody receives
//! what the consent screen promised. Also for documents that were changed at random and still pass.

use std::collections::BTreeMap;

use serde_json::Value;
use tebura_contract::{Contract, check_value};

use crate::documents::{EXAMPLES, contract, value};
use crate::hub::{Dice, Hub};

/// Plays one execution and checks it against the ranges; says whether the holds were placed.
pub(crate) fn execute(contract: &Contract, seed: u64, failures: u64) -> bool {
    let mut dice = Dice::new(seed);
    let mut hub = Hub::begin(contract, &mut dice, failures);
    hub.play(&mut dice);
    let payoff = contract.payoff();
    let funded = hub.legs.values().all(|leg| leg.placed);
    for leg in &payoff.legs {
        let book = &hub.legs[&leg.leg];
        let ranges: BTreeMap<&str, _> = leg.received.iter().map(|(party, range)| (party.as_str(), *range)).collect();
        for (party, amount) in &book.received {
            let most = ranges.get(party.as_str()).map_or(0, |range| range.max);
            assert!(*amount <= most, "{party} got {amount} of {}, at most {most} was promised", leg.leg);
        }
        let unfunded = matches!(hub.state.ended(), Some((_, tebura_contract::Outcome::Unfunded)));
        if funded && !hub.failed && !unfunded && book.authorised > 0 {
            for (party, range) in &ranges {
                let amount = book.received.get(*party).copied().unwrap_or(0);
                assert!(range.contains(amount), "{party} got {amount} of {}, {range:?} was promised", leg.leg);
            }
            assert!(leg.returned.contains(book.released), "{} back, {:?} was promised", book.released, leg.returned);
            assert!(leg.moved.contains(book.moved), "{} moved, {:?} was promised", book.moved, leg.moved);
        }
    }
    funded
}

#[test]
fn examples_conserve_every_leg_and_keep_their_promises() {
    for (name, _) in EXAMPLES {
        let contract = contract(name);
        let funded = (0..400).filter(|seed| execute(&contract, *seed, 0)).count();
        assert!(funded > 100, "{name}: {funded} of 400 were funded");
        for seed in 400..700 {
            execute(&contract, seed, 25);
        }
    }
}

#[test]
fn changed_documents_that_pass_conserve_every_leg() {
    let mut accepted = 0;
    let mut refused = 0;
    for seed in 0..4_500 {
        let mut dice = Dice::new(seed ^ 0xC0FF_EE00);
        let (name, _) = EXAMPLES[usize::try_from(dice.below(EXAMPLES.len() as u64)).unwrap()];
        let mut document = value(name);
        for _ in 0..=dice.below(3) {
            disturb(&mut document, &mut dice);
        }
        match check_value(&document, None).contract {
            Some(contract) => {
                accepted += 1;
                for run in 0..3 {
                    execute(&contract, seed * 7 + run, if run == 2 { 30 } else { 0 });
                }
            }
            None => refused += 1,
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 300 && refused > 500, "{accepted} accepted, {refused} refused");
}

/// Every place of a document by its pointer.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, inner)| places(inner, &format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| places(inner, &format!("{path}/{index}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Changes one place: another number, another name that the document knows, a part copied, moved or left out.
pub(crate) fn disturb(document: &mut Value, dice: &mut Dice) {
    let mut all = Vec::new();
    places(document, "", &mut all);
    let all: Vec<String> = all.into_iter().filter(|path| !path.is_empty() && !path.contains("/label")).collect();
    let Some(path) = dice.pick(&all).cloned() else { return };
    let names: Vec<String> = ["parties", "states", "legs"]
        .iter()
        .flat_map(|group| document[*group].as_object().into_iter().flatten().map(|(name, _)| name.clone()))
        .chain(["end", "release", "keep", "PT30M", "PT3H", "P2D", "PT1S"].map(str::to_owned))
        .collect();
    let donor = dice.pick(&all).and_then(|donor| document.pointer(donor)).cloned().unwrap_or(Value::Null);
    let Some(place) = document.pointer_mut(&path) else { return };
    match place {
        Value::Number(number) => {
            let old = number.as_i64().unwrap_or(0);
            let new =
                [0, 1, old.saturating_sub(1), old.saturating_add(1), old.saturating_mul(2), old / 2, 10_000, i64::MAX]
                    [usize::try_from(dice.below(8)).unwrap()];
            *place = new.into();
        }
        Value::String(_) => *place = dice.pick(&names).cloned().unwrap_or_default().into(),
        Value::Array(items) if dice.chance(70) && !items.is_empty() => {
            let (one, other) = (dice.below(items.len() as u64), dice.below(items.len() as u64));
            let (one, other) = (usize::try_from(one).unwrap(), usize::try_from(other).unwrap());
            match dice.below(3) {
                0 => drop(items.remove(one)),
                1 => items.swap(one, other),
                _ => items.push(items[one].clone()),
            }
        }
        Value::Object(fields) if dice.chance(40) && !fields.is_empty() => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = dice.pick(&names).cloned().unwrap_or_default();
            fields.remove(&name);
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => *place = donor,
    }
}
