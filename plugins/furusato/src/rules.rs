//! The law's rules, as arithmetic: what a gift may cost, how many municipalities, until when.

use serde::Deserialize;
use tebura_plugin::service::{Day, SettingsFault};

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

/// The law's two limits: what a gift may cost of its donation.
const TOO_DEAR: &str = "furusato.gift_too_dear";

/// Which gifts cost too much, and by which rule. Where the gift alone does, the rest is not looked at.
pub(crate) fn too_dear(gifts: &[Gift]) -> Vec<SettingsFault> {
    let of = |(nth, gift): (usize, &Gift)| {
        let Gift { donation_yen: donation, cost_yen: cost, other_costs_yen: other, .. } = gift;
        let (thirty, fifty) = (donation * 3 / 10, donation / 2);
        let nth = nth.to_string();
        let fault = |field: &str, is: u64, most: u64, ja: &str, en: &str| {
            let ja = format!("が {is} 円です。{most} 円以下で書いてください（{ja}、寄附額は {donation} 円）");
            let en = format!("is {is}; write at most {most}: {en} of {donation} yen");
            SettingsFault::at(&["gifts", &nth, field], TOO_DEAR, ja, en)
        };
        if *cost > thirty {
            return Some(fault(
                "cost_yen",
                *cost,
                thirty,
                "調達費は寄附額の3割まで",
                "a gift costs at most 30 % of its donation",
            ));
        }
        let all = "調達費と合わせて寄附額の5割まで";
        (cost + other > fifty)
            .then(|| fault("other_costs_yen", *other, fifty - cost, all, "with the gift at most 50 % of its donation"))
    };
    gifts.iter().enumerate().filter_map(of).collect()
}

/// All that is wrong with settings beyond their schema.
pub(crate) fn faults(least_yen: u64, gifts: &[Gift]) -> Vec<SettingsFault> {
    let below = gifts.iter().enumerate().filter(|(_, gift)| gift.donation_yen < least_yen).map(|(nth, gift)| {
        let is = gift.donation_yen;
        let ja = format!("が {is} 円です。寄附の下限 least_yen の {least_yen} 円以上で書いてください");
        let en = format!("is {is}; write at least {least_yen}, the least donation (least_yen)");
        SettingsFault::at(&["gifts", &nth.to_string(), "donation_yen"], "furusato.gift_below_least", ja, en)
    });
    below.chain(too_dear(gifts)).collect()
}

/// Whether the one-stop exception still goes. Several donations to one municipality count once.
pub(crate) fn one_stop_goes(other_municipalities: u64) -> bool {
    other_municipalities < MOST_MUNICIPALITIES
}

/// The day by which the form for a donation has to arrive: 10 January of the next year.
pub(crate) fn one_stop_until(donated_on: Day) -> Day {
    Day::new(donated_on.year() + 1, 1, 10).unwrap_or(donated_on)
}
