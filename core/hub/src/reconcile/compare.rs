//! The comparison: lines of a statement against operations of this hub. Pure: no store, no clock.
//!
//! What an operation and a line have in common is the operation's id, where the rail echoes it; else the rail's own
//! reference; else, for what a rail does by itself, hold and amount. Nothing is matched by amount and time alone.

use std::collections::{BTreeMap, BTreeSet};

use tebura_ledger::{Operation, OperationId, OperationKind, OperationState, Timestamp, Verdict};

use super::{Compared, Line, LineKind};

/// The code of a decline that says: the rail's statement does not have it.
const NOT_ON_STATEMENT: &str = "statement.not_there";

/// An operation of this hub on the statement's rail.
#[derive(Clone, Debug)]
pub struct Own {
    pub operation: Operation,
    /// The rail's name of its hold.
    pub hold: Option<String>,
}

/// What a line, or an operation without one, comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The line's place, from 0.
    pub line: Option<usize>,
    pub operation: Option<OperationId>,
    pub compared: Compared,
    pub act: Act,
}

/// What the hub has to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Nothing,
    /// Take it as the rail's word on the operation, however late.
    Hear(Verdict),
    /// Ask the rail about the operation now.
    Inquire,
    /// Leave the operation to two operators: the rail claims what was never asked.
    Resolve,
    AskRail,
    RecordDispute,
    Wait,
}

/// The time of a statement, and how near to its edges nothing is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
    pub grace_ms: i64,
}

impl Own {
    /// The kind of line that it makes at the rail; `None`: the rail was not asked, or moves no money for it.
    fn kind(&self) -> Option<LineKind> {
        match self.operation.kind() {
            OperationKind::Place { .. } => Some(LineKind::Hold),
            OperationKind::Raise { .. } => Some(LineKind::Raise),
            OperationKind::Capture { .. } => Some(LineKind::Capture),
            OperationKind::Release { .. } | OperationKind::Expire { .. } => Some(LineKind::Release),
            OperationKind::Refund { .. } => Some(LineKind::Refund),
            OperationKind::Reverse { .. } => Some(LineKind::Reverse),
            OperationKind::Dispute { .. } => Some(LineKind::Dispute),
            OperationKind::Fund { .. } | OperationKind::Extend { .. } | OperationKind::Exception { .. } => None,
        }
    }

    /// Whether a line of this kind can be this operation. An exception undoes: it refunds or it releases.
    fn makes(&self, kind: LineKind) -> bool {
        match self.operation.kind() {
            OperationKind::Exception { .. } => matches!(kind, LineKind::Refund | LineKind::Release),
            OperationKind::Fund { .. }
            | OperationKind::Place { .. }
            | OperationKind::Raise { .. }
            | OperationKind::Extend { .. }
            | OperationKind::Capture { .. }
            | OperationKind::Release { .. }
            | OperationKind::Expire { .. }
            | OperationKind::Refund { .. }
            | OperationKind::Reverse { .. }
            | OperationKind::Dispute { .. } => self.kind() == Some(kind),
        }
    }

    /// Whether the rail has to have a line for it, once it is settled here.
    fn is_told(&self) -> bool {
        let operation = &self.operation;
        match operation.kind() {
            OperationKind::Place { .. }
            | OperationKind::Raise { .. }
            | OperationKind::Capture { .. }
            | OperationKind::Refund { .. } => true,
            // Nothing was free; or the rail said that the hold was over, and did nothing.
            OperationKind::Release { .. } | OperationKind::Expire { .. } => {
                operation.amount().is_positive() && self.reference() != self.hold.as_deref()
            }
            // What people settled was never asked of the rail.
            OperationKind::Exception { .. } => {
                operation.proposal().is_none_or(|proposal| proposal.confirmed_by.is_none())
            }
            OperationKind::Fund { .. }
            | OperationKind::Extend { .. }
            | OperationKind::Reverse { .. }
            | OperationKind::Dispute { .. } => false,
        }
    }

    fn reference(&self) -> Option<&str> {
        match self.operation.state() {
            OperationState::Settled { reference, .. } => Some(reference),
            OperationState::RequiresAction
            | OperationState::Sent
            | OperationState::Unknown { .. }
            | OperationState::Failed { .. } => None,
        }
    }
}

/// Compares every line. `own` has the operations that lines name and those of the statement's time. Returns one plan a
/// line, in order, and the operations that were found.
pub fn compare_lines(lines: &[Line], own: &BTreeMap<OperationId, Own>) -> (Vec<Plan>, BTreeSet<OperationId>) {
    let mut found = BTreeSet::new();
    let mut plans: Vec<Option<Plan>> = vec![None; lines.len()];
    // Lines that name an operation go first: they leave to the others only what nobody named.
    for (place, line) in lines.iter().enumerate() {
        let Some(named) = line.operation.as_deref() else { continue };
        let known = named.parse::<OperationId>().ok().and_then(|id| own.get(&id)).filter(|own| own.makes(line.kind));
        let (operation, compared, act) = match known {
            None => (None, Compared::MissingHere, Act::AskRail),
            Some(own) if found.insert(own.operation.id()) => named_line(line, own),
            Some(own) => again(line, own),
        };
        plans[place] = Some(Plan { line: Some(place), operation, compared, act });
    }
    let by_reference = index(own, |own| own.reference().map(str::to_owned));
    let by_hold = index(own, |own| own.hold.clone());
    for (place, line) in lines.iter().enumerate() {
        let plan = plans[place].get_or_insert_with(|| {
            let free = |id: &&OperationId| !found.contains(*id);
            let same_amount = |id: &&OperationId| own.get(*id).is_some_and(|own| amount_of(own) == line.amount);
            let candidates = |of: &BTreeMap<(LineKind, String), Vec<OperationId>>, name: &str| {
                of.get(&(line.kind, name.to_owned())).cloned().unwrap_or_default()
            };
            let referred = candidates(&by_reference, &line.reference);
            // A raise has its hold's name: the amount tells several apart.
            let mut id = referred.iter().filter(free).find(same_amount).or(referred.iter().find(free)).copied();
            if id.is_none() && matches!(line.kind, LineKind::Release | LineKind::Dispute) {
                let held = line.hold.as_deref().map(|hold| candidates(&by_hold, hold)).unwrap_or_default();
                id = held.iter().filter(free).find(same_amount).copied();
            }
            let (operation, compared, act) = match id.and_then(|id| own.get(&id)) {
                Some(own) => {
                    found.insert(own.operation.id());
                    unnamed_line(line, own)
                }
                None if line.kind == LineKind::Dispute => (None, Compared::MissingHere, Act::RecordDispute),
                None => (None, Compared::MissingHere, Act::AskRail),
            };
            Plan { line: Some(place), operation, compared, act }
        });
        plan.line = Some(place);
    }
    (plans.into_iter().flatten().collect(), found)
}

/// Decides about an operation without a line. `covered`: the times of all statements of the rail, this one among them;
/// `earlier`: what other statements said of the operation. `None`: there is nothing to say.
pub fn compare_rest(
    own: &Own,
    window: Window,
    covered: &[(Timestamp, Timestamp)],
    earlier: &[Compared],
) -> Option<Plan> {
    let awaited = earlier.contains(&Compared::Awaited);
    let elsewhere = earlier.iter().any(|compared| *compared != Compared::Awaited);
    let created = own.operation.created_at();
    if elsewhere || !(awaited || (window.from..window.until).contains(&created)) {
        return None;
    }
    let (compared, act) = match own.operation.state() {
        OperationState::Sent | OperationState::Unknown { .. } if own.kind().is_some() => {
            (Compared::Awaited, Act::Inquire)
        }
        OperationState::Settled { at, .. } if own.is_told() => {
            // Wherever in this span the rail did it by its own clock, a statement that we have would show it.
            let (earliest, latest) = (created.plus_ms(-window.grace_ms), at.plus_ms(window.grace_ms));
            if covers(covered, earliest, latest) {
                // An exception has no exception of its own.
                let act = own
                    .kind()
                    .map_or(Act::AskRail, |_| Act::Hear(Verdict::Declined { code: NOT_ON_STATEMENT.to_owned() }));
                (Compared::MissingAtRail, act)
            } else {
                (Compared::Awaited, Act::Wait)
            }
        }
        // It was open when an earlier statement came, and nothing was done: both sides agree.
        OperationState::Settled { .. } | OperationState::Failed { .. } if awaited => (Compared::Matched, Act::Nothing),
        OperationState::RequiresAction
        | OperationState::Sent
        | OperationState::Unknown { .. }
        | OperationState::Settled { .. }
        | OperationState::Failed { .. } => return None,
    };
    Some(Plan { line: None, operation: Some(own.operation.id()), compared, act })
}

type Outcome = (Option<OperationId>, Compared, Act);

/// A line that names an operation for the first time.
fn named_line(line: &Line, own: &Own) -> Outcome {
    let said = || Act::Hear(Verdict::Settled { reference: line.reference.clone(), amount: line.amount });
    let asked = own.operation.amount();
    let (compared, act) = match own.operation.state() {
        OperationState::Sent | OperationState::Unknown { .. } => {
            let within = line.amount.currency() == asked.currency() && line.amount.minor() <= asked.minor();
            if within { (Compared::Matched, said()) } else { (Compared::AmountDiffers, Act::Resolve) }
        }
        OperationState::Settled { amount, .. } if *amount == line.amount => (Compared::Matched, Act::Nothing),
        OperationState::Settled { .. } if line.amount.currency() == asked.currency() => {
            (Compared::AmountDiffers, said())
        }
        OperationState::Settled { .. } => (Compared::AmountDiffers, Act::AskRail),
        OperationState::Failed { .. } if line.amount.currency() == asked.currency() => (Compared::MissingHere, said()),
        OperationState::Failed { .. } | OperationState::RequiresAction => (Compared::MissingHere, Act::AskRail),
    };
    (Some(own.operation.id()), compared, act)
}

/// A further line for the same operation: the rail did it more than once.
fn again(line: &Line, own: &Own) -> Outcome {
    let elsewise = own.reference().is_some_and(|reference| reference != line.reference);
    let act = if elsewise && line.amount.currency() == own.operation.amount().currency() {
        Act::Hear(Verdict::Settled { reference: line.reference.clone(), amount: line.amount })
    } else {
        Act::AskRail
    };
    (Some(own.operation.id()), Compared::MissingHere, act)
}

/// A line that belongs to a settled operation by its reference, or by its hold.
fn unnamed_line(line: &Line, own: &Own) -> Outcome {
    let is_dispute = line.kind == LineKind::Dispute;
    if is_dispute || amount_of(own) == line.amount {
        return (Some(own.operation.id()), Compared::Matched, Act::Nothing);
    }
    named_line(line, own)
}

/// What was done, or what was asked while nothing is known.
fn amount_of(own: &Own) -> tebura_ledger::Money {
    own.operation.settled_amount().unwrap_or(own.operation.amount())
}

/// Settled operations, and disputes, by kind and a name.
fn index(
    own: &BTreeMap<OperationId, Own>,
    name: impl Fn(&Own) -> Option<String>,
) -> BTreeMap<(LineKind, String), Vec<OperationId>> {
    let mut index: BTreeMap<(LineKind, String), Vec<OperationId>> = BTreeMap::new();
    for (id, own) in own {
        let Some(kind) = own.kind() else { continue };
        if kind != LineKind::Dispute && own.reference().is_none() {
            continue;
        }
        if let Some(name) = name(own) {
            index.entry((kind, name)).or_default().push(*id);
        }
    }
    index
}

/// Whether statements, in any order, leave no gap between two times.
fn covers(covered: &[(Timestamp, Timestamp)], from: Timestamp, until: Timestamp) -> bool {
    let mut windows = covered.to_vec();
    windows.sort_unstable();
    let mut reached = from;
    for (begin, end) in windows {
        if begin <= reached && end > reached {
            reached = end;
        }
    }
    reached > until
}
