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
