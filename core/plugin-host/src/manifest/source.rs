//! A TOML text as JSON, remembering the line of every value. Knows nothing about plugins.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};
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
        Self::parse_with(text, &[])
    }

    /// `fractions`: pointers at which a fraction may stand.
    fn parse_with(text: &str, fractions: &[&str]) -> Result<Self, SourceError> {
        let table = DeTable::parse(text).map_err(|error| SourceError {
            line: error.span().map(|span| line_of(text, span.start)),
            path: String::new(),
            what: error.message().to_owned(),
        })?;
        let mut lines = BTreeMap::new();
        let value = Reader { text, fractions, lines: &mut lines }.table(table.get_ref(), "")?;
        Ok(Self { value, lines })
    }

    /// The line of the value at `pointer`, or of the closest thing around it.
    pub(super) fn line(&self, pointer: &str) -> Option<usize> {
        closest(&self.lines, pointer)
    }
}

/// Why a text is not TOML that JSON can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NotJson {
    /// From 1, where it is known.
    pub line: Option<usize>,
    /// JSON Pointer to the place; empty: the text itself is no TOML.
    pub pointer: String,
    pub what: String,
}

/// A TOML text as JSON, with the line of every value. Dates have no place in it, fractions at these pointers only.
///
/// # Errors
/// The first place that is wrong.
pub fn toml_as_json(text: &str, fractions: &[&str]) -> Result<(Value, TomlLines), NotJson> {
    match Source::parse_with(text, fractions) {
        Ok(Source { value, lines }) => Ok((value, TomlLines(lines))),
        Err(SourceError { line, path, what }) => Err(NotJson { line, pointer: path, what }),
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

struct Reader<'r> {
    text: &'r str,
    fractions: &'r [&'r str],
    lines: &'r mut BTreeMap<String, usize>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, pointer: &str) -> Result<Value, SourceError> {
        let mut map = Map::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            self.lines.insert(at.clone(), line_of(self.text, key.span().start));
            map.insert(name.to_owned(), self.value(value, &at)?);
        }
        Ok(Value::Object(map))
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, pointer: &str) -> Result<Value, SourceError> {
        let line = line_of(self.text, value.span().start);
        let refuse = |what: &str| SourceError { line: Some(line), path: pointer.to_owned(), what: what.to_owned() };
        match value.get_ref() {
            DeValue::String(string) => Ok(Value::String(string.clone().into_owned())),
            DeValue::Boolean(boolean) => Ok(Value::Bool(*boolean)),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map(|number| Value::Number(number.into()))
                .map_err(|_| refuse("the number is too large; write one that fits 64 bits")),
            DeValue::Float(number) if self.fractions.contains(&pointer) => {
                let number = number.as_str().parse().ok().and_then(Number::from_f64);
                number.map(Value::Number).ok_or_else(|| refuse("this is no number; write for example 0.001"))
            }
            DeValue::Float(_) => Err(refuse("a fraction has no place here; write a whole number")),
            DeValue::Datetime(_) => Err(refuse("a date has no place here; put it in quotes")),
            DeValue::Array(items) => {
                let mut all = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let at = format!("{pointer}/{index}");
                    self.lines.insert(at.clone(), line_of(self.text, item.span().start));
                    all.push(self.value(item, &at)?);
                }
                Ok(Value::Array(all))
            }
            DeValue::Table(table) => self.table(table, pointer),
        }
    }
}
