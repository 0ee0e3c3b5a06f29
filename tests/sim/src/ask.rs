//! What callers ask of the hub, under which key, and what they were told.

use tebura_hub::Hub;
use tebura_hub::capture_hold::{CaptureHold, OverCapture, Share, ShareTo};
use tebura_hub::change_hold::ChangeHoldError;
use tebura_hub::confirm_raise::{ConfirmRaise, Word};
use tebura_hub::create_hold::{CreateHold, CreateHoldError};
use tebura_hub::dispute_capture::{DisputeCapture, DisputeEnd};
use tebura_hub::extend_hold::ExtendHold;
use tebura_hub::ids::{InstrumentId, MerchantId};
use tebura_hub::perform::{Answer, KeyRequest, PerformError};
use tebura_hub::ports::Caller;
use tebura_hub::raise_hold::RaiseHold;
use tebura_hub::refund_capture::RefundCapture;
use tebura_hub::release_hold::ReleaseHold;
use tebura_hub::reverse_capture::ReverseCapture;
use tebura_ledger::{AtDeadline, Currency, Finality, HoldId, LegKind, Money, OperationId, OperationState};

/// What is asked.
#[derive(Clone, Debug)]
pub enum Ask {
    Place { payer: InstrumentId, amount: i64, cap: Option<i64>, expires_in_ms: i64, captures_at_deadline: bool },
    Raise { hold: HoldId, amount: i64, expected_version: Option<u32> },
    Confirm { raise: OperationId, yes: bool },
    Extend { hold: HoldId, expires_in_ms: i64, expected_version: Option<u32> },
    Capture(CaptureAsk),
    Release { hold: HoldId, amount: Option<i64>, expected_version: Option<u32> },
    Refund { capture: OperationId, amount: Option<i64> },
    Reverse { capture: OperationId },
    Dispute { capture: OperationId, amount: Option<i64> },
    EndDispute { dispute: OperationId, lost: bool },
}

/// A capture that is asked for.
#[derive(Clone, Debug)]
pub struct CaptureAsk {
    pub hold: HoldId,
    pub amount: Option<i64>,
    pub finality: Finality,
    /// Others who get a part.
    pub split: Vec<(MerchantId, i64)>,
    /// More than is held is raised first.
    pub raises: bool,
    pub expected_version: Option<u32>,
}

impl Ask {
    /// The kinds of operation that may be the answer.
    pub fn kinds(&self) -> &'static [&'static str] {
        match self {
            Ask::Place { .. } => &["place"],
            Ask::Raise { .. } | Ask::Confirm { .. } => &["raise"],
            Ask::Extend { .. } => &["extend"],
            // A raise is the answer while it waits for the payer, and when it is declined.
            Ask::Capture(CaptureAsk { raises: true, .. }) => &["capture", "raise"],
            Ask::Capture(_) => &["capture"],
            Ask::Release { .. } => &["release"],
            Ask::Refund { .. } => &["refund"],
            Ask::Reverse { .. } => &["reverse", "refund"],
            Ask::Dispute { .. } | Ask::EndDispute { .. } => &["dispute"],
        }
    }
}

/// What a caller was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// There is an operation, and this is what is known of it.
    Operation { id: OperationId, hold: HoldId, kind: &'static str, state: Known, replayed: bool },
    /// Nothing was begun, and the reason will be the same while nothing changes.
    Refused { why: String },
    /// The key was used for something else.
    KeyReused,
    /// Ask again with the same key.
    AskAgain { why: String },
}

/// What is known of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The payer has to say yes.
    Waiting,
    Open,
    Settled(i64),
    Failed,
}

/// One request, however often it is sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub merchant: MerchantId,
    pub key: String,
    /// Stands for route and body.
    pub fingerprint: u8,
    pub ask: Ask,
    /// How often it was sent.
    pub sent: u32,
    /// How often it is under way now.
    pub under_way: u32,
    /// A process died with it, so that its fate is not known to the caller.
    pub cut_off: bool,
    pub told: Vec<Told>,
}

impl Request {
    /// A request that was not sent yet.
    pub fn new(merchant: MerchantId, key: String, fingerprint: u8, ask: Ask) -> Self {
        Request { merchant, key, fingerprint, ask, sent: 0, under_way: 0, cut_off: false, told: Vec::new() }
    }

    /// Whether the caller knows how it ended.
    pub fn is_answered(&self) -> bool {
        self.told.iter().any(|told| match told {
            Told::Operation { state, .. } => !matches!(state, Known::Open | Known::Waiting),
            Told::KeyReused => true,
            Told::Refused { .. } | Told::AskAgain { .. } => false,
        })
    }

    /// The owner of the keys.
    pub fn scope(&self) -> String {
        self.merchant.to_string()
    }
}

/// Sends a request to a hub.
pub async fn send(hub: &Hub, request: &Request) -> Told {
    let key = KeyRequest { scope: request.scope(), key: request.key.clone(), fingerprint: [request.fingerprint; 32] };
    let (merchant, caller) = (request.merchant, Caller::Merchant(request.merchant));
    let yen = |minor| Money::new(minor, Currency::JPY);
    match request.ask.clone() {
        Ask::Place { payer, amount, cap, expires_in_ms, captures_at_deadline } => {
            let at_deadline = if captures_at_deadline { AtDeadline::Capture } else { AtDeadline::Release };
            let (amount, cap) = (yen(amount), cap.map(yen));
            let command = CreateHold { payer, merchant, amount, cap, expires_in_ms, at_deadline };
            match hub.create_hold(key, command).await {
                Ok(answer) => operation(&answer),
                Err(CreateHoldError::Perform(error)) => refused(&error),
                Err(error) => Told::Refused { why: error.to_string() },
            }
        }
        Ask::Raise { hold, amount, expected_version } => {
            changed(hub.raise_hold(key, RaiseHold { caller, hold, amount: yen(amount), expected_version }).await)
        }
        Ask::Confirm { raise, yes: true } => {
            changed(hub.confirm_raise(key, ConfirmRaise { caller, operation: raise, word: Word::Operator }).await)
        }
        Ask::Confirm { raise, yes: false } => changed(hub.refuse_raise(key, &caller, raise).await),
        Ask::Extend { hold, expires_in_ms, expected_version } => {
            changed(hub.extend_hold(key, ExtendHold { caller, hold, expires_in_ms, expected_version }).await)
        }
        Ask::Capture(CaptureAsk { hold, amount, finality, split, raises, expected_version }) => {
            let share = |(to, part)| Share { to: ShareTo::Merchant(to), amount: yen(part), kind: LegKind::Share };
            let command = CaptureHold {
                caller,
                hold,
                amount: amount.map(yen),
                finality,
                split: split.into_iter().map(share).collect(),
                over: if raises { OverCapture::Raise } else { OverCapture::Refuse },
                expected_version,
            };
            changed(hub.capture_hold(key, command).await)
        }
        Ask::Release { hold, amount, expected_version } => {
            let amount = amount.map(yen);
            changed(hub.release_hold(key, ReleaseHold { caller, hold, amount, expected_version }).await)
        }
        Ask::Refund { capture, amount } => {
            let command = RefundCapture { caller, capture, amount: amount.map(yen), expected_version: None };
            changed(hub.refund_capture(key, command).await)
        }
        Ask::Reverse { capture } => {
            changed(hub.reverse_capture(key, ReverseCapture { caller, capture, expected_version: None }).await)
        }
        Ask::Dispute { capture, amount } => {
            let command = DisputeCapture { capture, amount: amount.map(yen), expected_version: None };
            changed(hub.dispute_capture(key, command).await)
        }
        Ask::EndDispute { dispute, lost } => {
            let end = if lost { DisputeEnd::Lost { amount: None } } else { DisputeEnd::Won };
            changed(hub.end_dispute(key, dispute, end).await)
        }
    }
}

fn changed(result: Result<Answer, ChangeHoldError>) -> Told {
    match result {
        Ok(answer) => operation(&answer),
        Err(ChangeHoldError::Perform(error)) => refused(&error),
        Err(error) => Told::Refused { why: error.to_string() },
    }
}

fn operation(answer: &Answer) -> Told {
    let state = match answer.operation.state() {
        OperationState::RequiresAction => Known::Waiting,
        OperationState::Sent | OperationState::Unknown { .. } => Known::Open,
        OperationState::Settled { amount, .. } => Known::Settled(amount.minor()),
        OperationState::Failed { .. } => Known::Failed,
    };
    let kind = answer.operation.kind().name();
    Told::Operation { id: answer.operation.id(), hold: answer.hold.id(), kind, state, replayed: answer.replayed }
}

fn refused(error: &PerformError) -> Told {
    let why = error.to_string();
    match error {
        PerformError::KeyReused => Told::KeyReused,
        PerformError::KeyRunning | PerformError::Busy { .. } | PerformError::Unavailable { .. } => {
            Told::AskAgain { why }
        }
        PerformError::RailUnknown(_)
        | PerformError::CommandUnsupported { .. }
        | PerformError::Refused(_)
        | PerformError::Rejected { .. } => Told::Refused { why },
    }
}
