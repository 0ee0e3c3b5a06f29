//! Operations. What a kind or a state carries is spread over nullable columns.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tebura_ledger::{
    AccountId, Currency, Finality, HoldId, HoldSnapshot, Money, Operation, OperationId, OperationKind, OperationParts,
    OperationState, Status, Timestamp, TransferId,
};

use super::operation_detail::{Detail, ProposalBody};

use super::{Damaged, Hot, currency, id, minor, shard_column, time, word};

pub(super) const TABLE: &str = "operation";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub hold: Option<Uuid>,
    pub kind: String,
    pub amount: i64,
    pub currency: String,
    pub asked: Option<i64>,
    pub finality: Option<String>,
    pub capture: Option<Uuid>,
    pub fund_from: Option<Uuid>,
    pub fund_to: Option<Uuid>,
    pub transfer: Option<Uuid>,
    pub detail: Option<String>,
    pub state: String,
    pub code: Option<String>,
    pub reference: Option<String>,
    pub settled_amount: Option<i64>,
    pub state_at_ms: Option<i64>,
    pub result: Option<String>,
    pub refunded: i64,
    pub refund_in_flight: i64,
    pub proposal: Option<String>,
    pub created_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(
    shard,
    id,
    hold,
    kind,
    amount,
    currency,
    asked,
    finality,
    capture,
    fund_from,
    fund_to,
    transfer,
    detail,
    state,
    code,
    reference,
    settled_amount,
    state_at_ms,
    result,
    refunded,
    refund_in_flight,
    proposal,
    created_at_ms,
);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Id];
    const CHANGES: &'static [Column] = &[
        Column::State,
        Column::Code,
        Column::Reference,
        Column::SettledAmount,
        Column::StateAtMs,
        Column::Result,
        Column::Refunded,
        Column::RefundInFlight,
        Column::Proposal,
    ];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(operation: &Operation) -> Self {
        let parts = operation.parts();
        let amount = parts.kind.amount();
        let mut row = Self {
            shard: shard_column(parts.id.shard()),
            id: parts.id.uuid(),
            hold: parts.hold.map(HoldId::uuid),
            kind: parts.kind.name().to_owned(),
            amount: amount.minor(),
            currency: amount.currency().code().to_owned(),
            asked: minor(parts.asked),
            finality: None,
            capture: None,
            fund_from: None,
            fund_to: None,
            transfer: parts.transfer.map(TransferId::uuid),
            detail: None,
            state: parts.state.name().to_owned(),
            code: None,
            reference: None,
            settled_amount: None,
            state_at_ms: None,
            result: parts.result.as_ref().map(Snapshot::text),
            refunded: parts.refunded,
            refund_in_flight: parts.refund_in_flight,
            proposal: parts.proposal.as_deref().map(ProposalBody::text),
            created_at_ms: parts.created_at.millis(),
        };
        row.set_kind(&parts.kind);
        row.set_state(&parts.state);
        row
    }

    fn set_kind(&mut self, kind: &OperationKind) {
        match kind {
            OperationKind::Fund { from, to, .. } => {
                self.fund_from = Some(from.uuid());
                self.fund_to = Some(to.uuid());
            }
            OperationKind::Capture { finality, legs, .. } => {
                self.finality = Some(finality.name().to_owned());
                self.detail = (!legs.is_empty()).then(|| Detail::legs(legs));
            }
            OperationKind::Extend { until, .. } => self.detail = Some(Detail::until(*until)),
            OperationKind::Refund { capture, .. }
            | OperationKind::Reverse { capture, .. }
            | OperationKind::Dispute { capture, .. } => self.capture = Some(capture.uuid()),
            OperationKind::Exception { of, found, .. } => {
                self.capture = Some(of.uuid());
                self.detail = Some(Detail::found(found));
            }
            OperationKind::Place { .. }
            | OperationKind::Raise { .. }
            | OperationKind::Release { .. }
            | OperationKind::Expire { .. } => {}
        }
    }

    fn set_state(&mut self, state: &OperationState) {
        match state {
            OperationState::RequiresAction | OperationState::Sent => {}
            OperationState::Unknown { code, since } => {
                self.code = Some(code.clone());
                self.state_at_ms = Some(since.millis());
            }
            OperationState::Settled { reference, amount, at } => {
                self.reference = Some(reference.clone());
                self.settled_amount = Some(amount.minor());
                self.state_at_ms = Some(at.millis());
            }
            OperationState::Failed { code, at } => {
                self.code = Some(code.clone());
                self.state_at_ms = Some(at.millis());
            }
        }
    }

    pub(crate) fn domain(&self) -> Result<Operation, Damaged> {
        let currency = currency(TABLE, &self.currency)?;
        Operation::from_parts(OperationParts {
            id: OperationId::from_uuid(self.id),
            hold: id(self.hold, HoldId::from_uuid),
            kind: self.kind(currency)?,
            asked: self.asked.map(|minor| Money::new(minor, currency)),
            transfer: id(self.transfer, TransferId::from_uuid),
            state: self.state(currency)?,
            created_at: time(self.created_at_ms),
            result: self.result.as_deref().map(Snapshot::parse).transpose()?,
            refunded: self.refunded,
            refund_in_flight: self.refund_in_flight,
            proposal: self.proposal.as_deref().map(|text| ProposalBody::parse(text, currency)).transpose()?,
        })
        .map_err(|damage| Damaged::new(TABLE, damage))
    }

    fn kind(&self, currency: Currency) -> Result<OperationKind, Damaged> {
        let amount = Money::new(self.amount, currency);
        let account = |column| id(column, AccountId::from_uuid);
        let kind = match self.kind.as_str() {
            "fund" => OperationKind::Fund {
                from: word(TABLE, "fund_from", account(self.fund_from))?,
                to: word(TABLE, "fund_to", account(self.fund_to))?,
                amount,
            },
            "place" => OperationKind::Place { amount },
            "capture" => {
                let finality = self.finality.as_deref().and_then(Finality::from_name);
                let legs = match &self.detail {
                    Some(text) => Detail::parse(text)?.to_legs(currency)?,
                    None => Vec::new(),
                };
                OperationKind::Capture { amount, finality: word(TABLE, "finality", finality)?, legs }
            }
            "release" => OperationKind::Release { amount },
            "expire" => OperationKind::Expire { amount },
            "raise" => OperationKind::Raise { amount },
            "extend" => OperationKind::Extend { amount, until: self.detail()?.to_until()? },
            "refund" => OperationKind::Refund { capture: self.target()?, amount },
            "reverse" => OperationKind::Reverse { capture: self.target()?, amount },
            "dispute" => OperationKind::Dispute { capture: self.target()?, amount },
            "exception" => OperationKind::Exception { of: self.target()?, found: self.detail()?.to_found()?, amount },
            _ => return Err(Damaged::new(TABLE, "kind")),
        };
        Ok(kind)
    }

    /// The operation that this one is about.
    fn target(&self) -> Result<OperationId, Damaged> {
        word(TABLE, "capture", id(self.capture, OperationId::from_uuid))
    }

    fn detail(&self) -> Result<Detail, Damaged> {
        Detail::parse(word(TABLE, "detail", self.detail.as_deref())?)
    }

    fn state(&self, currency: Currency) -> Result<OperationState, Damaged> {
        let at = || -> Result<Timestamp, Damaged> { word(TABLE, "state_at_ms", self.state_at_ms).map(time) };
        let code = || word(TABLE, "code", self.code.clone());
        let state = match self.state.as_str() {
            "requires_action" => OperationState::RequiresAction,
            "sent" => OperationState::Sent,
            "unknown" => OperationState::Unknown { code: code()?, since: at()? },
            "settled" => OperationState::Settled {
                reference: word(TABLE, "reference", self.reference.clone())?,
                amount: Money::new(word(TABLE, "settled_amount", self.settled_amount)?, currency),
                at: at()?,
            },
            "failed" => OperationState::Failed { code: code()?, at: at()? },
            _ => return Err(Damaged::new(TABLE, "state")),
        };
        Ok(state)
    }
}

/// The hold at the moment that the operation became final, as the JSON text of one column.
#[derive(Serialize, Deserialize)]
struct Snapshot {
    version: u32,
    status: String,
    authorised: i64,
    captured: i64,
    released: i64,
    refunded: i64,
}

impl Snapshot {
    fn text(snapshot: &HoldSnapshot) -> String {
        let wire = Self {
            version: snapshot.version,
            status: snapshot.status.name().to_owned(),
            authorised: snapshot.authorised,
            captured: snapshot.captured,
            released: snapshot.released,
            refunded: snapshot.refunded,
        };
        // Numbers and one word: nothing that JSON cannot say.
        serde_json::to_string(&wire).unwrap_or_default()
    }

    fn parse(text: &str) -> Result<HoldSnapshot, Damaged> {
        let wire: Self = serde_json::from_str(text).map_err(|_| Damaged::new(TABLE, "result"))?;
        Ok(HoldSnapshot {
            version: wire.version,
            status: word(TABLE, "result", Status::from_name(&wire.status))?,
            authorised: wire.authorised,
            captured: wire.captured,
            released: wire.released,
            refunded: wire.refunded,
        })
    }
}
