//! Plugins as the command line and the hub tell each other of them.

use serde::{Deserialize, Serialize};

use crate::plugins::{Grants, Listed, Offer};

/// A plugin to look at or to install.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallBody {
    /// `plugin.toml`.
    pub manifest: String,
    /// The component, base64.
    pub component: String,
    /// `plugin.sig`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signatures: Option<String>,
    /// The publisher's key as a keyring of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Settings and addresses.
    pub grants: Grants,
    /// An older version than the approved one is wanted.
    #[serde(default)]
    pub step_back: bool,
    /// What the operator said yes to; an offer has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

/// What an installation would do, or did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfferBody {
    /// The plugin's id.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// The version before.
    pub replaces: Option<String>,
    /// What it asks for beyond that.
    pub more: Vec<String>,
    /// Name and fingerprint of a key that would be trusted.
    pub new_key: Option<(String, String)>,
    /// What to send back as a yes.
    pub approval: String,
}

impl From<Offer> for OfferBody {
    fn from(offer: Offer) -> OfferBody {
        let Offer { plugin, version, replaces, more, new_key, approval } = offer;
        OfferBody { plugin: plugin.0, version, replaces, more, new_key, approval }
    }
}

/// A plugin of the hub.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListedBody {
    /// Its id.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: String,
    /// Why it is switched off.
    pub disabled: Option<String>,
    /// Whether it came with the configuration.
    pub configured: bool,
}

impl From<Listed> for ListedBody {
    fn from(listed: Listed) -> ListedBody {
        let Listed { plugin, version, digest, disabled, configured } = listed;
        ListedBody { plugin, version, digest, disabled, configured }
    }
}

/// Why something is switched off or withdrawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// For the journal and for whoever asks later.
    pub reason: String,
}
