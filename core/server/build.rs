//! Puts the embedded model pack, the wallet plugin and the plugin SDK into the program as they lie in the repository.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let mut code = String::new();
    for (name, folder, ends) in [
        ("DRAWN_DEMO", "packs/drawn-demo", &["pack.toml", ".onnx", "golden.json"][..]),
        ("WALLET", "plugins/wallet", &["plugin.toml", ".wasm", "plugin.sig"][..]),
    ] {
        list(&mut code, name, &root.join(folder), ends);
    }
    tree(&mut code, "SDK", &root, &["sdk/plugin", "sdk/identity", "sdk/plugin-test", "specs/wit"]);
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    if let Err(error) = std::fs::write(&out, code) {
        println!("cargo::error=cannot write {}: {error}", out.display());
    }
}

/// A constant of (file name, bytes) for each file of a folder with one of the endings.
fn list(code: &mut String, name: &str, folder: &Path, ends: &[&str]) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
            ends.iter().any(|end| if end.starts_with('.') { file.ends_with(end) } else { file == *end })
        })
        .collect();
    files.sort();
    let _ = writeln!(
        code,
        "/// Files of `{}` by name.\npub(crate) const {name}: &[(&str, &[u8])] = &[",
        name.to_lowercase()
    );
    for path in files {
        println!("cargo::rerun-if-changed={}", path.display());
        let file = path.file_name().unwrap_or_default();
        let _ = writeln!(code, "    ({file:?}, include_bytes!({path:?})),");
    }
    code.push_str("];\n");
}

/// A constant of (path from the root, bytes) for each file of some folders that belongs to a package, tests left out.
fn tree(code: &mut String, name: &str, root: &Path, folders: &[&str]) {
    let mut files = Vec::new();
    for folder in folders {
        walk(&root.join(folder), &mut files);
    }
    files.sort();
    let _ = writeln!(code, "/// The plugin SDK by path.\npub(crate) const {name}: &[(&str, &[u8])] = &[");
    for path in files {
        let relative = path.strip_prefix(root).unwrap_or(&path);
        let _ = writeln!(code, "    ({relative:?}, include_bytes!({path:?})),");
    }
    code.push_str("];\n");
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                walk(&path, files);
            }
        } else if ["rs", "toml", "md", "wit"].contains(&end) {
            files.push(path);
        }
    }
}
