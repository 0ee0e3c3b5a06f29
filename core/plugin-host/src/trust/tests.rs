use super::*;
use crate::manifest::tests::WHOLE;
use crate::statement::component_digest;

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
const COMPONENT: &[u8] = b"a component";

fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn entry(id: &str, role: &str, seed: u8, more: &str) -> String {
    let public = STANDARD.encode(signer(seed).verifying_key().to_bytes());
    format!(
        "[[key]]\nid = \"{id}\"\nrole = \"{role}\"\nalgorithm = \"ed25519\"\npublic_key = \"{public}\"\nplugins = [\"jp.example.*\"]\nvalid_from = 2026-01-01\nvalid_until = 2027-12-31\n{more}\n"
    )
}

fn trust(vouching: Vouching) -> Trust {
    let text = format!("version = 1\n{}{}", entry("author", "publisher", 1, ""), entry("hub", "reviewer", 2, ""));
    Trust::new(Keyring::parse(&text).unwrap(), DemoKeys::Refuse, vouching)
}

fn manifest() -> Manifest {
    Manifest::parse(WHOLE.as_bytes()).unwrap()
}

fn signed_by(keys: &[(&str, u8)]) -> Vec<u8> {
    keys.iter()
        .fold(None, |file: Option<Vec<u8>>, (id, seed)| {
            let key = (&KeyId((*id).to_owned()), &signer(*seed));
            Some(sign(&manifest(), component_digest(COMPONENT), key, file.as_deref()).unwrap())
        })
        .unwrap()
}

#[track_caller]
fn check(vouching: Vouching, component: &[u8], signatures: Option<&[u8]>, expected: Result<usize, SignatureError>) {
    let verified = trust(vouching).verify(&manifest(), component_digest(component), signatures, NOW);
    assert_eq!(verified.map(|grant| grant.keys.len()), expected);
}

#[test]
fn a_known_publisher_carries_a_plugin() {
    check(Vouching::Publisher, COMPONENT, Some(&signed_by(&[("author", 1)])), Ok(1));
    check(Vouching::PublisherAndReviewer, COMPONENT, Some(&signed_by(&[("author", 1), ("hub", 2)])), Ok(2));
}

#[test]
fn anything_less_does_not() {
    let author = || KeyId("author".to_owned());
    let one = signed_by(&[("author", 1)]);
    check(Vouching::Publisher, COMPONENT, None, Err(SignatureError::Unsigned));
    check(Vouching::Publisher, COMPONENT, Some(br#"{"signatures":[]}"#), Err(SignatureError::Unsigned));
    check(Vouching::Publisher, b"A component", Some(&one), Err(SignatureError::Wrong { key: author() }));
    let stolen_name = signed_by(&[("author", 9)]);
    check(Vouching::Publisher, COMPONENT, Some(&stolen_name), Err(SignatureError::Wrong { key: author() }));
    let stranger = KeyId("stranger".to_owned());
    let unknown = signed_by(&[("author", 1), ("stranger", 3)]);
    check(Vouching::Publisher, COMPONENT, Some(&unknown), Err(KeyRefusal::Unknown { key: stranger }.into()));
    let missing = |role| Err(SignatureError::Missing { role });
    check(Vouching::PublisherAndReviewer, COMPONENT, Some(&one), missing(Role::Reviewer));
    check(Vouching::Publisher, COMPONENT, Some(&signed_by(&[("hub", 2)])), missing(Role::Publisher));
}

#[test]
fn a_signature_file_has_one_form() {
    let one = String::from_utf8(signed_by(&[("author", 1)])).unwrap();
    let malformed = |text: String| {
        let verified =
            trust(Vouching::Publisher).verify(&manifest(), component_digest(COMPONENT), Some(text.as_bytes()), NOW);
        assert!(matches!(verified, Err(SignatureError::Malformed { .. })), "{verified:?}");
    };
    malformed("not json".to_owned());
    malformed(one.replace("ed25519", "none"));
    malformed(one.replace("\"key\"", "\"kid\""));
    malformed(" ".repeat(20_000));
    let value: serde_json::Value = serde_json::from_str(&one).unwrap();
    let entry = &value["signatures"][0];
    let twice = serde_json::json!({ "signatures": [entry, entry] }).to_string();
    let expected = Err(SignatureError::Twice { key: KeyId("author".to_owned()) });
    check(Vouching::Publisher, COMPONENT, Some(twice.as_bytes()), expected);
}

#[test]
fn signing_again_replaces_the_old_signature() {
    let first = signed_by(&[("author", 9), ("hub", 2)]);
    let key = (&KeyId("author".to_owned()), &signer(1));
    let again = sign(&manifest(), component_digest(COMPONENT), key, Some(&first)).unwrap();
    check(Vouching::PublisherAndReviewer, COMPONENT, Some(&again), Ok(2));
}

#[test]
fn what_is_withdrawn_counts_from_the_next_call() {
    let trust = trust(Vouching::Publisher);
    let signatures = signed_by(&[("author", 1)]);
    let grant = trust.verify(&manifest(), component_digest(COMPONENT), Some(&signatures), NOW).unwrap();
    assert_eq!(trust.permit(&grant, NOW), Ok(()));

    trust.disable(&grant.plugin, "declines everything");
    let off = "it was switched off by the operator: declines everything".to_owned();
    assert_eq!(trust.permit(&grant, NOW), Err(off));
    assert!(trust.enable(&grant.plugin));
    assert_eq!(trust.permit(&grant, NOW), Ok(()));

    let after = NOW.plus_ms(600 * 86_400_000);
    let expired = KeyRefusal::Expired { key: KeyId("author".to_owned()) };
    assert_eq!(trust.permit(&grant, after), Err(expired.to_string()));

    assert!(trust.revoke_key(&KeyId("author".to_owned()), "lost laptop"));
    assert!(!trust.revoke_key(&KeyId("nobody".to_owned()), "lost laptop"));
    let revoked = KeyRefusal::Revoked { key: KeyId("author".to_owned()), reason: "lost laptop".to_owned() };
    assert_eq!(trust.permit(&grant, NOW), Err(revoked.to_string()));
}
