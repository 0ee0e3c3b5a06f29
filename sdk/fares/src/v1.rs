//! `fare_attributes.txt` and `fare_rules.txt`, as GTFS-JP requires them. Where several fares fit a ride, the least counts, as
//! GTFS says.

use std::collections::BTreeMap;

use crate::compile::{Feed, Priced, between_zones, yen};
use crate::csv::Table;
use crate::problem::{Problem, What};

struct Rule {
    route: String,
    origin: String,
    destination: String,
}

pub(crate) fn price(feed: &Feed<'_>, problems: &mut Vec<Problem>) -> Option<Priced> {
    let attributes = feed.table("fare_attributes.txt", problems)?;
    let prices = prices(&attributes, problems)?;
    let rules = match feed.has("fare_rules.txt") {
        true => rules(feed, &feed.table("fare_rules.txt", problems)?, &prices, problems)?,
        false => BTreeMap::new(),
    };
    let own = |rule: &Rule| rule.route.is_empty() || rule.route == feed.route;
    let by_zone = |rule: &Rule| !rule.origin.is_empty() || !rule.destination.is_empty();
    let by_distance = rules.values().flatten().any(|rule| own(rule) && by_zone(rule));
    let mut zones = BTreeMap::new();
    for id in &feed.service.stops {
        let Some(stop) = feed.stops.get(id) else { continue };
        if stop.zone.is_empty() && by_distance {
            problems.push(Problem::new("stops.txt", stop.line, What::NoZone(id.clone())));
        }
        // Where the fare is the same everywhere, zones say nothing.
        zones.insert(id.clone(), if by_distance { stop.zone.clone() } else { "1".to_owned() });
    }
    let fits = |fare: &String, from: &str, to: &str| {
        let Some(rules) = rules.get(fare) else { return true };
        let same = |zone: &str, stop: &str| zone.is_empty() || zones.get(stop).is_some_and(|own| own == zone);
        rules.iter().any(|rule| own(rule) && same(&rule.origin, from) && same(&rule.destination, to))
    };
    let fares = between_zones(feed, &zones, problems, |from, to| {
        prices.iter().filter(|(fare, _)| fits(fare, from, to)).map(|(_, yen)| *yen).min()
    });
    Some(Priced { zones, fares, categories: BTreeMap::new(), by_distance })
}

fn prices(table: &Table, problems: &mut Vec<Problem>) -> Option<BTreeMap<String, u64>> {
    table.need(["fare_id", "price", "currency_type"], problems).then_some(())?;
    let mut prices = BTreeMap::new();
    for row in &table.rows {
        let mut wrong = |what| problems.push(Problem::new(table.file, row.line, what));
        let fare = table.get(row, "fare_id");
        if fare.is_empty() {
            wrong(What::Empty("fare_id"));
        }
        let currency = table.get(row, "currency_type");
        if currency != "JPY" {
            wrong(What::Currency(currency.to_owned()));
        }
        match yen(table.get(row, "price")) {
            Ok(yen) => {
                if prices.insert(fare.to_owned(), yen).is_some() {
                    wrong(What::Twice(fare.to_owned()));
                }
            }
            Err(what) => {
                // The fare is known, and rules that name it are right.
                prices.entry(fare.to_owned()).or_insert(0);
                wrong(what);
            }
        }
    }
    Some(prices)
}

fn rules(
    feed: &Feed<'_>,
    table: &Table,
    prices: &BTreeMap<String, u64>,
    problems: &mut Vec<Problem>,
) -> Option<BTreeMap<String, Vec<Rule>>> {
    table.need(["fare_id"], problems).then_some(())?;
    let zone = |zone: &str| zone.is_empty() || feed.stops.values().any(|stop| stop.zone == zone);
    let mut rules: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    for row in &table.rows {
        let mut wrong = |what| problems.push(Problem::new(table.file, row.line, what));
        let of = |column| table.get(row, column).to_owned();
        let fare = of("fare_id");
        if !prices.contains_key(&fare) {
            wrong(What::Unknown("fare_id", fare.clone(), "fare_attributes.txt"));
        }
        for column in ["origin_id", "destination_id"] {
            if !zone(table.get(row, column)) {
                wrong(What::Unknown(column, of(column), "stops.txt"));
            }
        }
        if !of("contains_id").is_empty() {
            wrong(What::Unsupported("contains_id"));
        }
        let rule = Rule { route: of("route_id"), origin: of("origin_id"), destination: of("destination_id") };
        rules.entry(fare).or_default().push(rule);
    }
    Some(rules)
}
