//! What the hub reports back: holds placed or declined, groups done or failed.

use super::event::{Effect, Outcome};
use super::fire::Run;
use super::refusal::StepRefusal;
use super::state::{OpenGroup, OpenLeg, Place, Standing};
use crate::model::LegIx;

impl Run<'_> {
    pub(super) fn leg_held(&mut self, name: &str, at: i64) -> Result<(), StepRefusal> {
        let leg = self.placed_leg(name)?;
        match (self.state.legs[leg].standing, &self.state.at) {
            (Standing::Placing, Place::Funding { state, .. }) => {
                let state = *state;
                self.state.legs[leg].standing = Standing::Held;
                if self.state.legs.iter().all(|leg| leg.standing == Standing::Held) {
                    self.wait(state, at);
                }
            }
            // Given up before the rail answered.
            (Standing::Placing, Place::Waiting { .. } | Place::Ended { .. }) => {
                let mut effects = Vec::new();
                self.give_back(leg, &mut effects);
                self.give_out_releases(effects, &[leg]);
            }
            (Standing::Unplaced | Standing::Held | Standing::Closed | Standing::Failed, _) => {}
        }
        Ok(())
    }

    pub(super) fn leg_failed(&mut self, name: &str, at: i64) -> Result<(), StepRefusal> {
        let leg = self.placed_leg(name)?;
        match (self.state.legs[leg].standing, &self.state.at) {
            (Standing::Placing, Place::Funding { .. }) => {
                self.state.legs[leg].standing = Standing::Failed;
                self.unfunded(at);
                Ok(())
            }
            (Standing::Placing, Place::Waiting { .. } | Place::Ended { .. }) => {
                self.state.legs[leg].standing = Standing::Failed;
                Ok(())
            }
            (Standing::Failed, _) => Ok(()),
            (Standing::Unplaced | Standing::Held | Standing::Closed, _) => {
                Err(StepRefusal::NotPlacing { leg: name.to_owned() })
            }
        }
    }

    /// Gives up placing: what is held goes back, and what a rail still places goes back when it reports.
    pub(super) fn unfunded(&mut self, at: i64) {
        let held: Vec<LegIx> =
            (0..self.state.legs.len()).filter(|leg| self.state.legs[*leg].standing == Standing::Held).collect();
        let mut effects = Vec::new();
        for leg in &held {
            self.give_back(*leg, &mut effects);
        }
        self.end(at, Outcome::Unfunded, &mut effects);
        self.give_out_releases(effects, &held);
    }

    pub(super) fn group_done(&mut self, number: u32) -> Result<(), StepRefusal> {
        let Some(group) = self.close_group(number)? else { return Ok(()) };
        let mut effects = Vec::new();
        let mut late = Vec::new();
        for (index, to) in group.legs.iter().filter_map(|leg| Some((leg.leg, leg.raise?))) {
            let leg = &mut self.state.legs[index];
            leg.raising = leg.raising.filter(|raising| *raising != to);
            leg.authorised = leg.authorised.max(to);
            // The deadline closed the leg before the rail answered: what was added goes back.
            let extra = leg.left();
            if leg.standing == Standing::Closed && extra > 0 {
                leg.released += extra;
                let name = self.contract.document.legs[index].name.clone();
                effects.push(Effect::Release { leg: name, amount: extra, is_final: true });
                late.push(OpenLeg { leg: index, released: extra, ..OpenLeg::default() });
            }
        }
        if let Some(number) = self.give_out(effects) {
            self.state.open.push(OpenGroup { number, last: false, legs: late });
        }
        Ok(())
    }

    /// Nothing of the group happened: its money is on the legs again. Where a leg is closed, it goes back to the payer.
    pub(super) fn group_failed(&mut self, number: u32) -> Result<(), StepRefusal> {
        let Some(group) = self.close_group(number)? else { return Ok(()) };
        let takes = group.legs.iter().any(|leg| leg.captured > 0 || leg.moved > 0);
        let mut effects = Vec::new();
        let mut back = Vec::new();
        for took in &group.legs {
            let leg = &mut self.state.legs[took.leg];
            leg.raising = leg.raising.filter(|raising| Some(*raising) != took.raise);
            // A release that a rail declines has nothing to give back: the hold is over there.
            if !takes {
                continue;
            }
            leg.captured -= took.captured;
            leg.moved -= took.moved;
            leg.released -= took.released;
            let amount = took.captured + took.moved + took.released;
            if leg.standing == Standing::Closed && amount > 0 {
                leg.released += amount;
                let name = self.contract.document.legs[took.leg].name.clone();
                effects.push(Effect::Release { leg: name, amount, is_final: true });
                back.push(OpenLeg { leg: took.leg, released: amount, ..OpenLeg::default() });
            }
        }
        if takes && group.last {
            if let Place::Ended { outcome, .. } = &mut self.state.at {
                *outcome = Outcome::Unwound;
            }
            effects.push(Effect::Ended { outcome: Outcome::Unwound });
        }
        if let Some(number) = self.give_out(effects) {
            self.state.open.push(OpenGroup { number, last: false, legs: back });
        }
        Ok(())
    }

    /// Takes a group off the list of open ones; nothing when it was reported before.
    fn close_group(&mut self, number: u32) -> Result<Option<OpenGroup>, StepRefusal> {
        if number == 0 || number > self.state.group {
            return Err(StepRefusal::UnknownGroup { group: number });
        }
        let found = self.state.open.iter().position(|group| group.number == number);
        Ok(found.map(|index| self.state.open.remove(index)))
    }

    fn placed_leg(&self, name: &str) -> Result<LegIx, StepRefusal> {
        let leg = self.contract.document.legs.iter().position(|leg| leg.name == name);
        let placed = leg.filter(|leg| self.state.legs[*leg].standing != Standing::Unplaced);
        placed.ok_or_else(|| StepRefusal::NotPlacing { leg: name.to_owned() })
    }

    fn give_back(&mut self, index: LegIx, effects: &mut Vec<Effect>) {
        let leg = &mut self.state.legs[index];
        let amount = leg.left();
        leg.released += amount;
        leg.standing = Standing::Closed;
        let name = self.contract.document.legs[index].name.clone();
        effects.push(Effect::Release { leg: name, amount, is_final: true });
    }

    fn give_out_releases(&mut self, effects: Vec<Effect>, legs: &[LegIx]) {
        let released =
            |leg: &LegIx| OpenLeg { leg: *leg, released: self.state.legs[*leg].released, ..OpenLeg::default() };
        let legs: Vec<OpenLeg> = legs.iter().map(released).collect();
        if let Some(number) = self.give_out(effects)
            && !legs.is_empty()
        {
            self.state.open.push(OpenGroup { number, last: false, legs });
        }
    }
}
