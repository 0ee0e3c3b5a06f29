//! The provider's webhooks: signed events about operations and disputes. They name what has changed and prove nothing about
//! money; that a payer contests a capture is told nowhere else.

use serde::Deserialize;
use tebura_plugin::{Dispute, Fault, Inbound, Millis, Money, News, Notices, Subject, crypto, fresh, from_hex};

use crate::{Wallet, segment};

/// The handle in `plugin.toml`.
const KEY: &str = "webhook";
/// How far the time in a signature may be off.
const TOLERANCE_MS: u64 = 5 * 60_000;

/// What an event does not have is left out or null.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    /// The caller's own id; in events about operations.
    operation: Option<String>,
    /// The provider's name of a dispute.
    dispute: Option<String>,
    /// The capture that is contested.
    reference: Option<String>,
    amount: Option<u64>,
    currency: Option<String>,
    reason: Option<String>,
}

impl Notices for Wallet {
    fn identify(&self, request: &Inbound, now: Millis) -> Result<Vec<News>, Fault> {
        authentic(request, now)?;
        let event: Event = request.json()?;
        Ok(match event.kind.as_str() {
            "operation.settled" | "operation.declined" => {
                let id = event.operation.as_deref().and_then(segment);
                id.map(|id| News::Progress(Subject::Operation(id.to_owned()))).into_iter().collect()
            }
            "dispute.opened" => vec![News::DisputeOpened(contested(event)?)],
            "dispute.won" => vec![News::DisputeWon(contested(event)?)],
            "dispute.lost" => vec![News::DisputeLost(contested(event)?)],
            // What the provider may tell one day.
            _ => Vec::new(),
        })
    }
}

/// `t=1767225600000,v1=…`: the time in milliseconds, and the code over the time, a full stop and the body.
fn authentic(request: &Inbound, now: Millis) -> Result<(), Fault> {
    let header = request.header("x-wallet-signature").unwrap_or_default();
    let part = |name: &str| {
        header.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default().to_owned()
    };
    let (signed_at, code) = (part("t"), from_hex(&part("v1")));
    crypto::verify(KEY, &[signed_at.as_bytes(), b".", &request.body].concat(), &code)?;
    fresh(signed_at.parse().unwrap_or(0), now, TOLERANCE_MS)
}

fn contested(event: Event) -> Result<Dispute, Fault> {
    let unreadable = || Fault::new("notice.unreadable", "the event names no dispute, no capture or no amount");
    let name = |text: Option<String>| text.filter(|text| segment(text).is_some()).ok_or_else(unreadable);
    let word = |text: &String| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        (1..=64).contains(&text.len()) && text.bytes().all(plain)
    };
    let amount = event.amount.filter(|amount| *amount > 0).zip(event.currency);
    let (amount, currency) = amount.ok_or_else(unreadable)?;
    Ok(Dispute {
        id: name(event.dispute)?,
        about: Subject::Reference(name(event.reference)?),
        amount: Money::new(amount, currency),
        reason: event.reason.filter(word).unwrap_or_else(|| "unnamed".to_owned()),
        details: Vec::new(),
    })
}
