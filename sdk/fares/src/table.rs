//! One route's fares, as they stand in a service's settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One route's fares. Stops of one zone pay alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FareTable {
    /// The route's id in the feed.
    pub route: String,
    /// In the order of travel.
    pub stops: Vec<Stop>,
    /// `from>to` by zone, in yen, for an adult.
    pub fares: BTreeMap<String, u64>,
    /// What the feed says of riders of a category by itself, in the same way; the policy's percentages do not touch it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Where a vehicle stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// In the feed.
    pub id: String,
    /// For people.
    pub name: String,
    /// Its zone of fares.
    pub zone: String,
}

/// What is wrong with a table that somebody wrote by hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// A stop is there twice.
    #[error("the stop {0:?} is there twice; remove one")]
    StopTwice(String),
    /// A fare names a zone of no stop.
    #[error("the fare {0:?} is not written as \"zone>zone\" with zones of stops; correct it")]
    Zones(String),
    /// There is no fare.
    #[error("there is no fare; write at least one")]
    NoFares,
}

impl FareTable {
    /// The key of a fare between zones.
    pub fn key(from_zone: &str, to_zone: &str) -> String {
        format!("{from_zone}>{to_zone}")
    }

    /// A stop by its id.
    pub fn stop(&self, id: &str) -> Option<&Stop> {
        self.stops.iter().find(|stop| stop.id == id)
    }

    /// An adult's fare from one stop to another; `None`: no trip goes there.
    pub fn fare(&self, from: &str, to: &str) -> Option<u64> {
        self.fares.get(&FareTable::key(&self.stop(from)?.zone, &self.stop(to)?.zone)).copied()
    }

    /// A category's own fare, where the feed has one.
    pub fn fare_of(&self, category: &str, from: &str, to: &str) -> Option<u64> {
        let own = self.categories.get(category)?;
        own.get(&FareTable::key(&self.stop(from)?.zone, &self.stop(to)?.zone)).copied()
    }

    /// The most that an adult pays from a stop, and where she goes then.
    pub fn most_from(&self, from: &str) -> Option<(&Stop, u64)> {
        let fares = self.stops.iter().filter_map(|to| Some((to, self.fare(from, &to.id)?)));
        fares.fold(None, |most: Option<(&Stop, u64)>, next| match most {
            Some((_, yen)) if yen >= next.1 => most,
            _ => Some(next),
        })
    }

    /// The one fare of a route on which every ride costs the same.
    pub fn flat(&self) -> Option<u64> {
        let mut fares = self.fares.values();
        let first = fares.next().copied()?;
        (fares.all(|yen| *yen == first) && self.categories.is_empty()).then_some(first)
    }

    /// As TOML under a table's name, to be read by people and put into a file of settings.
    pub fn as_toml(&self, table: &str) -> String {
        let mut page = format!("[{table}]\nroute = {}\nstops = [\n", quoted(&self.route));
        for stop in &self.stops {
            let (id, name, zone) = (quoted(&stop.id), quoted(&stop.name), quoted(&stop.zone));
            page.push_str(&format!("  {{ id = {id}, name = {name}, zone = {zone} }},\n"));
        }
        page.push_str("]\n");
        let mut of = |name: &str, fares: &BTreeMap<String, u64>| {
            page.push_str(&format!("\n[{table}.{name}]\n"));
            fares.iter().for_each(|(key, yen)| page.push_str(&format!("{} = {yen}\n", quoted(key))));
        };
        of("fares", &self.fares);
        for (category, own) in &self.categories {
            of(&format!("categories.{}", quoted(category)), own);
        }
        page
    }

    /// What is wrong with it.
    pub fn problems(&self) -> Vec<TableProblem> {
        let twice =
            self.stops.iter().enumerate().filter(|(nth, stop)| self.stops[..*nth].iter().any(|own| own.id == stop.id));
        let mut problems: Vec<TableProblem> = twice.map(|(_, stop)| TableProblem::StopTwice(stop.id.clone())).collect();
        let known = |zone: &str| self.stops.iter().any(|stop| stop.zone == zone);
        let keys = self.fares.keys().chain(self.categories.values().flat_map(BTreeMap::keys));
        let odd = keys.filter(|key| !key.split_once('>').is_some_and(|(from, to)| known(from) && known(to)));
        problems.extend(odd.map(|key| TableProblem::Zones(key.clone())));
        if self.fares.is_empty() {
            problems.push(TableProblem::NoFares);
        }
        problems
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
