//! What a rail is asked and what it answers, in the hub's words.
//!
//! A rail decides one step at a time and never acts: it returns the next [`Step`], the hub commits it,
//! performs it, and hands the [`RailEvent`] back. The types mirror `specs/wit/{host,rail}/1.0.0`; the Wasm
//! adapter converts. Nothing here waits, sends or stores.

use tebura_contract::RailFacts;
use tebura_ledger::{Money, OperationId, Timestamp};

use crate::create_hold::MAX_HOLD_MS;
use crate::notices::Inbound;

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
    /// Reserve `amount` more.
    Raise { reference: String, amount: Money },
    /// Keep the hold, of which `amount` is outstanding, until a later time.
    Extend { reference: String, amount: Money, until: Timestamp },
    /// Take `amount` of a hold; `is_final` gives the rest back.
    Capture { reference: String, amount: Money, is_final: bool },
    /// Give back what is left of a hold: `amount`, as the hub's ledger sees it.
    Release { reference: String, amount: Money },
    /// Return `amount` of a capture.
    Refund { reference: String, amount: Money },
    /// Find out what became of operation `of`, a `hold`, `raise`, `extend`, `capture`, `release` or `refund` (`about`) of
    /// `reference`.
    Inquire { of: OperationId, about: &'static str, reference: Option<String> },
}

impl RailCommand {
    /// The word for this command in logs, manifests and capability lists.
    pub fn name(&self) -> &'static str {
        match self {
            RailCommand::Hold { .. } => "hold",
            RailCommand::Raise { .. } => "raise",
            RailCommand::Extend { .. } => "extend",
            RailCommand::Capture { .. } => "capture",
            RailCommand::Release { .. } => "release",
            RailCommand::Refund { .. } => "refund",
            RailCommand::Inquire { .. } => "inquire",
        }
    }

    /// The rail's own reference that the command acts on.
    pub fn reference(&self) -> Option<&str> {
        match self {
            RailCommand::Raise { reference, .. }
            | RailCommand::Extend { reference, .. }
            | RailCommand::Capture { reference, .. }
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
            | RailCommand::Raise { amount, .. }
            | RailCommand::Extend { amount, .. }
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
    /// The far end called back while the operation waited.
    Notice(Inbound),
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

/// The code of a decline that says "somebody did that already". Whether it was this operation the rail is asked first;
/// nothing is undone on that word alone.
pub const ALREADY_DONE: &str = "operation.already_done";

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

/// What a plugin wants next; how it ends is its world's: for a rail a [`RailOutcome`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<O = RailOutcome> {
    Call(HttpCall),
    WaitUntil(Timestamp),
    Done(O),
}

/// A write to the plugin's own namespace, applied in the transaction of its step; `None` deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvWrite {
    pub key: String,
    pub value: Option<Vec<u8>>,
}

/// One decision of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<O = RailOutcome> {
    pub next: Next<O>,
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
    /// The operator stopped the rail: nothing new is reserved there. Nothing was run.
    #[error("the rail takes no new holds: {reason}")]
    Stopped { reason: String },
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
    /// Commands that it takes: `hold`, `raise`, `extend`, `capture`, `release`, `refund`, `inquire`.
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
    /// Kept in the hub's own books: it settles in the transaction that asks, and nothing is ever unknown.
    pub in_house: bool,
    /// What else it can do.
    pub abilities: RailAbilities,
}

/// What a rail can do beyond its commands. The default is what a rail can do that says nothing: as little as possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RailAbilities {
    /// Give back a part of a hold and keep the rest.
    pub partial_release: bool,
    /// Pay several payees out of one capture.
    pub split: bool,
    /// Take a capture back so that it is free in its hold again.
    pub reverse: bool,
    /// Keep a hold for as long as the hub does not end it: its own deadline never ends one on which something is open.
    pub pin: bool,
    /// How long after a capture the payee has the money, milliseconds; 0: at once.
    pub settlement_delay_ms: i64,
    /// Whether a settled capture can still be taken back by others than the payee.
    pub finality: RailFinality,
}

/// How final a settled capture is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RailFinality {
    /// The payer may still contest it.
    #[default]
    Contestable,
    /// Only a refund undoes it.
    Final,
}

impl RailFinality {
    /// The word on the wire and in manifests.
    pub fn name(self) -> &'static str {
        match self {
            RailFinality::Contestable => "contestable",
            RailFinality::Final => "final",
        }
    }

    /// The finality that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [RailFinality::Contestable, RailFinality::Final].into_iter().find(|finality| finality.name() == name)
    }
}

/// The longest that the hub's own books hold under a contract: ten years, the longest contract, and its grace.
const LONGEST_CONTRACT_MS: i64 = 4_000 * 24 * 3_600_000;

/// The hub's deadline comes this long before the rail's: a capture or release at the deadline still has to get there.
pub const DEADLINE_MARGIN_MS: i64 = 60_000;

impl RailDescriptor {
    /// Whether it takes a command.
    pub fn takes(&self, command: &str) -> bool {
        self.commands.iter().any(|own| own == command)
    }

    /// The longest that the hub may promise to hold, milliseconds: `hub_ms`, or the rail's longest less the margin.
    pub fn longest_hold_ms(&self, hub_ms: i64) -> i64 {
        self.max_hold_ms.map_or(hub_ms, |longest| hub_ms.min(longest.saturating_sub(DEADLINE_MARGIN_MS)))
    }

    /// What a check of hold contracts has to know.
    pub fn contract_facts(&self) -> RailFacts {
        let RailAbilities { partial_release, split, pin, .. } = self.abilities;
        // A thing is held under its kind, which documents write in small letters and books in capitals.
        let kinds = self.currencies.iter().filter(|code| code.len() != 3).map(|code| code.to_lowercase());
        RailFacts {
            max_hold_ms: if self.in_house { LONGEST_CONTRACT_MS } else { self.longest_hold_ms(MAX_HOLD_MS) },
            // The margin is taken off already.
            settle_margin_ms: 0,
            max_amount: self.max_per_operation,
            assets: self.currencies.iter().cloned().chain(kinds).collect(),
            partial_capture: true,
            several_captures: self.several_captures,
            split,
            partial_release,
            raise: self.takes("raise"),
            extend: self.takes("extend"),
            pin,
        }
    }

    /// Until when the rail is to keep a hold whose deadline here is `deadline`: never only until then.
    pub fn keeps_until(&self, deadline: Timestamp) -> Timestamp {
        deadline.plus_ms(DEADLINE_MARGIN_MS)
    }
}
