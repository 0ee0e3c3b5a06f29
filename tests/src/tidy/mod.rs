//! Rules of the repository that no compiler checks. Each failure says what to write instead.

mod arrows;
mod files;
mod manifests;
mod readme;
mod released;
mod requirements;
mod words;

/// Fails with every finding at once, so that one run is enough to fix all.
#[track_caller]
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
