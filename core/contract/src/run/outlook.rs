//! What a running contract shows: who may do what now, until when, and what is left on each leg.

use tebura_ledger::Timestamp;

use super::instance::Instance;
use super::state::{Place, Standing, State};
use crate::contract::Contract;
use crate::model::{Edge, Label, TriggerKind};
use crate::payoff::LegPayoff;
use crate::range::{self, LegRange, Range};

/// Something that may be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenEdge {
    /// A command or a statement.
    pub kind: TriggerKind,
    /// Its name.
    pub name: String,
    /// Who may sign it and has not done so; everybody, when all have and their numbers differ.
    pub by: Vec<String>,
    /// How many more have to sign; with numbers, all of them the same.
    pub missing: usize,
    /// The numbers that it has to state.
    pub fields: Vec<OpenField>,
    /// From when on it counts; in the past or at the moment that was asked about.
    pub opens: Option<Timestamp>,
    /// Until when it counts.
    pub closes: Timestamp,
    /// How often it may still come; nothing where it comes once.
    pub times_left: Option<u16>,
    /// Who will be asked before it takes effect.
    pub consent: Option<String>,
    /// What it is called for people.
    pub label: Option<Label>,
}

/// A number that a statement has to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenField {
    /// Its name.
    pub name: String,
    /// The smallest that counts.
    pub min: i64,
    /// The largest that counts.
    pub max: i64,
}

/// What is left on a leg, in the asset's smallest units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegStanding {
    /// The leg's name.
    pub leg: String,
    /// What it is.
    pub standing: Standing,
    /// What is authorised; a raise counts when the rail has agreed.
    pub authorised: i64,
    /// What parties got or are getting.
    pub captured: i64,
    /// What went or is going back to the payer.
    pub released: i64,
    /// What moved to another contract.
    pub moved: i64,
    /// What is left.
    pub left: i64,
    /// What a raise is under way to.
    pub raising: Option<i64>,
}

impl Contract {
    /// When something happens by itself; nothing after the end.
    pub const fn deadline(&self, state: &State) -> Option<Timestamp> {
        state.deadline()
    }

    /// The name of the state that the contract waits in or is being funded for; nothing after the end.
    pub fn place(&self, state: &State) -> Option<&str> {
        let index = match &state.at {
            Place::Funding { state, .. } | Place::Waiting { state, .. } => *state,
            Place::Ended { .. } => return None,
        };
        self.document.states.get(index).map(|state| state.name.as_str())
    }

    /// Who may do what at a time; empty while the holds are placed, after the end, and for a state of another document.
    pub fn who_may_act(&self, state: &State, now: Timestamp) -> Vec<OpenEdge> {
        if state.fits(self) { self.open_edges(state, now) } else { Vec::new() }
    }

    pub(super) fn open_edges(&self, state: &State, now: Timestamp) -> Vec<OpenEdge> {
        let Place::Waiting { state: index, until } = state.at else { return Vec::new() };
        let edges = self.document.states[index].on.iter().enumerate();
        edges.filter_map(|(number, edge)| self.open_edge(state, number, edge, now.millis(), until)).collect()
    }

    fn open_edge(&self, state: &State, number: usize, edge: &Edge, now: i64, until: i64) -> Option<OpenEdge> {
        let trigger = edge.trigger.as_ref()?;
        let instance = Instance::of(state);
        let opens = trigger.after.and_then(|after| instance.instant(after, None));
        let closes = trigger.before.and_then(|before| instance.instant(before, None)).map_or(until, |at| at.min(until));
        let used = state.used.get(&number).copied().unwrap_or(0);
        let times_left = edge.times.map(|times| times.saturating_sub(used));
        if now >= closes || opens.is_some_and(|opens| now < opens) || times_left == Some(0) {
            return None;
        }
        let signed: Vec<_> = state.collected.iter().filter(|collected| collected.edge == number).collect();
        let alike = |fields: &[i64]| signed.iter().filter(|collected| collected.fields == fields).count();
        let most = signed.iter().map(|collected| alike(&collected.fields)).max().unwrap_or(0);
        let name = |party: &usize| self.document.parties[*party].name.clone();
        let has_signed = |party: &usize| signed.iter().any(|collected| collected.by == *party);
        let differ = trigger.signers.iter().all(has_signed);
        let fields = trigger.fields.iter().enumerate().map(|(index, field)| {
            let (min, max) = trigger.bounds(index);
            OpenField { name: field.name.clone(), min, max }
        });
        Some(OpenEdge {
            kind: trigger.kind,
            name: trigger.name.clone(),
            by: trigger.signers.iter().filter(|party| differ || !has_signed(party)).map(name).collect(),
            missing: trigger.quorum.saturating_sub(most),
            fields: fields.collect(),
            opens: opens.map(Timestamp::from_millis),
            closes: Timestamp::from_millis(closes),
            times_left,
            consent: edge.consent.as_ref().map(name),
            label: edge.label.clone(),
        })
    }

    /// Consents that are awaited: who was asked, and about which command or statement.
    pub fn consents_awaited<'s>(&'s self, state: &'s State) -> impl Iterator<Item = (&'s str, &'s str)> {
        let index = match state.at {
            Place::Waiting { state, .. } => Some(state),
            Place::Funding { .. } | Place::Ended { .. } => None,
        };
        let on = index.and_then(|index| self.document.states.get(index)).map_or(&[][..], |state| &state.on);
        state.asked.iter().filter_map(|asked| {
            let party = on.get(asked.edge)?.consent?;
            Some((self.document.parties[party].name.as_str(), asked.statement.as_str()))
        })
    }

    /// What is left on each leg.
    pub fn standings(&self, state: &State) -> Vec<LegStanding> {
        let legs = self.document.legs.iter().zip(&state.legs).map(|(leg, state)| LegStanding {
            leg: leg.name.clone(),
            standing: state.standing,
            authorised: state.authorised,
            captured: state.captured,
            released: state.released,
            moved: state.moved,
            left: state.left(),
            raising: state.raising,
        });
        legs.collect()
    }

    /// What each party can still receive from here on, what has moved already left out; like [`Contract::payoff`] before
    /// the holds are placed, and nothing more for legs that are closed.
    pub fn payoff_left(&self, state: &State) -> Vec<LegPayoff> {
        let document = &self.document;
        let index = match state.at {
            Place::Funding { state, .. } | Place::Waiting { state, .. } if state < document.states.len() => Some(state),
            Place::Funding { .. } | Place::Waiting { .. } | Place::Ended { .. } => None,
        };
        let unplaced = state.legs.iter().all(|leg| leg.standing == Standing::Unplaced);
        let Some(index) = index.filter(|_| state.fits(self)) else {
            let nothing = LegRange::standing(document, Range::default(), 0);
            return self.payoffs(&vec![nothing; document.legs.len()]);
        };
        if unplaced {
            return self.payoffs(&self.ranges.ends);
        }
        let legs = state.legs.iter().map(|leg| {
            let most = leg.raising.unwrap_or(leg.authorised).max(leg.authorised);
            LegRange::standing(document, Range::new(leg.authorised, most), leg.captured + leg.released + leg.moved)
        });
        let vars = state.vars.iter().map(|var| var.map(Range::exactly)).collect();
        self.payoffs(&range::remaining(document, &self.ranges.order, index, legs.collect(), vars))
    }
}
