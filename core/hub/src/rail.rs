//! What a rail is asked and what it answers, in the hub's words.
//!
//! A rail decides one step at a time and never acts: it returns the next [`Step`], the hub commits it,
//! performs it, and hands the [`RailEvent`] back. The types mirror `specs/wit/{host,rail}/1.0.0`; the Wasm
//! adapter converts. Nothing here waits, sends or stores.

use tebura_ledger::{Money, OperationId, Timestamp};

/// The name of a rail in this hub: `house`, or a plugin's id such as `jp.tebura.wallet`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PluginId(pub String);

/// SHA-256 of a plugin's component: what a step was decided by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComponentDigest(pub [u8; 32]);

impl std::fmt::Debug for ComponentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One side of a payment as a rail sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// `wallet`, `merchant`, … an open word.
    pub kind: String,
    /// The vault reference that the far end knows. Never a card or account number.
    pub token: String,
}

/// What the hub asks a rail to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RailCommand {
    /// Reserve `amount` of the payer's money until `expires`.
    Hold { payer: Party, payee: Party, amount: Money, expires: Timestamp },
    /// Take `amount` of a hold; `is_final` gives the rest back.
    Capture { reference: String, amount: Money, is_final: bool },
    /// Give back what is left of a hold: `amount`, as the hub's ledger sees it.
    Release { reference: String, amount: Money },
    /// Return `amount` of a capture.
    Refund { reference: String, amount: Money },
    /// Find out what became of operation `of`, a `hold`, `capture`, `release` or `refund` (`about`) of `reference`.
    Inquire { of: OperationId, about: &'static str, reference: Option<String> },
}

impl RailCommand {
    /// The word for this command in logs, manifests and capability lists.
    pub fn name(&self) -> &'static str {
        match self {
            RailCommand::Hold { .. } => "hold",
            RailCommand::Capture { .. } => "capture",
            RailCommand::Release { .. } => "release",
            RailCommand::Refund { .. } => "refund",
            RailCommand::Inquire { .. } => "inquire",
        }
    }

    /// The rail's own reference that the command acts on.
    pub fn reference(&self) -> Option<&str> {
        match self {
            RailCommand::Capture { reference, .. }
            | RailCommand::Release { reference, .. }
            | RailCommand::Refund { reference, .. } => Some(reference),
            RailCommand::Inquire { reference, .. } => reference.as_deref(),
            RailCommand::Hold { .. } => None,
        }
    }

    /// The amount that the far end may settle at most; `None` where the command names none.
    pub fn amount(&self) -> Option<Money> {
        match self {
            RailCommand::Hold { amount, .. }
            | RailCommand::Capture { amount, .. }
            | RailCommand::Release { amount, .. }
            | RailCommand::Refund { amount, .. } => Some(*amount),
            RailCommand::Inquire { .. } => None,
        }
    }
}

/// One operation as a rail sees it. `id` never changes across attempts: idempotency keys derive from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RailOperation {
    /// The hub's operation id; for an inquiry `<operation>.<attempt>`.
    pub id: String,
    /// 1 for the first run, counted up by inquiries.
    pub attempt: u32,
    /// When the hub decided to run this step.
    pub now: Timestamp,
    /// What is asked.
    pub command: RailCommand,
}

/// What a repeat of a call would do at the far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing: repeat freely.
    Read,
    /// Safe to repeat while the key is unchanged.
    Idempotent {
        /// The plugin's key; the hub sends it in the header that the manifest names.
        key: String,
    },
    /// Must not be repeated. After silence the plugin has to inquire.
    Once,
}

/// One HTTP exchange that a plugin asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    /// A handle of the manifest; the operator bound it to an origin and credentials.
    pub endpoint: String,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub effect: Effect,
    /// Total time for one attempt, capped by the endpoint's binding.
    pub timeout_ms: u32,
    /// Signed, time-stamped bytes are not sent later than this.
    pub stale_after: Option<Timestamp>,
}

/// What came back from the far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpReply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What a rail is told next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RailEvent {
    /// The far end answered.
    Reply(HttpReply),
    /// No reply came. `maybe_delivered` is the one bit that matters for money.
    Silence { maybe_delivered: bool, reason: String },
    /// The time that the rail asked to wait for has come.
    Timer,
}

/// An open, dotted code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: String,
    pub message: String,
}

/// The code of a decline that answers an inquiry with "no such operation". It counts only after the rail's settle
/// window: before, the operation may still be on its way.
pub const NOT_FOUND: &str = "inquiry.not_found";

/// The codes of a decline that answer a release with "nothing is reserved any more". Somebody released it before, or
/// the rail's own deadline did: the release has what it wanted and counts as settled.
pub const HOLD_OVER: [&str; 2] = ["hold.closed", "hold.expired"];

/// How an operation ended at the rail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RailOutcome {
    /// The rail did it. `reference` is needed for the commands that follow.
    Settled { reference: String, amount: Money },
    /// The rail did not do it and will not.
    Declined(Fault),
    /// The rail cannot tell. The money stays held.
    Unknown(Fault),
}

/// What the rail wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Call(HttpCall),
    WaitUntil(Timestamp),
    Done(RailOutcome),
}

/// A write to the plugin's own namespace, applied in the transaction of its step; `None` deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvWrite {
    pub key: String,
    pub value: Option<Vec<u8>>,
}

/// One decision of a rail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub next: Next,
    /// Opaque to the hub, at most 8 KiB.
    pub state: Vec<u8>,
    pub writes: Vec<KvWrite>,
}

/// Why a rail gave no step. Never confused with a decline, which is data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RailError {
    /// The plugin itself returned a fault.
    #[error("the rail refused the step ({}): {}", .0.code, .0.message)]
    Fault(Fault),
    /// The guest trapped, ran out of fuel, memory or time, or returned something that breaks the contract.
    #[error("the plugin failed ({code}): {message}")]
    Trapped { code: &'static str, message: String },
    /// Revoked or disabled since the hub started.
    #[error("the plugin is not allowed to run: {reason}")]
    Revoked { reason: String },
    /// All sandbox threads are busy; nothing was run.
    #[error("the sandbox is busy; try again in {retry_after_ms} ms")]
    Busy { retry_after_ms: u32 },
}

/// What a rail can do, known before any hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RailDescriptor {
    /// The name that holds carry.
    pub rail: tebura_ledger::RailId,
    /// Version of the plugin; the hub's own for the house rail.
    pub version: String,
    /// The component that decides; `None` for the house rail.
    pub digest: Option<ComponentDigest>,
    /// Commands that it takes: `hold`, `capture`, `release`, `refund`, `inquire`.
    pub commands: Vec<String>,
    pub currencies: Vec<String>,
    /// Largest amount of one operation, minor units.
    pub max_per_operation: Option<i64>,
    /// Longest hold, milliseconds.
    pub max_hold_ms: Option<i64>,
    /// More than one capture of a hold.
    pub several_captures: bool,
    /// "Not found" within this time after a silent send proves nothing.
    pub settle_window_ms: i64,
}
