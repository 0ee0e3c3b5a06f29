//! Hold a budget out of which a device orders, up to an amount each time and a number of times.

use serde::Deserialize;
use serde_json::json;

use super::arguments::{Period, TemplateError, amount, currency, name, rail, within};
use super::{checked, label, party, payee, payer, rest};
use crate::contract::Contract;
use crate::model::Label;

/// Arguments of `mandate`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// The name for people.
    pub name: Label,
    /// The currency's code.
    pub currency: String,
    /// The rail.
    pub rail: String,
    /// What is held.
    pub budget: i64,
    /// The most that one order may cost.
    pub each_max: i64,
    /// The most orders, 1 to 100.
    pub times: i64,
    /// How long the mandate lasts.
    pub within: Period,
}

impl Mandate {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.currency, "currency")?;
        rail(&self.rail, "rail")?;
        amount(self.budget, "budget")?;
        within(self.each_max, 1, self.budget, "each_max")?;
        within(self.times, 1, 100, "times")?;
        let time = self.within.longer_than(Period::from_seconds(0), "within")?;
        checked(&json!({
            "v": "hc/1", "name": name,
            "parties": {"payer": payer(), "payee": payee(), "device": party("attestor", "機器", "device")},
            "legs": {"budget": {"from": "payer", "asset": self.currency, "rail": self.rail, "hold": self.budget, "label": label("予算", "budget")}},
            "fund_by": time.min(Period::from_seconds(600)).text(),
            "start": "live",
            "states": {"live": {"label": label("利用中", "in use"), "by": time.text(), "on": [
                {"when": {"attest": "order", "by": "device", "fields": {"price": {"min": 1, "max": self.each_max}}},
                 "do": {"budget": [{"to": "payee", "amt": {"field": "price"}}, {"rest": "keep"}]}, "go": "live", "times": self.times},
                {"when": {"act": "stop", "by": "payer"}, "do": rest("budget", "release"), "go": "end"}],
                "else": {"do": rest("budget", "release"), "go": "end"}}},
        }))
    }
}
