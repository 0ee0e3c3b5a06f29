//! What differs between two reports, path by path. Lists are compared by what names their entries, not by place.

use serde_json::Value as Json;

use super::report::{Change, Since};

/// Fields that name an entry of a list, the first that is there counts.
const NAMES: [&str; 6] = ["id", "key", "name", "path", "assessor", "due"];
/// Differ whenever a report is made again, or tell of another comparison.
const NOT_CONTENT: [&str; 3] = ["report.generated_on", "report.content_sha256", "since"];

/// What changed from an older report to a newer one.
pub(super) fn since(older: &Json, newer: &Json) -> Since {
    let mut changes = Vec::new();
    compare("", Some(older), Some(newer), &mut changes);
    let word = |name: &str| older["report"][name].as_str().map(str::to_owned);
    Since { version: word("version"), generated_on: word("generated_on"), changes }
}

fn compare(path: &str, before: Option<&Json>, after: Option<&Json>, changes: &mut Vec<Change>) {
    if NOT_CONTENT.contains(&path) || before == after {
        return;
    }
    match (before, after) {
        (Some(Json::Object(before)), Some(Json::Object(after))) => {
            let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&path, before.get(name), after.get(name), changes);
            }
        }
        (Some(Json::Array(before)), Some(Json::Array(after))) => {
            let (before, after) = (named(before), named(after));
            let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
            names.sort();
            names.dedup();
            let of = |list: &[(String, &Json)], name: &str| {
                list.iter().find(|(own, _)| own == name).map(|(_, value)| (*value).clone())
            };
            for name in names {
                compare(&format!("{path}[{name}]"), of(&before, name).as_ref(), of(&after, name).as_ref(), changes);
            }
        }
        _ => changes.push(Change { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

/// Each entry with its name; a name that comes again is counted.
fn named(list: &[Json]) -> Vec<(String, &Json)> {
    let mut found: Vec<(String, &Json)> = Vec::new();
    for value in list {
        let field = NAMES.iter().find_map(|name| value.get(name)?.as_str());
        let flow = || {
            Some(format!(
                "{} to {}: {}",
                value.get("from")?.as_str()?,
                value.get("to")?.as_str()?,
                value.get("capability")?.as_str()?
            ))
        };
        let name = field.map(str::to_owned).or_else(flow).or_else(|| value.as_str().map(str::to_owned));
        let name = name.unwrap_or_else(|| "entry".to_owned());
        let again = found.iter().filter(|(own, _)| *own == name || own.starts_with(&format!("{name} #"))).count();
        found.push((if again == 0 { name } else { format!("{name} #{}", again + 1) }, value));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_and_the_order_of_a_list_does_not_matter() {
        let older = json!({
            "report": {"version": "1", "generated_on": "2026-04-01", "content_sha256": "a"},
            "risks": [{"id": "spoof", "residual": "low"}, {"id": "left_out", "residual": null}],
            "processors": [{"name": "Kaga"}], "texts": ["one", "two"],
        });
        let newer = json!({
            "report": {"version": "2", "generated_on": "2026-05-01", "content_sha256": "b"},
            "risks": [{"id": "left_out", "residual": "high"}, {"id": "spoof", "residual": "low"}],
            "processors": [], "texts": ["two", "three"],
        });
        let since = since(&older, &newer);
        assert_eq!((since.version.as_deref(), since.generated_on.as_deref()), (Some("1"), Some("2026-04-01")));
        let paths: Vec<&str> = since.changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(
            paths,
            ["processors[Kaga]", "report.version", "risks[left_out].residual", "texts[one]", "texts[three]"]
        );
        assert_eq!(since.changes[2].after, Some(json!("high")));
        assert!(super::since(&newer, &newer).changes.is_empty());
    }
}
