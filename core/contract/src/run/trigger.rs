//! Commands, statements and consents: which edge they fire, if any.

use std::collections::BTreeMap;

use tebura_ledger::Timestamp;

use super::event::{Effect, Event};
use super::fire::Run;
use super::instance::Instance;
use super::refusal::StepRefusal;
use super::state::{Asked, Collected, Mark, Place};
use crate::limits::{EVENT_ID_LEN_MAX, EVENTS_PER_PARTY_MAX};
use crate::model::{Edge, PartyIx, StateIx, Trigger, TriggerKind};

/// A command or a statement.
struct Signed<'e> {
    id: &'e str,
    by: PartyIx,
    kind: TriggerKind,
    name: &'e str,
    fields: &'e BTreeMap<String, i64>,
}

static NO_FIELDS: BTreeMap<String, i64> = BTreeMap::new();

impl Run<'_> {
    pub(super) fn signed(&mut self, event: &Event, at: i64) -> Result<(), StepRefusal> {
        let (Event::Act { id, by, .. } | Event::Attest { id, by, .. } | Event::Consent { id, by, .. }) = event else {
            return Ok(());
        };
        if id.is_empty() || id.chars().count() > EVENT_ID_LEN_MAX {
            return Err(StepRefusal::EventId { limit: EVENT_ID_LEN_MAX });
        }
        let party = self.contract.document.parties.iter().position(|party| party.name == *by);
        let party = party.ok_or_else(|| StepRefusal::UnknownParty { party: by.clone() })?;
        let mark = Mark::of(id);
        let seen = self.state.seen.get(&party);
        if seen.is_some_and(|seen| seen.contains(&mark)) {
            return Ok(());
        }
        if seen.is_some_and(|seen| seen.len() >= EVENTS_PER_PARTY_MAX) {
            return Err(StepRefusal::TooManyEvents { party: by.clone(), limit: EVENTS_PER_PARTY_MAX });
        }
        let state = match self.state.at {
            Place::Ended { .. } => return Err(StepRefusal::Ended),
            Place::Funding { until, .. } => return Err(StepRefusal::Funding { until: Timestamp::from_millis(until) }),
            Place::Waiting { state, .. } => state,
        };
        match event {
            Event::Act { id, act, .. } => {
                let signed = Signed { id, by: party, kind: TriggerKind::Act, name: act, fields: &NO_FIELDS };
                self.trigger(state, &signed, at)?;
            }
            Event::Attest { id, attest, fields, .. } => {
                let signed = Signed { id, by: party, kind: TriggerKind::Attest, name: attest, fields };
                self.trigger(state, &signed, at)?;
            }
            Event::Consent { statement, granted, .. } => self.consent(state, party, statement, *granted, at)?,
            Event::Deadline
            | Event::LegHeld { .. }
            | Event::LegFailed { .. }
            | Event::GroupDone { .. }
            | Event::GroupFailed { .. } => {}
        }
        self.state.seen.entry(party).or_default().insert(mark);
        Ok(())
    }

    fn trigger(&mut self, state: StateIx, signed: &Signed<'_>, at: i64) -> Result<(), StepRefusal> {
        let contract = self.contract;
        let mut refusal = None;
        let mut fires = None;
        for (number, edge) in contract.document.states[state].on.iter().enumerate() {
            match self.fits(number, edge, signed, at) {
                Ok(fields) if fires.is_none() => {
                    if self.reaches_quorum(number, edge, signed.by, &fields) {
                        fires = Some((number, edge, fields));
                    }
                    refusal = Some(None);
                }
                Ok(_) => {}
                Err(reason) => refusal = nearer(refusal, reason),
            }
        }
        match (fires, refusal) {
            (Some((number, edge, fields)), _) => self.fire_or_ask(state, number, edge, fields, signed.id, at),
            (None, Some(None)) => Ok(()),
            (None, Some(Some(reason))) => Err(self.explained(reason, state, signed, at)),
            (None, None) => Err(self.explained(Misfit::Name, state, signed, at)),
        }
    }

    /// Says whether a command or statement counts for an edge, and with which numbers.
    fn fits(&self, number: usize, edge: &Edge, signed: &Signed<'_>, at: i64) -> Result<Vec<i64>, Misfit> {
        let Some(trigger) = &edge.trigger else { return Err(Misfit::Name) };
        if trigger.kind != signed.kind || trigger.name != signed.name {
            return Err(Misfit::Name);
        }
        if !trigger.signers.contains(&signed.by) {
            return Err(Misfit::Signer);
        }
        if edge.times.is_some_and(|times| self.state.used.get(&number).is_some_and(|used| *used >= times)) {
            return Err(Misfit::UsedUp);
        }
        self.window(trigger, at)?;
        trigger
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let Some(value) = signed.fields.get(&field.name).copied() else {
                    return Err(Misfit::FieldMissing(field.name.clone()));
                };
                let (min, max) = trigger.bounds(index);
                let mut guards = trigger.guards.iter().filter(|guard| guard.field == index);
                let holds = guards.all(|guard| guard.holds(value));
                if holds && (min..=max).contains(&value) {
                    Ok(value)
                } else {
                    Err(Misfit::FieldOutOfBounds(field.name.clone(), min, max))
                }
            })
            .collect()
    }

    fn window(&self, trigger: &Trigger, at: i64) -> Result<(), Misfit> {
        let instance = Instance::of(&self.state);
        let instant = |moment| instance.instant(moment, None);
        if let Some(opens) = trigger.after.and_then(instant).filter(|opens| at < *opens) {
            return Err(Misfit::TooEarly(Timestamp::from_millis(opens)));
        }
        if let Some(closed) = trigger.before.and_then(instant).filter(|closed| at >= *closed) {
            return Err(Misfit::TooLate(Timestamp::from_millis(closed)));
        }
        Ok(())
    }

    /// Counts a command or statement towards an edge; true when enough parties have said the same.
    fn reaches_quorum(&mut self, number: usize, edge: &Edge, by: PartyIx, fields: &[i64]) -> bool {
        let quorum = edge.trigger.as_ref().map_or(1, |trigger| trigger.quorum);
        if quorum <= 1 {
            return true;
        }
        self.state.collected.retain(|collected| collected.edge != number || collected.by != by);
        self.state.collected.push(Collected { edge: number, by, fields: fields.to_vec() });
        let same = self.state.collected.iter();
        same.filter(|collected| collected.edge == number && collected.fields == fields).count() >= quorum
    }

    fn fire_or_ask(
        &mut self,
        state: StateIx,
        number: usize,
        edge: &Edge,
        fields: Vec<i64>,
        statement: &str,
        at: i64,
    ) -> Result<(), StepRefusal> {
        self.not_raising(edge)?;
        let Some(party) = edge.consent else {
            self.fire(state, number, &fields, at);
            return Ok(());
        };
        // What was asked about under an id stays what it was when the answer comes.
        if self.state.asked.iter().any(|asked| asked.statement == statement) {
            return Err(StepRefusal::IdTaken { id: statement.to_owned() });
        }
        let mut trial = Run::new(self.contract, self.state.clone());
        trial.fire(state, number, &fields, at);
        let preview = trial.groups.into_iter().flat_map(|group| group.effects).collect();
        self.state.asked.retain(|asked| asked.edge != number);
        self.state.asked.push(Asked { edge: number, statement: statement.to_owned(), fields });
        let party = self.contract.document.parties[party].name.clone();
        self.give_out(vec![Effect::AskConsent { party, statement: statement.to_owned(), preview }]);
        Ok(())
    }

    fn consent(
        &mut self,
        state: StateIx,
        party: PartyIx,
        statement: &str,
        granted: bool,
        at: i64,
    ) -> Result<(), StepRefusal> {
        let contract = self.contract;
        let Some(index) = self.state.asked.iter().position(|asked| asked.statement == statement) else {
            return Err(StepRefusal::NothingToConsent { statement: statement.to_owned() });
        };
        let Asked { edge: number, fields, .. } = self.state.asked[index].clone();
        let Some(edge) = contract.document.states[state].on.get(number) else { return Err(StepRefusal::OtherDocument) };
        if edge.consent != Some(party) {
            let name = |party: PartyIx| contract.document.parties[party].name.clone();
            let asked = edge.consent.map(name).unwrap_or_default();
            return Err(StepRefusal::NotYourConsent { party: name(party), asked });
        }
        if granted {
            if let Some(Misfit::TooLate(closed)) = edge.trigger.as_ref().and_then(|t| self.window(t, at).err()) {
                return Err(StepRefusal::TooLate { name: statement.to_owned(), closed });
            }
            self.not_raising(edge)?;
        }
        self.state.asked.remove(index);
        if granted {
            self.fire(state, number, &fields, at);
        }
        Ok(())
    }

    /// An edge that pays out of a leg waits until a raise of it is answered: the right amount is then known.
    fn not_raising(&self, edge: &Edge) -> Result<(), StepRefusal> {
        let raising = edge.disposals.iter().find(|disposal| self.state.legs[disposal.leg].raising.is_some());
        match raising {
            Some(disposal) => Err(StepRefusal::Raising { leg: self.contract.document.legs[disposal.leg].name.clone() }),
            None => Ok(()),
        }
    }

    fn explained(&self, misfit: Misfit, state: StateIx, signed: &Signed<'_>, at: i64) -> StepRefusal {
        let document = &self.contract.document;
        let name = signed.name.to_owned();
        match misfit {
            Misfit::Name => {
                let open = self.contract.open_edges(&self.state, Timestamp::from_millis(at));
                StepRefusal::NotAwaited { name, open: open.into_iter().map(|edge| edge.name).collect() }
            }
            Misfit::Signer => {
                let triggers = document.states[state].on.iter().filter_map(|edge| edge.trigger.as_ref());
                let same = triggers.filter(|trigger| trigger.kind == signed.kind && trigger.name == signed.name);
                let mut by: Vec<String> = same
                    .flat_map(|trigger| &trigger.signers)
                    .map(|party| document.parties[*party].name.clone())
                    .collect();
                by.sort_unstable();
                by.dedup();
                StepRefusal::NotYours { name, party: document.parties[signed.by].name.clone(), by }
            }
            Misfit::UsedUp => StepRefusal::UsedUp { name },
            Misfit::TooEarly(opens) => StepRefusal::TooEarly { name, opens },
            Misfit::TooLate(closed) => StepRefusal::TooLate { name, closed },
            Misfit::FieldMissing(field) => StepRefusal::FieldMissing { name, field },
            Misfit::FieldOutOfBounds(field, min, max) => StepRefusal::FieldOutOfBounds { name, field, min, max },
        }
    }
}

/// Why a command or statement does not count for one edge; the later in the list, the nearer it came.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Misfit {
    Name,
    Signer,
    UsedUp,
    TooLate(Timestamp),
    TooEarly(Timestamp),
    FieldMissing(String),
    FieldOutOfBounds(String, i64, i64),
}

/// Keeps the reason of the edge that came nearest; `Some(None)` is an edge that took it.
fn nearer(known: Option<Option<Misfit>>, reason: Misfit) -> Option<Option<Misfit>> {
    match known {
        Some(None) => Some(None),
        Some(Some(known)) if known >= reason => Some(Some(known)),
        Some(Some(_)) | None => Some(Some(reason)),
    }
}
