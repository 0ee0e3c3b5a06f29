//! Looks at every text that people read before they consent.

use serde_json::Value;

use crate::finding::{Code, Findings};
use crate::text::{is_deceptive, is_markup};

/// Adds a finding for each label with a character that deceives or that a page may take as markup.
pub(super) fn look(document: &Value, findings: &mut Findings) {
    label(&document["name"], "/name", findings);
    for group in ["parties", "anchors", "legs", "states"] {
        for (name, value) in document[group].as_object().into_iter().flatten() {
            let path = format!("/{group}/{name}");
            label(&value["label"], &format!("{path}/label"), findings);
            for (index, edge) in value["on"].as_array().into_iter().flatten().enumerate() {
                label(&edge["label"], &format!("{path}/on/{index}/label"), findings);
            }
            label(&value["else"]["label"], &format!("{path}/else/label"), findings);
        }
    }
}

fn label(value: &Value, path: &str, findings: &mut Findings) {
    let mut text = |value: &Value, path: String| {
        let text = value.as_str().unwrap_or_default();
        if text.chars().any(|c| is_deceptive(c) || is_markup(c)) || text.trim() != text {
            findings.add(Code::C1Text, path, &[]);
        }
    };
    text(value, path.to_owned());
    for language in ["ja", "en"] {
        text(&value[language], format!("{path}/{language}"));
    }
}
