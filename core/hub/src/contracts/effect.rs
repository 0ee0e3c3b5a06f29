//! One effect of a contract as an operation on a hold, under a key of its own: brought about once, however often it is tried.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tebura_contract::{Contract, Effect, LegView, Split};
use tebura_ledger::{
    AccountId, AtDeadline, Command, Finality, Hold, HoldId, LegKind, Money, OperationId, OperationState, Phase, Raise,
    Refusal, Release, Timestamp,
};

use super::account::BoundAccount;
use super::bind::{account_on, payee_of, unit_of};
use super::record::RunningContract;
use crate::capture_hold::{CaptureHold, OverCapture, Share, ShareTo};
use crate::change_hold::ChangeHoldError;
use crate::create_hold::{CreateHoldError, MIN_HOLD_MS, PlaceBetween, PlaceIds, Side, Terms};
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, PerformError, Work};
use crate::ports::{Caller, ReadError};
use crate::rail::RailCommand;

/// A rail that keeps a hold until the hub ends it is asked to keep it for a month beyond the contract: the contract ends
/// its holds itself, and a hub that was down, or waits for another rail, still finds them.
pub(super) const BACKSTOP_MS: i64 = 30 * 24 * 3_600_000;

/// What became of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Yes,
    /// Declined for good.
    No {
        code: String,
    },
    NotYet,
}

/// Which effect of a contract, and how often it was declined before.
#[derive(Clone, Copy, Debug)]
pub(super) struct EffectKey {
    pub(super) group: u32,
    pub(super) index: usize,
    pub(super) declined: u32,
}

impl EffectKey {
    /// The key of one step of the effect.
    pub(super) fn request(self, record: &RunningContract, effect: &Effect, step: &str) -> KeyRequest {
        let EffectKey { group, index, declined } = self;
        KeyRequest {
            scope: "contract".to_owned(),
            key: format!("{}:{group}:{index}:{declined}:{step}", record.id),
            fingerprint: Sha256::digest(format!("{effect:?}")).into(),
        }
    }
}

/// An effect as an operation in the hub's own books.
pub(super) struct Prepared {
    pub(super) hold: HoldId,
    pub(super) operation: OperationId,
    pub(super) amount: Money,
    pub(super) begin: Command,
}

impl Hub {
    /// The operation of an effect that was never tried, when its leg is in the hub's own books and nothing is open on it.
    pub(super) async fn prepare(
        &self,
        contract: &Contract,
        record: &RunningContract,
        effect: &Effect,
    ) -> Result<Option<Prepared>, ReadError> {
        let (Effect::Place { leg: name, .. }
        | Effect::Raise { leg: name, .. }
        | Effect::Capture { leg: name, .. }
        | Effect::Release { leg: name, .. }) = effect
        else {
            return Ok(None);
        };
        let leg = contract.legs().find(|leg| leg.name == name).filter(|leg| self.in_house(leg.rail));
        // On a stopped rail each effect is asked for by itself, where it is refused.
        let leg = leg.filter(|leg| self.stopped(leg.rail).is_none());
        let (Some(leg), Some(hold)) = (leg, record.progress.holds.get(name).map(|hold| hold.0)) else {
            return Ok(None);
        };
        let work = match effect {
            Effect::Place { amount, cap, until, .. } => {
                self.place_work(contract, record, &leg, hold, (*amount, *cap), *until).ok()
            }
            Effect::Raise { .. } | Effect::Capture { .. } | Effect::Release { .. } => {
                let Some(row) = self.store.hold(hold).await?.filter(|row| !something_open(row)) else {
                    return Ok(None);
                };
                match effect {
                    Effect::Raise { to, .. } => self.raise_work(&row, *to),
                    Effect::Capture { splits, is_final, .. } => {
                        let taken = Taken { splits, is_final: *is_final, returns: 0 };
                        self.capture_work(record, &leg, &row, &taken).await.ok()
                    }
                    Effect::Release { amount, is_final, .. } => self.release_work(&row, *amount, *is_final),
                    Effect::Place { .. } | Effect::Rehold { .. } | Effect::AskConsent { .. } | Effect::Ended { .. } => {
                        None
                    }
                }
            }
            Effect::Rehold { .. } | Effect::AskConsent { .. } | Effect::Ended { .. } => None,
        };
        let prepared = work.and_then(|work| {
            let amount = work.ask.amount()?;
            Some(Prepared { hold, operation: work.operation, amount, begin: work.begin })
        });
        Ok(prepared)
    }

    /// Brings an effect about, or finds that it was.
    pub(super) async fn bring_about(
        &self,
        contract: &Contract,
        record: &RunningContract,
        effect: &Effect,
        key: EffectKey,
    ) -> Result<Done, ReadError> {
        let name = match effect {
            Effect::Place { leg, .. }
            | Effect::Raise { leg, .. }
            | Effect::Capture { leg, .. }
            | Effect::Release { leg, .. }
            | Effect::Rehold { leg, .. } => leg,
            Effect::AskConsent { .. } | Effect::Ended { .. } => return Ok(Done::Yes),
        };
        let leg = contract.legs().find(|leg| leg.name == name);
        let hold = record.progress.holds.get(name).map(|hold| hold.0);
        let (Some(leg), Some(hold)) = (leg, hold) else {
            return Ok(Done::No { code: "contract.leg_unknown".to_owned() });
        };
        let result = match effect {
            Effect::Place { amount, cap, until, .. } => {
                let units = (*amount, *cap);
                return self
                    .place_leg(contract, record, &leg, hold, units, *until, |step| key.request(record, effect, step))
                    .await;
            }
            Effect::Raise { to, .. } => self.raise_leg(hold, *to, key.request(record, effect, "raise")).await,
            Effect::Capture { splits, is_final, returns, .. } => {
                let taken = Taken { splits, is_final: *is_final, returns: *returns };
                self.capture_leg(record, &leg, hold, &taken, |step| key.request(record, effect, step)).await
            }
            Effect::Release { amount, is_final, .. } => {
                self.release_leg(hold, *amount, *is_final, key.request(record, effect, "release")).await
            }
            Effect::Rehold { amount, contract: next, .. } => {
                return self.move_on(record, &leg, hold, (*amount, *next), key, effect).await;
            }
            Effect::AskConsent { .. } | Effect::Ended { .. } => Ok(Done::Yes),
        };
        match result {
            Ok(done) => Ok(done),
            Err(ChangeHoldError::Perform(error)) => done_by(error),
            Err(error) => {
                tracing::warn!(contract = %record.id, %hold, %error, "an effect could not be brought about");
                Ok(Done::No { code: error.to_string() })
            }
        }
    }

    fn place_work(
        &self,
        contract: &Contract,
        record: &RunningContract,
        leg: &LegView<'_>,
        hold: HoldId,
        (amount, cap): (i64, i64),
        until: Timestamp,
    ) -> Result<Work, CreateHoldError> {
        let parties = &record.terms.parties;
        let unbound = || CreateHoldError::PayeeNotFound { rail: leg.rail.to_string() };
        let (Ok(unit), Ok(payee)) = (unit_of(leg), payee_of(contract, leg, parties)) else { return Err(unbound()) };
        let payer = account_on(parties, leg.from, leg.rail).ok_or_else(unbound)?;
        let payee = account_on(parties, payee, leg.rail).ok_or_else(unbound)?;
        let rail = self.rail(leg.rail).ok_or_else(|| PerformError::RailUnknown(leg.rail.clone()))?;
        let keeps = if rail.descriptor().abilities.pin { until.plus_ms(BACKSTOP_MS) } else { until };
        let side = |bound: &BoundAccount| Side { account: bound.account.0, token: bound.token.clone() };
        let place = PlaceBetween {
            rail: leg.rail.clone(),
            payer: side(payer),
            payee: side(payee),
            terms: Terms {
                amount: Money::new(amount, unit),
                cap: Some(Money::new(cap, unit)),
                expires_in_ms: keeps.since_ms(self.now()).max(MIN_HOLD_MS),
                at_deadline: AtDeadline::Release,
            },
        };
        self.place_between(PlaceIds { hold, operation: self.operation_id(hold.shard()) }, place, i64::MAX)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a different thing, and there is one caller")]
    async fn place_leg(
        &self,
        contract: &Contract,
        record: &RunningContract,
        leg: &LegView<'_>,
        hold: HoldId,
        units: (i64, i64),
        until: Timestamp,
        key: impl Fn(&str) -> KeyRequest,
    ) -> Result<Done, ReadError> {
        let work = match self.place_work(contract, record, leg, hold, units, until) {
            Ok(work) => work,
            Err(CreateHoldError::Perform(error)) => return done_by(error),
            Err(error) => return Ok(Done::No { code: error.to_string() }),
        };
        let answer = match self.perform(Some(key("place")), work).await {
            Ok(answer) => answer,
            Err(error) => return done_by(error),
        };
        match answer.operation.state() {
            // A rail may reserve less than it was asked for. A leg that holds less than was consented to is not held.
            OperationState::Settled { amount, .. } if amount.minor() < units.0 => {
                let back = match self.release_leg(hold, amount.minor(), true, key("short")).await {
                    Err(ChangeHoldError::Perform(error)) => done_by(error)?,
                    Ok(back) => back,
                    Err(error) => Done::No { code: error.to_string() },
                };
                // What the rail does not give back now, the hold's own deadline does.
                let short = Done::No { code: "rail.reserved_less".to_owned() };
                Ok(if back == Done::NotYet { Done::NotYet } else { short })
            }
            OperationState::Settled { .. }
            | OperationState::Sent
            | OperationState::Unknown { .. }
            | OperationState::RequiresAction
            | OperationState::Failed { .. } => Ok(done(&answer)),
        }
    }

    /// What became of a step that was begun before.
    async fn brought_about(&self, key: &KeyRequest) -> Result<Option<Done>, PerformError> {
        match self.store.claimed_key(&key.scope, &key.key).await? {
            Some(claimed) => Ok(Some(done(&self.replay(&claimed.target).await?))),
            None => Ok(None),
        }
    }

    async fn raise_leg(&self, hold: HoldId, to: i64, key: KeyRequest) -> Result<Done, ChangeHoldError> {
        let row = self.visible_hold(&Caller::Operator, hold).await?;
        if let Some(before) = self.brought_about(&key).await? {
            return Ok(before);
        }
        if row.authorised().minor() >= to {
            return Ok(Done::Yes);
        }
        let work = self.raise_work(&row, to).ok_or(ChangeHoldError::NotPlaced)?;
        Ok(done(&self.perform(Some(key), work).await?))
    }

    /// A final capture gives the rest back in the same step, unless something else is open on the hold: then the rest
    /// goes back by itself, and what is open keeps its earmark.
    async fn capture_leg(
        &self,
        record: &RunningContract,
        leg: &LegView<'_>,
        hold: HoldId,
        taken: &Taken<'_>,
        key: impl Fn(&str) -> KeyRequest,
    ) -> Result<Done, ChangeHoldError> {
        let row = self.visible_hold(&Caller::Operator, hold).await?;
        let captured = match self.brought_about(&key("capture")).await? {
            Some(before) => before,
            None => {
                let work = self.capture_work(record, leg, &row, taken).await?;
                done(&self.perform(Some(key("capture")), work).await?)
            }
        };
        if captured == Done::Yes && taken.is_final && taken.returns > 0 {
            return self.release_leg(hold, taken.returns, true, key("rest")).await;
        }
        Ok(captured)
    }

    /// Gives back an amount; with `is_final` all that is left when it is just that.
    async fn release_leg(
        &self,
        hold: HoldId,
        amount: i64,
        is_final: bool,
        key: KeyRequest,
    ) -> Result<Done, ChangeHoldError> {
        if let Some(before) = self.brought_about(&key).await? {
            return Ok(before);
        }
        let row = self.visible_hold(&Caller::Operator, hold).await?;
        let free = row.free().minor();
        if matches!(row.phase(), Phase::Ended | Phase::Failed) || free == 0 && !something_open(&row) {
            // It went back with the capture, or with the deadline.
            return Ok(Done::Yes);
        }
        // A hold that closes is given back by the hub itself, as often as it takes.
        if row.phase() == Phase::Closing {
            return Ok(Done::NotYet);
        }
        let Some(work) = self.release_work(&row, amount, is_final) else { return Ok(Done::NotYet) };
        Ok(done(&self.perform(Some(key), work).await?))
    }

    /// Raises a hold to an amount; nothing while it is not placed, or when it has that much.
    fn raise_work(&self, row: &Hold, to: i64) -> Option<Work> {
        let amount = Money::new(to.saturating_sub(row.authorised().minor()), row.currency());
        let reference = row.reference().filter(|_| amount.is_positive())?.to_owned();
        let (hold, operation) = (row.id(), self.operation_id(row.id().shard()));
        let begin = Raise { hold, operation, amount, expected_version: Some(row.version()) };
        Some(work(row, operation, RailCommand::Raise { reference, amount }, Command::Raise(begin)))
    }

    /// Gives an amount back, with `is_final` as the end of the hold when it is all that is left; nothing while less is free.
    fn release_work(&self, row: &Hold, amount: i64, is_final: bool) -> Option<Work> {
        let free = row.free().minor();
        let reference = row.reference().filter(|_| free >= amount)?.to_owned();
        let (hold, operation) = (row.id(), self.operation_id(row.id().shard()));
        let asked = Money::new(amount, row.currency());
        let whole = is_final && free == amount;
        let begin =
            Release { hold, operation, amount: (!whole).then_some(asked), expected_version: Some(row.version()) };
        Some(work(row, operation, RailCommand::Release { reference, amount: asked }, Command::Release(begin)))
    }

    async fn capture_work(
        &self,
        record: &RunningContract,
        leg: &LegView<'_>,
        row: &Hold,
        taken: &Taken<'_>,
    ) -> Result<Work, ChangeHoldError> {
        let mut shares: BTreeMap<AccountId, i64> = BTreeMap::new();
        for split in taken.splits {
            let account = account_on(&record.terms.parties, &split.party, leg.rail);
            let account = account.ok_or_else(|| ChangeHoldError::SplitPayeeUnknown { to: split.party.clone() })?;
            *shares.entry(account.account.0).or_default() += split.amount;
        }
        let money = |units: i64| Money::new(units, row.currency());
        let total = shares.values().sum();
        let share = |(account, units): (AccountId, i64)| Share {
            to: ShareTo::Account(account),
            amount: money(units),
            kind: LegKind::Share,
        };
        let last = taken.is_final && !something_open(row);
        let command = CaptureHold {
            caller: Caller::Operator,
            hold: row.id(),
            amount: Some(money(total)),
            finality: if last { Finality::Final } else { Finality::Partial },
            split: shares.into_iter().filter(|(account, _)| *account != row.payee()).map(share).collect(),
            over: OverCapture::Refuse,
            expected_version: None,
        };
        self.capture(command, self.operation_id(row.id().shard())).await
    }
}

/// What a capture takes of a leg.
struct Taken<'t> {
    splits: &'t [Split],
    is_final: bool,
    returns: i64,
}

fn work(row: &Hold, operation: OperationId, ask: RailCommand, begin: Command) -> Work {
    Work { operation, hold: row.id(), rail: row.rail().clone(), ask, begin, before: Vec::new(), writes: Vec::new() }
}

fn something_open(row: &Hold) -> bool {
    let parts = row.parts();
    parts.place_in_flight + parts.raise_in_flight + parts.capture_in_flight + parts.release_in_flight > 0
}

pub(super) fn done(answer: &Answer) -> Done {
    match answer.operation.state() {
        OperationState::Settled { .. } => Done::Yes,
        OperationState::Failed { code, .. } => Done::No { code: code.clone() },
        OperationState::Sent | OperationState::Unknown { .. } | OperationState::RequiresAction => Done::NotYet,
    }
}

/// What an operation that was not begun means. What may come right is tried again; a rail that is not installed now may
/// be tomorrow.
pub(super) fn done_by(error: PerformError) -> Result<Done, ReadError> {
    match error {
        PerformError::Refused(Refusal::HoldVersionConflict { .. } | Refusal::HoldPending { .. }) => Ok(Done::NotYet),
        PerformError::Refused(refusal) => Ok(Done::No { code: refusal.code().to_owned() }),
        PerformError::CommandUnsupported { .. } => Ok(Done::No { code: "rail.command_unsupported".to_owned() }),
        PerformError::RailUnknown(_) | PerformError::KeyRunning | PerformError::Busy { .. } => Ok(Done::NotYet),
        PerformError::KeyReused => Ok(Done::No { code: "contract.effect_differs".to_owned() }),
        PerformError::Rejected { reason } | PerformError::Unavailable { reason } => Err(ReadError { reason }),
    }
}
