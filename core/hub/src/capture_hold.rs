//! Captures a hold: takes all or part of the held money for the payee, with parts of it for others.
//!
//! More than is held is taken only as a raise within the cap and a capture in one step. Above the cap the payer is asked
//! first: the answer is then the raise that waits, and nothing is captured.

use tebura_ledger::{
    Capture, Command, Finality, Hold, HoldId, Leg, LegKind, Money, OperationId, OperationKind, OperationState, Raise,
    Refusal, Settle, Verdict,
};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::ids::MerchantId;
use crate::perform::{Answer, KeyRequest, PerformError, Work, derived};
use crate::ports::Caller;
use crate::rail::RailCommand;
use crate::raise_hold::{BUSY_MS, READS, RaiseHold};

/// A capture to make.
#[derive(Clone, Debug)]
pub struct CaptureHold {
    pub caller: Caller,
    pub hold: HoldId,
    /// `None`: all that is free.
    pub amount: Option<Money>,
    /// Final gives the rest back; partial keeps it for a later capture.
    pub finality: Finality,
    /// Parts of the amount for others; the hold's payee gets the rest.
    pub split: Vec<Share>,
    /// What to do when the amount is more than is free.
    pub over: OverCapture,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

/// A part of a capture for another payee.
#[derive(Clone, Debug)]
pub struct Share {
    pub to: ShareTo,
    pub amount: Money,
    pub kind: LegKind,
}

/// Who gets a part.
#[derive(Clone, Copy, Debug)]
pub enum ShareTo {
    /// Its account on the hold's rail.
    Merchant(MerchantId),
    Account(tebura_ledger::AccountId),
}

/// What to do when more is asked than is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverCapture {
    Refuse,
    /// Raise the hold by the difference, then capture.
    Raise,
}

impl Hub {
    /// Captures a hold. A refusal by the rail is an answer whose operation failed, not an error.
    pub async fn capture_hold(&self, key: KeyRequest, command: CaptureHold) -> Result<Answer, ChangeHoldError> {
        self.not_under_contract(command.hold).await?;
        if command.over == OverCapture::Raise {
            return Box::pin(self.capture_above(key, command)).await;
        }
        for _ in 0..READS {
            let operation = self.operation_id(command.hold.shard());
            let work = self.capture(command.clone(), operation).await?;
            match self.perform(Some(key.clone()), work).await.map_err(ChangeHoldError::from) {
                // The caller named no version: the hub's own was out of date.
                Err(error) if error.is_conflict() && command.expected_version.is_none() => {}
                answer => return answer,
            }
        }
        Err(PerformError::Busy { retry_after_ms: BUSY_MS }.into())
    }

    /// The work of a capture under a given operation id.
    pub(crate) async fn capture(&self, command: CaptureHold, operation: OperationId) -> Result<Work, ChangeHoldError> {
        let CaptureHold { caller, hold, amount, finality, split, over: _, expected_version } = command;
        let facts = self.hold_facts(&caller, hold).await?;
        let rail = self.rail(&facts.rail);
        let descriptor = rail.as_ref().map(|rail| rail.descriptor());
        if !finality.is_last() && descriptor.is_some_and(|descriptor| !descriptor.several_captures) {
            return Err(ChangeHoldError::SeveralCapturesUnsupported);
        }
        if !split.is_empty() && descriptor.is_some_and(|descriptor| !descriptor.abilities.split) {
            return Err(ChangeHoldError::SplitUnsupported);
        }
        let legs = self.legs(&facts.rail, hold, &split).await?;
        // Told that it is the last one, a rail gives back the rest, and with it what a capture without a result may have
        // taken. This hub's own books leave none without.
        let (finality, expected_version) = if finality == Finality::Final && !self.in_house(&facts.rail) {
            let row = self.visible_hold(&caller, hold).await?;
            let beside = row.parts().capture_in_flight > 0;
            let finality = if beside { Finality::FinalBeside } else { finality };
            (finality, Some(expected_version.unwrap_or(row.version())))
        } else {
            (finality, expected_version)
        };
        // The rail has to be told a number. Where nothing is free the ledger says so, of the version that was read.
        let (asked, amount, expected_version) = match amount {
            Some(amount) => (amount, Some(amount), expected_version),
            None => {
                let row = self.visible_hold(&caller, hold).await?;
                let (free, version) = (row.free(), row.version());
                if free.is_positive() { (free, Some(free), expected_version) } else { (free, None, Some(version)) }
            }
        };
        Ok(Work {
            operation,
            hold,
            rail: facts.rail,
            ask: RailCommand::Capture { reference: facts.reference, amount: asked, is_final: finality.gives_back() },
            begin: Command::Capture(Capture {
                hold,
                operation,
                transfer: self.transfer_id(hold.shard()),
                amount,
                finality,
                legs,
                expected_version,
            }),
            before: Vec::new(),
            writes: Vec::new(),
        })
    }

    async fn legs(
        &self,
        rail: &tebura_ledger::RailId,
        hold: HoldId,
        split: &[Share],
    ) -> Result<Vec<Leg>, ChangeHoldError> {
        let mut legs = Vec::with_capacity(split.len());
        for share in split {
            let to = match share.to {
                ShareTo::Account(account) => account,
                ShareTo::Merchant(merchant) => {
                    let payees = self.payees(merchant).await?;
                    let unknown = || ChangeHoldError::SplitPayeeUnknown { to: merchant.to_string() };
                    payees.iter().find(|payee| payee.rail == *rail).map(|payee| payee.account).ok_or_else(unknown)?
                }
            };
            let transfer = self.transfer_id(hold.shard());
            legs.push(Leg { to, amount: share.amount, transfer, kind: share.kind });
        }
        Ok(legs)
    }

    /// Captures more than is free: raises by the difference, then captures.
    async fn capture_above(&self, key: KeyRequest, command: CaptureHold) -> Result<Answer, ChangeHoldError> {
        if let Some(claimed) = self.store.claimed_key(&key.scope, &key.key).await? {
            if !key.matches(&claimed) {
                return Err(PerformError::KeyReused.into());
            }
            return self.capture_again(&command, &claimed.target).await;
        }
        for _ in 0..READS {
            let hold = self.visible_hold(&command.caller, command.hold).await?;
            let missing = command.amount.map_or(0, |amount| amount.minor().saturating_sub(hold.free().minor()));
            let answer = if missing <= 0 {
                let plain = CaptureHold { over: OverCapture::Refuse, ..command.clone() };
                let work = self.capture(plain, self.operation_id(command.hold.shard())).await?;
                self.perform(Some(key.clone()), work).await.map_err(ChangeHoldError::from)
            } else if self.in_house(hold.rail()) && within_cap(&hold, missing) {
                self.capture_raised(key.clone(), &command, &hold, missing).await
            } else {
                self.raise_then_capture(key.clone(), &command, &hold, missing).await
            };
            match answer {
                Err(error) if error.is_conflict() && command.expected_version.is_none() => {}
                answer => return answer,
            }
        }
        Err(PerformError::Busy { retry_after_ms: BUSY_MS }.into())
    }

    /// On the hub's own ledger both happen in one transaction, or neither.
    async fn capture_raised(
        &self,
        key: KeyRequest,
        command: &CaptureHold,
        hold: &Hold,
        missing: i64,
    ) -> Result<Answer, ChangeHoldError> {
        let id = hold.id();
        let raise = self.operation_id(id.shard());
        let amount = Money::new(missing, hold.currency());
        let expected_version = Some(command.expected_version.unwrap_or(hold.version()));
        let plain = CaptureHold { over: OverCapture::Refuse, expected_version: None, ..command.clone() };
        let mut work = self.capture(plain, self.operation_id(id.shard())).await?;
        let verdict = Verdict::Settled { reference: raise.to_string(), amount };
        work.before = vec![
            Command::Raise(Raise { hold: id, operation: raise, amount, expected_version }),
            Command::Settle(Settle { hold: id, operation: raise, verdict }),
        ];
        Ok(self.perform(Some(key), work).await?)
    }

    /// Over a rail the raise comes first. The capture's id follows from the raise's, so that a repeat of the request
    /// goes on where the last one was cut off. A raise that is declined, or that waits for the payer, is the answer.
    async fn raise_then_capture(
        &self,
        key: KeyRequest,
        command: &CaptureHold,
        hold: &Hold,
        missing: i64,
    ) -> Result<Answer, ChangeHoldError> {
        self.check_split(command, hold).await?;
        let raise = RaiseHold {
            caller: command.caller.clone(),
            hold: hold.id(),
            amount: Money::new(missing, hold.currency()),
            expected_version: Some(command.expected_version.unwrap_or(hold.version())),
        };
        let raised = self.raise_hold(key, raise).await?;
        if !matches!(raised.operation.state(), OperationState::Settled { .. }) {
            return Ok(raised);
        }
        self.capture_after(command, raised).await
    }

    /// Everything that could be refused of the capture's parts, before the rail is asked to raise.
    async fn check_split(&self, command: &CaptureHold, hold: &Hold) -> Result<(), ChangeHoldError> {
        let plain = CaptureHold { over: OverCapture::Refuse, ..command.clone() };
        let work = self.capture(plain, self.operation_id(hold.id().shard())).await?;
        let Command::Capture(Capture { legs, amount: Some(amount), .. }) = work.begin else { return Ok(()) };
        let mut sum = 0_i64;
        for (index, leg) in legs.iter().enumerate() {
            if !leg.amount.is_positive() {
                return Err(Refusal::AmountNotPositive { amount: leg.amount }.into());
            }
            let missing = Refusal::AccountNotFound { account: leg.to };
            let account = self.store.account(leg.to).await?.ok_or(missing)?;
            for expected in [hold.currency(), account.currency()] {
                if leg.amount.currency() != expected {
                    return Err(Refusal::CurrencyMismatch { given: leg.amount.currency(), expected }.into());
                }
            }
            if leg.to == hold.payer() {
                return Err(Refusal::SameAccount { account: leg.to }.into());
            }
            if leg.to == hold.payee() || legs.iter().take(index).any(|other| other.to == leg.to) {
                return Err(Refusal::SplitPayeeRepeated { account: leg.to }.into());
            }
            sum = sum.checked_add(leg.amount.minor()).ok_or(Refusal::AmountOverflow)?;
        }
        if sum > amount.minor() {
            let legs = Money::new(sum, hold.currency());
            return Err(Refusal::SplitExceedsCapture { legs, captured: amount }.into());
        }
        Ok(())
    }

    /// What a repeat of the request finds: the capture, or the raise before it and what has to follow.
    async fn capture_again(&self, command: &CaptureHold, target: &str) -> Result<Answer, ChangeHoldError> {
        let answer = self.replay(target).await?;
        let raised = matches!(answer.operation.kind(), OperationKind::Raise { .. });
        let settled = matches!(answer.operation.state(), OperationState::Settled { .. });
        if raised && settled { self.capture_after(command, answer).await } else { Ok(answer) }
    }

    async fn capture_after(&self, command: &CaptureHold, raised: Answer) -> Result<Answer, ChangeHoldError> {
        let capture = derived(raised.operation.id(), "capture");
        if self.store.operation(capture).await?.is_some() {
            return Ok(self.answer(capture, raised.replayed).await?);
        }
        let plain = CaptureHold { over: OverCapture::Refuse, expected_version: None, ..command.clone() };
        for _ in 0..READS {
            let work = self.capture(plain.clone(), capture).await?;
            match self.perform(None, work).await.map_err(ChangeHoldError::from) {
                Err(error) if error.is_conflict() => {}
                answer => return answer,
            }
        }
        Err(PerformError::Busy { retry_after_ms: BUSY_MS }.into())
    }
}

fn within_cap(hold: &Hold, missing: i64) -> bool {
    let parts = hold.parts();
    let raised = parts.authorised.checked_add(parts.raise_in_flight).and_then(|sum| sum.checked_add(missing));
    raised.is_some_and(|raised| raised <= parts.cap)
}
