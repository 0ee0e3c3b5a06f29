//! Signed heads of the logs.

use sea_orm::entity::prelude::*;
use tebura_hub::audit::{Head, SignedHead};

use super::{Damaged, link, shard_column, shard_of, time};

const TABLE: &str = "audit_head";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub link: Vec<u8>,
    pub at_ms: i64,
    pub key: String,
    pub signature: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(signed: &SignedHead) -> Self {
        let SignedHead { head, key, signature } = signed;
        Self {
            shard: shard_column(head.shard),
            // Nobody writes 2^63 entries.
            seq: i64::try_from(head.seq).unwrap_or(i64::MAX),
            link: head.link.0.to_vec(),
            at_ms: head.at.millis(),
            key: key.clone(),
            signature: signature.to_vec(),
        }
    }

    pub(crate) fn domain(self) -> Result<SignedHead, Damaged> {
        let head = Head {
            shard: shard_of(TABLE, self.shard)?,
            seq: u64::try_from(self.seq).map_err(|_| Damaged::new(TABLE, "seq"))?,
            link: link(TABLE, &self.link)?,
            at: time(self.at_ms),
        };
        let signature = self.signature.try_into().map_err(|_| Damaged::new(TABLE, "signature"))?;
        Ok(SignedHead { head, key: self.key, signature })
    }
}
