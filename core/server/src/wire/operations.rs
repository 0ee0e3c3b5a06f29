//! Operations: attempts to move or reserve money, and what people say of them.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::confirm_raise::Word;
use tebura_hub::dispute_capture::DisputeEnd;
use tebura_hub::ids::ApiKeyId;
use tebura_hub::pin::Pin;
use tebura_ledger::{HoldSnapshot, Leg, Money, Operation, OperationKind, OperationState, Proposal, Verdict};
use utoipa::ToSchema;

use super::amount::{AmountBody, MoneyBody};
use super::time::rfc3339;
use crate::extract::parse_id;
use crate::problem::Problem;

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
    /// `fund`, `place`, `raise`, `extend`, `capture`, `release`, `expire`, `refund`, `reverse`, `dispute` or `exception`.
    #[schema(example = "capture")]
    pub kind: String,
    /// `requires_action`, `sent`, `unknown`, `settled` or `failed`. `unknown` keeps the money reserved until the rail tells;
    /// `requires_action` waits for the payer. An open dispute is `sent`, a lost one `settled`, a won one `failed`.
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
    /// For a refund, reversal or dispute: the capture that it undoes or is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// For an extension: the new deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// For a split capture: the parts that go to others than the hold's payee.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<LegBody>,
    /// For an exception: the operation that the rail contradicts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// For an exception: `late_success`, `denied` or `differs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What operators said of an unknown result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<ResolutionBody>,
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
            OperationState::RequiresAction | OperationState::Sent => (None, None),
            OperationState::Unknown { code, .. } => (Some(code.clone()), None),
            OperationState::Settled { at, .. } => (None, Some(rfc3339(*at))),
            OperationState::Failed { code, at } => (Some(code.clone()), Some(rfc3339(*at))),
        };
        let kind = operation.kind();
        let until = if let OperationKind::Extend { until, .. } = kind { Some(rfc3339(*until)) } else { None };
        let (of, found) = match kind {
            OperationKind::Exception { of, found, .. } => (Some(of.to_string()), Some(found.name().to_owned())),
            OperationKind::Fund { .. }
            | OperationKind::Place { .. }
            | OperationKind::Raise { .. }
            | OperationKind::Extend { .. }
            | OperationKind::Capture { .. }
            | OperationKind::Release { .. }
            | OperationKind::Expire { .. }
            | OperationKind::Refund { .. }
            | OperationKind::Reverse { .. }
            | OperationKind::Dispute { .. } => (None, None),
        };
        OperationBody {
            id: operation.id().to_string(),
            hold: operation.hold().map(|hold| hold.to_string()),
            kind: operation.kind().name().to_owned(),
            state: operation.state().name().to_owned(),
            amount: operation.amount().into(),
            settled: operation.settled_amount().map(MoneyBody::from),
            code,
            capture: kind.capture().map(|capture| capture.to_string()),
            until,
            split: kind.legs().iter().map(LegBody::from).collect(),
            of,
            found,
            resolution: operation.proposal().map(ResolutionBody::from),
            hold_then: operation.result().map(HoldThenBody::from),
            created_at: rfc3339(operation.created_at()),
            ended_at,
        }
    }
}

/// A part of a capture for another payee than the hold's.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LegBody {
    /// Who gets it.
    pub to: String,
    /// How much.
    pub amount: MoneyBody,
    /// `share` or `fee`.
    pub kind: String,
}

impl From<&Leg> for LegBody {
    fn from(leg: &Leg) -> LegBody {
        LegBody { to: leg.to.to_string(), amount: leg.amount.into(), kind: leg.kind.name().to_owned() }
    }
}

/// What operators said of an operation whose result nobody knew.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResolutionBody {
    /// The key that said it first.
    pub proposed_by: String,
    /// The key that confirmed it; none while it only stands proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// `settled` or `declined`.
    pub outcome: String,
    /// When it was said first.
    pub at: String,
}

impl From<&Proposal> for ResolutionBody {
    fn from(proposal: &Proposal) -> ResolutionBody {
        let outcome = match proposal.verdict {
            Verdict::Settled { .. } => "settled",
            Verdict::Declined { .. } | Verdict::Unknown { .. } | Verdict::RequiresAction => "declined",
        };
        ResolutionBody {
            proposed_by: ApiKeyId::from_uuid(proposal.by).to_string(),
            confirmed_by: proposal.confirmed_by.map(|by| ApiKeyId::from_uuid(by).to_string()),
            outcome: outcome.to_owned(),
            at: rfc3339(proposal.at),
        }
    }
}

/// What an operator says became of an operation. It counts when a second operator, with another key, says the same.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveBody {
    /// What became of it.
    pub outcome: OutcomeBody,
    /// Settled: the rail's name of what it did, as later commands to the rail carry it.
    #[serde(default)]
    pub reference: String,
    /// Settled: how much the rail did; all that was asked for when it is left out.
    pub amount: Option<AmountBody>,
    /// Declined: why, a dotted word; `operator.declined` when it is left out.
    pub code: Option<String>,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeBody {
    /// The rail did it.
    Settled,
    /// The rail did not do it.
    Declined,
}

impl ResolveBody {
    /// The verdict, for an operation that asked for `asked`.
    pub fn verdict(&self, asked: Money) -> Result<Verdict, Problem> {
        Ok(match self.outcome {
            OutcomeBody::Settled => {
                let amount = self.amount.as_ref().map(AmountBody::money).transpose()?.unwrap_or(asked);
                Verdict::Settled { reference: self.reference.clone(), amount }
            }
            OutcomeBody::Declined => {
                let code = self.code.clone().unwrap_or_else(|| "operator.declined".to_owned());
                let fits = (1..=64).contains(&code.len())
                    && code.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_'));
                if !fits {
                    return Err(Problem::new(
                        StatusCode::UNPROCESSABLE_ENTITY,
                        "resolution.code_malformed",
                        "A code is 1 to 64 lower-case letters, points and underscores.",
                    ));
                }
                Verdict::Declined { code }
            }
        })
    }
}

/// The payer's yes to a raise above the cap. With the operator's key the body is empty.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmBody {
    /// The payer's instrument, the one that pays the hold.
    pub instrument: Option<String>,
    /// The payer's PIN, typed by the payer. Not kept.
    pub pin: Option<String>,
}

impl ConfirmBody {
    /// Whose word it is. A body without instrument is the operator's.
    pub fn word(&self) -> Result<Word, Problem> {
        let Some(instrument) = &self.instrument else { return Ok(Word::Operator) };
        let pin = self.pin.as_deref().map(Pin::new).transpose()?;
        Ok(Word::Payer { instrument: parse_id(instrument)?, pin })
    }
}

/// A no to a raise above the cap. The body is empty.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseBody {}

/// A dispute that the payer, or the payer's bank, opened against a capture.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeBody {
    /// How much is contested; all of the capture that was not given back when it is left out.
    pub amount: Option<AmountBody>,
}

/// How a dispute ended.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndDisputeBody {
    /// Who won.
    pub outcome: DisputeOutcomeBody,
    /// Lost: how much goes back; all that was contested when it is left out.
    pub amount: Option<AmountBody>,
}

/// Who won a dispute, as the payee sees it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcomeBody {
    /// The payee keeps the money.
    Won,
    /// The payer gets it back.
    Lost,
}

impl EndDisputeBody {
    /// How it ended.
    pub fn end(&self) -> Result<DisputeEnd, Problem> {
        Ok(match self.outcome {
            DisputeOutcomeBody::Won => DisputeEnd::Won,
            DisputeOutcomeBody::Lost => {
                DisputeEnd::Lost { amount: self.amount.as_ref().map(AmountBody::money).transpose()? }
            }
        })
    }
}

/// A page of exceptions, oldest operation first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExceptionListBody {
    /// The exceptions. `settled`: undone, or settled by people. Everything else is open.
    pub items: Vec<OperationBody>,
    /// The cursor of the next page; none when this one was not full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
