//! An intermediary: who its customers are (the customer part) and what it was asked to do (the ledger part).
//!
//! The two parts are kept apart, and only the customer part knows which account is whose. The ledger part has account
//! ids, amounts and the callers' request ids. Absent: the money itself, which is at the central ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cbdc::orders::Proof;

/// A person or shop, as its own intermediary knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) aliases: BTreeSet<String>,
    /// At the central ledger.
    pub(crate) account: String,
    /// At the bank; where it is linked, money that does not fit goes there and money that lacks comes from there.
    pub(crate) deposit: Option<String>,
    /// Services that may act for the customer.
    pub(crate) services: BTreeSet<String>,
}

/// What a caller asks for, in the caller's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Ask {
    Lock { payer: String, payee: String, amount: i64, until: Option<i64>, terms: crate::cbdc::orders::Terms },
    Complete { lock: String, amount: i64, is_final: bool, proof: Proof },
    Return { lock: String, amount: i64, proof: Proof },
    Extend { lock: String, amount: i64, until: i64 },
    Refund { completion: String, amount: i64 },
    Transfer { from: String, to: String, amount: i64 },
}

/// What a request did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Locked a payer's money.
    Lock,
    /// Paid out of a lock.
    Completion,
    /// Gave back out of a lock.
    Return,
    /// Set a lock's deadline later.
    Extension,
    /// Paid back a completion.
    Refund,
    /// Paid without a lock.
    Transfer,
}

/// Where a request stands. Settled and declined never change again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Done.
    Settled,
    /// Not done, and it will not be.
    Declined,
    /// The central ledger has not answered yet.
    Pending,
}

/// The answer about one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The caller's own id. What the request made has the same name.
    pub request: String,
    /// What it does.
    pub kind: Kind,
    /// Where it stands.
    pub status: Status,
    /// What it is called from now on; set when settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Yen; set when settled.
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

/// One request and how it goes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Work {
    pub(crate) ask: Ask,
    /// Which service asked.
    pub(crate) service: String,
    /// Whether the ledger may have been asked.
    pub(crate) sent: bool,
    pub(crate) status: u16,
    pub(crate) record: Record,
    /// When it was settled, milliseconds since the epoch.
    pub(crate) at: i64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Intermediary {
    pub(crate) customers: Vec<Customer>,
    pub(crate) desk: BTreeMap<String, Work>,
    /// In which order requests were settled.
    pub(crate) settled: Vec<String>,
}

impl Intermediary {
    pub(crate) fn customer(&self, account: &str) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.account == account)
    }

    pub(crate) fn by_alias(&self, alias: &str) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.aliases.contains(alias))
    }
}

impl Ask {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Ask::Lock { .. } => Kind::Lock,
            Ask::Complete { .. } => Kind::Completion,
            Ask::Return { .. } => Kind::Return,
            Ask::Extend { .. } => Kind::Extension,
            Ask::Refund { .. } => Kind::Refund,
            Ask::Transfer { .. } => Kind::Transfer,
        }
    }

    /// Whether it begins something. What begins is declined while the ledger is away; what goes on waits for it.
    pub(crate) fn begins(&self) -> bool {
        matches!(self, Ask::Lock { .. } | Ask::Transfer { .. })
    }

    /// What the result is called: the lock itself when its deadline moved, else the request.
    pub(crate) fn reference<'a>(&'a self, request: &'a str) -> &'a str {
        if let Ask::Extend { lock, .. } = self { lock } else { request }
    }
}

impl Record {
    pub(crate) fn pending(request: &str, kind: Kind) -> Record {
        Record {
            request: request.to_owned(),
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

/// Enough of a name to recognise somebody, too little to find them: the first letter of each part.
pub(crate) fn masked(name: &str) -> String {
    let part = |part: &str| part.chars().next().map(|first| format!("{first}*")).unwrap_or_default();
    name.split_whitespace().map(part).collect::<Vec<_>>().join(" ")
}
