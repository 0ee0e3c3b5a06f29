//! `demo.toml` in the data folder: where the demo hub listens and the keys to it, for `tebura demo pay`.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What `tebura demo pay` has to know. Written with mode 0600.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct DemoFile {
    /// `http://127.0.0.1:8080`.
    pub hub: String,
    /// The till's key.
    pub till_key: String,
    /// The shop's key.
    pub shop_key: String,
    /// The operator's key.
    pub operator_key: String,
    /// The wallet provider's address.
    pub wallet: String,
    /// The credential of its `/sandbox` calls: to make it misbehave.
    pub wallet_sandbox_key: String,
    /// The shop.
    #[serde(default)]
    pub merchant: String,
    /// In which its till searches.
    #[serde(default)]
    pub gallery: String,
    /// Ids of the people whose faces are drawn, by the word of their picture.
    #[serde(default)]
    pub people: BTreeMap<String, String>,
}

/// Why the file was not written or read.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be used ({reason}); start the demo city first: cargo run --release")]
pub struct DemoFileError {
    path: PathBuf,
    reason: String,
}

impl DemoFile {
    /// Where it lies.
    fn path(data: &Path) -> PathBuf {
        data.join("demo.toml")
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, data: &Path) -> Result<(), DemoFileError> {
        let path = DemoFile::path(data);
        let failed = |reason: String| DemoFileError { path: path.clone(), reason };
        let text = toml::to_string(self).map_err(|error| failed(error.to_string()))?;
        let draft = path.with_extension("toml.new");
        let write = || {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(
                b"# Keys of the demo city on this machine. Play money only; delete the folder to start anew.\n",
            )?;
            file.write_all(text.as_bytes())?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(|error: std::io::Error| failed(error.to_string()))
    }

    /// Reads it.
    ///
    /// # Errors
    /// When there is none.
    pub fn read(data: &Path) -> Result<DemoFile, DemoFileError> {
        let path = DemoFile::path(data);
        let failed = |reason: String| DemoFileError { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        toml::from_str(&text).map_err(|error| failed(error.to_string()))
    }
}
