//! What a ticket office prints: the text of a QR code, signed with a secret that the gates know.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::hex;

/// The file with the office's secret, in `credentials/` of the hub's data folder.
pub(super) const OFFICE: &str = "tickets";
/// The secret. Nothing is behind it but play money.
pub(super) const SECRET: &str = "a ticket office of drawn people";

/// A ticket of a pass, good for years.
pub(super) fn ticket(number: &str, pass: &str) -> String {
    let signed = format!("TK1.{number}.{pass}.2020-01-01.2099-12-31");
    // HMAC takes a key of any length, so this never takes the first branch.
    let code = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())
        .map_or_else(|_| Vec::new(), |hmac| hmac.chain_update(signed.as_bytes()).finalize().into_bytes().to_vec());
    format!("{signed}.{}", hex::encode(&code))
}
