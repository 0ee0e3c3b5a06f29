//! What an operator gives a plugin at installation: settings, and an address with a credential for each endpoint.
//!
//! Credentials are never in a request or in the journal: a name says which file of `credentials/` in the hub's data
//! folder holds one.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tebura_egress::{AddressRange, Credential, Reach, Tls};
use tebura_plugin_host::Manifest;
use zeroize::Zeroizing;

use crate::start::rails::EndpointPlan;

/// Settings, keys and endpoints of one installation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// What `config.get` answers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// By the manifest's name: the file in `credentials/` of the data folder that holds the key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
    /// By the manifest's handle.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, EndpointGrant>,
}

/// What an endpoint handle is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointGrant {
    /// `https://api.example.jp`
    pub origin: String,
    /// Besides public addresses nothing; else `loopback` alone, or ranges such as `10.20.0.0/16` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reach: Vec<String>,
    /// A file in `credentials/` of the data folder, with the header's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// A file there with certificates of those who may vouch for the far end; the public ones when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<String>,
    /// A file there with the hub's own certificate and private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The header that carries the credential; `authorization` when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_header: Option<String>,
}

/// Why grants do not fit. The order is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// An address is missing.
    #[error("endpoint {endpoint:?} of the plugin has no address; add --endpoint {endpoint}=https://…")]
    Unbound { endpoint: String },
    /// A handle that is not there.
    #[error("the plugin has no endpoint {endpoint:?}; its manifest names: {known}")]
    NoEndpoint { endpoint: String, known: String },
    /// A range that is none.
    #[error(
        "the reach {reach:?} of endpoint {endpoint:?} is wrong ({reason}); write loopback, or a range such as 10.20.0.0/16"
    )]
    Reach { endpoint: String, reach: String, reason: String },
    /// A name that leads elsewhere.
    #[error("{name:?} cannot name a credential; write the name of a file in credentials/ of the hub's data folder")]
    CredentialName { name: String },
    /// A file that is not there.
    #[error(
        "credentials/{name} in the hub's data folder cannot be read ({reason}); put the credential there, readable by the hub only"
    )]
    Credential { name: String, reason: String },
}

impl Grants {
    /// Every endpoint of the manifest, with its address and credential.
    pub(super) fn plans(&self, manifest: &Manifest, data: &Path) -> Result<Vec<EndpointPlan>, GrantError> {
        if let Some(endpoint) = manifest.endpoints.keys().find(|name| !self.endpoints.contains_key(*name)) {
            return Err(GrantError::Unbound { endpoint: endpoint.clone() });
        }
        if let Some(endpoint) = self.endpoints.keys().find(|name| !manifest.endpoints.contains_key(*name)) {
            let known: Vec<&str> = manifest.endpoints.keys().map(String::as_str).collect();
            return Err(GrantError::NoEndpoint { endpoint: endpoint.clone(), known: known.join(", ") });
        }
        self.endpoints.iter().map(|(name, grant)| grant.plan(name, data)).collect()
    }
}

impl Grants {
    /// The keys' texts.
    pub(super) fn keys(&self, data: &Path) -> Result<BTreeMap<String, Zeroizing<String>>, GrantError> {
        self.keys.iter().map(|(name, file)| Ok((name.clone(), Zeroizing::new(read(data, file)?)))).collect()
    }
}

impl EndpointGrant {
    fn plan(&self, name: &str, data: &Path) -> Result<EndpointPlan, GrantError> {
        let header = self.credential_header.clone().unwrap_or_else(|| "authorization".to_owned());
        let credential = self.credential.as_deref().map(|file| read(data, file)).transpose()?;
        Ok(EndpointPlan {
            name: name.to_owned(),
            origin: self.origin.clone(),
            credential: credential.map(|secret| Credential::new(header, secret)),
            reach: self.reach(name)?,
            tls: Tls {
                roots: self.roots.as_deref().map(|file| read(data, file)).transpose()?,
                identity: self.identity.as_deref().map(|file| read(data, file)).transpose()?.map(Zeroizing::new),
            },
        })
    }

    fn reach(&self, name: &str) -> Result<Reach, GrantError> {
        match self.reach.as_slice() {
            [] => Ok(Reach::Public),
            [word] if word == "loopback" => Ok(Reach::Loopback),
            ranges => {
                let wrong = |reach: &String, reason: String| GrantError::Reach {
                    endpoint: name.to_owned(),
                    reach: reach.clone(),
                    reason,
                };
                let range =
                    |text: &String| text.parse::<AddressRange>().map_err(|error| wrong(text, error.to_string()));
                Ok(Reach::Ranges(ranges.iter().map(range).collect::<Result<_, _>>()?))
            }
        }
    }
}

/// A credential of the data folder. Only a plain name: no caller makes the hub read another file.
fn read(data: &Path, name: &str) -> Result<String, GrantError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.';
    if name.starts_with('.') || !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(GrantError::CredentialName { name: name.to_owned() });
    }
    let text = std::fs::read_to_string(data.join("credentials").join(name));
    let text =
        text.map_err(|error| GrantError::Credential { name: name.to_owned(), reason: error.kind().to_string() })?;
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_a_file_of_its_folder_and_no_other() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir(data.path().join("credentials")).unwrap();
        std::fs::write(data.path().join("operator.key"), "secret").unwrap();
        std::fs::write(data.path().join("credentials/machi-pay"), "Bearer x\n").unwrap();
        assert_eq!(read(data.path(), "machi-pay").unwrap(), "Bearer x");
        for name in ["", "../operator.key", "a/b", "..", ".hidden", "名"] {
            assert!(matches!(read(data.path(), name), Err(GrantError::CredentialName { .. })), "{name}");
        }
        assert!(matches!(read(data.path(), "other"), Err(GrantError::Credential { .. })));
    }
}
