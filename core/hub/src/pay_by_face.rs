//! Pays by face: look, decide who it is among those who can be here, hold, capture.
//!
//! A face selects, it does not decide alone: liveness, the till's gallery, its cap and the PIN stand beside it.
//! Everything up to the decision is repeatable and moves nothing; the decision is stored under the caller's key with
//! the ids that the money will move under, and from there any repeat takes the same path to the same end.

use tebura_face::{Conditions, SampleRefusal};
use tebura_ledger::{AtDeadline, Finality, FollowUp, Money, OperationState};

use crate::budgets::Searcher;
use crate::capture_hold::{CaptureHold, OverCapture};
use crate::change_hold::ChangeHoldError;
use crate::consent::PAYMENT;
use crate::create_hold::{CreateHoldError, PlaceIds, Terms};
use crate::hub::Hub;
use crate::ids::{PaymentId, PersonId, TillId};
use crate::payment::{Decision, Payer, Payment, PaymentStatus};
use crate::people::Instrument;
use crate::perform::{KeyRequest, PerformError};
use crate::pin::{CheckPinError, Pin, PinVerdict};
use crate::ports::{Caller, CommitError, Committed, ReadError, Unit, Write};
use crate::recognise::{Among, Known, LookError, Looked};
use crate::recognition::RecognitionWrite;
use crate::sites::Till;

/// Deadline of the hold between look and capture. If the hub stops in between and nobody repeats the request, the
/// money is free again after this.
const HOLD_MS: i64 = 5 * 60_000;

/// A payment to make.
#[derive(Clone, Debug)]
pub struct PayByFace {
    pub till: TillId,
    pub amount: Money,
    /// PNG, JPEG or WebP. Not kept.
    pub image: Vec<u8>,
    pub pin: Option<Pin>,
}

/// A payment with what a till may show.
#[derive(Clone, Debug)]
pub struct PaymentAnswer {
    pub payment: Payment,
    pub status: PaymentStatus,
    /// How the payer was known: `pass`, `card`, `staff`, `guardian`; `None`: by the face.
    pub way: Option<String>,
    /// First character and marks; only when somebody was recognised.
    pub masked_name: Option<String>,
    pub hold: Option<tebura_ledger::Hold>,
    pub replayed: bool,
}

/// How a payer showed who she is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown {
    /// By the face, seen under these conditions.
    Face(Conditions),
    /// Otherwise; see [`PaymentAnswer::way`].
    Otherwise(&'static str),
}

/// Why there is no payment. A refusal of the face or of the money is an answer, not an error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PayByFaceError {
    #[error("there is no till {0}; use the key of an existing till")]
    TillNotFound(TillId),
    #[error("there is no payment {0} of yours")]
    PaymentNotFound(PaymentId),
    #[error("the amount must be a positive whole number of minor units")]
    AmountNotPositive,
    #[error("this till takes at most {limit} in one payment; use another way to pay")]
    AboveTillLimit { limit: i64 },
    #[error("the picture cannot be used: {0}")]
    Image(SampleRefusal),
    #[error("the face engine is busy; repeat with the same key in {retry_after_ms} ms")]
    EngineBusy { retry_after_ms: u64 },
    #[error(transparent)]
    Hold(#[from] CreateHoldError),
    #[error(transparent)]
    Change(#[from] ChangeHoldError),
    #[error(transparent)]
    Pin(#[from] CheckPinError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Pays by face. A repeat with the same key gives the same payment and looks at no picture.
    pub async fn pay_by_face(&self, key: KeyRequest, command: PayByFace) -> Result<PaymentAnswer, PayByFaceError> {
        let PayByFace { till, amount, image, pin } = command;
        let till = self.till_for(till, amount).await?;
        if let Some(answer) = self.earlier_payment(&key).await? {
            return Ok(answer);
        }
        let (payer, conditions) = self.look(&till, amount, image, pin).await?;
        let decision = match payer {
            Ok(payer) => Decision::Recognised(payer),
            Err(code) => Decision::Refused { code: code.to_owned() },
        };
        self.decided_payment(key, &till, amount, decision, Shown::Face(conditions)).await
    }

    /// The till of a payment, when it takes that much.
    pub(crate) async fn till_for(&self, till: TillId, amount: Money) -> Result<Till, PayByFaceError> {
        let till = self.store.till(till).await?.ok_or(PayByFaceError::TillNotFound(till))?;
        if amount.minor() <= 0 {
            return Err(PayByFaceError::AmountNotPositive);
        }
        if amount.minor() > till.max_amount {
            return Err(PayByFaceError::AboveTillLimit { limit: till.max_amount });
        }
        Ok(till)
    }

    /// The payment that the key made before, taken on to its end.
    pub(crate) async fn earlier_payment(&self, key: &KeyRequest) -> Result<Option<PaymentAnswer>, PayByFaceError> {
        match self.made_before::<PayByFaceError>(key).await? {
            Some(made) => self.repeat_payment(&made).await.map(Some),
            None => Ok(None),
        }
    }

    /// Stores what was decided under the caller's key, and carries it out.
    pub(crate) async fn decided_payment(
        &self,
        key: KeyRequest,
        till: &Till,
        amount: Money,
        decision: Decision,
        shown: Shown,
    ) -> Result<PaymentAnswer, PayByFaceError> {
        let (now, shard) = (self.now(), self.key_shard(&key));
        let id = PaymentId::from_uuid(self.ids.next(shard));
        let payment = Payment { id, merchant: till.merchant, till: till.id, amount, decision, created_at: now };
        let mut writes = vec![Write::Payment(payment.clone())];
        match shown {
            Shown::Otherwise(way) => {
                writes.push(Write::Recognition(RecognitionWrite::Way { payment: id, way: way.to_owned() }));
            }
            Shown::Face(conditions) => {
                let worn: Vec<_> = conditions.worn().collect();
                if !worn.is_empty() {
                    writes.push(Write::Recognition(RecognitionWrite::Worn { payment: id, worn }));
                }
            }
        }
        let unit = Unit { key: Some(key.claim(id)), writes, ..Unit::default() };
        match self.store.commit(shard, now, unit).await? {
            Committed::Done(_) => self.settle_payment(payment, false).await,
            Committed::Replayed { target } => self.repeat_payment(&target).await,
        }
    }

    /// A payment as it stands, without moving it.
    pub async fn payment(&self, caller: &Caller, id: PaymentId) -> Result<PaymentAnswer, PayByFaceError> {
        let payment = self.store.payment(id).await?.ok_or(PayByFaceError::PaymentNotFound(id))?;
        if matches!(caller, Caller::Merchant(merchant) if *merchant != payment.merchant) {
            return Err(PayByFaceError::PaymentNotFound(id));
        }
        let status = self.payment_status(&payment).await?;
        self.payment_answer(payment, status, false).await
    }

    async fn repeat_payment(&self, target: &str) -> Result<PaymentAnswer, PayByFaceError> {
        let id: PaymentId = target.parse().map_err(|_| CommitError::KeyReused)?;
        let payment = self.store.payment(id).await?.ok_or(PayByFaceError::PaymentNotFound(id))?;
        self.settle_payment(payment, true).await
    }

    /// Who pays, or the code of the refusal; and under what the face was seen.
    async fn look(
        &self,
        till: &Till,
        amount: Money,
        image: Vec<u8>,
        pin: Option<Pin>,
    ) -> Result<(Result<Payer, &'static str>, Conditions), PayByFaceError> {
        let sandbox = self.merchant(till.merchant).await?.is_some_and(|merchant| merchant.sandbox);
        let among = Among::Gallery(till.gallery, self.budget_of(Searcher::Till(till.id)));
        let Looked { known, conditions } = match self.recognise(sandbox, among, &[], image).await {
            Ok(looked) => looked,
            Err(LookError::Image(refusal)) => return Err(PayByFaceError::Image(refusal)),
            Err(LookError::EngineBusy { retry_after_ms }) => return Err(PayByFaceError::EngineBusy { retry_after_ms }),
            Err(LookError::Read(error)) => return Err(error.into()),
        };
        let payer = match known {
            Ok(known) => self.who_pays(till, amount, known, pin).await?,
            Err(code) => Err(code),
        };
        Ok((payer, conditions))
    }

    /// Whether somebody who is known pays, and with what; or the code of the refusal.
    async fn who_pays(
        &self,
        till: &Till,
        amount: Money,
        known: Known,
        pin: Option<Pin>,
    ) -> Result<Result<Payer, &'static str>, PayByFaceError> {
        let person = known.person;
        if !self.agreed(person, &[PAYMENT]).await? {
            return Ok(Err("consent.payment"));
        }
        if amount.minor() > till.pin_above || !known.clear || self.is_minor(person).await? {
            let verdict = self.check_pin(person, pin).await?;
            if let Some(code) = pin_code(verdict) {
                return Ok(Err(code));
            }
        }
        let instruments = self.store.instruments(person).await?;
        let Some(instrument) = chosen(&instruments) else { return Ok(Err("instrument.none")) };
        Ok(Ok(self.payer(person, instrument)))
    }

    /// Who pays with what, and the ids that the money will move under.
    pub(crate) fn payer(&self, person: PersonId, instrument: &Instrument) -> Payer {
        let shard = instrument.account.shard();
        Payer {
            person,
            instrument: instrument.id,
            hold: self.hold_id(shard),
            place: self.operation_id(shard),
            capture: self.operation_id(shard),
        }
    }

    /// Takes a stored payment to its end, or to where it has to wait.
    async fn settle_payment(&self, payment: Payment, replayed: bool) -> Result<PaymentAnswer, PayByFaceError> {
        if let Decision::Recognised(payer) = payment.decision
            && self.payment_status(&payment).await? == PaymentStatus::Pending
        {
            match self.place_and_capture(&payment, payer).await {
                // The same payment is being driven by an earlier request: its state is the answer.
                Ok(()) | Err(PayByFaceError::Hold(CreateHoldError::Perform(PerformError::KeyRunning))) => {}
                Err(PayByFaceError::Hold(CreateHoldError::Perform(PerformError::Refused(refusal)))) => {
                    let status = PaymentStatus::Refused { code: refusal.code().to_owned() };
                    return self.payment_answer(payment, status, replayed).await;
                }
                Err(error) => return Err(error),
            }
        }
        let status = self.payment_status(&payment).await?;
        self.payment_answer(payment, status, replayed).await
    }

    async fn place_and_capture(&self, payment: &Payment, payer: Payer) -> Result<(), PayByFaceError> {
        let instrument = self.instrument(payer.instrument).await?;
        let instrument = instrument.ok_or(CreateHoldError::InstrumentNotFound(payer.instrument))?;
        let placed = match self.store.operation(payer.place).await? {
            Some(operation) => operation,
            None => {
                let ids = PlaceIds { hold: payer.hold, operation: payer.place };
                let terms = Terms {
                    amount: payment.amount,
                    cap: None,
                    expires_in_ms: HOLD_MS,
                    at_deadline: AtDeadline::Release,
                };
                let work = self.place(ids, &instrument, payment.merchant, terms).await?;
                self.perform(None, work).await.map_err(CreateHoldError::from)?.operation
            }
        };
        if !matches!(placed.state(), OperationState::Settled { .. }) {
            return Ok(());
        }
        let captured = match self.store.operation(payer.capture).await? {
            Some(operation) => operation,
            None => {
                let command = CaptureHold {
                    caller: Caller::Operator,
                    hold: payer.hold,
                    amount: Some(payment.amount),
                    finality: Finality::Final,
                    split: Vec::new(),
                    over: OverCapture::Refuse,
                    expected_version: None,
                };
                let work = self.capture(command, payer.capture).await?;
                self.perform(None, work).await.map_err(ChangeHoldError::from)?.operation
            }
        };
        if let OperationState::Failed { .. } = captured.state() {
            // Nothing will be taken: the person's money is free again at once.
            self.follow_up(FollowUp::ReleaseRest { hold: payer.hold }).await?;
        }
        Ok(())
    }

    async fn payment_status(&self, payment: &Payment) -> Result<PaymentStatus, ReadError> {
        let payer = match &payment.decision {
            Decision::Refused { code } => return Ok(PaymentStatus::Refused { code: code.clone() }),
            Decision::Recognised(payer) => payer,
        };
        let place = self.store.operation(payer.place).await?;
        let capture = self.store.operation(payer.capture).await?;
        let stands = |state: &OperationState| match state {
            OperationState::RequiresAction | OperationState::Sent => PaymentStatus::Pending,
            OperationState::Unknown { .. } => PaymentStatus::Unknown,
            OperationState::Settled { .. } => PaymentStatus::Paid,
            OperationState::Failed { code, .. } => PaymentStatus::Refused { code: code.clone() },
        };
        if let Some(capture) = capture {
            return Ok(stands(capture.state()));
        }
        match place.map(|place| stands(place.state())) {
            Some(PaymentStatus::Paid) | None => {
                let over = self.now() >= payment.created_at.plus_ms(HOLD_MS);
                Ok(if over { refused("payment.interrupted") } else { PaymentStatus::Pending })
            }
            Some(status) => Ok(status),
        }
    }

    async fn payment_answer(
        &self,
        payment: Payment,
        status: PaymentStatus,
        replayed: bool,
    ) -> Result<PaymentAnswer, PayByFaceError> {
        let (masked_name, hold) = match &payment.decision {
            Decision::Refused { .. } => (None, None),
            Decision::Recognised(payer) => {
                let person = self.store.person(payer.person).await?;
                (person.map(|person| person.masked_name()), self.store.hold(payer.hold).await?)
            }
        };
        let way = self.store.payment_way(payment.id).await?;
        Ok(PaymentAnswer { payment, status, way, masked_name, hold, replayed })
    }
}

fn refused(code: &str) -> PaymentStatus {
    PaymentStatus::Refused { code: code.to_owned() }
}

pub(crate) fn pin_code(verdict: PinVerdict) -> Option<&'static str> {
    match verdict {
        PinVerdict::Right => None,
        PinVerdict::Needed => Some("pin.needed"),
        PinVerdict::NoneChosen => Some("pin.none_chosen"),
        PinVerdict::Wrong { .. } => Some("pin.wrong"),
        PinVerdict::Locked { .. } => Some("pin.locked"),
    }
}

/// The instrument that the person chose last as the default; the oldest where none was chosen. None that was removed.
pub(crate) fn chosen(instruments: &[Instrument]) -> Option<&Instrument> {
    let kept = || instruments.iter().filter(|instrument| instrument.removed_at.is_none());
    let newest_default = kept().filter(|instrument| instrument.is_default).max_by_key(|row| row.id);
    newest_default.or_else(|| kept().min_by_key(|row| row.id))
}
