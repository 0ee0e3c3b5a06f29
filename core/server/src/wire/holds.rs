//! Holds, their operations and what happened to them.

use serde::{Deserialize, Serialize};
use tebura_hub::perform::Answer;
use tebura_hub::ports::StoredEvent;
use tebura_ledger::{Account, EndReason, Hold, HoldSnapshot, Operation, OperationKind, OperationState};
use utoipa::{IntoParams, ToSchema};

use super::amount::{AmountBody, MoneyBody};
use super::time::rfc3339;

/// A hold to place on a payer's instrument, for the merchant of the key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateHoldBody {
    /// The payer's instrument.
    #[schema(example = "inst_0192f0c1a2b37e5f8a6b9c0d1e2f3a07")]
    pub payer: String,
    /// How much to hold.
    pub amount: AmountBody,
    /// The deadline from now, in milliseconds; a day when it is left out. From then on nothing can be captured.
    #[schema(minimum = 60000, example = 86400000)]
    pub expires_in_ms: Option<i64>,
}

/// A capture: takes held money.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureBody {
    /// How much; all that is free when it is left out.
    pub amount: Option<AmountBody>,
    /// `true`, or left out: the rest goes back to the payer. `false`: the rest stays held for another capture.
    pub r#final: Option<bool>,
}

/// A release: gives all that is free back. The body is empty.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseBody {}

/// A refund of one capture.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundBody {
    /// How much; all that was not refunded yet when it is left out.
    pub amount: Option<AmountBody>,
}

/// Reserved money.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HoldBody {
    /// The hold.
    pub id: String,
    /// `pending`, `requires_action`, `held`, `partially_captured`, `settling`, `captured`, `released`, `expired` or `failed`.
    #[schema(example = "held")]
    pub status: String,
    /// Why it ended: `captured`, `released`, `expired` or the rail's decline code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// The rail that keeps it.
    #[schema(example = "house")]
    pub rail: String,
    /// Whose money is reserved.
    pub payer_account: String,
    /// Who may capture it.
    pub payee_account: String,
    /// What was reserved.
    pub authorised: MoneyBody,
    /// What was taken.
    pub captured: MoneyBody,
    /// What went back before it was taken.
    pub released: MoneyBody,
    /// What went back after it was taken.
    pub refunded: MoneyBody,
    /// What can still be captured or released; an operation of unknown result keeps its part.
    pub free: MoneyBody,
    /// Grows by one with every change; send it in `If-Match`.
    pub version: u32,
    /// From then on nothing can be captured.
    pub expires_at: String,
    /// When it was asked for.
    pub created_at: String,
}

impl From<&Hold> for HoldBody {
    fn from(hold: &Hold) -> HoldBody {
        HoldBody {
            id: hold.id().to_string(),
            status: hold.status().name().to_owned(),
            end: hold.end().map(|end| match end {
                EndReason::Declined { code } => code.clone(),
                EndReason::Captured | EndReason::Released | EndReason::Expired => end.name().to_owned(),
            }),
            rail: hold.rail().to_string(),
            payer_account: hold.payer().to_string(),
            payee_account: hold.payee().to_string(),
            authorised: hold.authorised().into(),
            captured: hold.captured().into(),
            released: hold.released().into(),
            refunded: hold.refunded().into(),
            free: hold.free().into(),
            version: hold.version(),
            expires_at: rfc3339(hold.expires_at()),
            created_at: rfc3339(hold.created_at()),
        }
    }
}

/// A hold as it was when an operation became final. Amounts in minor units of the hold's currency.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HoldThenBody {
    /// The public word.
    pub status: String,
    /// What was taken.
    pub captured: i64,
    /// What went back before it was taken.
    pub released: i64,
    /// What went back after it was taken.
    pub refunded: i64,
    /// The hold's version.
    pub version: u32,
}

impl From<&HoldSnapshot> for HoldThenBody {
    fn from(then: &HoldSnapshot) -> HoldThenBody {
        HoldThenBody {
            status: then.status.name().to_owned(),
            captured: then.captured,
            released: then.released,
            refunded: then.refunded,
            version: then.version,
        }
    }
}

/// One attempt to move or reserve money.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OperationBody {
    /// The operation; also its idempotency id towards the rail.
    pub id: String,
    /// The hold that it changes; none for `fund`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// `fund`, `place`, `capture`, `release`, `expire` or `refund`.
    #[schema(example = "capture")]
    pub kind: String,
    /// `sent`, `unknown`, `settled` or `failed`. `unknown` keeps the money reserved until the rail tells.
    #[schema(example = "settled")]
    pub state: String,
    /// What was asked for.
    pub amount: MoneyBody,
    /// What the rail did; never more than was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<MoneyBody>,
    /// The rail's reason for a failed or unknown operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For a refund: the capture that it undoes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// The hold at the moment the state became final.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_then: Option<HoldThenBody>,
    /// When it was accepted.
    pub created_at: String,
    /// When its state became final.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

impl From<&Operation> for OperationBody {
    fn from(operation: &Operation) -> OperationBody {
        let (code, ended_at) = match operation.state() {
            OperationState::Sent => (None, None),
            OperationState::Unknown { code, .. } => (Some(code.clone()), None),
            OperationState::Settled { at, .. } => (None, Some(rfc3339(*at))),
            OperationState::Failed { code, at } => (Some(code.clone()), Some(rfc3339(*at))),
        };
        let capture = match operation.kind() {
            OperationKind::Refund { capture, .. } => Some(capture.to_string()),
            OperationKind::Fund { .. }
            | OperationKind::Place { .. }
            | OperationKind::Capture { .. }
            | OperationKind::Release { .. }
            | OperationKind::Expire { .. } => None,
        };
        OperationBody {
            id: operation.id().to_string(),
            hold: operation.hold().map(|hold| hold.to_string()),
            kind: operation.kind().name().to_owned(),
            state: operation.state().name().to_owned(),
            amount: operation.amount().into(),
            settled: operation.settled_amount().map(MoneyBody::from),
            code,
            capture,
            hold_then: operation.result().map(HoldThenBody::from),
            created_at: rfc3339(operation.created_at()),
            ended_at,
        }
    }
}

/// A hold and the operation that was asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerBody {
    /// The hold as it is now; for a repeat, see the operation's `hold_then`.
    pub hold: HoldBody,
    /// The operation.
    pub operation: OperationBody,
}

impl From<&Answer> for AnswerBody {
    fn from(answer: &Answer) -> AnswerBody {
        AnswerBody { hold: (&answer.hold).into(), operation: (&answer.operation).into() }
    }
}

/// A hold with everything that was tried on it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HoldWithOperationsBody {
    /// The hold.
    #[serde(flatten)]
    pub hold: HoldBody,
    /// Oldest first.
    pub operations: Vec<OperationBody>,
}

/// Where a list goes on.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// The `next` of the page before; the start when it is left out.
    pub after: Option<String>,
    /// At most this many, 1 to 500; 50 when it is left out.
    pub limit: Option<u16>,
}

/// A page of holds, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HoldListBody {
    /// The holds.
    pub items: Vec<HoldBody>,
    /// The cursor of the next page; none when this one was not full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventBody {
    /// `<shard>-<sequence>`: unique, and counting up without gaps within a shard.
    #[schema(example = "7-42")]
    pub id: String,
    /// What happened, such as `hold.held` or `capture.settled`.
    #[schema(example = "capture.settled")]
    pub r#type: String,
    /// The hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// The operation that made it happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyBody>,
    /// The hold's version after it happened: order events of one hold by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_version: Option<u32>,
    /// The hold's public word after it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When the hub decided it.
    pub at: String,
}

impl From<&StoredEvent> for EventBody {
    fn from(stored: &StoredEvent) -> EventBody {
        let event = &stored.event;
        EventBody {
            id: format!("{}-{}", stored.shard.number(), stored.seq),
            r#type: event.kind.name().to_owned(),
            hold: event.hold.map(|hold| hold.to_string()),
            operation: event.operation.map(|operation| operation.to_string()),
            amount: event.amount.map(MoneyBody::from),
            hold_version: event.hold_version,
            status: event.status.map(|status| status.name().to_owned()),
            at: rfc3339(event.at),
        }
    }
}

/// A page of events.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventListBody {
    /// The events.
    pub items: Vec<EventBody>,
    /// Where to go on: always there, so that a reader polls with it.
    pub next: String,
}

/// An account's balances.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountBody {
    /// The account.
    pub id: String,
    /// Credits less debits.
    pub posted: MoneyBody,
    /// What open holds promise away.
    pub held: MoneyBody,
    /// Posted less held.
    pub available: MoneyBody,
    /// `zero`: a wallet that the hub keeps, never below zero. `unlimited`: the mirror of an account at a rail, or a
    /// merchant's.
    #[schema(example = "zero")]
    pub floor: String,
}

impl From<&Account> for AccountBody {
    fn from(account: &Account) -> AccountBody {
        AccountBody {
            id: account.id().to_string(),
            posted: account.posted().into(),
            held: account.held().into(),
            available: account.available().into(),
            floor: account.floor().name().to_owned(),
        }
    }
}
