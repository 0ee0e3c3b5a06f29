//! What changes from one version of the files to another, field by field. Comments and order change nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tebura_plugin_host::toml_as_json;

use super::check::{FRACTIONS, Files};

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `north-park.settings.price.child`; the service alone where it comes or goes.
    pub path: String,
    /// What runs; `None`: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What would run; `None`: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl Change {
    /// `+ path = value`, `- path`, `~ path: before → after`.
    pub fn line(&self) -> String {
        let whole = |value: &Value| if value.is_object() { String::new() } else { format!(" = {value}") };
        match (&self.before, &self.after) {
            (None, Some(after)) => format!("+ {}{}", self.path, whole(after)),
            (Some(_), None) => format!("- {}", self.path),
            (before, after) => {
                let text = |value: &Option<Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("~ {}: {} → {}", self.path, text(before), text(after))
            }
        }
    }
}

impl Change {
    /// Whether a whole service goes.
    pub fn is_end(&self) -> bool {
        self.after.is_none() && !self.path.contains('.')
    }
}

/// What changes.
pub(super) fn changes(before: &Files, after: &Files) -> Vec<Change> {
    // What cannot be read is said by the check.
    let value = |text: &String| toml_as_json(text, &FRACTIONS).map(|(value, _)| value).unwrap_or_default();
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let mut changes = Vec::new();
    for name in names {
        let (old, new) = (before.get(name).map(value), after.get(name).map(value));
        compare(name, old.as_ref(), new.as_ref(), &mut changes);
    }
    changes
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                compare(&format!("{path}.{name}"), before.get(name), after.get(name), changes);
            }
        }
        (before, after) => {
            changes.push(Change { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_line_and_a_comment_is_none() {
        let files = |texts: &[(&str, &str)]| -> Files {
            texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let before =
            files(&[("north", "cap = 1\nold = 2\n[settings]\nprice = { child = 300 }\n"), ("south", "cap = 3")]);
        let after =
            files(&[("north", "# dearer\nnew = true\ncap = 1\n[settings]\nprice.child = 350\n"), ("west", "cap = 3")]);
        let lines: Vec<String> = changes(&before, &after).iter().map(Change::line).collect();
        assert_eq!(
            lines,
            ["+ north.new = true", "- north.old", "~ north.settings.price.child: 300 → 350", "- south", "+ west"]
        );
        assert_eq!(changes(&before, &before), []);
    }
}
