//! From a feed's texts to one route's [`FareTable`].

use std::collections::{BTreeMap, BTreeSet};

use crate::csv::Table;
use crate::pairs::{self, Service, StopRow};
use crate::problem::{Problem, What};
use crate::table::{FareTable, Stop};
use crate::{v1, v2};

/// The files of a feed by name, as UTF-8.
pub type Files = BTreeMap<String, String>;

/// A table, and which of the two ways it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// The fares.
    pub table: FareTable,
    /// Read from Fares v2; else from `fare_attributes.txt`.
    pub fares_v2: bool,
    /// Rides that were priced.
    pub rides: usize,
}

/// What both ways have in common.
pub(crate) struct Feed<'f> {
    pub(crate) files: &'f Files,
    pub(crate) route: &'f str,
    pub(crate) stops: BTreeMap<String, StopRow>,
    pub(crate) service: Service,
}

/// A stop's zone of fares, and what rides between zones cost.
pub(crate) struct Priced {
    pub(crate) zones: BTreeMap<String, String>,
    pub(crate) fares: BTreeMap<String, u64>,
    pub(crate) categories: BTreeMap<String, BTreeMap<String, u64>>,
    /// Whether two stops tell the fare; else it is the same wherever one goes.
    pub(crate) by_distance: bool,
}

impl Feed<'_> {
    pub(crate) fn table(&self, file: &'static str, problems: &mut Vec<Problem>) -> Option<Table> {
        read(self.files, file, problems)
    }

    pub(crate) fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }
}

/// Reads one route's fares: Fares v2 where the feed has `fare_leg_rules.txt`, else `fare_attributes.txt`.
///
/// # Errors
/// Everything that is wrong.
pub fn compile(files: &Files, route: &str) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Vec::new();
    let (stops, routes) = (read(files, "stops.txt", &mut problems), read(files, "routes.txt", &mut problems));
    let (trips, times) = (read(files, "trips.txt", &mut problems), read(files, "stop_times.txt", &mut problems));
    let (Some(stops), Some(routes), Some(trips), Some(times)) = (stops, routes, trips, times) else {
        return Err(problems);
    };
    if routes.need(["route_id"], &mut problems) && !routes.rows.iter().any(|row| routes.get(row, "route_id") == route) {
        problems.push(Problem::new("routes.txt", 0, What::Unknown("route_id", route.to_owned(), "routes.txt")));
    }
    let stops = pairs::stops(&stops, &mut problems);
    let trips = pairs::trips(&trips, route, &mut problems);
    let service = pairs::service(&times, &trips, &stops, &mut problems);
    let feed = Feed { files, route, stops, service };
    let fares_v2 = feed.has("fare_leg_rules.txt");
    let priced = if fares_v2 { v2::price(&feed, &mut problems) } else { v1::price(&feed, &mut problems) };
    if let Some(priced) = &priced
        && priced.by_distance
    {
        let loops = feed.service.loops.iter();
        let named = loops
            .map(|(line, stop, trip)| Problem::new("stop_times.txt", *line, What::Loop(stop.clone(), trip.clone())));
        problems.extend(named);
    }
    let Some(priced) = priced.filter(|_| problems.is_empty()) else { return Err(problems) };
    let stop = |id: &String| Stop {
        id: id.clone(),
        name: feed.stops.get(id).map(|row| row.name.clone()).unwrap_or_default(),
        zone: priced.zones.get(id).cloned().unwrap_or_default(),
    };
    let rides = feed.service.rides.len();
    let stops = feed.service.stops.iter().map(stop).collect();
    let Priced { fares, categories, .. } = priced;
    let table = FareTable { route: route.to_owned(), stops, fares, categories };
    Ok(Compiled { table, fares_v2, rides })
}

fn read(files: &Files, file: &'static str, problems: &mut Vec<Problem>) -> Option<Table> {
    let read = match files.get(file) {
        Some(text) => Table::read(file, text),
        None => Err(Problem::new(file, 0, What::FileMissing)),
    };
    read.map_err(|problem| problems.push(problem)).ok()
}

/// Whole yen: `210`, `210.0`, `210.00`.
pub(crate) fn yen(text: &str) -> Result<u64, What> {
    if text.starts_with('-') && text[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(What::PriceNegative(text.to_owned()));
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    // No fare has more digits, and sums of some hundred of them stay within 64 bits.
    match whole.parse() {
        Ok(yen) if digits && whole.len() <= 9 && part.bytes().all(|byte| byte == b'0') => Ok(yen),
        _ => Err(What::PriceNotWhole(text.to_owned())),
    }
}

/// Prices each ride by its zones; a ride without a price is named once for each pair of zones.
pub(crate) fn between_zones(
    feed: &Feed<'_>,
    zones: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
    price: impl Fn(&str, &str) -> Option<u64>,
) -> BTreeMap<String, u64> {
    let (mut fares, mut missing) = (BTreeMap::new(), BTreeSet::new());
    for ride in &feed.service.rides {
        let (Some(from), Some(to)) = (zones.get(&ride.from), zones.get(&ride.to)) else { continue };
        let key = FareTable::key(from, to);
        if fares.contains_key(&key) || missing.contains(&key) {
            continue;
        }
        match price(&ride.from, &ride.to) {
            Some(yen) => drop(fares.insert(key, yen)),
            None => {
                let what = What::FareMissing(ride.from.clone(), ride.to.clone(), ride.trip.clone());
                // A rule that is missing has no line; the ride has.
                problems.push(Problem::new("stop_times.txt", ride.line, what));
                missing.insert(key);
            }
        }
    }
    fares
}
