//! Source files: how long they are and how they begin.

use std::fs;
use std::path::{Path, PathBuf};

use super::none;
use crate::support::root;

/// Built, fetched or written at run time: nobody's source.
const NOT_SOURCE: [&str; 7] = [".git", "target", "node_modules", "venv", "tebura-data", "__pycache__", "shared"];

/// No source file is longer. Tests apart: a table of cases may be.
const LONGEST: usize = 600;

/// Nine files in ten stay below.
const NINE_IN_TEN: usize = 400;

/// Half of the files stay below.
const HALF: usize = 150;

/// Every file of the repository by its path from the root, sorted.
pub(super) fn all() -> Vec<String> {
    let mut found = Vec::new();
    walk(&root(), &mut found);
    let root = root();
    let relative = |path: PathBuf| path.strip_prefix(&root).expect("found below the root").display().to_string();
    let mut found: Vec<String> = found.into_iter().map(relative).collect();
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folders of the repository can be read") {
        let entry = entry.expect("entries of the repository can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().expect("entries have a type");
        if kind.is_dir() && !NOT_SOURCE.contains(&name.as_str()) {
            walk(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

/// The text of a file; nothing for a picture, a model or a component.
pub(super) fn text(path: &str) -> Option<String> {
    fs::read(root().join(path)).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// True for a file that holds only tests.
pub(super) fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/benches/")
}

fn source() -> impl Iterator<Item = (String, String)> {
    all().into_iter().filter(|path| path.ends_with(".rs")).filter_map(|path| text(&path).map(|text| (path, text)))
}

#[test]
fn source_files_are_short() {
    let mut lengths: Vec<(usize, String)> =
        source().filter(|(path, _)| !is_test(path)).map(|(path, text)| (text.lines().count(), path)).collect();
    lengths.sort();
    let at = |share: usize| lengths[lengths.len() * share / 100].0;
    let longest: Vec<String> = lengths.iter().rev().take(10).map(|(lines, path)| format!("{lines:5} {path}")).collect();
    println!("half of {} files are below {} lines, nine in ten below {}", lengths.len(), at(50), at(90));
    println!("{}", longest.join("\n"));
    let too_long = lengths.iter().filter(|(lines, _)| *lines > LONGEST);
    none(
        &too_long
            .map(|(lines, path)| format!("{path}: {lines} lines; split it, {LONGEST} is the most"))
            .collect::<Vec<_>>(),
    );
    assert!(at(50) <= HALF, "half of the files should stay below {HALF} lines; the longest:\n{}", longest.join("\n"));
    assert!(
        at(90) <= NINE_IN_TEN,
        "nine files in ten should stay below {NINE_IN_TEN} lines; the longest:\n{}",
        longest.join("\n")
    );
}

#[test]
fn a_source_file_begins_with_what_it_is() {
    let silent = source().filter(|(path, text)| !text.starts_with("//!") && !path.ends_with("tests.rs"));
    none(
        &silent
            .map(|(path, _)| format!("{path}: begin with `//!` and say what this is and what is absent"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn file_names_say_what_is_inside() {
    let vague = ["helper", "helpers", "util", "utils", "common", "misc", "shared", "stuff"];
    let findings: Vec<String> = all()
        .into_iter()
        .filter(|path| Path::new(path).file_stem().is_some_and(|stem| vague.iter().any(|word| stem == *word)))
        .map(|path| format!("{path}: name it after what it holds"))
        .collect();
    none(&findings);
}
