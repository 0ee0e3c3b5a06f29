//! Hold a limit; a meter states the fare; above the limit the payer may raise it up to a cap.

use serde::Deserialize;
use serde_json::json;

use super::arguments::{Period, TemplateError, amount, currency, name, rail, within};
use super::{checked, label, party, payee, payer, rest};
use crate::contract::Contract;
use crate::limits::AMOUNT_MAX;
use crate::model::Label;

/// Arguments of `maximum_fare`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaximumFare {
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
    /// The most that the meter may state; more than the cap is cut to what is held.
    pub fare_max: i64,
    /// How long the ride may take.
    pub within: Period,
}

impl MaximumFare {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.currency, "currency")?;
        rail(&self.rail, "rail")?;
        amount(self.hold, "hold")?;
        let cap = self.cap.unwrap_or(self.hold);
        within(cap, self.hold, AMOUNT_MAX, "cap")?;
        amount(self.fare_max, "fare_max")?;
        let time = self.within.longer_than(Period::from_seconds(0), "within")?;
        let mut on = vec![
            json!({"when": {"attest": "meter.final", "by": "meter", "fields": {"fare": {"max": self.fare_max}}},
                "do": {"fare": [{"to": "payee", "amt": {"field": "fare"}}, {"rest": "release"}]}, "go": "end"}),
            json!({"when": {"act": "cancel", "by": "payee"}, "do": rest("fare", "release"), "go": "end"}),
        ];
        if cap > self.hold {
            on.push(
                json!({"when": {"act": "raise_cap", "by": "payer"}, "raise": {"fare": cap}, "go": "ride", "times": 1}),
            );
        }
        checked(&json!({
            "v": "hc/1", "name": name,
            "parties": {"payer": payer(), "payee": payee(), "meter": party("attestor", "料金メーター", "meter")},
            "legs": {"fare": {"from": "payer", "asset": self.currency, "rail": self.rail, "hold": self.hold, "cap": cap, "label": label("料金", "fare")}},
            "fund_by": self.within.min(Period::from_seconds(120)).text(),
            "start": "ride",
            "states": {"ride": {"by": time.text(), "on": on, "else": {"do": rest("fare", "release"), "go": "end"},
                "label": label("乗車中", "riding")}},
        }))
    }
}
