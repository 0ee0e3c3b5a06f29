//! What has to be true of contracts when the world has calmed down: each is over or visibly waits for what no rail can
//! tell; its log alone, played again, leads where it stands; what was decided happened in the books, once, for all legs of
//! a group or for none, and within what was consented to.

use std::collections::{BTreeMap, BTreeSet};

use tebura_contract::{Contract, Effect, Event, Outcome as Ending, Standing, State};
use tebura_hub::contracts::{ContractEntry, Happened, RunningContract, Stage};
use tebura_hub::ids::ContractId;
use tebura_hub::ports::Store;
use tebura_ledger::{AccountId, Hold, HoldId, Operation, OperationId, OperationKind, OperationState};

use crate::dealings::leg_of;
use crate::run::{Outcome, Run, at_once};

/// A contract with its log, played again.
struct Played {
    record: RunningContract,
    contract: std::rc::Rc<Contract>,
    entries: Vec<ContractEntry>,
    /// Effects by group, of groups that are done.
    done: BTreeMap<u32, Vec<Effect>>,
    /// Effects of groups that are still open.
    open: Vec<Effect>,
    failed: usize,
    waits: bool,
}

/// Checks every contract; says how each ended, and how often.
pub fn kept(
    run: &Run,
    holds: &[Hold],
    operations: &BTreeMap<OperationId, Operation>,
) -> Result<BTreeMap<String, usize>, String> {
    let mut played: BTreeMap<ContractId, Played> = BTreeMap::new();
    for record in run.contracts()? {
        played.insert(record.id, play(run, record)?);
    }
    let mut endings: BTreeMap<String, usize> = BTreeMap::new();
    for played in played.values() {
        is_over(played)?;
        *endings.entry(ending(played)).or_default() += 1;
    }
    words(run, &played)?;
    for hold in holds {
        let chain = chain(hold.id(), &played);
        if !chain.is_empty() {
            on_a_hold(hold, &chain, operations)?;
        }
    }
    for one in played.values() {
        without_hold(one, holds)?;
        within_consent(one, holds, operations)?;
    }
    Ok(endings)
}

fn ending(played: &Played) -> String {
    let outcome = played.record.state().and_then(State::ended).map(|(_, outcome)| outcome.clone());
    match (played.waits, outcome) {
        (true, _) => "waits".to_owned(),
        (false, None) => "lapsed".to_owned(),
        (false, Some(Ending::Fired { edge: Some(_), .. })) => "said".to_owned(),
        (false, Some(Ending::Fired { edge: None, .. })) => "in silence".to_owned(),
        (false, Some(Ending::Unfunded)) => "unfunded".to_owned(),
        (false, Some(Ending::Unwound)) => "unwound".to_owned(),
    }
}

/// Plays the log again: the contract's own rules lead from it to where the record stands, and to what was to be done.
fn play(run: &Run, record: RunningContract) -> Result<Played, String> {
    let id = record.id;
    let contract = run.parley.borrow_mut().contract(&record)?;
    let entries = at_once(run.store.contract_entries(id))?;
    let numbers: Vec<u32> = entries.iter().map(|entry| entry.number).collect();
    if numbers != (1..=record.progress.entries).collect::<Vec<_>>() {
        return Err(format!("the log of {id} has the entries {numbers:?}"));
    }
    let mut waits = false;
    for group in &record.progress.open {
        waits |= run.is_stuck(&record, group)?;
    }
    let mut played = Played { record, contract, entries, done: BTreeMap::new(), open: Vec::new(), failed: 0, waits };
    let Some(stands) = played.record.state().cloned() else { return Ok(played) };
    let anchors = BTreeMap::new();
    let begun = played.contract.begin(stands.begun(), &anchors).map_err(|error| format!("{id}: {error}"))?;
    let mut groups: BTreeMap<u32, Vec<Effect>> = BTreeMap::new();
    groups.extend(begun.groups.into_iter().map(|group| (group.number, group.effects)));
    let mut state = begun.state;
    for entry in &played.entries {
        let Some(event) = event(&entry.happened)? else { continue };
        match played.contract.step(&state, &event, entry.at) {
            Ok(step) => {
                groups.extend(step.groups.into_iter().map(|group| (group.number, group.effects)));
                state = step.state;
            }
            // A state was left; it may have been because of what comes next in the log.
            Err(_) if event == Event::Deadline => {}
            Err(refusal) => return Err(format!("{id}: its log has {:?}, and {refusal}", entry.happened)),
        }
        if let Happened::Done { group } = entry.happened {
            played.done.extend(groups.remove(&group).map(|effects| (group, effects)));
        } else if let Happened::Failed { group, .. } = entry.happened {
            groups.remove(&group);
            played.failed += 1;
        }
    }
    if !same(&played.contract, &state, &stands) {
        return Err(format!("the log of {id} leads to {state:?}, and it stands at {stands:?}"));
    }
    let moves = |effects: &[Effect]| {
        effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Capture { .. } | Effect::Release { .. } | Effect::Rehold { .. } | Effect::Raise { .. }
            )
        })
    };
    let open: BTreeSet<u32> = played.record.progress.open.iter().map(|group| group.number).collect();
    for (number, effects) in groups.into_iter().filter(|(_, effects)| moves(effects)) {
        if !open.contains(&number) {
            return Err(format!("{id} forgot its group {number}: {effects:?}"));
        }
        played.open.extend(effects);
    }
    Ok(played)
}

fn same(contract: &Contract, one: &State, other: &State) -> bool {
    let groups = |state: &State| state.open_groups().collect::<Vec<_>>();
    let ended = |state: &State| state.ended().map(|(at, outcome)| (at, outcome.clone()));
    contract.standings(one) == contract.standings(other)
        && contract.place(one) == contract.place(other)
        && groups(one) == groups(other)
        && ended(one) == ended(other)
}

/// What an entry told the contract.
fn event(happened: &Happened) -> Result<Option<Event>, String> {
    Ok(match happened {
        Happened::Held { leg } => Some(Event::LegHeld { leg: leg.clone() }),
        Happened::NotHeld { leg, .. } => Some(Event::LegFailed { leg: leg.clone() }),
        Happened::Done { group } => Some(Event::GroupDone { group: *group }),
        Happened::Failed { group, .. } => Some(Event::GroupFailed { group: *group }),
        Happened::Moved { .. } | Happened::Ended { .. } => Some(Event::Deadline),
        Happened::Said { by, nonce, body, .. } => said(by, nonce, body)?,
        Happened::Proposed | Happened::Asked { .. } | Happened::MovedOn { .. } | Happened::Lapsed { .. } => None,
    })
}

fn said(by: &str, nonce: &str, body: &str) -> Result<Option<Event>, String> {
    let body: serde_json::Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let (id, by) = (nonce.to_owned(), by.to_owned());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(act) = body.get("act") {
        return Ok(Some(Event::Act { id, by, act: text(act) }));
    }
    if let Some(attest) = body.get("attest") {
        let fields = body.get("fields").and_then(|fields| fields.as_object()).into_iter().flatten();
        let fields = fields.filter_map(|(name, value)| Some((name.clone(), value.as_i64()?))).collect();
        return Ok(Some(Event::Attest { id, by, attest: text(attest), fields }));
    }
    let Some(consent) = body.get("consent") else { return Ok(None) };
    let granted = consent["granted"].as_bool().unwrap_or_default();
    Ok(Some(Event::Consent { id, by, statement: text(&consent["statement"]), granted }))
}

/// It has ended or lapsed with nothing to do, or waits for what no rail can tell.
fn is_over(played: &Played) -> Outcome {
    let record = &played.record;
    let ended = match &record.progress.stage {
        Stage::Lapsed => true,
        Stage::Running { state } => state.ended().is_some(),
        Stage::Proposed { .. } => false,
    };
    let rests = record.progress.open.is_empty() && record.due_at.is_none();
    let waits = played.waits && record.due_at.is_some();
    if ended && (rests || waits) {
        return Ok(());
    }
    Err(format!("{} is not over: {:?}, due {:?}", record.id, record.progress, record.due_at))
}

/// What was signed counted once at most, what was forged never, and who was told so was told right.
fn words(run: &Run, played: &BTreeMap<ContractId, Played>) -> Outcome {
    let parley = run.parley.borrow();
    for offer in &parley.offers {
        if offer.ids.len() > 1 || offer.ids.iter().any(|id| !played.contains_key(id)) {
            return Err(format!("{} was answered with {:?}", offer.key, offer.ids));
        }
    }
    let offered: BTreeSet<ContractId> = parley.offers.iter().flat_map(|offer| offer.ids.iter().copied()).collect();
    for one in played.values() {
        let id = one.record.id;
        if one.record.terms.follows.is_none() && !offered.contains(&id) {
            return Err(format!("nobody proposed {id}"));
        }
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        for entry in &one.entries {
            let Happened::Said { by, nonce, body, .. } = &entry.happened else { continue };
            if !seen.insert((by, nonce)) {
                return Err(format!("{id} took {nonce} of {by} twice"));
            }
            let word = parley.words.iter().find(|word| word.signed.body == body.as_bytes());
            if word.is_none_or(|word| word.never || word.to != id) {
                return Err(format!("{id} took what nobody signed: {body}"));
            }
        }
    }
    for word in parley.words.iter().filter(|word| word.heard.contains(&crate::parley::Heard::Yes)) {
        let kept = |entry: &ContractEntry| matches!(&entry.happened, Happened::Said { body, .. } if word.signed.body == body.as_bytes());
        if word.never || !played.get(&word.to).is_some_and(|played| played.entries.iter().any(kept)) {
            return Err(format!("{} was told yes, and {} does not know of it", word.nonce, word.to));
        }
    }
    Ok(())
}

/// The contracts that decided about a hold, the first first, each with its leg.
fn chain(hold: HoldId, played: &BTreeMap<ContractId, Played>) -> Vec<(&Played, &str)> {
    let last = played.values().find_map(|one| {
        let leg = one.record.progress.holds.iter().find(|(_, of)| of.0 == hold)?;
        Some((one, leg.0.as_str()))
    });
    let mut chain: Vec<(&Played, &str)> = last.into_iter().collect();
    while let Some((one, _)) = chain.first()
        && let Some(before) = one.record.terms.follows.as_ref().and_then(|id| played.get(&id.0))
    {
        let id = one.record.id;
        let leg = before.entries.iter().find_map(|entry| {
            let Happened::MovedOn { leg, contract } = &entry.happened else { return None };
            (contract.0 == id).then_some(leg.as_str())
        });
        // It moves on when its group is written as done; before that the hold has two names.
        let Some(leg) = leg else { break };
        chain.insert(0, (before, leg));
    }
    chain
}

/// Each capture that was decided and done is there once, and no other; the sums are those of the contract.
fn on_a_hold(hold: &Hold, chain: &[(&Played, &str)], operations: &BTreeMap<OperationId, Operation>) -> Outcome {
    let waits = chain.iter().any(|(one, _)| one.waits);
    let amounts = |effects: Vec<(&Effect, &str)>| -> Vec<i64> {
        let taken = effects.into_iter().filter_map(|(effect, own)| {
            let Effect::Capture { leg, splits, .. } = effect else { return None };
            (leg == own).then(|| splits.iter().map(|split| split.amount).sum())
        });
        taken.collect()
    };
    let done = chain.iter().flat_map(|(one, leg)| one.done.values().flatten().map(move |effect| (effect, *leg)));
    let open = chain.iter().flat_map(|(one, leg)| one.open.iter().map(move |effect| (effect, *leg)));
    let mut decided = amounts(done.collect());
    let may_be = amounts(open.collect());
    let settled = operations.values().filter(|row| row.hold() == Some(hold.id())).filter_map(|row| {
        match (row.kind(), row.state()) {
            (OperationKind::Capture { .. }, OperationState::Settled { amount, .. }) => Some(amount.minor()),
            _ => None,
        }
    });
    let mut taken: Vec<i64> = settled.collect();
    if waits {
        for amount in may_be {
            if let Some(place) = taken.iter().position(|one| *one == amount)
                && !decided.contains(&amount)
            {
                taken.remove(place);
            }
        }
    }
    decided.sort_unstable();
    taken.sort_unstable();
    let id = hold.id();
    if decided != taken {
        return Err(format!("of {id} {decided:?} was to be captured, and {taken:?} was"));
    }
    if waits {
        return Ok(());
    }
    let standings = chain.iter().filter_map(|(one, leg)| {
        let standings = one.contract.standings(one.record.state()?);
        standings.into_iter().find(|standing| standing.leg == *leg)
    });
    let standings: Vec<_> = standings.collect();
    let Some(first) = standings.first() else {
        return Err(format!("{id} is placed for a contract that did not begin"));
    };
    let captured: i64 = standings.iter().map(|standing| standing.captured).sum();
    let released: i64 = standings.iter().map(|standing| standing.released).sum();
    let ours = (first.authorised, captured, released);
    let theirs = (hold.authorised().minor(), hold.captured().minor(), hold.released().minor());
    let failed = first.standing == Standing::Failed;
    if failed && theirs.1 == 0 || !failed && ours == theirs {
        return Ok(());
    }
    Err(format!("{id} has {theirs:?}, and its contract {standings:?}"))
}

/// A leg without a hold in the books is a leg of which nothing was done.
fn without_hold(one: &Played, holds: &[Hold]) -> Outcome {
    let Some(state) = one.record.state() else {
        let placed = holds.iter().find(|hold| one.record.progress.holds.values().any(|own| own.0 == hold.id()));
        return placed.map_or(Ok(()), |hold| Err(format!("{} is placed for {}", hold.id(), one.record.id)));
    };
    for standing in one.contract.standings(state) {
        let hold = one.record.progress.holds.get(&standing.leg);
        let placed = hold.is_some_and(|hold| holds.iter().any(|row| row.id() == hold.0));
        let nothing = matches!(standing.standing, Standing::Unplaced | Standing::Placing | Standing::Failed);
        if !placed && !nothing && standing.moved == 0 {
            return Err(format!("{} has no hold for {standing:?}", one.record.id));
        }
    }
    Ok(())
}

/// What each party got over all legs is what was decided, and lies within what everybody consented to.
fn within_consent(one: &Played, holds: &[Hold], operations: &BTreeMap<OperationId, Operation>) -> Outcome {
    let record = &one.record;
    let Some((_, Ending::Fired { .. })) = record.state().and_then(State::ended) else { return Ok(()) };
    if one.waits || one.failed > 0 {
        return Ok(());
    }
    let mut decided: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let effects: Vec<&Effect> = one.done.values().flatten().collect();
    for effect in &effects {
        let Effect::Capture { leg, splits, .. } = effect else { continue };
        for split in splits {
            *decided.entry((leg.as_str(), split.party.as_str())).or_default() += split.amount;
        }
    }
    let moved_on: BTreeSet<&String> = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Rehold { .. }))
        .filter_map(|effect| leg_of(effect))
        .collect();
    for leg in one.contract.payoff().legs {
        let mut got: BTreeMap<AccountId, i64> = BTreeMap::new();
        if let Some(hold) = record.progress.holds.get(&leg.leg).filter(|_| record.terms.follows.is_none()) {
            let payee = holds.iter().find(|row| row.id() == hold.0).map(Hold::payee);
            let rows = operations.values().filter(|row| row.hold() == Some(hold.0));
            rows.for_each(|row| receive(row, payee, &mut got));
        }
        let rail = one.contract.legs().find(|known| known.name == leg.leg).map(|known| known.rail.clone());
        for party in one.contract.parties() {
            let amount = decided.get(&(leg.leg.as_str(), party.name)).copied().unwrap_or(0);
            let range =
                leg.received.iter().find(|(name, _)| name == party.name).map(|(_, range)| (range.min, range.max));
            let (least, most) = range.unwrap_or((0, 0));
            if !(least..=most).contains(&amount) {
                return Err(format!(
                    "{}: {} got {amount} of {}, not {least} to {most}",
                    record.id, party.name, leg.leg
                ));
            }
            let account = record.terms.parties.get(party.name).and_then(|bound| {
                let on = |account: &&tebura_hub::contracts::BoundAccount| {
                    rail.as_ref().is_some_and(|rail| account.rail == rail.as_str())
                };
                Some(bound.accounts.iter().find(on)?.account.0)
            });
            let here = account.and_then(|account| got.get(&account).copied()).unwrap_or(0);
            if record.terms.follows.is_none() && !moved_on.contains(&leg.leg) && here != amount {
                return Err(format!(
                    "{}: {} was to get {amount} of {}, and got {here}",
                    record.id, party.name, leg.leg
                ));
            }
        }
    }
    Ok(())
}

/// Adds what a capture brought each account; who is no part of the split is the payee.
fn receive(row: &Operation, payee: Option<AccountId>, got: &mut BTreeMap<AccountId, i64>) {
    if let (OperationKind::Capture { legs, .. }, OperationState::Settled { amount, .. }) = (row.kind(), row.state()) {
        let mut left = amount.minor();
        for leg in legs {
            let part = left.min(leg.amount.minor());
            left -= part;
            *got.entry(leg.to).or_default() += part;
        }
        if let Some(payee) = payee {
            *got.entry(payee).or_default() += left;
        }
    }
}
