//! The bytes that signers sign: one canonical text over the whole manifest and the component's digest.

use sha2::{Digest as _, Sha256};
use tebura_hub::rail::ComponentDigest;

use crate::manifest::Manifest;

/// Keeps a signature of this format from meaning anything in another.
const DOMAIN: &[u8] = b"tebura-plugin-v1";

/// SHA-256 of a component.
pub fn component_digest(component: &[u8]) -> ComponentDigest {
    ComponentDigest(Sha256::digest(component).into())
}

/// SHA-256 of the canonical manifest, so that comments and order of `plugin.toml` do not count.
pub fn manifest_digest(manifest: &Manifest) -> [u8; 32] {
    Sha256::digest(&manifest.canonical).into()
}

/// `sha256:` and 64 lower-case hex digits.
pub(crate) fn digest_text(digest: &[u8; 32]) -> String {
    format!("sha256:{:?}", ComponentDigest(*digest))
}

/// What is signed: domain, length of the statement (8 bytes, little-endian), statement. The statement is RFC 8785
/// JSON: `{"component":{"sha256":…},"manifest":{…}}`.
pub fn signed_bytes(manifest: &Manifest, component: ComponentDigest) -> Vec<u8> {
    // Both parts are canonical and the two names are in order, so the whole is canonical.
    let mut statement = format!("{{\"component\":{{\"sha256\":\"{component:?}\"}},\"manifest\":").into_bytes();
    statement.extend_from_slice(&manifest.canonical);
    statement.push(b'}');
    let mut bytes = DOMAIN.to_vec();
    bytes.extend_from_slice(&(statement.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&statement);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::WHOLE;

    #[test]
    fn order_and_comments_do_not_change_what_is_signed_and_values_do() {
        let manifest = Manifest::parse(WHOLE.as_bytes()).unwrap();
        let reordered = format!(
            "# a comment\n{}\n[plugin]\nworld = \"tebura:rail/rail-plugin@1.0.0\"\nversion = '1.4.0'\nid = \"jp.example.machi-pay\"\ntitle = \"Machi Pay\"\nreads_state = [\"1.3.0\"]\nsettings = [\"merchant_code\"]",
            &WHOLE[WHOLE.find("[rail]").unwrap()..]
        );
        let same = Manifest::parse(reordered.as_bytes()).unwrap();
        let digest = component_digest(b"component");
        assert_eq!(signed_bytes(&manifest, digest), signed_bytes(&same, digest));
        assert_eq!(manifest_digest(&manifest), manifest_digest(&same));

        let raised = Manifest::parse(WHOLE.replace("100_000", "100_001").as_bytes()).unwrap();
        assert_ne!(signed_bytes(&manifest, digest), signed_bytes(&raised, digest));
        assert_ne!(signed_bytes(&manifest, digest), signed_bytes(&manifest, component_digest(b"componenT")));
    }

    #[test]
    fn the_statement_is_prefixed_and_canonical() {
        let manifest = Manifest::parse(
            br#"plugin = { id = "a.b.c", version = "0.1.0", world = "tebura:rail/rail-plugin@1.0.0" }
rail = { commands = ["hold"] }
money = { max_per_operation = 1_000, currencies = ["JPY"] }"#,
        )
        .unwrap();
        let bytes = signed_bytes(&manifest, ComponentDigest([0xab; 32]));
        let statement = format!(
            "{{\"component\":{{\"sha256\":\"{}\"}},\"manifest\":{{\"money\":{{\"currencies\":[\"JPY\"],\"max_per_operation\":1000}},\"plugin\":{{\"id\":\"a.b.c\",\"version\":\"0.1.0\",\"world\":\"tebura:rail/rail-plugin@1.0.0\"}},\"rail\":{{\"commands\":[\"hold\"]}}}}}}",
            "ab".repeat(32)
        );
        assert_eq!(&bytes[..16], b"tebura-plugin-v1");
        assert_eq!(bytes[16..24], (statement.len() as u64).to_le_bytes());
        assert_eq!(String::from_utf8_lossy(&bytes[24..]), statement);
    }
}
