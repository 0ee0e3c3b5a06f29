//! What is stored of a request to a service: what was asked, which never changes, and where it stands.

use std::collections::BTreeMap;

use tebura_ledger::{HoldId, Money, Timestamp, Uuid};

use super::descriptor::Claim;
use super::set::ServiceSet;
use super::step::{LedgerStep, ServiceEvent};
use crate::ids::{InstrumentId, MerchantId, PersonId, ServiceRequestId};
use crate::rail::{Fault, HttpCall};

/// Longest code of a refusal that is counted: longer is no code.
const MAX_CODE: usize = 64;

/// A request to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRequest {
    pub id: ServiceRequestId,
    /// The instance.
    pub service: String,
    /// Whose instance it was: who may see the request.
    pub merchant: MerchantId,
    pub asked: Asked,
    pub progress: Progress,
    /// When it has to be looked at again; `None`: never by itself.
    pub due_at: Option<Timestamp>,
    /// Counted up with every write; 0 before the first.
    pub revision: u32,
}

/// What was asked: written once.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked {
    pub action: String,
    /// JSON.
    pub input: String,
    pub person: Option<PersonId>,
    /// What the person pays with.
    pub instrument: Option<InstrumentId>,
    pub recognised_by: Vec<String>,
    pub claims: Vec<Claim>,
    pub at: Timestamp,
    /// When it happened, where that was told later.
    pub happened_at: Option<Timestamp>,
}

/// Input and claims may say anything of a person.
impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("action", &self.action).field("person", &self.person).finish_non_exhaustive()
    }
}

/// Where a request stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Progress {
    pub stage: Stage,
    /// The plugin's opaque state.
    pub state: Vec<u8>,
    /// Steps decided so far: makes the key of each call and of each movement of money.
    pub ordinal: u32,
    /// Bytes of the present call may have left.
    pub left: bool,
    /// What was answered last, JSON.
    pub output: Option<String>,
    /// What the person agreed to, oldest first.
    pub consents: Vec<Consent>,
    /// What this request holds or held.
    pub holds: Vec<OwnHold>,
    /// What happened, oldest first.
    pub noted: Vec<Noted>,
}

/// Outputs and messages may say anything of a person.
impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stage = self.stage.name();
        f.debug_struct("Progress").field("stage", &stage).field("ordinal", &self.ordinal).finish_non_exhaustive()
    }
}

/// What is to happen next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To be told to the plugin (`None`: asked for the first time); `failures` tries ended in a trap.
    Arrived {
        event: Option<ServiceEvent>,
        failures: u32,
    },
    /// To be sent; `attempts` sends of the same bytes were made before.
    Outgoing {
        call: HttpCall,
        attempts: u32,
    },
    /// A send may be under way or may have been cut off.
    Sending {
        call: HttpCall,
        attempts: u32,
    },
    /// Money is to be held that the person has not agreed to yet.
    AwaitingConsent {
        step: LedgerStep,
    },
    /// Money is to move; `tries` looks found it under way.
    Moving {
        step: LedgerStep,
        tries: u32,
    },
    /// For a time or a message.
    Waiting,
    /// It failed and gives back what it still holds; `declined` releases were refused by a rail.
    GivingBack {
        fault: Fault,
        tries: u32,
        declined: u32,
    },
    Done,
    Failed {
        fault: Fault,
    },
}

impl Stage {
    /// The word in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Stage::Arrived { .. } => "arrived",
            Stage::Outgoing { .. } => "outgoing",
            Stage::Sending { .. } => "sending",
            Stage::AwaitingConsent { .. } => "awaiting_consent",
            Stage::Moving { .. } => "moving",
            Stage::Waiting => "waiting",
            Stage::GivingBack { .. } => "giving_back",
            Stage::Done => "done",
            Stage::Failed { .. } => "failed",
        }
    }
}

/// The person's word that money may be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// All holds of the request together, at most.
    pub up_to: Money,
    /// Given with the PIN.
    pub with_pin: bool,
    pub at: Timestamp,
}

/// A hold that the request placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnHold {
    pub hold: HoldId,
    pub amount: Money,
}

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    pub at: Timestamp,
    pub happened: Happened,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq)]
pub enum Happened {
    Consented {
        up_to: Money,
        with_pin: bool,
    },
    /// `what`: `hold`, `capture`, `release`, `refund`; `id` is the receipt's.
    Moved {
        what: String,
        id: String,
        amount: Money,
    },
    NotMoved {
        what: String,
        code: String,
    },
    /// The service said something to the world. `body`: JSON.
    Told {
        topic: String,
        body: String,
    },
    /// Somebody told the waiting request something.
    Message {
        name: String,
    },
    Admitted {
        gallery: String,
        present: bool,
    },
    /// The plugin was away, and what the operator configured for that was answered.
    Degraded {
        code: String,
    },
}

impl std::fmt::Debug for Happened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Happened::Consented { .. } => "consented",
            Happened::Moved { .. } => "moved",
            Happened::NotMoved { .. } => "not_moved",
            Happened::Told { .. } => "told",
            Happened::Message { .. } => "message",
            Happened::Admitted { .. } => "admitted",
            Happened::Degraded { .. } => "degraded",
        })
    }
}

/// A row of a unit; see [`crate::ports::Write`].
#[derive(Clone, Debug)]
pub enum ServiceWrite {
    /// `expected` is the revision that was read (0: a new row).
    Request { request: Box<ServiceRequest>, expected: u32 },
    /// The instance's own keys change: nobody else changed them since `expected` was read (0: never).
    Keys { service: String, expected: u32 },
    /// The next version of what is configured: nobody else wrote it since the one before was read.
    Set(Box<ServiceSet>),
    /// What was asked is counted, whether a request came of it or not.
    Count(CountedAsk),
    /// What was counted under this id did not end as it was asked for.
    CountRefused { id: Uuid, code: String },
    /// A request is forgotten as it was read: its time is over.
    Forget { request: ServiceRequestId, expected: u32 },
}

/// One thing that was asked of a service, for its figures. Nobody's name, and kept longer than the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedAsk {
    /// The request's, where one came of it.
    pub id: Uuid,
    pub service: String,
    /// The id of the key that asked: a terminal has its own.
    pub terminal: String,
    /// Why it was refused; `None`: it was not, so far.
    pub code: Option<String>,
    pub at: Timestamp,
}

/// How often a terminal asked something of a service that was refused for a reason; `None`: it was not refused.
pub type ServiceCounts = BTreeMap<(String, Option<String>), u64>;

impl ServiceRequest {
    /// Why it was refused: what it failed with, or what the service's answer names as `refused`.
    pub(super) fn refusal(&self) -> Option<String> {
        match &self.progress.stage {
            Stage::Failed { fault } | Stage::GivingBack { fault, .. } => Some(fault.code.clone()),
            Stage::Done => {
                let output: serde_json::Value = serde_json::from_str(self.progress.output.as_deref()?).ok()?;
                output.get("refused")?.as_str().filter(|code| code.len() <= MAX_CODE).map(str::to_owned)
            }
            Stage::Arrived { .. }
            | Stage::Outgoing { .. }
            | Stage::Sending { .. }
            | Stage::AwaitingConsent { .. }
            | Stage::Moving { .. }
            | Stage::Waiting => None,
        }
    }
}

impl Progress {
    pub(super) fn new() -> Self {
        Progress {
            stage: Stage::Arrived { event: None, failures: 0 },
            state: Vec::new(),
            ordinal: 0,
            left: false,
            output: None,
            consents: Vec::new(),
            holds: Vec::new(),
            noted: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, at: Timestamp, happened: Happened) {
        self.noted.push(Noted { at, happened });
    }

    /// What all holds of the request and one more come to, minor units.
    pub(super) fn held_with(&self, amount: Money) -> i64 {
        self.holds.iter().fold(amount.minor(), |sum, hold| sum.saturating_add(hold.amount.minor()))
    }
}

impl ServiceRequest {
    /// The request ends and takes nothing more: what it holds goes back first.
    pub(super) fn fail(&mut self, fault: Fault, now: Timestamp) {
        if self.progress.holds.is_empty() {
            self.progress.stage = Stage::Failed { fault };
            self.due_at = None;
        } else {
            self.progress.stage = Stage::GivingBack { fault, tries: 0, declined: 0 };
            self.due_at = Some(now);
        }
    }

    /// Something is to be told to the plugin now.
    pub(super) fn hear(&mut self, event: ServiceEvent, now: Timestamp) {
        self.progress.stage = Stage::Arrived { event: Some(event), failures: 0 };
        self.due_at = Some(now);
    }
}
