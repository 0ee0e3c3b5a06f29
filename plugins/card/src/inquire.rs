//! Finds out what became of an operation, by reading alone.
//!
//! A hold has no reference yet: the list of intents that were made about when its operation began is searched for its
//! mark. Lists are what Stripe keeps consistent; its search may be minutes behind, and "not found" would be a guess.

use serde::{Deserialize, Serialize};
use tebura_plugin::{
    Call, Command, Declared, Fault, Inquiry, Money, Next, Operation, Reply, Tag, declined, never_arrived, settled,
    unknown,
};

use crate::dialect::Dialect;
use crate::form::Form;
use crate::judge;
use crate::wire::{Intent, Page, Refund, Status, segment};
use crate::{HOLD_SENT_WITHIN_MS, STRIPE, look, refusal};

/// How far Stripe's clock and the hub's may be apart.
const SKEW_MS: u64 = 5 * 60_000;
/// What one page holds: some 150 KB at Stripe.
const PAGE: u64 = 50;
/// Pages of one inquiry.
const PAGES: u32 = 60;
/// 2020-01-01: ids before it carry no time.
const EARLIEST_MS: u64 = 1_577_836_800_000;

/// How far a search through a list has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Read {
    pages: u32,
}

/// The first call of an inquiry.
pub(crate) fn begin(op: &Operation, inquiry: &Inquiry) -> Next {
    match (inquiry.about.as_str(), inquiry.reference.as_deref().and_then(segment)) {
        ("hold", _) => list_intents(op, inquiry, &Read::default(), None),
        ("raise" | "capture" | "release", Some(intent)) => look(intent).then("found"),
        ("refund", Some(charge)) => list_refunds(charge, &Read::default(), None),
        (_, _) => unknown("command.unsupported", "this rail has no such operation to ask about"),
    }
}

/// The answer to a call of an inquiry.
pub(crate) fn answered(op: &Operation, at: &Tag, reply: &Reply) -> Next {
    let Command::Inquire(inquiry) = &op.command else {
        return unknown("reply.unexpected", "no such call was made");
    };
    match (at.name(), reply.status()) {
        ("intents", 200) => among_intents(op, inquiry, at, reply),
        ("refunds", 200) => among_refunds(inquiry, at, reply),
        ("found", 200) => found(inquiry, reply),
        (_, _) => refusal::no_answer(reply),
    }
}

fn list_intents(op: &Operation, inquiry: &Inquiry, read: &Read, after: Option<&str>) -> Next {
    let form = Form::default().number("limit", PAGE);
    let form = match began(&inquiry.of).filter(|began| *began <= op.now.saturating_add(SKEW_MS)) {
        Some(began) if Dialect::of_settings().created_filter => form
            .number("created[gte]", began.saturating_sub(SKEW_MS) / 1_000)
            .number("created[lte]", began.saturating_add(HOLD_SENT_WITHIN_MS + SKEW_MS) / 1_000),
        Some(_) | None => form,
    };
    list("/v1/payment_intents", form, after).then_with("intents", read)
}

fn list_refunds(charge: &str, read: &Read, after: Option<&str>) -> Next {
    let form = Form::default().number("limit", PAGE).with("charge", charge);
    list("/v1/refunds", form, after).then_with("refunds", read)
}

fn list(path: &str, form: Form, after: Option<&str>) -> Call<Declared> {
    let form = match after {
        Some(after) => form.with("starting_after", after),
        None => form,
    };
    Call::get(STRIPE, format!("{path}?{}", form.text())).read()
}

fn among_intents(op: &Operation, inquiry: &Inquiry, at: &Tag, reply: &Reply) -> Next {
    let page = match reply.json::<Page<Intent>>() {
        Ok(page) => page,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    if let Some(intent) = page.data.iter().find(|intent| intent.mark(&inquiry.of).is_some()) {
        let waits = || unknown("payer.action_required", "the payer has not confirmed yet");
        return judge::held(&inquiry.of, None, intent).unwrap_or_else(waits);
    }
    match next_page(at, &page, |intent| &intent.id) {
        Ok(Some((read, last))) => list_intents(op, inquiry, &read, Some(&last)),
        Ok(None) => never_arrived("Stripe has no payment of this operation"),
        Err(fault) => unknown(fault.code, fault.message),
    }
}

fn among_refunds(inquiry: &Inquiry, at: &Tag, reply: &Reply) -> Next {
    let page = match reply.json::<Page<Refund>>() {
        Ok(page) => page,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    let charge = inquiry.reference.as_deref().unwrap_or_default();
    if let Some(refund) = page.data.iter().find(|refund| refund.is_of(&inquiry.of)) {
        return judge::refund_of(&inquiry.of, charge, None, refund);
    }
    match next_page(at, &page, |refund| &refund.id) {
        Ok(Some((read, last))) => list_refunds(charge, &read, Some(&last)),
        Ok(None) => never_arrived("the charge has no refund of this operation"),
        Err(fault) => unknown(fault.code, fault.message),
    }
}

/// Where the list goes on: after the page's last entry.
fn next_page<T>(at: &Tag, page: &Page<T>, id: fn(&T) -> &String) -> Result<Option<(Read, String)>, Fault> {
    if !page.has_more {
        return Ok(None);
    }
    let mut read: Read = at.value()?;
    read.pages += 1;
    match page.data.last().and_then(|last| segment(id(last))) {
        Some(last) if read.pages < PAGES => Ok(Some((read, last.to_owned()))),
        Some(_) => Err(Fault::new("inquiry.list_too_long", "the operation is not among the pages that were read")),
        None => Err(Fault::new("reply.unreadable", "a page that goes on has no entry to go on after")),
    }
}

/// The intent of a raise, a capture or a release.
fn found(inquiry: &Inquiry, reply: &Reply) -> Next {
    let intent = match judge::intent(reply, inquiry.reference.as_deref().unwrap_or_default()) {
        Ok(intent) => intent,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    let dialect = Dialect::of_settings();
    let mark = intent.mark(&inquiry.of).filter(|mark| mark.kind == inquiry.about);
    let money = |minor: u64| intent.authorised().map(|held| Money::new(minor, held.currency()));
    let marked = mark.and_then(|mark| money(mark.minor));
    match (inquiry.about.as_str(), marked) {
        ("raise", Some(amount)) => judge::raised_as_marked(&intent, &amount),
        ("capture", Some(amount)) => judge::captured_as_marked(&intent, &amount, dialect),
        // A far end without marks captures once: what was captured is what this capture took.
        ("capture", None) if !dialect.capture_metadata && intent.status == Status::Succeeded => {
            match intent.captured() {
                Some(amount) => judge::captured_as_marked(&intent, &amount, dialect),
                None => unknown("reply.amount_differs", "the far end does not say how much was captured"),
            }
        }
        ("release", _) => given_back(&intent),
        (_, None) if intent.status == Status::Canceled => declined(intent.over(), "the authorisation is over"),
        (_, _) => never_arrived("the authorisation knows no such operation"),
    }
}

fn given_back(intent: &Intent) -> Next {
    if !judge::is_given_back(intent) {
        return never_arrived("the authorisation is not taken back");
    }
    let taken = intent.captured().map_or(0, |taken| taken.minor());
    match intent.authorised() {
        Some(held) if held.minor() > taken => {
            settled(intent.id.as_str(), Money::new(held.minor() - taken, held.currency()))
        }
        Some(_) | None => declined(intent.over(), "nothing was left to give back"),
    }
}

/// When an operation began: its id is a UUID of version 7 in hexadecimal, whose first 48 bits are milliseconds.
fn began(operation: &str) -> Option<u64> {
    let hex = operation.strip_prefix("op_")?.get(..12)?;
    u64::from_str_radix(hex, 16).ok().filter(|ms| *ms >= EARLIEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_operation_is_read_off_its_id() {
        assert_eq!(began("op_019aab3ce8007abc8def012345678900"), Some(0x019a_ab3c_e800));
        assert_eq!(began("op_00000000000000000000000000000001"), None);
        assert_eq!(began("op_1"), None);
    }
}
