//! Names that follow from others and lead back to none of them.

use sha2::{Digest, Sha256};

/// 32 hexadecimal digits of SHA-256: enough that no two texts share them. A text begins with what it is for.
pub(crate) fn short(text: impl AsRef<[u8]>) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
