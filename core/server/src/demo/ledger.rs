//! Who has how much in the demo city, wherever it is kept: in the hub for city points, at the provider for wallets.

use serde::{Deserialize, Serialize};
use tebura_hub::Hub;
use tebura_ledger::AccountId;
use tebura_providers::wallet::Sandbox;
use utoipa::ToSchema;

use crate::problem::Problem;

/// One balance of the demo city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DemoBalance {
    /// Masked for people, whole for the shop.
    pub name: String,
    /// The rail that keeps it.
    pub rail: String,
    /// The ledger account, as holds name it.
    pub account: String,
    /// What can be spent, yen.
    pub available: i64,
    /// The shop's, not a person's.
    pub is_shop: bool,
}

/// Where to look for each balance.
#[derive(Default)]
pub struct DemoLedger {
    pub(super) entries: Vec<Entry>,
    pub(super) sandbox: Option<Sandbox>,
}

pub(super) struct Entry {
    pub(super) name: String,
    pub(super) rail: String,
    pub(super) account: AccountId,
    /// The provider's name of the account; `None`: the hub keeps it.
    pub(super) token: Option<String>,
    pub(super) is_shop: bool,
}

impl DemoLedger {
    /// Every balance as it is now.
    ///
    /// # Errors
    /// When the store or the provider does not answer.
    pub async fn balances(&self, hub: &Hub) -> Result<Vec<DemoBalance>, Problem> {
        let mut balances = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let available = match (&entry.token, &self.sandbox) {
                (Some(token), Some(sandbox)) => {
                    let found = sandbox.balance(token).await.map_err(|error| Problem::internal(&error.to_string()))?;
                    found.map_or(0, |balance| balance.available)
                }
                _ => hub.store().account(entry.account).await?.map_or(0, |account| account.available().minor()),
            };
            balances.push(DemoBalance {
                name: entry.name.clone(),
                rail: entry.rail.clone(),
                account: entry.account.to_string(),
                available,
                is_shop: entry.is_shop,
            });
        }
        Ok(balances)
    }
}
