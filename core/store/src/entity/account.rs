//! Accounts: one row for each shard that the account has money in.

use sea_orm::entity::prelude::*;
use tebura_ledger::{Account, AccountId, AccountParts, Floor, Shard};

use super::{Damaged, Hot, currency, shard_column, word};

const TABLE: &str = "account";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub currency: String,
    pub floor: String,
    pub posted: i64,
    pub held: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(shard, id, currency, floor, posted, held, version);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Shard, Column::Id];
    const CHANGES: &'static [Column] = &[Column::Posted, Column::Held, Column::Version];
    const GUARD: Option<Column> = Some(Column::Version);
}

impl Model {
    pub(crate) fn of(shard: Shard, account: &Account) -> Self {
        let parts = account.parts();
        Self {
            shard: shard_column(shard),
            id: parts.id.uuid(),
            currency: parts.currency.code().to_owned(),
            floor: parts.floor.name().to_owned(),
            posted: parts.posted,
            held: parts.held,
            // Nobody moves an account 2^63 times.
            version: i64::try_from(parts.version).unwrap_or(i64::MAX),
        }
    }

    pub(crate) fn domain(&self) -> Result<Account, Damaged> {
        Account::from_parts(AccountParts {
            id: AccountId::from_uuid(self.id),
            currency: currency(TABLE, &self.currency)?,
            floor: word(TABLE, "floor", Floor::from_name(&self.floor))?,
            posted: self.posted,
            held: self.held,
            version: u64::try_from(self.version).map_err(|_| Damaged::new(TABLE, "version"))?,
        })
        .map_err(|damage| Damaged::new(TABLE, damage))
    }
}
