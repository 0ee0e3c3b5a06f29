//! Hold a cancellation fee once the payee accepts the reservation; the later the payer cancels, the more of it is due.

use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{Period, TemplateError, amount, currency, name, rail, within};
use super::{checked, label, party, payee, payer, rest};
use crate::contract::Contract;
use crate::model::Label;

/// The most steps of a schedule: what fits a screen.
const STEPS_MAX: usize = 8;

/// Arguments of `reservation_fee`. The instance names the instant of `slot`, an hour or more ahead.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationFee {
    /// The name for people.
    pub name: Label,
    /// The currency's code.
    pub currency: String,
    /// The rail.
    pub rail: String,
    /// The whole fee: what is held.
    pub fee: i64,
    /// How long the payee has time to accept.
    pub accept_within: Period,
    /// What a cancellation costs, the earliest step first. Before the first step it is as the first step says; after the
    /// last, coming and not coming are all that is left.
    pub steps: Vec<CancelStep>,
    /// The part of the fee that not coming costs, in ten-thousandths.
    pub no_show_bp: i64,
    /// How far ahead one may reserve; longer than two hours.
    pub reserve_ahead: Period,
    /// How late somebody may come.
    pub late: Period,
    /// How long after that the payee may waive the fee and a late arrival counts.
    pub grace: Period,
}

/// One step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelStep {
    /// Until how long before the slot the step counts.
    pub until_before: Period,
    /// The part of the fee that is due, in ten-thousandths; zero is free.
    pub bp: i64,
}

impl ReservationFee {
    pub(super) fn contract(&self) -> Result<Contract, TemplateError> {
        let name = name(&self.name)?;
        currency(&self.currency, "currency")?;
        rail(&self.rail, "rail")?;
        amount(self.fee, "fee")?;
        let nothing = Period::from_seconds(0);
        let accept = self.accept_within.longer_than(nothing, "accept_within")?;
        self.steps_in_order()?;
        within(self.no_show_bp, self.steps.last().map_or(0, |step| step.bp), 10_000, "no_show_bp")?;
        let ahead = self.reserve_ahead.longer_than(Period::from_seconds(7_200), "reserve_ahead")?;
        let late = self.late.longer_than(nothing, "late")?;
        let grace = self.grace.longer_than(nothing, "grace")?;
        let mut on = vec![
            json!({"when": {"attest": "arrived", "by": "host"}, "do": rest("fee", "release"), "go": "end"}),
            json!({"when": {"act": "cancel", "by": "payee"}, "do": rest("fee", "release"), "go": "end"}),
        ];
        on.extend(self.steps.iter().map(|step| {
            json!({"when": {"act": "cancel", "by": "payer", "before": {"anchor": "slot", "off": step.until_before.before()}},
                "do": due(step.bp), "go": "end"})
        }));
        checked(&json!({
            "v": "hc/1", "name": name,
            "parties": {"payer": payer(), "payee": payee(), "host": party("attestor", "来店確認端末", "check-in terminal")},
            "anchors": {"slot": {"earliest": "PT2H", "latest": ahead.text(), "label": label("予約時刻", "the reserved time")}},
            "legs": {"fee": {"from": "payer", "asset": self.currency, "rail": self.rail, "hold": self.fee, "label": label("キャンセル料", "cancellation fee")}},
            "fund_by": "PT15M", "start": "offered", "fund_at": "booked",
            "states": {
                "offered": {"label": label("申し込み中", "asked for"), "by": [accept.text(), {"anchor": "slot", "off": "-PT1H"}], "on": [
                    {"when": {"act": "accept", "by": "payee"}, "go": "booked"},
                    {"when": {"act": "decline", "by": "payee"}, "go": "end"},
                    {"when": {"act": "cancel", "by": "payer"}, "go": "end"}], "else": {"go": "end"}},
                "booked": {"label": label("予約成立", "booked"), "by": {"anchor": "slot", "off": late.text()}, "on": on, "else": {"go": "absent"}},
                "absent": {"label": label("来店なし", "did not come"), "by": {"within": grace.text()}, "on": [
                    {"when": {"act": "waive", "by": "payee"}, "do": rest("fee", "release"), "go": "end"},
                    {"when": {"attest": "arrived", "by": "host"}, "do": rest("fee", "release"), "go": "end"}],
                    "else": {"do": due(self.no_show_bp), "go": "end"}},
            },
        }))
    }

    fn steps_in_order(&self) -> Result<(), TemplateError> {
        if self.steps.is_empty() || self.steps.len() > STEPS_MAX {
            return Err(TemplateError::Count { argument: "steps", min: 1, max: STEPS_MAX });
        }
        for step in &self.steps {
            within(step.bp, 0, 10_000, "steps.bp")?;
            if step.until_before >= self.reserve_ahead {
                self.reserve_ahead.longer_than(step.until_before, "reserve_ahead")?;
            }
        }
        let in_order = |pair: &[CancelStep]| pair[0].until_before > pair[1].until_before && pair[0].bp < pair[1].bp;
        if self.steps.windows(2).all(in_order) { Ok(()) } else { Err(TemplateError::Order { argument: "steps" }) }
    }
}

/// A part of the fee to the payee, the rest back.
fn due(bp: i64) -> Value {
    match bp {
        0 => rest("fee", "release"),
        10_000 => rest("fee", "payee"),
        bp => json!({"fee": [{"to": "payee", "amt": {"bp": bp}}, {"rest": "release"}]}),
    }
}
