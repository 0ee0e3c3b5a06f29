//! Where a party of a contract pays from and is paid to.

use serde::{Deserialize, Serialize};
use tebura_ledger::{AccountId, RailId};

use super::text::Text;
use crate::hub::Hub;
use crate::ids::{InstrumentId, MerchantId, PartyId, PersonId};
use crate::ports::ReadError;

/// Who a party is to be, as asked for.
#[derive(Clone, Debug, Default)]
pub struct PartyBinding {
    /// Whose keys sign for it.
    pub signs: Option<PartyId>,
    pub accounts: Vec<AccountRef>,
}

/// A person's instrument, or all accounts of a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountRef {
    Instrument(InstrumentId),
    Merchant(MerchantId),
}

/// An account on one rail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundAccount {
    pub rail: String,
    pub account: Text<AccountId>,
    /// How the rail's far end names it.
    pub token: String,
    pub holder: Holder,
}

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    Person(Text<PersonId>),
    Merchant(Text<MerchantId>),
}

impl BoundAccount {
    pub(super) fn is_on(&self, rail: &RailId) -> bool {
        self.rail == rail.as_str()
    }
}

impl Hub {
    /// The accounts behind a reference; empty when there is none.
    pub(super) async fn accounts_of(&self, reference: AccountRef) -> Result<Vec<BoundAccount>, ReadError> {
        match reference {
            AccountRef::Instrument(id) => {
                let kept = self.instrument(id).await?.filter(|instrument| instrument.removed_at.is_none());
                let bound = kept.map(|instrument| BoundAccount {
                    rail: instrument.rail.to_string(),
                    account: Text(instrument.account),
                    token: instrument.token,
                    holder: Holder::Person(Text(instrument.person)),
                });
                Ok(bound.into_iter().collect())
            }
            AccountRef::Merchant(id) => {
                let payees = self.payees(id).await?.into_iter().map(|payee| BoundAccount {
                    rail: payee.rail.to_string(),
                    account: Text(payee.account),
                    token: payee.token,
                    holder: Holder::Merchant(Text(id)),
                });
                Ok(payees.collect())
            }
        }
    }
}
