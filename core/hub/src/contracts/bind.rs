//! Gives each party of a contract its keys and its accounts, and refuses what could not be carried out.

use std::collections::{BTreeMap, BTreeSet};

use tebura_contract::{Asset, Contract, LegView};
use tebura_ledger::{Currency, RailId};

use super::account::{AccountRef, BoundAccount, Holder, PartyBinding};
use super::record::Bound;
use super::text::Text;
use crate::hub::Hub;
use crate::ids::PartyId;
use crate::ports::ReadError;

/// Why the parties cannot be bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    #[error("the contract has no party `{0}`: remove it, or correct the name")]
    PartyUnknown(String),
    #[error("nobody is named for the party `{0}`: add it under `parties`")]
    PartyMissing(String),
    #[error("`{party}` signs in this contract: name under `signs` whose keys sign for it")]
    SignerMissing { party: String },
    #[error("there is no signing party {0}; POST /v1/parties registers one")]
    SignerUnknown(PartyId),
    #[error("there is no {0}; check the id, and that a merchant has a payee on the rail")]
    AccountUnknown(String),
    #[error("`{party}` has two accounts on the rail {rail}: name the one that counts")]
    TwoAccounts { party: String, rail: String },
    #[error("leg `{leg}` needs an account of `{party}` on the rail {rail}: name an instrument or a merchant with one")]
    AccountMissing { party: String, leg: String, rail: RailId },
    #[error("leg `{leg}` holds what `{party}` owns: name an instrument of its own, not a merchant")]
    PayerIsMerchant { party: String, leg: String },
    #[error("leg `{leg}` goes back or on and pays nobody: name a second party with an account on the rail {rail}")]
    NobodyToPay { leg: String, rail: RailId },
    #[error("leg `{leg}` is about {asset}, and the account of `{party}` on the rail {rail} is in {currency}")]
    OtherAsset { leg: String, party: String, rail: RailId, asset: String, currency: String },
    #[error("leg `{leg}`: {asset} has no name in the books; a kind of thing has 3 to 12 letters and digits")]
    AssetUnnamed { leg: String, asset: String },
    #[error("`{one}` and `{other}` must be two different people or organisations in this contract")]
    SameIdentity { one: String, other: String },
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The unit in which the books keep what a leg holds: a currency, or the kind of a thing in capitals.
pub(super) fn unit_of(leg: &LegView<'_>) -> Result<Currency, BindError> {
    match leg.asset {
        Asset::Money(currency) => Ok(*currency),
        Asset::Thing(name) => {
            let kind = name.split(':').next().unwrap_or_default().to_uppercase();
            let unnamed = || BindError::AssetUnnamed { leg: leg.name.to_owned(), asset: name.clone() };
            Currency::new(&kind).map_err(|_| unnamed())
        }
    }
}

/// The account of a party on the rail of a leg.
pub(super) fn account_on<'b>(
    parties: &'b BTreeMap<String, Bound>,
    party: &str,
    rail: &RailId,
) -> Option<&'b BoundAccount> {
    parties.get(party)?.accounts.iter().find(|account| account.is_on(rail))
}

/// The party that a leg's hold names as its payee: the first that may be paid out of it, or anybody else with an account
/// there when nobody ever is.
pub(super) fn payee_of<'c>(
    contract: &'c Contract,
    leg: &LegView<'c>,
    parties: &BTreeMap<String, Bound>,
) -> Result<&'c str, BindError> {
    let payer = account_on(parties, leg.from, leg.rail).map(|account| account.account);
    let other = |party: &&str| {
        let account = account_on(parties, party, leg.rail).map(|account| account.account);
        account.is_some() && account != payer
    };
    let paid = contract.paid_from(leg.name);
    let anybody = contract.parties().map(|party| party.name);
    let nobody = || BindError::NobodyToPay { leg: leg.name.to_owned(), rail: leg.rail.clone() };
    paid.into_iter().chain(anybody).find(other).ok_or_else(nobody)
}

impl Hub {
    /// Binds the parties of a contract and of those that its legs may move to.
    pub(super) async fn bind(
        &self,
        contracts: &[&Contract],
        parties: BTreeMap<String, PartyBinding>,
    ) -> Result<BTreeMap<String, Bound>, BindError> {
        let known: BTreeSet<&str> =
            contracts.iter().flat_map(|contract| contract.parties()).map(|party| party.name).collect();
        if let Some(stranger) = parties.keys().find(|name| !known.contains(name.as_str())) {
            return Err(BindError::PartyUnknown(stranger.clone()));
        }
        let mut bound = BTreeMap::new();
        for name in &known {
            let binding = parties.get(*name).ok_or_else(|| BindError::PartyMissing((*name).to_owned()))?;
            bound.insert((*name).to_owned(), self.bind_party(name, binding).await?);
        }
        for contract in contracts {
            self.check_bound(contract, &bound).await?;
        }
        Ok(bound)
    }

    async fn bind_party(&self, name: &str, binding: &PartyBinding) -> Result<Bound, BindError> {
        if let Some(signer) = binding.signs {
            self.store().party(signer).await?.ok_or(BindError::SignerUnknown(signer))?;
        }
        let mut accounts: Vec<BoundAccount> = Vec::new();
        for reference in &binding.accounts {
            let found = self.accounts_of(*reference).await?;
            if found.is_empty() {
                return Err(BindError::AccountUnknown(match reference {
                    AccountRef::Instrument(id) => id.to_string(),
                    AccountRef::Merchant(id) => id.to_string(),
                }));
            }
            for account in found {
                if accounts.iter().any(|known| known.rail == account.rail) {
                    return Err(BindError::TwoAccounts { party: name.to_owned(), rail: account.rail });
                }
                accounts.push(account);
            }
        }
        Ok(Bound { signs: binding.signs.map(Text), accounts })
    }

    async fn check_bound(&self, contract: &Contract, bound: &BTreeMap<String, Bound>) -> Result<(), BindError> {
        let unsigned = |party: &&str| bound.get(*party).is_none_or(|bound| bound.signs.is_none());
        if let Some(party) = contract.signers().into_iter().find(unsigned) {
            return Err(BindError::SignerMissing { party: party.to_owned() });
        }
        for leg in contract.legs() {
            for party in contract.paid_from(leg.name).into_iter().chain([leg.from]) {
                self.check_account(&leg, party, bound).await?;
            }
            let payer = account_on(bound, leg.from, leg.rail);
            if payer.is_some_and(|payer| matches!(payer.holder, Holder::Merchant(_))) {
                return Err(BindError::PayerIsMerchant { party: leg.from.to_owned(), leg: leg.name.to_owned() });
            }
            payee_of(contract, &leg, bound)?;
        }
        for (one, other) in contract.must_differ() {
            let met = |name: &str| bound.get(name).map(identities).unwrap_or_default();
            if !met(one).is_disjoint(&met(other)) {
                return Err(BindError::SameIdentity { one: one.to_owned(), other: other.to_owned() });
            }
        }
        Ok(())
    }

    async fn check_account(
        &self,
        leg: &LegView<'_>,
        party: &str,
        bound: &BTreeMap<String, Bound>,
    ) -> Result<(), BindError> {
        let unit = unit_of(leg)?;
        let missing =
            || BindError::AccountMissing { party: party.to_owned(), leg: leg.name.to_owned(), rail: leg.rail.clone() };
        let account = account_on(bound, party, leg.rail).ok_or_else(missing)?;
        let row = self.store().account(account.account.0).await?.ok_or_else(missing)?;
        if row.currency() == unit {
            return Ok(());
        }
        Err(BindError::OtherAsset {
            leg: leg.name.to_owned(),
            party: party.to_owned(),
            rail: leg.rail.clone(),
            asset: unit.code().to_owned(),
            currency: row.currency().code().to_owned(),
        })
    }
}

/// Everybody who stands behind a party: whose keys, and whose accounts.
fn identities(bound: &Bound) -> BTreeSet<String> {
    let holder = |account: &BoundAccount| match &account.holder {
        Holder::Person(person) => person.0.to_string(),
        Holder::Merchant(merchant) => merchant.0.to_string(),
    };
    bound.accounts.iter().map(holder).chain(bound.signs.iter().map(|signs| signs.0.to_string())).collect()
}
