//! Detached JSON Web Signatures (RFC 7515 appendix F) with Ed25519 (RFC 8037): `header..signature` over bytes that travel
//! beside it. One algorithm and two header members; everything else that JOSE offers is refused.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Longest text of a signature, in characters: ours have about 160, and a header line has to stay short.
pub const SIGNATURE_MAX: usize = 1_024;

const ALGORITHM: &str = "EdDSA";

/// Why a text is not a signature of the wanted form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    #[error("a signature reads header..signature, both in base64url without padding, the payload left out: sign again")]
    Malformed,
    #[error("the signature's header is not a JSON object: it has to be {{\"alg\":\"EdDSA\",\"kid\":\"pk_…\"}}")]
    HeaderMalformed,
    #[error("the signature's header names `{0}` twice: name it once")]
    MemberRepeated(String),
    #[error("the signature's header has `{0}`: leave it out, only alg and kid are read")]
    MemberRefused(String),
    #[error("the signature's alg is {0}, and only EdDSA with an Ed25519 key is taken: sign with that")]
    AlgorithmRefused(String),
    #[error("the signature's header names no key: add kid, the id that the key was registered under")]
    KeyIdMissing,
    #[error("the signature's header names a key, and this key has no id yet: leave kid out")]
    KeyIdRefused,
}

impl JwsError {
    /// Stable, dotted, lower-case.
    pub fn code(&self) -> &'static str {
        match self {
            JwsError::Malformed => "statement.signature_malformed",
            JwsError::HeaderMalformed => "statement.header_malformed",
            JwsError::MemberRepeated(_) => "statement.header_member_repeated",
            JwsError::MemberRefused(_) => "statement.header_member_refused",
            JwsError::AlgorithmRefused(_) => "statement.algorithm_refused",
            JwsError::KeyIdMissing => "statement.key_id_missing",
            JwsError::KeyIdRefused => "statement.key_id_refused",
        }
    }
}

/// A detached signature that was taken apart. Nothing of it is believed yet.
#[derive(Clone, Debug)]
pub struct Detached<'t> {
    header: &'t str,
    key_id: Option<String>,
    signature: Signature,
}

impl<'t> Detached<'t> {
    /// Takes `header..signature` apart and reads its header.
    ///
    /// # Errors
    /// [`JwsError`], in its order.
    pub fn read(text: &'t str) -> Result<Detached<'t>, JwsError> {
        let parts = || {
            let (header, signature) = text.split_once("..")?;
            let signature: [u8; 64] = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
            Some((header, URL_SAFE_NO_PAD.decode(header).ok()?, Signature::from_bytes(&signature)))
        };
        let short = text.len() <= SIGNATURE_MAX;
        let (header, json, signature) = short.then(parts).flatten().ok_or(JwsError::Malformed)?;
        Ok(Detached { header, key_id: key_id_of(&json)?, signature })
    }

    /// The key that the header names.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Whether `key` signed `payload`. Strict: one form of each signature, no keys of small order.
    pub fn is_by(&self, key: &VerifyingKey, payload: &[u8]) -> bool {
        key.verify_strict(signing_input(self.header, payload).as_bytes(), &self.signature).is_ok()
    }
}

/// Signs a payload; `kid` is the id that the key was registered under, nothing for a key that is being registered.
pub fn sign(key: &SigningKey, kid: Option<&str>, payload: &[u8]) -> String {
    let header = match kid {
        Some(kid) => format!(r#"{{"alg":"{ALGORITHM}","kid":{}}}"#, Value::from(kid)),
        None => format!(r#"{{"alg":"{ALGORITHM}"}}"#),
    };
    let header = URL_SAFE_NO_PAD.encode(header);
    let signature = key.sign(signing_input(&header, payload).as_bytes()).to_bytes();
    format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature))
}

fn signing_input(header: &str, payload: &[u8]) -> String {
    format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload))
}

fn key_id_of(json: &[u8]) -> Result<Option<String>, JwsError> {
    let Members(members) = serde_json::from_slice(json).map_err(|_| JwsError::HeaderMalformed)?;
    let names = || members.iter().map(|(name, _)| name);
    if let Some(repeated) = names().enumerate().find(|(nth, name)| names().take(*nth).any(|before| before == *name)) {
        return Err(JwsError::MemberRepeated(shown(repeated.1)));
    }
    if let Some(other) = names().find(|name| !matches!(name.as_str(), "alg" | "kid")) {
        return Err(JwsError::MemberRefused(shown(other)));
    }
    let member = |wanted: &str| members.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    match member("alg") {
        Some(Value::String(algorithm)) if algorithm == ALGORITHM => {}
        Some(Value::String(other)) => return Err(JwsError::AlgorithmRefused(shown(other))),
        Some(_) => return Err(JwsError::HeaderMalformed),
        None => return Err(JwsError::AlgorithmRefused("missing".to_owned())),
    }
    match member("kid") {
        Some(Value::String(kid)) => Ok(Some(kid.clone())),
        Some(_) => Err(JwsError::HeaderMalformed),
        None => Ok(None),
    }
}

/// The beginning of a stranger's word, fit for a message.
fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(32).collect()
}

/// The members of an object as they were written, repetitions and all.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    }

    const PAYLOAD: &[u8] = b"Example of Ed25519 signing";
    const SIGNED: &str =
        "eyJhbGciOiJFZERTQSJ9..hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    /// RFC 8037, appendices A.1, A.4 and A.5.
    #[test]
    fn the_example_of_the_standard_is_signed_and_verified() {
        let private = SigningKey::from_bytes(&bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
        let public = VerifyingKey::from_bytes(&bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")).unwrap();
        assert_eq!(sign(&private, None, PAYLOAD), SIGNED);
        let read = Detached::read(SIGNED).unwrap();
        assert_eq!(read.key_id(), None);
        assert!(read.is_by(&public, PAYLOAD));
        assert!(!read.is_by(&public, b"Example of Ed25519 signing."));
    }

    #[test]
    fn the_header_is_signed_too() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let signed = sign(&key, Some("pk_1"), PAYLOAD);
        let other = sign(&key, Some("pk_2"), PAYLOAD);
        let moved = format!("{}..{}", other.split_once("..").unwrap().0, signed.split_once("..").unwrap().1);
        assert!(Detached::read(&signed).unwrap().is_by(&key.verifying_key(), PAYLOAD));
        assert!(!Detached::read(&moved).unwrap().is_by(&key.verifying_key(), PAYLOAD));
    }

    #[track_caller]
    fn check(header: &str, code: &str) {
        let (_, signature) = SIGNED.split_once("..").unwrap();
        let text = format!("{}..{signature}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(Detached::read(&text).unwrap_err().code(), code, "{header}");
    }

    #[test]
    fn a_header_with_anything_else_is_refused() {
        check(r#"{"alg":"none"}"#, "statement.algorithm_refused");
        check(r#"{"alg":"HS256","kid":"pk_1"}"#, "statement.algorithm_refused");
        check(r#"{"alg":"Ed25519","kid":"pk_1"}"#, "statement.algorithm_refused");
        check(r#"{"alg":"eddsa"}"#, "statement.algorithm_refused");
        check(r#"{"kid":"pk_1"}"#, "statement.algorithm_refused");
        check(r#"{"alg":"EdDSA","crit":["exp"],"exp":1}"#, "statement.header_member_refused");
        check(r#"{"alg":"EdDSA","jwk":{"kty":"OKP"}}"#, "statement.header_member_refused");
        check(r#"{"alg":"EdDSA","b64":false,"crit":["b64"]}"#, "statement.header_member_refused");
        check(r#"{"alg":"EdDSA","typ":"JWT"}"#, "statement.header_member_refused");
        check(r#"{"alg":"EdDSA","alg":"EdDSA"}"#, "statement.header_member_repeated");
        check(r#"{"alg":"EdDSA","\u0061lg":"none"}"#, "statement.header_member_repeated");
        check(r#"{"alg":"EdDSA","kid":"pk_1","kid":"pk_2"}"#, "statement.header_member_repeated");
        check(r#"{"alg":["EdDSA"]}"#, "statement.header_malformed");
        check(r#"{"alg":"EdDSA","kid":1}"#, "statement.header_malformed");
        check(r#"["EdDSA"]"#, "statement.header_malformed");
        check(r#"{"alg":"EdDSA"} "x""#, "statement.header_malformed");
        check("", "statement.header_malformed");
    }

    #[test]
    fn another_form_of_the_same_signature_is_refused() {
        let (header, signature) = SIGNED.split_once("..").unwrap();
        let payload = URL_SAFE_NO_PAD.encode(PAYLOAD);
        for text in [
            String::new(),
            "..".to_owned(),
            format!("{header}.{signature}"),
            format!("{header}.{payload}.{signature}"),
            format!("{header}..{signature}.."),
            format!("{header}..{signature}="),
            format!("{header}=..{signature}"),
            format!("{header}..{signature}A"),
            format!(" {header}..{signature}"),
            format!("{header}..{}", &signature[..85]),
            // The last character of 64 bytes carries four bits only; another one would decode to the same bytes.
            format!("{header}..{}h", &signature[..85]),
            format!("{header}..{}+", &signature[..85]),
            format!("{header}..{signature}{}", "A".repeat(SIGNATURE_MAX)),
        ] {
            assert_eq!(Detached::read(&text).unwrap_err(), JwsError::Malformed, "{text}");
        }
    }
}
