//! Two holds on two rails: the payer pays on one, the payee is paid on the other, both or neither.

use serde::Deserialize;
use serde_json::json;

use super::arguments::{Period, TemplateError, amount, currency, name, rail};
use super::{checked, label, party, payee, payer};
use crate::contract::Contract;
use crate::model::Label;

/// Arguments of `exchange`. The party `provider` holds the second leg and is paid the first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The name for people.
    pub name: Label,
    /// The currency that the payer gives.
    pub pay_currency: String,
    /// The rail that the payer pays on.
    pub pay_rail: String,
    /// What the payer gives.
    pub pay_amount: i64,
    /// The currency that the payee gets.
    pub receive_currency: String,
    /// The rail that the payee is paid on.
    pub receive_rail: String,
    /// What the payee gets.
    pub receive_amount: i64,
    /// How long both sides have time to hold.
    pub hold_within: Period,
    /// How long the switch has time after that.
    pub fulfil_within: Period,
    /// How long the rails have time to capture.
    pub grace: Period,
}

impl Exchange {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.pay_currency, "pay_currency")?;
        rail(&self.pay_rail, "pay_rail")?;
        amount(self.pay_amount, "pay_amount")?;
        currency(&self.receive_currency, "receive_currency")?;
        rail(&self.receive_rail, "receive_rail")?;
        amount(self.receive_amount, "receive_amount")?;
        let nothing = Period::from_seconds(0);
        let hold = self.hold_within.longer_than(nothing, "hold_within")?;
        let fulfil = self.fulfil_within.longer_than(nothing, "fulfil_within")?;
        let grace = self.grace.longer_than(nothing, "grace")?;
        checked(&json!({
            "v": "hc/1", "name": name,
            "parties": {"payer": payer(), "payee": payee(), "provider": party("payer", "交換事業者", "exchange provider"),
                "switch": party("attestor", "中継システム", "switch")},
            "legs": {
                "given": {"from": "payer", "asset": self.pay_currency, "rail": self.pay_rail, "hold": self.pay_amount, "label": label("支払い", "payment")},
                "received": {"from": "provider", "asset": self.receive_currency, "rail": self.receive_rail, "hold": self.receive_amount, "label": label("受け取り", "receipt")},
            },
            "fund_by": hold.text(), "grace": grace.text(), "start": "held",
            "states": {"held": {"label": label("双方を仮押さえ", "both held"), "by": {"within": fulfil.text()},
                "on": [{"when": {"attest": "fulfil", "by": "switch"},
                    "do": {"given": [{"rest": "provider"}], "received": [{"rest": "payee"}]}, "go": "end"}],
                "else": {"do": {"given": [{"rest": "release"}], "received": [{"rest": "release"}]}, "go": "end"}}},
        }))
    }
}
