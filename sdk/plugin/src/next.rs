//! What a rail answers: one step, and how an operation ends.

use serde::Serialize;

use crate::http::{Fault, Field, HttpCall};
use crate::money::{Millis, Money};
use crate::tag::Tag;

/// The code of "the far end has no such operation". The hub believes it only after the endpoint's settle window:
/// before that the lost call may still be on its way, and the answer counts as `unknown`.
pub const NEVER_ARRIVED: &str = "inquiry.not_found";

/// The code of a command that a rail does not have.
pub const UNSUPPORTED: &str = "command.unsupported";

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rail did it. `reference` is what later commands name.
    Settled {
        /// 1 to 255 visible ASCII characters.
        reference: String,
        /// Never more than was asked. For a release: what was given back.
        amount: Money,
        /// Shown to the operator.
        details: Vec<Field>,
    },
    /// The rail did not do it and will not.
    Declined(Fault),
    /// The rail cannot tell. The hub keeps the money held and inquires later.
    Unknown(Fault),
}

/// What the rail wants of the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Send this.
    Call(HttpCall),
    /// Come back then.
    WaitUntil(Millis),
    /// The operation ended so.
    Done(Outcome),
}

/// A write to the plugin's own namespace, in the transaction of its step; `None` deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvWrite {
    /// 1 to 128 visible ASCII characters.
    pub key: String,
    /// At most 4 KiB.
    pub value: Option<Vec<u8>>,
}

/// One decision, as the hub receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is to happen.
    pub next: Wanted,
    /// Comes back with the event. A [`Tag`], as bytes.
    pub state: Vec<u8>,
    /// At most 16.
    pub writes: Vec<KvWrite>,
}

/// What a rail's method returns. Made by [`crate::Call`], [`settled`], [`declined`], [`unknown`],
/// [`never_arrived`] and [`wait_until`].
#[must_use = "a step happens only when it is returned"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(Result<Step, Fault>);

impl Next {
    pub(crate) fn fault(fault: Fault) -> Next {
        Next(Err(fault))
    }

    pub(crate) fn wanting<T: Serialize + ?Sized>(next: Wanted, tag: &str, value: &T) -> Next {
        Next(Tag::new(tag, value).map(|tag| Step { next, state: tag.to_bytes(), writes: Vec::new() }))
    }

    fn done(outcome: Outcome) -> Next {
        Next(Ok(Step { next: Wanted::Done(outcome), state: Vec::new(), writes: Vec::new() }))
    }

    /// Writes `value` under `key` in the plugin's own namespace, together with this step.
    pub fn put(self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> Next {
        self.write(KvWrite { key: key.into(), value: Some(value.into()) })
    }

    /// Removes `key` from the plugin's own namespace, together with this step.
    pub fn remove(self, key: impl Into<String>) -> Next {
        self.write(KvWrite { key: key.into(), value: None })
    }

    /// Adds a detail to a settled outcome, such as a receipt number; nothing to any other.
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Next {
        if let Ok(Step { next: Wanted::Done(Outcome::Settled { details, .. }), .. }) = &mut self.0 {
            details.push(Field { name: name.into(), value: value.into() });
        }
        self
    }

    /// The step, or the fault of a builder along the way.
    pub fn into_step(self) -> Result<Step, Fault> {
        self.0
    }

    fn write(mut self, write: KvWrite) -> Next {
        if let Ok(step) = &mut self.0 {
            step.writes.push(write);
        }
        self
    }
}

/// The rail did it, for this amount. `reference` is handed back with the commands that follow.
pub fn settled(reference: impl Into<String>, amount: Money) -> Next {
    Next::done(Outcome::Settled { reference: reference.into(), amount, details: Vec::new() })
}

/// The rail did not do it and will not. Only on a clear answer, or when nothing left the hub.
pub fn declined(code: impl Into<String>, message: impl Into<String>) -> Next {
    Next::done(Outcome::Declined(Fault::new(code, message)))
}

/// The rail cannot tell. The money stays held and the hub inquires.
pub fn unknown(code: impl Into<String>, message: impl Into<String>) -> Next {
    Next::done(Outcome::Unknown(Fault::new(code, message)))
}

/// To an inquiry: the far end has no such operation. A decline with the code [`NEVER_ARRIVED`].
pub fn never_arrived(message: impl Into<String>) -> Next {
    declined(NEVER_ARRIVED, message)
}

/// The step is impossible: a request that cannot be written. Declines in a first step, is `unknown` in a later one.
pub fn fault(code: impl Into<String>, message: impl Into<String>) -> Next {
    Next::fault(Fault::new(code, message))
}

/// Comes back to [`crate::Rail::on_timer`] at `at`, under `tag` and with `value`.
pub fn wait_until<T: Serialize + ?Sized>(at: Millis, tag: &str, value: &T) -> Next {
    Next::wanting(Wanted::WaitUntil(at), tag, value)
}
