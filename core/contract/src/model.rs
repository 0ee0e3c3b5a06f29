//! A document with its references resolved: what the checks look at and the steps run on.
//!
//! Names are sorted, so an index means the same in every process. Absent: anything that is not in the document.

use tebura_ledger::{Currency, RailId};

use crate::hash::DocumentHash;

pub(crate) type PartyIx = usize;
pub(crate) type LegIx = usize;
pub(crate) type StateIx = usize;
pub(crate) type AnchorIx = usize;
pub(crate) type FieldIx = usize;
pub(crate) type VarIx = usize;

/// A text for people in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

/// What a party is in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Whose money is held.
    Payer,
    /// Who is paid.
    Payee,
    /// Who states facts, and has no money in it.
    Attestor,
    /// Who acts for others, such as a city that adds a subsidy.
    Agent,
}

#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) name: Label,
    pub(crate) parties: Vec<Party>,
    pub(crate) requires: Vec<Requirement>,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) legs: Vec<Leg>,
    pub(crate) fund_by_ms: i64,
    pub(crate) grace_ms: i64,
    pub(crate) start: StateIx,
    pub(crate) fund_at: StateIx,
    pub(crate) states: Vec<State>,
    pub(crate) vars: Vec<String>,
    /// The latest that each state may be entered, in milliseconds after the beginning; known once the graph is.
    pub(crate) latest_entry_ms: Vec<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) auth: Vec<String>,
    pub(crate) label: Label,
}

/// A claim that is proved once, before anything is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// What has to be true, for example `insured`.
    pub claim: String,
    /// How it is proved, for example `jpki`.
    pub proof: String,
    /// Of which party; of the payers when it is left out.
    pub of: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) name: String,
    pub(crate) earliest_ms: i64,
    pub(crate) latest_ms: i64,
    pub(crate) label: Label,
}

/// What is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asset {
    /// Money, in minor units.
    Money(Currency),
    /// A thing, named `kind:reference`, in whole units.
    Thing(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) name: String,
    pub(crate) from: PartyIx,
    pub(crate) asset: Asset,
    pub(crate) rail: RailId,
    pub(crate) hold: i64,
    pub(crate) cap: i64,
    pub(crate) label: Label,
}

/// A point in time, before the instance's anchors are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// This long after the beginning.
    After(i64),
    /// This long after an anchor; negative is before it.
    Anchor(AnchorIx, i64),
    /// This long after its state was entered; deadlines only.
    Within(i64),
}

/// Where a moment may lie: milliseconds after the beginning, over all instances and paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) early: i64,
    pub(crate) late: i64,
    /// The anchor that it moves with, and its distance from it.
    pub(crate) anchor: Option<(AnchorIx, i64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) name: String,
    /// The earliest of these is the deadline.
    pub(crate) by: Vec<Moment>,
    pub(crate) on: Vec<Edge>,
    pub(crate) otherwise: Edge,
    pub(crate) label: Label,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    State(StateIx),
    End,
}

#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// Nothing for an `else`.
    pub(crate) trigger: Option<Trigger>,
    pub(crate) disposals: Vec<Disposal>,
    pub(crate) raises: Vec<(LegIx, i64)>,
    pub(crate) binds: Vec<(VarIx, FieldIx)>,
    /// Asked afresh when the edge would fire.
    pub(crate) consent: Option<PartyIx>,
    /// Given at the beginning, on the consent screen.
    pub(crate) agreed: Option<PartyIx>,
    pub(crate) times: Option<u16>,
    pub(crate) go: Go,
    pub(crate) label: Option<Label>,
}

/// The two kinds of trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TriggerKind {
    /// A signed command of a party.
    Act,
    /// A signed statement.
    Attest,
}

#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    pub(crate) kind: TriggerKind,
    pub(crate) name: String,
    /// Sorted.
    pub(crate) signers: Vec<PartyIx>,
    pub(crate) quorum: usize,
    pub(crate) fields: Vec<Field>,
    pub(crate) guards: Vec<Guard>,
    pub(crate) after: Option<Moment>,
    pub(crate) before: Option<Moment>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) min: i64,
    pub(crate) max: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
}

#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) field: FieldIx,
    pub(crate) comparison: Comparison,
    pub(crate) value: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Disposal {
    pub(crate) leg: LegIx,
    pub(crate) items: Vec<Item>,
    pub(crate) rest: Rest,
}

#[derive(Clone, Debug)]
pub(crate) enum Item {
    Pay { to: PartyIx, amount: Amount },
    Release { amount: Amount },
}

#[derive(Clone, Debug)]
pub(crate) enum Amount {
    Fixed(i64),
    /// Ten-thousandths of what is held, rounded down.
    Share(i64),
    Field(FieldIx, Option<i64>),
    Var(VarIx, Option<i64>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Release,
    Keep,
    Pay(PartyIx),
    Rehold { contract: DocumentHash, until_ms: i64 },
}

impl Guard {
    pub(crate) fn holds(&self, value: i64) -> bool {
        match self.comparison {
            Comparison::Less => value < self.value,
            Comparison::AtMost => value <= self.value,
            Comparison::More => value > self.value,
            Comparison::AtLeast => value >= self.value,
            Comparison::Equal => value == self.value,
        }
    }
}

impl Trigger {
    /// The smallest and largest value of a field that pass its bounds and all guards; empty when the first is larger.
    pub(crate) fn bounds(&self, field: FieldIx) -> (i64, i64) {
        let declared = &self.fields[field];
        let guards = self.guards.iter().filter(|guard| guard.field == field);
        guards.fold((declared.min, declared.max), |(min, max), guard| match guard.comparison {
            Comparison::Less => (min, max.min(guard.value - 1)),
            Comparison::AtMost => (min, max.min(guard.value)),
            Comparison::More => (min.max(guard.value + 1), max),
            Comparison::AtLeast => (min.max(guard.value), max),
            Comparison::Equal => (min.max(guard.value), max.min(guard.value)),
        })
    }
}

impl Rest {
    /// True when nothing stays on the leg.
    pub(crate) fn closes(&self) -> bool {
        !matches!(self, Self::Keep)
    }
}

impl Edge {
    pub(crate) fn disposal(&self, leg: LegIx) -> Option<&Disposal> {
        self.disposals.iter().find(|disposal| disposal.leg == leg)
    }
}

impl Disposal {
    /// Who may receive something of the leg, once each; not the leg's own payer.
    pub(crate) fn paid(&self) -> impl Iterator<Item = PartyIx> {
        let items = self.items.iter().filter_map(|item| match item {
            Item::Pay { to, .. } => Some(*to),
            Item::Release { .. } => None,
        });
        let rest = match self.rest {
            Rest::Pay(to) => Some(to),
            Rest::Release | Rest::Keep | Rest::Rehold { .. } => None,
        };
        items.chain(rest)
    }
}

impl State {
    /// The edges in order, the `else` last.
    pub(crate) fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.on.iter().chain([&self.otherwise])
    }
}

impl Document {
    /// The JSON pointer of an edge: `on.len()` is the `else`.
    pub(crate) fn edge_path(&self, state: StateIx, edge: usize) -> String {
        let state = &self.states[state];
        if edge < state.on.len() {
            format!("/states/{}/on/{edge}", state.name)
        } else {
            format!("/states/{}/else", state.name)
        }
    }

    /// Where a moment of a state may lie.
    pub(crate) fn span(&self, state: StateIx, moment: Moment) -> Span {
        match moment {
            Moment::After(ms) => Span { early: ms, late: ms, anchor: None },
            Moment::Anchor(index, off) => {
                let anchor = &self.anchors[index];
                Span { early: anchor.earliest_ms + off, late: anchor.latest_ms + off, anchor: Some((index, off)) }
            }
            Moment::Within(ms) => {
                let entry = self.latest_entry_ms.get(state).copied().unwrap_or(0);
                Span { early: ms, late: entry.saturating_add(ms), anchor: None }
            }
        }
    }

    /// The earliest and latest that a state's deadline may lie after the beginning.
    pub(crate) fn deadline_span(&self, state: StateIx) -> (i64, i64) {
        let spans = self.states[state].by.iter().map(|moment| self.span(state, *moment));
        let earliest = spans.map(|span| (span.early, span.late));
        earliest.reduce(|(early, late), (e, l)| (early.min(e), late.min(l))).unwrap_or((0, 0))
    }

    /// The longest that the contract can wait, in milliseconds after its beginning; grace left out.
    pub(crate) fn longest_ms(&self, reachable: &[StateIx]) -> i64 {
        reachable.iter().map(|state| self.deadline_span(*state).1).max().unwrap_or(0)
    }

    /// Works out how late each state may be entered; `order` has each state after all that lead to it.
    pub(crate) fn find_latest_entries(&mut self, order: &[StateIx]) {
        self.latest_entry_ms = vec![0; self.states.len()];
        for state in order {
            let late = self.deadline_span(*state).1;
            for edge in self.states[*state].on.iter().chain([&self.states[*state].otherwise]) {
                if let Go::State(target) = edge.go
                    && target != *state
                {
                    let places = target == self.fund_at && self.fund_at != self.start;
                    let entry = if places { late.saturating_add(self.fund_by_ms) } else { late };
                    self.latest_entry_ms[target] = self.latest_entry_ms[target].max(entry);
                }
            }
            if *state == self.fund_at && self.fund_at == self.start {
                self.latest_entry_ms[*state] = self.fund_by_ms;
            }
        }
    }
}
