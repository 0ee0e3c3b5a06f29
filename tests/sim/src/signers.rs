//! The people of contracts: each has a key that signs, and a purse on every rail.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use tebura_contract::Contract;
use tebura_hub::contracts::{AccountRef, PartyBinding};
use tebura_hub::ids::{InstrumentId, MerchantId, PartyId, PartyKeyId};
use tebura_hub::parties::NewPartyKey;
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::Caller;
use tebura_hub::set_up::NewInstrument;
use tebura_hub::statements::SignedStatement;
use tebura_hub::statements::jws::sign;
use tebura_hub::{HOUSE, Hub};
use tebura_ledger::{AccountId, Currency, Money, RailId};

use crate::city::{City, FUNDS};
use crate::dice::Dice;
use crate::papers::{REGISTER, THINGS};

/// As many as the contract with the most parties has.
pub const SIGNERS: usize = 5;
/// How many things each owns.
const OWNED: i64 = 3;

/// Somebody who signs.
pub struct Signer {
    pub party: PartyId,
    key: SigningKey,
    key_id: PartyKeyId,
    instruments: BTreeMap<String, InstrumentId>,
    /// Outside rail, the far end's name of the purse, the hub's mirror of it.
    pub mirrors: Vec<(RailId, String, AccountId)>,
}

impl Signer {
    /// Signs bytes.
    pub fn sign(&self, body: Vec<u8>) -> SignedStatement {
        SignedStatement { signature: sign(&self.key, Some(&self.key_id.to_string()), &body), body }
    }

    /// Signs bytes under the name of another one's key.
    pub fn forge(&self, victim: &Signer, body: Vec<u8>) -> SignedStatement {
        SignedStatement { signature: sign(&self.key, Some(&victim.key_id.to_string()), &body), body }
    }
}

/// The name of a purse at every far end.
pub fn purse(number: usize) -> String {
    format!("signer{number}")
}

fn private_key(number: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(number + 1).unwrap_or(1); 32])
}

/// The key that a signer registers.
pub fn public_key(number: usize) -> [u8; 32] {
    private_key(number).verifying_key().to_bytes()
}

/// Sets the signers up through the hub.
pub async fn settle(hub: &Hub) -> Result<Vec<Signer>, String> {
    let key = |what: String| KeyRequest { scope: "signers".to_owned(), key: what, fingerprint: [0; 32] };
    let (yen, things) = (Currency::JPY, Currency::new(THINGS).map_err(|error| error.to_string())?);
    let wrong = |error: &dyn std::fmt::Display| error.to_string();
    let issuer = hub.open_issuer(key("yen".to_owned()), yen).await.map_err(|error| wrong(&error))?;
    let maker = hub.open_issuer(key("things".to_owned()), things).await.map_err(|error| wrong(&error))?;
    let mut signers = Vec::new();
    for number in 0..SIGNERS {
        let name = purse(number);
        let word = |what: &str| key(format!("{what} {name}"));
        let person = hub.register_person(word("person"), &name, None).await.map_err(|error| wrong(&error))?.row.id;
        let (mut instruments, mut mirrors) = (BTreeMap::new(), Vec::new());
        for rail in hub.rails().into_iter().filter(|rail| rail.descriptor().rail.as_str() != HOUSE) {
            let descriptor = rail.descriptor();
            let rail = descriptor.rail.clone();
            let (currency, amount) = if rail.as_str() == REGISTER { (things, OWNED) } else { (yen, FUNDS) };
            let new = NewInstrument {
                person,
                rail: rail.clone(),
                token: (!descriptor.in_house).then(|| name.clone()),
                label: "purse".to_owned(),
                is_default: false,
                currency,
            };
            let made = hub.add_instrument(word(rail.as_str()), new).await.map_err(|error| wrong(&error))?.row;
            if descriptor.in_house {
                let from = if currency == yen { issuer } else { maker };
                let fund = word(&format!("fund {rail}"));
                let amount = Money::new(amount, currency);
                hub.fund(fund, from, made.account, amount).await.map_err(|error| wrong(&error))?;
            } else {
                mirrors.push((rail.clone(), name.clone(), made.account));
            }
            instruments.insert(rail.to_string(), made.id);
        }
        let private = private_key(number);
        let party = hub.register_party(word("party"), &name, None).await.map_err(|error| wrong(&error))?.row.id;
        let body = b"{}".to_vec();
        let proof = SignedStatement { signature: sign(&private, None, &body), body };
        let public_key = private.verifying_key().to_bytes();
        let new = NewPartyKey { party, public_key, valid_from: None, valid_until: None, replaces: None };
        let made = hub.register_party_key(&Caller::Operator, word("key"), new, &proof).await;
        let key_id = made.map_err(|error| wrong(&error))?.row.id;
        signers.push(Signer { party, key: private, key_id, instruments, mirrors });
    }
    Ok(signers)
}

/// Gives the parties of documents to signers, and now and then a payee to a shop.
pub fn cast(
    dice: &mut Dice,
    signers: &[Signer],
    city: &City,
    contracts: &[Contract],
) -> BTreeMap<String, PartyBinding> {
    let from = dice.place(signers.len());
    let shop: Option<MerchantId> = dice.chance(200).then(|| dice.one_of(&city.merchants));
    let rails: std::collections::BTreeSet<String> =
        contracts.iter().flat_map(|contract| contract.legs()).map(|leg| leg.rail.to_string()).collect();
    let mut parties = BTreeMap::new();
    let mut shops = 0;
    for name in contracts.iter().flat_map(|contract| contract.parties()).map(|party| party.name) {
        if parties.contains_key(name) {
            continue;
        }
        let signer = &signers[(from + parties.len()) % signers.len()];
        let pays = contracts.iter().flat_map(|contract| contract.legs()).any(|leg| leg.from == name);
        let own = || rails.iter().filter_map(|rail| signer.instruments.get(rail)).map(|id| AccountRef::Instrument(*id));
        let sells = shop.filter(|_| !pays && shops == 0 && !rails.contains(crate::papers::BOOKS));
        shops += usize::from(sells.is_some());
        let accounts = sells.map_or_else(|| own().collect(), |shop| vec![AccountRef::Merchant(shop)]);
        parties.insert(name.to_owned(), PartyBinding { signs: Some(signer.party), accounts });
    }
    parties
}
