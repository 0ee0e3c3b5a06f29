//! A request that says who sent it: a signature over method, path and body in the manner of RFC 9421.
//!
//! Without a time in it: a repeat carries the same request id and gets the same answer, and no clock has to agree.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tebura_plugin::{Call, Fault, Undeclared, config, crypto};

use crate::Sign;

/// The handle in `plugin.toml`.
const INTERMEDIARY: &str = "intermediary";

/// The key in `plugin.toml` that signs requests.
const SERVICE_KEY: &str = "service";

/// A call with its signature. The name that the intermediary knows this hub by is the setting `service`.
pub(crate) fn signed(sign: Sign, method: &str, path: &str, body: Vec<u8>) -> Result<Call<Undeclared>, Fault> {
    let digest = format!("sha-256=:{}:", STANDARD.encode(crypto::sha256(&body)));
    let parameters = format!("(\"@method\" \"@path\" \"content-digest\");keyid=\"{}\";alg=\"ed25519\"", service()?);
    let base = format!(
        "\"@method\": {method}\n\"@path\": {path}\n\"content-digest\": {digest}\n\"@signature-params\": {parameters}"
    );
    let signature = STANDARD.encode(sign(SERVICE_KEY, base.as_bytes())?);
    let call = Call::new(method, INTERMEDIARY, path)
        .header("content-digest", digest)
        .header("signature-input", format!("sig1={parameters}"))
        .header("signature", format!("sig1=:{signature}:"));
    Ok(if body.is_empty() { call } else { call.header("content-type", "application/json").body(body) })
}

/// This hub's name at the intermediary, as connected service and as arbiter.
pub(crate) fn service() -> Result<String, Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.';
    let missing = || Fault::new("setting.missing", "set `service` to this hub's name at the intermediary");
    let name = config::get("service").ok_or_else(missing)?;
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        Ok(name)
    } else {
        Err(Fault::new("setting.malformed", "`service` is 1 to 64 letters, digits, `-`, `_` or `.`"))
    }
}
