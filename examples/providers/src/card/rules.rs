//! What each call does: the rules of intents, captures, cancellations, increments, refunds and disputes.

use serde_json::Value;

use crate::card::books::{AUTHORISED_MS, Account, Books, Dispute, Intent, Refund, Status};
use crate::card::form::Form;
use crate::card::method::{Issuer, card_error, issuer};
use crate::card::refusal::Refusal;

/// What Stripe granted the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Raise an authorisation.
    pub incremental_authorization: bool,
    /// Capture several times.
    pub multicapture: bool,
}

/// Raises of one authorisation.
const INCREMENTS: u32 = 10;
/// Largest amount, minor units: eight digits.
const MOST: i64 = 99_999_999;
/// Smallest amount in yen; other currencies are not told apart here.
const LEAST: i64 = 50;

/// Lets authorisations lapse whose time is over. Every call begins with it.
pub(crate) fn lapse(books: &mut Books, now: i64) {
    let due: Vec<String> = books
        .intents
        .values()
        .filter(|intent| intent.status == Status::RequiresCapture && intent.until_ms <= now)
        .map(|intent| intent.id.clone())
        .collect();
    for id in due {
        end(books, &id, "automatic", now);
    }
}

pub(crate) fn create(books: &mut Books, form: &Form, granted: Granted, now: i64) -> Result<Value, Refusal> {
    form.only(&[
        "amount",
        "currency",
        "capture_method",
        "confirm",
        "customer",
        "description",
        "metadata[",
        "off_session",
        "payment_method",
        "payment_method_options[card][request_incremental_authorization]",
        "payment_method_options[card][request_multicapture]",
        "payment_method_types[0]",
        "return_url",
    ])?;
    let amount =
        form.number("amount")?.ok_or_else(|| Refusal::invalid("parameter_missing", Some("amount"), "needed"))?;
    let currency = form.required("currency")?.to_owned();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(Refusal::invalid("parameter_invalid", Some("currency"), "write a currency as `jpy`"));
    }
    if amount > MOST {
        return Err(Refusal::invalid("amount_too_large", Some("amount"), "eight digits at most"));
    }
    if amount < LEAST {
        return Err(Refusal::invalid("amount_too_small", Some("amount"), "50 yen at least"));
    }
    if !form.is("capture_method", "manual") {
        return Err(Refusal::invalid(
            "parameter_invalid",
            Some("capture_method"),
            "this sandbox captures by hand only",
        ));
    }
    let confirm = form.is("confirm", "true");
    let off_session = form.is("off_session", "true");
    if off_session && !confirm {
        return Err(Refusal::invalid("parameter_invalid", Some("off_session"), "only together with `confirm`"));
    }
    let method = form.get("payment_method").map(str::to_owned);
    if method.as_deref().is_some_and(|method| issuer(method).is_none()) {
        return Err(Refusal::missing("payment_method"));
    }
    let asks = |feature: &str| form.is(&format!("payment_method_options[card][request_{feature}]"), "if_available");
    let (id, number) = books.id("pi");
    let status = if method.is_some() { Status::RequiresConfirmation } else { Status::RequiresPaymentMethod };
    let intent = Intent {
        id: id.clone(),
        number,
        created_ms: now,
        amount,
        currency,
        status,
        customer: form.get("customer").map(str::to_owned),
        method,
        off_session,
        metadata: form.metadata(),
        capturable: 0,
        captured: 0,
        refunded: 0,
        until_ms: i64::MAX,
        charge: None,
        disputed: false,
        incremental: granted.incremental_authorization && asks("incremental_authorization"),
        multicapture: granted.multicapture && asks("multicapture"),
        increments: 0,
        cancellation_reason: None,
        last_error: None,
    };
    books.intents.insert(id.clone(), intent);
    if confirm {
        authorise(books, &id, false, now)?;
    }
    Ok(books.intent(&id)?.json(form.expands("latest_charge")))
}

pub(crate) fn confirm(books: &mut Books, id: &str, form: &Form, now: i64) -> Result<Value, Refusal> {
    form.only(&["payment_method", "return_url", "off_session"])?;
    let status = books.intent(id)?.status;
    if !matches!(status, Status::RequiresConfirmation | Status::RequiresPaymentMethod) {
        return Err(unexpected(books, id));
    }
    if let Some(method) = form.get("payment_method") {
        issuer(method).ok_or_else(|| Refusal::missing("payment_method"))?;
        change(books, id, |intent| intent.method = Some(method.to_owned()))?;
    }
    authorise(books, id, false, now)?;
    Ok(books.intent(id)?.json(form.expands("latest_charge")))
}

/// The payer did, or did not, what the issuer asked for.
pub(crate) fn authenticate(books: &mut Books, id: &str, success: bool, now: i64) -> Result<Value, Refusal> {
    if books.intent(id)?.status != Status::RequiresAction {
        return Err(unexpected(books, id));
    }
    // A decline is told by the intent.
    let _ = if success { authorise(books, id, true, now) } else { fail(books, id, "authentication_required", now) };
    Ok(books.intent(id)?.json(false))
}

fn authorise(books: &mut Books, id: &str, authenticated: bool, now: i64) -> Result<(), Refusal> {
    let intent = books.intent(id)?.clone();
    let method = intent.method.clone().ok_or_else(|| unexpected(books, id))?;
    match issuer(&method) {
        Some(Issuer::Declines(code)) => fail(books, id, code, now),
        Some(Issuer::Asks) if intent.off_session && !authenticated => fail(books, id, "authentication_required", now),
        Some(Issuer::Asks) if !authenticated => {
            change(books, id, |intent| intent.status = Status::RequiresAction)?;
            tell(books, "payment_intent.requires_action", id, now)
        }
        Some(Issuer::Approves | Issuer::Asks | Issuer::Disputes) => {
            if !books.covers(&method, &intent.currency, intent.amount) {
                return fail(books, id, "insufficient_funds", now);
            }
            books.hold(&method, &intent.currency, intent.amount);
            let (charge, _) = books.id("ch");
            change(books, id, |intent| {
                intent.status = Status::RequiresCapture;
                intent.capturable = intent.amount;
                intent.charge = Some(charge);
                intent.until_ms = now + AUTHORISED_MS;
                intent.last_error = None;
            })?;
            tell(books, "payment_intent.amount_capturable_updated", id, now)
        }
        None => Err(Refusal::missing("payment_method")),
    }
}

/// The payment fails; the intent keeps saying why.
fn fail(books: &mut Books, id: &str, decline_code: &str, now: i64) -> Result<(), Refusal> {
    let error = card_error(decline_code);
    change(books, id, |intent| {
        intent.status = Status::RequiresPaymentMethod;
        intent.last_error = Some(error.clone());
    })?;
    tell(books, "payment_intent.payment_failed", id, now)?;
    Err(Refusal::declined(&error, books.intent(id)?.json(false)))
}

pub(crate) fn increment(books: &mut Books, id: &str, form: &Form, now: i64) -> Result<Value, Refusal> {
    form.only(&["amount", "metadata[", "description"])?;
    let amount =
        form.number("amount")?.ok_or_else(|| Refusal::invalid("parameter_missing", Some("amount"), "needed"))?;
    let intent = books.intent(id)?.clone();
    let method = intent.method.clone().unwrap_or_default();
    if intent.status != Status::RequiresCapture
        || intent.captured > 0
        || !intent.incremental
        || intent.increments >= INCREMENTS
    {
        return Err(unexpected(books, id));
    }
    let more = amount - intent.amount;
    if more <= 0 {
        return Err(Refusal::invalid("parameter_invalid_integer", Some("amount"), "more than is authorised already"));
    }
    change(books, id, |intent| intent.increments += 1)?;
    if amount > MOST || !books.covers(&method, &intent.currency, more) {
        return Err(Refusal::declined(&card_error("insufficient_funds"), books.intent(id)?.json(false)));
    }
    books.hold(&method, &intent.currency, more);
    change(books, id, |intent| {
        intent.amount = amount;
        intent.capturable = amount;
        intent.metadata.extend(form.metadata());
    })?;
    tell(books, "payment_intent.amount_capturable_updated", id, now)?;
    Ok(books.intent(id)?.json(form.expands("latest_charge")))
}

pub(crate) fn capture(books: &mut Books, id: &str, form: &Form, now: i64) -> Result<Value, Refusal> {
    form.only(&["amount_to_capture", "final_capture", "metadata["])?;
    let intent = books.intent(id)?.clone();
    let amount = form.number("amount_to_capture")?.unwrap_or(intent.capturable);
    if intent.status != Status::RequiresCapture {
        return Err(unexpected(books, id));
    }
    if amount > intent.capturable {
        let (code, message) = ("amount_too_large", "less than that can be captured");
        return Err(Refusal::of_intent(code, message, intent.json(false)));
    }
    let keeps_rest = form.is("final_capture", "false");
    if keeps_rest && !intent.multicapture {
        return Err(Refusal::invalid("parameter_invalid", Some("final_capture"), "multicapture is not available"));
    }
    let method = intent.method.clone().unwrap_or_default();
    let rest = intent.capturable - amount;
    let ends = !keeps_rest || rest == 0;
    books.hold(&method, &intent.currency, -(if ends { intent.capturable } else { amount }));
    books.post(Account::Card(method.clone()), Account::Merchant, amount, &intent.currency);
    change(books, id, |intent| {
        intent.captured += amount;
        intent.capturable = if ends { 0 } else { rest };
        intent.status = if ends { Status::Succeeded } else { Status::RequiresCapture };
        intent.metadata.extend(form.metadata());
    })?;
    tell(books, if ends { "payment_intent.succeeded" } else { "payment_intent.amount_capturable_updated" }, id, now)?;
    if issuer(&method) == Some(Issuer::Disputes) {
        let charge = intent.charge.clone().unwrap_or_default();
        dispute(books, &charge, amount, "fraudulent", now)?;
    }
    Ok(books.intent(id)?.json(form.expands("latest_charge")))
}

pub(crate) fn cancel(books: &mut Books, id: &str, form: &Form, now: i64) -> Result<Value, Refusal> {
    form.only(&["cancellation_reason"])?;
    if matches!(books.intent(id)?.status, Status::Canceled | Status::Succeeded) {
        return Err(unexpected(books, id));
    }
    end(books, id, "requested_by_customer", now);
    Ok(books.intent(id)?.json(form.expands("latest_charge")))
}

/// Gives back what is held. Where something was captured, the payment has succeeded with that.
fn end(books: &mut Books, id: &str, reason: &'static str, now: i64) {
    let Some(intent) = books.intents.get(id).cloned() else { return };
    if let Some(method) = &intent.method
        && intent.capturable > 0
    {
        books.hold(method, &intent.currency, -intent.capturable);
    }
    let kind = if intent.captured > 0 { "payment_intent.succeeded" } else { "payment_intent.canceled" };
    // It is there: it was read above.
    let _ = change(books, id, |intent| {
        intent.capturable = 0;
        if intent.captured > 0 {
            intent.status = Status::Succeeded;
        } else {
            intent.status = Status::Canceled;
            intent.cancellation_reason = Some(reason);
        }
    });
    let _ = tell(books, kind, id, now);
}

pub(crate) fn refund(books: &mut Books, form: &Form, now: i64) -> Result<Value, Refusal> {
    form.only(&["amount", "charge", "payment_intent", "metadata[", "reason"])?;
    let by_charge = form.get("charge").and_then(|charge| books.intent_of_charge(charge));
    let intent = match (by_charge, form.get("payment_intent")) {
        (Some(intent), None) => intent.clone(),
        (None, Some(id)) => books.intent(id)?.clone(),
        (_, _) => return Err(Refusal::missing("charge")),
    };
    let left = intent.captured - intent.refunded;
    let amount = form.number("amount")?.unwrap_or(left);
    if left == 0 {
        return Err(Refusal::of_intent("charge_already_refunded", "nothing is left to refund", intent.json(false)));
    }
    if amount > left {
        return Err(Refusal::invalid("", Some("amount"), "less than that is left to refund"));
    }
    if intent.disputed {
        return Err(Refusal::of_intent("charge_disputed", "the charge is contested", intent.json(false)));
    }
    let method = intent.method.clone().unwrap_or_default();
    books.post(Account::Merchant, Account::Card(method), amount, &intent.currency);
    let (id, _) = books.id("re");
    let charge = intent.charge.clone().unwrap_or_default();
    let refund = Refund {
        id,
        charge,
        intent: intent.id.clone(),
        amount,
        currency: intent.currency.clone(),
        metadata: form.metadata(),
        created_ms: now,
    };
    let told = refund.json();
    books.refunds.push(refund);
    change(books, &intent.id, |intent| intent.refunded += amount)?;
    let charge = books.intent(&intent.id)?.charge_json();
    books.tell("charge.refunded", charge, now);
    Ok(told)
}

/// The payer contests a capture: the money is withdrawn until it is decided.
pub(crate) fn dispute(books: &mut Books, charge: &str, amount: i64, reason: &str, now: i64) -> Result<Value, Refusal> {
    let intent = books.intent_of_charge(charge).ok_or_else(|| Refusal::missing("charge"))?.clone();
    if intent.disputed || amount <= 0 || amount > intent.captured - intent.refunded {
        return Err(Refusal::invalid("", Some("amount"), "it was not captured, or is contested already"));
    }
    books.post(Account::Merchant, Account::Contested, amount, &intent.currency);
    let (id, _) = books.id("du");
    let dispute = Dispute {
        id,
        charge: charge.to_owned(),
        intent: intent.id.clone(),
        amount,
        currency: intent.currency.clone(),
        reason: reason.to_owned(),
        status: "needs_response",
    };
    let told = dispute.json();
    books.disputes.push(dispute);
    change(books, &intent.id, |intent| intent.disputed = true)?;
    books.tell("charge.dispute.created", told.clone(), now);
    Ok(told)
}

/// The issuer decides.
pub(crate) fn close_dispute(books: &mut Books, id: &str, won: bool, now: i64) -> Result<Value, Refusal> {
    let open = books.disputes.iter_mut().find(|dispute| dispute.id == id && dispute.status == "needs_response");
    let dispute = open.ok_or_else(|| Refusal::missing("dispute"))?;
    dispute.status = if won { "won" } else { "lost" };
    let dispute = dispute.clone();
    let method = books.intent(&dispute.intent)?.method.clone().unwrap_or_default();
    let to = if won { Account::Merchant } else { Account::Card(method) };
    books.post(Account::Contested, to, dispute.amount, &dispute.currency);
    let told = dispute.json();
    books.tell("charge.dispute.closed", told.clone(), now);
    Ok(told)
}

fn change(books: &mut Books, id: &str, change: impl FnOnce(&mut Intent)) -> Result<(), Refusal> {
    books.intents.get_mut(id).map(change).ok_or_else(|| Refusal::missing("intent"))
}

fn tell(books: &mut Books, kind: &str, id: &str, now: i64) -> Result<(), Refusal> {
    let told = books.intent(id)?.json(false);
    books.tell(kind, told, now);
    Ok(())
}

fn unexpected(books: &Books, id: &str) -> Refusal {
    match books.intent(id) {
        Ok(intent) => {
            let message = "the intent is not in a state for this";
            Refusal::of_intent("payment_intent_unexpected_state", message, intent.json(false))
        }
        Err(missing) => missing,
    }
}
