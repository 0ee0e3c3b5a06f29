//! One order of a device, and its signature.

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use tebura_plugin::from_hex;

/// What a device sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    pub(crate) sequence: u64,
    pub(crate) item: String,
    pub(crate) count: u64,
    signature: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastOrder {
    pub(crate) sequence: u64,
    pub(crate) placed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) yen: Option<u64>,
}

impl Order {
    /// Whether the device signed exactly this, for exactly this mandate.
    pub(crate) fn is_signed(&self, mandate: &str, device_key: &str) -> bool {
        let Order { sequence, item, count, .. } = self;
        let text = format!("tebura-order-v1\n{mandate}\n{sequence}\n{item}\n{count}");
        let key = bytes::<32>(device_key).and_then(|key| VerifyingKey::from_bytes(&key).ok());
        let signature = bytes::<64>(&self.signature).map(|signature| Signature::from_bytes(&signature));
        match (key, signature) {
            (Some(key), Some(signature)) => key.verify_strict(text.as_bytes(), &signature).is_ok(),
            _ => false,
        }
    }
}

fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    from_hex(hex).try_into().ok()
}
