//! Webhook endpoints; their secrets are wrapped by the operator's key.

use sea_orm::entity::prelude::*;
use tebura_hub::ids::{MerchantId, WebhookEndpointId};
use tebura_hub::webhooks::{WebhookEndpoint, WebhookSecret};
use tebura_ledger::EventKind;

use super::{Damaged, Hot, time, word};
use crate::engine::Failure;
use crate::vault::{SecretRow, Vault, VaultError, WrappedKey};

const TABLE: &str = "webhook_endpoint";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub merchant: Uuid,
    pub url: String,
    pub kinds: String,
    pub kek: String,
    pub sealed_secret: Vec<u8>,
    pub sealed_previous: Option<Vec<u8>>,
    pub previous_until_ms: Option<i64>,
    pub created_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(
    id,
    merchant,
    url,
    kinds,
    kek,
    sealed_secret,
    sealed_previous,
    previous_until_ms,
    created_at_ms,
);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(vault: &Vault, endpoint: &WebhookEndpoint) -> Result<Self, VaultError> {
        let seal = |secret: &WebhookSecret| vault.wrap_for(SecretRow::Webhook(endpoint.id.uuid()), secret.bytes());
        let kinds: Vec<&str> = endpoint.kinds.iter().map(|kind| kind.name()).collect();
        let WrappedKey { kek, wrapped } = seal(&endpoint.secret)?;
        let previous = endpoint.previous.as_ref().map(|(secret, until)| Ok((seal(secret)?.wrapped, *until)));
        let previous = previous.transpose()?;
        Ok(Self {
            id: endpoint.id.uuid(),
            merchant: endpoint.merchant.uuid(),
            url: endpoint.url.clone(),
            kinds: kinds.join(" "),
            kek,
            sealed_secret: wrapped,
            previous_until_ms: previous.as_ref().map(|(_, until)| until.millis()),
            sealed_previous: previous.map(|(wrapped, _)| wrapped),
            created_at_ms: endpoint.created_at.millis(),
        })
    }

    /// The endpoint without its signing keys.
    pub(crate) fn domain(self, vault: &Vault) -> Result<WebhookEndpoint, Failure> {
        let open = |wrapped: Vec<u8>| {
            let stored = WrappedKey { kek: self.kek.clone(), wrapped };
            Ok::<_, VaultError>(WebhookSecret::new(*vault.unwrap_for(SecretRow::Webhook(self.id), &stored)?))
        };
        let kinds: Option<Vec<EventKind>> = self.kinds.split_whitespace().map(EventKind::from_name).collect();
        let previous = match (self.sealed_previous, self.previous_until_ms) {
            (Some(wrapped), Some(until)) => Some((open(wrapped)?, time(until))),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(Damaged::new(TABLE, "previous_until_ms").into()),
        };
        Ok(WebhookEndpoint {
            id: WebhookEndpointId::from_uuid(self.id),
            merchant: MerchantId::from_uuid(self.merchant),
            url: self.url.clone(),
            kinds: word(TABLE, "kinds", kinds)?,
            secret: open(self.sealed_secret)?,
            previous,
            signing: None,
            created_at: time(self.created_at_ms),
        })
    }
}
