//! Where a libonnxruntime may lie, in the order in which it is tried.
//!
//! Absent: loading it. This only reads folders and environment variables that the caller hands in.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The library's name for the system's own loader.
const LOADER_NAME: &str = "libonnxruntime.so";

/// What decides where to look; [`Places::of_this_process`] reads it from the running process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// `ORT_DYLIB_PATH`: an explicit file.
    pub dylib_path: Option<PathBuf>,
    /// The folder of the running program.
    pub program_dir: Option<PathBuf>,
    /// `VIRTUAL_ENV`: the active Python environment.
    pub virtual_env: Option<PathBuf>,
    /// The folder whose `node_modules` is looked into.
    pub working_dir: Option<PathBuf>,
}

/// One place to look at and what was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) label: &'static str,
    pub(crate) found: Found,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Library(PathBuf),
    Nothing(String),
}

impl Places {
    /// Reads the places of the running process.
    #[must_use]
    pub fn of_this_process() -> Self {
        let variable = |name: &str| -> Option<PathBuf> {
            std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from)
        };
        Self {
            dylib_path: variable("ORT_DYLIB_PATH"),
            program_dir: std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf)),
            virtual_env: variable("VIRTUAL_ENV"),
            working_dir: std::env::current_dir().ok(),
        }
    }

    /// Lists every place in its order.
    pub(crate) fn look(&self) -> Vec<Place> {
        vec![
            Place { label: "ORT_DYLIB_PATH", found: self.explicit() },
            Place { label: "beside the program", found: self.beside_the_program() },
            Place { label: "Python environment", found: self.python() },
            Place { label: "node_modules", found: self.node() },
            Place { label: "system loader", found: Found::Library(PathBuf::from(LOADER_NAME)) },
        ]
    }

    fn explicit(&self) -> Found {
        match &self.dylib_path {
            Some(path) if path.is_file() => Found::Library(path.clone()),
            Some(path) => Found::Nothing(format!("{} is not a file", path.display())),
            None => Found::Nothing("not set".to_owned()),
        }
    }

    fn beside_the_program(&self) -> Found {
        let Some(folder) = &self.program_dir else {
            return Found::Nothing("the program's folder is unknown".to_owned());
        };
        library_in(folder).or_else(|| library_in(&folder.join("lib"))).map_or_else(
            || Found::Nothing(format!("no libonnxruntime in {} or its lib/", folder.display())),
            Found::Library,
        )
    }

    fn python(&self) -> Found {
        let Some(environment) = &self.virtual_env else {
            return Found::Nothing("no environment is active (VIRTUAL_ENV is not set)".to_owned());
        };
        names_in(&environment.join("lib"))
            .iter()
            .filter(|name| name.starts_with("python"))
            .find_map(|python| library_in(&environment.join("lib").join(python).join("site-packages/onnxruntime/capi")))
            .map_or_else(
                || {
                    Found::Nothing(format!(
                        "no onnxruntime in {}; `pip install onnxruntime` puts it there",
                        environment.display()
                    ))
                },
                Found::Library,
            )
    }

    fn node(&self) -> Found {
        let Some(folder) = &self.working_dir else {
            return Found::Nothing("the working folder is unknown".to_owned());
        };
        let bin = folder.join("node_modules/onnxruntime-node/bin");
        names_in(&bin)
            .iter()
            .filter(|name| name.starts_with("napi-"))
            .find_map(|napi| library_in(&bin.join(napi).join("linux").join(node_architecture())))
            .map_or_else(|| Found::Nothing(format!("no onnxruntime-node in {}", folder.display())), Found::Library)
    }
}

/// Finds `libonnxruntime.so` or the newest `libonnxruntime.so.<version>` in a folder.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let mut names: Vec<String> = names_in(folder)
        .into_iter()
        .filter(|name| {
            name.strip_prefix(LOADER_NAME).is_some_and(|rest| {
                rest.is_empty()
                    || rest.strip_prefix('.').is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
            })
        })
        .collect();
    names.sort_by_key(|name| version_key(name));
    names.last().map(|name| folder.join(name))
}

fn version_key(name: &str) -> Vec<u32> {
    name[LOADER_NAME.len()..].split('.').filter_map(|part| part.parse().ok()).collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn node_architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"").unwrap();
    }

    #[track_caller]
    fn check(places: &Places, at: usize, expected: Option<&Path>) {
        match (&places.look()[at].found, expected) {
            (Found::Library(found), Some(expected)) => assert_eq!(found, expected),
            (Found::Nothing(why), None) => assert!(!why.is_empty()),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn finds_each_place_and_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let places = Places {
            dylib_path: Some(root.join("given.so")),
            program_dir: Some(root.join("bin")),
            virtual_env: Some(root.join("venv")),
            working_dir: Some(root.join("work")),
        };
        for at in 0..4 {
            check(&places, at, None);
        }
        let capi = root.join("venv/lib/python3.11/site-packages/onnxruntime/capi");
        let node = root.join("work/node_modules/onnxruntime-node/bin/napi-v6/linux").join(node_architecture());
        touch(&root.join("given.so"));
        touch(&root.join("bin/lib/libonnxruntime.so"));
        touch(&capi.join("libonnxruntime.so.1.9.0"));
        touch(&capi.join("libonnxruntime.so.1.31.1"));
        touch(&capi.join("libonnxruntime_providers_shared.so"));
        touch(&node.join("libonnxruntime.so.1"));
        check(&places, 0, Some(&root.join("given.so")));
        check(&places, 1, Some(&root.join("bin/lib/libonnxruntime.so")));
        check(&places, 2, Some(&capi.join("libonnxruntime.so.1.31.1")));
        check(&places, 3, Some(&node.join("libonnxruntime.so.1")));
        check(&places, 4, Some(Path::new(LOADER_NAME)));
    }

    #[test]
    fn an_empty_process_leaves_only_the_loader() {
        let places = Places::default();
        for at in 0..4 {
            check(&places, at, None);
        }
    }
}
