//! The text of a statement: what a party says about one contract, and for how long it counts.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use tebura_contract::DocumentHash;
use tebura_ledger::Timestamp;

use super::{MAX_BYTES, Said, Statement, StatementError};
use crate::instant::parse_rfc3339;

/// Numbers in one statement: more than a contract asks for.
const FIELDS_MAX: usize = 32;
/// The largest number that every JSON reader keeps exactly; contracts take no larger one.
const NUMBER_MAX: i64 = (1 << 53) - 1;

/// Reads a statement's text. Unknown members, repeated members and numbers with a point are refused.
pub(super) fn read(text: &[u8]) -> Result<Statement, StatementError> {
    if text.len() > MAX_BYTES {
        return Err(StatementError::TooLarge);
    }
    let body: Body = serde_json::from_slice(text).map_err(|error| malformed(&error.to_string()))?;
    let Body { contract, by, act, attest, fields, consent, agree, nonce, issued_at, expires_at } = body;
    let contract = contract.parse().map_err(|error| malformed(&format!("contract: {error}")))?;
    if fields.is_some() && attest.is_none() {
        return Err(malformed("fields belong to attest"));
    }
    let said = match (act, attest, consent, agree) {
        (Some(act), None, None, None) => Said::Act(name("act", act)?),
        (None, Some(attest), None, None) => {
            Said::Attest { attest: name("attest", attest)?, fields: fields.unwrap_or_default().0 }
        }
        (None, None, Some(ConsentBody { statement, granted }), None) => {
            Said::Consent { statement: visible("consent.statement", statement)?, granted }
        }
        (None, None, None, Some(document)) => {
            Said::Agree(document.parse::<DocumentHash>().map_err(|error| malformed(&format!("agree: {error}")))?)
        }
        _ => return Err(malformed("say exactly one of act, attest, consent and agree")),
    };
    Ok(Statement {
        contract,
        by: name("by", by)?,
        said,
        nonce: visible("nonce", nonce)?,
        issued_at: moment("issued_at", &issued_at)?,
        expires_at: moment("expires_at", &expires_at)?,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    contract: String,
    by: String,
    act: Option<String>,
    attest: Option<String>,
    fields: Option<Fields>,
    consent: Option<ConsentBody>,
    agree: Option<String>,
    nonce: String,
    issued_at: String,
    expires_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentBody {
    statement: String,
    granted: bool,
}

/// Numbers by name, each once.
#[derive(Default)]
struct Fields(BTreeMap<String, i64>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of whole numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, number)) = map.next_entry::<String, i64>()? {
                    if !is_name(&name) {
                        return Err(A::Error::custom("a field's name is one of the contract's words"));
                    }
                    if number.unsigned_abs() > NUMBER_MAX.unsigned_abs() {
                        return Err(A::Error::custom("a number is at most 9007199254740991"));
                    }
                    if fields.insert(name, number).is_some() || fields.len() > FIELDS_MAX {
                        return Err(A::Error::custom(format!("name each of at most {FIELDS_MAX} fields once")));
                    }
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

fn malformed(reason: &str) -> StatementError {
    StatementError::Malformed { reason: reason.to_owned() }
}

/// The words of contracts: parties, commands, statements, fields.
fn is_name(text: &str) -> bool {
    let of_a_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
    text.len() <= 64 && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(of_a_name)
}

fn name(what: &'static str, text: String) -> Result<String, StatementError> {
    if is_name(&text) { Ok(text) } else { Err(malformed(&format!("{what} is one of the contract's words"))) }
}

fn visible(what: &'static str, text: String) -> Result<String, StatementError> {
    if (16..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text)
    } else {
        Err(malformed(&format!("{what} has 16 to 64 visible ASCII characters")))
    }
}

fn moment(what: &'static str, text: &str) -> Result<Timestamp, StatementError> {
    parse_rfc3339(text).ok_or_else(|| malformed(&format!("{what} reads like 2026-11-22T07:20:00.000Z")))
}
