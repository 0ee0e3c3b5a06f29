//! The end of a visit: the bill within the hold, above it, or none.

use tebura_plugin::service::*;

use crate::bill::{Bill, Refused};
use crate::patient;
use crate::reception::{patient_of, pause, wait};
use crate::settings::Settings;
use crate::visit::{Said, Visit};

/// What is held at the bill is captured at once: a few minutes cover a rail that is slow.
const HOLD_MS: u64 = 30 * 60_000;

/// A bill that comes while the terminal is still being asked: it is kept, and counts when the patient is received. To send it back
/// would lose it, since a repeat under the same key is told only once.
pub(crate) fn early(request: &Request, settings: &Settings, visit: Visit, bill: Bill) -> Next {
    let refused = match (bill.check(&settings.institution, &request.id, &visit.patient), &visit.early) {
        (Err(Refused::Fault(why)), _) => return fail(why.code, why.message),
        (Err(Refused::Shown(reason)), _) => reason,
        (Ok(()), Some(own)) if *own != bill => "other_bill_waits",
        (Ok(()), _) => return pause(request, &Visit { early: Some(bill), ..visit }, None),
    };
    refused_bill(request, &bill, refused, pause(request, &visit, Some(refused)))
}

fn refused_bill(request: &Request, bill: &Bill, reason: &'static str, next: Next) -> Next {
    let told = serde_json::json!({ "bill": bill.bill, "visit": request.id, "reason": reason });
    next.tell("clinic.bill-refused", &told)
}

/// The receipt computer tells what the visit costs.
pub(crate) fn bill(request: &Request, settings: &Settings, visit: Visit, bill: &Bill) -> Next {
    match bill.check(&settings.institution, &request.id, &visit.patient) {
        Ok(()) => {}
        Err(Refused::Fault(why)) => return fail(why.code, why.message),
        Err(Refused::Shown(reason)) => {
            let said = Said { bill_refused: Some(reason), ..visit.waiting(settings) };
            return refused_bill(request, bill, reason, wait(request, settings, &visit, &said));
        }
    }
    let key = bill.key();
    let visit = Visit { bill: Some(bill.bill.clone()), amount: bill.amount, ..visit };
    let next = match (&visit.hold, visit.amount) {
        (Some(own), 0) => release(own).then_with("nothing", &visit),
        (None, 0) => ended(request, &visit, "paid"),
        (Some(own), amount) if amount <= visit.held => capture(own, yen(amount)).then_with("paid", &visit),
        // More than was agreed: the patient is asked again.
        (Some(_), amount) => more(request, amount - visit.held).then_with("topped", &visit),
        (None, amount) => more(request, amount).then_with("topped", &visit),
    };
    next.put(key, request.id.clone())
}

fn more(request: &Request, amount: u64) -> Moving {
    hold("clinic", yen(amount), "診療費の追加分", request.now + HOLD_MS)
}

/// Money of a bill or of a release moved.
pub(crate) fn moved(request: &Request, at: &str, visit: Visit, receipt: &Receipt) -> Next {
    let minor = receipt.amount.minor();
    match (at, &visit.hold) {
        ("topped", own) => {
            let topped = Visit { top_up: Some(receipt.id.clone()), ..visit.clone() };
            match own {
                Some(own) => capture(own, yen(visit.held)).then_with("first", &topped),
                None => capture(&receipt.id, receipt.amount.clone()).then_with("paid", &topped),
            }
        }
        ("first", _) => {
            let paid = Visit { paid: visit.paid + minor, ..visit.clone() };
            match &visit.top_up {
                Some(more) => capture(more, yen(visit.amount.saturating_sub(paid.paid))).then_with("paid", &paid),
                None => ended(request, &paid, "paid"),
            }
        }
        ("paid", _) => ended(request, &Visit { paid: visit.paid + minor, ..visit }, "paid"),
        ("nothing", _) => ended(request, &visit, "paid"),
        ("untreated", _) => ended(request, &visit, "no_treatment"),
        ("unbilled", _) => ended(request, &visit, "unbilled"),
        (other, _) => fail("clinic.money_unexpected", format!("no money is awaited at {other:?}")),
    }
}

/// Money did not move: what is held is taken, and the desk asks for the rest.
pub(crate) fn not_moved(request: &Request, at: &str, visit: Visit, why: &Fault) -> Next {
    match (at, &visit.hold) {
        ("topped", Some(own)) if visit.held > 0 => capture(own, yen(visit.held)).then_with("paid", &visit),
        ("topped" | "first" | "paid", _) => ended(request, &visit, "paid"),
        // The hold is over by itself.
        ("nothing" | "untreated" | "unbilled", _) => ended(request, &visit, word_of(at)),
        _ => fail(why.code.as_str(), why.message.as_str()),
    }
}

fn word_of(at: &str) -> &'static str {
    match at {
        "untreated" => "no_treatment",
        "unbilled" => "unbilled",
        _ => "paid",
    }
}

/// The patient left before the treatment: all goes back.
pub(crate) fn untreated(request: &Request, visit: Visit) -> Next {
    over(request, visit, "untreated")
}

/// Nobody sent a bill: all goes back, and the clinic looks for the bill.
pub(crate) fn unbilled(request: &Request, visit: Visit) -> Next {
    over(request, visit, "unbilled")
}

fn over(request: &Request, visit: Visit, at: &'static str) -> Next {
    match &visit.hold {
        Some(own) => release(own).then_with(at, &visit),
        None => ended(request, &visit, word_of(at)),
    }
}

fn ended(request: &Request, visit: &Visit, reason: &'static str) -> Next {
    let (subject, mut known) = patient_of(request);
    known.visits.remove(&visit.department);
    let said = visit.ended(reason);
    let told = serde_json::json!({
        "patient": visit.patient, "visit": request.id, "bill": visit.bill,
        "amount": visit.amount, "paid": visit.paid, "due": said.due
    });
    let topic = match reason {
        "no_treatment" => "clinic.untreated",
        "unbilled" => "clinic.unbilled",
        _ => "clinic.billed",
    };
    done(&said).put(patient::key(&subject), known.bytes()).tell(topic, &told)
}
