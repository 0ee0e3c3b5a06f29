//! What the program carries with it: the model pack of the drawn people and the wallet plugin.

use tebura_plugin_host::Package;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The wallet plugin, when this program was built with its component.
pub(crate) fn wallet_package() -> Option<Package> {
    let file = |end: &str| WALLET.iter().find(|(name, _)| name.ends_with(end)).map(|(_, bytes)| bytes.to_vec());
    Some(Package { manifest: file("plugin.toml")?, component: file(".wasm")?, signatures: file("plugin.sig") })
}
