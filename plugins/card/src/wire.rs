//! Stripe's JSON, as far as it is read. Everything that comes in is untrusted; fields that are not read are ignored.

use std::collections::BTreeMap;

use serde::Deserialize;
use tebura_plugin::Money;

use crate::amount::from_stripe;

/// A payment intent: one authorisation and what came of it.
#[derive(Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) status: Status,
    amount: u64,
    currency: String,
    amount_capturable: Option<u64>,
    amount_received: Option<u64>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    latest_charge: Option<Latest>,
    cancellation_reason: Option<String>,
    pub(crate) last_payment_error: Option<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
    #[serde(other)]
    Other,
}

/// An id, or the charge itself where it was asked for with `expand`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Latest {
    Id(String),
    Charge(Charge),
}

#[derive(Deserialize)]
struct Charge {
    id: String,
    amount: u64,
    #[serde(default)]
    captured: bool,
    amount_captured: Option<u64>,
    #[serde(default)]
    amount_refunded: u64,
}

impl Intent {
    /// What the intent's metadata say of an operation.
    pub(crate) fn mark(&self, operation: &str) -> Option<Mark> {
        self.metadata.as_ref()?.get(operation).and_then(|text| Mark::read(text))
    }

    /// What operations of a kind add up to by the intent's metadata, the hub's minor units.
    fn marked(&self, kinds: &[&str]) -> Option<u64> {
        let marks = self.metadata.iter().flatten().filter(|(name, _)| name.starts_with("op_"));
        let marks = marks.filter_map(|(_, text)| Mark::read(text)).filter(|mark| kinds.contains(&mark.kind.as_str()));
        marks.map(|mark| mark.minor).try_fold(0_u64, u64::checked_add)
    }

    /// The amount that was authorised last.
    pub(crate) fn authorised(&self) -> Option<Money> {
        self.money(self.amount)
    }

    /// The number behind [`Intent::authorised`].
    pub(crate) fn number(&self) -> u64 {
        self.amount
    }

    /// Whether the amount is what its hold and its raises add up to.
    pub(crate) fn authorised_as_marked(&self) -> bool {
        let marked = self.marked(&["hold", "raise"]);
        marked.is_some() && marked == self.authorised().map(|money| money.minor())
    }

    /// What can still be captured.
    pub(crate) fn capturable(&self) -> Option<Money> {
        let open = if self.status == Status::RequiresCapture { self.amount } else { 0 };
        self.money(self.amount_capturable.unwrap_or(open))
    }

    /// What was captured. Where the intent does not say, its charge does: what was not taken of it counts as refunded.
    pub(crate) fn captured(&self) -> Option<Money> {
        let by_charge = match &self.latest_charge {
            Some(Latest::Charge(charge)) if charge.captured => {
                charge.amount_captured.or_else(|| charge.amount.checked_sub(charge.amount_refunded))
            }
            Some(Latest::Charge(_) | Latest::Id(_)) | None => None,
        };
        self.money(self.amount_received.or(by_charge)?)
    }

    /// Whether the captured amount is what its captures add up to.
    pub(crate) fn captured_as_marked(&self) -> bool {
        let marked = self.marked(&["capture"]);
        marked.is_some() && marked == self.captured().map(|money| money.minor())
    }

    /// The charge that refunds name.
    pub(crate) fn charge(&self) -> Option<&str> {
        match self.latest_charge.as_ref()? {
            Latest::Id(id) => segment(id),
            Latest::Charge(charge) => segment(&charge.id),
        }
    }

    /// The hub's code for a hold that is over.
    pub(crate) fn over(&self) -> &'static str {
        match self.cancellation_reason.as_deref() {
            Some("automatic") => "hold.expired",
            Some(_) | None => "hold.closed",
        }
    }

    fn money(&self, number: u64) -> Option<Money> {
        from_stripe(number, &self.currency)
    }
}

/// What an operation asked for, kept in the metadata under its id: `capture 700`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) kind: String,
    /// The hub's minor units.
    pub(crate) minor: u64,
}

impl Mark {
    pub(crate) fn new(kind: &str, amount: &Money) -> Mark {
        Mark { kind: kind.to_owned(), minor: amount.minor() }
    }

    fn read(text: &str) -> Option<Mark> {
        let (kind, minor) = text.split_once(' ')?;
        Some(Mark { kind: kind.to_owned(), minor: minor.parse().ok()? })
    }

    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.kind, self.minor)
    }
}

#[derive(Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    amount: u64,
    currency: String,
    pub(crate) status: Option<String>,
    pub(crate) charge: Option<String>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
}

impl Refund {
    pub(crate) fn amount(&self) -> Option<Money> {
        from_stripe(self.amount, &self.currency)
    }

    pub(crate) fn is_of(&self, operation: &str) -> bool {
        let mark =
            self.metadata.as_ref().and_then(|metadata| metadata.get(operation)).and_then(|text| Mark::read(text));
        mark.is_some_and(|mark| mark.kind == "refund")
    }
}

/// One page of a list, newest first at Stripe.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    pub(crate) has_more: bool,
}

/// A refusal.
#[derive(Deserialize)]
pub(crate) struct Refusal {
    pub(crate) error: Reason,
}

/// Why something was refused or a payment failed.
#[derive(Deserialize)]
pub(crate) struct Reason {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) decline_code: Option<String>,
    #[serde(default)]
    pub(crate) param: Option<String>,
    /// The intent as it stands; with refusals about one.
    #[serde(default)]
    pub(crate) payment_intent: Option<Box<Intent>>,
}

/// A reference or id as one path segment, or nothing when it could be read as more than one.
pub(crate) fn segment(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(plain);
    fits.then_some(text)
}
