//! From text to a JSON value, without losing what JSON readers usually lose: names written twice and numbers with points.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::finding::{Code, Findings};
use crate::limits::{DOCUMENT_BYTES_MAX, NESTING_MAX};

const TOO_DEEP: &str = "too deep";

/// Reads a document's text.
pub(crate) fn from_text(text: &str, findings: &mut Findings) -> Option<Value> {
    if text.len() > DOCUMENT_BYTES_MAX {
        findings.add(Code::C1TooLarge, "", &[("size", &text.len()), ("limit", &DOCUMENT_BYTES_MAX)]);
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Node { path: String::new(), depth: 0, findings }.deserialize(&mut reader);
    match read.and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Some(value),
        Err(error) if error.to_string().starts_with(TOO_DEEP) => {
            findings.add(Code::C1TooDeep, "", &[("limit", &NESTING_MAX)]);
            None
        }
        Err(error) => {
            findings.add(Code::C1NotJson, "", &[("reason", &error)]);
            None
        }
    }
}

/// Looks through a value that somebody else read for what [`from_text`] would have refused; false when it is nested too
/// deep to be looked at any further.
pub(crate) fn from_value(value: &Value, findings: &mut Findings) -> bool {
    let mut open = vec![(String::new(), 0_usize, value)];
    while let Some((path, depth, value)) = open.pop() {
        let (nested, depth) = match value {
            Value::Array(items) => {
                let at = |(index, item)| (format!("{path}/{index}"), depth + 1, item);
                (items.iter().enumerate().map(at).collect(), depth + 1)
            }
            Value::Object(fields) => {
                let at = |(name, item): (&String, _)| (format!("{path}/{}", escaped(name)), depth + 1, item);
                (fields.iter().map(at).collect(), depth + 1)
            }
            Value::Number(number) => {
                not_whole(number, &path, findings);
                (Vec::new(), depth)
            }
            Value::Null | Value::Bool(_) | Value::String(_) => (Vec::new(), depth),
        };
        if depth > NESTING_MAX {
            findings.add(Code::C1TooDeep, "", &[("limit", &NESTING_MAX)]);
            return false;
        }
        open.extend(nested);
    }
    true
}

/// A name as a segment of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn not_whole(number: &Number, path: &str, findings: &mut Findings) {
    if number.as_i64().is_none() && number.as_u64().is_none() {
        findings.add(Code::C1NotWhole, path, &[("value", number)]);
    }
}

struct Node<'f> {
    path: String,
    depth: usize,
    findings: &'f mut Findings,
}

impl Node<'_> {
    fn inner(&mut self, segment: &str) -> Node<'_> {
        Node { path: format!("{}/{segment}", self.path), depth: self.depth + 1, findings: self.findings }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        let Some(number) = Number::from_f64(value) else { return Ok(Value::Null) };
        not_whole(&number, &self.path, self.findings);
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        if self.depth >= NESTING_MAX {
            return Err(A::Error::custom(TOO_DEEP));
        }
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner(&read.len().to_string()))? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Value, A::Error> {
        if self.depth >= NESTING_MAX {
            return Err(A::Error::custom(TOO_DEEP));
        }
        let mut read = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let segment = escaped(&name);
            let value = fields.next_value_seed(self.inner(&segment))?;
            if read.insert(name, value).is_some() {
                let path = format!("{}/{segment}", self.path);
                self.findings.add(Code::C1DuplicateName, path, &[]);
            }
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        from_text(text, &mut findings);
        findings.into_vec().iter().map(|finding| format!("{} {}", finding.code(), finding.path())).collect()
    }

    #[test]
    fn what_a_reader_would_drop_is_found() {
        assert_eq!(codes(r#"{"a":{"b":1,"b":2}}"#), ["contract.c1_duplicate_name /a/b"]);
        assert_eq!(codes(r#"{"a":[1,5000.0]}"#), ["contract.c1_not_whole /a/1"]);
        assert_eq!(codes(r#"{"a~/b":1e3}"#), ["contract.c1_not_whole /a~0~1b"]);
        assert_eq!(codes(r#"{"a":1} {"a":2}"#), ["contract.c1_not_json "]);
        assert_eq!(codes(&"[".repeat(5_000)), ["contract.c1_too_deep "]);
        assert_eq!(codes(&" ".repeat(DOCUMENT_BYTES_MAX + 1)), ["contract.c1_too_large "]);
        assert_eq!(codes(r#"{"a":[1,2,{"b":"x"}]}"#), Vec::<String>::new());
    }

    #[test]
    fn a_value_is_looked_through_like_a_text() {
        let deep = (0..NESTING_MAX + 1).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let mut findings = Findings::default();
        assert!(!from_value(&deep, &mut findings));
        assert_eq!(findings.into_vec()[0].code(), "contract.c1_too_deep");
        let mut findings = Findings::default();
        assert!(from_value(&serde_json::json!({"a": [0.5]}), &mut findings));
        assert_eq!(findings.into_vec()[0].path(), "/a/0");
    }
}
