//! The intermediary's JSON, field by field. Everything that comes in is untrusted; fields that are not read are ignored.

use serde::{Deserialize, Serialize};
use tebura_plugin::Fault;

#[derive(Serialize)]
pub(crate) struct Resolve<'a> {
    pub(crate) alias: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Lock<'a> {
    pub(crate) request: &'a str,
    pub(crate) payer: &'a str,
    pub(crate) payee: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<u64>,
    pub(crate) kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arbiter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Complete<'a> {
    pub(crate) request: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) preimage: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Return<'a> {
    pub(crate) request: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<String>,
}

/// A later deadline of a lock that still has `amount`.
#[derive(Serialize)]
pub(crate) struct Extend<'a> {
    pub(crate) request: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
    pub(crate) until: u64,
}

#[derive(Serialize)]
pub(crate) struct Refund<'a> {
    pub(crate) request: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
}

/// The accounts of a hold, as far as they are known: kept while an alias is looked up.
#[derive(Serialize, Deserialize)]
pub(crate) struct Accounts {
    pub(crate) payer: Option<String>,
    pub(crate) payee: Option<String>,
}

/// Whose an alias is.
#[derive(Deserialize)]
pub(crate) struct Resolved {
    pub(crate) alias: String,
    pub(crate) account: String,
}

/// What the intermediary keeps about a request, in answer to the call itself and to an inquiry.
#[derive(Deserialize)]
pub(crate) struct Record {
    pub(crate) request: String,
    pub(crate) kind: Kind,
    pub(crate) status: Status,
    /// Set when settled.
    #[serde(default)]
    pub(crate) reference: String,
    #[serde(default)]
    pub(crate) amount: u64,
    #[serde(default)]
    pub(crate) currency: String,
    /// Set when declined.
    #[serde(default)]
    pub(crate) code: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Lock,
    Completion,
    Return,
    Extension,
    Refund,
    #[serde(other)]
    Other,
}

impl Kind {
    /// The intermediary's kind for the hub's command.
    pub(crate) fn about(command: &str) -> Kind {
        match command {
            "hold" => Kind::Lock,
            "extend" => Kind::Extension,
            "capture" => Kind::Completion,
            "release" => Kind::Return,
            "refund" => Kind::Refund,
            _ => Kind::Other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Settled,
    Declined,
    Pending,
}

/// A refusal that left no record.
#[derive(Deserialize)]
pub(crate) struct Problem {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) request: String,
}

/// A body's exact bytes: what is signed and what is sent.
pub(crate) fn bytes<T: Serialize>(body: &T) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(body).map_err(|_| Fault::new("call.body_unserialisable", "the body cannot be written as JSON"))
}

/// An intermediary's code, fit for a log line: what is not a dotted word is not repeated.
pub(crate) fn word(code: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'.' || byte == b'_';
    if (1..=64).contains(&code.len()) && code.bytes().all(plain) { code } else { "(no code)" }
}
