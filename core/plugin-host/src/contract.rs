//! Checks what a guest returned before anybody believes, stores or sends it. Egress checks the call once more.

use std::fmt::Display;

use tebura_hub::card_number::{holds_card_number, holds_card_number_encoded, mask};
use tebura_hub::rail::{Effect, Fault, HttpCall, KvWrite, Next, RailCommand, RailOperation, RailOutcome, Step};
use tebura_hub::services::ServiceNext;
use tebura_ledger::{Money, Timestamp};

use crate::allow::{PathError, check_path};
use crate::limits;
use crate::manifest::{Manifest, RailPart};
use crate::service::Decision;

/// Headers that only the hub sets. Endings with `-` stand for every header that starts so.
const RESERVED_HEADERS: [&str; 20] = [
    "host",
    "authorization",
    "proxy-",
    "cookie",
    "set-cookie",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "forwarded",
    "x-forwarded-",
    "via",
    "sec-",
    "http2-settings",
];

/// Whether a header belongs to the hub.
pub(crate) fn is_reserved_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED_HEADERS.iter().any(
        |reserved| {
            if reserved.ends_with('-') { name.starts_with(reserved) } else { name == *reserved }
        },
    )
}

/// How a step breaks the contract of its world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    #[error("it returned {what} of {found} {unit}, more than {limit}")]
    TooLarge { what: &'static str, unit: &'static str, found: usize, limit: usize },
    #[error("it returned {what} that is not {wanted}")]
    Malformed { what: &'static str, wanted: &'static str },
    #[error(
        "it called the endpoint `{endpoint}`, which its manifest does not list; add [endpoints.{endpoint}] to plugin.toml and have the change approved"
    )]
    EndpointNotListed { endpoint: String },
    #[error("its path is not acceptable: {0}")]
    Path(PathError),
    #[error(
        "it asked for {method} {path} on endpoint `{endpoint}`, which its manifest does not list; add it to endpoints.{endpoint}.allow in plugin.toml and have the change approved"
    )]
    CallNotListed { endpoint: String, method: String, path: String },
    #[error("it set the header `{name}`, which belongs to the hub; leave it out")]
    ReservedHeader { name: String },
    #[error(
        "it asked for an idempotent call on endpoint `{endpoint}`, which names no header for the key; add endpoints.{endpoint}.idempotency_header to plugin.toml"
    )]
    NoIdempotencyHeader { endpoint: String },
    #[error("it returned {what} with a card number in it; pass on the acquirer's token")]
    CardNumber { what: &'static str },
    #[error("it settled {settled} where {asked} was asked")]
    SettledOtherwise { settled: Money, asked: Money },
    #[error("it settled {settled}, a currency that its manifest does not list")]
    SettledUnlisted { settled: Money },
}

impl Breach {
    /// A stable word for logs and operations.
    pub fn code(&self) -> &'static str {
        match self {
            Breach::TooLarge { .. } => "plugin.answer_too_large",
            Breach::Malformed { .. } => "plugin.answer_malformed",
            Breach::EndpointNotListed { .. } => "plugin.endpoint_not_listed",
            Breach::Path(_) => "plugin.path_refused",
            Breach::CallNotListed { .. } => "plugin.call_not_listed",
            Breach::ReservedHeader { .. } => "plugin.header_reserved",
            Breach::NoIdempotencyHeader { .. } => "plugin.idempotency_header_missing",
            Breach::CardNumber { .. } => "plugin.card_number",
            Breach::SettledOtherwise { .. } => "plugin.settled_otherwise",
            Breach::SettledUnlisted { .. } => "plugin.settled_unlisted_currency",
        }
    }
}

/// Refuses an operation that the manifest does not cover; the guest does not see it.
pub(crate) fn check_operation(operation: &RailOperation, rail: &RailPart) -> Result<(), Fault> {
    let name = operation.command.name();
    if !rail.commands.iter().any(|command| command == name) {
        let message = format!("the plugin does not take `{name}`; its manifest lists {}", rail.commands.join(", "));
        return Err(Fault { code: "rail.command_unsupported".to_owned(), message });
    }
    let Some(amount) = operation.command.amount() else { return Ok(()) };
    if !rail.currencies.contains(&amount.currency()) {
        let message = format!("the plugin does not take {}; choose a rail that does", amount.currency());
        return Err(Fault { code: "rail.currency_unsupported".to_owned(), message });
    }
    if amount.minor() > rail.max_per_operation {
        let message = format!("{amount} is over the plugin's {} an operation; ask for less", rail.max_per_operation);
        return Err(Fault { code: "rail.amount_over_limit".to_owned(), message });
    }
    Ok(())
}

/// Checks a rail's step against its manifest and against what was asked.
///
/// # Errors
/// [`Breach`]: the first rule that is broken.
pub(crate) fn check(
    step: &Step,
    operation: &RailOperation,
    rail: &RailPart,
    manifest: &Manifest,
) -> Result<(), Breach> {
    check_step(step, operation.now, manifest)?;
    match &step.next {
        Next::Done(RailOutcome::Settled { reference, amount }) => {
            check_reference(reference)?;
            check_settled(*amount, &operation.command, rail)
        }
        Next::Call(_) | Next::WaitUntil(_) | Next::Done(RailOutcome::Declined(_) | RailOutcome::Unknown(_)) => Ok(()),
    }
}

/// What holds for a step of every world: sizes, writes, calls that the manifest lists. How it ends the world checks.
///
/// # Errors
/// [`Breach`]: the first rule that is broken.
pub(crate) fn check_step<O>(step: &Step<O>, now: Timestamp, manifest: &Manifest) -> Result<(), Breach> {
    at_most("a state", "bytes", step.state.len(), limits::STATE_BYTES)?;
    at_most("a list", "key-value writes", step.writes.len(), limits::KV_WRITES)?;
    step.writes.iter().try_for_each(check_write)?;
    no_card("a state", holds_card_number(&step.state))?;
    match &step.next {
        Next::Call(call) => check_call(call, manifest),
        Next::WaitUntil(time) => {
            let ahead = time.millis().saturating_sub(now.millis());
            wanted(ahead <= limits::WAIT_MS, "a time to wait for", "within 31 days")
        }
        Next::Done(_) => Ok(()),
    }
}

/// Checks a step of a service against its manifest. What it may name, and its JSON, the hub checks with the instance.
///
/// # Errors
/// [`Breach`]: the first rule that is broken.
pub(crate) fn check_service(step: &Step<Decision>, now: Timestamp, manifest: &Manifest) -> Result<(), Breach> {
    at_most("a state", "bytes", step.state.len(), limits::STATE_BYTES)?;
    at_most("a list", "key-value writes", step.writes.len(), limits::KV_WRITES)?;
    step.writes.iter().try_for_each(check_write)?;
    let Next::Done(decision) = &step.next else { return Ok(()) };
    at_most("a list", "admissions", decision.admissions.len(), limits::ADMISSIONS)?;
    match &decision.next {
        ServiceNext::Call(call) => check_call(call, manifest),
        ServiceNext::Wait { until, .. } => {
            let ahead = until.millis().saturating_sub(now.millis());
            wanted(ahead <= limits::WAIT_MS, "a time to wait for", "within 31 days")
        }
        ServiceNext::Ledger(_) | ServiceNext::Done { .. } | ServiceNext::Fail(_) => Ok(()),
    }
}

fn check_write(write: &KvWrite) -> Result<(), Breach> {
    check_key(&write.key)?;
    at_most("a value", "bytes", write.value.as_ref().map_or(0, Vec::len), limits::KV_VALUE_BYTES)?;
    let holds = holds_card_number(&write.key) || write.value.as_ref().is_some_and(holds_card_number);
    no_card("a value", holds)
}

/// A key of the plugin's own data.
pub(crate) fn check_key(key: &str) -> Result<(), Breach> {
    at_most("a key", "characters", key.len(), limits::KV_KEY_CHARS)?;
    wanted(visible(key), "a key", "visible ASCII")
}

fn check_reference(reference: &str) -> Result<(), Breach> {
    at_most("a reference", "characters", reference.len(), limits::REFERENCE_CHARS)?;
    wanted(visible(reference), "a reference", "visible ASCII")?;
    no_card("a reference", holds_card_number(reference))
}

fn check_settled(settled: Money, command: &RailCommand, rail: &RailPart) -> Result<(), Breach> {
    if let Some(asked) = command.amount() {
        let same = settled.currency() == asked.currency();
        if same && settled.is_positive() && settled.minor() <= asked.minor() {
            return Ok(());
        }
        return Err(Breach::SettledOtherwise { settled, asked });
    }
    if rail.currencies.contains(&settled.currency()) { Ok(()) } else { Err(Breach::SettledUnlisted { settled }) }
}

fn check_call(call: &HttpCall, manifest: &Manifest) -> Result<(), Breach> {
    at_most("a path", "characters", call.path.len(), limits::PATH_CHARS)?;
    at_most("a body", "bytes", call.body.len(), limits::BODY_BYTES)?;
    at_most("a list", "headers", call.headers.len(), limits::HEADERS)?;
    let header_bytes = call.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    at_most("headers", "bytes", header_bytes, limits::HEADER_BYTES)?;
    let in_range = (1..=limits::CALL_TIMEOUT_MS).contains(&call.timeout_ms);
    wanted(in_range, "a timeout-ms", "between 1 and 60000")?;
    let unlisted = || Breach::EndpointNotListed { endpoint: printable(&call.endpoint, limits::CODE_CHARS) };
    let endpoint = manifest.endpoints.get(&call.endpoint).ok_or_else(unlisted)?;
    check_path(&call.path).map_err(Breach::Path)?;
    if !endpoint.allow.iter().any(|pattern| pattern.matches(&call.method, &call.path)) {
        // The query may hold what does not belong in a log.
        let path = call.path.split_once('?').map_or(call.path.as_str(), |(path, _)| path);
        return Err(Breach::CallNotListed {
            endpoint: call.endpoint.clone(),
            method: printable(&call.method, 16),
            path: printable(path, 200),
        });
    }
    no_card("a path", holds_card_number_encoded(&call.path))?;
    no_card("a body", holds_card_number_encoded(&call.body))?;
    for (name, value) in &call.headers {
        no_card("a header", holds_card_number(value))?;
        check_header(name, value, endpoint.idempotency_header.as_deref())?;
    }
    match &call.effect {
        Effect::Idempotent { key } => {
            at_most("an idempotency key", "characters", key.len(), limits::IDEMPOTENCY_KEY_CHARS)?;
            wanted(visible(key), "an idempotency key", "visible ASCII")?;
            no_card("an idempotency key", holds_card_number(key))?;
            if endpoint.idempotency_header.is_none() {
                return Err(Breach::NoIdempotencyHeader { endpoint: call.endpoint.clone() });
            }
            Ok(())
        }
        Effect::Read | Effect::Once => Ok(()),
    }
}

fn check_header(name: &str, value: &str, idempotency_header: Option<&str>) -> Result<(), Breach> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    wanted(!name.is_empty() && name.bytes().all(token), "a header's name", "an HTTP token")?;
    let text = |byte: u8| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t';
    wanted(value.bytes().all(text), "a header's value", "visible ASCII and spaces")?;
    if is_reserved_header(name) || idempotency_header.is_some_and(|header| header.eq_ignore_ascii_case(name)) {
        return Err(Breach::ReservedHeader { name: name.to_ascii_lowercase() });
    }
    Ok(())
}

/// A guest's fault, fit for rows and logs: codes that the hub gives itself or that have another shape are replaced.
pub(crate) fn clean_fault(code: &str, message: &str) -> Fault {
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let known = code.len() <= limits::CODE_CHARS && code.split('.').all(word) && !code.starts_with("plugin.");
    Fault {
        code: if known { code.to_owned() } else { "plugin.unnamed_fault".to_owned() },
        message: printable(message, limits::MESSAGE_CHARS),
    }
}

/// Text for a log: no card number, no control or formatting characters, at most `chars` characters.
pub(crate) fn printable(text: impl Display, chars: usize) -> String {
    let text = text.to_string();
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    mask(&text).chars().take(chars).map(|c| if odd(c) { '\u{fffd}' } else { c }).collect()
}

fn visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn no_card(what: &'static str, holds: bool) -> Result<(), Breach> {
    if holds { Err(Breach::CardNumber { what }) } else { Ok(()) }
}

pub(crate) fn at_most(what: &'static str, unit: &'static str, found: usize, limit: usize) -> Result<(), Breach> {
    if found <= limit { Ok(()) } else { Err(Breach::TooLarge { what, unit, found, limit }) }
}

fn wanted(holds: bool, what: &'static str, wanted: &'static str) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(Breach::Malformed { what, wanted }) }
}

#[cfg(test)]
mod tests;

mod news;
pub(crate) use news::check_news;
