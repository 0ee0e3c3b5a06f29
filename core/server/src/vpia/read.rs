//! Reads what the report is made from: configuration, data folder, plugins, pack, comments. Reads no secret.

use std::path::{Path, PathBuf};

use tebura_hub::HOUSE;
use tebura_plugin_host::{ManifestError, inspect};

use super::stated::Comments;
use super::{PluginSource, Sources};
use crate::config::Config;
use crate::plugins::{PluginsError, recorded};
use crate::start::faces::{FacesError, read_pack};
use crate::start::rails::RailsError;

/// Files beside the configuration; what is absent is where the configuration says.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The data folder, for plugins that were installed while the hub ran.
    pub data: Option<PathBuf>,
    /// The model pack's folder.
    pub pack: Option<PathBuf>,
    /// What others say of the report.
    pub comments: Option<PathBuf>,
}

/// Why something could not be read. The order is the order of reading.
#[derive(Debug, thiserror::Error)]
pub enum ReadSourcesError {
    /// The pack.
    #[error(transparent)]
    Pack(#[from] FacesError),
    /// A plugin's folder.
    #[error(transparent)]
    Rails(#[from] RailsError),
    /// A plugin's manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Plugins in the data folder.
    #[error(transparent)]
    Plugins(#[from] PluginsError),
    /// Comments.
    #[error("{path}: {reason}; write [[assessment]] tables as docs/vpia.md shows")]
    Comments { path: PathBuf, reason: String },
}

/// Reads everything; `today` is a day such as `2026-04-01`.
///
/// # Errors
/// [`ReadSourcesError`].
pub fn read(config: Config, places: Places, today: String) -> Result<Sources, ReadSourcesError> {
    let pack = read_pack(places.pack.as_deref().or(config.pack.as_deref()))?.facts();
    let mut plugins = Vec::new();
    for (package, origins) in config.declared_plugins()? {
        let inspection = inspect(&package)?;
        let component = crate::hex::encode(&inspection.component_digest.0);
        let manifest = inspection.manifest;
        plugins.push(PluginSource { manifest, component, from: "configuration", disabled: None, origins });
    }
    if let Some(data) = places.data.as_deref().or(config.data.as_deref()) {
        for one in recorded(data)? {
            let origins = one.grants.endpoints.into_iter().map(|(name, grant)| (name, grant.origin)).collect();
            let (manifest, component, disabled) = (one.manifest, one.component, one.disabled);
            plugins.push(PluginSource { manifest, component, from: "data folder", disabled, origins });
        }
    }
    let mut rails = vec![HOUSE.to_owned()];
    rails.extend(config.book_names());
    rails.extend(plugins.iter().filter_map(|plugin| plugin.manifest.rail().map(|rail| rail.rail.to_string())));
    let (database, database_host) = database(config.database_url.as_deref());
    Ok(Sources {
        comments: places.comments.as_deref().map(read_comments).transpose()?.unwrap_or_default(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        database,
        database_host,
        plugins_reviewed: config.reviewed,
        pack,
        rails,
        plugins,
        today,
        privacy: config.privacy,
    })
}

/// Kind and host; the address may carry a password, which goes nowhere.
fn database(url: Option<&str>) -> (String, Option<String>) {
    let url = url.and_then(|url| reqwest::Url::parse(url).ok());
    match url.filter(|url| url.scheme().starts_with("postgres")) {
        Some(url) => ("postgres".to_owned(), url.host_str().map(str::to_owned)),
        None => ("sqlite".to_owned(), None),
    }
}

fn read_comments(path: &Path) -> Result<Comments, ReadSourcesError> {
    let wrong = |reason: String| ReadSourcesError::Comments { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_the_database_goes_nowhere() {
        let named = database(Some("postgres://hub:secret@db.example.jp/tebura"));
        assert_eq!(named, ("postgres".to_owned(), Some("db.example.jp".to_owned())));
        assert_eq!(database(Some("sqlite://x.db?mode=rwc")), ("sqlite".to_owned(), None));
        assert_eq!(database(None), ("sqlite".to_owned(), None));
    }
}
