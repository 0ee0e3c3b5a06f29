//! What tests start, wait for and throw away.

pub(crate) mod postgres;

use std::path::{Path, PathBuf};
use std::time::Duration;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests package lies in the repository").to_owned()
}

/// Longest wait for anything. Far above what is needed on a busy machine: reaching it is a failure, not a pace.
const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks at something in another process, which cannot tell us.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let mut looks = tokio::time::interval(LOOK_AGAIN);
    let looking = async {
        while !condition().await {
            looks.tick().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, looking).await.is_ok(), "waited {PATIENCE:?} until {what}");
}

/// A program that a test compares with, found in `PATH`. Without it the test says so and ends; with
/// `TEBURA_REQUIRE_TOOLS=1`, as in CI, it fails instead.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        let required = std::env::var_os("TEBURA_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "TEBURA_REQUIRE_TOOLS=1 and no {name} found: apt-get install {name}");
        eprintln!("NOT RUN: {name} is not in PATH (apt-get install {name})");
    }
    found
}
