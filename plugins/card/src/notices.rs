//! Stripe's webhooks: signed events about intents, refunds and disputes. They name what has changed and prove nothing
//! about money, save that a payer contests a charge, which Stripe tells nowhere else.

use std::collections::BTreeMap;

use serde::Deserialize;
use tebura_plugin::{Dispute, Fault, Field, Inbound, Millis, News, Notices, Subject, crypto, fresh, from_hex};

use crate::Card;
use crate::amount::from_stripe;
use crate::wire::segment;

/// How far the time of a signature may be off: what Stripe's own libraries allow.
const TOLERANCE_MS: u64 = 5 * 60_000;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

/// An intent, a charge, a refund or a dispute: what they have of these.
#[derive(Deserialize)]
struct Object {
    id: String,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    charge: Option<String>,
    #[serde(default)]
    amount: u64,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Notices for Card {
    fn identify(&self, request: &Inbound, now: Millis) -> Result<Vec<News>, Fault> {
        authentic(request, now)?;
        let Event { kind, data: Data { object } } = request.json()?;
        let id = segment(&object.id).ok_or_else(unreadable)?;
        match kind.split_once('.') {
            Some(("payment_intent", _)) => Ok(about_intent(id, object.metadata.as_ref())),
            Some(("charge", event)) if event.starts_with("dispute.") => contested(event, &object),
            Some(("charge", "refunded")) => Ok(vec![progress(id)]),
            Some(("refund", _) | ("charge", "refund.updated")) => {
                let charge = object.charge.as_deref().and_then(segment);
                Ok(charge.map(progress).into_iter().collect())
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }
}

/// Checks `Stripe-Signature: t=…,v1=…`: one of the codes is over the time, a dot and the body as received. While a secret is
/// being replaced Stripe sends two.
fn authentic(request: &Inbound, now: Millis) -> Result<(), Fault> {
    let header = request.header("stripe-signature").unwrap_or_default();
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let time = parts().find(|(name, _)| *name == "t").map_or("", |(_, time)| time);
    let signed = [time.as_bytes(), b".", &request.body].concat();
    let mut checked = Err(Fault::new("notice.unsigned", "the header Stripe-Signature has no code of version 1"));
    for (_, code) in parts().filter(|(name, _)| *name == "v1").take(4) {
        checked = crypto::verify("webhook", &signed, &from_hex(code));
        if checked.is_ok() {
            break;
        }
    }
    checked?;
    // The time is signed as well: an event that somebody kept is old one day.
    let seconds: u64 = time.parse().map_err(|_| unreadable())?;
    fresh(seconds.saturating_mul(1_000), now, TOLERANCE_MS)
}

/// The hold by its mark, since the hub may not know the intent yet, and all that is open on the intent.
fn about_intent(id: &str, metadata: Option<&BTreeMap<String, String>>) -> Vec<News> {
    let marks = metadata.into_iter().flatten();
    let hold = marks.filter(|(name, mark)| segment(name).is_some() && mark.starts_with("hold "));
    let holds = hold.take(1).map(|(name, _)| News::Progress(Subject::Operation(name.clone())));
    holds.chain([progress(id)]).collect()
}

/// An inquiry of the issuer (`warning_…`) has moved no money and is no dispute yet.
fn contested(event: &str, object: &Object) -> Result<Vec<News>, Fault> {
    let charge = object.charge.as_deref().and_then(segment).ok_or_else(unreadable)?;
    let amount = from_stripe(object.amount, &object.currency).filter(|amount| amount.minor() > 0);
    let word = |text: &String| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !text.is_empty();
    let dispute = Dispute {
        id: object.id.clone(),
        about: Subject::Reference(charge.to_owned()),
        amount: amount.ok_or_else(unreadable)?,
        reason: object.reason.clone().filter(word).unwrap_or_else(|| "general".to_owned()),
        details: vec![Field { name: "charge".to_owned(), value: charge.to_owned() }],
    };
    Ok(match (event, object.status.as_deref().unwrap_or_default()) {
        (_, status) if status.starts_with("warning_") => Vec::new(),
        ("dispute.closed", "won") => vec![News::DisputeWon(dispute)],
        ("dispute.closed", "lost") => vec![News::DisputeLost(dispute)],
        ("dispute.created" | "dispute.updated" | "dispute.funds_withdrawn", "needs_response" | "under_review") => {
            vec![News::DisputeOpened(dispute)]
        }
        (_, _) => Vec::new(),
    })
}

fn progress(reference: &str) -> News {
    News::Progress(Subject::Reference(reference.to_owned()))
}

fn unreadable() -> Fault {
    Fault::new("notice.unreadable", "the event is not one of Stripe's")
}
