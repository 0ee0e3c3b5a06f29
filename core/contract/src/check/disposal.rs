//! C5: money moves only while a leg is held, every end disposes of every leg, and every list ends in a rest.

use crate::finding::{Code, Findings};
use crate::model::{Document, Edge, Go, LegIx, Rest, StateIx};

/// What a leg is when a state is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Not placed yet.
    Unplaced,
    /// Held.
    Open,
    /// Given away or given back completely.
    Closed,
}

struct Pass<'d, 'f> {
    document: &'d Document,
    findings: &'f mut Findings,
    /// Of each state, what each leg is when it is entered; empty before a way to it was seen.
    entered: Vec<Vec<Standing>>,
    sound: bool,
}

/// Says whether every leg has one standing in every state; ranges are worked out only then.
pub(super) fn look(document: &Document, order: &[StateIx], findings: &mut Findings) -> Option<()> {
    let first = if document.fund_at == document.start { Standing::Open } else { Standing::Unplaced };
    let mut entered = vec![Vec::new(); document.states.len()];
    entered[document.start] = vec![first; document.legs.len()];
    let mut pass = Pass { document, findings, entered, sound: true };
    for state in order {
        pass.state(*state);
    }
    pass.sound.then_some(())
}

impl Pass<'_, '_> {
    fn state(&mut self, state: StateIx) {
        let document = self.document;
        let entered = self.entered[state].clone();
        for (number, edge) in document.states[state].edges().enumerate() {
            let path = document.edge_path(state, number);
            let places = edge.go == Go::State(document.fund_at) && entered.contains(&Standing::Unplaced);
            if places && number == document.states[state].on.len() {
                let name = &document.states[document.fund_at].name;
                self.refuse(Code::C5FundedBySilence, path.clone(), &[("fund_at", name)]);
            }
            let after: Vec<Standing> = (0..document.legs.len())
                .map(|leg| {
                    let standing = self.leg(state, edge, leg, entered[leg], &path);
                    if places { Standing::Open } else { standing }
                })
                .collect();
            if let Go::State(target) = edge.go {
                self.enter(target, after, &path);
            }
        }
    }

    /// What a leg is after an edge.
    fn leg(&mut self, state: StateIx, edge: &Edge, leg: LegIx, before: Standing, path: &str) -> Standing {
        let document = self.document;
        let name = &document.legs[leg].name;
        let state_name = &document.states[state].name;
        let (disposal, raised) = (edge.disposal(leg), edge.raises.iter().any(|(raised, _)| *raised == leg));
        let place = format!("{path}/{}/{name}", if disposal.is_some() { "do" } else { "raise" });
        if disposal.is_some() && raised {
            self.refuse(Code::C5AssignedTwice, place.clone(), &[("leg", name)]);
        }
        let touched = disposal.is_some() || raised;
        match before {
            Standing::Unplaced if touched => {
                let fund_at = &document.states[document.fund_at].name;
                let values: [(_, &dyn std::fmt::Display); 3] =
                    [("leg", name), ("state", state_name), ("fund_at", fund_at)];
                self.refuse(Code::C5MovesBeforeFunding, place, &values);
                before
            }
            Standing::Closed if touched => {
                self.refuse(Code::C5LegAlreadyClosed, place, &[("leg", name), ("state", state_name)]);
                before
            }
            Standing::Unplaced | Standing::Closed => before,
            Standing::Open => match disposal.map(|disposal| &disposal.rest) {
                Some(rest) if rest.closes() => Standing::Closed,
                Some(Rest::Keep) if edge.go == Go::End => {
                    self.refuse(Code::C5KeepAtEnd, place, &[("leg", name)]);
                    Standing::Closed
                }
                None if edge.go == Go::End => {
                    self.refuse(Code::C5LegWithoutDisposal, path, &[("leg", name)]);
                    Standing::Closed
                }
                Some(_) | None => Standing::Open,
            },
        }
    }

    fn enter(&mut self, target: StateIx, standings: Vec<Standing>, path: &str) {
        if self.entered[target].is_empty() {
            self.entered[target] = standings;
            return;
        }
        let known = &self.entered[target];
        let mixed: Vec<LegIx> = (0..standings.len()).filter(|leg| known[*leg] != standings[*leg]).collect();
        for leg in mixed {
            let (leg, state) = (&self.document.legs[leg].name, &self.document.states[target].name);
            self.refuse(Code::C5LegMixed, path, &[("leg", leg), ("state", state)]);
        }
    }

    fn refuse(&mut self, code: Code, path: impl Into<String>, values: &[(&'static str, &dyn std::fmt::Display)]) {
        self.sound = false;
        self.findings.add(code, path, values);
    }
}
