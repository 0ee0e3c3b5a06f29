//! What the provider says about an operation, and what it says when there is none.

use serde::{Deserialize, Serialize};

/// What an operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Set money aside.
    Preauthorization,
    /// Set more aside.
    Raise,
    /// Set it aside for longer.
    Extend,
    /// Paid the merchant.
    Capture,
    /// Gave the rest back.
    Revert,
    /// Paid back.
    Refund,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Preauthorization => "preauthorization",
            Kind::Raise => "raise",
            Kind::Extend => "extend",
            Kind::Capture => "capture",
            Kind::Revert => "revert",
            Kind::Refund => "refund",
        }
    }

    /// The inverse of [`Kind::name`], for rows that this provider wrote.
    pub(crate) fn named(name: &str) -> Kind {
        match name {
            "preauthorization" => Kind::Preauthorization,
            "raise" => Kind::Raise,
            "extend" => Kind::Extend,
            "capture" => Kind::Capture,
            "revert" => Kind::Revert,
            _ => Kind::Refund,
        }
    }
}

/// Where an operation stands. Settled and declined never change again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Done.
    Settled,
    /// Not done, and it will not be.
    Declined,
    /// Being worked on.
    Pending,
}

/// The answer about one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The caller's own id.
    pub operation: String,
    /// What it does.
    pub kind: Kind,
    /// Where it stands.
    pub status: Status,
    /// The provider's id of what was made; set when settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What was set aside, paid or given back; set when settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Always `JPY`; set when settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Set when declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For a person; set when declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Record {
    pub(crate) fn pending(operation: &str, kind: Kind) -> Record {
        Record {
            operation: operation.to_owned(),
            kind,
            status: Status::Pending,
            reference: None,
            amount: None,
            currency: None,
            code: None,
            message: None,
        }
    }
}

/// A request that left no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(skip)]
    pub(crate) http_status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The operation that the problem is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
}

impl Problem {
    pub(crate) fn new(http_status: u16, code: &'static str, message: impl Into<String>) -> Problem {
        Problem { http_status, code, message: message.into(), operation: None }
    }
}
