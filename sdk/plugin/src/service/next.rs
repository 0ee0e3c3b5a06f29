//! What a service answers: one step.

use serde::Serialize;

use crate::call::{Call, Declared};
use crate::http::{Fault, HttpCall};
use crate::money::{Millis, Money};
use crate::next::KvWrite;
use crate::tag::Tag;

/// Money that a service asks to have moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerStep {
    /// Reserve the person's money.
    Hold {
        /// A payee of `plugin.toml`.
        payee: String,
        /// Above zero.
        amount: Money,
        /// Shown to the person, 1 to 100 characters.
        memo: String,
        /// When the money is free again by itself.
        expires: Millis,
    },
    /// Take from a hold.
    Capture {
        /// Its receipt's id.
        hold: String,
        /// Above zero.
        amount: Money,
        /// The rest goes back.
        is_final: bool,
    },
    /// Give back all that is left of a hold.
    Release {
        /// Its receipt's id.
        hold: String,
    },
    /// Return captured money.
    Refund {
        /// The capture's receipt's id.
        capture: String,
        /// Above zero.
        amount: Money,
    },
}

/// What a service wants of the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Send this.
    Call(HttpCall),
    /// Move this.
    Ledger(LedgerStep),
    /// Come back then, or with a message before.
    Wait {
        /// The time.
        until: Millis,
        /// What is answered meanwhile, JSON.
        output: Option<String>,
    },
    /// It is done, JSON.
    Done(String),
    /// It went wrong.
    Fail(Fault),
}

/// Somebody who is let into a gallery, or taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// A gallery of `plugin.toml`.
    pub gallery: String,
    /// Whether she is in it from now on.
    pub present: bool,
}

/// Something told to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// A topic of `plugin.toml`.
    pub name: String,
    /// JSON.
    pub body: String,
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
    /// At most 8.
    pub admissions: Vec<Admission>,
    /// At most 16.
    pub events: Vec<Topic>,
}

/// What a service's method returns.
#[must_use = "a step happens only when it is returned"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(Result<Step, Fault>);

impl Next {
    fn new(next: Wanted, state: Vec<u8>) -> Next {
        Next(Ok(Step { next, state, writes: Vec::new(), admissions: Vec::new(), events: Vec::new() }))
    }

    fn tagged<T: Serialize + ?Sized>(next: Wanted, tag: &str, value: &T) -> Next {
        match Tag::new(tag, value) {
            Ok(tag) => Next::new(next, tag.to_bytes()),
            Err(fault) => Next(Err(fault)),
        }
    }

    /// Writes `value` under `key` of the instance's own keys, together with this step.
    pub fn put(self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> Next {
        let (key, value) = (key.into(), Some(value.into()));
        self.with(|step| step.writes.push(KvWrite { key, value }))
    }

    /// Removes `key`, together with this step.
    pub fn remove(self, key: impl Into<String>) -> Next {
        let key = key.into();
        self.with(|step| step.writes.push(KvWrite { key, value: None }))
    }

    /// Lets the request's person into a gallery.
    pub fn admit(self, gallery: impl Into<String>) -> Next {
        let gallery = gallery.into();
        self.with(|step| step.admissions.push(Admission { gallery, present: true }))
    }

    /// Takes the request's person out of a gallery.
    pub fn dismiss(self, gallery: impl Into<String>) -> Next {
        let gallery = gallery.into();
        self.with(|step| step.admissions.push(Admission { gallery, present: false }))
    }

    /// Tells of something.
    pub fn tell<T: Serialize + ?Sized>(self, topic: impl Into<String>, body: &T) -> Next {
        let name = topic.into();
        match json(body) {
            Ok(body) => self.with(|step| step.events.push(Topic { name, body })),
            Err(fault) => Next(Err(fault)),
        }
    }

    /// The step, or the fault of a builder along the way.
    pub fn into_step(self) -> Result<Step, Fault> {
        self.0
    }

    fn with(mut self, change: impl FnOnce(&mut Step)) -> Next {
        if let Ok(step) = &mut self.0 {
            change(step);
        }
        self
    }
}

/// The request is done.
pub fn done<T: Serialize + ?Sized>(output: &T) -> Next {
    match json(output) {
        Ok(output) => Next::new(Wanted::Done(output), Vec::new()),
        Err(fault) => Next(Err(fault)),
    }
}

/// The request went wrong: what it still holds goes back.
pub fn fail(code: impl Into<String>, message: impl Into<String>) -> Next {
    Next::new(Wanted::Fail(Fault::new(code, message)), Vec::new())
}

/// Reserves the person's money for a payee, until `expires`. The hub asks the person first where she has not agreed yet.
pub fn hold(payee: impl Into<String>, amount: Money, memo: impl Into<String>, expires: Millis) -> Moving {
    Moving(LedgerStep::Hold { payee: payee.into(), amount, memo: memo.into(), expires })
}

/// Takes from a hold; the rest goes back.
pub fn capture(hold: impl Into<String>, amount: Money) -> Moving {
    Moving(LedgerStep::Capture { hold: hold.into(), amount, is_final: true })
}

/// Takes a part of a hold and keeps the rest held.
pub fn capture_part(hold: impl Into<String>, amount: Money) -> Moving {
    Moving(LedgerStep::Capture { hold: hold.into(), amount, is_final: false })
}

/// Gives back all that is left of a hold.
pub fn release(hold: impl Into<String>) -> Moving {
    Moving(LedgerStep::Release { hold: hold.into() })
}

/// Returns money of a capture.
pub fn refund(capture: impl Into<String>, amount: Money) -> Moving {
    Moving(LedgerStep::Refund { capture: capture.into(), amount })
}

/// A movement of money that still needs its tag.
#[must_use = "money only moves when the step is returned: finish it with then()"]
#[derive(Clone, Debug)]
pub struct Moving(LedgerStep);

impl Moving {
    /// Comes back to [`super::Service::on_moved`] or [`super::Service::on_not_moved`] under this tag.
    pub fn then(self, tag: &str) -> Next {
        self.then_with(tag, &())
    }

    /// As [`Moving::then`], with a value to remember: read it back with [`Tag::value`].
    pub fn then_with<T: Serialize + ?Sized>(self, tag: &str, value: &T) -> Next {
        Next::tagged(Wanted::Ledger(self.0), tag, value)
    }
}

/// Comes back at `at`, or with a message before. At most 31 days ahead.
pub fn wait_until(at: Millis) -> Waiting {
    Waiting { until: at, output: Ok(None) }
}

/// A wait that still needs its tag.
#[must_use = "nothing is awaited unless the step is returned: finish it with then()"]
#[derive(Clone, Debug)]
pub struct Waiting {
    until: Millis,
    output: Result<Option<String>, Fault>,
}

impl Waiting {
    /// What whoever asks is answered meanwhile.
    pub fn showing<T: Serialize + ?Sized>(self, output: &T) -> Waiting {
        Waiting { output: json(output).map(Some), ..self }
    }

    /// Comes back to [`super::Service::on_timer`] or [`super::Service::on_message`] under this tag.
    pub fn then(self, tag: &str) -> Next {
        self.then_with(tag, &())
    }

    /// As [`Waiting::then`], with a value to remember.
    pub fn then_with<T: Serialize + ?Sized>(self, tag: &str, value: &T) -> Next {
        match self.output {
            Ok(output) => Next::tagged(Wanted::Wait { until: self.until, output }, tag, value),
            Err(fault) => Next(Err(fault)),
        }
    }
}

/// Finishes a [`Call`] within a service.
pub trait Ask {
    /// Sends, and comes back to [`super::Service::on_reply`] or [`super::Service::on_silence`] under this tag.
    fn ask(self, tag: &str) -> Next;
    /// As [`Ask::ask`], with a value to remember.
    fn ask_with<T: Serialize + ?Sized>(self, tag: &str, value: &T) -> Next;
}

impl Ask for Call<Declared> {
    fn ask(self, tag: &str) -> Next {
        self.ask_with(tag, &())
    }

    fn ask_with<T: Serialize + ?Sized>(self, tag: &str, value: &T) -> Next {
        match self.into_call() {
            Ok(call) => Next::tagged(Wanted::Call(call), tag, value),
            Err(fault) => Next(Err(fault)),
        }
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|_| Fault::new("output.unserialisable", "a value cannot be written as JSON"))
}
