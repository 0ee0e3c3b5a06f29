//! Hold a prepayment; the payee gets one part each time a register states that it was delivered.

use serde::Deserialize;
use serde_json::json;

use super::arguments::{Period, TemplateError, amount, currency, name, rail, within};
use super::{checked, label, party, payee, payer, rest};
use crate::contract::Contract;
use crate::model::Label;

/// Arguments of `prepayment_lock`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepaymentLock {
    /// The name for people.
    pub name: Label,
    /// The currency's code.
    pub currency: String,
    /// The rail.
    pub rail: String,
    /// What is held; divisible by `parts`.
    pub price: i64,
    /// How many parts are delivered, 1 to 100.
    pub parts: i64,
    /// How long it may take.
    pub within: Period,
}

impl PrepaymentLock {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.currency, "currency")?;
        rail(&self.rail, "rail")?;
        amount(self.price, "price")?;
        within(self.parts, 1, 100, "parts")?;
        if self.price % self.parts != 0 {
            return Err(TemplateError::Indivisible { price: self.price, parts: self.parts });
        }
        let time = self.within.longer_than(Period::from_seconds(0), "within")?;
        checked(&json!({
            "v": "hc/1", "name": name,
            "parties": {"payer": payer(), "payee": payee(), "register": party("attestor", "出席簿", "register")},
            "legs": {"price": {"from": "payer", "asset": self.currency, "rail": self.rail, "hold": self.price, "label": label("前払い金", "prepayment")}},
            "fund_by": time.min(Period::from_seconds(86_400)).text(),
            "start": "term",
            "states": {"term": {"label": label("提供期間", "term"), "by": time.text(), "on": [
                {"when": {"attest": "delivered", "by": "register"},
                 "do": {"price": [{"to": "payee", "amt": self.price / self.parts}, {"rest": "keep"}]}, "go": "term", "times": self.parts},
                {"when": {"act": "quit", "by": "payer"}, "do": rest("price", "release"), "go": "end"}],
                "else": {"do": rest("price", "release"), "go": "end"}}},
        }))
    }
}
