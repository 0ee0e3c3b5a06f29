//! Where an operation at a rail stands: the durable half of the step machine.
//!
//! One row an operation. The bytes of a call are committed before any is sent. A `once` call is committed as
//! `Outgoing` and again as `Sending` before its first byte; a call that may be repeated is committed as `Sending` at
//! once, since a crash then leads to the same bytes either way. A crash reads as *maybe delivered*, never as *not sent*.

use tebura_ledger::{HoldId, OperationId, RailId, Timestamp};

use crate::rail::{ComponentDigest, HttpCall, RailCommand, RailEvent, RailOperation};

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
    /// When the worker has to look at it (again). While a send is under way: the end of its lease.
    pub due_at: Timestamp,
    /// When bytes that do something may have left for the last time; `None`: none ever did. The settle window counts from
    /// here: a resend may still be on its way when the first call is long forgotten.
    pub last_sent_at: Option<Timestamp>,
    /// Counts up with every write; a writer names the one it read.
    pub revision: u32,
}

/// What the present run of the plugin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To do the operation.
    Perform,
    /// To find out what became of it. `conclusive`: begun after the settle window, so that "not found" counts, whenever
    /// the answer is looked at. `waited_ms`: what passed between inquiries, jumps of the clock left out; `asked_at`: when
    /// this one began.
    Inquire { attempt: u32, conclusive: bool, waited_ms: i64, asked_at: Timestamp },
}

/// What is to happen next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To be sent; `attempts` sends of the same bytes were made before.
    Outgoing { call: HttpCall, attempts: u32 },
    /// A send, the `attempts`-th of the same bytes, may be under way or may have been cut off.
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
    /// The word in rows and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Stage::Outgoing { .. } => "outgoing",
            Stage::Sending { .. } => "sending",
            Stage::Arrived { .. } => "arrived",
            Stage::Waiting => "waiting",
            Stage::Unknown => "unknown",
            Stage::Stuck => "stuck",
            Stage::Finished => "finished",
        }
    }

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

impl Exchange {
    /// What the plugin is shown in its present run.
    pub fn rail_operation(&self, now: Timestamp) -> RailOperation {
        match self.purpose {
            Purpose::Perform => {
                RailOperation { id: self.operation.to_string(), attempt: 1, now, command: self.command.clone() }
            }
            Purpose::Inquire { attempt, .. } => RailOperation {
                id: format!("{}.{attempt}", self.operation),
                attempt,
                now,
                command: RailCommand::Inquire {
                    of: self.operation,
                    about: self.command.name(),
                    reference: self.command.reference().map(str::to_owned),
                },
            },
        }
    }
}
