//! A JSON Schema, compiled once, and what it finds wrong with a value: where, what, and what to write.

use std::fmt;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::between;

/// Schemas that a plugin brings are read by people too.
const MAX_BYTES: usize = 64 * 1024;
/// Findings told at a time.
const MAX_PROBLEMS: usize = 20;

/// A compiled schema of draft 2020-12, with two words of our own for what it cannot say: `x-key-of` and `x-unique`.
pub struct Schema {
    value: Value,
    validator: Validator,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// Why a text is not a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("the schema has {bytes} bytes; shorten it to {MAX_BYTES}")]
    TooLarge { bytes: usize },
    #[error("the schema is not JSON ({reason}); correct it")]
    NotJson { reason: String },
    #[error("the schema is not one of draft 2020-12 without outside references ({reason}); correct it")]
    NotSchema { reason: String },
}

/// One thing that is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaProblem {
    /// JSON Pointer to the place.
    pub pointer: String,
    pub what: String,
    /// What the schema says of that place; empty where it says nothing.
    pub wanted: String,
    /// The same in Japanese where the schema has `x-description-ja`, else as in `wanted`.
    pub wanted_ja: String,
}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(f, "{place}: {}", self.what)?;
        if self.wanted.is_empty() { Ok(()) } else { write!(f, " ({})", self.wanted) }
    }
}

impl Schema {
    /// Compiles a schema. What it refers to has to be in it.
    ///
    /// # Errors
    /// [`SchemaError`].
    pub fn compile(text: &str) -> Result<Self, SchemaError> {
        if text.len() > MAX_BYTES {
            return Err(SchemaError::TooLarge { bytes: text.len() });
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| SchemaError::NotJson { reason: error.to_string() })?;
        let validator = jsonschema::draft202012::new(&value)
            .map_err(|error| SchemaError::NotSchema { reason: error.to_string() })?;
        Ok(Schema { value, validator })
    }

    /// The schema itself.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What is wrong with a value; empty: nothing. Tells what was found, never the value of anything in it.
    pub fn problems(&self, value: &Value) -> Vec<SchemaProblem> {
        let own = self.validator.iter_errors(value).flat_map(|error| self.describe(&error));
        own.chain(between::problems(&self.value, value)).take(MAX_PROBLEMS).collect()
    }

    /// What stands where a place of the schema points to.
    fn resolved<'s>(&'s self, node: &'s Value) -> &'s Value {
        let pointer = node["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        pointer.and_then(|pointer| self.value.pointer(pointer)).unwrap_or(node)
    }

    fn describe(&self, error: &jsonschema::ValidationError<'_>) -> Vec<SchemaProblem> {
        let pointer = error.instance_path().as_str();
        let keyword = error.schema_path().as_str();
        let node = keyword.rfind('/').and_then(|end| self.value.pointer(&keyword[..end])).unwrap_or(&self.value);
        let problem = |pointer: String, what: &str, [wanted, wanted_ja]: [String; 2]| SchemaProblem {
            pointer,
            what: what.to_owned(),
            wanted,
            wanted_ja,
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "two kinds name the place; the schema words all others")]
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = node["properties"].as_object().into_iter().flatten();
                let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
                let known = known.join(", ");
                let wanted = [format!("known are: {known}"), format!("使えるのは: {known}")];
                let at = |name: &String| problem(format!("{pointer}/{name}"), "is not known here", wanted.clone());
                unexpected.iter().map(at).collect()
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let of = node.pointer(&format!("/properties/{name}")).unwrap_or(&Value::Null);
                vec![problem(format!("{pointer}/{name}"), "is missing", wanted(self.resolved(of)))]
            }
            _ => vec![problem(pointer.to_owned(), "is not accepted", wanted(node))],
        }
    }
}

/// Rules that are told where a schema describes nothing, and their names in Japanese.
const RULES: [(&str, &str); 8] = [
    ("type", "型"),
    ("enum", "次のどれか"),
    ("const", "値"),
    ("minimum", "最小"),
    ("maximum", "最大"),
    ("minLength", "最小の文字数"),
    ("maxLength", "最大の文字数"),
    ("pattern", "形式"),
];

/// What a schema says of a place: its description, an example, or the rules themselves.
fn wanted(node: &Value) -> [String; 2] {
    let example = node["examples"].get(0);
    let description = |name| node[name].as_str().map(str::to_owned);
    let (english, japanese) = (description("description"), description("x-description-ja"));
    let with = |description: Option<String>, word| {
        let parts = description.into_iter().chain(example.map(|example| format!("{word} {example}")));
        parts.collect::<Vec<String>>().join(", ")
    };
    let english = with(english, "for example");
    let japanese = match japanese {
        Some(japanese) => with(Some(japanese), "例:"),
        None => english.clone(),
    };
    if !english.is_empty() {
        return [english, japanese];
    }
    let rules = RULES.iter().filter_map(|(rule, words)| Some((*rule, *words, node.get(*rule)?)));
    let (english, japanese): (Vec<String>, Vec<String>) =
        rules.map(|(rule, words, value)| (format!("{rule} {value}"), format!("{words} {value}"))).unzip();
    [english.join(", "), japanese.join("、")]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_named_and_not_shown() {
        let text = r#"{"type": "object", "additionalProperties": false, "required": ["price"],
            "properties": {"price": {"description": "the price in yen", "type": "integer", "minimum": 0}, "name": {"type": "string"}}}"#;
        let schema = Schema::compile(text).unwrap();
        let told = |value: Value| schema.problems(&value).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(told(json!({"price": 3})), Vec::<String>::new());
        assert_eq!(told(json!({})), ["/price: is missing (the price in yen)"]);
        assert_eq!(told(json!({"price": "花子"})), ["/price: is not accepted (the price in yen)"]);
        assert_eq!(told(json!({"price": 3, "prise": 4})), ["/prise: is not known here (known are: name, price)"]);
        assert_eq!(told(json!({"price": 3, "name": 4})), ["/name: is not accepted (type \"string\")"]);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let refused = |text: &str| Schema::compile(text).unwrap_err();
        assert!(matches!(refused("{"), SchemaError::NotJson { .. }));
        assert!(matches!(refused(r#"{"type": "sentence"}"#), SchemaError::NotSchema { .. }));
        assert!(matches!(refused(r#"{"$ref": "https://example.jp/schema.json"}"#), SchemaError::NotSchema { .. }));
        assert!(matches!(refused(&" ".repeat(70_000)), SchemaError::TooLarge { .. }));
    }
}
