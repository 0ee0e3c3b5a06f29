//! The manifests of the workspace: read once, and their own rules.

use std::process::Command;

use serde::Deserialize;

use super::none;
use crate::support::root;

/// A member of the workspace as cargo sees it.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest_path: String,
    pub(super) dependencies: Vec<Dependency>,
    license: Option<String>,
    publish: Option<Vec<String>>,
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// Absent for a normal dependency.
    pub(super) kind: Option<Kind>,
    /// Present for a member of the workspace.
    pub(super) path: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Dev,
    Build,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Package {
    /// `core/ledger`, for example.
    pub(super) fn folder(&self) -> String {
        let folder = self.manifest_path.trim_end_matches("/Cargo.toml");
        let root = root().display().to_string();
        folder.strip_prefix(&root).expect("members lie below the root").trim_start_matches('/').to_owned()
    }
}

/// Every member of the workspace, without network.
pub(super) fn packages() -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    metadata.packages
}

/// Members whose dependency cannot come from the workspace's table, with the reason.
const OWN_VERSIONS: [(&str, &str, &str); 1] =
    [("tebura-ledger", "uuid", "the type alone, without the clock and randomness of the shared entry")];

#[test]
fn a_package_is_named_after_its_folder() {
    let mut findings = Vec::new();
    for package in packages() {
        let folder = package.folder();
        let expected = match folder.split_once('/') {
            Some(("core", name)) => format!("tebura-{name}"),
            Some(("plugins", name)) => format!("tebura-plugin-{name}"),
            Some(("sdk", name)) => format!("tebura-{name}"),
            Some(("examples" | "tests", name)) => format!("tebura-{name}"),
            Some(_) | None => format!("tebura-{folder}"),
        };
        if package.name != expected {
            findings.push(format!("{folder}: the package is named {:?}; name it {expected:?}", package.name));
        }
    }
    none(&findings);
}

#[test]
fn a_package_says_what_it_is_and_is_never_published_by_accident() {
    let mut findings = Vec::new();
    for package in packages() {
        let folder = package.folder();
        if package.license.as_deref() != Some("Apache-2.0") {
            findings.push(format!("{folder}: add `license.workspace = true`"));
        }
        if package.publish.as_deref() != Some(&[]) {
            findings.push(format!("{folder}: add `publish.workspace = true`"));
        }
        if package.description.is_none_or(|text| text.is_empty()) {
            findings.push(format!("{folder}: add a `description` of one sentence"));
        }
    }
    none(&findings);
}

#[test]
fn versions_and_lints_come_from_the_root() {
    let mut findings = Vec::new();
    for package in packages() {
        let text = std::fs::read_to_string(&package.manifest_path).expect("the manifest is there");
        let manifest: toml::Table = text.parse().expect("cargo has read it before");
        let folder = package.folder();
        let inherits = |value: &toml::Value| value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        if !manifest.get("lints").is_some_and(inherits) {
            findings.push(format!("{folder}: add `[lints]` with `workspace = true`"));
        }
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(toml::Value::Table(dependencies)) = manifest.get(table) else { continue };
            for (name, value) in dependencies {
                let excused = OWN_VERSIONS
                    .iter()
                    .any(|(package_name, dependency, _)| *package_name == package.name && dependency == name);
                if !inherits(value) && !excused {
                    findings.push(format!(
                        "{folder}: {name} has a version of its own; move it to [workspace.dependencies] and write `{name}.workspace = true`"
                    ));
                }
            }
        }
    }
    none(&findings);
}
