//! Hold a deposit for a booked place; a gate states that it was used, a review may excuse; else the payee keeps it.

use serde::Deserialize;
use serde_json::json;

use super::arguments::{Period, TemplateError, amount, currency, name, rail};
use super::{checked, label, party, payee, payer, rest};
use crate::contract::Contract;
use crate::model::Label;

/// Arguments of `deposit`. The instance names the instant of `slot`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    /// The name for people.
    pub name: Label,
    /// The currency's code.
    pub currency: String,
    /// The rail.
    pub rail: String,
    /// What is held.
    pub amount: i64,
    /// How far ahead a place may be booked.
    pub book_ahead: Period,
    /// Until how long before the slot the payer may cancel; shorter than `book_ahead`.
    pub cancel_until: Period,
    /// How late somebody may come.
    pub late: Period,
    /// How long after that a review may excuse.
    pub review: Period,
}

impl Deposit {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.currency, "currency")?;
        rail(&self.rail, "rail")?;
        amount(self.amount, "amount")?;
        let nothing = Period::from_seconds(0);
        let ahead = self.book_ahead.longer_than(self.cancel_until, "book_ahead")?;
        let late = self.late.longer_than(nothing, "late")?;
        let review = self.review.longer_than(nothing, "review")?;
        checked(&json!({
            "v": "hc/1", "name": name,
            "parties": {"payer": payer(), "payee": payee(),
                "gate": party("attestor", "入場ゲート", "gate"), "board": party("attestor", "審査会", "review board")},
            "anchors": {"slot": {"earliest": "PT0S", "latest": ahead.text(), "label": label("利用開始の時刻", "the booked time")}},
            "legs": {"deposit": {"from": "payer", "asset": self.currency, "rail": self.rail, "hold": self.amount, "label": label("預り金", "deposit")}},
            "fund_by": late.min(Period::from_seconds(600)).text(),
            "start": "booked",
            "states": {
                "booked": {"label": label("予約中", "booked"), "by": {"anchor": "slot", "off": late.text()}, "on": [
                    {"when": {"attest": "used", "by": "gate"}, "do": rest("deposit", "release"), "go": "end"},
                    {"when": {"act": "cancel", "by": "payer", "before": {"anchor": "slot", "off": self.cancel_until.before()}},
                     "do": rest("deposit", "release"), "go": "end"}],
                    "else": {"go": "absent"}},
                "absent": {"label": label("利用なし", "not used"), "by": {"within": review.text()},
                    "on": [{"when": {"attest": "excused", "by": "board"}, "do": rest("deposit", "release"), "go": "end"}],
                    "else": {"do": rest("deposit", "payee"), "go": "end"}},
            },
        }))
    }
}
