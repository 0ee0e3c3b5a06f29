//! What comparisons with rails' statements found.

use sea_orm::entity::prelude::*;
use tebura_hub::reconcile::{Compared, Finding, Line, LineKind, NextStep, StatementHead};
use tebura_ledger::{Money, OperationId, Timestamp};

use super::{Damaged, count, currency, id, time, word};

const TABLE: &str = "rail_finding";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rail_finding")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub rail: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub statement: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub operation: Option<Uuid>,
    pub compared: String,
    pub next: String,
    pub exception: Option<Uuid>,
    pub reference: Option<String>,
    pub hold: Option<String>,
    pub echoed: Option<String>,
    pub kind: Option<String>,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub at_ms: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(head: &StatementHead, finding: &Finding) -> Self {
        let line = finding.line.as_ref();
        Self {
            rail: head.rail.to_string(),
            statement: head.id.to_string(),
            number: i64::from(finding.number),
            operation: finding.operation.map(OperationId::uuid),
            compared: finding.compared.name().to_owned(),
            next: finding.next.name().to_owned(),
            exception: finding.exception.map(OperationId::uuid),
            reference: line.map(|line| line.reference.clone()),
            hold: line.and_then(|line| line.hold.clone()),
            echoed: line.and_then(|line| line.operation.clone()),
            kind: line.map(|line| line.kind.name().to_owned()),
            amount: line.map(|line| line.amount.minor()),
            currency: line.map(|line| line.amount.currency().code().to_owned()),
            at_ms: line.map(|line| Timestamp::millis(line.at)),
        }
    }

    pub(crate) fn domain(self) -> Result<Finding, Damaged> {
        let line = match (self.reference, self.kind, self.amount, self.currency, self.at_ms) {
            (Some(reference), Some(kind), Some(amount), Some(code), Some(at)) => Some(Line {
                reference,
                hold: self.hold,
                operation: self.echoed,
                kind: word(TABLE, "kind", LineKind::from_name(&kind))?,
                amount: Money::new(amount, currency(TABLE, &code)?),
                at: time(at),
            }),
            (None, None, None, None, None) => None,
            _ => return Err(Damaged::new(TABLE, "a line lacks a part")),
        };
        Ok(Finding {
            number: count(TABLE, self.number)?,
            line,
            operation: id(self.operation, OperationId::from_uuid),
            compared: word(TABLE, "compared", Compared::from_name(&self.compared))?,
            next: word(TABLE, "next", NextStep::from_name(&self.next))?,
            exception: id(self.exception, OperationId::from_uuid),
        })
    }
}
