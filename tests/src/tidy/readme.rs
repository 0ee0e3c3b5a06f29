//! What the documents tell a reader to type exists.

use std::path::Path;

use super::files::text;
use super::manifests::packages;
use super::none;
use crate::support::root;

const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// The lines inside fenced `sh` blocks, without the prompt, with their number.
fn commands(document: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (number, line) in document.lines().enumerate() {
        match line.trim() {
            "```sh" | "```console" | "```bash" => inside = true,
            "```" => inside = false,
            command if inside && !command.starts_with('#') && !command.is_empty() => {
                found.push((number + 1, command.trim_start_matches("$ ").to_owned()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_documents_are_there() {
    let missing = DOCUMENTS.iter().chain(&["LICENSE", "justfile", "deny.toml", "clippy.toml", ".ci/run"]);
    none(
        &missing
            .filter(|path| !root().join(path).is_file())
            .map(|path| format!("{path} is missing"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn commands_in_the_documents_exist() {
    let justfile = text("justfile").unwrap_or_default();
    let names: Vec<String> = packages().into_iter().map(|package| package.name).collect();
    let mut findings = Vec::new();
    for document in DOCUMENTS {
        for (line, command) in commands(&text(document).unwrap_or_default()) {
            let words: Vec<&str> = command.split_whitespace().collect();
            for pair in words.windows(2) {
                match pair {
                    ["just", task] if !has_task(&justfile, task) => {
                        findings.push(format!("{document}:{line}: the justfile has no task {task:?}"));
                    }
                    ["-p" | "--package", name] if words[0] == "cargo" && !names.iter().any(|known| known == name) => {
                        findings.push(format!("{document}:{line}: no package is named {name:?}"));
                    }
                    _ => {}
                }
            }
            for path in words.iter().filter_map(|word| path_in_repository(word)) {
                if !root().join(path).exists() {
                    findings.push(format!("{document}:{line}: {path} does not exist"));
                }
            }
        }
    }
    none(&findings);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut findings = Vec::new();
    for document in DOCUMENTS {
        for target in text(document).unwrap_or_default().split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or(target);
            let outside = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
            if !outside && !root().join(path).exists() {
                findings.push(format!("{document}: the link to {path} leads nowhere"));
            }
        }
    }
    none(&findings);
}

fn has_task(justfile: &str, task: &str) -> bool {
    justfile.lines().any(|line| {
        let head = line.split(':').next().unwrap_or_default();
        line.contains(':') && head.split_whitespace().next() == Some(task)
    })
}

/// A word that names a file of a folder of the repository: `examples/taro.png`, `@examples/taro.png`, `scripts/check`.
fn path_in_repository(word: &str) -> Option<&str> {
    let start = word.find(|c: char| c.is_ascii_alphanumeric() || c == '.')?;
    let candidate = word[start..].trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let candidate = candidate.rsplit(['@', '=']).next().unwrap_or(candidate);
    let first = Path::new(candidate).components().next()?.as_os_str().to_str()?;
    let folders = ["core", "examples", "plugins", "scripts", "sdk", "specs", "tests", ".ci", "packs"];
    (candidate.contains('/') && folders.contains(&first)).then_some(candidate)
}
