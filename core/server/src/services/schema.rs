//! One JSON Schema for services' files: the fixed part, and what each plugin takes. Editors complete and check with it.

use serde_json::{Map, Value, json};
use tebura_hub::services::ServiceDescriptor;

use super::check::SCHEMA;

/// The schema for files of these plugins.
pub fn published<'d>(plugins: impl Iterator<Item = &'d ServiceDescriptor>) -> Value {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    let (mut ids, mut cases, mut definitions) = (Vec::new(), Vec::new(), Map::new());
    for plugin in plugins {
        let id = &plugin.plugin.0;
        let own: Value = serde_json::from_str(&plugin.settings).unwrap_or_default();
        definitions.insert(id.clone(), moved(own, &format!("#/$defs/{id}")));
        let names = |handles: &[String]| json!({"propertyNames": {"enum": handles}, "required": handles});
        let actions: Vec<&str> = plugin.actions.iter().map(|action| action.name.as_str()).collect();
        let mut then = json!({
            "properties": {
                "settings": {"$ref": format!("#/$defs/{id}")},
                "payees": names(&plugin.payees),
                "galleries": names(&plugin.galleries),
                "attested": {"items": {"enum": plugin.claims}},
                "fallback": {"propertyNames": {"enum": actions}},
                "hours": {"properties": {"always": {"items": {"enum": actions}}}},
            },
        });
        let mut required = vec!["settings"];
        for (table, handles) in [("payees", &plugin.payees), ("galleries", &plugin.galleries)] {
            if !handles.is_empty() {
                required.push(table);
            }
        }
        then["required"] = json!(required);
        cases.push(json!({"if": {"properties": {"plugin": {"const": id}}, "required": ["plugin"]}, "then": then}));
        ids.push(id.clone());
    }
    schema["properties"]["plugin"]["enum"] = json!(ids);
    schema["allOf"] = Value::Array(cases);
    schema["$defs"] = Value::Object(definitions);
    schema
}

/// A schema that became a part of another: what it refers to in itself is found there.
fn moved(schema: Value, to: &str) -> Value {
    match schema {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(name, _)| name != "$schema")
                .map(|(name, value)| match value.as_str().and_then(|text| text.strip_prefix('#')) {
                    Some(place) if name == "$ref" => (name, Value::String(format!("{to}{place}"))),
                    Some(_) | None => (name, moved(value, to)),
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| moved(item, to)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_follows_its_schema() {
        let own = json!({"$schema": "x", "properties": {"price": {"$ref": "#/$defs/yen"}}, "$defs": {"yen": {}}});
        let all = moved(own, "#/$defs/jp.example.park");
        assert_eq!(all["properties"]["price"]["$ref"], "#/$defs/jp.example.park/$defs/yen");
        assert!(all.get("$schema").is_none());
    }
}
