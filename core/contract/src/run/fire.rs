//! Fires an edge: what it does with the money, and where it goes.

use tebura_ledger::Timestamp;

use super::event::{Effect, Group, Outcome, Split, Step};
use super::instance::Instance;
use super::state::{LegState, OpenGroup, OpenLeg, Place, Standing, State};
use crate::contract::Contract;
use crate::model::{Amount, Disposal, Edge, Go, Item, Rest, StateIx};
use crate::range::share_of;

/// A step under way.
pub(super) struct Run<'c> {
    pub(super) contract: &'c Contract,
    pub(super) state: State,
    pub(super) groups: Vec<Group>,
}

impl<'c> Run<'c> {
    pub(super) fn new(contract: &'c Contract, state: State) -> Self {
        Self { contract, state, groups: Vec::new() }
    }

    pub(super) fn finished(mut self) -> Step {
        self.state.version += 1;
        Step { state: self.state, groups: self.groups, refused: None }
    }

    /// Enters the first state.
    pub(super) fn begin(&mut self, at: i64) {
        let mut effects = Vec::new();
        self.enter(self.contract.document.start, at, &mut effects);
        self.give_out(effects);
    }

    /// Fires an edge of the present state; `edge` is its place, the `else` coming last.
    pub(super) fn fire(&mut self, index: StateIx, number: usize, fields: &[i64], at: i64) {
        let document = &self.contract.document;
        let Some(edge) = document.states[index].edges().nth(number) else { return };
        let stays = edge.go == Go::State(index);
        if stays {
            *self.state.used.entry(number).or_default() += 1;
            self.state.collected.retain(|collected| collected.edge != number);
            self.state.asked.retain(|asked| asked.edge != number);
        } else {
            self.state.used.clear();
            self.state.collected.clear();
            self.state.asked.clear();
        }
        for (var, field) in &edge.binds {
            self.state.vars[*var] = fields.get(*field).copied();
        }
        let mut effects = Vec::new();
        let mut legs = Vec::new();
        for (leg, to) in &edge.raises {
            let state = &mut self.state.legs[*leg];
            if *to > state.authorised && state.raising.is_none_or(|raising| raising < *to) {
                state.raising = Some(*to);
                effects.push(Effect::Raise { leg: document.legs[*leg].name.clone(), to: *to });
                legs.push(OpenLeg { leg: *leg, raise: Some(*to), ..OpenLeg::default() });
            }
        }
        for disposal in &edge.disposals {
            legs.push(self.dispose(edge, disposal, fields, at, &mut effects));
        }
        let touches = !effects.is_empty();
        match edge.go {
            Go::State(target) if target == index => {}
            Go::State(target) => self.enter(target, at, &mut effects),
            Go::End => {
                let on = (number < document.states[index].on.len()).then_some(number);
                let outcome = Outcome::Fired { state: document.states[index].name.clone(), edge: on };
                self.end(at, outcome, &mut effects);
            }
        }
        if let Some(number) = self.give_out(effects)
            && touches
        {
            self.state.open.push(OpenGroup { number, last: edge.go == Go::End, legs });
        }
    }

    /// Gives effects out as one group and says its number; nothing for none.
    pub(super) fn give_out(&mut self, effects: Vec<Effect>) -> Option<u32> {
        if effects.is_empty() {
            return None;
        }
        self.state.group += 1;
        self.groups.push(Group { number: self.state.group, effects });
        Some(self.state.group)
    }

    pub(super) fn end(&mut self, at: i64, outcome: Outcome, effects: &mut Vec<Effect>) {
        self.state.at = Place::Ended { at, outcome: outcome.clone() };
        effects.push(Effect::Ended { outcome });
    }

    /// Enters a state, or begins to place the holds on the way into it.
    fn enter(&mut self, target: StateIx, at: i64, effects: &mut Vec<Effect>) {
        let document = &self.contract.document;
        let instance = Instance::of(&self.state);
        let unplaced = self.state.legs.iter().any(|leg| leg.standing == Standing::Unplaced);
        if target == document.fund_at && unplaced {
            let given_up = at.saturating_add(document.fund_by_ms);
            let deadline = instance.deadline(self.contract, target, None).unwrap_or(given_up);
            let until = instance.horizon(self.contract).saturating_add(document.grace_ms);
            self.state.at = Place::Funding { state: target, until: given_up.min(deadline) };
            for (leg, state) in document.legs.iter().zip(&mut self.state.legs) {
                state.standing = Standing::Placing;
                effects.push(Effect::Place {
                    leg: leg.name.clone(),
                    amount: leg.hold,
                    cap: leg.cap,
                    until: Timestamp::from_millis(until),
                });
            }
        } else {
            self.wait(target, at);
        }
    }

    /// Waits in a state from now on.
    pub(super) fn wait(&mut self, target: StateIx, at: i64) {
        let until = Instance::of(&self.state).deadline(self.contract, target, Some(at)).unwrap_or(at);
        self.state.at = Place::Waiting { state: target, until };
    }

    /// Carries out a disposal and says what it took.
    fn dispose(
        &mut self,
        edge: &Edge,
        disposal: &Disposal,
        fields: &[i64],
        at: i64,
        effects: &mut Vec<Effect>,
    ) -> OpenLeg {
        let document = &self.contract.document;
        let name = || document.legs[disposal.leg].name.clone();
        let party = |party: usize| document.parties[party].name.clone();
        let vars = &self.state.vars;
        let leg = &mut self.state.legs[disposal.leg];
        let mut took = OpenLeg { leg: disposal.leg, ..OpenLeg::default() };
        let mut splits = Vec::new();
        for item in &disposal.items {
            let (Item::Pay { amount, .. } | Item::Release { amount }) = item;
            let asked = asked(edge, amount, fields, vars, leg);
            let paid = asked.min(leg.left());
            match item {
                Item::Pay { to, .. } => {
                    leg.captured += paid;
                    took.captured += paid;
                    splits.push(Split { party: party(*to), amount: paid, short: asked - paid });
                }
                Item::Release { .. } => {
                    leg.released += paid;
                    took.released += paid;
                }
            }
        }
        let rest = leg.left();
        match &disposal.rest {
            Rest::Keep => {}
            Rest::Release => {
                leg.released += rest;
                took.released += rest;
            }
            Rest::Pay(to) => {
                leg.captured += rest;
                took.captured += rest;
                splits.push(Split { party: party(*to), amount: rest, short: 0 });
            }
            Rest::Rehold { .. } => {
                leg.moved += rest;
                took.moved += rest;
            }
        }
        splits.retain(|split| split.amount > 0);
        if disposal.rest.closes() {
            leg.standing = Standing::Closed;
        }
        let is_final = matches!(disposal.rest, Rest::Release | Rest::Pay(_));
        let captures = !splits.is_empty();
        if captures {
            let returns = if is_final { took.released } else { 0 };
            effects.push(Effect::Capture { leg: name(), splits, is_final, returns });
        }
        if took.released > 0 && !(captures && is_final) {
            effects.push(Effect::Release { leg: name(), amount: took.released, is_final });
        }
        if let (Rest::Rehold { contract, until_ms }, true) = (&disposal.rest, rest > 0) {
            let until = Timestamp::from_millis(at.saturating_add(*until_ms));
            effects.push(Effect::Rehold { leg: name(), amount: rest, contract: *contract, until });
        }
        took
    }
}

/// What an item asks for, before the leg's limit.
fn asked(edge: &Edge, amount: &Amount, fields: &[i64], vars: &[Option<i64>], leg: &LegState) -> i64 {
    let at_most = |units: i64, max: &Option<i64>| max.map_or(units, |max| units.min(max));
    let asked = match amount {
        Amount::Fixed(units) => *units,
        Amount::Share(share) => share_of(leg.authorised, *share),
        Amount::Field(field, max) => at_most(fields.get(*field).copied().unwrap_or(0), max),
        Amount::Var(var, max) => at_most(vars.get(*var).copied().flatten().unwrap_or(0), max),
    };
    debug_assert!(asked >= 0, "bounds begin at zero: {:?}", edge.go);
    asked.max(0)
}
