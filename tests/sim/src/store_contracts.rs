//! What planted defects leave of contracts on their way into the store, and out of it.

use tebura_contract::Effect;
use tebura_hub::contracts::RunningContract;
use tebura_hub::memory::MemoryStore;
use tebura_hub::parties::PartyKey;
use tebura_hub::ports::{Store, Unit, Write};

use crate::defect::Defect;
use crate::run::at_once;
use crate::signers::{SIGNERS, public_key};
use crate::world::State;

/// Spoils what a unit says of contracts; says whether it did.
pub fn spoil(state: &mut State, store: &MemoryStore, unit: &mut Unit) -> bool {
    let Some(defect) = state.defect else { return false };
    let before = unit.writes.len();
    if defect == Defect::DroppedContract && state.dice.chance(60) {
        unit.writes.retain(|write| !matches!(write, Write::Contract { .. }));
    }
    if defect == Defect::DroppedEntry && state.dice.chance(30) {
        unit.writes.retain(|write| !matches!(write, Write::ContractEntry(_)));
    }
    if defect == Defect::RestlessKeys
        && let Some(key) = unit.key.as_mut().filter(|key| key.scope == "contract")
    {
        key.key.push_str(&format!(" {}", state.number()));
        return true;
    }
    let spoilt = unit.writes.iter_mut().any(|write| {
        let Write::Contract { contract, expected } = write else { return false };
        spoil_one(state, defect, store, contract, expected)
    });
    spoilt || before != unit.writes.len()
}

fn spoil_one(
    state: &mut State,
    defect: Defect,
    store: &MemoryStore,
    contract: &mut RunningContract,
    expected: &mut u32,
) -> bool {
    if defect == Defect::StaleContract {
        let stored = at_once(store.running_contract(contract.id)).ok().flatten();
        let revision = stored.map_or(0, |stored| stored.revision);
        let stale = revision != *expected;
        (*expected, contract.revision) = (revision, revision + 1);
        return stale;
    }
    if defect == Defect::SleepyContract {
        return state.dice.chance(200) && contract.due_at.take().is_some();
    }
    let mut groups = contract.progress.open.iter_mut();
    if defect == Defect::HalfGroup {
        let captures = |effect: &&Effect| matches!(effect, Effect::Capture { .. });
        return groups.any(|group| group.effects.iter().filter(captures).count() > 1 && group.effects.pop().is_some());
    }
    defect == Defect::OtherAmount && groups.flat_map(|group| &mut group.effects).any(one_less)
}

/// Takes one unit off a captured amount; not of every amount, or all of them would go.
fn one_less(effect: &mut Effect) -> bool {
    let Effect::Capture { splits, .. } = effect else { return false };
    splits.iter_mut().any(|split| {
        let less = split.amount > 1 && split.amount % 7 != 3;
        split.amount -= i64::from(less);
        less
    })
}

/// A key as the planted defect has it read: any signer's key fits any name.
pub fn spoil_key(state: &mut State, key: Option<PartyKey>) -> Option<PartyKey> {
    let mut key = key?;
    if state.defect == Some(Defect::OpenKeys) && state.dice.chance(300) {
        state.planted += 1;
        let own = (0..SIGNERS).find(|number| public_key(*number) == key.public_key)?;
        key.public_key = public_key((own + 1) % SIGNERS);
    }
    Some(key)
}
