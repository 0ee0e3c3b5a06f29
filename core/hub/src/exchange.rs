//! Where an operation at a rail stands: the durable half of the step machine.
//!
//! One row an operation. `Outgoing` is the outbox: the bytes are committed before any is sent, and `Sending` is
//! committed before the first byte, so that a crash in between reads as *maybe delivered*, never as *not sent*.

use tebura_ledger::{HoldId, OperationId, RailId, Timestamp};

use crate::rail::{ComponentDigest, HttpCall, RailCommand, RailEvent};

/// The durable state of one operation at its rail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub operation: OperationId,
    pub hold: HoldId,
    pub rail: RailId,
    /// The component that decided the last step.
    pub digest: Option<ComponentDigest>,
    /// What was asked of the rail, kept so that a restart asks the same.
    pub command: RailCommand,
    pub purpose: Purpose,
    pub stage: Stage,
    /// The plugin's opaque state.
    pub state: Vec<u8>,
    /// Steps decided so far: makes the key of each call.
    pub ordinal: u32,
    /// When the worker has to look at it (again).
    pub due_at: Timestamp,
    /// When the first byte of anything may have left; `None`: nothing has.
    pub first_sent_at: Option<Timestamp>,
    /// Counts up with every write; a writer names the one it read.
    pub revision: u32,
}

/// What the present run of the plugin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To do the operation.
    Perform,
    /// To find out what became of it.
    Inquire { attempt: u32 },
}

/// What is to happen next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To be sent; `attempts` sends of the same bytes were made before.
    Outgoing { call: HttpCall, attempts: u32 },
    /// A send may be under way or may have been cut off.
    Sending { call: HttpCall, attempts: u32 },
    /// To be told to the plugin; `failures` tries ended in a trap.
    Arrived { event: RailEvent, failures: u32 },
    /// The plugin asked for a timer; `due_at` says when.
    Waiting,
    /// The outcome is unknown; the next inquiry is at `due_at`.
    Unknown,
    /// Inquiries did not settle it: a person decides.
    Stuck,
    /// Settled or declined.
    Finished,
}

impl Stage {
    /// Whether the worker still has something to do.
    pub fn is_open(&self) -> bool {
        match self {
            Stage::Outgoing { .. }
            | Stage::Sending { .. }
            | Stage::Arrived { .. }
            | Stage::Waiting
            | Stage::Unknown => true,
            Stage::Stuck | Stage::Finished => false,
        }
    }
}

