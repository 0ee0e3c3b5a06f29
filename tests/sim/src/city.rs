//! Who is there: merchants who are paid on every rail, people with an instrument on every rail, money in every purse.

use std::collections::BTreeMap;

use tebura_hub::Hub;
use tebura_hub::ids::{InstrumentId, MerchantId};
use tebura_hub::perform::KeyRequest;
use tebura_hub::set_up::{NewInstrument, SetUpError};
use tebura_ledger::{AccountId, Currency, Money, RailId};

use crate::papers::{BOOKS, REGISTER};

/// Money in each purse at first, minor units.
pub const FUNDS: i64 = 20_000;

/// Everybody, by their ids in the hub.
#[derive(Clone, Debug, Default)]
pub struct City {
    pub merchants: Vec<MerchantId>,
    pub instruments: Vec<InstrumentId>,
    /// A purse at a far end: rail, the far end's name of it, the hub's mirror of it.
    pub purses: Vec<(RailId, String, AccountId)>,
    /// The same for a shop.
    pub shops: Vec<(RailId, String, AccountId)>,
}

/// Sets everybody up through the hub.
pub async fn settle(hub: &Hub, merchants: usize, payers: usize) -> Result<City, SetUpError> {
    let mut city = City::default();
    let mut numbers: BTreeMap<&'static str, u32> = BTreeMap::new();
    let mut key = |what: &'static str| {
        let number = numbers.entry(what).or_default();
        *number += 1;
        KeyRequest { scope: "set-up".to_owned(), key: format!("{what} {number}"), fingerprint: [0; 32] }
    };
    let yen = Currency::JPY;
    // The further books are for those who sign contracts.
    let further = |rail: &RailId| [BOOKS, REGISTER].contains(&rail.as_str());
    let rails = hub.rails().into_iter().map(|rail| rail.descriptor().rail.clone());
    let rails: Vec<RailId> = rails.filter(|rail| !further(rail)).collect();
    let outside = |rail: &RailId| rail.as_str() != tebura_hub::HOUSE;
    let issuer = hub.open_issuer(key("issuer"), yen).await?;
    for number in 0..merchants {
        let merchant = hub.create_merchant(key("merchant"), &format!("shop {number}"), true, yen).await?.row.id;
        for rail in rails.iter().filter(|rail| outside(rail)) {
            let token = format!("shop{number}");
            let payee = hub.add_payee(key("payee"), merchant, rail.clone(), Some(token.clone()), yen).await?;
            city.shops.push((rail.clone(), token, payee.row.account));
        }
        city.merchants.push(merchant);
    }
    for number in 0..payers {
        let person = hub.register_person(key("person"), &format!("person {number}"), None).await?.row.id;
        for rail in &rails {
            let token = outside(rail).then(|| format!("purse{number}"));
            let new = NewInstrument {
                person,
                rail: rail.clone(),
                token: token.clone(),
                label: "purse".to_owned(),
                is_default: false,
                currency: yen,
            };
            let instrument = hub.add_instrument(key("instrument"), new).await?.row;
            match token {
                Some(token) => city.purses.push((rail.clone(), token, instrument.account)),
                None => hub.fund(key("fund"), issuer, instrument.account, Money::new(FUNDS, yen)).await?,
            }
            city.instruments.push(instrument.id);
        }
    }
    Ok(city)
}
