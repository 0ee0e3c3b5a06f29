//! Turns what the JSON Schema finds wrong into sentences with a line and a fix. Decides nothing itself.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::source::Source;
use super::{ManifestError, Problem};

/// The schema as it is checked in: the file is the contract.
pub(crate) const SCHEMA: &str = include_str!("../../../../specs/schemas/plugin-manifest.schema.json");

static COMPILED: LazyLock<Result<(Value, Validator), String>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
    let validator = jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())?;
    Ok((schema, validator))
});

/// Everything that the schema finds wrong, in the order of the lines.
pub(super) fn problems(source: &Source) -> Result<Vec<Problem>, ManifestError> {
    let (schema, validator) = COMPILED.as_ref().map_err(|reason| ManifestError::Schema { reason: reason.clone() })?;
    let mut found: Vec<Problem> =
        validator.iter_errors(&source.value).flat_map(|error| describe(schema, source, &error)).collect();
    found.sort_by_key(|problem| problem.line);
    Ok(found)
}

fn describe(schema: &Value, source: &Source, error: &ValidationError<'_>) -> Vec<Problem> {
    let pointer = error.instance_path().as_str();
    let node = schema_node(schema, error.schema_path().as_str());
    let problem = |pointer: &str, value: Option<&Value>, what: String, fix: String| Problem {
        line: source.line(pointer),
        path: dotted(pointer),
        value: value.map(shown),
        what,
        fix,
    };
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "two kinds are worded by name; the schema's description words all others"
    )]
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let at = format!("{pointer}/{name}");
                problem(&at, None, "is not a field here".to_owned(), format!("remove it, or write {}", fields(node)))
            })
            .collect(),
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let wanted = node.pointer(&format!("/properties/{name}")).unwrap_or(&Value::Null);
            vec![problem(&format!("{pointer}/{name}"), None, "is missing".to_owned(), advice(wanted))]
        }
        ValidationErrorKind::PropertyNames { error } => vec![problem(
            pointer,
            Some(error.instance()),
            "is not a name".to_owned(),
            "start with a lower-case letter, then lower-case letters, digits and hyphens".to_owned(),
        )],
        _ => vec![problem(pointer, Some(error.instance()), "is not accepted".to_owned(), advice(node))],
    }
}

/// The schema object that holds the keyword at `pointer`.
fn schema_node<'s>(schema: &'s Value, pointer: &str) -> &'s Value {
    pointer.rfind('/').and_then(|end| schema.pointer(&pointer[..end])).unwrap_or(schema)
}

fn advice(node: &Value) -> String {
    let description = node["description"].as_str().unwrap_or("a value that the schema accepts");
    match node["examples"].get(0) {
        Some(example) => format!("write {description}, for example {example}"),
        None => format!("write {description}"),
    }
}

/// What to write as a whole table.
pub(super) fn table(table: &str) -> String {
    let schema = COMPILED.as_ref().ok().and_then(|(schema, _)| schema.pointer(&format!("/properties/{table}")));
    format!("[{table}], {}", schema.and_then(|node| node["description"].as_str()).unwrap_or_default())
}

fn fields(node: &Value) -> String {
    let names: Vec<String> =
        node["properties"].as_object().into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// `/endpoints/gateway/allow/1` as `endpoints.gateway.allow[1]`.
pub(super) fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{name}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&name.escape_default().to_string());
        }
    }
    path
}

/// A value as JSON on one line, shortened.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
}
