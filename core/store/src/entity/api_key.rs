//! API keys: the digest of the secret, never the secret.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{ApiKeyId, MerchantId, TillId};
use tebura_hub::sites::{ApiKey, Scope};
use tebura_ledger::Timestamp;

use super::{Damaged, id, time, word};

const TABLE: &str = "api_key";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub secret_sha256: Vec<u8>,
    pub merchant: Option<Uuid>,
    pub till: Option<Uuid>,
    pub scopes: String,
    pub revoked_at_ms: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(key: &ApiKey) -> Self {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
        Self {
            id: key.id.uuid(),
            secret_sha256: key.secret_sha256.to_vec(),
            merchant: key.merchant.map(MerchantId::uuid),
            till: key.till.map(TillId::uuid),
            scopes: scopes.join(" "),
            revoked_at_ms: key.revoked_at.map(Timestamp::millis),
        }
    }

    pub(crate) fn domain(self) -> Result<ApiKey, Damaged> {
        let secret_sha256 = self.secret_sha256.try_into();
        let scope = |name: &str| Scope::ALL.into_iter().find(|scope| scope.name() == name);
        let scopes: Option<Vec<Scope>> = self.scopes.split_whitespace().map(scope).collect();
        Ok(ApiKey {
            id: ApiKeyId::from_uuid(self.id),
            secret_sha256: secret_sha256.map_err(|_| Damaged::new(TABLE, "secret_sha256"))?,
            merchant: id(self.merchant, MerchantId::from_uuid),
            till: id(self.till, TillId::from_uuid),
            scopes: word(TABLE, "scopes", scopes)?,
            revoked_at: self.revoked_at_ms.map(time),
        })
    }
}
