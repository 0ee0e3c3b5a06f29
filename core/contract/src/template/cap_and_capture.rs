//! Hold up to a limit; the payee states what is due, as the payer agreed at the beginning, and the rest goes back.

use serde::Deserialize;
use serde_json::json;

use super::arguments::{Period, TemplateError, amount, currency, name, rail, within};
use super::{checked, label, payee, payer, rest};
use crate::contract::Contract;
use crate::limits::AMOUNT_MAX;
use crate::model::Label;

/// Arguments of `cap_and_capture`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapAndCapture {
    /// The name for people.
    pub name: Label,
    /// The currency's code.
    pub currency: String,
    /// The rail.
    pub rail: String,
    /// What is held.
    pub hold: i64,
    /// What the payer may raise it to; as much as is held when it is left out.
    #[serde(default)]
    pub cap: Option<i64>,
    /// How long the payee has time.
    pub within: Period,
}

impl CapAndCapture {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.currency, "currency")?;
        rail(&self.rail, "rail")?;
        amount(self.hold, "hold")?;
        let cap = self.cap.unwrap_or(self.hold);
        within(cap, self.hold, AMOUNT_MAX, "cap")?;
        let time = self.within.longer_than(Period::from_seconds(0), "within")?;
        let mut on = vec![
            json!({"when": {"attest": "due", "by": "payee", "fields": {"amount": {"max": cap}}}, "agreed": "payer",
                "do": {"sum": [{"to": "payee", "amt": {"field": "amount"}}, {"rest": "release"}]}, "go": "end",
                "label": label("請求額を確定する", "the amount due is captured")}),
            json!({"when": {"act": "cancel", "by": "payee"}, "do": rest("sum", "release"), "go": "end"}),
        ];
        if cap > self.hold {
            on.push(
                json!({"when": {"act": "raise_cap", "by": "payer"}, "raise": {"sum": cap}, "go": "open", "times": 1}),
            );
        }
        checked(&json!({
            "v": "hc/1", "name": name,
            "parties": {"payer": payer(), "payee": payee()},
            "legs": {"sum": {"from": "payer", "asset": self.currency, "rail": self.rail, "hold": self.hold, "cap": cap, "label": label("代金", "sum")}},
            "fund_by": self.within.min(Period::from_seconds(600)).text(),
            "start": "open",
            "states": {"open": {"by": time.text(), "on": on, "else": {"do": rest("sum", "release"), "go": "end"},
                "label": label("利用中", "open")}},
        }))
    }
}
