//! One event: what is due fires first, then the event has its turn.

use tebura_ledger::Timestamp;

use super::event::{Event, Step};
use super::fire::Run;
use super::refusal::StepRefusal;
use super::state::{Place, State};
use crate::contract::Contract;

impl Contract {
    /// Takes one event. Deadlines that are due at `now` fire first, in order and at their own time; so a late event never
    /// wins, and a hub that was down comes to the same state as one that was not.
    ///
    /// An id that had an effect before changes nothing and is no error.
    ///
    /// # Errors
    /// [`StepRefusal`] when the event has no place in the state and nothing was due. Where deadlines fired first, the
    /// refusal is in [`Step::refused`], beside the new state that has to be stored.
    pub fn step(&self, state: &State, event: &Event, now: Timestamp) -> Result<Step, StepRefusal> {
        if !state.fits(self) {
            return Err(StepRefusal::OtherDocument);
        }
        let at = now.millis().max(state.latest);
        let mut run = Run::new(self, state.clone());
        run.catch_up(at);
        let caught_up = run.state != *state;
        let before = run.state.clone();
        let outcome = match event {
            Event::Deadline if caught_up => Ok(()),
            Event::Deadline => Err(StepRefusal::NothingDue { deadline: state.deadline() }),
            Event::Act { .. } | Event::Attest { .. } | Event::Consent { .. } => run.signed(event, at),
            Event::LegHeld { leg } => run.leg_held(leg, at),
            Event::LegFailed { leg } => run.leg_failed(leg, at),
            Event::GroupDone { group } => run.group_done(*group),
            Event::GroupFailed { group } => run.group_failed(*group),
        };
        let refused = match outcome {
            Ok(()) => None,
            Err(refusal) if caught_up => {
                run.state = before;
                Some(refusal)
            }
            Err(refusal) => return Err(refusal),
        };
        if run.state == *state {
            return Ok(Step { state: run.state, groups: Vec::new(), refused: None });
        }
        run.state.latest = at;
        Ok(Step { refused, ..run.finished() })
    }
}

impl Run<'_> {
    /// Fires every deadline up to a time.
    fn catch_up(&mut self, now: i64) {
        loop {
            match self.state.at {
                Place::Funding { until, .. } if until <= now => self.unfunded(until),
                Place::Waiting { state, until } if until <= now => {
                    self.fire(state, self.contract.document.states[state].on.len(), &[], until);
                }
                Place::Funding { .. } | Place::Waiting { .. } | Place::Ended { .. } => return,
            }
        }
    }
}
