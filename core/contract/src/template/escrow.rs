//! Hold a price until the goods were delivered and looked at; the payer may send them back, and a desk may decide.

use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{Period, TemplateError, amount, currency, name, rail, within};
use super::{checked, label, party, payee, payer, rest};
use crate::contract::Contract;
use crate::model::Label;

/// Arguments of `escrow`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escrow {
    /// The name for people.
    pub name: Label,
    /// The currency's code.
    pub currency: String,
    /// The rail.
    pub rail: String,
    /// What is held.
    pub price: i64,
    /// What the market keeps of the price when the sale stands, in ten-thousandths; nothing when it is left out.
    #[serde(default)]
    pub market_fee_bp: Option<i64>,
    /// How long delivery may take.
    pub deliver_within: Period,
    /// How long the payer may look at the goods.
    pub inspect_within: Period,
    /// How long a return may take.
    pub return_within: Period,
}

impl Escrow {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.currency, "currency")?;
        rail(&self.rail, "rail")?;
        amount(self.price, "price")?;
        if let Some(fee) = self.market_fee_bp {
            within(fee, 1, 5_000, "market_fee_bp")?;
        }
        let nothing = Period::from_seconds(0);
        let deliver = self.deliver_within.longer_than(nothing, "deliver_within")?;
        let inspect = self.inspect_within.longer_than(nothing, "inspect_within")?;
        let back = self.return_within.longer_than(nothing, "return_within")?;
        let sold = || -> Value {
            match self.market_fee_bp {
                Some(fee) => json!({"price": [{"to": "market", "amt": {"bp": fee}}, {"rest": "payee"}]}),
                None => rest("price", "payee"),
            }
        };
        let mut parties = json!({"payer": payer(), "payee": payee(),
            "carrier": party("attestor", "配送会社", "carrier"), "desk": party("attestor", "相談窓口", "help desk")});
        if self.market_fee_bp.is_some() {
            parties["market"] = party("payee", "市場の運営者", "market");
        }
        checked(&json!({
            "v": "hc/1", "name": name, "parties": parties,
            "legs": {"price": {"from": "payer", "asset": self.currency, "rail": self.rail, "hold": self.price, "label": label("代金", "price")}},
            "fund_by": deliver.min(Period::from_seconds(86_400)).text(),
            "start": "deliver",
            "states": {
                "deliver": {"label": label("配達待ち", "being delivered"), "by": deliver.text(),
                    "on": [{"when": {"attest": "delivered", "by": "carrier"}, "go": "inspect"}],
                    "else": {"do": rest("price", "release"), "go": "end"}},
                "inspect": {"label": label("品物の確認", "being looked at"), "by": {"within": inspect.text()},
                    "on": [{"when": {"act": "accept", "by": "payer"}, "do": sold(), "go": "end"},
                           {"when": {"act": "return", "by": "payer"}, "go": "returning"}],
                    "else": {"do": sold(), "go": "end"}},
                "returning": {"label": label("返品中", "being returned"), "by": {"within": back.text()},
                    "on": [{"when": {"attest": "returned", "by": "carrier"}, "do": rest("price", "release"), "go": "end"},
                           {"when": {"attest": "ruling", "by": "desk", "fields": {"to_payee": {"max": self.price}}},
                            "do": {"price": [{"to": "payee", "amt": {"field": "to_payee"}}, {"rest": "release"}]}, "go": "end"}],
                    "else": {"do": sold(), "go": "end"}},
            },
        }))
    }
}
