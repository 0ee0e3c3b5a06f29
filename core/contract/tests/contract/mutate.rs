//! Small changes to a document, by JSON pointer.

use serde_json::Value;

/// A change.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Puts a value; a last segment of `-` appends to a list.
    Set(&'static str, Value),
    /// Takes a value away.
    Cut(&'static str),
}

/// `set("/legs/fare/hold", 7)`.
pub(crate) fn set(path: &'static str, value: impl Into<Value>) -> Change {
    Change::Set(path, value.into())
}

/// `cut("/fund_by")`.
pub(crate) fn cut(path: &'static str) -> Change {
    Change::Cut(path)
}

/// Applies changes in order.
#[track_caller]
pub(crate) fn changed(mut document: Value, changes: &[Change]) -> Value {
    for change in changes {
        let path = match change {
            Change::Set(path, _) | Change::Cut(path) => *path,
        };
        let (parent, name) = path.rsplit_once('/').expect("a pointer has a segment");
        let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent:?}"));
        match (parent, change) {
            (Value::Object(fields), Change::Set(_, value)) => drop(fields.insert(name.to_owned(), value.clone())),
            (Value::Object(fields), Change::Cut(_)) => {
                fields.remove(name).unwrap_or_else(|| panic!("nothing to cut at {path}"));
            }
            (Value::Array(items), Change::Set(_, value)) if name == "-" => items.push(value.clone()),
            (Value::Array(items), Change::Set(_, value)) => items[name.parse::<usize>().unwrap()] = value.clone(),
            (Value::Array(items), Change::Cut(_)) => drop(items.remove(name.parse().unwrap())),
            (other, _) => panic!("{path}: {other} has no parts"),
        }
    }
    document
}
