//! Which call a method and a path are, and what it answers.

use serde_json::{Value, json};

use crate::card::books::Books;
use crate::card::form::Form;
use crate::card::refusal::Refusal;
use crate::card::rules::{self, Granted};
use crate::switches::Target;

/// A call of `/v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Create,
    Confirm(String),
    Increment(String),
    Capture(String),
    Cancel(String),
    Refund,
    Intent(String),
    Intents,
    Charge(String),
    Refunds,
    Disputes,
}

impl Call {
    pub(crate) fn read(method: &str, path: &str) -> Option<Call> {
        let segments: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
        Some(match (method, segments.as_slice()) {
            ("POST", ["payment_intents"]) => Call::Create,
            ("GET", ["payment_intents"]) => Call::Intents,
            ("GET", ["payment_intents", id]) => Call::Intent((*id).to_owned()),
            ("POST", ["payment_intents", id, "confirm"]) => Call::Confirm((*id).to_owned()),
            ("POST", ["payment_intents", id, "increment_authorization"]) => Call::Increment((*id).to_owned()),
            ("POST", ["payment_intents", id, "capture"]) => Call::Capture((*id).to_owned()),
            ("POST", ["payment_intents", id, "cancel"]) => Call::Cancel((*id).to_owned()),
            ("GET", ["charges", id]) => Call::Charge((*id).to_owned()),
            ("POST", ["refunds"]) => Call::Refund,
            ("GET", ["refunds"]) => Call::Refunds,
            ("GET", ["disputes"]) => Call::Disputes,
            _ => return None,
        })
    }

    /// Whether it changes something, so that its key counts.
    pub(crate) fn writes(&self) -> bool {
        self.target() != Target::Inquiry
    }

    /// The word for it in the switches.
    pub(crate) fn target(&self) -> Target {
        match self {
            Call::Create | Call::Confirm(_) => Target::Preauthorization,
            Call::Increment(_) => Target::Raise,
            Call::Capture(_) => Target::Capture,
            Call::Cancel(_) => Target::Revert,
            Call::Refund => Target::Refund,
            Call::Intent(_) | Call::Intents | Call::Charge(_) | Call::Refunds | Call::Disputes => Target::Inquiry,
        }
    }

    pub(crate) fn perform(&self, books: &mut Books, form: &Form, granted: Granted, now: i64) -> Result<Value, Refusal> {
        match self {
            Call::Create => rules::create(books, form, granted, now),
            Call::Confirm(id) => rules::confirm(books, id, form, now),
            Call::Increment(id) => rules::increment(books, id, form, now),
            Call::Capture(id) => rules::capture(books, id, form, now),
            Call::Cancel(id) => rules::cancel(books, id, form, now),
            Call::Refund => rules::refund(books, form, now),
            Call::Intent(id) => Ok(books.intent(id)?.json(form.expands("latest_charge"))),
            Call::Charge(id) => {
                let intent = books.intent_of_charge(id).ok_or_else(|| Refusal::missing("charge"))?;
                Ok(intent.charge_json())
            }
            Call::Intents => intents(books, form),
            Call::Refunds => refunds(books, form),
            Call::Disputes => page(books.disputes.iter().rev().map(crate::card::books::Dispute::json).collect(), form),
        }
    }
}

fn intents(books: &Books, form: &Form) -> Result<Value, Refusal> {
    form.only(&["limit", "starting_after", "created[gte]", "created[lte]", "customer"])?;
    let (from, until) = (form.number("created[gte]")?, form.number("created[lte]")?);
    let fits = |intent: &&crate::card::books::Intent| {
        let created = intent.created_ms / 1_000;
        from.is_none_or(|from| created >= from)
            && until.is_none_or(|until| created <= until)
            && form.get("customer").is_none_or(|customer| intent.customer.as_deref() == Some(customer))
    };
    let mut found: Vec<_> = books.intents.values().filter(fits).collect();
    found.sort_by_key(|intent| std::cmp::Reverse(intent.number));
    page(found.into_iter().map(|intent| intent.json(false)).collect(), form)
}

fn refunds(books: &Books, form: &Form) -> Result<Value, Refusal> {
    form.only(&["limit", "starting_after", "charge", "payment_intent"])?;
    let fits = |refund: &&crate::card::books::Refund| {
        form.get("charge").is_none_or(|charge| refund.charge == charge)
            && form.get("payment_intent").is_none_or(|intent| refund.intent == intent)
    };
    page(books.refunds.iter().rev().filter(fits).map(crate::card::books::Refund::json).collect(), form)
}

/// A part of a list, newest first.
fn page(all: Vec<Value>, form: &Form) -> Result<Value, Refusal> {
    let limit = form.number("limit")?.unwrap_or(10);
    let limit = usize::try_from(limit).ok().filter(|limit| *limit <= 100);
    let limit = limit.ok_or_else(|| Refusal::invalid("parameter_invalid_integer", Some("limit"), "at most 100"))?;
    let begin = match form.get("starting_after") {
        Some(after) => {
            let at = all.iter().position(|entry| entry["id"] == after);
            at.ok_or_else(|| Refusal::missing("starting_after"))? + 1
        }
        None => 0,
    };
    let has_more = all.len() > begin + limit;
    let data: Vec<Value> = all.into_iter().skip(begin).take(limit).collect();
    Ok(json!({"object": "list", "data": data, "has_more": has_more}))
}
