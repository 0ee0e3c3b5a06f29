//! Holds, their operations and what happened to them.

use serde::{Deserialize, Serialize};
use tebura_hub::capture_hold::{CaptureHold, OverCapture, Share, ShareTo};
use tebura_hub::hold_rights::Right;
use tebura_hub::perform::Answer;
use tebura_hub::ports::{Caller, StoredEvent};
use tebura_ledger::{Account, AtDeadline, EndReason, Finality, Hold, HoldId, LegKind};
use utoipa::{IntoParams, ToSchema};

use super::amount::{AmountBody, MoneyBody};
pub use super::operations::OperationBody;
use super::time::rfc3339;
use crate::extract::parse_id;
use crate::problem::Problem;

/// A hold to place on a payer's instrument, for the merchant of the key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateHoldBody {
    /// The payer's instrument.
    #[schema(example = "inst_0192f0c1a2b37e5f8a6b9c0d1e2f3a07")]
    pub payer: String,
    /// How much to hold.
    pub amount: AmountBody,
    /// What the hold may be raised to without asking the payer again; just the amount when it is left out.
    pub cap: Option<AmountBody>,
    /// The deadline from now, in milliseconds; a day when it is left out. From then on nothing can be captured. A rail that
    /// keeps holds for less long gives an earlier one: see the answer's `expires_at`.
    #[schema(minimum = 60000, example = 86400000)]
    pub expires_in_ms: Option<i64>,
    /// What happens at the deadline to what is free: `release`, or left out, gives it back; `capture` takes it, once.
    #[serde(default)]
    pub at_deadline: AtDeadlineBody,
}

/// What happens at the deadline.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtDeadlineBody {
    /// What is free goes back.
    #[default]
    Release,
    /// What is free is captured, as the last capture.
    Capture,
}

impl From<AtDeadlineBody> for AtDeadline {
    fn from(body: AtDeadlineBody) -> AtDeadline {
        match body {
            AtDeadlineBody::Release => AtDeadline::Release,
            AtDeadlineBody::Capture => AtDeadline::Capture,
        }
    }
}

impl From<AtDeadline> for AtDeadlineBody {
    fn from(choice: AtDeadline) -> AtDeadlineBody {
        match choice {
            AtDeadline::Release => AtDeadlineBody::Release,
            AtDeadline::Capture => AtDeadlineBody::Capture,
        }
    }
}

/// A raise: reserves more. Above the hold's cap the answer is 202 and its operation waits for the payer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseBody {
    /// How much to add.
    pub amount: AmountBody,
}

/// A later deadline.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendBody {
    /// The new deadline from now, in milliseconds.
    #[schema(minimum = 60000, example = 86400000)]
    pub expires_in_ms: i64,
}

/// A part of a capture for another payee than the hold's.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareBody {
    /// `mrc_…`: its account on the hold's rail; or `acct_…`.
    #[schema(example = "mrc_0192f0c1a2b37e5f8a6b9c0d1e2f3a07")]
    pub to: String,
    /// How much of the capture.
    pub amount: AmountBody,
    /// What it is for.
    #[serde(default)]
    pub kind: ShareKindBody,
}

/// What a part of a capture is for.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareKindBody {
    /// Another payee's part.
    #[default]
    Share,
    /// A fee.
    Fee,
}

impl ShareBody {
    fn share(&self) -> Result<Share, Problem> {
        let to = if self.to.starts_with("acct_") {
            ShareTo::Account(parse_id(&self.to)?)
        } else {
            ShareTo::Merchant(parse_id(&self.to)?)
        };
        let kind = match self.kind {
            ShareKindBody::Share => LegKind::Share,
            ShareKindBody::Fee => LegKind::Fee,
        };
        Ok(Share { to, amount: self.amount.money()?, kind })
    }
}

/// A capture: takes held money.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureBody {
    /// How much; all that is free when it is left out.
    pub amount: Option<AmountBody>,
    /// `true`, or left out: the rest goes back to the payer. `false`: the rest stays held for another capture.
    pub r#final: Option<bool>,
    /// Parts of the amount for others; the hold's payee gets the rest. One operation, one transfer a part.
    #[serde(default)]
    pub split: Vec<ShareBody>,
    /// `true`: when the amount is more than is free, the hold is raised by the difference and captured in one step. Above
    /// the cap nothing is captured: the answer is 202 with the raise that waits for the payer. `false`, or left out: refused.
    #[serde(default)]
    pub raise: bool,
}

impl CaptureBody {
    /// What is asked of the hub.
    pub fn command(self, caller: Caller, hold: HoldId, expected_version: Option<u32>) -> Result<CaptureHold, Problem> {
        Ok(CaptureHold {
            caller,
            hold,
            amount: self.amount.map(|amount| amount.money()).transpose()?,
            finality: if self.r#final.unwrap_or(true) { Finality::Final } else { Finality::Partial },
            split: self.split.iter().map(ShareBody::share).collect::<Result<_, _>>()?,
            over: if self.raise { OverCapture::Raise } else { OverCapture::Refuse },
            expected_version,
        })
    }
}

/// A release: gives free money back.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseBody {
    /// How much, and the rest stays held; all that is free, and the hold ends, when it is left out.
    pub amount: Option<AmountBody>,
}

/// A reversal of one capture. The body is empty.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseBody {}

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
    /// What raises may take it to without asking the payer again.
    pub cap: MoneyBody,
    /// What was taken.
    pub captured: MoneyBody,
    /// What went back before it was taken.
    pub released: MoneyBody,
    /// What went back after it was taken.
    pub refunded: MoneyBody,
    /// What open disputes are about.
    pub disputed: MoneyBody,
    /// What lost disputes gave back.
    pub lost: MoneyBody,
    /// What can still be captured or released; an operation of unknown result keeps its part.
    pub free: MoneyBody,
    /// What can still be refunded or contested of all captures together.
    pub refundable: MoneyBody,
    /// The raise above the cap that waits for the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Grows by one with every change; send it in `If-Match`.
    pub version: u32,
    /// From then on nothing can be captured.
    pub expires_at: String,
    /// What happens then to what is free.
    pub at_deadline: AtDeadlineBody,
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
            cap: hold.cap().into(),
            captured: hold.captured().into(),
            released: hold.released().into(),
            refunded: hold.refunded().into(),
            disputed: hold.disputed().into(),
            lost: hold.lost().into(),
            free: hold.free().into(),
            refundable: hold.refundable().into(),
            waiting: hold.waiting().map(|operation| operation.to_string()),
            version: hold.version(),
            expires_at: rfc3339(hold.expires_at()),
            at_deadline: hold.at_deadline().into(),
            created_at: rfc3339(hold.created_at()),
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
    /// What can be captured now: all that is free, as long as the hold is held and its deadline has not come.
    pub capturable: MoneyBody,
    /// Who may do what now, how much, and until when.
    pub rights: Vec<RightBody>,
    /// Oldest first.
    pub operations: Vec<OperationBody>,
}

/// One thing that somebody may do with a hold now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RightBody {
    /// `payer`, `payee` or `operator`.
    #[schema(example = "payee")]
    pub who: String,
    /// `capture`, `raise`, `extend`, `release`, `cancel`, `confirm`, `refuse`, `reverse`, `refund`, `dispute` or `resolve`.
    #[schema(example = "capture")]
    pub may: String,
    /// At most this much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<MoneyBody>,
    /// From then on no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl From<&Right> for RightBody {
    fn from(right: &Right) -> RightBody {
        RightBody {
            who: right.who.name().to_owned(),
            may: right.may.to_owned(),
            most: right.most.map(MoneyBody::from),
            until: right.until.map(rfc3339),
        }
    }
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

/// Where a stream begins.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StreamQuery {
    /// A cursor: the `next` of a page, or the `id` of a streamed event. Now, when it is left out.
    pub after: Option<String>,
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
    /// The event's number in the log: events of one hold count up, with gaps.
    #[schema(example = 42)]
    pub sequence: u64,
    /// What happened, such as `hold.held` or `capture.settled`.
    #[schema(example = "capture.settled")]
    pub r#type: String,
    /// The hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// The operation that made it happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The request to a service that it is about: `GET /v1/services/{id}/requests/{request}` has the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
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
            sequence: stored.seq,
            r#type: event.kind.name().to_owned(),
            hold: event.hold.map(|hold| hold.to_string()),
            operation: event.operation.map(|operation| operation.to_string()),
            request: event.request.map(|request| request.to_string()),
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

/// Money or things to issue into a wallet.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundBody {
    /// How much; of a thing, how many.
    pub amount: AmountBody,
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
