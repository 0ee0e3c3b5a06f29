//! Standard Webhooks 1.0, symmetric: `v1,` and base64 of HMAC-SHA256 over id, time and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tebura_hub::webhooks::WebhookSecret;
use zeroize::Zeroizing;

/// The secret as its owner keeps it: `whsec_…`, shown once.
pub fn secret_text(secret: &WebhookSecret) -> Zeroizing<String> {
    let encoded = Zeroizing::new(STANDARD.encode(secret.bytes()));
    Zeroizing::new(format!("whsec_{}", encoded.as_str()))
}

/// The value of `webhook-signature` for one secret.
pub fn signature(secret: &WebhookSecret, id: &str, seconds: i64, body: &[u8]) -> String {
    let head = format!("{id}.{seconds}.");
    // HMAC takes a key of any length, so there always is one.
    let mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).ok();
    let tag = mac.map(|mac| mac.chain_update(head).chain_update(body).finalize().into_bytes());
    format!("v1,{}", tag.map(|tag| STANDARD.encode(tag)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with PyPI's standardwebhooks 1.1.0:
    /// `Webhook("whsec_" + base64(bytes(range(32)))).sign("7-42", datetime.fromtimestamp(1_800_000_000, utc), '{"type":"hold.held"}')`.
    #[test]
    fn it_signs_as_the_published_library_does() {
        let secret = WebhookSecret::new(std::array::from_fn(|index| u8::try_from(index).unwrap()));
        assert_eq!(secret_text(&secret).as_str(), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let signed = signature(&secret, "7-42", 1_800_000_000, br#"{"type":"hold.held"}"#);
        assert_eq!(signed, "v1,ES4KTp9227ZJpS6r+sFmZNzvrsIJNJVxz+IHQmgWz40=");
    }
}
