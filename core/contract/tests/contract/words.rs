//! What people read, as it stands.

use expect_test::expect_file;
use serde_json::json;
use tebura_contract::{Contract, Language, check_value};

use crate::documents::{EXAMPLES, contract, value};
use crate::mutate::{changed, set};

/// The table and the diagram as they lie beside the example.
fn page(contract: &Contract, language: Language) -> String {
    format!("{}\n```mermaid\n{}```\n", contract.consent_text(language), contract.diagram(language))
}

#[test]
fn every_example_has_its_consent_pages() {
    for (name, _) in EXAMPLES {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts");
        let contract = contract(name);
        for (language, file) in [(Language::Ja, "consent.ja.md"), (Language::En, "consent.en.md")] {
            expect_file![format!("{folder}/{name}/{file}")].assert_eq(&page(&contract, language));
        }
    }
}

#[test]
fn texts_of_the_author_do_not_become_markup() {
    let sly = json!({"ja": "a; b: \"c\" #d", "en": "a; b: \"c\" #d -->"});
    assert!(check_value(&changed(value("taxi-cap"), &[set("/states/ride/label", sly)]), None).contract.is_none());
    let sly = json!({"ja": "a; b: \"c\" #d", "en": "a; b: \"c\" #d --"});
    let document = changed(value("taxi-cap"), &[set("/states/ride/label", sly)]);
    let diagram = Contract::from_value(&document).unwrap().diagram(Language::En);
    assert!(diagram.contains("state \"a#59; b#58; #34;c#34; #35;d --"), "{diagram}");
}

#[test]
fn the_specification_has_every_code() {
    let page = include_str!("../../../../specs/contracts/hc-1.md");
    let english = |code: &tebura_contract::Code| page.contains(&format!("| `{}` |", code.as_str()));
    let missing: Vec<_> = tebura_contract::Code::ALL.iter().filter(|code| !english(code)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in specs/contracts/hc-1.md");
}
