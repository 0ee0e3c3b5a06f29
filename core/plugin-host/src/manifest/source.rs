//! A TOML text as JSON, remembering the line of every value. Knows nothing about plugins.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A TOML document as JSON.
pub(super) struct Source {
    pub(super) value: Value,
    /// JSON pointer → line, from 1.
    lines: BTreeMap<String, usize>,
}

/// Why a text is not TOML that JSON can hold.
pub(super) struct SourceError {
    pub(super) line: Option<usize>,
    pub(super) path: String,
    pub(super) what: String,
}

impl Source {
    pub(super) fn parse(text: &str) -> Result<Self, SourceError> {
        let table = DeTable::parse(text).map_err(|error| SourceError {
            line: error.span().map(|span| line_of(text, span.start)),
            path: String::new(),
            what: error.message().to_owned(),
        })?;
        let mut lines = BTreeMap::new();
        let value = table_value(text, table.get_ref(), "", &mut lines)?;
        Ok(Self { value, lines })
    }

    /// The line of the value at `pointer`, or of the closest thing around it.
    pub(super) fn line(&self, pointer: &str) -> Option<usize> {
        closest(&self.lines, pointer)
    }
}

/// The lines of a TOML text, for whoever reads it with another parser.
#[derive(Clone, Debug, Default)]
pub struct TomlLines(BTreeMap<String, usize>);

impl TomlLines {
    /// Notes where every value is. Of a text that is no TOML nothing is known.
    pub fn of(text: &str) -> TomlLines {
        TomlLines(Source::parse(text).map(|source| source.lines).unwrap_or_default())
    }

    /// The line, from 1, of the value at a JSON Pointer, or of the closest thing around it.
    pub fn line(&self, pointer: &str) -> Option<usize> {
        closest(&self.0, pointer)
    }
}

/// The line at `pointer`, or that of the closest thing around it.
fn closest(lines: &BTreeMap<String, usize>, pointer: &str) -> Option<usize> {
    let mut pointer = pointer;
    loop {
        if let Some(line) = lines.get(pointer) {
            return Some(*line);
        }
        pointer = &pointer[..pointer.rfind('/')?];
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

fn table_value(
    text: &str,
    table: &DeTable<'_>,
    pointer: &str,
    lines: &mut BTreeMap<String, usize>,
) -> Result<Value, SourceError> {
    let mut map = Map::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        lines.insert(at.clone(), line_of(text, key.span().start));
        map.insert(name.to_owned(), json_value(text, value, &at, lines)?);
    }
    Ok(Value::Object(map))
}

fn json_value(
    text: &str,
    value: &Spanned<DeValue<'_>>,
    pointer: &str,
    lines: &mut BTreeMap<String, usize>,
) -> Result<Value, SourceError> {
    let refuse = |what: &str| SourceError {
        line: Some(line_of(text, value.span().start)),
        path: pointer.to_owned(),
        what: what.to_owned(),
    };
    match value.get_ref() {
        DeValue::String(string) => Ok(Value::String(string.clone().into_owned())),
        DeValue::Boolean(boolean) => Ok(Value::Bool(*boolean)),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map(|number| Value::Number(number.into()))
            .map_err(|_| refuse("the number is too large; write one that fits 64 bits")),
        DeValue::Float(_) => Err(refuse("a fraction has no place here; write a whole number")),
        DeValue::Datetime(_) => Err(refuse("a date has no place here; put it in quotes")),
        DeValue::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let at = format!("{pointer}/{index}");
                lines.insert(at.clone(), line_of(text, item.span().start));
                json_value(text, item, &at, lines)
            })
            .collect::<Result<_, _>>()
            .map(Value::Array),
        DeValue::Table(table) => table_value(text, table, pointer, lines),
    }
}
