//! Reads of all money, for exports.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tebura_hub::ports::ReadError;
use tebura_ledger::{Account, AccountId, Hold, Money, OperationId, Shard, Timestamp, TransferId, Uuid};

use super::Unread;
use crate::entity::{account, hold, instrument, payee, shard_column, transfer};
use crate::open::SqlStore;

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// Pays: a person's instrument.
    Payer,
    /// Is paid: a merchant on a rail.
    Merchant,
    /// Where money comes from.
    Issuer,
}

impl Owner {
    /// The word in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Payer => "payers",
            Self::Merchant => "merchants",
            Self::Issuer => "issuers",
        }
    }
}

/// A transfer as it was posted: `debit` lost `amount`, `credit` gained it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The transfer.
    pub id: TransferId,
    /// What moved it.
    pub operation: OperationId,
    /// The account that lost.
    pub debit: AccountId,
    /// The account that gained.
    pub credit: AccountId,
    /// How much, above zero.
    pub amount: Money,
    /// What for: `fund`, `capture`, `refund` …
    pub kind: String,
    /// When.
    pub at: Timestamp,
}

impl SqlStore {
    /// Every account at home, its balances summed over shards, with what it is for.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn all_accounts(&self) -> Result<Vec<(Account, Owner)>, ReadError> {
        let payers: Vec<_> = instrument::Entity::find().all(&self.reader).await.map_err(Unread::from)?;
        let payees: Vec<_> = payee::Entity::find().all(&self.reader).await.map_err(Unread::from)?;
        let mut owners: BTreeMap<Uuid, Owner> = payers.iter().map(|row| (row.account, Owner::Payer)).collect();
        owners.extend(payees.iter().map(|row| (row.account, Owner::Merchant)));
        let rows = account::Entity::find().order_by_asc(account::Column::Id).all(&self.reader).await;
        let rows = rows.map_err(Unread::from)?;
        let mut accounts = Vec::new();
        for rows in rows.chunk_by(|one, next| one.id == next.id) {
            if let Some(account) = super::money::over_shards(rows)? {
                let owner = owners.get(&account.id().uuid()).copied().unwrap_or(Owner::Issuer);
                accounts.push((account, owner));
            }
        }
        Ok(accounts)
    }

    /// Transfers of a shard after one of them, oldest first.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn transfers(
        &self,
        shard: Shard,
        after: Option<TransferId>,
        limit: u16,
    ) -> Result<Vec<Posting>, ReadError> {
        let of_shard = transfer::Entity::find().filter(transfer::Column::Shard.eq(shard_column(shard)));
        let rows = after
            .into_iter()
            .fold(of_shard, |select, after| select.filter(transfer::Column::Id.gt(after.uuid())))
            .order_by_asc(transfer::Column::Id)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await
            .map_err(Unread::from)?;
        let postings: Result<_, Unread> = rows.into_iter().map(|row| Ok(row.posting()?)).collect();
        Ok(postings?)
    }

    /// Holds that keep money from their payer's available balance.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn open_holds(&self) -> Result<Vec<Hold>, ReadError> {
        let rows = hold::Entity::find()
            .filter(hold::Column::Phase.is_in(["placing", "held", "closing"]))
            .order_by_asc(hold::Column::Id)
            .all(&self.reader)
            .await
            .map_err(Unread::from)?;
        let holds: Result<_, Unread> = rows.iter().map(|row| Ok(row.domain()?)).collect();
        Ok(holds?)
    }
}
