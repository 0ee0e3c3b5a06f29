//! Statements of rails that were compared.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::ApiKeyId;
use tebura_hub::reconcile::{Counts, StatementHead, StatementId};

use super::{Damaged, count, rail, time};

const TABLE: &str = "rail_statement";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rail_statement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub rail: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub from_ms: i64,
    pub until_ms: i64,
    pub grace_ms: i64,
    pub digest: Vec<u8>,
    pub lines: i64,
    pub matched: i64,
    pub missing_at_rail: i64,
    pub missing_here: i64,
    pub amount_differs: i64,
    pub awaited: i64,
    pub brought_by: Uuid,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(head: &StatementHead) -> Self {
        let Counts { matched, missing_at_rail, missing_here, amount_differs, awaited } = head.counts;
        Self {
            rail: head.rail.to_string(),
            id: head.id.to_string(),
            from_ms: head.from.millis(),
            until_ms: head.until.millis(),
            grace_ms: head.grace_ms,
            digest: head.digest.to_vec(),
            lines: i64::from(head.lines),
            matched: i64::from(matched),
            missing_at_rail: i64::from(missing_at_rail),
            missing_here: i64::from(missing_here),
            amount_differs: i64::from(amount_differs),
            awaited: i64::from(awaited),
            brought_by: head.by.uuid(),
            at_ms: head.at.millis(),
        }
    }

    pub(crate) fn domain(self) -> Result<StatementHead, Damaged> {
        let of = |column| count(TABLE, column);
        Ok(StatementHead {
            id: StatementId::new(self.id).map_err(|_| Damaged::new(TABLE, "id"))?,
            rail: rail(TABLE, &self.rail)?,
            from: time(self.from_ms),
            until: time(self.until_ms),
            grace_ms: self.grace_ms,
            digest: self.digest.try_into().map_err(|_| Damaged::new(TABLE, "digest"))?,
            lines: of(self.lines)?,
            counts: Counts {
                matched: of(self.matched)?,
                missing_at_rail: of(self.missing_at_rail)?,
                missing_here: of(self.missing_here)?,
                amount_differs: of(self.amount_differs)?,
                awaited: of(self.awaited)?,
            },
            by: ApiKeyId::from_uuid(self.brought_by),
            at: time(self.at_ms),
        })
    }
}
