//! The SDK that the program carries, written beside a new plugin: a partner needs no checkout of the hub.
//!
//! Versions of other crates are the hub's own, so that a plugin builds with what the SDK was tested with. They come
//! from crates.io or a mirror of it, as for any Rust program; nothing else is fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use super::super::Outcome;
use crate::start::SDK;

const WORKSPACE: &str = include_str!("../../../../../Cargo.toml");
const LOCK: &str = include_str!("../../../../../Cargo.lock");

/// The SDK's packages, and what a plugin uses besides.
const ROOTS: [&str; 2] = ["tebura-plugin", "tebura-plugin-test"];

/// Writes the SDK's sources into a folder of their own.
pub(super) fn write(folder: &Path) -> Outcome {
    for (path, bytes) in SDK {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, bytes)?;
    }
    std::fs::write(folder.join("Cargo.toml"), workspace()?)?;
    std::fs::write(
        folder.join("README.md"),
        format!(
            "# The plugin SDK of Tebura {}\n\nWritten here by `tebura plugin new`, so that a plugin builds without the hub's source. \
             Start with `sdk/plugin/README.md`. Do not change it; a newer `tebura` writes a newer one.\n",
            env!("CARGO_PKG_VERSION")
        ),
    )?;
    Ok(())
}

/// The version of a crate that the SDK is built with, as a dependency's value.
pub(super) fn dependency(name: &str) -> Result<String, toml::ser::Error> {
    let value = &shared()["dependencies"][name];
    let version = value.get("version").unwrap_or(value).to_string();
    Ok(match value.get("features") {
        Some(features) => format!("{{ version = {version}, features = {features} }}"),
        None => version,
    })
}

fn shared() -> Table {
    let root: Table = WORKSPACE.parse().unwrap_or_default();
    root.get("workspace").and_then(Value::as_table).cloned().unwrap_or_default()
}

/// The manifest around the SDK's packages: what they take from the hub's workspace, and nothing else.
fn workspace() -> Result<String, toml::ser::Error> {
    let shared = shared();
    let mut wanted = BTreeSet::new();
    for (_, bytes) in SDK.iter().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        let manifest: Table = String::from_utf8_lossy(bytes).parse().unwrap_or_default();
        names(&Value::Table(manifest), &mut wanted);
    }
    let dependencies: Table = shared["dependencies"]
        .as_table()
        .into_iter()
        .flatten()
        .filter(|(name, _)| wanted.contains(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut workspace = Table::new();
    workspace.insert("resolver".to_owned(), shared["resolver"].clone());
    workspace.insert(
        "members".to_owned(),
        Value::Array(vec!["sdk/plugin".into(), "sdk/identity".into(), "sdk/plugin-test".into()]),
    );
    for name in ["package", "lints"] {
        workspace.insert(name.to_owned(), shared[name].clone());
    }
    workspace.insert("dependencies".to_owned(), Value::Table(dependencies));
    toml::to_string(&Table::from_iter([("workspace".to_owned(), Value::Table(workspace))]))
}

/// Every name under a table of dependencies, for whatever target.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    let Some(table) = value.as_table() else { return };
    for (name, value) in table {
        match value.as_table() {
            Some(dependencies) if name.ends_with("dependencies") => found.extend(dependencies.keys().cloned()),
            _ => names(value, found),
        }
    }
}

/// `Cargo.lock` for a plugin: the versions that the SDK was tested with.
pub(super) fn lock(plugin: &str, version: &str, direct: &[&str]) -> String {
    let lock: Table = LOCK.parse().unwrap_or_default();
    let packages: Vec<&Table> =
        lock.get("package").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table).collect();
    let text = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    // A dependency is a name, or a name and a version where there are several.
    let find = |dependency: &str| {
        let mut words = dependency.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next());
        packages
            .iter()
            .find(|package| {
                text(package, "name") == name && version.is_none_or(|wanted| text(package, "version") == wanted)
            })
            .copied()
    };
    let mut kept: BTreeMap<(String, String), &Table> = BTreeMap::new();
    let mut open: Vec<&Table> = ROOTS.iter().chain(direct).filter_map(|name| find(name)).collect();
    while let Some(package) = open.pop() {
        if kept.insert((text(package, "name"), text(package, "version")), package).is_none() {
            open.extend(dependencies(package).filter_map(|dependency| find(&dependency)));
        }
    }
    let mut entries: BTreeMap<(String, String), String> = kept
        .iter()
        .map(|(key, package)| {
            let source = ["source", "checksum"]
                .iter()
                .filter_map(|name| package.get(*name).map(|value| format!("{name} = {value}\n")))
                .collect();
            (key.clone(), entry(&key.0, &key.1, source, dependencies(package).collect()))
        })
        .collect();
    let mut own: Vec<String> = ROOTS.iter().chain(direct).map(|name| (*name).to_owned()).collect();
    own.sort();
    entries.insert((plugin.to_owned(), version.to_owned()), entry(plugin, version, String::new(), own));
    let entries: Vec<String> = entries.into_values().collect();
    format!(
        "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 4\n\n{}",
        entries.join("\n")
    )
}

fn dependencies(package: &Table) -> impl Iterator<Item = String> + '_ {
    let list = package.get("dependencies").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
}

fn entry(name: &str, version: &str, source: String, dependencies: Vec<String>) -> String {
    let list: String = dependencies.iter().map(|dependency| format!(" \"{dependency}\",\n")).collect();
    let list = if list.is_empty() { list } else { format!("dependencies = [\n{list}]\n") };
    format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}{list}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_whole_and_names_what_it_needs() {
        let has = |path: &str| SDK.iter().any(|(name, _)| *name == path);
        assert!(has("sdk/plugin/src/lib.rs") && has("sdk/plugin-test/src/conformance.rs"));
        assert!(has("specs/wit/host/1.0.0/host.wit") && has("specs/wit/rail/1.0.0/rail.wit"));
        let workspace: Table = workspace().unwrap().parse().unwrap();
        let dependencies = workspace["workspace"]["dependencies"].as_table().unwrap();
        assert!(dependencies.contains_key("wit-bindgen") && !dependencies.contains_key("axum"));
        assert_eq!(workspace["workspace"]["package"]["edition"].as_str(), Some("2024"));
    }

    #[test]
    fn the_lock_holds_what_a_plugin_needs_and_nothing_of_the_hub() {
        let lock: Table = lock("machi-pay", "0.1.0", &["serde", "serde_json"]).parse().unwrap();
        let names: Vec<&str> =
            lock["package"].as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap()).collect();
        for name in ["machi-pay", "tebura-plugin", "tebura-plugin-test", "serde", "wit-bindgen", "toml"] {
            assert!(names.contains(&name), "{name} is missing from {names:?}");
        }
        assert!(names.is_sorted() && !names.iter().any(|name| name.starts_with("wasmtime") || *name == "tokio"));
    }
}
