//! The shape of a document, by the JSON Schema in `specs/`, with each error as a finding. Decides nothing itself.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::finding::{Code, Findings};
use crate::source::escaped;

/// The JSON Schema of hc/1 as it is published.
pub const SCHEMA: &str = include_str!("../../../specs/schemas/hold-contract-1.json");

static COMPILED: LazyLock<Result<(Value, Validator), String>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
    let validator = jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())?;
    Ok((schema, validator))
});

/// Adds everything that the schema finds wrong; true when it finds nothing.
pub(crate) fn look(document: &Value, findings: &mut Findings) -> bool {
    match COMPILED.as_ref() {
        Ok((_, validator)) if validator.is_valid(document) => return true,
        Ok((schema, validator)) => {
            for error in validator.iter_errors(document) {
                describe(schema, &error, findings);
            }
        }
        Err(reason) => findings.add(Code::C1NotJson, "", &[("reason", reason)]),
    }
    false
}

fn describe(schema: &Value, error: &ValidationError<'_>, findings: &mut Findings) {
    let pointer = error.instance_path().as_str();
    let node = resolved(schema, node(schema, error.schema_path().as_str()));
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "three kinds are worded by name; the schema's description words all others"
    )]
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                let fields = names(node);
                let path = format!("{pointer}/{}", escaped(name));
                findings.add(Code::C1UnknownField, path, &[("name", &shown(name)), ("fields", &fields)]);
            }
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let in_state = pointer.starts_with("/states/") && pointer.matches('/').count() == 2;
            match name {
                "by" if in_state => findings.add(Code::C3NoDeadline, pointer, &[]),
                "else" if in_state => findings.add(Code::C3NoElse, pointer, &[]),
                _ => {
                    let wanted = node.pointer(&format!("/properties/{name}")).unwrap_or(&Value::Null);
                    let (english, japanese) = advice(resolved(schema, wanted));
                    let values: [(_, &dyn std::fmt::Display); 3] =
                        [("name", &name), ("expected", &english), ("expected_ja", &japanese)];
                    findings.add(Code::C1Missing, pointer, &values);
                }
            }
        }
        ValidationErrorKind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default();
            let (english, japanese) = advice(&schema["$defs"]["id"]);
            let values: [(_, &dyn std::fmt::Display); 3] =
                [("name", &shown(name)), ("expected", &english), ("expected_ja", &japanese)];
            findings.add(Code::C1Name, pointer, &values);
        }
        _ => {
            let (english, japanese) = advice(node);
            let value = shown(&error.instance().to_string());
            let values: [(_, &dyn std::fmt::Display); 3] =
                [("value", &value), ("expected", &english), ("expected_ja", &japanese)];
            findings.add(Code::C1Value, pointer, &values);
        }
    }
}

/// The schema object that holds the keyword at `pointer`; the pointer goes through references.
fn node<'s>(schema: &'s Value, pointer: &str) -> &'s Value {
    let mut at = schema;
    let segments: Vec<&str> = pointer.split('/').skip(1).collect();
    for segment in &segments[..segments.len().saturating_sub(1)] {
        if *segment == "$ref" {
            at = resolved(schema, at);
            continue;
        }
        let name = segment.replace("~1", "/").replace("~0", "~");
        let inner = match at {
            Value::Array(items) => name.parse().ok().and_then(|index: usize| items.get(index)),
            Value::Object(_) => at.get(&name),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        match inner {
            Some(inner) => at = inner,
            None => return at,
        }
    }
    at
}

fn resolved<'s>(schema: &'s Value, node: &'s Value) -> &'s Value {
    let target = node["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    target.and_then(|pointer| schema.pointer(pointer)).unwrap_or(node)
}

/// What to write, in English and in Japanese.
fn advice(node: &Value) -> (String, String) {
    let english = node["description"].as_str().unwrap_or("what the schema accepts");
    let japanese = node["x-ja"].as_str().unwrap_or("スキーマに合う値");
    match node["examples"].get(0) {
        Some(example) => (format!("{english}, for example {example}"), format!("{japanese}(例: {example})")),
        None => (english.to_owned(), japanese.to_owned()),
    }
}

fn names(node: &Value) -> String {
    let names: Vec<String> =
        node["properties"].as_object().into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// A value on one line, shortened, without characters that disturb a terminal.
pub(crate) fn shown(text: &str) -> String {
    let visible = text.chars().map(|c| if crate::text::is_deceptive(c) { '?' } else { c });
    let text: String = visible.take(61).collect();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
}
