//! What a schema asks between places of one value, which JSON Schema has no words for:
//!
//! - `"x-key-of": "/lanes"` at a text: it is the name of an entry of the table at that place of the whole value.
//! - `"x-unique": "id"` at a list: no two of its entries have the same `id`.
//!
//! Followed through `properties`, `additionalProperties`, `items` and `$ref`. Absent: everything that a value can be asked by
//! itself, which the validator does; a value that it refuses may be passed over here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::schema::SchemaProblem;

/// Deeper schemas than any clerk fills in refer to themselves.
const MAX_DEPTH: usize = 32;

/// What is wrong between places of `value`.
pub(super) fn problems(schema: &Value, value: &Value) -> Vec<SchemaProblem> {
    let mut walk = Walk { schema, value, found: Vec::new() };
    walk.at(schema, value, &mut Vec::new());
    walk.found
}

struct Walk<'v> {
    schema: &'v Value,
    value: &'v Value,
    found: Vec<SchemaProblem>,
}

impl<'v> Walk<'v> {
    fn at(&mut self, node: &'v Value, here: &'v Value, path: &mut Vec<String>) {
        if path.len() > MAX_DEPTH {
            return;
        }
        let pointer = node["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        let node = pointer.and_then(|pointer| self.schema.pointer(pointer)).unwrap_or(node);
        match here {
            Value::String(text) => self.is_key(node, text, path),
            Value::Array(entries) => {
                self.are_unique(node, entries, path);
                for (nth, entry) in entries.iter().enumerate() {
                    self.below(&node["items"], entry, nth.to_string(), path);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let own = node["properties"].get(name).unwrap_or(&node["additionalProperties"]);
                    self.below(own, field, name.replace('~', "~0").replace('/', "~1"), path);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn below(&mut self, node: &'v Value, here: &'v Value, step: String, path: &mut Vec<String>) {
        path.push(step);
        self.at(node, here, path);
        path.pop();
    }

    fn is_key(&mut self, node: &Value, text: &str, path: &[String]) {
        let Some(table) = node["x-key-of"].as_str() else { return };
        let entries = self.value.pointer(table).and_then(Value::as_object);
        if entries.is_some_and(|entries| !entries.contains_key(text)) {
            let known: Vec<&str> = entries.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let (table, known) = (table.trim_start_matches('/').replace('/', "."), known.join(", "));
            self.say(path, [format!("an entry of {table}: {known}"), format!("{table} にあるもの: {known}")]);
        }
    }

    fn are_unique(&mut self, node: &Value, entries: &[Value], path: &[String]) {
        let Some(name) = node["x-unique"].as_str() else { return };
        let mut seen = BTreeSet::new();
        for (nth, entry) in entries.iter().enumerate() {
            if entry[name].as_str().is_some_and(|text| !seen.insert(text)) {
                let at = [path, &[nth.to_string(), name.to_owned()]].concat();
                let wanted = format!("another {name} than that of every other entry");
                self.say(&at, [wanted, format!("ほかと異なる {name}")]);
            }
        }
    }

    fn say(&mut self, path: &[String], [wanted, wanted_ja]: [String; 2]) {
        let pointer = path.iter().map(|step| format!("/{step}")).collect();
        self.found.push(SchemaProblem { pointer, what: "is not accepted".to_owned(), wanted, wanted_ja });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(schema: &Value, value: &Value) -> Vec<String> {
        problems(schema, value).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_text_that_names_an_entry_of_another_table_names_one_that_is_there() {
        let lane = json!({"type": "string", "x-key-of": "/lanes"});
        let schema = json!({
            "properties": {
                "gates": {"additionalProperties": {"$ref": "#/$defs/lane"}},
                "passes": {"additionalProperties": {"properties": {"lanes": {"items": lane.clone()}}}}
            },
            "$defs": {"lane": lane}
        });
        let value = |gate: &str, pass: &str| json!({"lanes": {"face": 1, "wide": 2}, "gates": {"a/1": gate}, "passes": {"s": {"lanes": ["face", pass]}}});
        assert!(told(&schema, &value("face", "wide")).is_empty());
        assert_eq!(
            told(&schema, &value("fase", "wide")),
            ["/gates/a~11: is not accepted (an entry of lanes: face, wide)"]
        );
        assert_eq!(
            told(&schema, &value("face", "wid")),
            ["/passes/s/lanes/1: is not accepted (an entry of lanes: face, wide)"]
        );
        // That the table is missing is said by its own rule.
        assert!(told(&schema, &json!({"gates": {"a": "face"}})).is_empty());
    }

    #[test]
    fn entries_of_a_list_have_names_of_their_own() {
        let schema = json!({"properties": {"items": {"x-unique": "id", "items": {"type": "object"}}}});
        let value = |ids: &[&str]| json!({"items": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()});
        assert!(told(&schema, &value(&["a", "b"])).is_empty());
        let doubled = ["/items/2/id: is not accepted (another id than that of every other entry)"];
        assert_eq!(told(&schema, &value(&["a", "b", "a"])), doubled);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"$ref": "#/$defs/list", "$defs": {"list": {"items": {"$ref": "#/$defs/list"}}}});
        let mut value = json!("x");
        for _ in 0..100 {
            value = json!([value]);
        }
        assert!(told(&schema, &value).is_empty());
    }
}
