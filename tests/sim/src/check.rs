//! What has to be true when the world has calmed down: every hold is over or visibly unknown, every key had one effect,
//! the far ends' books and ours agree, and the events tell the same story.

use std::collections::{BTreeMap, BTreeSet};

use tebura_hub::exchange::Stage;
use tebura_hub::ports::{Caller, Page, Store};
use tebura_ledger::{
    AccountId, EventKind, Finality, Hold, HoldId, Operation, OperationId, OperationKind, OperationState, Timestamp,
};

use crate::ask::{Ask, CaptureAsk, Known, Request, Told};
use crate::books::{Books, Order, Saying};
use crate::nature::Nature;
use crate::run::{Outcome, Run, at_once};

/// What a run came to, for statistics.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub holds: usize,
    pub requests: usize,
    /// Operations by kind: settled, declined, and left unknown by a rail that cannot tell.
    pub operations: BTreeMap<&'static str, [usize; 3]>,
    /// Contracts, by how they ended.
    pub contracts: BTreeMap<String, usize>,
}

impl Counts {
    /// Adds another run's counts.
    pub fn add(&mut self, other: &Counts) {
        self.holds += other.holds;
        self.requests += other.requests;
        for (kind, counts) in &other.operations {
            let sums = self.operations.entry(kind).or_default();
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        for (ending, count) in &other.contracts {
            *self.contracts.entry(ending.clone()).or_default() += count;
        }
    }
}

/// Checks everything.
pub fn everything(run: &Run) -> Result<Counts, String> {
    at_once(async { Ok(crate::compare::all(&run.world, &run.store).await) })??;
    run.store.audit().map_err(|imbalance| imbalance.to_string())?;
    let page = Page { after: None, limit: u16::MAX };
    let holds = at_once(run.store.holds(&Caller::Operator, page))?;
    let mut operations = BTreeMap::new();
    for hold in &holds {
        for operation in at_once(run.store.operations_of(hold.id()))? {
            operations.insert(operation.id(), operation);
        }
    }
    holds.iter().try_for_each(|hold| is_over(run, hold, &operations))?;
    answers(&run.requests.borrow(), run, &operations)?;
    far_ends(run, &holds, &operations)?;
    events(run, &holds)?;
    let contracts = crate::covenants::kept(run, &holds, &operations)?;
    let requests = run.requests.borrow().len();
    let mut counts = Counts { holds: holds.len(), requests, contracts, ..Counts::default() };
    for row in operations.values() {
        let place = match row.state() {
            OperationState::Settled { .. } => 0,
            OperationState::Failed { .. } => 1,
            OperationState::RequiresAction | OperationState::Sent | OperationState::Unknown { .. } => 2,
        };
        counts.operations.entry(row.kind().name()).or_default()[place] += 1;
    }
    Ok(counts)
}

fn rail_is_mute(hold: &Hold) -> bool {
    hold.rail().as_str() == Nature::Mute.rail()
}

/// A hold is over, or an operation of it is unknown on a rail that cannot tell and waits for a person, or a contract keeps it
/// standing for such an operation of another hold.
fn is_over(run: &Run, hold: &Hold, operations: &BTreeMap<OperationId, Operation>) -> Outcome {
    let open: Vec<&Operation> =
        operations.values().filter(|row| row.hold() == Some(hold.id()) && !row.state().is_final()).collect();
    let mut stuck = 0;
    for operation in &open {
        let exchange = at_once(run.store.exchange(operation.id()))?;
        let is_stuck = exchange.is_some_and(|exchange| matches!(exchange.stage, Stage::Stuck));
        stuck += usize::from(is_stuck && matches!(operation.state(), OperationState::Unknown { .. }));
    }
    // A question to the payer stays open with a hold that is kept open by what nobody can tell.
    let waiting = open.iter().filter(|row| *row.state() == OperationState::RequiresAction).count();
    if stuck + waiting != open.len() || (waiting > 0 && stuck == 0) || (stuck > 0 && !rail_is_mute(hold)) {
        return Err(format!("{} on {} is left with {open:?}", hold.id(), hold.rail()));
    }
    let far = Timestamp::from_millis(i64::MAX);
    // The other leg of a contract whose captures wait for what nobody can tell: it stands until somebody decides.
    if open.is_empty() && run.kept_standing()?.contains(&hold.id()) {
        return Ok(());
    }
    if open.is_empty() && (!hold.phase().is_terminal() || hold.follow_up(far).is_some()) {
        return Err(format!("{} is {:?} with nothing open: {:?}", hold.id(), hold.phase(), hold.parts()));
    }
    Ok(())
}

/// What callers were told is what is in the books, and a key stands for one operation.
fn answers(requests: &[Request], run: &Run, operations: &BTreeMap<OperationId, Operation>) -> Outcome {
    let mut by_key: BTreeMap<(String, String, u8, &str), OperationId> = BTreeMap::new();
    for request in requests {
        for told in &request.told {
            let Told::Operation { id, hold, kind, state, .. } = told else { continue };
            let row =
                operations.get(id).ok_or_else(|| format!("{} was told of {id}, which is not there", request.key))?;
            let captures = matches!(request.ask, Ask::Capture(_));
            // A raise is no end of a capture that it was made for.
            let stops_short = captures && *kind == "raise" && matches!(state, Known::Settled(_));
            if !request.ask.kinds().contains(kind) || stops_short {
                return Err(format!("{} asked {:?} and was told {told:?}", request.key, request.ask));
            }
            let agrees = match (state, row.state()) {
                (Known::Open | Known::Waiting, _) => true,
                (Known::Settled(told), OperationState::Settled { amount, .. }) => *told == amount.minor(),
                (Known::Failed, OperationState::Failed { .. }) => true,
                (Known::Settled(_) | Known::Failed, _) => false,
            };
            if !agrees || row.hold() != Some(*hold) {
                return Err(format!("{} was told {told:?}, and {row:?} is so", request.key));
            }
            let of = (request.scope(), request.key.clone(), request.fingerprint, *kind);
            if *by_key.entry(of).or_insert(*id) != *id {
                return Err(format!("{} had two effects", request.key));
            }
        }
        let fingerprint = [request.fingerprint; 32];
        let has_begun = run.world.with(|state| state.model.has_begun(&request.scope(), &request.key, fingerprint));
        let began = |told: &Told| matches!(told, Told::Operation { .. } | Told::AskAgain { .. } | Told::KeyReused);
        // A capture that raised first may be refused after the raise.
        let two_steps = matches!(request.ask, Ask::Capture(CaptureAsk { raises: true, .. }));
        if has_begun && !two_steps && !request.cut_off && !request.told.iter().any(began) {
            return Err(format!("{} was refused and took effect", request.key));
        }
    }
    asked_for(requests, run, operations)
}

/// What nobody asked for is the hub's own: what deadlines do, releases of what became free too late, and the two steps
/// of a capture that raises first.
fn asked_for(requests: &[Request], run: &Run, operations: &BTreeMap<OperationId, Operation>) -> Outcome {
    let targets: BTreeSet<String> = run.world.with(|state| state.model.targets().map(str::to_owned).collect());
    let mut raising: BTreeMap<HoldId, usize> = BTreeMap::new();
    for request in requests {
        if let Ask::Capture(CaptureAsk { hold, raises: true, .. }) = request.ask {
            *raising.entry(hold).or_default() += 1;
        }
    }
    let mut second_steps: BTreeMap<(Option<HoldId>, &str), usize> = BTreeMap::new();
    // What is done on a contract's hold was decided by the contract; `covenants.rs` compares the two.
    let decided: BTreeSet<HoldId> =
        run.contracts()?.iter().flat_map(|record| record.progress.holds.values().map(|hold| hold.0)).collect();
    let by_contract = |row: &&Operation| row.hold().is_some_and(|hold| decided.contains(&hold));
    let unasked = operations.values().filter(|row| !targets.contains(&row.id().to_string()));
    for row in unasked.filter(|row| !by_contract(row)) {
        let raises = row.hold().and_then(|hold| raising.get(&hold).copied()).unwrap_or(0);
        let steps = second_steps.entry((row.hold(), row.kind().name())).or_default();
        let own = match row.kind() {
            OperationKind::Expire { .. } | OperationKind::Release { .. } => true,
            OperationKind::Capture { finality: Finality::Deadline, .. } => true,
            OperationKind::Capture { .. } | OperationKind::Raise { .. } => {
                *steps += 1;
                *steps <= raises
            }
            OperationKind::Fund { .. }
            | OperationKind::Place { .. }
            | OperationKind::Extend { .. }
            | OperationKind::Refund { .. }
            | OperationKind::Reverse { .. }
            | OperationKind::Dispute { .. }
            | OperationKind::Exception { .. } => false,
        };
        if !own {
            return Err(format!("nobody asked for {row:?}"));
        }
    }
    Ok(())
}

fn far_ends(run: &Run, holds: &[Hold], operations: &BTreeMap<OperationId, Operation>) -> Outcome {
    let far_ends: Vec<(String, Books)> = run.world.with(|state| {
        let time = state.time;
        let books = state.far_ends.iter_mut().map(|(rail, far_end)| {
            far_end.books.end_overdue(time);
            (rail.clone(), far_end.books.clone())
        });
        books.collect()
    });
    for (rail, books) in &far_ends {
        if !books.adds_up() {
            return Err(format!("the books of {rail} do not add up"));
        }
        for (id, entry) in books.entries() {
            let row = id.parse().ok().and_then(|id: OperationId| operations.get(&id));
            let row = row.ok_or_else(|| format!("{rail} did {id}, which the hub does not know"))?;
            agrees(rail, row, entry)?;
        }
        let mut all_known = true;
        for hold in holds.iter().filter(|hold| hold.rail().as_str() == rail) {
            let known =
                operations.values().filter(|row| row.hold() == Some(hold.id())).all(|row| row.state().is_final());
            all_known &= known;
            if known {
                ended_alike(rail, hold, operations, books)?;
            }
        }
        if all_known {
            mirrors(run, rail, books)?;
        }
    }
    Ok(())
}

/// One operation in both books.
fn agrees(rail: &str, row: &Operation, entry: &crate::books::Entry) -> Outcome {
    let differ = || Err(format!("{rail} says {entry:?} where the hub says {row:?}"));
    if entry.acts > 1 {
        return Err(format!("{rail} did {} {} times", row.id(), entry.acts));
    }
    let release = matches!(entry.order, Order::Release { .. });
    match (row.state(), &entry.saying) {
        (OperationState::Settled { amount, reference, .. }, Saying::Done { name, amount: done }) => {
            if (amount.minor(), reference) == (*done, name) { Ok(()) } else { differ() }
        }
        (OperationState::Failed { .. }, Saying::No { .. }) => Ok(()),
        // There was nothing left to give back.
        (OperationState::Settled { .. }, Saying::No { code: "hold.closed" | "hold.expired", .. }) if release => Ok(()),
        (OperationState::Unknown { .. }, _) => Ok(()),
        (
            OperationState::RequiresAction
            | OperationState::Sent
            | OperationState::Settled { .. }
            | OperationState::Failed { .. },
            _,
        ) => differ(),
    }
}

/// A hold that is over and known in all its parts, in both books.
fn ended_alike(rail: &str, hold: &Hold, operations: &BTreeMap<OperationId, Operation>, books: &Books) -> Outcome {
    for row in operations.values().filter(|row| row.hold() == Some(hold.id())) {
        let ours = matches!(row.kind(), OperationKind::Reverse { .. } | OperationKind::Dispute { .. });
        let moved = matches!(row.state(), OperationState::Settled { amount, .. } if amount.is_positive());
        if moved && !ours && books.entry(&row.id().to_string()).is_none() {
            return Err(format!("the hub says {row:?}, and {rail} never heard of it"));
        }
    }
    let Some(there) = hold.reference().and_then(|name| books.hold(name)) else {
        let nothing = hold.captured().minor() == 0;
        return if nothing { Ok(()) } else { Err(format!("{} is not at {rail}", hold.id())) };
    };
    let ours = (hold.authorised().minor(), hold.captured().minor(), hold.released().minor());
    let theirs = (there.reserved, there.captured, there.given_back);
    if ours == theirs && there.left == 0 {
        Ok(())
    } else {
        Err(format!("{} has {ours:?}, {rail} {there:?}", hold.id()))
    }
}

/// Our accounts for purses and shops moved as those did. Lost disputes are no business of the rail here, and a rail pays
/// all of a split capture to one shop.
fn mirrors(run: &Run, rail: &str, books: &Books) -> Outcome {
    let lost = |who: AccountId| -> (i64, i64) {
        run.world.with(|state| {
            let of = |is: bool, hold: &HoldId| if is { state.model.figures(*hold).lost } else { 0 };
            let holds = state.model.holds();
            holds.iter().fold((0, 0), |sum, (id, agreed)| {
                (sum.0 + of(agreed.payer == who, id), sum.1 + of(agreed.payee == who, id))
            })
        })
    };
    for (_, name, account) in run.city.purses.iter().filter(|(at, ..)| at.as_str() == rail) {
        let row = at_once(run.store.account(*account))?.ok_or_else(|| format!("{account} is gone"))?;
        let moved = books.purse(name) - crate::city::FUNDS + lost(*account).0;
        if (row.posted().minor(), row.held().minor()) != (moved, 0) {
            return Err(format!("{account} says {row:?} where {rail} moved {moved}"));
        }
    }
    let (mut ours, mut theirs) = (0, 0);
    for (_, name, account) in run.city.shops.iter().filter(|(at, ..)| at.as_str() == rail) {
        let row = at_once(run.store.account(*account))?.ok_or_else(|| format!("{account} is gone"))?;
        ours += row.posted().minor() + lost(*account).1;
        theirs += books.shop(name);
    }
    // A signer pays from the purse and is paid like a shop.
    for (_, name, account) in
        run.signers.iter().flat_map(|signer| &signer.mirrors).filter(|(at, ..)| at.as_str() == rail)
    {
        let row = at_once(run.store.account(*account))?.ok_or_else(|| format!("{account} is gone"))?;
        ours += row.posted().minor();
        theirs += books.shop(name) + books.purse(name) - crate::city::FUNDS;
    }
    if ours == theirs { Ok(()) } else { Err(format!("the shops of {rail} have {ours} here and {theirs} there")) }
}

/// Events of a hold: each version at most goes up, it expires at most once and ends exactly once.
fn events(run: &Run, holds: &[Hold]) -> Outcome {
    let mut versions: BTreeMap<HoldId, u32> = BTreeMap::new();
    let mut counts: BTreeMap<(HoldId, &'static str), u32> = BTreeMap::new();
    for shard in 0..run.plan.shards {
        // One shard at a time: the positions of the others are put at their ends.
        let after: Vec<_> =
            (0..run.plan.shards).map(|other| (shard_of(other), if other == shard { 0 } else { u64::MAX })).collect();
        for stored in at_once(run.store.events(&Caller::Operator, &after, u16::MAX))? {
            let (Some(hold), Some(version)) = (stored.event.hold, stored.event.hold_version) else { continue };
            let last = versions.entry(hold).or_default();
            if version < *last || version > *last + 1 {
                return Err(format!("{hold} went from version {last} to {version} in its events"));
            }
            *last = version;
            *counts.entry((hold, stored.event.kind.name())).or_default() += 1;
        }
    }
    for hold in holds {
        let count = |kind: EventKind| counts.get(&(hold.id(), kind.name())).copied().unwrap_or(0);
        if versions.get(&hold.id()) != Some(&hold.version()) {
            return Err(format!("{} has version {} and other events", hold.id(), hold.version()));
        }
        let ended = count(EventKind::HoldEnded) + count(EventKind::HoldFailed);
        let over = u32::from(hold.phase().is_terminal());
        if count(EventKind::HoldExpired) > 1 || (count(EventKind::HoldPlaced), ended.min(1)) != (1, over) {
            return Err(format!("{} ended {ended} times in its events", hold.id()));
        }
        if count(EventKind::HoldEnded) > 1 {
            return Err(format!("{} ended twice in its events", hold.id()));
        }
    }
    Ok(())
}

fn shard_of(number: u16) -> tebura_ledger::Shard {
    tebura_ledger::Shard::new(u8::try_from(number).unwrap_or(u8::MAX))
}
