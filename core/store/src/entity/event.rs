//! The log of a shard, numbered and linked: events, and between them the digests of other records that were written.

use sea_orm::entity::prelude::*;
use tebura_hub::audit::{Entry, Link, Record};
use tebura_hub::ports::StoredEvent;
use tebura_ledger::{AccountId, Event, EventKind, HoldId, Money, OperationId, Status};

use super::{Damaged, Hot, count, currency, id, link, minor, shard_column, shard_of, time, word};

const TABLE: &str = "event";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub kind: String,
    pub hold: Option<Uuid>,
    pub operation: Option<Uuid>,
    pub payer: Option<Uuid>,
    pub payee: Option<Uuid>,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub hold_version: Option<i64>,
    pub status: Option<String>,
    pub at_ms: i64,
    pub record: Option<String>,
    pub record_id: Option<String>,
    pub digest: Option<Vec<u8>>,
    pub link: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(
    shard,
    seq,
    kind,
    hold,
    operation,
    payer,
    payee,
    amount,
    currency,
    hold_version,
    status,
    at_ms,
    record,
    record_id,
    digest,
    link,
);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Seq];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

/// The kind of an entry that is no event.
const RECORD: &str = "record";

impl Model {
    pub(crate) fn of(entry: &Entry, link: Link) -> Self {
        let link = link.0.to_vec();
        match entry {
            Entry::Event(StoredEvent { shard, seq, event }) => Self {
                shard: shard_column(*shard),
                // Nobody writes 2^63 entries.
                seq: i64::try_from(*seq).unwrap_or(i64::MAX),
                kind: event.kind.name().to_owned(),
                hold: event.hold.map(HoldId::uuid),
                operation: event.operation.map(OperationId::uuid),
                payer: event.payer.map(AccountId::uuid),
                payee: event.payee.map(AccountId::uuid),
                amount: minor(event.amount),
                currency: event.amount.map(|amount| amount.currency().code().to_owned()),
                hold_version: event.hold_version.map(i64::from),
                status: event.status.map(|status| status.name().to_owned()),
                at_ms: event.at.millis(),
                record: None,
                // Of an event: the request to a service that it is about.
                record_id: event.request.map(|request| request.to_string()),
                digest: None,
                link,
            },
            Entry::Record { shard, seq, record } => Self {
                shard: shard_column(*shard),
                seq: i64::try_from(*seq).unwrap_or(i64::MAX),
                kind: RECORD.to_owned(),
                hold: None,
                operation: None,
                payer: None,
                payee: None,
                amount: None,
                currency: None,
                hold_version: None,
                status: None,
                at_ms: record.at.millis(),
                record: Some(record.name.clone()),
                record_id: Some(record.id.clone()),
                digest: record.digest.map(|digest| digest.to_vec()),
                link,
            },
        }
    }

    /// An entry of the log, and its link.
    pub(crate) fn entry(&self) -> Result<(Entry, Link), Damaged> {
        let link = link(TABLE, &self.link)?;
        let Some(name) = &self.record else {
            return Ok((Entry::Event(self.domain()?), link));
        };
        let digest = self.digest.as_deref().map(|digest| digest.try_into().map_err(|_| Damaged::new(TABLE, "digest")));
        let record = Record {
            name: name.clone(),
            id: word(TABLE, "record_id", self.record_id.clone())?,
            digest: digest.transpose()?,
            at: time(self.at_ms),
        };
        let seq = u64::try_from(self.seq).map_err(|_| Damaged::new(TABLE, "seq"))?;
        Ok((Entry::Record { shard: shard_of(TABLE, self.shard)?, seq, record }, link))
    }

    pub(crate) fn domain(&self) -> Result<StoredEvent, Damaged> {
        let amount = match (self.amount, &self.currency) {
            (Some(amount), Some(code)) => Some(Money::new(amount, currency(TABLE, code)?)),
            (None, None) => None,
            (Some(_) | None, Some(_) | None) => return Err(Damaged::new(TABLE, "amount")),
        };
        let request = |text: &String| text.parse().map_err(|_| Damaged::new(TABLE, "record_id"));
        let status = |text: &String| word(TABLE, "status", Status::from_name(text));
        let event = Event {
            kind: word(TABLE, "kind", EventKind::from_name(&self.kind))?,
            hold: id(self.hold, HoldId::from_uuid),
            operation: id(self.operation, OperationId::from_uuid),
            payer: id(self.payer, AccountId::from_uuid),
            payee: id(self.payee, AccountId::from_uuid),
            request: self.record_id.as_ref().map(request).transpose()?,
            amount,
            hold_version: self.hold_version.map(|version| count(TABLE, version)).transpose()?,
            status: self.status.as_ref().map(status).transpose()?,
            at: time(self.at_ms),
        };
        let seq = u64::try_from(self.seq).map_err(|_| Damaged::new(TABLE, "seq"))?;
        Ok(StoredEvent { shard: shard_of(TABLE, self.shard)?, seq, event })
    }
}
