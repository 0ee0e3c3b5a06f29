//! How many are where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tebura_plugin::service::kv;

use crate::entry::{COUNTS, Entry, Stay};

/// A shelter of the settings.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) capacity: u64,
}

/// People by shelter, and how many of these stay elsewhere. Protected people count as everybody does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts(BTreeMap<String, (u64, u64)>);

pub(crate) fn counts() -> Counts {
    kv::get(COUNTS).and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

impl Counts {
    pub(crate) fn add(&mut self, entry: &Entry) {
        let place = self.0.entry(entry.shelter.clone()).or_default();
        place.0 += entry.people;
        place.1 += if entry.stay == Stay::Shelter { 0 } else { entry.people };
    }

    pub(crate) fn take(&mut self, entry: &Entry) {
        let place = self.0.entry(entry.shelter.clone()).or_default();
        place.0 = place.0.saturating_sub(entry.people);
        place.1 = place.1.saturating_sub(if entry.stay == Stay::Shelter { 0 } else { entry.people });
    }

    /// Of these under its roof.
    pub(crate) fn people(&self, shelter: &str) -> u64 {
        self.0.get(shelter).map_or(0, |(people, outside)| people - outside)
    }
}

/// As `schemas/headcount-output.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Headcount<'s> {
    people: u64,
    shelters: Vec<Line<'s>>,
}

#[derive(Debug, Serialize)]
struct Line<'s> {
    id: &'s str,
    name: &'s str,
    people: u64,
    outside: u64,
    capacity: u64,
}

impl<'s> Headcount<'s> {
    pub(crate) fn of(places: &'s [Place], counts: &Counts) -> Headcount<'s> {
        let line = |place: &'s Place| {
            let (people, outside) = counts.0.get(&place.id).copied().unwrap_or_default();
            Line { id: &place.id, name: &place.name, people, outside, capacity: place.capacity }
        };
        let shelters: Vec<Line<'s>> = places.iter().map(line).collect();
        Headcount { people: shelters.iter().map(|line| line.people).sum(), shelters }
    }
}
