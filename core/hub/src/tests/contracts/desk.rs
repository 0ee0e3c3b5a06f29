//! A desk where a contract is proposed: everybody has a key, a purse on every rail, and signs when asked to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_contract::Contract;
use tebura_ledger::{AccountId, Currency, Money, RailId, Timestamp};

use super::super::cut_off::dying_store::{Death, DyingStore};
use super::super::world::{FarEnd, JumpingClock, clock, hub_on, key};
use crate::contracts::{AccountRef, ContractView, Happened, PartyBinding, Proposal, ProposeError, TellError, Told};
use crate::ids::{ContractId, InstrumentId, MerchantId, PartyId, PartyKeyId};
use crate::instant::rfc3339;
use crate::memory::MemoryStore;
use crate::parties::NewPartyKey;
use crate::ports::Caller;
use crate::set_up::NewInstrument;
use crate::statements::SignedStatement;
use crate::statements::jws::sign;
use crate::{HouseRail, Hub};

/// A day in 2026.
const TODAY_MS: i64 = 1_795_332_000_000;
/// What every purse has at the beginning, minor units.
pub(super) const PURSE: i64 = 10_000_000;

pub(super) struct Desk {
    pub(super) hub: Hub,
    store: Arc<MemoryStore>,
    /// Commits of this process, counted since the last restart.
    pub(super) commits: Arc<AtomicU32>,
    pub(super) far_end: Arc<FarEnd>,
    pub(super) clock: Arc<JumpingClock>,
    pub(super) merchant: MerchantId,
    signers: BTreeMap<String, (PartyId, SigningKey, PartyKeyId)>,
    /// Party and rail.
    purses: BTreeMap<(String, String), (InstrumentId, AccountId)>,
    pub(super) id: Option<ContractId>,
    /// Of the document.
    pub(super) hash: Option<String>,
    nonces: u32,
}

impl Desk {
    pub(super) async fn open() -> Desk {
        Desk::open_on(3).await
    }

    pub(super) async fn open_on(shards: u16) -> Desk {
        let (store, far_end) = (Arc::new(MemoryStore::new(shards)), Arc::new(FarEnd::with_balance(10_000)));
        let clock = clock();
        clock.jump_ms(TODAY_MS);
        let hub = with_books(hub_on(store.clone(), far_end.clone(), clock.clone(), false));
        let merchant = hub.create_merchant(key("desk"), "窓口", true, Currency::JPY).await.unwrap().row.id;
        let (signers, purses) = (BTreeMap::new(), BTreeMap::new());
        let commits = Arc::default();
        Desk { hub, store, commits, far_end, clock, merchant, signers, purses, id: None, hash: None, nonces: 0 }
    }

    /// The next process on the same store; it may die at a commit, or while the far end acts.
    pub(super) fn restart(&mut self, death: Option<Death>) {
        self.clock.jump_ms(1_000);
        let store = Arc::new(DyingStore::new(self.store.clone(), death));
        if let Some(Death::AfterAct(nth)) = death {
            let (dead, acts) = (store.dead.clone(), AtomicU32::new(0));
            let kill = move || {
                if acts.fetch_add(1, Ordering::SeqCst) == nth {
                    dead.store(true, Ordering::SeqCst);
                }
            };
            *self.far_end.after_act.lock().unwrap() = Some(Arc::new(kill));
        } else {
            *self.far_end.after_act.lock().unwrap() = None;
        }
        self.commits = store.commits.clone();
        self.hub = with_books(hub_on(store, self.far_end.clone(), self.clock.clone(), false));
    }

    /// Everybody of a document gets a key, and a purse on the rail of every leg.
    pub(super) async fn people(&mut self, document: &Value) -> BTreeMap<String, PartyBinding> {
        let contract = Contract::from_value(document).expect("the document is good");
        let legs: BTreeMap<String, String> = contract
            .legs()
            .map(|leg| (leg.rail.to_string(), if leg.rail.as_str() == "asset" { "VEHICLE" } else { "JPY" }.to_owned()))
            .collect();
        let mut bindings = BTreeMap::new();
        for name in contract.parties().map(|party| party.name.to_owned()) {
            let signs = Some(self.signer(&name).await);
            let mut accounts = Vec::new();
            for (rail, unit) in &legs {
                accounts.push(AccountRef::Instrument(self.purse(&name, rail, unit).await));
            }
            bindings.insert(name, PartyBinding { signs, accounts });
        }
        bindings
    }

    pub(super) async fn signer(&mut self, name: &str) -> PartyId {
        if let Some((party, _, _)) = self.signers.get(name) {
            return *party;
        }
        let seed = u8::try_from(self.signers.len() + 1).unwrap();
        let private = SigningKey::from_bytes(&[seed; 32]);
        let party = self.hub.register_party(key(&format!("party {name}")), name, None).await.unwrap().row.id;
        let body = b"{}".to_vec();
        let proof = SignedStatement { signature: sign(&private, None, &body), body };
        let new = NewPartyKey {
            party,
            public_key: private.verifying_key().to_bytes(),
            valid_from: None,
            valid_until: None,
            replaces: None,
        };
        let word = key(&format!("key {name}"));
        let kid = self.hub.register_party_key(&Caller::Operator, word, new, &proof).await.unwrap().row.id;
        self.signers.insert(name.to_owned(), (party, private, kid));
        party
    }

    async fn purse(&mut self, name: &str, rail: &str, unit: &str) -> InstrumentId {
        let place = (name.to_owned(), rail.to_owned());
        if let Some((instrument, _)) = self.purses.get(&place) {
            return *instrument;
        }
        let word = |what: &str| key(&format!("{what} {name} {rail}"));
        let currency = Currency::new(unit).unwrap();
        let person = self.hub.register_person(key(&format!("person {name}")), name, None).await.unwrap().row.id;
        let house = self.hub.in_house(&RailId::new(rail).unwrap());
        let new = NewInstrument {
            person,
            rail: RailId::new(rail).unwrap(),
            token: (!house).then(|| format!("w-{name}")),
            label: name.to_owned(),
            is_default: false,
            currency,
        };
        let instrument = self.hub.add_instrument(word("purse"), new).await.unwrap().row;
        if house {
            let issuer = self.hub.open_issuer(key(&format!("issuer {unit}")), currency).await.unwrap();
            let amount = Money::new(PURSE, currency);
            self.hub.fund(word("fund"), issuer, instrument.account, amount).await.unwrap();
        }
        self.purses.insert(place, (instrument.id, instrument.account));
        instrument.id
    }

    pub(super) fn proposal(&self, document: Value, parties: BTreeMap<String, PartyBinding>) -> Proposal {
        Proposal {
            merchant: self.merchant,
            document,
            further: Vec::new(),
            parties,
            anchors: BTreeMap::new(),
            agree_within_ms: 3_600_000,
        }
    }

    pub(super) async fn propose(&mut self, word: &str, proposal: Proposal) -> Result<ContractView, ProposeError> {
        let view = self.hub.propose_contract(key(word), proposal).await?;
        self.id = Some(view.record.id);
        self.hash = Some(view.contract.hash().to_string());
        Ok(view)
    }

    /// Proposes a document for people who all have keys and purses, and has everybody agree who has to.
    pub(super) async fn begin(&mut self, document: &Value) -> ContractView {
        let parties = self.people(document).await;
        self.begin_with(self.proposal(document.clone(), parties)).await
    }

    pub(super) async fn begin_with(&mut self, proposal: Proposal) -> ContractView {
        let view = self.propose("contract", proposal).await.unwrap();
        for party in view.agreement_awaited() {
            self.agree(&party).await.unwrap();
        }
        self.view().await
    }

    /// As it is, and as a database gives it back.
    pub(super) async fn view(&self) -> ContractView {
        let mut view = self.hub.contract(self.id.unwrap()).await.unwrap().unwrap();
        let stored = serde_json::to_string(&view.record.progress).unwrap();
        view.record.progress = serde_json::from_str(&stored).unwrap_or_else(|error| panic!("{error}: {stored}"));
        for entry in &mut view.entries {
            let stored = serde_json::to_string(&entry.happened).unwrap();
            entry.happened = serde_json::from_str(&stored).unwrap_or_else(|error| panic!("{error}: {stored}"));
        }
        view
    }

    pub(super) async fn agree(&mut self, by: &str) -> Result<Told, TellError> {
        let hash = self.view().await.contract.hash().to_string();
        self.say(by, json!({"agree": hash})).await
    }

    pub(super) async fn act(&mut self, by: &str, act: &str) -> Result<Told, TellError> {
        self.say(by, json!({"act": act})).await
    }

    pub(super) async fn attest(&mut self, by: &str, attest: &str, fields: Value) -> Result<Told, TellError> {
        self.say(by, json!({"attest": attest, "fields": fields})).await
    }

    pub(super) async fn say(&mut self, by: &str, said: Value) -> Result<Told, TellError> {
        let signed = self.signed(by, &said);
        self.hub.tell_contract(self.id.unwrap(), &signed).await
    }

    /// A statement that counts for an hour from now, with a nonce of its own.
    pub(super) fn signed(&mut self, by: &str, said: &Value) -> SignedStatement {
        self.nonces += 1;
        let now = self.hub.now();
        let mut body = json!({
            "contract": self.id.unwrap().to_string(), "by": by, "nonce": format!("nonce-{:010}", self.nonces),
            "issued_at": rfc3339(now), "expires_at": rfc3339(now.plus_ms(3_600_000)),
        });
        for (name, value) in said.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (_, private, kid) = &self.signers[by];
        let body = body.to_string().into_bytes();
        SignedStatement { signature: sign(private, Some(&kid.to_string()), &body), body }
    }

    /// Lets time pass, and the hub do what is due.
    pub(super) async fn pass(&self, ms: i64) {
        self.clock.jump_ms(ms);
        self.hub.tick().await.unwrap();
    }

    pub(super) fn at(&self, ms: i64) -> Timestamp {
        self.hub.now().plus_ms(ms)
    }

    /// What somebody has gained on a rail of the hub's own, and what is held of it.
    pub(super) async fn gain(&self, name: &str, rail: &str) -> (i64, i64) {
        let (_, account) = self.purses[&(name.to_owned(), rail.to_owned())];
        let row = self.hub.store().account(account).await.unwrap().unwrap();
        (row.posted().minor() - PURSE, row.held().minor())
    }

    /// How it ended, in one word: the state that it left, `unfunded`, `unwound` or `lapsed`.
    pub(super) async fn end(&self) -> Option<String> {
        self.view().await.entries.iter().rev().find_map(|entry| match &entry.happened {
            Happened::Ended { outcome } => Some(match outcome {
                tebura_contract::Outcome::Fired { state, edge: Some(_) } => state.clone(),
                tebura_contract::Outcome::Fired { state, edge: None } => format!("{state} in silence"),
                tebura_contract::Outcome::Unfunded => "unfunded".to_owned(),
                tebura_contract::Outcome::Unwound => "unwound".to_owned(),
            }),
            Happened::Lapsed { .. } => Some("lapsed".to_owned()),
            _ => None,
        })
    }
}

/// Four rails in the hub's own books.
fn with_books(hub: Hub) -> Hub {
    for (rail, asset) in [("cbdc", "JPY"), ("deposit", "JPY"), ("emoney", "JPY"), ("asset", "VEHICLE")] {
        hub.add_rail(Arc::new(HouseRail::new(RailId::new(rail).unwrap(), vec![asset.to_owned()])));
    }
    hub
}

/// A checked-in example.
pub(super) fn example(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
