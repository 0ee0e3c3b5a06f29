//! Standard Webhooks 1.0 over id, time and body: `v1,` and base64 of HMAC-SHA256 for everybody; besides, `v1a,` and base64
//! of an Ed25519 signature for receivers that asked for signatures which they can check and not make.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
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

/// The public half of a signing key, `whpk_…`: no secret.
pub fn public_text(seed: &WebhookSecret) -> String {
    let public = SigningKey::from_bytes(seed.bytes()).verifying_key();
    format!("whpk_{}", STANDARD.encode(public.as_bytes()))
}

/// The value of `webhook-signature` for one signing key.
pub fn asymmetric_signature(seed: &WebhookSecret, id: &str, seconds: i64, body: &[u8]) -> String {
    let signed = [format!("{id}.{seconds}.").as_bytes(), body].concat();
    format!("v1a,{}", STANDARD.encode(SigningKey::from_bytes(seed.bytes()).sign(&signed).to_bytes()))
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

    /// Key, message and signature are those of `TestAsymmetricWebhookSign` in the specification's own repository
    /// (standard-webhooks/standard-webhooks, libraries/go). No library on PyPI or npm does `v1a` yet.
    #[test]
    fn it_signs_as_the_specifications_reference_does() {
        let seed = STANDARD.decode("VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=").unwrap();
        let seed = WebhookSecret::new(seed.try_into().unwrap());
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signed = asymmetric_signature(&seed, id, 1_614_265_330, br#"{"test": 2432232314}"#);
        let expected = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==";
        assert_eq!(signed, expected);
    }
}
