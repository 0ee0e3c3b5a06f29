//! The contracts that are proposed in a run: templates filled in from the dice, and examples of `examples/contracts` on
//! the rails of the simulation, with minutes where those have days.

use serde_json::{Value, json};
use tebura_contract::{
    CapAndCapture, Contract, Escrow, Estimate, Exchange, Label, Mandate, MaximumFare, Period, PrepaymentLock, Template,
};

use crate::dice::Dice;

/// Books of the hub beside the house rail: yen.
pub const BOOKS: &str = "books";
/// The hub's register of things.
pub const REGISTER: &str = "register";
/// What the register keeps.
pub const THINGS: &str = "VEHICLE";

/// A document, and those that its legs may move to.
#[derive(Clone, Debug)]
pub struct Paper {
    pub document: Value,
    pub further: Vec<Value>,
}

/// A document for the rails that are there. `None`: the dice chose arguments that make none.
pub fn draw(dice: &mut Dice, outside: &[String]) -> Option<Paper> {
    let own = BOOKS.to_owned();
    let all: Vec<&String> = [&own].into_iter().chain(outside).collect();
    let rail = all[dice.place(all.len())].clone();
    match dice.place(12) {
        0..=3 => exchange(dice, rail, own),
        4 => template(dice, rail),
        5..=7 => several(dice, rail),
        8 => clinic(dice, &rail, BOOKS),
        9 => car(dice, &rail),
        _ => pledge(dice, &rail),
    }
}

fn label() -> Label {
    Label { ja: "試し".to_owned(), en: "trial".to_owned() }
}

fn period(dice: &mut Dice, seconds: &[u32]) -> Period {
    Period::from_seconds(dice.one_of(seconds))
}

fn made(template: &Template) -> Option<Paper> {
    let document = serde_json::from_str(template.contract().ok()?.canonical()).ok()?;
    Some(Paper { document, further: Vec::new() })
}

/// Both or neither: one rail may be outside, the other is kept here.
fn exchange(dice: &mut Dice, one: String, other: String) -> Option<Paper> {
    let (pay_rail, receive_rail) = if dice.chance(500) { (one, other) } else { (other, one) };
    let yen = "JPY".to_owned();
    made(&Template::Exchange(Exchange {
        name: label(),
        pay_currency: yen.clone(),
        pay_rail,
        pay_amount: dice.between(1, 4_000),
        receive_currency: yen,
        receive_rail,
        receive_amount: dice.between(1, 4_000),
        hold_within: period(dice, &[30, 120]),
        fulfil_within: period(dice, &[30, 120, 600]),
        grace: period(dice, &[60, 600]),
    }))
}

/// One leg, one payment; the limit may be raised.
fn template(dice: &mut Dice, rail: String) -> Option<Paper> {
    let (name, currency) = (label(), "JPY".to_owned());
    let hold = dice.between(10, 3_000);
    let cap = dice.chance(700).then(|| hold + dice.between(1, 2_000));
    let within = period(dice, &[60, 300, 3_600]);
    made(&match dice.place(3) {
        0 => Template::CapAndCapture(CapAndCapture { name, currency, rail, hold, cap, within }),
        1 => Template::MaximumFare(MaximumFare { name, currency, rail, hold, cap, fare_max: 20_000, within }),
        _ => {
            let call_out = dice.chance(500).then_some(hold / 2 + 1);
            Template::Estimate(Estimate { name, currency, rail, estimate: hold, cap, call_out, within })
        }
    })
}

/// Several payments, several payees, or both words.
fn several(dice: &mut Dice, rail: String) -> Option<Paper> {
    let (name, currency) = (label(), "JPY".to_owned());
    let within = period(dice, &[60, 300, 3_600]);
    made(&match dice.place(4) {
        0 => Template::Escrow(Escrow {
            name,
            currency,
            rail,
            price: dice.between(10, 3_000),
            market_fee_bp: dice.chance(500).then_some(1_000),
            deliver_within: within,
            inspect_within: period(dice, &[20, 300]),
            return_within: period(dice, &[20, 300]),
        }),
        1 => Template::Mandate(Mandate {
            name,
            currency,
            rail,
            budget: dice.between(1_000, 3_000),
            each_max: dice.between(1, 1_000),
            times: dice.between(1, 5),
            within,
        }),
        2 => Template::PrepaymentLock(PrepaymentLock {
            name,
            currency,
            rail,
            price: dice.between(100, 3_000),
            parts: dice.between(1, 6),
            within,
        }),
        _ => {
            let (estimate, cap) = (dice.between(10, 1_000), Some(dice.between(1_001, 3_000)));
            Template::Estimate(Estimate { name, currency, rail, estimate, cap, call_out: Some(10), within })
        }
    })
}

fn example(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Two rails, two payers, numbers for both.
fn clinic(dice: &mut Dice, rail: &str, other: &str) -> Option<Paper> {
    let mut document = example(include_str!("../../../examples/contracts/clinic/contract.json"))?;
    document["legs"]["copay"]["rail"] = json!(rail);
    document["legs"]["subsidy"]["rail"] = json!(other);
    document["fund_by"] = json!("PT30S");
    document["states"]["waiting"]["by"] = json!(dice.one_of(&["PT60S", "PT300S"]));
    document["states"]["exam"]["by"] = json!(dice.one_of(&["PT400S", "PT900S"]));
    Some(Paper { document, further: Vec::new() })
}

/// A thing against money.
fn car(dice: &mut Dice, rail: &str) -> Option<Paper> {
    let mut document = example(include_str!("../../../examples/contracts/usedcar-dvp/contract.json"))?;
    document["legs"]["money"]["rail"] = json!(rail);
    document["legs"]["money"]["hold"] = json!(4_000);
    document["legs"]["title"]["rail"] = json!(REGISTER);
    document["states"]["assess"]["on"][0]["when"]["fields"]["value"]["max"] = json!(4_000);
    document["fund_by"] = json!("PT30S");
    document["grace"] = json!("PT600S");
    document["states"]["assess"]["by"] = json!(dice.one_of(&["PT60S", "PT300S"]));
    document["states"]["agree"]["by"] = json!(dice.one_of(&["PT400S", "PT900S"]));
    Some(Paper { document, further: Vec::new() })
}

/// A deposit that another contract may take over.
fn pledge(dice: &mut Dice, rail: &str) -> Option<Paper> {
    let mut next = example(include_str!("../../../examples/contracts/collateral/contract.json"))?;
    next["legs"]["pledge"]["rail"] = json!(rail);
    next["legs"]["pledge"]["hold"] = json!(3_000);
    next["fund_by"] = json!("PT30S");
    next["states"]["pledged"]["by"] = json!(dice.one_of(&["PT120S", "PT900S"]));
    next["states"]["pledged"]["on"][1]["when"]["fields"]["due"]["max"] = json!(3_000);
    next["states"]["cure"]["by"] = json!({"within": "PT60S"});
    let hash = Contract::from_value(&next).ok()?.hash().to_string();
    let mut document = example(include_str!("../../../examples/contracts/hold-to-collateral/contract.json"))?;
    document["legs"]["dep"]["rail"] = json!(rail);
    document["legs"]["dep"]["hold"] = json!(3_000);
    document["fund_by"] = json!("PT30S");
    let held = &mut document["states"]["held"];
    held["by"] = json!(dice.one_of(&["PT120S", "PT600S"]));
    held["on"][0]["do"]["dep"][0]["rest"]["rehold"] = json!({"contract": hash, "until": "PT2000S"});
    held["on"][1]["when"]["fields"]["cost"]["max"] = json!(3_000);
    Some(Paper { document, further: vec![next] })
}
