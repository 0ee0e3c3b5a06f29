//! Holds. `due_at_ms` is derived: when the sweep has to look at the hold, or null.

use sea_orm::entity::prelude::*;
use tebura_ledger::{AccountId, AtDeadline, EndReason, Hold, HoldId, HoldParts, OperationId, Phase, Timestamp};

use super::{Damaged, Hot, count, currency, id, rail, shard_column, time, word};

const TABLE: &str = "hold";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hold")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub rail: String,
    pub payer: Uuid,
    pub payee: Uuid,
    pub currency: String,
    pub authorised: i64,
    pub cap: i64,
    pub captured: i64,
    pub released: i64,
    pub refunded: i64,
    pub disputed: i64,
    pub lost: i64,
    pub place_in_flight: i64,
    pub raise_in_flight: i64,
    pub capture_in_flight: i64,
    pub release_in_flight: i64,
    pub refund_in_flight: i64,
    pub phase: String,
    pub end_reason: Option<String>,
    pub end_code: Option<String>,
    pub expires_at_ms: i64,
    pub captures_at_deadline: bool,
    pub due_at_ms: Option<i64>,
    pub reference: Option<String>,
    pub requires_action: bool,
    pub waiting: Option<Uuid>,
    pub version: i64,
    pub created_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(
    shard,
    id,
    rail,
    payer,
    payee,
    currency,
    authorised,
    cap,
    captured,
    released,
    refunded,
    disputed,
    lost,
    place_in_flight,
    raise_in_flight,
    capture_in_flight,
    release_in_flight,
    refund_in_flight,
    phase,
    end_reason,
    end_code,
    expires_at_ms,
    captures_at_deadline,
    due_at_ms,
    reference,
    requires_action,
    waiting,
    version,
    created_at_ms,
);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Id];
    const CHANGES: &'static [Column] = &[
        Column::Authorised,
        Column::Cap,
        Column::Captured,
        Column::Released,
        Column::Refunded,
        Column::Disputed,
        Column::Lost,
        Column::PlaceInFlight,
        Column::RaiseInFlight,
        Column::CaptureInFlight,
        Column::ReleaseInFlight,
        Column::RefundInFlight,
        Column::Phase,
        Column::EndReason,
        Column::EndCode,
        Column::ExpiresAtMs,
        Column::DueAtMs,
        Column::Reference,
        Column::RequiresAction,
        Column::Waiting,
        Column::Version,
    ];
    const GUARD: Option<Column> = Some(Column::Version);
}

impl Model {
    pub(crate) fn of(hold: &Hold) -> Self {
        let parts = hold.parts();
        let end_code = match &parts.end {
            Some(EndReason::Declined { code }) => Some(code.clone()),
            Some(EndReason::Captured | EndReason::Released | EndReason::Expired) | None => None,
        };
        Self {
            shard: shard_column(parts.id.shard()),
            id: parts.id.uuid(),
            rail: parts.rail.as_str().to_owned(),
            payer: parts.payer.uuid(),
            payee: parts.payee.uuid(),
            currency: parts.currency.code().to_owned(),
            authorised: parts.authorised,
            cap: parts.cap,
            captured: parts.captured,
            released: parts.released,
            refunded: parts.refunded,
            disputed: parts.disputed,
            lost: parts.lost,
            place_in_flight: parts.place_in_flight,
            raise_in_flight: parts.raise_in_flight,
            capture_in_flight: parts.capture_in_flight,
            release_in_flight: parts.release_in_flight,
            refund_in_flight: parts.refund_in_flight,
            phase: parts.phase.name().to_owned(),
            end_reason: parts.end.as_ref().map(|end| end.name().to_owned()),
            end_code,
            expires_at_ms: parts.expires_at.millis(),
            captures_at_deadline: parts.at_deadline == AtDeadline::Capture,
            due_at_ms: due_at(hold).map(Timestamp::millis),
            reference: parts.reference.clone(),
            requires_action: parts.requires_action,
            waiting: parts.waiting.map(OperationId::uuid),
            version: i64::from(parts.version),
            created_at_ms: parts.created_at.millis(),
        }
    }

    pub(crate) fn domain(&self) -> Result<Hold, Damaged> {
        Hold::from_parts(HoldParts {
            id: HoldId::from_uuid(self.id),
            rail: rail(TABLE, &self.rail)?,
            payer: AccountId::from_uuid(self.payer),
            payee: AccountId::from_uuid(self.payee),
            currency: currency(TABLE, &self.currency)?,
            authorised: self.authorised,
            cap: self.cap,
            captured: self.captured,
            released: self.released,
            refunded: self.refunded,
            disputed: self.disputed,
            lost: self.lost,
            place_in_flight: self.place_in_flight,
            raise_in_flight: self.raise_in_flight,
            capture_in_flight: self.capture_in_flight,
            release_in_flight: self.release_in_flight,
            refund_in_flight: self.refund_in_flight,
            phase: word(TABLE, "phase", Phase::from_name(&self.phase))?,
            end: self.end()?,
            expires_at: time(self.expires_at_ms),
            at_deadline: if self.captures_at_deadline { AtDeadline::Capture } else { AtDeadline::Release },
            reference: self.reference.clone(),
            requires_action: self.requires_action,
            waiting: id(self.waiting, OperationId::from_uuid),
            version: count(TABLE, self.version)?,
            created_at: time(self.created_at_ms),
        })
        .map_err(|damage| Damaged::new(TABLE, damage))
    }

    fn end(&self) -> Result<Option<EndReason>, Damaged> {
        match (self.end_reason.as_deref(), &self.end_code) {
            (None, None) => Ok(None),
            (Some("captured"), None) => Ok(Some(EndReason::Captured)),
            (Some("released"), None) => Ok(Some(EndReason::Released)),
            (Some("expired"), None) => Ok(Some(EndReason::Expired)),
            (Some("declined"), Some(code)) => Ok(Some(EndReason::Declined { code: code.clone() })),
            (Some(_) | None, Some(_) | None) => Err(Damaged::new(TABLE, "end_reason")),
        }
    }
}

/// When somebody has to look at the hold again: its deadline, or at once when closed money became free. Nobody has to
/// while a release is under way.
fn due_at(hold: &Hold) -> Option<Timestamp> {
    if hold.parts().release_in_flight > 0 {
        return None;
    }
    hold.due_at()
}
