//! What is wrong with settings beyond their schema: fares and stops that do not fit together, reductions that never apply.
//!
//! Absent: a fare from one stop to another that is not there. Where nobody may get on or off, there is none.

use std::collections::{BTreeMap, BTreeSet};

use tebura_plugin::service::SettingsFault;

use crate::settings::{Collect, Policy, Settings};

/// Who may have a fare of its own.
const CATEGORIES: [&str; 5] = ["child", "student", "senior", "disability", "carer"];

/// Zones that a message lists.
const ZONES_TOLD: usize = 12;

/// All of them.
pub(crate) fn faults(settings: &Settings) -> Vec<SettingsFault> {
    let mut faults = fares(settings);
    faults.extend(reductions(&settings.policy));
    faults.extend(seniors(settings));
    faults
}

fn fares(settings: &Settings) -> Vec<SettingsFault> {
    let (table, mut faults) = (&settings.fares, Vec::new());
    let zones: BTreeSet<&str> = table.stops.iter().map(|stop| stop.zone.as_str()).collect();
    let more = if zones.len() > ZONES_TOLD { ", …" } else { "" };
    let known = zones.iter().take(ZONES_TOLD).copied().collect::<Vec<_>>().join(", ") + more;
    let mut of_zones = |place: &[&str], fares: &BTreeMap<String, u64>| {
        let is_known =
            |key: &str| key.split_once('>').is_some_and(|(from, to)| zones.contains(from) && zones.contains(to));
        for key in fares.keys().filter(|key| !is_known(key)) {
            let ja = format!(
                "の運賃区がどの停留所にもありません。「乗車の運賃区>降車の運賃区」の形で、停留所の zone（{known}）から書いてください"
            );
            let en = format!("names a zone of no stop; write it as \"from>to\" with zones of stops: {known}");
            faults.push(SettingsFault::at(&[place, &[key]].concat(), "transit.zone_unknown", ja, en));
        }
    };
    of_zones(&["fares", "fares"], &table.fares);
    for (category, own) in &table.categories {
        of_zones(&["fares", "categories", category], own);
    }
    for (category, own) in &table.categories {
        let place = ["fares", "categories", category.as_str()];
        if !CATEGORIES.contains(&category.as_str()) {
            let known = CATEGORIES.join(", ");
            let ja = format!("という区分はありません。次のどれかを書いてください: {known}");
            let en = format!("is no category of riders; write one of: {known}");
            faults.push(SettingsFault::at(&place, "transit.category_unknown", ja, en));
        }
        for key in own.keys().filter(|key| !table.fares.contains_key(*key)) {
            let ja =
                format!("に大人運賃がありません。fares.fares に \"{key}\" の大人運賃を書くか、これを消してください");
            let en = format!("has no fare of an adult; write \"{key}\" under fares.fares, or remove this one");
            faults.push(SettingsFault::at(&[&place[..], &[key]].concat(), "transit.adult_fare_missing", ja, en));
        }
    }
    let served: BTreeSet<&str> =
        table.fares.keys().filter_map(|key| key.split_once('>')).flat_map(|(from, to)| [from, to]).collect();
    for (nth, stop) in table.stops.iter().enumerate().filter(|(_, stop)| !served.contains(stop.zone.as_str())) {
        let zone = &stop.zone;
        let ja = format!(
            "の運賃区 {zone} から、または {zone} への運賃がありません。fares.fares に書くか、この停留所を消してください"
        );
        let en =
            format!("is {zone}, from and to which there is no fare; write one under fares.fares, or remove the stop");
        faults.push(SettingsFault::at(&["fares", "stops", &nth.to_string(), "zone"], "transit.fare_missing", ja, en));
    }
    let amounts: BTreeSet<u64> = table.fares.values().copied().collect();
    if settings.collect == Collect::Boarding && amounts.len() > 1 {
        let (least, most) = (amounts.first().unwrap_or(&0), amounts.last().unwrap_or(&0));
        let ja = format!(
            "が boarding（均一運賃）なのに運賃が {least} 円から {most} 円まであります。alighting か both-ends と書くか、運賃を一つにしてください"
        );
        let en = format!(
            "is boarding, which takes one fare, and fares go from {least} to {most}; write alighting or both-ends, or one fare"
        );
        faults.push(SettingsFault::at(&["collect"], "transit.fares_differ", ja, en));
    }
    faults
}

/// A reduction comes on top of those above it only.
fn reductions(policy: &Policy) -> Vec<SettingsFault> {
    let mut faults = Vec::new();
    for (nth, one) in policy.reductions.iter().enumerate() {
        let above: Vec<&str> = policy.reductions[..nth].iter().map(|own| own.name.as_str()).collect();
        for (at, name) in one.on_top_of.iter().enumerate().filter(|(_, name)| !above.contains(&name.as_str())) {
            let known = if above.is_empty() { "-".to_owned() } else { above.join(", ") };
            let ja = format!(
                "の {name} はこれより上にありません。上にある割引（{known}）から書くか、消すか、順を変えてください"
            );
            let en = format!(
                "is {name}, which does not stand above this reduction; write some of those that do ({known}), remove it, or change the order"
            );
            let place = ["policy", "reductions", &nth.to_string(), "on_top_of", &at.to_string()];
            faults.push(SettingsFault::at(&place, "transit.reduction_order", ja, en));
        }
    }
    faults
}

/// Seniors pay less from an age on, which somebody has to say.
fn seniors(settings: &Settings) -> Option<SettingsFault> {
    let policy = &settings.policy;
    let pay_less = policy.reductions.iter().any(|one| one.name == "senior")
        || settings.fares.categories.contains_key("senior")
        || policy.senior_of.is_some();
    (pay_less && policy.senior_from.is_none()).then(|| {
        let ja = "がないので高齢者の割引は誰にも適用されません。年齢（例: 70）を書くか、senior の割引を消してください";
        let en = "is missing, so that no senior ever pays less; write an age such as 70, or remove what is for seniors";
        SettingsFault::at(&["policy", "senior_from"], "transit.senior_age_missing", ja, en)
    })
}
