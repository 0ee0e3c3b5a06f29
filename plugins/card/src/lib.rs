//! Card rail over the Stripe PaymentIntents API: hold, raise, capture, release, refund and inquire.
//!
//! A hold is a payment intent with manual capture. Every write carries the hub's operation id as its idempotency key and
//! leaves a mark `<operation> = <command> <amount>` in the metadata, written in the same request as the money is moved:
//! by it an inquiry tells this operation from any other. Only tokens travel; a card's number is never seen here.
//! Webhooks wake what waits, and tell of disputes. Absent: extending a hold (Stripe has none), giving back a part of one, Connect accounts.

mod amount;
mod dialect;
mod form;
mod inquire;
mod judge;
mod notices;
mod refusal;
mod wire;

use serde::{Deserialize, Serialize};
use tebura_plugin::{
    Call, Capture, Command, Declared, Fault, Hold, Inbound, Inquiry, Money, Next, Operation, Rail, Raise, Refund,
    Release, Reply, Silence, Tag, Undeclared, config, declined, export_rail_with_notices, unknown, wait_until,
};

use crate::amount::to_stripe;
use crate::dialect::Dialect;
use crate::form::Form;
use crate::wire::{Mark, Status, segment};

/// The handle in `plugin.toml`.
const STRIPE: &str = "stripe";

/// How long the bytes of a hold may be sent. An inquiry looks no further for it.
pub(crate) const HOLD_SENT_WITHIN_MS: u64 = 10 * 60_000;
/// How long the bytes of any other write may be sent: Stripe forgets keys after a day.
const SENT_WITHIN_MS: u64 = 12 * 3_600_000;
/// How long the payer has to confirm with the issuer (3-D Secure).
const CONFIRM_WITHIN_MS: u64 = 15 * 60_000;
/// Between two looks at whether the payer did, at first; a webhook makes them unnecessary.
const LOOK_AGAIN_MS: u64 = 3_000;
/// A look comes after this part of the time that was waited so far.
const LOOK_AGAIN_PART: u64 = 4;

/// Cards at Stripe as a rail.
#[derive(Clone, Copy, Debug, Default)]
pub struct Card;

/// A hold that waits for its payer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Confirming {
    pub(crate) intent: String,
    /// Since when it waits.
    since: u64,
}

impl Confirming {
    /// When it is given up.
    fn until(&self) -> u64 {
        self.since.saturating_add(CONFIRM_WITHIN_MS)
    }
}

impl Rail for Card {
    fn hold(&self, op: &Operation, hold: &Hold) -> Next {
        let dialect = Dialect::of_settings();
        let Some((customer, method)) = payer(&hold.payer.token) else {
            return declined("payer.not_found", "a payer is `pm_…`, or `cus_…:pm_…` where a customer owns the method");
        };
        let form = match amount_field("amount", &hold.amount) {
            Ok(form) => form,
            Err(fault) => return declined(fault.code, fault.message),
        };
        let form = form
            .with("currency", hold.amount.currency().to_ascii_lowercase())
            .with("capture_method", "manual")
            .with("confirm", "true")
            .with("payment_method_types[0]", "card")
            .with("payment_method", method);
        let form = marked(form, op, "hold", &hold.amount);
        let form = match customer {
            Some(customer) => form.with("customer", customer),
            None => form,
        };
        let form = if on("off_session") { form.with("off_session", "true") } else { form };
        let form = match config::get("return_url") {
            Some(url) => form.with("return_url", url),
            None => form,
        };
        let ask = |form: Form, feature: &str, granted: bool| {
            let name = format!("payment_method_options[card][request_{feature}]");
            if granted { form.with(&name, "if_available") } else { form }
        };
        let form = ask(form, "incremental_authorization", dialect.incremental);
        let form = ask(form, "multicapture", dialect.multicapture);
        write(op, dialect, "/v1/payment_intents", form, HOLD_SENT_WITHIN_MS).then("placed")
    }

    fn raise(&self, _op: &Operation, raise: &Raise) -> Next {
        if !Dialect::of_settings().incremental {
            return declined("raise.not_granted", "this installation's Stripe account does not raise authorisations");
        }
        match segment(&raise.reference) {
            Some(intent) => look(intent).then("raising"),
            None => malformed(),
        }
    }

    fn capture(&self, op: &Operation, capture: &Capture) -> Next {
        let dialect = Dialect::of_settings();
        let Some(intent) = segment(&capture.reference) else { return malformed() };
        if !capture.is_final && !dialect.multicapture {
            return declined("capture.must_be_final", "this installation's Stripe account captures once");
        }
        let form = match amount_field("amount_to_capture", &capture.amount) {
            Ok(form) => form.with("expand[0]", "latest_charge"),
            Err(fault) => return declined(fault.code, fault.message),
        };
        let form = if dialect.capture_metadata { marked(form, op, "capture", &capture.amount) } else { form };
        let form = if capture.is_final { form } else { form.with("final_capture", "false") };
        let path = format!("/v1/payment_intents/{intent}/capture");
        write(op, dialect, path, form, SENT_WITHIN_MS).then("captured")
    }

    fn release(&self, _op: &Operation, release: &Release) -> Next {
        match segment(&release.reference) {
            Some(intent) => look(intent).then("releasing"),
            None => malformed(),
        }
    }

    fn refund(&self, op: &Operation, refund: &Refund) -> Next {
        let Some(charge) = segment(&refund.reference) else { return malformed() };
        let form = match amount_field("amount", &refund.amount) {
            Ok(form) => form.with("charge", charge),
            Err(fault) => return declined(fault.code, fault.message),
        };
        let form = marked(form, op, "refund", &refund.amount);
        write(op, Dialect::of_settings(), "/v1/refunds", form, SENT_WITHIN_MS).then("refunded")
    }

    fn inquire(&self, op: &Operation, inquiry: &Inquiry) -> Next {
        inquire::begin(op, inquiry)
    }

    fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next {
        match at.name() {
            "placed" => judge::placed(op, reply),
            "confirming" => judge::confirming(op, at, reply),
            "given_up" => judge::given_up(op, reply),
            "raising" => raise_by(op, reply),
            "raised" => judge::raised(op, reply),
            "captured" => judge::captured(op, reply),
            "releasing" => release_all(op, reply),
            "released" => judge::released(op, reply),
            "refunded" => judge::refunded(op, reply),
            _ => inquire::answered(op, at, reply),
        }
    }

    fn on_silence(&self, op: &Operation, at: &Tag, silence: &Silence) -> Next {
        if at.name() == "confirming" {
            // Only a look was lost.
            return match at.value::<Confirming>() {
                Ok(confirming) => look_again(op, &confirming),
                Err(fault) => unknown(fault.code, fault.message),
            };
        }
        if silence.maybe_delivered || op.is_inquiry() {
            unknown("silence", silence.reason.as_str())
        } else {
            declined("provider.unreachable", "no connection to Stripe; nothing was sent")
        }
    }

    fn on_notice(&self, _op: &Operation, at: &Tag, _notice: &Inbound) -> Next {
        match at.value::<Confirming>() {
            Ok(confirming) => look(&confirming.intent).then_with("confirming", &confirming),
            Err(fault) => unknown(fault.code, fault.message),
        }
    }

    fn on_timer(&self, op: &Operation, at: &Tag) -> Next {
        match at.value::<Confirming>() {
            Ok(confirming) if op.now < confirming.until() => {
                look(&confirming.intent).then_with("confirming", &confirming)
            }
            Ok(confirming) => give_up(op, &confirming.intent),
            Err(fault) => unknown(fault.code, fault.message),
        }
    }
}

export_rail_with_notices!(Card);

/// The payer has to confirm with the issuer: the hold waits.
pub(crate) fn wait_for_payer(op: &Operation, intent: &str) -> Next {
    look_again(op, &Confirming { intent: intent.to_owned(), since: op.now })
}

/// Comes back to a hold that waits for its payer.
pub(crate) fn look_again(op: &Operation, confirming: &Confirming) -> Next {
    let pause = (op.now.saturating_sub(confirming.since) / LOOK_AGAIN_PART).max(LOOK_AGAIN_MS);
    wait_until(op.now.saturating_add(pause).min(confirming.until().max(op.now)), "confirming", confirming)
}

/// The payer did not confirm in time: what could still be confirmed later is taken back.
fn give_up(op: &Operation, intent: &str) -> Next {
    let path = format!("/v1/payment_intents/{intent}/cancel");
    let call = Call::post(STRIPE, path).header("content-type", FORM_TYPE);
    call.idempotent(format!("{}.cancel", op.id)).stale_after(op.now.saturating_add(SENT_WITHIN_MS)).then("given_up")
}

/// Stripe wants the new total; only the intent tells what it is to be added to.
fn raise_by(op: &Operation, reply: &Reply) -> Next {
    let (Command::Raise(raise), 200) = (&op.command, reply.status()) else {
        return refusal::judge(op, reply, true);
    };
    let intent = match judge::intent(reply, &raise.reference) {
        Ok(intent) => intent,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    if intent.status != Status::RequiresCapture {
        return declined(intent.over(), "the authorisation is over");
    }
    if intent.mark(&op.id).is_some() || !intent.authorised_as_marked() {
        return unknown("hold.changed", "the authorisation is another than its hold and raises add up to");
    }
    let total = to_stripe(&raise.amount).and_then(|more| intent.number().checked_add(more));
    let Some(total) = total.filter(|total| *total > intent.number()) else {
        let fault = unwritable();
        return declined(fault.code, fault.message);
    };
    let path = format!("/v1/payment_intents/{}/increment_authorization", intent.id);
    let form = marked(Form::default().number("amount", total), op, "raise", &raise.amount);
    write(op, Dialect::of_settings(), path, form, SENT_WITHIN_MS).then("raised")
}

/// Stripe takes back all or nothing: money that another operation may still take has to stay.
fn release_all(op: &Operation, reply: &Reply) -> Next {
    let (Command::Release(release), 200) = (&op.command, reply.status()) else {
        return refusal::judge(op, reply, true);
    };
    let intent = match judge::intent(reply, &release.reference) {
        Ok(intent) => intent,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    if matches!(intent.status, Status::Canceled | Status::Succeeded) {
        return declined(intent.over(), "nothing is left of the authorisation");
    }
    match intent.capturable() {
        Some(open) if open.currency() != release.amount.currency() => {
            unknown("reply.currency_differs", "the authorisation is in another currency")
        }
        Some(open) if open.minor() > release.amount.minor() => {
            declined("release.partial_unsupported", "Stripe gives back an authorisation as a whole")
        }
        Some(_) => {
            let path = format!("/v1/payment_intents/{}/cancel", intent.id);
            write(op, Dialect::of_settings(), path, Form::default(), SENT_WITHIN_MS).then("released")
        }
        None => unknown("reply.amount_differs", "the authorisation's amount is none of the hub's"),
    }
}

/// The intent with its charge.
pub(crate) fn look(intent: &str) -> Call<Declared> {
    Call::get(STRIPE, format!("/v1/payment_intents/{intent}?expand%5B0%5D=latest_charge")).read()
}

const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// A write, repeated under the operation's key where the far end honours keys, and sent once where it does not.
fn write(op: &Operation, dialect: Dialect, path: impl Into<String>, form: Form, within_ms: u64) -> Call<Declared> {
    let call: Call<Undeclared> = Call::post(STRIPE, path).header("content-type", FORM_TYPE).body(form.text());
    let call = if dialect.keys { call.idempotent(&op.id) } else { call.once() };
    call.stale_after(op.now.saturating_add(within_ms))
}

/// Leaves the operation's mark.
fn marked(form: Form, op: &Operation, kind: &str, amount: &Money) -> Form {
    form.with(&format!("metadata[{}]", op.id), Mark::new(kind, amount).text())
}

fn amount_field(name: &str, amount: &Money) -> Result<Form, Fault> {
    if amount.minor() == 0 {
        return Err(Fault::new("amount.zero", "an amount is above zero"));
    }
    to_stripe(amount).map(|number| Form::default().number(name, number)).ok_or_else(unwritable)
}

fn unwritable() -> Fault {
    Fault::new("amount.not_representable", "Stripe cannot write this amount in this currency")
}

/// `pm_…`, or `cus_…:pm_…`.
fn payer(token: &str) -> Option<(Option<&str>, &str)> {
    let (customer, method) = match token.split_once(':') {
        Some((customer, method)) => (Some(customer), method),
        None => (None, token),
    };
    let is = |text: &str, prefixes: &[&str]| {
        segment(text).is_some()
            && prefixes.iter().any(|prefix| text.strip_prefix(prefix).is_some_and(|id| !id.is_empty()))
    };
    let fits = is(method, &["pm_", "card_"]) && customer.is_none_or(|customer| is(customer, &["cus_"]));
    fits.then_some((customer, method))
}

fn on(setting: &str) -> bool {
    config::get(setting).as_deref() == Some("on")
}

fn malformed() -> Next {
    declined("reference.malformed", "the reference is not one that Stripe gave")
}
