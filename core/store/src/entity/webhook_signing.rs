//! Seeds of the keys that sign events; wrapped by the operator's key.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::WebhookEndpointId;
use tebura_hub::webhooks::{SigningKeys, WebhookSecret};

use super::{Damaged, time};
use crate::engine::Failure;
use crate::vault::{SecretRow, Vault, VaultError, WrappedKey};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_signing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint: Uuid,
    pub kek: String,
    pub sealed_key: Vec<u8>,
    pub sealed_previous: Option<Vec<u8>>,
    pub previous_until_ms: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(vault: &Vault, endpoint: WebhookEndpointId, keys: &SigningKeys) -> Result<Self, VaultError> {
        let row = SecretRow::WebhookSigning(endpoint.uuid());
        let WrappedKey { kek, wrapped } = vault.wrap_for(row, keys.key.bytes())?;
        let previous = keys.previous.as_ref().map(|(seed, _)| vault.wrap_for(row, seed.bytes())).transpose()?;
        Ok(Self {
            endpoint: endpoint.uuid(),
            kek,
            sealed_key: wrapped,
            sealed_previous: previous.map(|previous| previous.wrapped),
            previous_until_ms: keys.previous.as_ref().map(|(_, until)| until.millis()),
        })
    }

    pub(crate) fn domain(self, vault: &Vault) -> Result<SigningKeys, Failure> {
        let open = |wrapped: Vec<u8>| {
            let stored = WrappedKey { kek: self.kek.clone(), wrapped };
            let row = SecretRow::WebhookSigning(self.endpoint);
            Ok::<_, VaultError>(WebhookSecret::new(*vault.unwrap_for(row, &stored)?))
        };
        let previous = match (self.sealed_previous, self.previous_until_ms) {
            (Some(wrapped), Some(until)) => Some((open(wrapped)?, time(until))),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(Damaged::new("webhook_signing", "previous_until_ms").into());
            }
        };
        Ok(SigningKeys { key: open(self.sealed_key)?, previous })
    }
}
