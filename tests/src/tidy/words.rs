//! Words that do not belong into the repository, each with what to write instead.
//!
//! The words are spelled with a gap here, so that this file passes its own test.

use super::files::{all, is_test, text};
use super::none;

/// Where a word is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// Rust source, tests included.
    Rust,
    /// Rust source that only tests run.
    Tests,
    /// Every text file.
    Everywhere,
}

const BANNED: [(&str, Where, &str); 16] = [
    ("#[ignore", Where::Rust, "a test runs or is not there; skip with a printed reason where a tool is missing"),
    ("todo!(", Where::Rust, "write it, or return a typed error that says what is missing"),
    ("unimplemented!(", Where::Rust, "write it, or return a typed error that says what is missing"),
    ("dbg!(", Where::Rust, "remove it"),
    ("#[allow(", Where::Rust, "#[expect(…, reason = \"…\")], which fails when it is no longer needed"),
    ("#![allow(", Where::Rust, "#![expect(…, reason = \"…\")], which fails when it is no longer needed"),
    ("thread::sleep(", Where::Tests, "wait for an event"),
    ("time::sleep(", Where::Tests, "wait for an event"),
    ("FIXME", Where::Everywhere, "an issue, or the fix"),
    ("whitelist", Where::Everywhere, "allow-list"),
    ("blacklist", Where::Everywhere, "deny-list"),
    ("sanity", Where::Rust, "say what is checked"),
    ("void hold", Where::Everywhere, "release a hold"),
    ("transaction fee", Where::Rust, "no fee is part of the model"),
    ("dummy", Where::Rust, "say what it stands for"),
    ("lorem ipsum", Where::Everywhere, "words of the field"),
];

/// Paths of one machine: they break on every other.
const MACHINE_PATHS: [&str; 5] = ["/root/", "/work/", "/Users/", "C:\\\\Users", "/private/var/"];

/// Text that is not ours to word: other people's licence, lock files, recorded output.
fn is_ours(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // In a linked work tree `.git` is a file that names its repository.
    !matches!(name, "LICENSE" | "Cargo.lock" | "package-lock.json" | ".git") && path != "tests/src/tidy/words.rs"
}

#[test]
fn banned_words_are_not_used() {
    let mut findings = Vec::new();
    for path in all().into_iter().filter(|path| is_ours(path)) {
        let Some(text) = text(&path) else { continue };
        for (word, place, instead) in BANNED {
            let looked_for = match place {
                Where::Rust => path.ends_with(".rs"),
                Where::Tests => path.ends_with(".rs") && is_test(&path),
                Where::Everywhere => true,
            };
            if !looked_for {
                continue;
            }
            for (number, _) in
                text.lines().enumerate().filter(|(_, line)| line.contains(word) && !line.contains("generated"))
            {
                findings.push(format!("{path}:{}: {word:?}; write: {instead}", number + 1));
            }
        }
    }
    none(&findings);
}

#[test]
fn no_file_names_one_machine() {
    let mut findings = Vec::new();
    for path in all().into_iter().filter(|path| is_ours(path)) {
        let Some(text) = text(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            if MACHINE_PATHS.iter().any(|machine| line.contains(machine)) {
                findings
                    .push(format!("{path}:{}: a path of one machine; derive it or take it as an argument", number + 1));
            }
        }
    }
    none(&findings);
}

#[test]
fn a_lint_is_excused_with_a_reason() {
    let mut findings = Vec::new();
    for path in all().into_iter().filter(|path| path.ends_with(".rs") && is_ours(path)) {
        let text = text(&path).unwrap_or_default();
        for (at, _) in text.match_indices("[expect(") {
            let attribute = &text[at..text[at..].find(")]").map_or(text.len(), |end| at + end)];
            if !attribute.contains("reason = \"") {
                let line = text[..at].lines().count().max(1);
                findings.push(format!("{path}:{line}: add `reason = \"…\"` to the #[expect]"));
            }
        }
    }
    none(&findings);
}
