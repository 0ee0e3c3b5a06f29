//! The largest documents, and documents that are hardly documents: an answer each time, and soon.

use serde_json::{Value, json};
use tebura_contract::{check, check_value};

use crate::conservation::{disturb, execute};
use crate::documents::{EXAMPLES, rails, text, value};
use crate::hub::Dice;

/// As many states, legs and edges as a document of 32 KiB has room for: each state leads to the next two, so that the
/// number of paths doubles with every state.
fn largest() -> Value {
    let legs: Value = (0..8)
        .map(|leg| (format!("l{leg}"), json!({"from": "a", "asset": "JPY", "rail": "cbdc", "hold": 1000})))
        .collect();
    let all = |rest: &str| -> Value { (0..8).map(|leg| (format!("l{leg}"), json!([{"rest": rest}]))).collect() };
    let state = |index: usize| {
        let go = |step: usize| if index + step < 32 { format!("s{:02}", index + step) } else { "end".to_owned() };
        let edge = |number: usize, step: usize| {
            let last = index + step >= 32;
            let part =
                json!({format!("l{}", number % 8): [{"to": "b", "amt": {"field": "f", "max": 9}}, {"rest": "keep"}]});
            let todo = if last { all("b") } else { part };
            json!({"when": {"attest": format!("t{number}"), "by": "n", "fields": {"f": {"max": 99}}}, "do": todo, "go": go(step)})
        };
        let otherwise = if index == 31 { json!({"do": all("release"), "go": "end"}) } else { json!({"go": go(1)}) };
        let on = [edge(1, 1), edge(2, 2), edge(3, 1)];
        (format!("s{index:02}"), json!({"by": format!("P{}D", index + 1), "on": on, "else": otherwise}))
    };
    json!({
        "v": "hc/1", "name": "largest",
        "parties": {"a": {"role": "payer"}, "b": {"role": "payee"}, "n": {"role": "attestor"}},
        "legs": legs, "fund_by": "PT1M", "start": "s00", "states": (0..32).map(state).collect::<Value>()
    })
}

#[test]
fn the_number_of_paths_does_not_matter() {
    let text = largest().to_string();
    assert!((16_000..32_768).contains(&text.len()), "{}", text.len());
    let contract = check(&text, Some(&rails())).contract.expect("the largest document passes");
    for seed in 0..20 {
        execute(&contract, seed, 5);
    }
}

#[test]
fn broken_documents_get_an_answer() {
    for seed in 0..1_500 {
        let mut dice = Dice::new(seed ^ 0xBAD);
        let (name, _) = EXAMPLES[usize::try_from(dice.below(EXAMPLES.len() as u64)).unwrap()];
        let mut document = value(name);
        for _ in 0..5 + dice.below(20) {
            disturb(&mut document, &mut dice);
        }
        let checked = check_value(&document, Some(&rails()));
        assert!(checked.contract.is_some() || !checked.findings.is_empty());
        for finding in &checked.findings {
            assert!(finding.path().is_empty() || finding.path().starts_with('/'), "{finding}");
            for language in [tebura_contract::Language::Ja, tebura_contract::Language::En] {
                let message = finding.message(language);
                assert!(!message.is_empty() && message.chars().count() < 800, "{message}");
            }
        }
    }
}

#[test]
fn broken_texts_get_an_answer() {
    let whole = text("restaurant-cancel");
    for cut in (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)).step_by(7) {
        assert!(check(&whole[..cut], None).contract.is_none());
        let mut dice = Dice::new(cut as u64);
        let noise = ["{", "}", "[", "]", ",", "\"", "0", "-", "\\", "null", "\u{0}"];
        let noise = dice.pick(&noise).unwrap();
        let broken = format!("{}{noise}{}", &whole[..cut], &whole[cut..]);
        let checked = check(&broken, None);
        assert!(checked.contract.is_some() || !checked.findings.is_empty());
    }
}

#[test]
fn the_list_of_findings_ends() {
    let fields: Vec<String> = (0..2_500).map(|field| format!("\"f{field}\":0.5")).collect();
    let checked = check(&format!("{{{}}}", fields.join(",")), None);
    assert!(checked.contract.is_none());
    assert_eq!(checked.findings.len(), tebura_contract::limits::FINDINGS_MAX);
    let deep = (0..50_000).fold(json!(0.5), |inner, _| Value::Array(vec![inner]));
    let broken = Value::Array(vec![json!(vec![0.5; 200]), deep]);
    assert!(check_value(&broken, None).contract.is_none());
    // Values this deep cannot be dropped by recursion either.
    std::mem::forget(broken);
}
