//! The beginning of an instance.

use std::collections::BTreeMap;

use tebura_ledger::Timestamp;

use super::event::Step;
use super::fire::Run;
use super::refusal::BeginRefusal;
use super::state::{LegState, Place, STATE_VERSION, Standing, State};
use crate::contract::Contract;

impl Contract {
    /// Begins an instance: everybody has agreed to the document, and `anchors` gives each of its anchors an instant.
    ///
    /// # Errors
    /// [`BeginRefusal`] when an anchor is missing, unknown, or outside the document's bounds.
    pub fn begin(&self, now: Timestamp, anchors: &BTreeMap<String, Timestamp>) -> Result<Step, BeginRefusal> {
        let known = |name: &String| self.document.anchors.iter().any(|anchor| anchor.name == *name);
        if let Some(anchor) = anchors.keys().find(|name| !known(name)) {
            return Err(BeginRefusal::AnchorUnknown { anchor: anchor.clone() });
        }
        let instants: Result<Vec<i64>, BeginRefusal> = self
            .document
            .anchors
            .iter()
            .map(|anchor| {
                let name = || anchor.name.clone();
                let Some(instant) = anchors.get(&anchor.name) else {
                    return Err(BeginRefusal::AnchorMissing { anchor: name() });
                };
                let (earliest_ms, latest_ms) = (anchor.earliest_ms, anchor.latest_ms);
                match instant.since_ms(now) {
                    ms if ms < earliest_ms => Err(BeginRefusal::AnchorTooEarly { anchor: name(), earliest_ms }),
                    ms if ms > latest_ms => Err(BeginRefusal::AnchorTooLate { anchor: name(), latest_ms }),
                    _ => Ok(instant.millis()),
                }
            })
            .collect();
        let legs = self.document.legs.iter().map(|leg| LegState {
            standing: Standing::Unplaced,
            authorised: leg.hold,
            captured: 0,
            released: 0,
            moved: 0,
            raising: None,
        });
        let begun = now.millis();
        let state = State {
            v: STATE_VERSION,
            document: self.hash(),
            begun,
            anchors: instants?,
            latest: begun,
            version: 0,
            at: Place::Waiting { state: self.document.start, until: begun },
            legs: legs.collect(),
            vars: vec![None; self.document.vars.len()],
            used: BTreeMap::new(),
            collected: Vec::new(),
            asked: Vec::new(),
            seen: BTreeMap::new(),
            group: 0,
            open: Vec::new(),
        };
        let mut run = Run::new(self, state);
        run.begin(begun);
        Ok(run.finished())
    }
}
