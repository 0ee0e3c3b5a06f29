//! Forms as Stripe takes them: `metadata[order]=7`, `expand[]=x` and `expand[0]=x`. Fields keep their bracketed names.

use std::collections::BTreeMap;

use crate::card::refusal::Refusal;

/// The fields of a body or a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    pub(crate) fn parse(text: &str) -> Result<Form, Refusal> {
        let mut fields = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            // `[]` and `[0]` mean the same for the short lists that are sent here.
            fields.insert(name.replace("[]", "[0]"), value);
        }
        Ok(Form(fields))
    }

    /// Refuses what the call does not take, as Stripe does. A name that ends with `[` stands for all that begin so.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let fits = |name: &str| {
            known.iter().any(|known| if known.ends_with('[') { name.starts_with(known) } else { name == *known })
        };
        match self.0.keys().find(|name| !fits(name) && !name.starts_with("expand[")) {
            Some(unknown) => {
                Err(Refusal::invalid("parameter_unknown", Some(unknown), "this call takes no such parameter"))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == Some(value)
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::invalid("parameter_missing", Some(name), "this parameter is needed"))
    }

    /// A whole number, above zero.
    pub(crate) fn number(&self, name: &'static str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| *number > 0);
        number
            .map(Some)
            .ok_or_else(|| Refusal::invalid("parameter_invalid_integer", Some(name), "write a whole number above zero"))
    }

    pub(crate) fn metadata(&self) -> BTreeMap<String, String> {
        let inner = |(name, value): (&String, &String)| {
            let key = name.strip_prefix("metadata[")?.strip_suffix(']')?;
            Some((key.to_owned(), value.clone()))
        };
        self.0.iter().filter_map(inner).collect()
    }

    pub(crate) fn expands(&self, what: &str) -> bool {
        self.0.iter().any(|(name, value)| name.starts_with("expand[") && value == what)
    }
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let wrong = || Refusal::invalid("parameter_invalid", None, "the form is not encoded as it should be");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = [rest.next().ok_or_else(wrong)?, rest.next().ok_or_else(wrong)?];
                let pair = std::str::from_utf8(&pair).map_err(|_| wrong())?;
                u8::from_str_radix(pair, 16).map_err(|_| wrong())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}
