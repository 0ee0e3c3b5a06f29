//! The rules that keep money safe, as a watcher of one operation's calls, events and outcome.

use std::collections::BTreeMap;

use tebura_plugin::{Command, Effect, Event, HttpCall, Money, Operation, Outcome, Step, UNSUPPORTED, Wanted};

use crate::limits::{self, malformed};
use crate::manifest::Manifest;

/// A rule that a rail broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// Equal input gave two different steps.
    #[error(
        "the same input gave two different steps: use no clock, no randomness, no order of a HashMap, and keep nothing in the rail itself"
    )]
    NotPure,
    /// The rail panicked.
    #[error("the rail panicked: answer `unknown` instead, or `declined` where nothing was sent")]
    Panicked,
    /// An operation was declined although a call may have been carried out.
    #[error("declined ({code}) after {doubt}: only a clear answer of the far end declines; answer `unknown`")]
    DeclinedInDoubt {
        /// The decline's code.
        code: String,
        /// What left the outcome open.
        doubt: String,
    },
    /// An operation was settled although no clear answer said so.
    #[error("settled after {doubt}: only a clear answer of the far end settles; answer `unknown`")]
    SettledInDoubt {
        /// What left the outcome open.
        doubt: String,
    },
    /// A `once` call was made again.
    #[error("the `once` call {call} was made twice: inquire instead, or make it idempotent")]
    OnceRepeated {
        /// Method and path.
        call: String,
    },
    /// An idempotency key was used for two different requests.
    #[error("key {key:?} was used for two different requests: the far end answers the second with the first's result")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// An inquiry made a call that changes something new.
    #[error("an inquiry made the call {call}, which is not a `read`: an inquiry finds out and changes nothing")]
    InquiryActs {
        /// Method and path.
        call: String,
    },
    /// The manifest does not list a call.
    #[error("{call} on endpoint {endpoint:?} is not in plugin.toml; add it to [endpoints.{endpoint}] allow")]
    NotListed {
        /// Method and path.
        call: String,
        /// The handle that was named.
        endpoint: String,
    },
    /// A call that the hub refuses as it stands.
    #[error("the call {call} is malformed: {why}")]
    MalformedCall {
        /// Method and path.
        call: String,
        /// What to change.
        why: String,
    },
    /// State that is too large or does not survive a round trip.
    #[error("the state is not fit to be kept: {why}")]
    State {
        /// What to change.
        why: String,
    },
    /// An outcome that the hub refuses as it stands.
    #[error("the outcome is malformed: {why}")]
    MalformedOutcome {
        /// What to change.
        why: String,
    },
    /// One event, heard twice, led to two different ends.
    #[error("the same reply, heard again a minute later, ended the operation differently: {first}, then {second}")]
    EndsDifferently {
        /// How it ended at first.
        first: String,
        /// How it ended when it was heard again.
        second: String,
    },
    /// A command that the manifest lists and the rail does not have.
    #[error(
        "plugin.toml lists {command:?} and the rail declines it as unsupported; write it, or take it off [rail] commands"
    )]
    NotImplemented {
        /// The command's name.
        command: String,
    },
    /// An authentic notice was refused.
    #[error("an authentic notice was refused ({code}); the far end would send it in vain")]
    NoticeRefused {
        /// The fault's code.
        code: String,
    },
    /// A forged notice was believed.
    #[error("a notice was believed although {forgery}: check the signature over the whole body with crypto::verify")]
    NoticeForged {
        /// What was done to it.
        forgery: String,
    },
    /// News that the hub refuses as they stand.
    #[error("the news are malformed: {why}")]
    MalformedNews {
        /// What to change.
        why: String,
    },
    /// More steps than an operation can need.
    #[error("the operation goes on after {steps} steps: it has to end")]
    Endless {
        /// How many were made.
        steps: usize,
    },
}

/// What is known about one operation, over its first run and its inquiries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    keyed: BTreeMap<String, HttpCall>,
    once: Vec<HttpCall>,
    /// Why the outcome is open, if it is.
    doubt: Option<String>,
    /// Whether any byte may have left.
    pub(crate) sent: bool,
}

impl Watch {
    /// An inquiry begins: by then the outcome is open, whatever was heard before.
    pub(crate) fn inquire(&mut self) {
        self.doubt.get_or_insert_with(|| "an unknown outcome".to_owned());
    }

    /// Checks one step: its call, its state, its outcome.
    pub(crate) fn sees(&mut self, op: &Operation, step: &Step, manifest: Option<&Manifest>) -> Result<(), Breach> {
        limits::writes(&step.writes)?;
        match &step.next {
            Wanted::Call(call) => {
                limits::call(call, manifest)?;
                self.makes(op, call)?;
                limits::state(&step.state)
            }
            Wanted::WaitUntil(at) => {
                limits::wait(op, *at)?;
                limits::state(&step.state)
            }
            Wanted::Done(outcome) => self.ends(op, outcome, manifest),
        }
    }

    /// Notes that a request came in from outside: it proves nothing.
    pub(crate) fn notified(&mut self) {
        self.doubt.get_or_insert_with(|| "a notice, which is only a hint".to_owned());
    }

    /// Notes what came of a call. `clear`: the reply is one that a far end means.
    pub(crate) fn hears(&mut self, call: &HttpCall, event: &Event, clear: bool) {
        let name = name(call);
        match event {
            Event::Reply(reply) if clear && reply.status() < 500 => {
                self.sent = true;
                self.doubt = None;
            }
            Event::Reply(reply) if call.effect != Effect::Read => {
                self.sent = true;
                self.doubt = Some(format!("{name} was answered with {} and nothing clear", reply.status()));
            }
            Event::Silence(silence) if call.effect != Effect::Read && silence.maybe_delivered => {
                self.sent = true;
                self.doubt = Some(format!("{name} may have arrived and was not answered"));
            }
            Event::Silence(silence) => self.sent |= silence.maybe_delivered,
            Event::Reply(_) => self.sent = true,
            Event::Notice(_) => self.notified(),
            Event::Timer => {}
        }
    }

    fn makes(&mut self, op: &Operation, call: &HttpCall) -> Result<(), Breach> {
        let name = name(call);
        match &call.effect {
            Effect::Read => Ok(()),
            Effect::Idempotent(key) => match self.keyed.get(key) {
                Some(earlier) if earlier != call => Err(Breach::KeyReused { key: key.clone() }),
                Some(_) => Ok(()),
                None if op.is_inquiry() => Err(Breach::InquiryActs { call: name }),
                None => {
                    self.keyed.insert(key.clone(), call.clone());
                    Ok(())
                }
            },
            Effect::Once if op.is_inquiry() => Err(Breach::InquiryActs { call: name }),
            Effect::Once if self.once.contains(call) => Err(Breach::OnceRepeated { call: name }),
            Effect::Once => {
                self.once.push(call.clone());
                Ok(())
            }
        }
    }

    fn ends(&self, op: &Operation, outcome: &Outcome, manifest: Option<&Manifest>) -> Result<(), Breach> {
        match outcome {
            Outcome::Settled { reference, amount, .. } => {
                if let Some(doubt) = &self.doubt {
                    return Err(Breach::SettledInDoubt { doubt: doubt.clone() });
                }
                limits::reference(reference)?;
                match asked(&op.command) {
                    Some(asked) if amount.currency() != asked.currency() => {
                        Err(malformed("settled in another currency"))
                    }
                    Some(asked) if amount.minor() > asked.minor() => Err(malformed("settled more than was asked")),
                    Some(_) if amount.minor() == 0 => Err(malformed("settled nothing: that is a decline")),
                    Some(_) | None => Ok(()),
                }
            }
            Outcome::Declined(fault) => match &self.doubt {
                Some(doubt) => Err(Breach::DeclinedInDoubt { code: fault.code.clone(), doubt: doubt.clone() }),
                None if fault.code == UNSUPPORTED && manifest.is_some_and(|manifest| manifest.takes(command(op))) => {
                    Err(Breach::NotImplemented { command: command(op).to_owned() })
                }
                None => limits::code(fault),
            },
            Outcome::Unknown(fault) => limits::code(fault),
        }
    }
}

/// The amount that a command names.
fn asked(command: &Command) -> Option<&Money> {
    match command {
        Command::Hold(hold) => Some(&hold.amount),
        Command::Raise(raise) => Some(&raise.amount),
        Command::Extend(extend) => Some(&extend.amount),
        Command::Capture(capture) => Some(&capture.amount),
        Command::Release(release) => Some(&release.amount),
        Command::Refund(refund) => Some(&refund.amount),
        Command::Inquire(_) | Command::Extension(_) => None,
    }
}

/// The word for a command in manifests.
pub(crate) fn command(op: &Operation) -> &str {
    match &op.command {
        Command::Hold(_) => "hold",
        Command::Raise(_) => "raise",
        Command::Extend(_) => "extend",
        Command::Capture(_) => "capture",
        Command::Release(_) => "release",
        Command::Refund(_) => "refund",
        Command::Inquire(_) => "inquire",
        Command::Extension(extension) => &extension.name,
    }
}

pub(crate) fn name(call: &HttpCall) -> String {
    format!("{} {}", call.method, call.path)
}
