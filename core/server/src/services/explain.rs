//! What a service's file will do, in plain words: who may use it, what is asked, what it may cost, when it is open, what is
//! answered while its plugin is away, and what is kept how long.

use serde_json::Value;
use tebura_hub::services::{Action, DAYS, HoursConfig, Label, ServiceInstance};

use crate::messages::{Language, fill, text};

/// The lines of one service; the first is its heading.
pub fn explain(service: &ServiceInstance, language: Language) -> Vec<String> {
    let say = |key: &str, values: &[(&str, &str)]| fill(language, &format!("config.explain.{key}"), values);
    let (config, plugin) = (&service.config, service.plugin().descriptor());
    let title = label(&config.titles, language).unwrap_or(&config.id);
    let mut lines = vec![say(
        "head",
        &[("id", &config.id), ("title", title), ("plugin", &plugin.plugin.0), ("version", &plugin.version)],
    )];
    lines.push(say("merchant", &[("merchant", &config.merchant.to_string())]));
    for action in &plugin.actions {
        lines.extend(of_action(service, action, language));
    }
    if config.gallery.is_some() {
        lines.push(say("face", &[]));
    }
    if !config.purposes.is_empty() {
        lines.push(say("purposes", &[("names", &config.purposes.join(", "))]));
    }
    if !config.attested.is_empty() {
        lines.push(say("attested", &[("names", &config.attested.join(", "))]));
    }
    if plugin.payees.is_empty() {
        lines.push(say("free", &[]));
    } else {
        let money = |minor: i64| tebura_ledger::Money::new(minor, config.currency).to_string();
        lines.push(say("cap", &[("cap", &money(config.cap))]));
        let pin = money(config.pin_above);
        let key = if config.pin_above < config.cap { "pin" } else { "no_pin" };
        lines.push(say(key, &[("amount", &pin)]));
        for (handle, merchant) in &config.payees {
            lines.push(say("payee", &[("handle", handle), ("merchant", &merchant.to_string())]));
        }
    }
    for (handle, gallery) in &config.galleries {
        lines.push(say("gallery", &[("handle", handle), ("gallery", &gallery.to_string())]));
    }
    match &config.hours {
        None => lines.push(say("always", &[])),
        Some(hours) => lines.extend(of_hours(hours.config(), language)),
    }
    let actions = plugin.actions.iter().map(|action| &action.name);
    for action in actions {
        let (key, answer) = match config.fallback.get(action) {
            Some(answer) => ("fallback", answer.to_string()),
            None => ("no_fallback", String::new()),
        };
        lines.push(say(key, &[("action", action), ("answer", &answer)]));
    }
    lines.push(match config.keep_days {
        Some(days) => say("keep", &[("days", &days.to_string())]),
        None => say("keep_always", &[]),
    });
    lines
}

fn of_action(service: &ServiceInstance, action: &Action, language: Language) -> Vec<String> {
    let say = |key: &str, values: &[(&str, &str)]| fill(language, &format!("config.explain.{key}"), values);
    let list = |names: &[String]| names.join(", ");
    let title = label(&action.titles, language).unwrap_or(&action.name);
    let ways: Vec<&str> =
        action.recognised_by.iter().map(|way| text(language, way_key(way).unwrap_or(way.as_str()))).collect();
    let who = if ways.is_empty() { say("anybody", &[]) } else { say("known_by", &[("ways", &ways.join(", "))]) };
    let mut lines = vec![say("action", &[("action", &action.name), ("title", title), ("who", &who)])];
    let asked = service.schemas(&action.name).map(|(input, _)| fields(input, language)).unwrap_or_default();
    if !asked.is_empty() {
        lines.push(say("asked", &[("fields", &asked.join(", "))]));
    }
    if !action.needs.is_empty() {
        lines.push(say("needs", &[("names", &list(&action.needs))]));
    }
    if !action.wishes.is_empty() {
        lines.push(say("wishes", &[("names", &list(&action.wishes))]));
    }
    lines
}

/// What is asked, with the schema's own words.
fn fields(schema: &Value, language: Language) -> Vec<String> {
    let own = match language {
        Language::Japanese => "x-description-ja",
        Language::English => "description",
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let shown = |(name, node): (&String, &Value)| match node[own].as_str().or(node["description"].as_str()) {
        Some(words) => format!("{name} ({words})"),
        None => name.clone(),
    };
    properties.map(shown).collect()
}

fn of_hours(hours: &HoursConfig, language: Language) -> Vec<String> {
    let say = |key: &str, values: &[(&str, &str)]| fill(language, &format!("config.explain.{key}"), values);
    let day = |name: &String| DAYS.iter().find(|known| *known == name).map(|known| text(language, day_key(known)));
    let mut lines = Vec::new();
    for open in &hours.open {
        let days: Vec<&str> = open.days.iter().filter_map(day).collect();
        let values = [("days", &*days.join(" ")), ("from", &*open.from), ("to", &*open.to), ("zone", &*hours.zone)];
        lines.push(say("open", &values));
    }
    if !hours.closed.is_empty() {
        lines.push(say("closed", &[("days", &hours.closed.join(", "))]));
    }
    if !hours.always.is_empty() {
        lines.push(say("any_time", &[("actions", &hours.always.join(", "))]));
    }
    lines
}

fn day_key(day: &str) -> &'static str {
    match day {
        "mon" => "config.day.mon",
        "tue" => "config.day.tue",
        "wed" => "config.day.wed",
        "thu" => "config.day.thu",
        "fri" => "config.day.fri",
        "sat" => "config.day.sat",
        _ => "config.day.sun",
    }
}

fn way_key(way: &str) -> Option<&'static str> {
    Some(match way {
        "face" => "config.way.face",
        "card" => "config.way.card",
        "qr" => "config.way.qr",
        "staff" => "config.way.staff",
        "instrument" => "config.way.instrument",
        "guardian" => "config.way.guardian",
        _ => return None,
    })
}

fn label(labels: &[Label], language: Language) -> Option<&str> {
    let own = labels.iter().find(|label| label.language == language.tag());
    own.or(labels.first()).map(|label| label.text.as_str())
}
