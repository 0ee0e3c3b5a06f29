//! Fares v2: `fare_leg_rules.txt`, `fare_products.txt`, `areas.txt`, `stop_areas.txt`, and `rider_categories.txt` where it is there.
//!
//! An empty area or network means "any" where the column `rule_priority` is there, else "all that no rule names".

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{Feed, Priced, between_zones, yen};
use crate::csv::Table;
use crate::problem::{Problem, What};

const RULES: &str = "fare_leg_rules.txt";
const PRODUCTS: &str = "fare_products.txt";

struct Rule {
    network: String,
    from: String,
    to: String,
    product: String,
    priority: u32,
}

/// Prices of a product by rider category; the empty one is everybody's.
type Products = BTreeMap<String, BTreeMap<String, u64>>;

pub(crate) fn price(feed: &Feed<'_>, problems: &mut Vec<Problem>) -> Option<Priced> {
    let areas = names(feed, "areas.txt", "area_id", problems);
    let of_stop = stop_areas(feed, &areas, problems);
    let networks = networks(feed, problems);
    let (everybody, categories) = riders(feed, problems);
    let products = products(feed, &everybody, &categories, problems)?;
    let table = feed.table(RULES, problems)?;
    let prioritised = table.has("rule_priority");
    let rules = rules(&table, &areas, &products, problems)?;
    let none = BTreeSet::new();
    let areas_of = |stop: &str| of_stop.get(stop).unwrap_or(&none);
    // Stops with the same areas pay alike.
    let zone = |stop: &String| {
        let own: Vec<&str> = areas_of(stop).iter().map(String::as_str).collect();
        if own.is_empty() { "-".to_owned() } else { own.join("+") }
    };
    let zones: BTreeMap<String, String> = feed.service.stops.iter().map(|stop| (stop.clone(), zone(stop))).collect();
    let named = |pick: fn(&Rule) -> &String| -> BTreeSet<&String> {
        rules.iter().map(pick).filter(|name| !name.is_empty()).collect()
    };
    let (from_named, to_named) = (named(|rule| &rule.from), named(|rule| &rule.to));
    let network_named = named(|rule| &rule.network);
    let fits = |wanted: &String, own: &BTreeSet<String>, named: &BTreeSet<&String>| match wanted.is_empty() {
        false => own.contains(wanted),
        true => prioritised || !own.iter().any(|own| named.contains(own)),
    };
    let chosen = |from: &str, to: &str, category: &str| {
        let fitting: Vec<&Rule> = rules
            .iter()
            .filter(|rule| {
                fits(&rule.from, areas_of(from), &from_named)
                    && fits(&rule.to, areas_of(to), &to_named)
                    && fits(&rule.network, &networks, &network_named)
            })
            .collect();
        let most = fitting.iter().map(|rule| rule.priority).max()?;
        let first = fitting.iter().filter(|rule| rule.priority == most);
        first.filter_map(|rule| products.get(&rule.product)?.get(category).copied()).min()
    };
    let by_distance = !from_named.is_empty() || !to_named.is_empty();
    let fares = between_zones(feed, &zones, problems, |from, to| chosen(from, to, ""));
    let own = categories.iter().filter(|category| !everybody.contains(*category)).map(|category| {
        let mut of_category = BTreeMap::new();
        for ride in &feed.service.rides {
            if let Some(yen) = chosen(&ride.from, &ride.to, category) {
                of_category.insert(crate::FareTable::key(&zones[&ride.from], &zones[&ride.to]), yen);
            }
        }
        (category.clone(), of_category)
    });
    let categories = own.filter(|(_, fares)| !fares.is_empty()).collect();
    Some(Priced { zones, fares, categories, by_distance })
}

/// The ids of a file, which may be left out.
fn names(feed: &Feed<'_>, file: &'static str, column: &'static str, problems: &mut Vec<Problem>) -> BTreeSet<String> {
    let table = if feed.has(file) { feed.table(file, problems) } else { None };
    let Some(table) = table.filter(|table| table.need([column], problems)) else { return BTreeSet::new() };
    table.rows.iter().map(|row| table.get(row, column).to_owned()).collect()
}

fn stop_areas(
    feed: &Feed<'_>,
    areas: &BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let table = if feed.has("stop_areas.txt") { feed.table("stop_areas.txt", problems) } else { None };
    let Some(table) = table.filter(|table| table.need(["area_id", "stop_id"], problems)) else { return found };
    for row in &table.rows {
        let (area, stop) = (table.get(row, "area_id").to_owned(), table.get(row, "stop_id").to_owned());
        if !areas.contains(&area) {
            let what = What::Unknown("area_id", area.clone(), "areas.txt");
            problems.push(Problem::new(table.file, row.line, what));
        }
        if !feed.stops.contains_key(&stop) {
            problems.push(Problem::new(table.file, row.line, What::Unknown("stop_id", stop.clone(), "stops.txt")));
        }
        found.entry(stop).or_default().insert(area);
    }
    found
}

/// The networks that the route belongs to.
fn networks(feed: &Feed<'_>, problems: &mut Vec<Problem>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in ["routes.txt", "route_networks.txt"] {
        let table = if feed.has(file) { feed.table(file, problems) } else { None };
        let rows = table.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row)));
        let own = rows.filter(|(table, row)| table.get(row, "route_id") == feed.route);
        found.extend(own.map(|(table, row)| table.get(row, "network_id").to_owned()).filter(|name| !name.is_empty()));
    }
    found
}

/// Categories that stand for everybody, and all of them.
fn riders(feed: &Feed<'_>, problems: &mut Vec<Problem>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut everybody, mut all) = (BTreeSet::new(), BTreeSet::new());
    let file = "rider_categories.txt";
    let table = if feed.has(file) { feed.table(file, problems) } else { None };
    let Some(table) = table.filter(|table| table.need(["rider_category_id"], problems)) else {
        return (everybody, all);
    };
    for row in &table.rows {
        let id = table.get(row, "rider_category_id").to_owned();
        if table.get(row, "is_default_fare_category") == "1" {
            everybody.insert(id.clone());
        }
        all.insert(id);
    }
    (everybody, all)
}

fn products(
    feed: &Feed<'_>,
    everybody: &BTreeSet<String>,
    categories: &BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Option<Products> {
    let table = feed.table(PRODUCTS, problems)?;
    table.need(["fare_product_id", "amount", "currency"], problems).then_some(())?;
    let mut products = Products::new();
    for row in &table.rows {
        let mut wrong = |what| problems.push(Problem::new(table.file, row.line, what));
        let of = |column| table.get(row, column).to_owned();
        let (product, category, currency) = (of("fare_product_id"), of("rider_category_id"), of("currency"));
        if product.is_empty() {
            wrong(What::Empty("fare_product_id"));
        }
        if !category.is_empty() && !categories.contains(&category) {
            wrong(What::Unknown("rider_category_id", category.clone(), "rider_categories.txt"));
        }
        if currency != "JPY" {
            wrong(What::Currency(currency));
        }
        let category = if everybody.contains(&category) { String::new() } else { category };
        match yen(table.get(row, "amount")) {
            // One product may cost less with one medium than with another: the least counts.
            Ok(yen) => {
                let price = products.entry(product).or_default().entry(category).or_insert(yen);
                *price = yen.min(*price);
            }
            Err(what) => wrong(what),
        }
    }
    Some(products)
}

fn rules(
    table: &Table,
    areas: &BTreeSet<String>,
    products: &Products,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Rule>> {
    table.need(["fare_product_id"], problems).then_some(())?;
    let mut rules = Vec::new();
    for row in &table.rows {
        let mut wrong = |what| problems.push(Problem::new(table.file, row.line, what));
        let of = |column| table.get(row, column).to_owned();
        for column in ["from_area_id", "to_area_id"] {
            if !of(column).is_empty() && !areas.contains(&of(column)) {
                wrong(What::Unknown(column, of(column), "areas.txt"));
            }
        }
        for column in ["from_timeframe_group_id", "to_timeframe_group_id"] {
            if !of(column).is_empty() {
                wrong(What::Unsupported(column));
            }
        }
        let product = of("fare_product_id");
        if !products.contains_key(&product) {
            wrong(What::Unknown("fare_product_id", product.clone(), PRODUCTS));
        }
        let priority = of("rule_priority");
        let number = if priority.is_empty() { Ok(0) } else { priority.parse() };
        match number {
            Ok(priority) => rules.push(Rule {
                network: of("network_id"),
                from: of("from_area_id"),
                to: of("to_area_id"),
                product,
                priority,
            }),
            Err(_) => wrong(What::NotNumber("rule_priority", priority)),
        }
    }
    Some(rules)
}
