//! Hold an estimate; payer and payee confirm the bill together; more than the estimate needs the payer's consent.

use serde::Deserialize;
use serde_json::json;

use super::arguments::{Period, TemplateError, amount, currency, name, rail, within};
use super::{checked, label, payee, payer, rest};
use crate::contract::Contract;
use crate::limits::AMOUNT_MAX;
use crate::model::Label;

/// Arguments of `estimate`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The name for people.
    pub name: Label,
    /// The currency's code.
    pub currency: String,
    /// The rail.
    pub rail: String,
    /// The estimate: what is held.
    pub estimate: i64,
    /// What it may be raised to with the payer's consent; the estimate when it is left out.
    #[serde(default)]
    pub cap: Option<i64>,
    /// What the payee may take alone for having come; nothing when it is left out.
    #[serde(default)]
    pub call_out: Option<i64>,
    /// How long the work may take.
    pub within: Period,
}

impl Estimate {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.currency, "currency")?;
        rail(&self.rail, "rail")?;
        amount(self.estimate, "estimate")?;
        let cap = self.cap.unwrap_or(self.estimate);
        within(cap, self.estimate, AMOUNT_MAX, "cap")?;
        if let Some(call_out) = self.call_out {
            within(call_out, 1, self.estimate, "call_out")?;
        }
        let time = self.within.longer_than(Period::from_seconds(0), "within")?;
        let mut on = vec![
            json!({"when": {"attest": "bill", "by": {"k": 2, "of": ["payer", "payee"]}, "fields": {"amount": {"max": cap}}},
                "do": {"work": [{"to": "payee", "amt": {"field": "amount"}}, {"rest": "release"}]}, "go": "end",
                "label": label("双方が請求額を確認する", "both confirm the bill")}),
            json!({"when": {"act": "cancel", "by": "payee"}, "do": rest("work", "release"), "go": "end"}),
        ];
        if cap > self.estimate {
            on.push(json!({"when": {"act": "ask_more", "by": "payee"}, "consent": "payer", "raise": {"work": cap}, "go": "working", "times": 1,
                "label": label("見積りの引き上げを求める", "a higher estimate is asked for")}));
        }
        if let Some(call_out) = self.call_out {
            on.push(json!({"when": {"act": "call_out_only", "by": "payee"}, "agreed": "payer",
                "do": {"work": [{"to": "payee", "amt": call_out}, {"rest": "release"}]}, "go": "end",
                "label": label("出張費だけを請求する", "only the call-out is charged")}));
        }
        checked(&json!({
            "v": "hc/1", "name": name,
            "parties": {"payer": payer(), "payee": payee()},
            "legs": {"work": {"from": "payer", "asset": self.currency, "rail": self.rail, "hold": self.estimate, "cap": cap, "label": label("作業代", "work")}},
            "fund_by": self.within.min(Period::from_seconds(600)).text(),
            "start": "working",
            "states": {"working": {"by": time.text(), "on": on, "else": {"do": rest("work", "release"), "go": "end"},
                "label": label("作業中", "at work")}},
        }))
    }
}
