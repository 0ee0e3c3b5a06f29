//! Signs requests, for providers that ask for it: the setting `signed_requests = "on"` and the key `request`.
//!
//! `X-Wallet-Request-Signature: t=…,v1=…` covers the time in milliseconds, the method, the path and the body, each followed
//! by a full stop. A signature has a time in it, so the bytes are not sent again once a provider would not take them.

use tebura_plugin::{Call, Fault, Operation, Undeclared, config, crypto, hex};

use crate::PROVIDER;

/// The handle in `plugin.toml`.
const KEY: &str = "request";
/// A provider takes a signature for five minutes; the last send leaves one for the way.
const SENT_WITHIN_MS: u64 = 4 * 60_000;

/// A call with its body, signed where the operator says that the provider asks for it.
///
/// Errors: the key is not bound. A request that should be signed never leaves without.
pub(crate) fn request(
    op: &Operation,
    method: &str,
    path: impl Into<String>,
    body: Vec<u8>,
) -> Result<Call<Undeclared>, Fault> {
    let path = path.into();
    let signed = config::get("signed_requests").as_deref() == Some("on");
    let code = if signed { Some(code(op, method, &path, &body)?) } else { None };
    let call = Call::new(method, PROVIDER, path);
    let call = if body.is_empty() { call } else { call.header("content-type", "application/json").body(body) };
    Ok(match code {
        Some(code) => call
            .header("x-wallet-request-signature", format!("t={},v1={code}", op.now))
            .stale_after(op.now.saturating_add(SENT_WITHIN_MS)),
        None => call,
    })
}

fn code(op: &Operation, method: &str, path: &str, body: &[u8]) -> Result<String, Fault> {
    let head = format!("{}.{method}.{path}.", op.now);
    let code = crypto::mac(KEY, &[head.as_bytes(), body].concat())?;
    Ok(hex(&code))
}
