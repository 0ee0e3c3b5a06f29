//! What callers ask of the hub, under which key, and what they were told.

use tebura_hub::Hub;
use tebura_hub::capture_hold::{CaptureHold, OverCapture};
use tebura_hub::change_hold::ChangeHoldError;
use tebura_hub::create_hold::{CreateHold, CreateHoldError};
use tebura_hub::ids::{InstrumentId, MerchantId};
use tebura_hub::perform::{Answer, KeyRequest, PerformError};
use tebura_hub::ports::Caller;
use tebura_hub::refund_capture::RefundCapture;
use tebura_hub::release_hold::ReleaseHold;
use tebura_ledger::{AtDeadline, Currency, Finality, HoldId, Money, OperationId, OperationState};

/// What is asked.
#[derive(Clone, Debug)]
pub enum Ask {
    Place { payer: InstrumentId, amount: i64, expires_in_ms: i64 },
    Capture { hold: HoldId, amount: Option<i64>, finality: Finality, expected_version: Option<u32> },
    Release { hold: HoldId, expected_version: Option<u32> },
    Refund { capture: OperationId, amount: Option<i64> },
}

/// What a caller was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// There is an operation, and this is what is known of it.
    Operation { id: OperationId, hold: HoldId, state: Known, replayed: bool },
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
    /// Whether the caller knows how it ended.
    pub fn is_answered(&self) -> bool {
        self.told.iter().any(|told| match told {
            Told::Operation { state, .. } => *state != Known::Open,
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
        Ask::Place { payer, amount, expires_in_ms } => {
            let command = CreateHold {
                payer,
                merchant,
                amount: yen(amount),
                cap: None,
                expires_in_ms,
                at_deadline: AtDeadline::Release,
            };
            match hub.create_hold(key, command).await {
                Ok(answer) => operation(&answer),
                Err(CreateHoldError::Perform(error)) => refused(&error),
                Err(error) => Told::Refused { why: error.to_string() },
            }
        }
        Ask::Capture { hold, amount, finality, expected_version } => {
            let amount = amount.map(yen);
            changed(hub.capture_hold(key, CaptureHold {
                caller,
                hold,
                amount,
                finality,
                split: Vec::new(),
                over: OverCapture::Refuse,
                expected_version,
            }).await)
        }
        Ask::Release { hold, expected_version } => {
            changed(hub.release_hold(key, ReleaseHold { caller, hold, amount: None, expected_version }).await)
        }
        Ask::Refund { capture, amount } => {
            changed(hub.refund_capture(key, RefundCapture { caller, capture, amount: amount.map(yen), expected_version: None }).await)
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
        OperationState::RequiresAction | OperationState::Sent | OperationState::Unknown { .. } => Known::Open,
        OperationState::Settled { amount, .. } => Known::Settled(amount.minor()),
        OperationState::Failed { .. } => Known::Failed,
    };
    Told::Operation { id: answer.operation.id(), hold: answer.hold.id(), state, replayed: answer.replayed }
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
