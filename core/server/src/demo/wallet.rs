//! The far end of the demo's wallet: the sandbox provider on a free port of this machine, with a database of its own.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tebura_egress::Reach;
use tebura_providers::wallet::{Database, Running, StartError, WalletConfig, WalletProvider};
use tebura_providers::{Credential, wallet::BooksError};
use zeroize::Zeroizing;

use crate::start::rails::{EndpointPlan, PluginPlan};
use crate::start::wallet_package;

use super::city::derived;

/// Why the wallet's far end did not start.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// The provider.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Its books.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// Built without the component.
    #[error("this program carries no wallet plugin; run scripts/build-plugins and build it again")]
    NoPlugin,
}

/// The credential that the hub shows to the provider.
fn hub_secret(operator_key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(derived(operator_key, "demo wallet credential"))
}

/// What the hub signs its requests to the provider with.
fn request_secret(operator_key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(derived(operator_key, "demo wallet requests"))
}

/// The credential of the provider's own `/sandbox` calls.
pub(super) fn sandbox_secret(operator_key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(derived(operator_key, "demo wallet sandbox"))
}

/// Starts the provider.
///
/// # Errors
/// When its file or the loopback interface cannot be used.
pub(super) async fn start_wallet(data: &Path, operator_key: &[u8]) -> Result<Running, WalletError> {
    let config = WalletConfig {
        database: Database::File(data.join("wallet-provider.db")),
        request_secret: Some(Credential::new(request_secret(operator_key))),
        admin: Some(Credential::new(sandbox_secret(operator_key))),
        ..WalletConfig::new(Credential::new(hub_secret(operator_key)))
    };
    Ok(WalletProvider::start(config).await?)
}

/// The wallet plugin, bound to that provider.
///
/// # Errors
/// When the program was built without the plugin's component.
pub(super) fn wallet_plan(origin: String, operator_key: &[u8]) -> Result<PluginPlan, WalletError> {
    let secret = format!("Bearer {}", hub_secret(operator_key));
    let endpoint = EndpointPlan {
        name: "provider".to_owned(),
        origin,
        credential: Some(tebura_egress::Credential::new("authorization", secret)),
        reach: Reach::Loopback,
        tls: Default::default(),
    };
    let package = wallet_package().ok_or(WalletError::NoPlugin)?;
    Ok(PluginPlan {
        name: "wallet".to_owned(),
        package,
        settings: BTreeMap::from([("signed_requests".to_owned(), "on".to_owned())]),
        keys: BTreeMap::from([("request".to_owned(), Zeroizing::new(request_secret(operator_key)))]),
        endpoints: vec![endpoint],
    })
}
