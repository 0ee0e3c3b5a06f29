//! The provider's JSON, field by field. Everything that comes in is untrusted; fields that are not read are ignored.

use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(crate) struct Preauthorize<'a> {
    pub(crate) operation: &'a str,
    pub(crate) wallet: &'a str,
    pub(crate) merchant: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
    pub(crate) expires_at: u64,
}

#[derive(Serialize)]
pub(crate) struct Capture<'a> {
    pub(crate) operation: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
}

/// A later end of a preauthorization, of which `amount` is outstanding.
#[derive(Serialize)]
pub(crate) struct Extend<'a> {
    pub(crate) operation: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
    pub(crate) expires_at: u64,
}

/// A raise, a revert or a refund.
#[derive(Serialize)]
pub(crate) struct Change<'a> {
    pub(crate) operation: &'a str,
    pub(crate) amount: u64,
    pub(crate) currency: &'a str,
}

/// What the provider keeps about an operation, in answer to the call itself and to an inquiry.
#[derive(Deserialize)]
pub(crate) struct Record {
    pub(crate) operation: String,
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
    Preauthorization,
    Raise,
    Extend,
    Capture,
    Revert,
    Refund,
    #[serde(other)]
    Other,
}

impl Kind {
    /// The provider's kind for the hub's command.
    pub(crate) fn about(command: &str) -> Kind {
        match command {
            "hold" => Kind::Preauthorization,
            "raise" => Kind::Raise,
            "extend" => Kind::Extend,
            "capture" => Kind::Capture,
            "release" => Kind::Revert,
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
    pub(crate) operation: String,
}

/// A provider's code, fit for a log line: what is not a dotted word is not repeated.
pub(crate) fn word(code: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'.' || byte == b'_';
    if (1..=64).contains(&code.len()) && code.bytes().all(plain) { code } else { "(no code)" }
}
