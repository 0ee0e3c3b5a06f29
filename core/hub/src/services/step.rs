//! What a service is asked and what it answers, in the hub's words. The types mirror `specs/wit/service/1.0.0`.

use tebura_ledger::{Money, Timestamp};

use super::descriptor::Claim;
use crate::rail::{Fault, HttpCall, KvWrite, RailEvent};

/// A request as a plugin sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCall {
    /// The same in every step of the request: keys of calls derive from it.
    pub id: String,
    /// The instance that is asked.
    pub service: String,
    /// When the hub decided to run this step.
    pub now: Timestamp,
    pub action: String,
    /// JSON of the instance's settings, as they are now.
    pub settings: String,
    /// The person, by a name that only this instance knows her by; `None`: nobody was recognised.
    pub subject: Option<String>,
    /// `face`, `card`, `qr`, `staff`, `instrument`: all that together led to the person.
    pub recognised_by: Vec<String>,
    /// Those that the action asks for.
    pub claims: Vec<Claim>,
    /// JSON.
    pub input: String,
    /// What the hub knows besides, by name: `rail`, that of what the person would pay with.
    pub attributes: Vec<(String, String)>,
}

/// Money that a service asks to have moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerStep {
    /// Reserve the person's money for a payee of the manifest.
    Hold { payee: String, amount: Money, memo: String, expires: Timestamp },
    /// Take from a hold of the same person and instance.
    Capture { hold: String, amount: Money, is_final: bool },
    /// Give back all that is left of one.
    Release { hold: String },
    /// Return captured money. `capture`: the receipt's id.
    Refund { capture: String, amount: Money },
}

impl LedgerStep {
    /// The word in keys, logs and records.
    pub fn name(&self) -> &'static str {
        match self {
            LedgerStep::Hold { .. } => "hold",
            LedgerStep::Capture { .. } => "capture",
            LedgerStep::Release { .. } => "release",
            LedgerStep::Refund { .. } => "refund",
        }
    }
}

/// What a service wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceNext {
    Call(HttpCall),
    Ledger(LedgerStep),
    /// Come back then, or when somebody tells the request something. `output`: what is answered meanwhile, JSON.
    Wait {
        until: Timestamp,
        output: Option<String>,
    },
    /// JSON.
    Done {
        output: String,
    },
    /// The request ends; what it still holds goes back.
    Fail(Fault),
}

/// A person who is let into a gallery, or taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// A handle of the manifest.
    pub gallery: String,
    pub present: bool,
}

/// Something that a service tells the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Of the manifest.
    pub name: String,
    /// JSON.
    pub body: String,
}

/// One decision of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStep {
    pub next: ServiceNext,
    /// Opaque to the hub, at most 8 KiB.
    pub state: Vec<u8>,
    /// To the instance's own keys.
    pub writes: Vec<KvWrite>,
    pub admissions: Vec<Admission>,
    pub events: Vec<Topic>,
}

/// What a service is told next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceEvent {
    /// What came of a call, or the time that it waited for.
    Far(RailEvent),
    /// Somebody told the waiting request something. `input`: JSON.
    Message { name: String, input: String },
    /// The money moved.
    Moved(Receipt),
    /// The money did not move and will not.
    NotMoved(Fault),
}

/// What a movement of money is called afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Of a hold or release: the hold's id. Of a capture or refund: its own, and a refund names the capture's.
    pub id: String,
    pub amount: Money,
}
