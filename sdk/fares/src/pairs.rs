//! Which rides a route offers: its stops in order, and every stop with those after it on some trip.

use std::collections::{BTreeMap, BTreeSet};

use crate::csv::Table;
use crate::problem::{Problem, What};

/// A stop, as `stops.txt` says.
#[derive(Clone, Debug)]
pub(crate) struct StopRow {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) zone: String,
}

/// A ride from one stop to another, and a trip on which it is possible.
#[derive(Clone, Debug)]
pub(crate) struct Ride {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) trip: String,
    /// Of `stop_times.txt`.
    pub(crate) line: usize,
}

/// What a route offers.
#[derive(Debug)]
pub(crate) struct Service {
    /// In the order of the first trip that calls there.
    pub(crate) stops: Vec<String>,
    pub(crate) rides: Vec<Ride>,
    /// A trip that calls at a stop twice: line, stop, trip.
    pub(crate) loops: Vec<(usize, String, String)>,
}

/// `stops.txt`, with parents that come back to themselves named.
pub(crate) fn stops(table: &Table, problems: &mut Vec<Problem>) -> BTreeMap<String, StopRow> {
    let mut stops = BTreeMap::new();
    let mut parents = BTreeMap::new();
    if !table.need(["stop_id"], problems) {
        return stops;
    }
    for row in &table.rows {
        let id = table.get(row, "stop_id");
        if id.is_empty() {
            problems.push(Problem::new(table.file, row.line, What::Empty("stop_id")));
            continue;
        }
        let (name, zone) = (table.get(row, "stop_name").to_owned(), table.get(row, "zone_id").to_owned());
        if stops.insert(id.to_owned(), StopRow { line: row.line, name, zone }).is_some() {
            problems.push(Problem::new(table.file, row.line, What::Twice(id.to_owned())));
        }
        let parent = table.get(row, "parent_station");
        if !parent.is_empty() {
            parents.insert(id.to_owned(), (parent.to_owned(), row.line));
        }
    }
    for (id, (parent, line)) in &parents {
        if !stops.contains_key(parent) {
            let what = What::Unknown("parent_station", parent.clone(), "stops.txt");
            problems.push(Problem::new(table.file, *line, what));
        }
        // Each is followed as often as there are stops: who is not out by then goes round.
        let out = (0..=parents.len()).try_fold(id, |at, _| parents.get(at).map(|(parent, _)| parent));
        if out.is_some() {
            problems.push(Problem::new(table.file, *line, What::StationLoop(id.clone())));
        }
    }
    stops
}

/// The trips of a route.
pub(crate) fn trips(table: &Table, route: &str, problems: &mut Vec<Problem>) -> BTreeSet<String> {
    if !table.need(["route_id", "trip_id"], problems) {
        return BTreeSet::new();
    }
    let own = table.rows.iter().filter(|row| table.get(row, "route_id") == route);
    let trips: BTreeSet<String> = own.map(|row| table.get(row, "trip_id").to_owned()).collect();
    if trips.is_empty() {
        problems.push(Problem::new(table.file, 0, What::NoTrips(route.to_owned())));
    }
    trips
}

/// `stop_times.txt` of those trips.
pub(crate) fn service(
    table: &Table,
    trips: &BTreeSet<String>,
    stops: &BTreeMap<String, StopRow>,
    problems: &mut Vec<Problem>,
) -> Service {
    let mut calls: BTreeMap<&str, Vec<(u32, usize, &str)>> = BTreeMap::new();
    let mut service = Service { stops: Vec::new(), rides: Vec::new(), loops: Vec::new() };
    if !table.need(["trip_id", "stop_id", "stop_sequence"], problems) {
        return service;
    }
    for row in &table.rows {
        let (trip, stop, number) =
            (table.get(row, "trip_id"), table.get(row, "stop_id"), table.get(row, "stop_sequence"));
        if !trips.contains(trip) {
            continue;
        }
        if !stops.contains_key(stop) {
            let what = What::Unknown("stop_id", stop.to_owned(), "stops.txt");
            problems.push(Problem::new(table.file, row.line, what));
        } else if let Ok(number) = number.parse() {
            calls.entry(trip).or_default().push((number, row.line, stop));
        } else {
            problems.push(Problem::new(table.file, row.line, What::NotNumber("stop_sequence", number.to_owned())));
        }
    }
    let mut seen = BTreeSet::new();
    for (trip, mut calls) in calls {
        calls.sort_unstable();
        for (nth, (_, line, stop)) in calls.iter().enumerate() {
            if !service.stops.iter().any(|own| own == stop) {
                service.stops.push((*stop).to_owned());
            }
            if calls[..nth].iter().any(|(.., earlier)| earlier == stop) {
                service.loops.push((*line, (*stop).to_owned(), trip.to_owned()));
            }
            for (.., from) in calls[..nth].iter().filter(|(.., from)| from != stop) {
                if seen.insert((*from, *stop)) {
                    let (from, to, trip) = ((*from).to_owned(), (*stop).to_owned(), trip.to_owned());
                    service.rides.push(Ride { from, to, trip, line: *line });
                }
            }
        }
    }
    service
}
