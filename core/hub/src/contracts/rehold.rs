//! Moves what is left on a leg to another contract: the hold stays, and the other contract decides about it from then on.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use tebura_contract::{Asset, Contract, DocumentHash, Effect, Event, LegView};
use tebura_ledger::{Command, Extend, HoldId, Uuid};

use super::effect::{BACKSTOP_MS, Done, EffectKey, done, done_by};
use super::record::{ContractTerms, Happened, Progress, RunningContract, Stage};
use super::text::Text;
use crate::hub::Hub;
use crate::ids::ContractId;
use crate::perform::Work;
use crate::ports::{CommitError, ReadError, Unit};
use crate::rail::RailCommand;

/// Why a document cannot take over a leg.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document {document} cannot take over leg `{leg}`: {reason}")]
pub struct CannotFollow {
    pub document: DocumentHash,
    pub leg: String,
    pub reason: &'static str,
}

/// The id of the contract that a leg goes on under: it follows from where it came, so that a repeat finds it.
pub(super) fn successor(id: ContractId, group: u32, leg: &str) -> ContractId {
    let digest = Sha256::digest(format!("tebura rehold of {id} {group} {leg}"));
    let mut bytes = *id.uuid().as_bytes();
    bytes[7] = digest[7];
    bytes[9..15].copy_from_slice(&digest[9..15]);
    ContractId::from_uuid(Uuid::from_bytes(bytes))
}

/// Checks that a document can take over a leg: it has one leg, of the same payer, thing and rail, placed at the beginning
/// and never more than the hold may carry.
pub(super) fn can_follow(leg: &LegView<'_>, next: &Contract) -> Result<(), CannotFollow> {
    let refuse = |reason| Err(CannotFollow { document: next.hash(), leg: leg.name.to_owned(), reason });
    let legs: Vec<LegView<'_>> = next.legs().collect();
    let [own] = legs.as_slice() else { return refuse("it has several legs, and one moves") };
    if own.from != leg.from || own.rail != leg.rail || !same_asset(own.asset, leg.asset) {
        return refuse("its leg is of another payer, asset or rail");
    }
    if own.cap > leg.cap {
        return refuse("its cap is above what may be held now");
    }
    if next.anchors().next().is_some() || !next.funds_at_once() {
        return refuse("it has anchors, or holds nothing at its beginning");
    }
    Ok(())
}

fn same_asset(one: &Asset, other: &Asset) -> bool {
    match (one, other) {
        (Asset::Money(one), Asset::Money(other)) => one == other,
        (Asset::Thing(one), Asset::Thing(other)) => one == other,
        (Asset::Money(_), Asset::Thing(_)) | (Asset::Thing(_), Asset::Money(_)) => false,
    }
}

impl Hub {
    /// Begins the contract that a leg goes on under, with the leg's hold.
    pub(super) async fn move_on(
        &self,
        record: &RunningContract,
        leg: &LegView<'_>,
        hold: HoldId,
        (amount, document): (i64, DocumentHash),
        key: EffectKey,
        effect: &Effect,
    ) -> Result<Done, ReadError> {
        let id = successor(record.id, key.group, leg.name);
        if self.load_contract(id).await?.is_some() {
            return Ok(Done::Yes);
        }
        let refused = |code: &str| Ok(Done::No { code: code.to_owned() });
        let parsed = record.terms.further.iter().filter_map(|text| Contract::parse(text).ok());
        let Some(next) = parsed.into_iter().find(|next| next.hash() == document) else {
            return refused("contract.document_missing");
        };
        let Some(own) = next.legs().next().filter(|own| own.hold == amount) else {
            return refused("contract.other_amount_left");
        };
        let now = self.now();
        let Ok(begun) = next.begin(now, &BTreeMap::new()) else { return refused("contract.cannot_begin") };
        let until = begun.groups.iter().flat_map(|group| &group.effects).find_map(|effect| match effect {
            Effect::Place { until, .. } => Some(until.plus_ms(BACKSTOP_MS)),
            Effect::Raise { .. }
            | Effect::Capture { .. }
            | Effect::Release { .. }
            | Effect::Rehold { .. }
            | Effect::AskConsent { .. }
            | Effect::Ended { .. } => None,
        });
        let stands = self.stand_until(hold, until.unwrap_or(now), key, record, effect).await?;
        if stands != Done::Yes {
            return Ok(stands);
        }
        let mut following = RunningContract {
            id,
            merchant: record.merchant,
            terms: ContractTerms {
                document: next.canonical().to_owned(),
                further: record.terms.further.clone(),
                parties: record.terms.parties.clone(),
                anchors: BTreeMap::new(),
                proposed_at: now.millis(),
                agree_until: now.plus_ms(1).millis(),
                follows: Some(Text(record.id)),
            },
            progress: Progress {
                // Its parties agreed to it with the document that names it.
                stage: Stage::Proposed {
                    agreed: next.parties().map(|party| party.name.to_owned()).collect::<BTreeSet<_>>(),
                },
                holds: BTreeMap::from([(own.name.to_owned(), Text(hold))]),
                open: Vec::new(),
                entries: 0,
            },
            due_at: None,
            revision: 0,
        };
        let mut report = self.report(&next, &mut following, now);
        report.note(Happened::Proposed);
        report.begin_when_agreed();
        report.record.progress.open.clear();
        report.note(Happened::Held { leg: own.name.to_owned() });
        if let Err(refusal) = report.tell(&Event::LegHeld { leg: own.name.to_owned() }) {
            tracing::error!(contract = %id, %refusal, "the following contract refused its leg");
            return refused("contract.cannot_begin");
        }
        let writes = report.writes();
        match self.store.commit(id.shard(), now, Unit { writes, ..Unit::default() }).await {
            Ok(_) | Err(CommitError::Stale) => Ok(Done::Yes),
            Err(error) => Err(ReadError { reason: error.to_string() }),
        }
    }

    /// Moves a hold's deadline, so that it stands as long as a contract needs it.
    pub(super) async fn stand_until(
        &self,
        hold: HoldId,
        until: tebura_ledger::Timestamp,
        key: EffectKey,
        record: &RunningContract,
        effect: &Effect,
    ) -> Result<Done, ReadError> {
        let missing = || ReadError { reason: format!("the row of {hold} is missing") };
        let row = self.store.hold(hold).await?.ok_or_else(missing)?;
        let Some(reference) = row.reference().map(str::to_owned) else { return Ok(Done::NotYet) };
        if row.expires_at() >= until {
            return Ok(Done::Yes);
        }
        let Some(rail) = self.rail(row.rail()) else { return Ok(Done::NotYet) };
        let operation = self.operation_id(hold.shard());
        let work = Work {
            operation,
            hold,
            rail: row.rail().clone(),
            ask: RailCommand::Extend {
                reference,
                amount: row.outstanding(),
                until: rail.descriptor().keeps_until(until),
            },
            begin: Command::Extend(Extend { hold, operation, until, expected_version: Some(row.version()) }),
            before: Vec::new(),
            writes: Vec::new(),
        };
        let step = format!("extend from {}", row.expires_at().millis());
        match self.perform(Some(key.request(record, effect, &step)), work).await {
            Ok(answer) => Ok(done(&answer)),
            Err(error) => done_by(error),
        }
    }
}
