//! Which crate may know which. The table is the design; a new arrow is a decision and is written here first.
//!
//! `ledger, contract, face ← hub ← {store, face-engine, plugin-host, egress} ← server`; `plugins → sdk`; adapters never see each
//! other; nothing depends on the tests.

use super::manifests::{Dependency, Kind, packages};
use super::none;

/// A member, what it may use, and what only its own tests may use besides.
struct Arrows {
    from: &'static str,
    to: &'static [&'static str],
    in_tests: &'static [&'static str],
}

const fn arrows(from: &'static str, to: &'static [&'static str]) -> Arrows {
    Arrows { from, to, in_tests: &[] }
}

const MEMBERS: &[Arrows] = &[
    arrows("tebura-ledger", &[]),
    arrows("tebura-contract", &["tebura-ledger"]),
    arrows("tebura-face", &[]),
    arrows("tebura-drawn-faces", &[]),
    arrows("tebura-hub", &["tebura-ledger", "tebura-contract", "tebura-face"]),
    arrows("tebura-store", &["tebura-hub", "tebura-ledger", "tebura-face"]),
    Arrows { from: "tebura-face-engine", to: &["tebura-hub", "tebura-face"], in_tests: &["tebura-drawn-faces"] },
    arrows("tebura-plugin-host", &["tebura-hub", "tebura-ledger"]),
    arrows("tebura-egress", &["tebura-hub"]),
    arrows(
        "tebura-server",
        &[
            "tebura-hub",
            "tebura-ledger",
            "tebura-contract",
            "tebura-face",
            "tebura-store",
            "tebura-face-engine",
            "tebura-plugin-host",
            "tebura-egress",
            "tebura-drawn-faces",
            "tebura-providers",
            "tebura-fares",
        ],
    ),
    arrows("tebura-plugin", &[]),
    arrows("tebura-fares", &[]),
    arrows("tebura-identity", &["tebura-plugin"]),
    arrows("tebura-plugin-test", &["tebura-plugin", "tebura-identity"]),
    Arrows { from: "tebura-plugin-card", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-cbdc", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-clinic", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-furusato", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-gate", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-iot-order", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows {
        from: "tebura-plugin-mynumber",
        to: &["tebura-plugin", "tebura-identity"],
        in_tests: &["tebura-plugin-test", "tebura-providers"],
    },
    Arrows { from: "tebura-plugin-play-park", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-shelter", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-staff-login", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-transit", to: &["tebura-plugin", "tebura-fares"], in_tests: &["tebura-plugin-test"] },
    Arrows { from: "tebura-plugin-wallet", to: &["tebura-plugin"], in_tests: &["tebura-plugin-test"] },
    arrows("tebura-providers", &[]),
    arrows("tebura-sim", &["tebura-hub", "tebura-contract", "tebura-ledger", "tebura-face"]),
];

/// May use every member but is used by none.
const TESTS: &str = "tebura-tests";

/// Crates that stand for one kind of work, and the members that do that work.
const KEPT: [(&[&str], &[&str], &str); 8] = [
    (&["sea-orm", "sea-orm-migration"], &["tebura-store"], "SQL is the store's"),
    (&["sqlx"], &["tebura-store", "tebura-providers", TESTS], "SQL is the store's"),
    (&["wasmtime", "wit-component", "wasmparser"], &["tebura-plugin-host"], "guests run in the plugin host only"),
    (&["ort", "rten", "rten-tensor"], &["tebura-face-engine"], "models run in the face engine only"),
    (
        &["axum", "tower", "tower-http", "utoipa", "utoipa-axum"],
        &["tebura-server", "tebura-providers", TESTS],
        "HTTP is served by the server only",
    ),
    (
        &["reqwest", "hyper", "hyper-util", "ureq"],
        &["tebura-egress", "tebura-server", TESTS],
        "plugins' calls leave through the egress only; the server fetches model packs",
    ),
    (&["wit-bindgen"], &["tebura-plugin", "tebura-identity"], "guests see the SDK, not its generated code"),
    (&["clap"], &["tebura-server", "tebura-providers"], "a command line belongs to a binary"),
];

/// Crates that reach outside or hide a clock or randomness: not below the adapters.
const NOT_IN_PURE: [&str; 14] = [
    "async-std",
    "axum",
    "getrandom",
    "hyper",
    "image",
    "rand",
    "reqwest",
    "serde",
    "serde_json",
    "sqlx",
    "tempfile",
    "tokio",
    "toml",
    "tracing",
];

const PURE: [&str; 4] = ["tebura-ledger", "tebura-contract", "tebura-face", "tebura-drawn-faces"];

/// A contract is a JSON document, and so is the state that is kept of it.
const ALLOWED_IN_CONTRACT: [&str; 2] = ["serde", "serde_json"];

/// The hub waits and logs, and does nothing else with the outside. Audit entries are canonical JSON, contracts are
/// documents, and signed statements are texts in which nothing may be said twice.
const ALLOWED_IN_HUB: [&str; 4] = ["serde", "serde_json", "tokio", "tracing"];

#[test]
fn members_know_only_what_the_design_allows() {
    let mut findings = Vec::new();
    for package in packages().iter().filter(|package| package.name != TESTS) {
        let Some(arrows) = MEMBERS.iter().find(|arrows| arrows.from == package.name) else {
            findings.push(format!("{} is new: say in tests/src/tidy/arrows.rs what it may know", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let name = dependency.name.as_str();
            let allowed = arrows.to.contains(&name) || (in_tests_only(dependency) && arrows.in_tests.contains(&name));
            if !allowed {
                findings.push(format!(
                    "{} → {name}: not an arrow of the design; move the code to where both may know it, or decide the arrow in tests/src/tidy/arrows.rs",
                    package.name
                ));
            }
        }
    }
    none(&findings);
}

#[test]
fn the_table_names_only_members() {
    let names: Vec<String> = packages().into_iter().map(|package| package.name).collect();
    let gone = MEMBERS.iter().filter(|arrows| !names.iter().any(|name| name == arrows.from));
    none(&gone.map(|arrows| format!("{} is gone: remove its row", arrows.from)).collect::<Vec<_>>());
}

#[test]
fn each_kind_of_work_has_one_place() {
    let mut findings = Vec::new();
    for package in packages() {
        for dependency in package.dependencies.iter().filter(|dependency| !in_tests_only(dependency)) {
            for (crates, owners, reason) in KEPT {
                let name = dependency.name.as_str();
                if crates.contains(&name) && !owners.contains(&package.name.as_str()) {
                    findings.push(format!("{} uses {name}: {reason}; ask for it through a port", package.name));
                }
            }
        }
    }
    none(&findings);
}

#[test]
fn what_decides_reaches_nothing() {
    let mut findings = Vec::new();
    for package in packages() {
        let name = package.name.as_str();
        let (pure, hub) = (PURE.contains(&name), name == "tebura-hub");
        for dependency in package.dependencies.iter().filter(|dependency| !in_tests_only(dependency)) {
            let banned = NOT_IN_PURE.contains(&dependency.name.as_str());
            let excused = (hub && ALLOWED_IN_HUB.contains(&dependency.name.as_str()))
                || (name == "tebura-contract" && ALLOWED_IN_CONTRACT.contains(&dependency.name.as_str()));
            if (pure || hub) && banned && !excused {
                findings.push(format!(
                    "{name} uses {}: time, ids, randomness and bytes are arguments here; do it in an adapter",
                    dependency.name
                ));
            }
        }
    }
    none(&findings);
}

fn in_tests_only(dependency: &Dependency) -> bool {
    dependency.kind == Some(Kind::Dev)
}
