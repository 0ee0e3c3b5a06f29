//! Carries out what a contract has decided: group after group, and tells it how each ended.
//!
//! Where a group captures on several rails, the leg that its rail could refuse goes first, while the others stand on
//! rails that keep a hold until the hub ends it. If the first is declined, nothing of the group was done; once it is
//! taken, the others cannot fail for good and are tried until they are done. An unknown result keeps everything as it is.

use std::collections::BTreeSet;

use tebura_contract::{Contract, Effect, Event};

use super::effect::{BACKSTOP_MS, Done, EffectKey};
use super::look::Loaded;
use super::record::{Declined, Happened, OpenGroup, RunningContract};
use super::rehold::successor;
use super::report::told;
use super::text::Text;
use crate::hub::Hub;
use crate::ids::ContractId;
use crate::machine;
use crate::ports::{CommitError, ReadError};

/// Groups carried out in one go at most; what is left stays due.
const ROUNDS: usize = 500;

/// How a try of a group went.
pub(super) struct Try {
    /// Effects that are done, by place.
    done: BTreeSet<usize>,
    /// What a rail said of holds to place: the leg, and why not.
    placed: Vec<(String, Option<String>)>,
    end: End,
}

enum End {
    /// Everything is done.
    Done,
    /// Nothing was done, and nothing will be.
    Failed { code: String },
    /// Something is not known yet, or has to be asked again.
    Open { declined: Option<String> },
}

impl Hub {
    /// Carries out what is due of a contract. Whatever stops it leaves the rest due.
    pub(crate) async fn carry_out_contract(&self, id: ContractId) -> Result<(), ReadError> {
        let mut waiting = BTreeSet::new();
        for _ in 0..ROUNDS {
            let Some(loaded) = self.load_contract(id).await? else { return Ok(()) };
            let now = self.now().millis();
            let due = |group: &&OpenGroup| group.again_at <= now && !waiting.contains(&group.number);
            let Some(group) = loaded.record.progress.open.iter().find(due).cloned() else { return Ok(()) };
            let attempt = self.attempt(&loaded, &group).await?;
            match self.conclude(loaded, &group, attempt).await {
                Ok(true) | Err(CommitError::Stale) => {}
                Ok(false) => drop(waiting.insert(group.number)),
                Err(error) => {
                    tracing::warn!(contract = %id, %error, "how a group of effects ended was not written; it stays due");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, loaded: &Loaded, group: &OpenGroup) -> Result<Try, ReadError> {
        let Loaded { contract, record } = loaded;
        let mut result = Try { done: group.done.clone(), placed: Vec::new(), end: End::Done };
        for index in self.order(contract, &group.effects) {
            if result.done.contains(&index) {
                continue;
            }
            let effect = &group.effects[index];
            let key =
                EffectKey { group: group.number, index, declined: group.declined.as_ref().map_or(0, |d| d.times) };
            match (self.bring_about(contract, record, effect, key).await?, effect) {
                (Done::Yes, Effect::Place { leg, .. }) => {
                    result.done.insert(index);
                    result.placed.push((leg.clone(), None));
                }
                (Done::No { code }, Effect::Place { leg, .. }) => {
                    result.done.insert(index);
                    result.placed.push((leg.clone(), Some(code)));
                }
                (Done::Yes, _) => drop(result.done.insert(index)),
                (Done::No { code }, effect) => {
                    // Money that has to go back is asked back until it is.
                    let again = matches!(effect, Effect::Release { .. }) || !result.done.is_empty();
                    result.end = if again { End::Open { declined: Some(code) } } else { End::Failed { code } };
                    return Ok(result);
                }
                (Done::NotYet, Effect::Place { .. }) => result.end = End::Open { declined: None },
                (Done::NotYet, _) => {
                    self.keep_standing(loaded, group, &result.done).await?;
                    result.end = End::Open { declined: None };
                    return Ok(result);
                }
            }
        }
        Ok(result)
    }

    /// What a group has not captured yet stands on while the group waits for a rail, however long that takes.
    async fn keep_standing(&self, loaded: &Loaded, group: &OpenGroup, done: &BTreeSet<usize>) -> Result<(), ReadError> {
        let Loaded { contract, record } = loaded;
        let now = self.now();
        for (index, effect) in group.effects.iter().enumerate().filter(|(index, _)| !done.contains(index)) {
            let (Effect::Capture { leg, .. } | Effect::Rehold { leg, .. }) = effect else { continue };
            let Some(hold) = record.progress.holds.get(leg).filter(|_| self.is_pinned(contract, leg)) else { continue };
            let row = self.store.hold(hold.0).await?;
            if row.is_some_and(|row| row.expires_at() < now.plus_ms(BACKSTOP_MS / 2)) {
                let key = EffectKey { group: group.number, index, declined: 0 };
                self.stand_until(hold.0, now.plus_ms(BACKSTOP_MS), key, record, effect).await?;
            }
        }
        Ok(())
    }

    /// Whether the rail of a leg keeps a hold until the hub ends it.
    fn is_pinned(&self, contract: &Contract, name: &str) -> bool {
        let leg = contract.legs().find(|leg| leg.name == name);
        let rail = leg.and_then(|leg| self.rail(leg.rail));
        rail.is_some_and(|rail| rail.descriptor().abilities.pin)
    }

    /// The order in which the effects of a group are brought about: what could be declined first.
    fn order(&self, contract: &Contract, effects: &[Effect]) -> Vec<usize> {
        let rank = |index: &usize| match &effects[*index] {
            Effect::Capture { leg, .. } if !self.is_pinned(contract, leg) => 0,
            Effect::Capture { .. } => 1,
            Effect::Raise { .. } | Effect::Place { .. } => 2,
            Effect::Rehold { .. } => 3,
            Effect::Release { .. } | Effect::AskConsent { .. } | Effect::Ended { .. } => 4,
        };
        let mut order: Vec<usize> = (0..effects.len()).collect();
        order.sort_by_key(rank);
        order
    }

    /// Writes how a try went and tells the contract. `false`: the group is still open.
    async fn conclude(&self, loaded: Loaded, group: &OpenGroup, attempt: Try) -> Result<bool, CommitError> {
        let Loaded { contract, mut record } = loaded;
        let now = self.now();
        let number = group.number;
        let ended = !matches!(attempt.end, End::Open { .. });
        update(&mut record, &attempt, number, now.millis());
        let mut report = self.report(&contract, &mut record, now);
        for (leg, declined) in attempt.placed {
            let (happened, event) = match declined {
                None => (Happened::Held { leg: leg.clone() }, Event::LegHeld { leg }),
                Some(code) => (Happened::NotHeld { leg: leg.clone(), code }, Event::LegFailed { leg }),
            };
            report.note(happened);
            told(&mut report, &event);
        }
        let only_places = group.effects.iter().all(|effect| matches!(effect, Effect::Place { .. }));
        match attempt.end {
            End::Done if only_places => {}
            End::Done => {
                for (leg, successor) in moved(report.record.id, group) {
                    report.record.progress.holds.remove(&leg);
                    report.note(Happened::MovedOn { leg, contract: successor });
                }
                report.note(Happened::Done { group: number });
                told(&mut report, &Event::GroupDone { group: number });
            }
            End::Failed { code } => {
                report.note(Happened::Failed { group: number, code });
                told(&mut report, &Event::GroupFailed { group: number });
            }
            End::Open { .. } => {}
        }
        self.write_report(report, None).await?;
        Ok(ended)
    }
}

/// Where the legs of a group went on.
fn moved(id: ContractId, group: &OpenGroup) -> Vec<(String, Text<ContractId>)> {
    let moved = group.effects.iter().filter_map(|effect| match effect {
        Effect::Rehold { leg, .. } => Some((leg.clone(), Text(successor(id, group.number, leg)))),
        Effect::Place { .. }
        | Effect::Raise { .. }
        | Effect::Capture { .. }
        | Effect::Release { .. }
        | Effect::AskConsent { .. }
        | Effect::Ended { .. } => None,
    });
    moved.collect()
}

/// Takes the group off the open ones, or says when it is tried again.
fn update(record: &mut RunningContract, attempt: &Try, number: u32, now: i64) {
    let open = &mut record.progress.open;
    let Some(place) = open.iter().position(|group| group.number == number) else { return };
    match &attempt.end {
        End::Done | End::Failed { .. } => drop(open.remove(place)),
        End::Open { declined } => {
            let group = &mut open[place];
            group.done.clone_from(&attempt.done);
            if let Some(code) = declined {
                let times = group.declined.as_ref().map_or(0, |declined| declined.times) + 1;
                tracing::error!(contract = %record.id, group = number, %code, "an effect was declined and is asked again");
                group.declined = Some(Declined { times, code: code.clone() });
            }
            group.again_at = now.saturating_add(machine::pause_after(group.tries));
            group.tries = group.tries.saturating_add(1);
        }
    }
}
