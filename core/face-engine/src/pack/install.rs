//! Packs that others publish: which files, from where, with which digest, and the folder made of them.
//!
//! Absent: the download itself. The caller brings the bytes; nothing is written unless all digests fit.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::PackError;
use super::files::{PackFiles, sha256_hex};
use super::{MANIFEST, ModelPack};

const OPENCV_ZOO: &str = include_str!("../../packs/opencv-zoo.toml");
const OPENCV_ZOO_PACK: &str = include_str!("../../packs/opencv-zoo/pack.toml");
const OPENCV_ZOO_GOLDEN: &str = include_str!("../../packs/opencv-zoo/golden.json");

/// A pack that can be installed by name.
#[derive(Clone, Debug)]
pub struct Publication {
    listing: Listing,
    pack: &'static str,
    golden: &'static str,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    name: String,
    notice: String,
    files: Vec<Download>,
}

/// One file to fetch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// The file's name, in the pack and at its publisher.
    pub name: String,
    /// Where the publisher serves it.
    pub url: String,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// SPDX identifier of its licence.
    pub licence: String,
}

/// Why a published pack is not installed, in the order of the checks.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InstallError {
    /// No such publication.
    #[error(
        "`{name}` is not a pack that this program can install; it knows opencv-zoo, and any folder with a pack.toml can be used as it is"
    )]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// The listing in the program is damaged.
    #[error("the program's own list of packs is damaged ({reason}): build it again")]
    Listing {
        /// The parser's words.
        reason: String,
    },
    /// The target is there already.
    #[error("{} exists already; remove it first, or check it with `tebura pack check`", path.display())]
    Exists {
        /// The target folder.
        path: PathBuf,
    },
    /// A file could not be had.
    #[error("{file}: {reason}; fetch {url} by hand and install with --from FOLDER")]
    Fetch {
        /// The file.
        file: String,
        /// What the source says.
        reason: String,
        /// Where it is published.
        url: String,
    },
    /// A file is not the one that was published when this program was made.
    #[error("{file}: SHA-256 is {found} ({bytes} bytes) and {expected} is pinned; nothing was installed")]
    Digest {
        /// The file.
        file: String,
        /// The pinned digest.
        expected: String,
        /// The digest that was found.
        found: String,
        /// The bytes that were found.
        bytes: usize,
    },
    /// The folder cannot be written.
    #[error("{}: {reason}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The folder was written and does not load.
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl Publication {
    /// Finds a publication by name; `opencv-zoo` is the only one.
    ///
    /// # Errors
    /// Refuses other names.
    pub fn named(name: &str) -> Result<Self, InstallError> {
        if name != "opencv-zoo" {
            return Err(InstallError::Unknown { name: name.to_owned() });
        }
        let listing =
            toml::from_str(OPENCV_ZOO).map_err(|error| InstallError::Listing { reason: error.to_string() })?;
        Ok(Self { listing, pack: OPENCV_ZOO_PACK, golden: OPENCV_ZOO_GOLDEN })
    }

    /// Returns the pack's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.listing.name
    }

    /// Returns what the person who installs it should read first.
    #[must_use]
    pub fn notice(&self) -> &str {
        &self.listing.notice
    }

    /// Returns the files to fetch.
    #[must_use]
    pub fn downloads(&self) -> &[Download] {
        &self.listing.files
    }

    /// Installs from a folder that holds the files under their published names.
    ///
    /// # Errors
    /// As [`Publication::install`].
    pub fn install_from(&self, folder: &Path, target: &Path) -> Result<ModelPack, InstallError> {
        let files = PackFiles::Folder(folder.to_path_buf());
        self.install(target, |download| {
            files.read(&download.name).map(|bytes| bytes.into_owned()).map_err(|error| error.to_string())
        })
    }

    /// Fetches every file with `fetch`, compares digests, and only then writes the pack to `target`.
    ///
    /// # Errors
    /// Leaves no `target` behind when a file is missing, has another digest, or cannot be written.
    pub fn install(
        &self,
        target: &Path,
        mut fetch: impl FnMut(&Download) -> Result<Vec<u8>, String>,
    ) -> Result<ModelPack, InstallError> {
        if target.exists() {
            return Err(InstallError::Exists { path: target.to_path_buf() });
        }
        let mut contents: Vec<(&str, Vec<u8>)> = Vec::new();
        for download in &self.listing.files {
            let bytes = fetch(download).map_err(|reason| InstallError::Fetch {
                file: download.name.clone(),
                reason,
                url: download.url.clone(),
            })?;
            verify(download, &bytes)?;
            contents.push((&download.name, bytes));
        }
        contents.push((MANIFEST, self.pack.as_bytes().to_vec()));
        contents.push(("golden.json", self.golden.as_bytes().to_vec()));
        write_folder(target, &contents)?;
        Ok(ModelPack::load(target)?)
    }
}

fn verify(download: &Download, bytes: &[u8]) -> Result<(), InstallError> {
    let found = sha256_hex(bytes);
    if found == download.sha256 {
        return Ok(());
    }
    Err(InstallError::Digest {
        file: download.name.clone(),
        expected: download.sha256.clone(),
        found,
        bytes: bytes.len(),
    })
}

/// Writes beside the target and renames, so that a half-written pack is never seen under its name.
fn write_folder(target: &Path, contents: &[(&str, Vec<u8>)]) -> Result<(), InstallError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error: std::io::Error| InstallError::Write { path, reason: error.to_string() }
    };
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    let partial = target.with_file_name(name);
    if partial.exists() {
        std::fs::remove_dir_all(&partial).map_err(failed(&partial))?;
    }
    std::fs::create_dir_all(&partial).map_err(failed(&partial))?;
    for (name, bytes) in contents {
        let path = partial.join(name);
        std::fs::write(&path, bytes).map_err(failed(&path))?;
    }
    std::fs::rename(&partial, target).map_err(failed(target))
}
