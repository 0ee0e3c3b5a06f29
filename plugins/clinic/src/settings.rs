//! What an operator configures: the institution, its departments, and its business days.

use std::collections::BTreeMap;

use serde::Deserialize;
use tebura_plugin::service::Day;

/// A name by language.
pub(crate) type Title = BTreeMap<String, String>;

/// The longest closure that is looked through for a day of business.
const MOST_CLOSED_DAYS: i64 = 25;
/// From Monday.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Of an instance: one clinic.
#[derive(Deserialize)]
pub(crate) struct Settings {
    /// Ten digits.
    pub(crate) institution: String,
    /// By the department's word.
    pub(crate) departments: BTreeMap<String, Department>,
    /// When there is no business.
    pub(crate) closed: Closed,
}

/// A department.
#[derive(Deserialize)]
pub(crate) struct Department {
    /// For people.
    pub(crate) title: Title,
    /// What a visit costs as a rule, before insurance, yen.
    pub(crate) estimate: u64,
}

/// When there is no business.
#[derive(Deserialize)]
pub(crate) struct Closed {
    weekdays: Vec<String>,
    days: Vec<Day>,
}

impl Settings {
    /// The next day of business after one: until its end a hold counts.
    pub(crate) fn next_business_day(&self, today: Day) -> Day {
        let is_open = |day: &Day| {
            !self.closed.days.contains(day) && !self.closed.weekdays.iter().any(|word| word == WEEKDAYS[day.weekday()])
        };
        let last = today.plus(MOST_CLOSED_DAYS);
        (1..MOST_CLOSED_DAYS).map(|days| today.plus(days)).find(is_open).unwrap_or(last)
    }
}

/// What the patient pays of a cost: the share in percent, rounded to ten yen, five up, as the receipt computer does.
pub(crate) fn share_of(cost: u64, percent: u64) -> u64 {
    (cost.saturating_mul(percent) + 500) / 1_000 * 10
}
