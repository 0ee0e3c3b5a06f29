//! Cards and CBDC: the acquirer and the central bank's network stand beside the hub, and live on when it is killed.

use std::collections::BTreeMap;
use std::path::Path;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use serde_json::{Value, json};
use tebura_providers::Credential;
use tebura_providers::card::{self, CardConfig, CardProvider};
use tebura_providers::cbdc::{self, CbdcConfig, CbdcNetwork, Member, NewCustomer};

use super::DayError;
use super::site::{Facility, credential};

/// The rails of their plugins.
pub(super) const CARD: &str = "jp.tebura.card";
pub(super) const CBDC: &str = "jp.tebura.cbdc";
/// What the hub is called at the intermediary.
const SERVICE: &str = "tebura-hub";
/// What the hub shows to either. Nothing is behind it but this process.
const SECRET: &str = "sk_test_play_money_only";
/// The hub's key at the intermediary.
const KEY: [u8; 32] = [17; 32];
/// What somebody with CBDC has: in the wallet, and at the bank.
const IN_WALLET: i64 = 20_000;
const AT_BANK: i64 = 30_000;

/// Both, with who has an account at the central ledger.
pub(super) struct Purses {
    card: card::Running,
    cbdc: cbdc::Running,
    people: Vec<String>,
}

impl Purses {
    /// Starts both and leaves the hub what it needs to speak to them.
    pub(super) async fn start(data: &Path) -> Result<Purses, DayError> {
        let failed = |what: &'static str| move |reason: String| DayError::FarEnd { what, reason };
        let key = SigningKey::from_bytes(&KEY);
        let card = CardProvider::start(CardConfig::new(Credential::new(SECRET))).await;
        let card = card.map_err(|error| failed("the card acquirer")(error.to_string()))?;
        let services = BTreeMap::from([(SERVICE.to_owned(), key.verifying_key().to_bytes())]);
        let config = CbdcConfig { services, ..CbdcConfig::new(Credential::new(SECRET), Credential::new("nobody's")) };
        let cbdc = CbdcNetwork::start(config).await;
        let cbdc = cbdc.map_err(|error| failed("the CBDC network")(error.to_string()))?;
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| failed("the CBDC network")(error.to_string()))?;
        credential(data, "acquirer", &format!("Bearer {SECRET}"))?;
        credential(data, "acquirer-events", "whsec_of_play_money_only_and_long")?;
        credential(data, "intermediary", &format!("Bearer {SECRET}"))?;
        credential(data, "intermediary-key", &pem)?;
        Ok(Purses { card, cbdc, people: Vec::new() })
    }

    /// What an operator binds to each of the two plugins.
    pub(super) fn grants(&self) -> [(&'static str, Value); 2] {
        let card = json!({
            "keys": {"webhook": "acquirer-events"},
            "endpoints": {"stripe": {"origin": self.card.origin(), "reach": ["loopback"], "credential": "acquirer"}},
        });
        let origin = self.cbdc.east.origin();
        let cbdc = json!({
            "settings": {"lock": "three_party", "service": SERVICE},
            "keys": {"service": "intermediary-key", "arbiter": "intermediary-key"},
            "endpoints": {"intermediary": {"origin": origin, "reach": ["loopback"], "credential": "intermediary"}},
        });
        [("card", card), ("cbdc", cbdc)]
    }

    /// Somebody gets an account with money in it.
    pub(super) fn open_person(&mut self, name: &str) -> String {
        let account = self.open(name, IN_WALLET + AT_BANK, IN_WALLET + AT_BANK);
        self.cbdc.network.draw(&account, IN_WALLET);
        self.people.push(account.clone());
        account
    }

    /// A shop gets one, whose money goes to its bank at once.
    pub(super) fn open_shop(&self, name: &str) -> String {
        self.open(name, 0, 0)
    }

    fn open(&self, name: &str, limit: i64, deposit: i64) -> String {
        let (name, services) = (name.to_owned(), vec![SERVICE.to_owned()]);
        let new = NewCustomer { name, aliases: Vec::new(), limit, deposit: Some(deposit), services };
        self.cbdc.network.open_customer(Member::East, new)
    }

    fn at(&self, account: &str) -> i64 {
        let wallet = self.cbdc.network.balance(account).map_or(0, |balance| balance.available + balance.locked);
        wallet + self.cbdc.network.deposit(account).unwrap_or(0)
    }

    /// What people have in CBDC, less what they owe for their cards.
    pub(super) fn people(&self) -> i64 {
        self.people.iter().map(|account| self.at(account)).sum::<i64>() - self.card.sandbox.merchant("jpy")
    }

    /// What a facility has in both.
    pub(super) fn of(&self, facility: &Facility) -> i64 {
        let card = if facility.takes_cards { self.card.sandbox.merchant("jpy") } else { 0 };
        card + facility.cbdc.as_deref().map_or(0, |account| self.at(account))
    }

    /// What acquirer, ledger and bank found wrong with their own books: nothing.
    pub(super) fn are_well(&self) -> Result<(), DayError> {
        let (card, cbdc) = (self.card.sandbox.audit(), self.cbdc.network.audit());
        if card.faults.is_empty() && card.held == 0 && cbdc.is_empty() {
            return Ok(());
        }
        Err(DayError::Books(format!("the acquirer says {card:?}, the central ledger {cbdc:?}")))
    }
}
