//! Moves a service's money through the verbs that merchants use, under a key of the request and the step: however often it
//! is tried, it happens once.

use sha2::{Digest, Sha256};
use tebura_ledger::{AtDeadline, Finality, HoldId, Money, OperationId, OperationState, Phase, Refusal};

use super::instance::ServiceInstance;
use super::record::ServiceRequest;
use super::step::{LedgerStep, Receipt};
use crate::capture_hold::{CaptureHold, OverCapture};
use crate::change_hold::ChangeHoldError;
use crate::create_hold::{CreateHold, CreateHoldError, MAX_HOLD_MS, MIN_HOLD_MS};
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, PerformError};
use crate::ports::{Caller, ReadError};
use crate::rail::Fault;
use crate::refund_capture::RefundCapture;
use crate::release_hold::ReleaseHold;

/// What became of a movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    Done(Receipt),
    /// It did not move and will not.
    Refused(Fault),
    /// Under way, or nobody can tell yet.
    NotYet,
}

impl Move {
    fn refused(code: &str, message: impl Into<String>) -> Move {
        Move::Refused(Fault { code: code.to_owned(), message: message.into() })
    }
}

/// The key of one part of the present step. The step is stored and never changes, so its number says what is asked.
pub(super) fn step_key(row: &ServiceRequest, part: &str) -> KeyRequest {
    let key = format!("{}:{}:{part}", row.id, row.progress.ordinal);
    let fingerprint = Sha256::digest(&key).into();
    KeyRequest { scope: "service".to_owned(), key, fingerprint }
}

impl Hub {
    /// Moves the money of a step, or finds that it was moved.
    pub(super) async fn move_for_service(
        &self,
        service: &ServiceInstance,
        row: &ServiceRequest,
        step: &LedgerStep,
    ) -> Result<Move, ReadError> {
        let own = step_key(row, step.name());
        match self.moved_before(&own).await {
            Ok(Some(answer)) => return self.outcome(row, step, &answer).await,
            Ok(None) => {}
            Err(error) => return by_error(error),
        }
        let answer = match step {
            LedgerStep::Hold { .. } => match self.hold_for_service(service, row, own, step).await {
                Ok(answer) => Ok(answer),
                Err(CreateHoldError::Perform(error)) => return by_error(error),
                Err(error) => return Ok(Move::refused(code_of(&error), error.to_string())),
            },
            LedgerStep::Capture { hold, amount, is_final } => match self.hold_of_service(row, hold).await? {
                Some(hold) => self.capture_hold(own, capture(hold, *amount, *is_final)).await,
                None => return Ok(not_ours("hold")),
            },
            LedgerStep::Release { hold } => {
                let Some(hold) = self.hold_of_service(row, hold).await? else { return Ok(not_ours("hold")) };
                return self.give_back(hold, own).await;
            }
            LedgerStep::Refund { capture, amount } => match self.capture_of_service(row, capture).await? {
                Some(capture) => {
                    let (caller, expected_version) = (Caller::Operator, None);
                    let amount = Some(*amount);
                    self.refund_capture(own, RefundCapture { caller, capture, amount, expected_version }).await
                }
                None => return Ok(not_ours("capture")),
            },
        };
        match answer {
            Ok(answer) => self.outcome(row, step, &answer).await,
            Err(ChangeHoldError::Perform(error)) => by_error(error),
            Err(ChangeHoldError::NotPlaced) => Ok(Move::NotYet),
            Err(error) => Ok(Move::refused("service.money_refused", error.to_string())),
        }
    }

    /// What an operation that was begun under a key came to.
    async fn moved_before(&self, key: &KeyRequest) -> Result<Option<Answer>, PerformError> {
        match self.store.claimed_key(&key.scope, &key.key).await? {
            Some(claimed) if key.matches(&claimed) => self.replay(&claimed.target).await.map(Some),
            Some(_) => Err(PerformError::KeyReused),
            None => Ok(None),
        }
    }

    async fn hold_for_service(
        &self,
        service: &ServiceInstance,
        row: &ServiceRequest,
        key: KeyRequest,
        step: &LedgerStep,
    ) -> Result<Answer, CreateHoldError> {
        let LedgerStep::Hold { payee, amount, expires, .. } = step else {
            return Err(CreateHoldError::AmountNotPositive);
        };
        let merchant = service.config.payees.get(payee);
        let merchant = *merchant.ok_or_else(|| CreateHoldError::PayeeNotFound { rail: payee.clone() })?;
        // The step was taken with an instrument, and what was asked never changes.
        let payer = row.asked.instrument.ok_or(CreateHoldError::AmountNotPositive)?;
        let command = CreateHold {
            payer,
            merchant,
            amount: *amount,
            cap: None,
            expires_in_ms: expires.since_ms(self.now()).clamp(MIN_HOLD_MS, MAX_HOLD_MS),
            at_deadline: AtDeadline::Release,
        };
        self.create_hold(key, command).await
    }

    /// What an answer means for the step. A rail that reserves less than was agreed holds nothing for the service.
    async fn outcome(&self, row: &ServiceRequest, step: &LedgerStep, answer: &Answer) -> Result<Move, ReadError> {
        let (amount, operation) = match answer.operation.state() {
            OperationState::Failed { code, .. } => return Ok(Move::refused(code, "the rail declined")),
            OperationState::Sent | OperationState::Unknown { .. } | OperationState::RequiresAction => {
                return Ok(Move::NotYet);
            }
            OperationState::Settled { amount, .. } => (*amount, answer.operation.id()),
        };
        let hold = answer.hold.id();
        Ok(match step {
            LedgerStep::Hold { amount: asked, .. } if amount.minor() < asked.minor() => {
                match self.give_back(hold, step_key(row, "short")).await? {
                    Move::NotYet => Move::NotYet,
                    // What the rail does not give back now, the hold's own deadline does.
                    Move::Done(_) | Move::Refused(_) => Move::refused("rail.reserved_less", "the rail held less"),
                }
            }
            LedgerStep::Hold { .. } | LedgerStep::Release { .. } => {
                Move::Done(Receipt { id: hold.to_string(), amount })
            }
            LedgerStep::Capture { .. } | LedgerStep::Refund { .. } => {
                Move::Done(Receipt { id: operation.to_string(), amount })
            }
        })
    }

    /// Gives back all that is left of a hold.
    pub(super) async fn give_back(&self, hold: HoldId, key: KeyRequest) -> Result<Move, ReadError> {
        let done = |amount: Money| Ok(Move::Done(Receipt { id: hold.to_string(), amount }));
        let answer = match self.moved_before(&key).await {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let Some(row) = self.store.hold(hold).await? else { return Ok(not_ours("hold")) };
                let parts = row.parts();
                let open = parts.place_in_flight + parts.capture_in_flight + parts.release_in_flight;
                if matches!(row.phase(), Phase::Ended | Phase::Failed) || (row.free().minor() == 0 && open == 0) {
                    return done(Money::new(0, row.currency()));
                }
                // A hold that closes is given back by the hub itself; what is in flight decides what is left.
                if matches!(row.phase(), Phase::Closing | Phase::Placing) || row.free().minor() == 0 {
                    return Ok(Move::NotYet);
                }
                let command = ReleaseHold { caller: Caller::Operator, hold, amount: None, expected_version: None };
                match self.release_hold(key, command).await {
                    Ok(answer) => answer,
                    Err(ChangeHoldError::Perform(error)) => return by_error(error),
                    Err(ChangeHoldError::NotPlaced) => return Ok(Move::NotYet),
                    Err(error) => return Ok(Move::refused("service.money_refused", error.to_string())),
                }
            }
            Err(error) => return by_error(error),
        };
        match answer.operation.state() {
            OperationState::Settled { amount, .. } => done(*amount),
            OperationState::Failed { code, .. } => Ok(Move::refused(code, "the rail declined")),
            OperationState::Sent | OperationState::Unknown { .. } | OperationState::RequiresAction => Ok(Move::NotYet),
        }
    }

    /// A hold that this request, or an earlier one of the same person and instance, placed.
    pub(super) async fn hold_of_service(&self, row: &ServiceRequest, text: &str) -> Result<Option<HoldId>, ReadError> {
        let Ok(hold) = text.parse::<HoldId>() else { return Ok(None) };
        if row.progress.holds.iter().any(|own| own.hold == hold) {
            return Ok(Some(hold));
        }
        let Some(placed_by) = self.store.service_of_hold(hold).await? else { return Ok(None) };
        let earlier = self.store.service_request(placed_by).await?;
        let same = |earlier: &ServiceRequest| {
            earlier.service == row.service && earlier.asked.person.is_some() && earlier.asked.person == row.asked.person
        };
        Ok(earlier.filter(same).map(|_| hold))
    }

    async fn capture_of_service(&self, row: &ServiceRequest, text: &str) -> Result<Option<OperationId>, ReadError> {
        let Ok(capture) = text.parse::<OperationId>() else { return Ok(None) };
        let Some(operation) = self.store.operation(capture).await? else { return Ok(None) };
        let Some(hold) = operation.hold() else { return Ok(None) };
        Ok(self.hold_of_service(row, &hold.to_string()).await?.map(|_| capture))
    }
}

fn capture(hold: HoldId, amount: Money, is_final: bool) -> CaptureHold {
    CaptureHold {
        caller: Caller::Operator,
        hold,
        amount: Some(amount),
        finality: if is_final { Finality::Final } else { Finality::Partial },
        split: Vec::new(),
        over: OverCapture::Refuse,
        expected_version: None,
    }
}

fn not_ours(what: &str) -> Move {
    Move::refused(&format!("service.{what}_unknown"), format!("no such {what} of this person and service"))
}

/// What an operation that was not begun means. What may come right is tried again; a rail that is not installed now may
/// be tomorrow.
fn by_error(error: PerformError) -> Result<Move, ReadError> {
    match error {
        PerformError::Refused(Refusal::HoldVersionConflict { .. } | Refusal::HoldPending { .. }) => Ok(Move::NotYet),
        PerformError::Refused(refusal) => Ok(Move::refused(refusal.code(), refusal.to_string())),
        PerformError::CommandUnsupported { .. } => Ok(Move::refused("rail.command_unsupported", error.to_string())),
        PerformError::RailUnknown(_) | PerformError::KeyRunning | PerformError::Busy { .. } => Ok(Move::NotYet),
        PerformError::KeyReused => Ok(Move::refused("service.step_differs", error.to_string())),
        PerformError::Rejected { reason } | PerformError::Unavailable { reason } => Err(ReadError { reason }),
    }
}

fn code_of(error: &CreateHoldError) -> &'static str {
    match error {
        CreateHoldError::AmountNotPositive => "amount.not_positive",
        CreateHoldError::DeadlineOutOfRange { .. } => "hold.deadline_out_of_range",
        CreateHoldError::CapBelowAmount => "hold.cap_below_amount",
        CreateHoldError::InstrumentNotFound(_) => "instrument.not_found",
        CreateHoldError::InstrumentRemoved(_) => "instrument.removed",
        CreateHoldError::PayeeNotFound { .. } => "payee.not_found",
        CreateHoldError::CurrencyNotAccepted { .. } => "amount.currency_not_accepted",
        CreateHoldError::AboveRailLimit { .. } => "amount.above_rail_limit",
        CreateHoldError::Perform(_) => "hold.refused",
    }
}
