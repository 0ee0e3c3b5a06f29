//! A released WIT folder never changes: its files are listed with their digests in `specs/released.lock`.
//!
//! A new version is a new folder beside the old one. `TEBURA_RELEASE=1 cargo test -p tebura-tests released` appends files
//! that are not listed yet; it never rewrites a line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use sha2::{Digest, Sha256};

use super::files::all;
use super::none;
use crate::support::root;

const LOCK: &str = "specs/released.lock";

/// Digest by path, as the lock says.
fn released() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join(LOCK)).expect("specs/released.lock is there");
    let entries = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let (digest, path) = line.split_once("  ").expect("a line is a digest, two spaces and a path");
        (path.to_owned(), digest.to_owned())
    });
    entries.collect()
}

/// Digest by path, as the folders are.
fn present() -> BTreeMap<String, String> {
    let wit = all().into_iter().filter(|path| path.starts_with("specs/wit/") && path.ends_with(".wit"));
    wit.map(|path| {
        let bytes = fs::read(root().join(&path)).expect("files of the repository can be read");
        (path, hex(&Sha256::digest(bytes)))
    })
    .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn released_wit_never_changes() {
    let (released, present) = (released(), present());
    if std::env::var_os("TEBURA_RELEASE").is_some() {
        append(&released, &present);
        return;
    }
    let mut findings = Vec::new();
    for (path, digest) in &released {
        match present.get(path) {
            None => findings.push(format!("{path} is released and gone; bring it back, plugins are built against it")),
            Some(now) if now != digest => findings.push(format!(
                "{path} is released and was changed; undo the change and make a new version folder beside it"
            )),
            Some(_) => {}
        }
    }
    for path in present.keys().filter(|path| !released.contains_key(*path)) {
        findings.push(format!(
            "{path} is not in {LOCK}; once it is final run `TEBURA_RELEASE=1 cargo test -p tebura-tests released`"
        ));
    }
    none(&findings);
}

fn append(released: &BTreeMap<String, String>, present: &BTreeMap<String, String>) {
    let mut text = fs::read_to_string(root().join(LOCK)).expect("specs/released.lock is there");
    for (path, digest) in present.iter().filter(|(path, _)| !released.contains_key(*path)) {
        text.push_str(&format!("{digest}  {path}\n"));
    }
    fs::write(root().join(LOCK), text).expect("specs/released.lock can be written");
}
