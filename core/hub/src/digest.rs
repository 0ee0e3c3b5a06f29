//! Names that follow from others and lead back to none of them.

use sha2::{Digest, Sha256};

/// As lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 hexadecimal digits of SHA-256: enough that no two texts share them. A text begins with what it is for.
pub(crate) fn short(text: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(text)[..16])
}
