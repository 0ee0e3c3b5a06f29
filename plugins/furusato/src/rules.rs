//! The law's rules, as arithmetic: what a gift may cost, how many municipalities, until when.

use serde::Deserialize;
use tebura_plugin::service::Day;

/// Municipalities of one calendar year with which the one-stop exception still goes.
const MOST_MUNICIPALITIES: u64 = 5;

/// A return gift.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Gift {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) donation_yen: u64,
    pub(crate) cost_yen: u64,
    #[serde(default)]
    pub(crate) other_costs_yen: u64,
    pub(crate) stock: u64,
}

/// Which gift costs too much, and by which rule.
pub(crate) fn too_dear(gifts: &[Gift]) -> Option<String> {
    let thirty = gifts.iter().find(|gift| gift.cost_yen * 10 > gift.donation_yen * 3);
    let fifty = gifts.iter().find(|gift| (gift.cost_yen + gift.other_costs_yen) * 2 > gift.donation_yen);
    let by_gift = thirty.map(|gift| {
        let most = gift.donation_yen * 3 / 10;
        format!("the gift {} costs {} yen and may cost {most}: 30 % of the donation", gift.id, gift.cost_yen)
    });
    by_gift.or_else(|| {
        fifty.map(|gift| {
            let (all, most) = (gift.cost_yen + gift.other_costs_yen, gift.donation_yen / 2);
            format!("the gift {} costs {all} yen with everything and may cost {most}: 50 % of the donation", gift.id)
        })
    })
}

/// Whether the one-stop exception still goes. Several donations to one municipality count once.
pub(crate) fn one_stop_goes(other_municipalities: u64) -> bool {
    other_municipalities < MOST_MUNICIPALITIES
}

/// The day by which the form for a donation has to arrive: 10 January of the next year.
pub(crate) fn one_stop_until(donated_on: Day) -> Day {
    Day::new(donated_on.year() + 1, 1, 10).unwrap_or(donated_on)
}
