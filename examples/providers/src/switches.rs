//! How a far end is told to misbehave: rules that each apply to the next few calls of a kind.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Which calls a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Every call.
    Any,
    /// Place a hold.
    Preauthorization,
    /// Set more aside.
    Raise,
    /// Set it aside for longer.
    Extend,
    /// Take money of a hold.
    Capture,
    /// Give the rest of a hold back.
    Revert,
    /// Return money of a capture.
    Refund,
    /// Ask what became of an operation.
    Inquiry,
    /// Ask for a balance.
    Balance,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Misbehaviour {
    /// Drops the connection and does nothing: the request was lost.
    LoseRequest,
    /// Does the work and drops the connection: the reply was lost.
    LoseReply,
    /// Answers 500 and does nothing.
    FailBefore,
    /// Does the work and answers 500.
    FailAfter,
    /// Does the work and answers with bytes that are not JSON, under the right status.
    Garble,
    /// Waits, then does the work and answers.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Does the work and leaves the caller waiting.
    NeverAnswer,
    /// Applies the request twice, as a proxy that repeats on its own does, and answers the second time.
    ApplyTwice,
    /// Does the work and answers with one yen more.
    OverstateAmount,
    /// Does the work and answers about some other operation.
    AnswerForAnother,
}

/// A misbehaviour, for the next `times` calls of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Which calls.
    pub on: Target,
    /// How many; the rule is gone then.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    #[serde(flatten)]
    pub misbehaviour: Misbehaviour,
}

/// Where a paused call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the way in: the far end has not seen the call, and an inquiry finds nothing.
    Door,
    /// Inside: the key is taken, the work is not done, and an inquiry says `pending`.
    Work,
}

/// A call that is made to wait. Dropping it lets the call go on.
#[derive(Debug)]
pub struct Pause {
    arrived: watch::Receiver<bool>,
    go: watch::Sender<bool>,
}

impl Pause {
    /// Returns when the call has reached the place.
    pub async fn arrived(&mut self) {
        // The other half lives in the rule or in the call: both end by arriving or by shutdown.
        let _ = self.arrived.wait_for(|arrived| *arrived).await;
    }

    /// Lets the call go on.
    pub fn let_go(self) {
        let _ = self.go.send(true);
    }
}

/// The calls' half of a [`Pause`].
#[derive(Debug)]
pub(crate) struct Paused {
    pub(crate) place: Place,
    arrived: watch::Sender<bool>,
    go: watch::Receiver<bool>,
}

impl Paused {
    pub(crate) async fn wait(mut self) {
        let _ = self.arrived.send(true);
        let _ = self.go.wait_for(|go| *go).await;
    }
}

/// What to do with one call.
#[derive(Debug, Default)]
pub(crate) struct Treatment {
    pub(crate) misbehaviour: Option<Misbehaviour>,
    pub(crate) pause: Option<Paused>,
}

/// The rules in force. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Switches(Arc<Mutex<Set>>);

#[derive(Debug, Default)]
struct Set {
    rules: Vec<Rule>,
    pauses: Vec<(Target, Paused)>,
}

impl Switches {
    /// Adds a rule; the first that fits a call is used up by it.
    pub fn set(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// The next call of a kind misbehaves so.
    pub fn next(&self, on: Target, misbehaviour: Misbehaviour) {
        self.set(Rule { on, times: 1, misbehaviour });
    }

    /// The next call of a kind waits at a place until it is let go.
    pub fn pause(&self, on: Target, place: Place) -> Pause {
        let (tell_arrived, arrived) = watch::channel(false);
        let (go, wait_go) = watch::channel(false);
        self.lock().pauses.push((on, Paused { place, arrived: tell_arrived, go: wait_go }));
        Pause { arrived, go }
    }

    /// Back to good behaviour.
    pub fn clear(&self) {
        *self.lock() = Set::default();
    }

    /// What is still to come.
    pub fn rules(&self) -> Vec<Rule> {
        self.lock().rules.clone()
    }

    pub(crate) fn take(&self, call: Target) -> Treatment {
        let fits = |on: Target| on == Target::Any || on == call;
        let mut set = self.lock();
        let pause = set.pauses.iter().position(|(on, _)| fits(*on)).map(|at| set.pauses.remove(at).1);
        let at = set.rules.iter().position(|rule| fits(rule.on) && rule.times > 0);
        let misbehaviour = at.map(|at| {
            let rule = &mut set.rules[at];
            rule.times -= 1;
            rule.misbehaviour
        });
        set.rules.retain(|rule| rule.times > 0);
        Treatment { misbehaviour, pause }
    }

    fn lock(&self) -> MutexGuard<'_, Set> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn once() -> u32 {
    1
}
