//! The sizes and shapes that the hub insists on, checked natively. The numbers are those of `tebura:host` and
//! `tebura:rail`; fuel and memory can only be measured in the component, which `tebura plugin test` does.

use tebura_plugin::{Effect, Fault, HttpCall, KvWrite, MAX_STATE_BYTES, Operation, Tag};

use crate::manifest::Manifest;
use crate::watch::{Breach, name};

/// Headers that the hub writes itself. An ending `-` stands for every header that begins so.
const HUB_HEADERS: [&str; 20] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-",
    "sec-",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-",
];
const MAX_PATH_CHARS: usize = 2_048;
const MAX_BODY_BYTES: usize = 256 * 1024;
const MAX_HEADERS: usize = 32;
const MAX_HEADER_BYTES: usize = 8 * 1024;
const MAX_TIMEOUT_MS: u32 = 60_000;
const MAX_WRITES: usize = 16;
const MAX_KEY_CHARS: usize = 128;
const MAX_VALUE_BYTES: usize = 4 * 1024;
pub(crate) const MAX_WAIT_MS: u64 = 31 * 86_400_000;
const MAX_REFERENCE_CHARS: usize = 255;
const MAX_CODE_CHARS: usize = 64;

/// A call that the hub would take.
pub(crate) fn call(call: &HttpCall, manifest: Option<&Manifest>) -> Result<(), Breach> {
    let name = name(call);
    let refuse = |why: &str| Err(Breach::MalformedCall { call: name.clone(), why: why.to_owned() });
    if !call.path.starts_with('/') || call.path.contains("..") || call.path.contains('#') {
        return refuse("a path begins with `/` and has no `..` and no fragment");
    }
    if call.path.len() > MAX_PATH_CHARS {
        return refuse("the path is over 2048 characters");
    }
    if call.body.len() > MAX_BODY_BYTES {
        return refuse("the body is over 256 KiB");
    }
    if call.headers.len() > MAX_HEADERS {
        return refuse("over 32 headers");
    }
    if call.headers.iter().map(|field| field.name.len() + field.value.len()).sum::<usize>() > MAX_HEADER_BYTES {
        return refuse("the headers are over 8 KiB");
    }
    if !(1..=MAX_TIMEOUT_MS).contains(&call.timeout_ms) {
        return refuse("timeout_ms is 1 to 60000");
    }
    let key_header = manifest.and_then(|manifest| manifest.key_header(&call.endpoint));
    for field in &call.headers {
        let lower = field.name.to_ascii_lowercase();
        let hubs = HUB_HEADERS.iter().any(|own| match own.strip_suffix('-') {
            Some(_) => lower.starts_with(own),
            None => lower == *own,
        });
        if hubs || lower == "idempotency-key" || key_header.is_some_and(|own| own.eq_ignore_ascii_case(&lower)) {
            return refuse(&format!("the header {:?} is the hub's", field.name));
        }
        if !field.value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t') {
            return refuse(&format!("the value of the header {:?} is not visible ASCII", field.name));
        }
    }
    if let Effect::Idempotent(key) = &call.effect
        && !visible(key, MAX_KEY_CHARS)
    {
        return refuse("an idempotency key is 1 to 128 visible ASCII characters");
    }
    let Some(manifest) = manifest else { return Ok(()) };
    if !manifest.allows(call) {
        return Err(Breach::NotListed { call: name, endpoint: call.endpoint.clone() });
    }
    if matches!(call.effect, Effect::Idempotent(_)) && key_header.is_none() {
        return refuse(&format!("[endpoints.{}] of plugin.toml names no idempotency_header", call.endpoint));
    }
    Ok(())
}

/// State that comes back as it went.
pub(crate) fn state(state: &[u8]) -> Result<(), Breach> {
    let breach = |why: String| Breach::State { why };
    if state.len() > MAX_STATE_BYTES {
        return Err(breach(format!("{} bytes, the hub keeps 8 KiB", state.len())));
    }
    let tag = Tag::from_bytes(state).map_err(|fault| breach(fault.message))?;
    if tag.to_bytes() == state { Ok(()) } else { Err(breach("it changes in a round trip".to_owned())) }
}

/// Writes that fit the plugin's own store.
pub(crate) fn writes(writes: &[KvWrite]) -> Result<(), Breach> {
    let breach = |why: String| Err(Breach::State { why });
    if writes.len() > MAX_WRITES {
        return breach(format!("{} writes in one step, the hub takes {MAX_WRITES}", writes.len()));
    }
    for write in writes {
        if !visible(&write.key, MAX_KEY_CHARS) {
            return breach(format!("the key {:?} is not 1 to 128 visible ASCII characters", write.key));
        }
        if write.value.as_ref().is_some_and(|value| value.len() > MAX_VALUE_BYTES) {
            return breach(format!("the value under {:?} is over 4 KiB", write.key));
        }
    }
    Ok(())
}

/// A time that the hub waits for.
pub(crate) fn wait(op: &Operation, at: u64) -> Result<(), Breach> {
    if at > op.now.saturating_add(MAX_WAIT_MS) {
        Err(malformed("a time to wait for is within 31 days"))
    } else {
        Ok(())
    }
}

/// A reference that later commands can carry.
pub(crate) fn reference(reference: &str) -> Result<(), Breach> {
    if visible(reference, MAX_REFERENCE_CHARS) {
        Ok(())
    } else {
        Err(malformed("a reference is 1 to 255 visible ASCII characters"))
    }
}

/// A code that means something.
pub(crate) fn code(fault: &Fault) -> Result<(), Breach> {
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if fault.code.len() > MAX_CODE_CHARS || !fault.code.split('.').all(word) {
        return Err(malformed("a code is dotted lower-case words, at most 64 characters"));
    }
    if fault.code.starts_with("plugin.") {
        return Err(malformed("codes that begin with `plugin.` are the hub's"));
    }
    Ok(())
}

/// What a fault of the SDK says about the rail that caused it.
pub(crate) fn own_fault(fault: &Fault) -> Result<(), Breach> {
    match fault.code.as_str() {
        "state.unreadable" => Err(Breach::State {
            why: format!("what was kept with the last step cannot be read in this one: {}", fault.message),
        }),
        "state.too_large" | "state.name_too_long" | "state.unserialisable" => {
            Err(Breach::State { why: fault.message.clone() })
        }
        "call.body_unserialisable" => {
            Err(Breach::MalformedCall { call: "a call".to_owned(), why: fault.message.clone() })
        }
        _ => code(fault),
    }
}

pub(crate) fn malformed(why: &str) -> Breach {
    Breach::MalformedOutcome { why: why.to_owned() }
}

fn visible(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
