//! `tebura.toml`: how a hub is started for real. The command line wins over the file.
//!
//! Secrets are not in it: it names the environment variables or files that hold them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tebura_egress::{AddressRange, Credential, Reach, Tls, WebhookClient};
use tebura_hub::{HOUSE, HouseRail};
use tebura_ledger::{Currency, RailId};
use tebura_plugin_host::{LockFile, Package};
use zeroize::Zeroizing;

use crate::app::Limits;
use crate::faces_config::FacesConfig;
use crate::rates::Rate;
use crate::start::rails::{EndpointPlan, PluginPlan, RailsError};
use crate::vpia::Privacy;

/// The file. Paths are relative to it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// The data folder: the operator's key, and the SQLite file unless `database_url` names a database.
    pub data: Option<PathBuf>,
    /// `sqlite://…` or `postgres://…`.
    pub database_url: Option<String>,
    /// `auto`, `ort` or `rten`.
    pub engine: Option<String>,
    /// The model pack's folder.
    pub pack: Option<PathBuf>,
    /// Several hub processes share the database.
    pub shared: bool,
    /// Whose signatures count: `keyring.toml`.
    pub keyring: Option<PathBuf>,
    /// A reviewer has to sign each plugin besides its publisher.
    pub reviewed: bool,
    /// What the operator approved: `plugins.lock`.
    pub lock: Option<PathBuf>,
    /// Further books of this hub, each a rail of its own: regional money, points, deeds.
    pub books: Vec<BookConfig>,
    /// Plugins to install.
    pub plugins: Vec<PluginConfig>,
    /// How many false identifications are accepted.
    pub faces: FacesConfig,
    /// The folder of the services' files, drafts for `tebura config`; `services` beside this file when it is left out.
    pub services: Option<PathBuf>,
    /// Where events may be sent.
    pub webhooks: WebhooksConfig,
    /// What one caller may ask for.
    pub limits: LimitsConfig,
    /// What only people can say of the service, for `tebura vpia report`.
    pub privacy: Privacy,
}

/// Where events may be sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksConfig {
    /// Besides public addresses: `loopback`, or ranges such as `10.20.0.0/16`. There, plain `http` will do.
    allow: Vec<String>,
}

/// Books that the hub keeps itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookConfig {
    /// The rail's name, as holds and contracts write it.
    rail: String,
    /// Currencies by code, and kinds of thing in capitals: `["JPY"]`, `["VEHICLE"]`.
    assets: Vec<String>,
}

/// What one caller may ask for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests of one key in the long run; 0: as many as it likes. Each hub process counts for itself.
    requests_per_second: u32,
    /// Requests of one key at once, after a pause.
    burst: u32,
}

impl Default for LimitsConfig {
    /// More than a shop's tills need at once, and far less than a hub can do.
    fn default() -> LimitsConfig {
        LimitsConfig { requests_per_second: 200, burst: 400 }
    }
}

/// A plugin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginConfig {
    /// Its folder: `plugin.toml`, one `*.wasm`, `plugin.sig`.
    folder: PathBuf,
    /// Settings that it reads.
    #[serde(default)]
    settings: BTreeMap<String, String>,
    /// The keys that its manifest names.
    #[serde(default)]
    keys: BTreeMap<String, SecretConfig>,
    /// What each endpoint of its manifest is bound to.
    #[serde(default)]
    endpoints: BTreeMap<String, EndpointConfig>,
}

/// Where a key lies: an HMAC secret as the provider gives it, or after `base64:` or `hex:`; an ed25519 key in PEM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum SecretConfig {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointConfig {
    /// `https://api.example.jp`
    origin: String,
    /// The header that carries the credential; `authorization` when it is left out.
    credential_header: Option<String>,
    /// The environment variable that holds the header's value.
    credential_env: Option<String>,
    /// The file that holds the header's value.
    credential_file: Option<PathBuf>,
    /// Certificates in PEM of those who may vouch for the far end; the public ones when it is left out.
    roots_file: Option<PathBuf>,
    /// The hub's own certificate with its private key, PEM: for far ends that ask who calls.
    identity_file: Option<PathBuf>,
    /// `public`, `loopback`, or a list of ranges such as `10.20.0.0/16`.
    #[serde(default)]
    reach: ReachConfig,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
enum ReachConfig {
    Ranges(Vec<String>),
    Word(ReachWord),
    #[default]
    #[serde(skip)]
    Unset,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReachWord {
    Public,
    Loopback,
}

/// Addresses by the manifest's handle.
pub type Origins = BTreeMap<String, String>;

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path} cannot be read ({source}); check --config")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file has another shape.
    #[error("{path}: {error}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        error: Box<toml::de::Error>,
    },
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// With the line that is wrong.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config: Config = toml::from_str(&text)
            .map_err(|error| ConfigError::Syntax { path: path.to_owned(), error: Box::new(error) })?;
        let beside = path.parent().unwrap_or_else(|| Path::new(""));
        config.services.get_or_insert_with(|| PathBuf::from("services"));
        let folders = [&mut config.data, &mut config.pack, &mut config.keyring, &mut config.lock, &mut config.services];
        for own in folders.into_iter().flatten() {
            *own = beside.join(&own);
        }
        for plugin in &mut config.plugins {
            plugin.folder = beside.join(&plugin.folder);
            for endpoint in plugin.endpoints.values_mut() {
                let files = [&mut endpoint.credential_file, &mut endpoint.roots_file, &mut endpoint.identity_file];
                for file in files.into_iter().flatten() {
                    *file = beside.join(&*file);
                }
            }
            for key in plugin.keys.values_mut() {
                if let SecretConfig::File(file) = key {
                    *file = beside.join(&*file);
                }
            }
        }
        Ok(config)
    }

    /// The plugins with their files and bindings.
    ///
    /// # Errors
    /// The first file, variable or range that is wrong.
    pub fn plugins(&self) -> Result<Vec<PluginPlan>, RailsError> {
        self.plugins.iter().map(PluginConfig::plan).collect()
    }

    /// The folders of the plugins.
    pub fn plugin_folders(&self) -> impl Iterator<Item = &Path> {
        self.plugins.iter().map(|plugin| plugin.folder.as_path())
    }

    /// What each plugin's folder asks for, and the address behind each of its endpoints. Reads no secret.
    ///
    /// # Errors
    /// The first folder that cannot be read.
    pub fn declared_plugins(&self) -> Result<Vec<(Package, Origins)>, RailsError> {
        let declared = |plugin: &PluginConfig| {
            let origins = plugin.endpoints.iter().map(|(name, endpoint)| (name.clone(), endpoint.origin.clone()));
            Ok((Package::read(&plugin.folder)?, origins.collect()))
        };
        self.plugins.iter().map(declared).collect()
    }

    /// Names of the rails that the hub keeps in its own books, besides `house`.
    pub fn book_names(&self) -> Vec<String> {
        self.books.iter().map(|book| book.rail.clone()).collect()
    }

    /// The rails that the hub keeps in its own books, besides `house`.
    ///
    /// # Errors
    /// The first name or code that is wrong.
    pub fn books(&self) -> Result<Vec<HouseRail>, RailsError> {
        self.books.iter().map(BookConfig::rail).collect()
    }

    /// The text of the keyring.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn keyring(&self) -> Result<Option<String>, RailsError> {
        self.keyring.as_deref().map(|path| read(path, "the keyring")).transpose()
    }

    /// What sends events to merchants.
    ///
    /// # Errors
    /// The first range that is wrong.
    pub fn webhooks(&self) -> Result<Arc<WebhookClient>, RailsError> {
        let reach = |word: &String| match word.as_str() {
            "loopback" => Ok(Reach::Loopback),
            range => range.parse::<AddressRange>().map(|range| Reach::Ranges(vec![range])).map_err(|error| {
                RailsError::Setting { what: format!("webhooks.allow {range}"), reason: error.to_string() }
            }),
        };
        crate::webhooks::client(self.webhooks.allow.iter().map(reach).collect::<Result<_, RailsError>>()?)
    }

    /// Bounds for callers.
    pub fn limits(&self) -> Limits {
        let LimitsConfig { requests_per_second, burst } = self.limits;
        let rate = NonZeroU32::new(requests_per_second)
            .map(|per_second| Rate { per_second, burst: NonZeroU32::new(burst).unwrap_or(per_second) });
        Limits { rate, ..Limits::default() }
    }

    /// What the operator approved.
    ///
    /// # Errors
    /// When it cannot be read or is malformed.
    pub fn lock(&self) -> Result<Option<LockFile>, RailsError> {
        let text = self.lock.as_deref().map(|path| read(path, "the lock file")).transpose()?;
        Ok(text.as_deref().map(LockFile::parse).transpose()?)
    }
}

impl BookConfig {
    fn rail(&self) -> Result<HouseRail, RailsError> {
        let wrong = |reason: String| RailsError::Setting { what: format!("the book {}", self.rail), reason };
        let rail = RailId::new(&self.rail).map_err(|error| wrong(error.to_string()))?;
        if rail.as_str() == HOUSE {
            return Err(wrong("every hub has the rail house already; choose another name".to_owned()));
        }
        if self.assets.is_empty() {
            return Err(wrong("it has no assets; write for example assets = [\"JPY\"]".to_owned()));
        }
        for code in &self.assets {
            Currency::new(code).map_err(|error| wrong(format!("{code}: {error}")))?;
        }
        Ok(HouseRail::new(rail, self.assets.clone()))
    }
}

impl PluginConfig {
    fn plan(&self) -> Result<PluginPlan, RailsError> {
        let package = Package::read(&self.folder)?;
        let endpoints = self.endpoints.iter().map(|(name, endpoint)| endpoint.plan(name));
        let endpoints = endpoints.collect::<Result<_, _>>()?;
        let keys = self.keys.iter().map(|(name, key)| Ok((name.clone(), key.text()?)));
        let keys = keys.collect::<Result<_, RailsError>>()?;
        let (name, settings) = (self.folder.display().to_string(), self.settings.clone());
        Ok(PluginPlan { name, package, settings, keys, endpoints })
    }
}

impl SecretConfig {
    fn text(&self) -> Result<Zeroizing<String>, RailsError> {
        match self {
            SecretConfig::Env(variable) => variable_of(variable),
            SecretConfig::File(file) => read(file, "the key"),
        }
        .map(Zeroizing::new)
    }
}

impl EndpointConfig {
    fn plan(&self, name: &str) -> Result<EndpointPlan, RailsError> {
        let header = self.credential_header.clone().unwrap_or_else(|| "authorization".to_owned());
        let secret = match (&self.credential_env, &self.credential_file) {
            (Some(variable), _) => Some(variable_of(variable)?),
            (None, Some(file)) => Some(read(file, "the credential")?.trim_end().to_owned()),
            (None, None) => None,
        };
        let reach = match &self.reach {
            ReachConfig::Unset | ReachConfig::Word(ReachWord::Public) => Reach::Public,
            ReachConfig::Word(ReachWord::Loopback) => Reach::Loopback,
            ReachConfig::Ranges(ranges) => {
                let wrong =
                    |range: &String, reason: String| RailsError::Setting { what: format!("the range {range}"), reason };
                let ranges = ranges
                    .iter()
                    .map(|range| range.parse::<AddressRange>().map_err(|error| wrong(range, error.to_string())));
                Reach::Ranges(ranges.collect::<Result<_, _>>()?)
            }
        };
        let credential = secret.map(|secret| Credential::new(header, secret));
        let pem = |file: &Option<PathBuf>, what| file.as_deref().map(|file| read(file, what)).transpose();
        let tls = Tls {
            roots: pem(&self.roots_file, "the roots")?,
            identity: pem(&self.identity_file, "the identity")?.map(Zeroizing::new),
        };
        Ok(EndpointPlan { name: name.to_owned(), origin: self.origin.clone(), credential, reach, tls })
    }
}

fn variable_of(name: &str) -> Result<String, RailsError> {
    // An error of `var` would repeat a value that is not text.
    std::env::var_os(name).and_then(|value| value.into_string().ok()).ok_or_else(|| RailsError::Setting {
        what: format!("the environment variable {name}"),
        reason: "it is not set, or not text".to_owned(),
    })
}

fn read(path: &Path, what: &str) -> Result<String, RailsError> {
    std::fs::read_to_string(path)
        .map_err(|error| RailsError::Setting { what: format!("{what} {}", path.display()), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_its_plugins_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tebura.toml");
        let text = "listen = '0.0.0.0:80'\ndata = 'data'\n[[plugins]]\nfolder = 'wallet'\nkeys.webhook = { file = 'hook' }\n\
            [plugins.endpoints.provider]\norigin = 'https://wallet.example.jp'\nreach = ['10.0.0.0/8']\ncredential_file = 'secret'\n";
        std::fs::write(&path, text).unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(config.data.as_deref(), Some(folder.path().join("data").as_path()));
        assert_eq!(config.plugins[0].folder, folder.path().join("wallet"));
        std::fs::write(folder.path().join("secret"), "Bearer x\n").unwrap();
        let endpoint = config.plugins[0].endpoints["provider"].plan("provider").unwrap();
        assert!(matches!(endpoint.reach, Reach::Ranges(ranges) if ranges.len() == 1));
        assert!(endpoint.credential.is_some());
        std::fs::write(folder.path().join("hook"), "whsec_1").unwrap();
        assert_eq!(*config.plugins[0].keys["webhook"].text().unwrap(), "whsec_1");
    }

    #[test]
    fn webhooks_stay_public_unless_the_file_says_more() {
        let config = |allow: &str| toml::from_str::<Config>(&format!("[webhooks]\nallow = {allow}\n")).unwrap();
        let inside = "http://10.20.0.7/events";
        assert!(config("[]").webhooks().unwrap().admit(inside).is_err());
        assert!(config("['loopback', '10.20.0.0/16']").webhooks().unwrap().admit(inside).is_ok());
        let wrong = config("['10.20.0.7/16']").webhooks().err().map(|error| error.to_string());
        assert!(wrong.is_some_and(|wrong| wrong.contains("10.20.0.7/16")));
    }

    #[test]
    fn a_key_is_limited_unless_the_file_says_otherwise() {
        let rate = |text: &str| toml::from_str::<Config>(text).unwrap().limits().rate;
        let burst = |text| rate(text).map(|rate| (rate.per_second.get(), rate.burst.get()));
        assert_eq!(burst(""), Some((200, 400)));
        assert_eq!(burst("[limits]\nrequests_per_second = 5\nburst = 9\n"), Some((5, 9)));
        assert_eq!(burst("[limits]\nrequests_per_second = 5\nburst = 0\n"), Some((5, 5)));
        assert_eq!(burst("[limits]\nrequests_per_second = 0\n"), None);
    }

    #[test]
    fn a_misspelt_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tebura.toml");
        std::fs::write(&path, "lisen = '0.0.0.0:80'\n").unwrap();
        let refused = Config::read(&path).unwrap_err().to_string();
        assert!(refused.contains("lisen") && refused.contains("line 1"), "{refused}");
    }
}
